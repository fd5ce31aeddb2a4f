"""Objects that a key of AWS KMS encrypts: a caller who reads one needs permission for the key, too.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
"""

from __future__ import annotations

from http import HTTPStatus

from carnet.gateway.buckets.default_key import BY_KMS
from carnet.gateway.checks.services.s3_names import MANAGED_KEY, encryption_context, object_arn
from carnet.gateway.s3.call import S3Call
from carnet.gateway.s3.deciding import decided, denial
from carnet.gateway.s3.decrypting import to_decrypt
from carnet.gateway.s3.faults import unsigned_key
from carnet.gateway.upstreams.upstream import UpstreamResponse
from carnet.services.execution import Execution

_ENCRYPTED, _KEY = "x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id"
_WITH_BUCKET_KEY = "x-amz-server-side-encryption-bucket-key-enabled"
_READS = frozenset(("GetObject",))
"""Operations whose answers hold what was encrypted."""
_CHECKSUM = "x-amz-checksum-"
"""Of the content; a head that tells it is decided as the content is.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
"""
_Headers = tuple[tuple[str, str], ...]


async def refuse_without_key(execution: Execution, call: S3Call, response: UpstreamResponse) -> None:
    """Raises S3Fault if an answer has content that is encrypted by a key which the caller may not use.

    The headers of the answer name the key. INVARIANT: none of the content is passed on before.
    """
    told = dict(response.headers)
    is_read = call.operation.name in _READS or (
        call.operation.name == "HeadObject" and any(name.startswith(_CHECKSUM) for name in told)
    )
    if not is_read or response.status >= HTTPStatus.MULTIPLE_CHOICES or _ENCRYPTED not in told:
        return
    on = object_arn(call.scope.partition, call.route.path.bucket or "", call.route.path.key or "")
    await allow_decrypt(execution, call, response.headers, on=on, owner=call.owner)


async def allow_decrypt(execution: Execution, call: S3Call, headers: _Headers, *, on: str, owner: str) -> None:
    """Raises S3Fault if an object's headers tell that a key has encrypted it which the caller may not use.

    `on` is the object's ARN, `owner` the account of its bucket. If the store names no key, aws/s3 of that account has
    encrypted the object, provided that the store names each key that it was given (no store is known to do so for
    aws:kms:dsse).
    """
    told = dict(headers)
    algorithm, key = told.get(_ENCRYPTED, ""), told.get(_KEY, "")
    if not algorithm.startswith(BY_KMS):
        return
    if call.is_anonymous:
        raise unsigned_key()
    if not key and algorithm == BY_KMS and call.exchange.settings.profile.tells_keys:
        key = f"arn:{call.scope.partition}:kms:{call.scope.region}:{owner}:{MANAGED_KEY}"
    within = encryption_context(on, bucket_key=algorithm == BY_KMS and told.get(_WITH_BUCKET_KEY, "").lower() == "true")
    (made,) = await decided(execution, call, (to_decrypt(call.scope, key, within, owner),))
    call.decided.append(made)
    if not made.decision.allowed and call.binds:
        raise denial(made)
