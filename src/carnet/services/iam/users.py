"""IAM users.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateUser.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from carnet.base.faults import InUse, TooMany
from carnet.base.ids import USER
from carnet.entities.account import Account
from carnet.entities.login_profile import LoginProfile
from carnet.entities.service_specific_credential import ServiceSpecificCredential
from carnet.entities.signing_certificate import SigningCertificate
from carnet.entities.ssh_public_key import SshPublicKey
from carnet.entities.user import User
from carnet.services.iam import sentences, shapes, targets
from carnet.services.iam.attachable import boundary_at
from carnet.services.iam.condition_keys import requested
from carnet.services.iam.kinds import USERS
from carnet.services.iam.quotas import IamQuotas
from carnet.services.iam.renaming import allowed_as, renamed
from carnet.services.iam.service import iam
from carnet.services.iam.tagging import tags_of
from carnet.services.operation import Answer, Call, WriteCall
from carnet.services.paging import entity_list, page, path_filter
from carnet.services.request_tags import tagged_on_creation

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import (
        CreateUserRequestTypeDef,
        DeleteUserRequestTypeDef,
        GetUserRequestTypeDef,
        ListUsersRequestTypeDef,
        UpdateUserRequestTypeDef,
    )


@iam.write(
    "CreateUser",
    on=targets.new_user,
    also=(tagged_on_creation("iam:TagUser"),),
    context=(requested,),
)
def create_user(call: WriteCall, given: CreateUserRequestTypeDef) -> Answer:
    """Add a user without credentials and permissions."""
    quotas: IamQuotas = call.quotas
    if len(call.view.of(User)) >= quotas.users:
        raise TooMany(sentences.quota("UsersPerAccount", quotas.users))
    boundary = given.get("PermissionsBoundary")
    user = User(
        id=call.ids.unique(USER),
        account=call.account,
        partition=call.partition,
        path=given.get("Path", "/"),
        name=given["UserName"],
        boundary=boundary_at(call, boundary, holder=USERS.word) if boundary is not None else None,
        tags=tags_of(call, USERS, given) if "Tags" in given else {},
        created=call.now,
    )
    USERS.add(call, user)
    return {"User": shapes.created_user(user)}


@iam.read("GetUser", on=targets.user_or_caller)
def get_user(call: Call, given: GetUserRequestTypeDef, user: User | Account) -> Answer:
    """A user; without a name the caller, which may be root."""
    shape = shapes.user(user) if isinstance(user, User) else shapes.root_user(user)
    return {"User": _with_last_sign_in(call, user, shape)}


@iam.read("ListUsers", on=targets.list_users)
def list_users(call: Call, given: ListUsersRequestTypeDef) -> Answer:
    """The users below PathPrefix, by name."""
    users = call.view.of(User).sorted()
    if not len(call.view.of(LoginProfile)):
        return entity_list(call.paging, "ListUsers", users, given, "Users", shapes.listed_user)
    # PasswordLastUsed changes without a new view, so a kept list does not have it.
    found = page(call.paging, "ListUsers", users, given, key=lambda user: user.name_key, matching=path_filter(given))
    return found.answer("Users", lambda user: _with_last_sign_in(call, user, shapes.listed_user(user)))


def _with_last_sign_in(call: Call, holder: User | Account, shape: Mapping[str, Any]) -> Mapping[str, Any]:
    """The shape, with PasswordLastUsed if the holder has a password that was ever used."""
    use = call.parts.last_used.password(holder.id)
    if use is None or call.view.of(LoginProfile).get(holder.id) is None:
        return shape
    return {**shape, "PasswordLastUsed": use.when}


@iam.write("UpdateUser", on=targets.user, also=(allowed_as("iam:UpdateUser", "NewUserName"),))
def update_user(call: WriteCall, given: UpdateUserRequestTypeDef, user: User) -> Answer:
    """Rename a user or change its path. It stays the same user: id, credentials, permissions and groups are kept."""
    USERS.save(call, user, renamed(user, given, "NewUserName"))
    return {}


@iam.write("DeleteUser", on=targets.user)
def delete_user(call: WriteCall, given: DeleteUserRequestTypeDef, user: User) -> Answer:
    """Remove a user that has no credentials, policies and groups."""
    if conflict := next(_conflicts(call, user), None):
        raise InUse(conflict)
    call.store.remove(user)
    return {}


def _conflicts(call: Call, user: User) -> Iterator[str]:
    """The errors for all that has to be removed before the user, in the order of DeleteUser's page."""
    if call.view.of(LoginProfile).get(user.id) is not None:
        yield sentences.DELETE_LOGIN_PROFILE_FIRST
    if call.view.keys_of(user.id):
        yield sentences.DELETE_ACCESS_KEYS_FIRST
    if call.view.mfa_devices_of(user.id):
        yield sentences.REMOVE_TOKENS_FIRST
    if call.view.of(SigningCertificate).referring("owner", user.id):
        yield sentences.DELETE_CERTIFICATES_FIRST
    if any(call.view.of(held).referring("owner", user.id) for held in (SshPublicKey, ServiceSpecificCredential)):
        yield sentences.REMOVE_REFERENCED_FIRST
    if user.inline:
        yield sentences.DELETE_POLICIES_FIRST
    if user.attached:
        yield sentences.DETACH_POLICIES_FIRST
    if user.groups:
        yield sentences.REMOVE_USERS_FIRST
