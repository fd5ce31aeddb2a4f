r"""The patterns of the models, which are Java's regular expressions, as Python's.

Java's `\d`, `\w`, `\s` and `\b` know ASCII only and its `.` stops at five line ends; Python has no `\p{L}`. Whatever
else the two languages read differently is refused when the pattern is compiled, so that no constraint is ever weaker
than the one that the model states.

https://docs.oracle.com/javase/8/docs/api/java/util/regex/Pattern.html
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache

_TOKEN = re.compile(
    r"""\\p\{(?P<category>\w+)\}
      | \\u(?P<astral>10[0-9A-Fa-f]{4}|1[0-9A-Fa-f]{4}(?=-\\u10[0-9A-Fa-f]{4}))
      | \\u(?P<high>[Dd][89ABab][0-9A-Fa-f]{2})\\u(?P<low>[Dd][C-Fc-f][0-9A-Fa-f]{2})
      | (?P<escape>\\u[0-9A-Fa-f]{4}|\\[dDwWsSbBtnrfx]|\\[^A-Za-z0-9])
      | (?P<set>\[\^?)
      | (?P<plain>[^\\])""",
    re.ASCII | re.DOTALL | re.VERBOSE,
)
_ANY_BUT_LINE_ENDS = "[^\\n\\r\\u0085\\u2028\\u2029]"
_JAVA_ONLY = ("&&",)
# Letters, marks, numbers, punctuation, symbols and separators live in planes 0 to 3; plane 14 has marks and no others.
_LAST_ASSIGNED = 0x323AF
_MARKS_OF_PLANE_14 = (0xE0100, 0xE01EF)


@cache
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """The pattern for `fullmatch`, which is how the services apply it. ValueError for one that is not understood."""
    try:
        return re.compile("".join(_translate(pattern)), re.ASCII)
    except re.error as reason:
        raise ValueError(f"{pattern}: {reason}") from None


def _translate(pattern: str) -> Iterator[str]:
    in_set = False
    position = 0
    while position < len(pattern):
        token = _TOKEN.match(pattern, position)
        if token is None:
            raise ValueError(f"{pattern}: not understood at {position}")
        if token["set"] and in_set:
            raise ValueError(f"{pattern}: a set inside a set")
        if in_set and pattern.startswith(_JAVA_ONLY, position):
            raise ValueError(f"{pattern}: an intersection of sets")
        yield _python(token, in_set)
        in_set = bool(token["set"]) or (in_set and token["plain"] != "]")
        position = token.end()


def _python(token: re.Match[str], in_set: bool) -> str:
    if token["category"]:
        members = _category(token["category"])
        return members if in_set else f"[{members}]"
    if token["astral"]:
        return f"\\U{token['astral']:0>8}"
    if token["high"]:  # Java takes two surrogates for the character that they stand for
        return f"\\U{ord(bytes.fromhex(token['high'] + token['low']).decode('utf-16-be')):08x}"
    if token["plain"] == "." and not in_set:
        return _ANY_BUT_LINE_ENDS
    return token[0]


@cache
def _category(name: str) -> str:
    """The characters of a Unicode general category (`L`, `N`, ...), as the inside of a set."""
    if name not in ("L", "M", "N", "P", "S", "Z"):
        raise ValueError(f"not a category that the models use: {name}")
    runs = [match.span() for match in re.finditer(f"{name}+", _categories())]
    ranges = [f"\\U{first:08x}-\\U{end - 1:08x}" for first, end in runs]
    if name == "M":
        ranges.append("\\U{:08x}-\\U{:08x}".format(*_MARKS_OF_PLANE_14))
    return "".join(ranges)


@cache
def _categories() -> str:
    """The first letter of the general category of each character, by code point."""
    return "".join([unicodedata.category(chr(point))[0] for point in range(_LAST_ASSIGNED + 1)])
