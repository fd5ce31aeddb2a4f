"""POST Object: what a form of a browser asks for is a PutObject, and is decided as one.

https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from msgspec.structs import replace

from carnet.base.bounded_xml import BadXml, parse_xml
from carnet.base.http import HttpResponse, RequestHead, StreamedResponse
from carnet.gateway.payload import ExpectedBody, expected_body
from carnet.gateway.s3.bodies import MOST_CONTENT, Incoming, Spooled, Upload
from carnet.gateway.s3.call import S3Call
from carnet.gateway.s3.faults import XML, S3Fault
from carnet.gateway.s3.form import Form, FormFile
from carnet.gateway.s3.header_fields import header_value
from carnet.gateway.s3.post_policy import ANY_LENGTH, LengthRange, held_to
from carnet.gateway.s3_sentences import (
    LENGTH_MISSING,
    MECHANISM_NOT_SUPPORTED,
    METHOD_NOT_ALLOWED,
    UPLOAD_TOO_LARGE,
    XML_MALFORMED,
)
from carnet.protocols.s3_paths import read_path
from carnet.protocols.unreadable import Unreadable
from carnet.protocols.xml_shapes import escape
from carnet.server.outbox import Answer
from carnet.sigv4.form import POLICY, SIGNING_FIELDS, is_signed_form
from carnet.sigv4.payload import UNSIGNED_PAYLOAD

_FILENAME = "${filename}"
_RENAMED = {"acl": "x-amz-acl"}
_OF_OBJECT = frozenset(
    (
        *("cache-control", "content-disposition", "content-encoding", "content-language", "content-md5"),
        *("content-type", "expires"),
    )
)
"""Fields that are headers of PutObject, beside those that begin with `x-amz-`."""
_OF_AWS, _COPIES = "x-amz-", "x-amz-copy-source"
_OF_VERSION_2 = frozenset(("awsaccesskeyid", "signature"))
_STATUSES = {"200": HTTPStatus.OK, "201": HTTPStatus.CREATED}
_URL = re.compile(r"https?://[!-~]+", re.ASCII)
_OWN_HEADERS = frozenset(("content-length", "content-type", "transfer-encoding"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A form whose fields are read."""

    bucket: str
    key: str
    form: Form
    fields: Mapping[str, str]
    """With the key as it is, and the bucket."""
    head: RequestHead
    """The head of the PutObject that the form stands for, without the length of the content."""

    @property
    def is_signed(self) -> bool:
        return is_signed_form(self.form.fields)

    def held(self, now: datetime) -> LengthRange:
        """Held to its policy, if it has one. Raises S3Fault. INVARIANT: the caller has signed the policy."""
        return held_to(self.fields[POLICY], self.fields, now) if POLICY in self.fields else ANY_LENGTH


def posted(head: RequestHead, form: Form, *, by_somebody: bool) -> Posted:
    """What a form asks for; `by_somebody` if the request has a signature besides. Raises S3Fault."""
    if by_somebody:
        raise S3Fault("InvalidArgument", "Only one auth mechanism allowed: a form has its signature in its fields.")
    bucket = _bucket_named(head)
    key = form.fields.get("key")
    if not key:
        raise S3Fault("InvalidArgument", "Bucket POST must contain a field named 'key'.")
    if form.fields.get("bucket", bucket) != bucket:
        raise S3Fault("InvalidArgument", "The form names another bucket than it is posted to.")
    key = key.replace(_FILENAME, form.filename)
    fields = {**form.fields, "key": key, "bucket": bucket}
    if not _OF_VERSION_2.isdisjoint(fields):
        raise S3Fault("InvalidRequest", MECHANISM_NOT_SUPPORTED)
    if _COPIES in fields:
        raise S3Fault("InvalidArgument", "A form makes an object of its file.")
    made = replace(
        head,
        method="PUT",
        path=f"/{bucket}/{quote(key, safe='/-_.~', errors='strict')}",
        query="",
        headers=(*_kept_headers(head), *_headers(fields)),
    )
    return Posted(bucket=bucket, key=key, form=form, fields=fields, head=made)


def _bucket_named(head: RequestHead) -> str:
    try:
        path = read_path(head.path)
    except Unreadable as reason:
        raise S3Fault("InvalidURI", f"{reason}.") from None
    if path.bucket is None or path.key is not None or head.query:
        raise S3Fault("MethodNotAllowed", METHOD_NOT_ALLOWED)
    return path.bucket


def _kept_headers(head: RequestHead) -> tuple[tuple[str, str], ...]:
    """The headers of the request that are not about its body, and no header of AWS's: the form has these."""
    return tuple(
        (name, value) for name, value in head.headers if name not in _OWN_HEADERS and not name.startswith(_OF_AWS)
    )


def _headers(fields: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The headers that PutObject would have, with values as they are sent."""
    found = {}
    for name, value in fields.items():
        header = _RENAMED.get(name, name)
        if header in SIGNING_FIELDS or not (header in _OF_OBJECT or header.startswith(_OF_AWS)):
            continue
        if header in found:
            raise S3Fault("InvalidArgument", f"The field {name} is given twice.")
        found[header] = header_value(header, value)
    if "tagging" in fields:
        found["x-amz-tagging"] = _tagging_header(fields["tagging"])
    return tuple(found.items())


def _tagging_header(document: str) -> str:
    """The tags of a form, which are a document in XML, as the header has them. Raises S3Fault."""
    try:
        root = parse_xml(document.encode())
    except BadXml:
        raise S3Fault("MalformedXML", XML_MALFORMED) from None
    tags = [(tag.findtext("{*}Key", ""), tag.findtext("{*}Value", "")) for tag in root.iter("{*}Tag")]
    return urlencode(tags)


async def take_file(call: S3Call, asked: Posted, sent: RequestHead, lengths: LengthRange) -> Spooled:
    """The file lies here, whole, before any of it is sent: how long it is, is known at its end.

    Then it is the content of the call. `sent` is the head of the request as it came. Raises S3Fault if the file is
    longer or shorter than the policy allows, and what the body raises.
    """
    bound = _declared_length(sent)
    spooled = await call.spool.take(Incoming(bound, _Counted(asked.form.file, lengths)))
    try:
        lengths.refuse_unless_within(spooled.count)
        call.expected = expected_of(asked, spooled.count)
        call.upload = Upload(spooled, call.expected)
    except BaseException:
        await spooled.aclose()
        raise
    return spooled


def expected_of(asked: Posted, length: int) -> ExpectedBody:
    """What the form says of its file. Raises PayloadRefused."""
    head = replace(asked.head, headers=(*asked.head.headers, ("content-length", str(length))))
    return expected_body(head, UNSIGNED_PAYLOAD, None)


def _declared_length(head: RequestHead) -> int:
    """The length of the form. Raises S3Fault for one that does not say it, or is longer than any may be."""
    given = head.header("content-length")
    if given is None or not given.isascii() or not given.isdigit():
        raise S3Fault("MissingContentLength", LENGTH_MISSING)
    if len(given) > len(str(MOST_CONTENT)) or int(given) > MOST_CONTENT:
        raise S3Fault("EntityTooLarge", UPLOAD_TOO_LARGE)
    return int(given)


class _Counted:
    """The file, up to the length that its policy allows."""

    def __init__(self, file: FormFile, lengths: LengthRange) -> None:
        self._file = file
        self._lengths = lengths
        self._count = 0

    def __aiter__(self) -> _Counted:
        return self

    async def __anext__(self) -> bytes:
        piece = await anext(self._file)
        self._count += len(piece)
        if self._count > self._lengths.most:
            self._lengths.refuse_unless_within(self._count)
        return piece

    async def aclose(self) -> None:
        await self._file.aclose()


async def as_post(call: S3Call, asked: Posted, answer: Answer) -> Answer:
    """The answer to PutObject as one to a form: 204, or what the form asks for."""
    response = answer.response
    if response.status != HTTPStatus.OK:
        return answer
    if isinstance(response, StreamedResponse):
        await response.body.aclose()
    fields = asked.form.fields
    told: dict[str, Any] = dict(response.headers)
    etag = told.get("etag", "")
    headers = tuple((name, value) for name, value in response.headers if name != "content-type")
    where = _redirect(fields, asked, etag)
    if where is not None:
        made = HttpResponse(status=HTTPStatus.SEE_OTHER, headers=(*headers, ("location", where)), body=b"")
        return replace(answer, response=made)
    status = _STATUSES.get(fields.get("success_action_status", ""), HTTPStatus.NO_CONTENT)
    scheme = "https" if call.head.secure else "http"
    location = f"{scheme}://{call.host}{asked.head.path}"
    headers = (*headers, ("location", quote(location, safe=":/%[]@-_.~")))
    if status is not HTTPStatus.CREATED:
        return replace(answer, response=HttpResponse(status=status, headers=headers, body=b""))
    members = {"Location": location, "Bucket": asked.bucket, "Key": asked.key, "ETag": etag}
    shown = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in members.items())
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<PostResponse>{shown}</PostResponse>'.encode()
    return replace(answer, response=HttpResponse(status=status, headers=(*headers, ("content-type", XML)), body=body))


def _redirect(fields: Mapping[str, str], asked: Posted, etag: str) -> str | None:
    """Where the browser is sent; None if the form does not say, or says what is no URL."""
    given = fields.get("success_action_redirect") or fields.get("redirect")
    if not given or not _URL.fullmatch(given) or not _names_a_host(given):
        return None
    query = urlencode({"bucket": asked.bucket, "key": asked.key, "etag": etag})
    before, mark, fragment = given.partition("#")
    return f"{before}{'&' if '?' in before else '?'}{query}{mark}{fragment}"


def _names_a_host(url: str) -> bool:
    try:
        return bool(urlsplit(url).netloc)
    except ValueError:  # brackets that hold no IPv6 address
        return False
