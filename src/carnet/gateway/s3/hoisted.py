"""Headers that a presigned request has in its query string, where some SDKs put them: they are signed with it.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
"""

from __future__ import annotations

from msgspec.structs import replace

from carnet.base.http import RequestHead
from carnet.gateway.checksums import ALGORITHMS, HEADER
from carnet.gateway.s3.faults import S3Fault
from carnet.gateway.s3.header_fields import header_value
from carnet.protocols.form import percent_decode
from carnet.protocols.s3_routing import OF_SIGNATURE
from carnet.sigv4.query_form import has_query_form

_OF_AWS = "x-amz-"
_SIGNING = frozenset(name.lower() for name in OF_SIGNATURE)
_IGNORED = frozenset(("x-amz-sdk-checksum-algorithm", *(f"{HEADER}{algorithm}" for algorithm in ALGORITHMS)))
"""Amazon S3 does not look at the checksum in a URL: SDKs put that of an empty body there, whatever will be sent."""


def without_hoisted(head: RequestHead) -> RequestHead:
    """The head with those headers among its headers.

    Raises S3Fault for a header that is given twice or is none, and Unreadable for one that is not percent-encoded.
    """
    if _OF_AWS not in head.query.lower() or not has_query_form(head.query):
        return head
    kept, moved = [], dict[str, str]()
    for field in head.query.split("&"):
        written, _, value = field.partition("=")
        name = percent_decode(written).lower()
        if not name.startswith(_OF_AWS) or name in _SIGNING:
            kept.append(field)
        elif name in head.first or name in moved:
            raise S3Fault("InvalidArgument", f"{name[:64]} is given twice.")
        else:
            moved[name] = header_value(name, percent_decode(value.replace("+", " ")).strip(" "))
    given = tuple((name, value) for name, value in moved.items() if name not in _IGNORED)
    return replace(head, query="&".join(kept), headers=(*head.headers, *given))
