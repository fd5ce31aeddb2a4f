"""Bodies of requests to Amazon S3: the content of objects passes, everything else is read whole."""

from __future__ import annotations

from carnet.base.http import ByteStream
from carnet.gateway.payload import CheckedBody, ExpectedBody
from carnet.gateway.s3.faults import S3Fault
from carnet.server.limits import BodyBudget

MOST_WHOLE = 2 * 1024 * 1024
"""Bytes of a body that is read whole: a list of 1,000 keys to delete, each character of them percent-encoded or in
XML's own form, is shorter."""
MOST_CONTENT = 5 * 1024 * 1024 * 1024


class Upload:
    """The content of an object on its way: so many bytes, of which the last come once all of them proved right."""

    def __init__(self, body: ByteStream, expected: ExpectedBody) -> None:
        """Raises S3Fault for content that is longer than Amazon S3 takes at once."""
        if expected.length > MOST_CONTENT:
            told = "Your proposed upload exceeds the maximum allowed size"
            raise S3Fault("EntityTooLarge", told)
        self.length = expected.length
        self.content = CheckedBody(body, expected)


async def whole_body(body: ByteStream, expected: ExpectedBody, budget: BodyBudget, *, proven: bool) -> bytes:
    """A body that is no object's content, once it proved right. Raises S3Fault, PayloadRefused, RequestRefused."""
    if expected.length > MOST_WHOLE:
        raise S3Fault("MalformedXML", "The XML you provided was not well-formed or did not validate")
    if not budget.take(expected.length, proven=proven):
        raise S3Fault("SlowDown", "Please reduce your request rate.")
    try:
        return b"".join([piece async for piece in CheckedBody(body, expected)])
    finally:
        budget.give_back(expected.length)
