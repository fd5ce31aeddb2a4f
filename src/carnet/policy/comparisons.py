"""How one wanted value of a condition is compared with one actual value, for each data type.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html

Each class holds one wanted value and has `matches(actual, lookup)`: True, False, or None if a policy variable in
the wanted value cannot be resolved. An actual value that is not of the operator's type equals nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Protocol

from msgspec import Struct

from carnet.policy.resources import ArnPattern
from carnet.policy.values import Network, read_address, read_bool, read_bytes, read_moment, read_number
from carnet.policy.variables import Lookup, Template


class Wanted(Protocol):
    """One value of a condition, as the policy wants it."""

    @property
    def text(self) -> str:
        """As the policy writes it."""

    def matches(self, actual: str, lookup: Lookup) -> bool | None:
        """Whether the request's value is as wanted; None if that cannot be known."""


class WantedText(Struct, frozen=True):
    """StringEquals, and by the lower case of both StringEqualsIgnoreCase.

    Recorded from AWS: KELVIN SIGN is k; LATIN SMALL LETTER LONG S is no s, and SS no sharp s, as folding would have it.
    """

    text: str
    template: Template
    ignore_case: bool

    def matches(self, actual: str, lookup: Lookup) -> bool | None:
        wanted = self.template.literal(lookup)
        if wanted is None:
            return None
        return actual.lower() == wanted.lower() if self.ignore_case else actual == wanted


class WantedPattern(Struct, frozen=True):
    """StringLike."""

    text: str
    template: Template

    def matches(self, actual: str, lookup: Lookup) -> bool | None:
        glob = self.template.fill(lookup)
        return glob.matches(actual) if glob is not None else None


class WantedArn(Struct, frozen=True):
    """ArnEquals and ArnLike, which AWS treats alike."""

    text: str
    pattern: ArnPattern

    def matches(self, actual: str, lookup: Lookup) -> bool | None:
        return self.pattern.matches(actual, lookup)


class WantedNumber(Struct, frozen=True):
    """NumericEquals and its kin: `compare(actual, number)`."""

    text: str
    number: Decimal
    compare: Callable[[Decimal, Decimal], bool]

    def matches(self, actual: str, lookup: Lookup) -> bool:
        number = read_number(actual)
        return number is not None and self.compare(number, self.number)


class WantedMoment(Struct, frozen=True):
    """DateEquals and its kin: `compare(actual, moment)` in milliseconds since 1970."""

    text: str
    moment: int
    compare: Callable[[int, int], bool]

    def matches(self, actual: str, lookup: Lookup) -> bool:
        moment = read_moment(actual)
        return moment is not None and self.compare(moment, self.moment)


class WantedBool(Struct, frozen=True):
    """Bool."""

    text: str
    value: bool

    def matches(self, actual: str, lookup: Lookup) -> bool:
        return read_bool(actual) is self.value


class WantedBytes(Struct, frozen=True):
    """BinaryEquals: base64 on both sides."""

    text: str
    value: bytes

    def matches(self, actual: str, lookup: Lookup) -> bool:
        return read_bytes(actual) == self.value


class WantedNetwork(Struct, frozen=True):
    """IpAddress: the address lies in the range. IPv4 and IPv6 are apart, save that a mapped IPv4 address is IPv4."""

    text: str
    network: Network

    def matches(self, actual: str, lookup: Lookup) -> bool:
        address = read_address(actual)
        return address is not None and address.version == self.network.version and address in self.network
