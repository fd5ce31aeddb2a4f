"""The condition keys of a simulated request: ContextEntries.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_ContextEntry.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from carnet.policy.patterns import ascii_lower
from carnet.policy.request import Value
from carnet.policy.values import read_address, read_bytes, read_moment, read_number
from carnet.services.iam import simulation_sentences as sentences
from carnet.services.iam.simulation_sentences import invalid_input

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import ContextEntryTypeDef

_LIST = "List"
_READERS: Mapping[str, tuple[Callable[[str], object | None], str]] = {
    "numeric": (read_number, "numeric format"),
    "date": (read_moment, "DateTime format"),
    "ip": (read_address, "IP address"),
    "binary": (read_bytes, "base-64 encoded binary format"),
}
"""Type to what reads its values, giving None for what is none, and what AWS calls them. Every text is a string, and
AWS takes every text for a boolean."""


def context_keys(entries: Iterable[ContextEntryTypeDef], known: Mapping[str, Value]) -> dict[str, Value]:
    """The keys given, in place of those `known` that have the same name in any case; raises Refused (InvalidInput)."""
    given: dict[str, Value] = {}
    names: set[str] = set()
    for entry in entries:
        if not entry:
            continue
        name = entry.get("ContextKeyName", "")
        if not name:
            raise invalid_input(sentences.NO_CONTEXT_KEY)
        if ascii_lower(name) in names:
            raise invalid_input(sentences.context_repeated(name))
        names.add(ascii_lower(name))
        given[name] = _value(name, entry)
    return {key: value for key, value in known.items() if ascii_lower(key) not in names} | given


def _value(name: str, entry: ContextEntryTypeDef) -> Value:
    kind, values = entry.get("ContextKeyType"), entry.get("ContextKeyValues", ())
    if kind is None:
        raise invalid_input(sentences.context_type_missing(name))
    if not values:
        raise invalid_input(sentences.context_values_missing(name))
    several = kind.endswith(_LIST)
    if not several and len(values) != 1:
        raise invalid_input(sentences.context_single(kind, len(values)))
    read, expected = _READERS.get(kind.removesuffix(_LIST), (str, ""))
    if any(read(value) is None for value in values):
        raise invalid_input(sentences.context_value_invalid(name, expected))
    return tuple(values) if several else values[0]
