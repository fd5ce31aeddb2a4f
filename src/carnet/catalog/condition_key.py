"""What a condition key is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from carnet.entities.entity import name_key

_MANY = "ArrayOf"
_OPEN_PART = re.compile(r"\$\{[^}]*\}|<[^>]*>", re.ASCII)


class KeyType(StrEnum):
    """What a key's values are, and so which condition operators fit.

    https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
    """

    STRING = "String"
    ARN = "ARN"
    BOOL = "Bool"
    NUMERIC = "Numeric"
    DATE = "Date"
    IP_ADDRESS = "IPAddress"


class Namespace(StrEnum):
    """Where a key's value comes from: the field of `policy.request.Context` that it is read from."""

    PRINCIPAL = "principal"
    REQUEST = "request"
    RESOURCE = "resource"


@dataclass(frozen=True, kw_only=True)
class ConditionKey:
    """A condition key as AWS documents it."""

    name: str
    """Spelled as documented; `${TagKey}` or `<key>` stands for a part that the policy's author chooses."""
    type: KeyType
    multivalued: bool = False
    """Whether a request may carry several values, so that ForAllValues and ForAnyValue make sense."""
    namespace: Namespace | None = None
    """None for a service's own key: each service decides where its keys come from."""

    @cached_property
    def fixed_parts(self) -> tuple[str, ...]:
        """The folded text around the parts left open; one part if nothing is."""
        return tuple(_fixed_parts(name_key(self.name)))

    @property
    def is_template(self) -> bool:
        """Whether part of the name is left open."""
        return len(self.fixed_parts) > 1

    def is_filled_in_by(self, folded: str) -> bool:
        """Whether a name, folded by `name_key`, is this template with one character or more for each open part."""
        if not self.is_template:
            return False
        first, *middle, last = self.fixed_parts
        if not (folded.startswith(first) and folded.endswith(last)):
            return False
        return _in_order(middle, folded[len(first) : len(folded) - len(last)])


def filled_in(keys: Iterable[ConditionKey], folded: str) -> ConditionKey | None:
    """The template that a folded name fills in; the one that fixes most of it if several fit."""
    fitting = (key for key in keys if key.is_filled_in_by(folded))
    return max(fitting, key=lambda key: sum(map(len, key.fixed_parts)), default=None)


def key_type(written: str) -> tuple[KeyType, bool]:
    """Read a type as the Service Authorization Reference writes it: `ArrayOfString` is String and multivalued."""
    return KeyType(written.removeprefix(_MANY)), written.startswith(_MANY)


def _fixed_parts(name: str) -> Iterator[str]:
    """Cut out every `${...}` and `<...>`."""
    while (opening := _OPEN_PART.search(name)) is not None:
        yield name[: opening.start()]
        name = name[opening.end() :]
    yield name


def _in_order(parts: Iterable[str], text: str) -> bool:
    """Whether the parts stand in the text one after another, with something before, between and after them."""
    for part in parts:
        at = text.find(part, 1)
        if at < 0:
            return False
        text = text[at + len(part) :]
    return bool(text)
