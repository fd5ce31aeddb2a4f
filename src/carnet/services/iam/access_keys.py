"""Access keys of users and of the root user.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccessKey.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from carnet.base.faults import Denied, Invalid, Missing, TooMany
from carnet.entities.access_key import AccessKey
from carnet.entities.user import User
from carnet.identity.new_access_key import new_access_key
from carnet.services.iam import sentences, shapes, targets
from carnet.services.iam.holders import holder
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


def _key(call: Call, given: Any) -> AccessKey:
    """The key AccessKeyId of the holder; raises Missing, also for a key of somebody else."""
    key = call.view.of(AccessKey).get(given["AccessKeyId"])
    if key is None or key.owner != holder(call, given).id:
        raise Missing(sentences.access_key_missing(given["AccessKeyId"]))
    return key


@iam.write("CreateAccessKey", on=targets.user_or_caller)
def create_access_key(call: WriteCall, given: CreateAccessKeyRequestTypeDef) -> Answer:
    """Make an access key. Its secret is answered this once, and stored sealed."""
    owner = holder(call, given)
    most = call.parts.quotas.access_keys_per_user
    if len(call.view.keys_of(owner.id)) >= most:
        raise TooMany(sentences.quota("AccessKeysPerUser", most))
    new = new_access_key(call.ids, call.parts.keyring, account=call.account, owner=owner.id, now=call.now)
    call.store.add(new.key)
    return {"AccessKey": {**shapes.access_key(new.key, owner), "SecretAccessKey": new.secret}}


@iam.read("ListAccessKeys", on=targets.user_or_caller)
def list_access_keys(call: Call, given: ListAccessKeysRequestTypeDef) -> Answer:
    """The keys of a user or of the caller, without their secrets."""
    owner = holder(call, given)
    keys = sorted(call.view.keys_of(owner.id), key=lambda key: key.id)
    return page("ListAccessKeys", keys, given, key=lambda key: key.id).answer(
        "AccessKeyMetadata", lambda key: shapes.access_key(key, owner)
    )


@iam.write("UpdateAccessKey", on=targets.user_or_caller)
def update_access_key(call: WriteCall, given: UpdateAccessKeyRequestTypeDef) -> Answer:
    """Make a key active or inactive."""
    if given["Status"] not in (shapes.ACTIVE, shapes.INACTIVE):
        raise Invalid(sentences.STATUS_NOT_SETTABLE)
    key = _key(call, given)
    active = given["Status"] == shapes.ACTIVE
    if key.active != active:
        call.store.save(replace(key, active=active))
    return {}


@iam.write("DeleteAccessKey", on=targets.user_or_caller)
def delete_access_key(call: WriteCall, given: DeleteAccessKeyRequestTypeDef) -> Answer:
    """Remove a key. Whatever it signs from now on is refused."""
    call.store.remove(_key(call, given))
    return {}


@iam.read("GetAccessKeyLastUsed", on=targets.access_key_holder)
def get_access_key_last_used(call: Call, given: GetAccessKeyLastUsedRequestTypeDef) -> Answer:
    """When, where and by which service a key was last used.

    Raises Denied for a key that the account does not have, so that nobody learns whether another account has it.
    """
    key = call.view.of(AccessKey).get(given["AccessKeyId"])
    if key is None:
        raise Denied(sentences.access_key_of_others(call.caller.principal.arn, given["AccessKeyId"]))
    use = call.parts.last_used.key(key.id)
    last: dict[str, object] = dict(_NEVER_USED)
    if use is not None:
        last = {"LastUsedDate": use.when, "ServiceName": use.service, "Region": use.region}
    user = call.view.of(User).get(key.owner)
    return {"AccessKeyLastUsed": last} if user is None else {"UserName": user.name, "AccessKeyLastUsed": last}
