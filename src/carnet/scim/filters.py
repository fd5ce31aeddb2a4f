"""The filters that AWS supports: comparisons by `eq`, joined by `and`.

https://docs.aws.amazon.com/singlesignon/latest/developerguide/listusers.html
"""

from __future__ import annotations

import re

import orjson

from carnet.scim.refusals import FILTER_NOT_SUPPORTED, unparsable

_LONGEST = 2_000
_COMPARISON = re.compile(r'\s*([A-Za-z][A-Za-z.]*)\s+eq\s+("(?:[^"\\]|\\.)*")\s*', re.IGNORECASE | re.ASCII)
_AND = re.compile(r"and\s", re.IGNORECASE | re.ASCII)


def read_filter(text: str) -> dict[str, str]:
    """The attributes of a filter, in lower case, to the values that they must have. Raises Refusal.

    One pass from left to right: a filter has no depth, and takes time as its length does.
    """
    if len(text) > _LONGEST:
        raise unparsable("The filter is too long.")
    wanted: dict[str, str] = {}
    at = 0
    while True:
        found = _COMPARISON.match(text, at)
        if found is None:
            raise unparsable(FILTER_NOT_SUPPORTED)
        attribute = found[1].lower()
        if attribute in wanted:
            raise unparsable("The filter names an attribute twice.")
        wanted[attribute] = _value(found[2])
        at = found.end()
        if at == len(text):
            return wanted
        joined = _AND.match(text, at)
        if joined is None:
            raise unparsable(FILTER_NOT_SUPPORTED)
        at = joined.end()


def _value(literal: str) -> str:
    try:
        value = orjson.loads(literal)
    except orjson.JSONDecodeError:
        raise unparsable(FILTER_NOT_SUPPORTED) from None
    return str(value)
