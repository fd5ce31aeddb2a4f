"""What Amazon S3 needs of a key of AWS KMS, in the name of its caller, to read what the key has encrypted.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from carnet.directory.snapshot import Snapshot
from carnet.entities.object_acl import UploadKey
from carnet.gateway.buckets.object_acls import kept_of, of_upload
from carnet.gateway.checks.check import Check, Refused, Scope, Sought
from carnet.gateway.checks.members import structure, structures
from carnet.gateway.checks.services import kms
from carnet.gateway.deciding import Resolved
from carnet.gateway.s3.call import S3Call
from carnet.gateway.s3.faults import S3Fault, not_implemented
from carnet.gateway.s3.key_aliases import on_managed
from carnet.policy.request import Value

_DECRYPT, _WITHIN = "kms:Decrypt", "kms:EncryptionContext:aws:s3:arn"
_PARTS = frozenset(("UploadPart", "UploadPartCopy"))
_COMPLETE = "CompleteMultipartUpload"
_CHECKSUM = "Checksum"


def to_decrypt(scope: Scope, key: str, within: str, owner: str) -> Resolved:
    """The check of who reads. Raises S3Fault for what does not tell a key.

    `key` is an ARN, or an id in the account of the bucket's owner; `within` is what `aws:s3:arn` is in the encryption
    context. https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html#encryption-context
    """
    owners = Scope(partition=scope.partition, region=scope.region, account=owner)
    try:
        named = kms.key(owners, key)
    except Refused:
        raise _key_not_told() from None
    if named.account is None:
        raise _key_not_told()
    keys: dict[str, Value] = {
        "kms:CallerAccount": scope.account,
        "kms:ViaService": f"s3.{scope.region}.amazonaws.com",
        _WITHIN: within,
        "kms:EncryptionContextKeys": ("aws:s3:arn",),
    }
    check = Check(
        action=_DECRYPT,
        resource=named.resource,
        account=named.account,
        type=kms.KEY,
        keys=keys,
        by_ciphertext=True,
    )
    if isinstance(named.resource, str):
        return Resolved(check, named.resource, named.account)
    managed = on_managed(check, key) if key == named.resource.text else None
    if managed is None:
        raise _key_not_told()
    return managed


def _key_not_told() -> S3Fault:
    return not_implemented("the upstream does not say which key of KMS has encrypted the object")


def key_of_upload(needs: Iterable[Resolved]) -> UploadKey | None:
    """The key of an upload that needs all of that to be begun."""
    for one in needs:
        if one.check.action == _DECRYPT:
            named = one.check.resource
            alias = named.text if isinstance(named, Sought) else ""
            is_managed = alias and on_managed(one.check, alias) is not None
            return UploadKey(arn=alias if is_managed else one.resource, context=str(one.check.keys[_WITHIN]))
    return None


def of_parts(snapshot: Snapshot, call: S3Call, given: Mapping[str, Any]) -> tuple[Resolved, ...]:
    """The check on the key of the upload that a part is of. CompleteMultipartUpload needs it if it compares checksums.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html#mpuAndPermissions
    Raises S3Fault.
    """
    name = call.operation.name
    if name not in _PARTS and not (name == _COMPLETE and _has_checksum(given)):
        return ()
    begun = of_upload(kept_of(snapshot, call.object), given["UploadId"])
    if begun is None or begun.key is None:
        return ()
    return (to_decrypt(call.scope, begun.key.arn, begun.key.context, begun.account),)


def _has_checksum(given: Mapping[str, Any]) -> bool:
    parts = structures(structure(given, "MultipartUpload"), "Parts")
    return any(name.startswith(_CHECKSUM) for members in (given, *parts) for name in members)
