"""Access keys of users and of the root user.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccessKey.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carnet.entities.access_key import AccessKey
from carnet.entities.account import Account
from carnet.entities.user import User
from carnet.identity.new_access_key import GivenKey, new_access_key, sealed_access_key
from carnet.services.ended_keys import note_end, note_return
from carnet.services.iam import sentences, shapes, targets
from carnet.services.iam.holdings import Holding, change_family, check_room, list_family
from carnet.services.iam.quotas import IamQuotas
from carnet.services.iam.service import iam
from carnet.services.operation import Answer, Call, WriteCall

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import (
        CreateAccessKeyRequestTypeDef,
        GetAccessKeyLastUsedRequestTypeDef,
    )

_NEVER_USED = {"ServiceName": "N/A", "Region": "N/A"}


_KEYS: Holding[AccessKey] = Holding(entity=AccessKey, id_member="AccessKeyId", missing=sentences.access_key_missing)
list_family(
    _KEYS, "ListAccessKeys", member="AccessKeyMetadata", shape=lambda _, key, holder: shapes.access_key(key, holder)
)


def note_status(call: WriteCall, key: AccessKey, active: bool) -> None:
    """Note that a key is no longer valid, or valid again."""
    note = note_return if active else note_end
    note(call.store, call.view, key.id, call.now)


change_family(_KEYS, update="UpdateAccessKey", delete="DeleteAccessKey", noted=note_status)


@iam.write("CreateAccessKey", on=targets.user_or_caller)
def create_access_key(call: WriteCall, given: CreateAccessKeyRequestTypeDef, holder: User | Account) -> Answer:
    """Create an access key. Only this answer has its secret, which is stored sealed."""
    _check_room(call, holder)
    new = new_access_key(call.ids, call.parts.keyring, account=call.account, owner=holder.id, now=call.now)
    call.store.add(new.key)
    return {"AccessKey": {**shapes.access_key(new.key, holder), "SecretAccessKey": new.secret}}


def add_given_key(call: WriteCall, holder: User | Account, given: GivenKey, *, active: bool) -> None:
    """Add a key that the operator has chosen. Raises TooMany as CreateAccessKey does, and Taken."""
    _check_room(call, holder)
    new = sealed_access_key(call.parts.keyring, given, account=call.account, owner=holder.id, now=call.now)
    call.store.add(replace(new.key, active=active))
    note_status(call, new.key, active)


def _check_room(call: Call, holder: User | Account) -> None:
    quotas: IamQuotas = call.quotas
    check_room(_KEYS.held(call, holder), "AccessKeysPerUser", quotas.access_keys_per_user)


@iam.read("GetAccessKeyLastUsed", on=targets.access_key)
def get_access_key_last_used(call: Call, given: GetAccessKeyLastUsedRequestTypeDef, key: AccessKey) -> Answer:
    """When, where and by which service a key was last used."""
    use = call.parts.last_used.key(key.id)
    last: dict[str, object] = dict(_NEVER_USED)
    if use is not None:
        last = {"LastUsedDate": use.when, "ServiceName": use.service, "Region": use.region}
    user = call.view.of(User).get(key.owner)
    return {"AccessKeyLastUsed": last} if user is None else {"UserName": user.name, "AccessKeyLastUsed": last}
