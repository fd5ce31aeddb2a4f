"""The tags of a copy's source: the caller must be allowed to read them, and to put them on the new object.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html#AmazonS3-CopyObject-request-header-TaggingDirective
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from carnet.gateway.checks.services.s3_names import Source
from carnet.gateway.deciding import NotKnown, Resolved
from carnet.gateway.s3.arriving import SIGNING_NAME
from carnet.gateway.s3.call import S3Call
from carnet.gateway.s3.deciding import decided, denial, needed_by
from carnet.gateway.s3.tags import tags_of
from carnet.services.execution import Execution

_READ, _PUT = "GetObjectTagging", "PutObjectTagging"
_OF_TAGS = frozenset(("s3:RequestObjectTag/<key>", "s3:RequestObjectTagKeys"))


async def refuse_unless_tagged(execution: Execution, call: S3Call, source: Source, owner: str) -> None:
    """Raises S3Fault if a copy would take over tags that the caller may not read or not put; LookupFailed.

    `owner` is the account of the source's bucket. The store is asked for the tags only if the decision depends on
    them, and not if the caller may read and put all tags. A store that cannot list tags has none.
    """
    copies = call.operation.name == "CopyObject" and call.given.get("TaggingDirective") != "REPLACE"
    if not copies or not call.exchange.settings.does(SIGNING_NAME, _READ):
        return
    if await _may_copy_all(execution, call, source):
        return
    tags = await tags_of(call, _source_members(source), owner)
    if not tags:
        return
    made = await decided(execution, call, _tag_checks(execution, call, source, tags))
    call.decided += made
    if not made[-1].decision.allowed and call.binds:
        raise denial(made[-1])


async def _may_copy_all(execution: Execution, call: S3Call, source: Source) -> bool:
    *read, put = _tag_checks(execution, call, source, {})
    of_any = put._replace(check=replace(put.check, unknown=put.check.unknown | _OF_TAGS))
    try:
        made = await decided(execution, call, (*read, of_any))
    except NotKnown:
        return False
    return made[-1].decision.allowed


def _tag_checks(execution: Execution, call: S3Call, source: Source, tags: Mapping[str, str]) -> tuple[Resolved, ...]:
    """The checks to read the tags of the source, and last to put them on the copy."""
    made = {"Bucket": call.given["Bucket"], "Key": call.given["Key"]}
    listed = [{"Key": name, "Value": value} for name, value in tags.items()]
    return (
        *needed_by(execution, call, _READ, _source_members(source), call.of_source),
        *needed_by(execution, call, _PUT, {**made, "Tagging": {"TagSet": listed}}, call.point),
    )


def _source_members(source: Source) -> Mapping[str, str]:
    version = {} if source.version is None else {"VersionId": source.version}
    return {"Bucket": source.bucket, "Key": source.key, **version}
