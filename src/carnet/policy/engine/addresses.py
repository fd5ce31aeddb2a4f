"""Sets of IP addresses as disjoint ranges.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_IPAddress
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network
from socket import AF_INET, AF_INET6, inet_pton

from carnet.policy.values import read_address, remembered

_V4_BYTES = 4

_MAPPED = bytes(10) + b"\xff\xff"
"""What an IPv6 address begins with that stands for an IPv4 address."""


class AddressRanges:
    """The addresses of several networks: disjoint ranges in order, so that one bisection finds an address."""

    __slots__ = ("_v4", "_v6")

    def __init__(self, networks: Iterable[IPv4Network | IPv6Network]) -> None:
        given = list(networks)
        self._v4 = _merge_networks(network for network in given if isinstance(network, IPv4Network))
        self._v6 = _merge_networks(network for network in given if isinstance(network, IPv6Network))

    def __contains__(self, text: str) -> bool:
        """Whether `text` is an address in one of the networks; an IPv4 address mapped into IPv6 is the IPv4 address."""
        packed = _address_bytes(text)
        if packed is None:
            return False
        firsts, lasts = self._v4 if len(packed) == _V4_BYTES else self._v6
        index = bisect_right(firsts, packed) - 1
        return index >= 0 and packed <= lasts[index]


@remembered
def _address_bytes(text: str) -> bytes | None:
    """The bytes of an address, four of one that is mapped into IPv6; None for a text that is none."""
    try:
        packed = inet_pton(AF_INET6 if ":" in text else AF_INET, text)
    except (OSError, ValueError):
        address = read_address(text)
        return address.packed if address is not None else None
    if "." in text and ":" in text and not packed.startswith(_MAPPED):
        return None
    return packed.removeprefix(_MAPPED)


Ranges = tuple[list[bytes], list[bytes]]
"""First and last address of each range, in network byte order, which sorts as the numbers do."""


def _merge_networks(networks: Iterable[IPv4Network | IPv6Network]) -> Ranges:
    firsts: list[bytes] = []
    lasts: list[bytes] = []
    for first, last in sorted((one.network_address.packed, one.broadcast_address.packed) for one in networks):
        if lasts and first <= lasts[-1]:
            lasts[-1] = max(last, lasts[-1])
        else:
            firsts.append(first)
            lasts.append(last)
    return firsts, lasts
