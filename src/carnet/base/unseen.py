"""Characters that a terminal, or a reader of lines, takes for more than text."""

from __future__ import annotations

from collections.abc import Iterator

_UNSEEN = (
    *[(0x7F, 0x9F), (0xAD, 0xAD), (0x600, 0x605), (0x61C, 0x61C), (0x6DD, 0x6DD), (0x70F, 0x70F), (0x890, 0x891)],
    *[(0x8E2, 0x8E2), (0x180E, 0x180E), (0x200B, 0x200F), (0x2028, 0x202E), (0x2060, 0x206F), (0xFEFF, 0xFEFF)],
    *[(0xFFF9, 0xFFFB), (0x110BD, 0x110BD), (0x110CD, 0x110CD), (0x13430, 0x1343F), (0x1BCA0, 0x1BCA3)],
    *[(0x1D173, 0x1D17A), (0xE0001, 0xE0001), (0xE0020, 0xE007F)],
)
"""Characters that JSON lets stand: controls, ends of lines, and what has no width or turns the text around.

Of https://www.unicode.org/reports/tr44/#General_Category_Values those of Cc, Cf, Zl and Zp.
"""


def _escape(code: int) -> str:
    if code < 0x10000:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"


def _codes() -> Iterator[int]:
    for first, last in _UNSEEN:
        yield from range(first, last + 1)


_ESCAPED = {code: _escape(code) for code in _codes()}


def escaped(encoded: bytes) -> bytes:
    """JSON, in UTF-8, with such characters escaped: the same value, which is shown as it is."""
    return encoded.decode().translate(_ESCAPED).encode()
