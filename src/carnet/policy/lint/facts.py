"""What the linter needs to know of AWS, handed in by whoever knows it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFacts:
    """What AWS documents of a condition key."""

    type: str
    """`String`, `ARN`, `Bool`, `Numeric`, `Date` or `IPAddress`."""
    multivalued: bool


class Facts(Protocol):
    """The services of AWS, their actions and condition keys. Names are found whatever the case of their letters."""

    def services(self) -> Collection[str]:
        """The prefixes of all services."""

    def actions(self, service: str) -> Mapping[str, str]:
        """A service's actions without its prefix, by their names in lower case; none of a service that AWS lacks."""

    def key(self, name: str) -> KeyFacts | None:
        """The condition key of that name; None if AWS documents none."""

    def keys(self, prefix: str) -> Sequence[str]:
        """The condition keys whose names begin with `prefix:`, `aws` among the prefixes."""
