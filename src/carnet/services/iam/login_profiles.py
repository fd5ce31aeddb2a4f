"""Passwords of users, by which they sign in to the console.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateLoginProfile.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_admin-change-user.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from carnet.base.faults import AlreadyExists, Denied, Fault, Invalid, Missing
from carnet.entities.account import Account
from carnet.entities.login_profile import LoginProfile
from carnet.entities.user import User
from carnet.services.iam import password_sentences, shapes, targets
from carnet.services.iam.new_passwords import (
    HASHING,
    NewPassword,
    check_new,
    check_unknown,
    hash_for,
    hash_unknown,
    profile_of,
)
from carnet.services.iam.service import iam
from carnet.services.iam.sign_in_duration import longest_sign_in
from carnet.services.operation import Answer, Call, WriteCall
from carnet.services.preparing import Preparation
from carnet.services.target import Target

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import (
        ChangePasswordRequestTypeDef,
        DeleteLoginProfileRequestTypeDef,
        GetLoginProfileRequestTypeDef,
    )


H = TypeVar("H")


def _find_holder(target: Callable[[Call, Any], Target[H]], call: Call, given: Any) -> H:
    """The user that a call is about, read before its turn to write. Raises the fault that says that there is none."""
    found = target(call, given).found
    if isinstance(found, Fault):
        raise found
    return found[0]


def _profile(call: Call, user: User | Account) -> LoginProfile:
    profile = profile_of(call, user)
    if profile is None:
        raise Missing(password_sentences.login_profile_missing(shapes.holder_name(user)))
    return profile


def _first_password(call: Call, given: Mapping[str, Any]) -> NewPassword:
    user = _find_holder(targets.password_holder, call, given)
    if ("Password" in given) is isinstance(user, Account):
        told = password_sentences.ROOT_PASSWORD_GIVEN if "Password" in given else password_sentences.PASSWORD_NEEDED
        raise Invalid(told)
    if profile_of(call, user) is not None:
        raise AlreadyExists(password_sentences.login_profile_exists(shapes.holder_name(user)))
    return hash_unknown(call) if isinstance(user, Account) else hash_for(call, user, given["Password"])


@iam.write(
    "CreateLoginProfile",
    on=targets.password_holder,
    prepare=Preparation(pool=HASHING, work=_first_password),
)
def create_login_profile(call: WriteCall, given: Mapping[str, Any], user: User | Account) -> Answer:
    """Give a user, or the calling user, its first password.

    The root user gets one that nobody knows: it has to be reset before anybody can sign in.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user-privileged-task.html
    """
    profile = LoginProfile(
        id=user.id,
        account=call.account,
        sealed_hashes=check_unknown(call) if isinstance(user, Account) else check_new(call, user, given["Password"]),
        created=call.now,
        changed=call.now,
        reset_required=given.get("PasswordResetRequired", False),
        max_session_seconds=given.get("MaxSigninSessionDuration"),
    )
    call.store.add(profile)
    return {"LoginProfile": shapes.login_profile(user, profile)}


@iam.read("GetLoginProfile", on=targets.password_holder)
def get_login_profile(call: Call, given: GetLoginProfileRequestTypeDef, user: User | Account) -> Answer:
    """Whether a user has a password, and since when."""
    return {"LoginProfile": shapes.login_profile(user, _profile(call, user))}


def _another_password(call: Call, given: Mapping[str, Any]) -> NewPassword | None:
    """The new password, if one is given: the other parts of a login profile can be changed without it."""
    user = _find_holder(targets.user, call, given)
    _profile(call, user)
    return hash_for(call, user, given["Password"]) if "Password" in given else None


@iam.write("UpdateLoginProfile", on=targets.user, prepare=Preparation(pool=HASHING, work=_another_password))
def update_login_profile(call: WriteCall, given: Mapping[str, Any], user: User) -> Answer:
    """Change a user's password, whether the user has to set a new one, or how long the user stays signed in."""
    profile = _profile(call, user)
    changed = replace(
        profile,
        reset_required=given.get("PasswordResetRequired", profile.reset_required),
        max_session_seconds=longest_sign_in(given, profile.max_session_seconds),
    )
    if "Password" in given:
        changed = replace(changed, sealed_hashes=check_new(call, user, given["Password"]), changed=call.now)
    if changed != profile:
        call.store.save(changed)
    return {}


@iam.write("DeleteLoginProfile", on=targets.password_holder)
def delete_login_profile(call: WriteCall, given: DeleteLoginProfileRequestTypeDef, user: User | Account) -> Answer:
    """Remove a user's password. Its access keys stay valid."""
    call.store.remove(_profile(call, user))
    return {}


def _own_password(call: Call, given: ChangePasswordRequestTypeDef) -> NewPassword:
    user = _find_holder(targets.calling_user, call, given)
    peer = str(call.context.request["aws:SourceIp"])
    profile, password = _profile(call, user), given["OldPassword"]
    if not call.parts.sign_ins.is_right(user.id, profile, password, peer=peer, now=call.now):
        raise Denied(password_sentences.OLD_PASSWORD_WRONG)
    return hash_for(call, user, given["NewPassword"])


@iam.write("ChangePassword", on=targets.calling_user, prepare=Preparation(pool=HASHING, work=_own_password))
def change_password(call: WriteCall, given: ChangePasswordRequestTypeDef, user: User) -> Answer:
    """Change the password of the calling user, who has to give the present one, which may have expired."""
    sealed = check_new(call, user, given["NewPassword"])
    call.store.save(replace(_profile(call, user), sealed_hashes=sealed, changed=call.now, reset_required=False))
    return {}
