"""The tags of objects, which conditions on `s3:ExistingObjectTag` are about: they are looked up if a policy asks.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/tagging-and-policies.html
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from lxml import etree
from msgspec.structs import replace

from carnet.base.bounded_xml import BadXml, parse_xml
from carnet.gateway.checks.lookups import LookupFailed
from carnet.gateway.deciding import Resolved
from carnet.gateway.s3.call import S3Call
from carnet.gateway.upstreams.customer_keys import CUSTOMER_KEY, OF_SOURCE
from carnet.policy.patterns import ascii_lower

_KEY = "s3:ExistingObjectTag/"
_TEMPLATE = f"{_KEY}<key>"
OF_OBJECT = ascii_lower(_KEY)
"""What the condition keys begin with that are told here, in lower case."""
_MOST = 64 * 1024
_NOT_THERE = HTTPStatus.NOT_FOUND
Headers = tuple[tuple[str, str], ...]


async def with_object_tags(call: S3Call, resolved: Resolved) -> Resolved:
    """The check with the tags of its object, if conditions may ask for them.

    INVARIANT: tags that cannot be read do not count as absent, because a negated condition would match. Raises
    LookupFailed.
    """
    check = resolved.check
    if _TEMPLATE not in check.unknown:
        return resolved
    bucket, _, key = resolved.resource.partition(":::")[2].partition("/")
    version = check.keys.get("s3:versionid")
    given = {"Bucket": bucket, "Key": key, **({"VersionId": version} if isinstance(version, str) else {})}
    if "VersionId" not in given:
        etag = await _etag(call, given, resolved.holder)
        if call.looked_up.setdefault(resolved.resource, etag) != etag:
            raise _object_replaced()
    told = {f"{_KEY}{name}": value for name, value in (await tags_of(call, given, resolved.holder)).items()}
    return resolved._replace(check=replace(check, unknown=check.unknown - {_TEMPLATE}), keys={**resolved.keys, **told})


async def tags_of(call: S3Call, given: Mapping[str, Any], account: str) -> Mapping[str, str]:
    """Those of an object that an account has, `given` as GetObjectTagging has it; none of what is not there.

    Raises LookupFailed.
    """
    response = await call.ask("GetObjectTagging", given, account)
    body = await response.whole(_MOST)
    if response.status == _NOT_THERE:
        return {}
    if response.status != HTTPStatus.OK:
        raise LookupFailed("the tags of the object cannot be read")
    return _tags(body)


async def _etag(call: S3Call, given: Mapping[str, Any], account: str) -> str:
    """The ETag of the object before its tags are looked up; empty if there is none. Raises LookupFailed."""
    of_source = OF_SOURCE if OF_SOURCE in call.given else ""
    key = {name: call.given[of] for name in CUSTOMER_KEY if (of := f"{of_source}{name}") in call.given}
    response = await call.ask("HeadObject", {**given, **key}, account)
    await response.aclose()
    etag = dict(response.headers).get("etag", "")
    if response.status == _NOT_THERE:
        return ""
    if response.status != HTTPStatus.OK or not etag:
        raise LookupFailed("the upstream does not tell which object it has")
    return etag


def refuse_another(call: S3Call, on: str, headers: Headers) -> None:
    """Raises LookupFailed if what the upstream tells of an object is not of the one whose tags were decided on.

    `on` is its ARN. INVARIANT: nothing of the answer is passed on before, and no copy is made. If the tags change but
    not the content, those at the time of the decision count.
    """
    known = call.looked_up.get(on)
    if known is not None and known != dict(headers).get("etag"):
        raise _object_replaced()


def _object_replaced() -> LookupFailed:
    return LookupFailed("the object has been replaced since its tags were looked up")


def _tags(body: bytes) -> dict[str, str]:
    try:
        root = parse_xml(body)
    except BadXml:
        raise LookupFailed("the tags of the object cannot be read") from None
    found: dict[str, str] = {}
    for tag in root.iter("{*}Tag"):
        parts = {etree.QName(child).localname: child.text or "" for child in tag}
        if "Key" not in parts or parts["Key"] in found:
            raise LookupFailed("the tags of the object cannot be read")
        found[parts["Key"]] = parts.get("Value", "")
    return found
