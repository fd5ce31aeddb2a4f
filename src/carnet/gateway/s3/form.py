"""A form of a browser, read while it arrives: the fields first, then the file.

https://www.rfc-editor.org/rfc/rfc7578 https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html
Read strictly: a field that is given twice is refused, and so is a part that is no part of a form.
"""

from __future__ import annotations

import re
from typing import Self

from msgspec import Struct

from carnet.base.http import ByteStream, RequestHead
from carnet.gateway.s3.faults import S3Fault

FORM = "multipart/form-data"
MOST_BEFORE_FILE = 20 * 1024
"""Bytes of the form that are not the file's, of those before it and of those behind it."""
_BOUNDARY = re.compile(
    r"""multipart/form-data\s*;\s*boundary=(?:"([!-~ ]{1,70})"|([!#-~]{1,70}))\s*""", re.I | re.ASCII
)
_NAMED = re.compile(rb'form-data\s*;\s*name="([^"\r\n]{1,1024})"(?:\s*;\s*filename="([^"\r\n]{0,1024})")?', re.I)
_DISPOSITION = b"content-disposition"
_END, _BLANK = b"\r\n", b"\r\n\r\n"
_FILE = "file"


class Form(Struct, frozen=True, kw_only=True):
    """The fields before the file, and the file."""

    fields: dict[str, str]
    """Names in lower case."""
    filename: str
    """The last part of what the browser calls it."""
    file: FormFile


def is_form(head: RequestHead) -> bool:
    return head.method == "POST" and (head.header("content-type") or "").lower().startswith(FORM)


async def read_form(head: RequestHead, body: ByteStream) -> Form:
    """The form up to the beginning of its file. Raises S3Fault, and what the body raises."""
    found = _BOUNDARY.fullmatch(head.header("content-type") or "")
    if found is None:
        raise _malformed_form()
    reader = _Reader(body, b"\r\n--" + (found[1] or found[2]).encode("ascii"))
    await reader.begin()
    fields: dict[str, str] = {}
    while True:
        name, filename = _part_names(await reader.head())
        if name == _FILE:
            return Form(fields=fields, filename=filename, file=FormFile(reader))
        if name in fields:
            raise S3Fault("InvalidArgument", f"The field {name[:64]} is given twice.")
        fields[name] = await reader.value()


def _part_names(head: bytes) -> tuple[str, str]:
    """The name of a part, in lower case, and that of its file."""
    for line in head.split(_END):
        name, _, value = line.partition(b":")
        if name.strip().lower() != _DISPOSITION:
            continue
        found = _NAMED.fullmatch(value.strip())
        if found is not None:
            filename = (found[2] or b"").decode("utf-8", "replace").replace("\\", "/")
            return _text(found[1]).lower(), filename.rpartition("/")[2]
    raise _malformed_form()


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        raise _malformed_form() from None


def _malformed_form() -> S3Fault:
    return S3Fault("MalformedPOSTRequest", "The body of your POST request is not well-formed multipart/form-data.")


def no_file() -> S3Fault:
    return S3Fault("InvalidArgument", "POST requires exactly one file upload per request.")


class _Reader:
    """The bytes of a form that have arrived."""

    def __init__(self, body: ByteStream, delimiter: bytes) -> None:
        self._body = body
        self._delimiter = delimiter
        self._held = bytearray(_END)
        """The first delimiter need have no line before it."""
        self._before = 0

    async def begin(self) -> None:
        """Take the first delimiter."""
        await self._read_until(self._delimiter)
        await self._line_end()

    async def head(self) -> bytes:
        """The head of the next part."""
        return await self._read_until(_BLANK)

    async def value(self) -> str:
        """The content of a part that is a field."""
        value = _text(await self._read_until(self._delimiter))
        await self._line_end()
        return value

    async def content(self) -> bytes | None:
        """More of the content of a part; None at its end. Raises S3Fault."""
        while True:
            at = self._held.find(self._delimiter)
            if at >= 0:
                piece = bytes(self._held[:at])
                if not piece:
                    return None
                del self._held[:at]
                return piece
            sure = len(self._held) - len(self._delimiter)
            if sure > 0:
                piece = bytes(self._held[:sure])
                del self._held[:sure]
                return piece
            if not await self._read_more():
                raise S3Fault("IncompleteBody", "The request body terminated unexpectedly")

    async def rest(self) -> None:
        """What is behind the file counts for nothing, and is short. Raises S3Fault."""
        count = len(self._held)
        self._held.clear()
        while count <= 2 * MOST_BEFORE_FILE and await self._read_more():
            count += len(self._held)
            self._held.clear()
        if count > 2 * MOST_BEFORE_FILE:
            raise _malformed_form()

    async def aclose(self) -> None:
        await self._body.aclose()

    async def _line_end(self) -> None:
        """What is behind a delimiter: another part. The end of the form comes before its file."""
        while len(self._held) < len(_END) and await self._read_more():
            pass
        if self._held.startswith(b"--"):
            raise no_file()
        if not self._held.startswith(_END):
            raise _malformed_form()
        del self._held[: len(_END)]

    async def _read_until(self, mark: bytes) -> bytes:
        """The bytes before a mark, which is removed, too."""
        while (at := self._held.find(mark)) < 0:
            if self._before + len(self._held) > MOST_BEFORE_FILE + len(mark):
                raise _too_much()
            if not await self._read_more():
                raise _malformed_form()
        found = bytes(self._held[:at])
        del self._held[: at + len(mark)]
        self._before += at + len(mark)
        if self._before > MOST_BEFORE_FILE:
            raise _too_much()
        return found

    async def _read_more(self) -> bool:
        try:
            self._held += await anext(self._body)
        except StopAsyncIteration:
            return False
        return True


def _too_much() -> S3Fault:
    return S3Fault(
        "MaxPostPreDataLengthExceededError", "Your POST request fields preceding the upload file were too large."
    )


class FormFile:
    """A `ByteStream` of the file of a form."""

    def __init__(self, reader: _Reader) -> None:
        self._reader = reader

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        piece = await self._reader.content()
        if piece is None:
            await self._reader.rest()
            raise StopAsyncIteration
        return piece

    async def aclose(self) -> None:
        await self._reader.aclose()
