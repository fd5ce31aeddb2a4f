"""SSH public keys of users, which authenticate them to CodeCommit repositories.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_UploadSSHPublicKey.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carnet.base.faults import AlreadyExists, Refused
from carnet.base.ids import SSH_PUBLIC_KEY
from carnet.entities.ssh_public_key import SshPublicKey
from carnet.entities.user import User
from carnet.services.iam import certificate_sentences, shapes, targets
from carnet.services.iam.holdings import Holder, Holding, change_family, check_room, list_family
from carnet.services.iam.quotas import IamQuotas
from carnet.services.iam.service import iam
from carnet.services.iam.ssh_key_text import encoded, read_new_key
from carnet.services.iam.x509 import CERTIFICATES
from carnet.services.operation import Answer, Call, WriteCall
from carnet.services.preparing import Preparation

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import GetSSHPublicKeyRequestTypeDef, UploadSSHPublicKeyRequestTypeDef

_KEYS: Holding[SshPublicKey] = Holding(
    entity=SshPublicKey, id_member="SSHPublicKeyId", missing=certificate_sentences.ssh_public_key_missing
)


def _read_before(call: Call, given: Any) -> str:
    """The fingerprint of the key; raises Refused."""
    return read_new_key(given["SSHPublicKeyBody"]).fingerprint


@iam.write("UploadSSHPublicKey", on=targets.user, prepare=Preparation(pool=CERTIFICATES, work=_read_before))
def upload_ssh_public_key(call: WriteCall, given: UploadSSHPublicKeyRequestTypeDef, user: User) -> Answer:
    """Upload a key that the user does not have yet."""
    quotas: IamQuotas = call.quotas
    check_room(_KEYS.held(call, user), "SSHPublicKeysPerUser", quotas.ssh_public_keys_per_user)
    body = given["SSHPublicKeyBody"]
    key = SshPublicKey(
        id=call.ids.unique(SSH_PUBLIC_KEY),
        account=call.account,
        owner=user.id,
        body=body,
        fingerprint=call.prepared,
        created=call.now,
    )
    try:
        call.store.add(key)
    except AlreadyExists as fault:
        raise Refused("DuplicateSSHPublicKey", certificate_sentences.SSH_PUBLIC_KEY_EXISTS) from fault
    return {"SSHPublicKey": _shape(key, user, body)}


@iam.read("GetSSHPublicKey", on=targets.user)
def get_ssh_public_key(call: Call, given: GetSSHPublicKeyRequestTypeDef, user: User) -> Answer:
    """A key in the requested encoding. In the encoding of the upload it is the uploaded text."""
    key = _KEYS.find(call, given, user)
    return {"SSHPublicKey": _shape(key, user, encoded(key.body, given["Encoding"]))}


def _key_members(call: Call, key: SshPublicKey, holder: Holder) -> shapes.Structure:
    shape: dict[str, Any] = {
        "SSHPublicKeyId": key.id,
        "Status": shapes.status(active=key.active),
        "UploadDate": key.created,
    }
    return {**shapes.user_name(holder), **shape}


def _shape(key: SshPublicKey, user: User, body: str) -> shapes.Structure:
    return {
        "UserName": user.name,
        "SSHPublicKeyId": key.id,
        "Fingerprint": key.fingerprint,
        "SSHPublicKeyBody": body,
        "Status": shapes.status(active=key.active),
        "UploadDate": key.created,
    }


list_family(_KEYS, "ListSSHPublicKeys", member="SSHPublicKeys", shape=_key_members)
change_family(_KEYS, update="UpdateSSHPublicKey", delete="DeleteSSHPublicKey")
