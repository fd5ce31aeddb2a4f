"""Names and values in a query string or a form, read strictly.

https://url.spec.whatwg.org/#urlencoded-parsing
"""

from __future__ import annotations

import re
from collections import Counter
from urllib.parse import unquote_to_bytes

from carnet.protocols.unreadable import Unreadable

MAX_FIELDS = 10_000

Fields = tuple[tuple[str, str], ...]

_ASCII = {f"%{spelling}": chr(point) for point in range(128) for spelling in (f"{point:02x}", f"{point:02X}")}
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})", re.ASCII)


def read_query(query: str) -> Fields:
    """The fields of a query string, in the order sent, repeated names and all. Raises Unreadable."""
    if not query.isascii():
        raise Unreadable("The query string holds characters that are not percent-encoded")
    return _fields(query)


def read_form(body: bytes) -> Fields:
    """The fields of an `application/x-www-form-urlencoded` body. Raises Unreadable."""
    try:
        return _fields(body.decode("utf-8"))
    except UnicodeDecodeError:
        raise Unreadable("The request body is not UTF-8") from None


def read_both(query: str, body: bytes) -> Fields:
    """The fields of a query string, and of a form behind them."""
    return read_query(query) + read_form(body) if query else read_form(body)


def parameters(query: str, body: bytes) -> dict[str, str]:
    """The fields of a query string and of a form together, by name; raises as `once_each` does."""
    return once_each(read_both(query, body))


def once_each(fields: Fields) -> dict[str, str]:
    """Fields by name. A name that occurs twice is refused: another reader of the request might take the other one."""
    by_name = dict(fields)
    if len(by_name) != len(fields):
        twice, _ = Counter(name for name, _ in fields).most_common(1)[0]
        raise Unreadable(f"The parameter {twice} is given more than once")
    return by_name


def percent_decode(text: str) -> str:
    """Text without its percent-encoding; Unreadable if that is broken or hides bytes that are not UTF-8."""
    if "%" not in text:
        return text
    # An encoded percent sign is set aside first: put back, it would look like the start of an escape.
    return "%".join(map(_decode, text.split("%25")))


def _decode(text: str) -> str:
    """One replacement for each escape that occurs: in a policy document far quicker than one for each place."""
    while (start := text.find("%")) >= 0:
        escape = text[start : start + 3]
        if escape not in _ASCII:
            return _decoded_bytes(text)
        text = text.replace(escape, _ASCII[escape])
    return text


def _decoded_bytes(text: str) -> str:
    if _BROKEN_ESCAPE.search(text):
        raise Unreadable("A percent sign is not followed by two hexadecimal digits")
    try:
        return unquote_to_bytes(text).decode("utf-8")
    except UnicodeDecodeError:
        raise Unreadable("A parameter is not UTF-8") from None


def _fields(encoded: str) -> Fields:
    if not encoded:
        return ()
    if encoded.count("&") >= MAX_FIELDS:
        raise Unreadable("The request has too many parameters")
    pairs = [field.partition("=")[::2] for field in encoded.replace("+", " ").split("&") if field]
    if "%" in encoded:
        pairs = [
            (percent_decode(name), percent_decode(value)) if "%" in name or "%" in value else (name, value)
            for name, value in pairs
        ]
    return tuple(pairs)
