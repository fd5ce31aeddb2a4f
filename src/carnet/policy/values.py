"""Reads the typed values of conditions from text: numbers, moments, truth values, bytes and IP addresses.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html

Every reader but `read_bool` gives None for text that is no value of its type.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import lru_cache, wraps
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeVar

from carnet.policy.patterns import ascii_lower

T = TypeVar("T")

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,6})?", re.ASCII)
_EPOCH = re.compile(r"(-?[0-9]{1,24})(?:\.([0-9]{1,9}))?", re.ASCII)
_ISO_8601 = re.compile(
    r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?"
    r"(?:[Tt]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,9})[0-9]*)?)?"
    r"(?:([Zz])|([+-])([0-9]{2}):?([0-9]{2})))?",
    re.ASCII,
)
_ISO_PARTS = ((1, 1), (2, 1), (3, 1), (4, 0), (5, 0), (6, 0))
"""Groups of the expression, year to second, and what stands for a part left out."""
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_FRACTION_DIGITS = 3
"""AWS compares milliseconds, as was recorded; further digits count for nothing."""
_MILLISECONDS = 1_000
_MOST_SECONDS = 2**63 - 1
"""What AWS refuses to save is a number of seconds beyond it."""
_YEAR = re.compile(r"[0-9]{4}", re.ASCII)
_OCTETS = re.compile(r"[0-9]{1,3}(\.[0-9]{1,3}){3}", re.ASCII)
_PREFIX_LENGTH = re.compile(r"\+?[0-9]{1,4}", re.ASCII)


_READINGS_KEPT = 64
_LONGEST_KEPT = 2_048
"""Characters of a text whose reading is kept."""


def remembered(read: Callable[[str], T]) -> Callable[[str], T]:
    """The same reader, which remembers what it read last: one value of a request is put to many conditions."""
    recent = lru_cache(_READINGS_KEPT)(read)

    @wraps(read)
    def read_again(text: str) -> T:
        return recent(text) if len(text) <= _LONGEST_KEPT else read(text)

    return read_again


@remembered
def read_number(text: str) -> Decimal | None:
    """A number, exact however long it is."""
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def read_bool(text: str) -> bool:
    """Whether it is `true`, in any case; AWS reads everything else as false, in a policy and in a request."""
    return ascii_lower(text) == "true"


@remembered
def read_bytes(text: str) -> bytes | None:
    """The bytes that base64 text stands for, which must be the one text that stands for them."""
    try:
        decoded = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return decoded if base64.b64encode(decoded).decode() == text else None


@remembered
def read_moment(text: str) -> int | None:
    """Milliseconds since 1970 of a date in ISO 8601 (W3C profile) or of seconds since 1970.

    Four digits alone are a year.
    """
    epoch = _EPOCH.fullmatch(text)
    if epoch is not None and _YEAR.fullmatch(text) is None:
        return int(epoch[1] + _thousandths(epoch[2])) if abs(int(epoch[1])) <= _MOST_SECONDS else None
    match = _ISO_8601.fullmatch(text)
    return _iso_moment(match) if match is not None else None


@remembered
def read_address(text: str) -> Address | None:
    """An IP address; an IPv4 address mapped into IPv6 is the IPv4 address.

    Recorded from AWS: dots stand in no other IPv6 address, and zeros may lead the numbers of an IPv4 address.
    """
    try:
        address = ip_address(_without_leading_zeros(text))
    except ValueError:
        return None
    if isinstance(address, IPv4Address):
        return address
    if address.scope_id is not None or ("." in text and address.ipv4_mapped is None):
        return None
    return address.ipv4_mapped or address


def is_address(text: str) -> bool:
    """Whether it is an IP address."""
    return read_address(text) is not None


def read_network(text: str) -> Network | None:
    """An address or a range in CIDR notation; without a prefix length, the one address.

    Recorded from AWS: zeros may lead the numbers, a plus the prefix length. A range of mapped addresses stays
    IPv6, where no request's address is found.
    """
    address, slash, length = text.partition("/")
    if "%" in address or (slash and not _PREFIX_LENGTH.fullmatch(length)):
        return None
    plain = _without_leading_zeros(address)
    try:
        return ip_network((plain, int(length)) if slash else plain, strict=False)
    except ValueError:
        return None


def is_saved_network(text: str) -> bool:
    """Whether AWS saves the address or range, which must be readable.

    Recorded from AWS: an IPv6 address in a policy has no dots, and an IPv6 range no bits beyond its prefix length. AWS
    never matches such a range where it is let through, whereas an IPv4 range stands for all that its prefix does.
    """
    address, _, _ = text.partition("/")
    network = read_network(text)
    return not isinstance(network, IPv6Network) or ("." not in text and IPv6Address(address) == network.network_address)


def _without_leading_zeros(text: str) -> str:
    return ".".join([str(int(octet)) for octet in text.split(".")]) if _OCTETS.fullmatch(text) else text


def _thousandths(fraction: str | None) -> str:
    return (fraction or "")[:_FRACTION_DIGITS].ljust(_FRACTION_DIGITS, "0")


def _iso_moment(match: re.Match[str]) -> int | None:
    year, month, day, hour, minute, second = (int(match[group] or default) for group, default in _ISO_PARTS)
    try:
        days = date(year, month, day).toordinal() - _EPOCH_DAY
    except ValueError:
        return None
    offset_hours, offset_minutes = int(match[10] or 0), int(match[11] or 0)
    if hour > 23 or minute > 59 or second > 60 or offset_hours > 23 or offset_minutes > 59:
        return None
    offset = (offset_hours * 60 + offset_minutes) * (-60 if match[9] == "-" else 60)
    seconds = ((days * 24 + hour) * 60 + minute) * 60 + second - offset
    return seconds * _MILLISECONDS + int(_thousandths(match[7]))
