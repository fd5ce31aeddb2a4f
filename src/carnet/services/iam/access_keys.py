"""Access keys of users and of the root user.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccessKey.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carnet.base.faults import Invalid, Missing, TooMany
from carnet.entities.access_key import AccessKey
from carnet.entities.account import Account
from carnet.entities.user import User
from carnet.identity.new_access_key import GivenKey, new_access_key, sealed_access_key
from carnet.services.iam import sentences, shapes, targets
from carnet.services.iam.quotas import IamQuotas
from carnet.services.iam.service import iam
from carnet.services.operation import Answer, Call, WriteCall
from carnet.services.paging import page

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import (
        CreateAccessKeyRequestTypeDef,
        DeleteAccessKeyRequestTypeDef,
        GetAccessKeyLastUsedRequestTypeDef,
        ListAccessKeysRequestTypeDef,
        UpdateAccessKeyRequestTypeDef,
    )

_NEVER_USED = {"ServiceName": "N/A", "Region": "N/A"}


def _key(call: Call, key_id: str, holder: User | Account) -> AccessKey:
    """The key of the holder; raises Missing, also for a key of somebody else."""
    key = call.view.of(AccessKey).get(key_id)
    if key is None or key.owner != holder.id:
        raise Missing(sentences.access_key_missing(key_id))
    return key


@iam.write("CreateAccessKey", on=targets.user_or_caller)
def create_access_key(call: WriteCall, given: CreateAccessKeyRequestTypeDef, holder: User | Account) -> Answer:
    """Make an access key. Its secret is answered this once, and stored sealed."""
    _check_room(call, holder)
    new = new_access_key(call.ids, call.parts.keyring, account=call.account, owner=holder.id, now=call.now)
    call.store.add(new.key)
    return {"AccessKey": {**shapes.access_key(new.key, holder), "SecretAccessKey": new.secret}}


def add_given_key(call: WriteCall, holder: User | Account, given: GivenKey, *, active: bool) -> None:
    """Add a key that the operator has chosen; raises TooMany as CreateAccessKey does, and Taken."""
    _check_room(call, holder)
    new = sealed_access_key(call.parts.keyring, given, account=call.account, owner=holder.id, now=call.now)
    call.store.add(replace(new.key, active=active))


def _check_room(call: Call, holder: User | Account) -> None:
    quotas: IamQuotas = call.quotas
    most = quotas.access_keys_per_user
    if len(call.view.keys_of(holder.id)) >= most:
        raise TooMany(sentences.quota("AccessKeysPerUser", most))


@iam.read("ListAccessKeys", on=targets.user_or_caller)
def list_access_keys(call: Call, given: ListAccessKeysRequestTypeDef, holder: User | Account) -> Answer:
    """The keys of a user or of the caller, without their secrets."""
    keys = sorted(call.view.keys_of(holder.id), key=lambda key: key.id)
    return page(call.paging, "ListAccessKeys", keys, given, key=lambda key: key.id).answer(
        "AccessKeyMetadata", lambda key: shapes.access_key(key, holder)
    )


@iam.write("UpdateAccessKey", on=targets.user_or_caller)
def update_access_key(call: WriteCall, given: UpdateAccessKeyRequestTypeDef, holder: User | Account) -> Answer:
    """Make a key active or inactive."""
    if given["Status"] not in (shapes.ACTIVE, shapes.INACTIVE):
        raise Invalid(sentences.STATUS_NOT_SETTABLE)
    key = _key(call, given["AccessKeyId"], holder)
    active = given["Status"] == shapes.ACTIVE
    if key.active != active:
        call.store.save(replace(key, active=active))
    return {}


@iam.write("DeleteAccessKey", on=targets.user_or_caller)
def delete_access_key(call: WriteCall, given: DeleteAccessKeyRequestTypeDef, holder: User | Account) -> Answer:
    """Remove a key. Whatever it signs from now on is refused."""
    call.store.remove(_key(call, given["AccessKeyId"], holder))
    return {}


@iam.read("GetAccessKeyLastUsed", on=targets.access_key)
def get_access_key_last_used(call: Call, given: GetAccessKeyLastUsedRequestTypeDef, key: AccessKey) -> Answer:
    """When, where and by which service a key was last used."""
    use = call.parts.last_used.key(key.id)
    last: dict[str, object] = dict(_NEVER_USED)
    if use is not None:
        last = {"LastUsedDate": use.when, "ServiceName": use.service, "Region": use.region}
    user = call.view.of(User).get(key.owner)
    return {"AccessKeyLastUsed": last} if user is None else {"UserName": user.name, "AccessKeyLastUsed": last}
