"""Which addresses issuers may have: public ones, and those of networks that the installation names."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_UNICAST = ipaddress.IPv6Network("2000::/3")
"""All of IPv6 that is given out. Outside of it are forms of IPv4 addresses for translators, of which each network has
its own (RFC 8215, RFC 7915), and what was once for one site.

https://www.iana.org/assignments/ipv6-address-space
"""
_PROTOCOLS = ipaddress.IPv4Network("192.0.0.0/24")
"""https://www.rfc-editor.org/rfc/rfc6890: of IPv4's own protocols."""


def read_networks(text: str) -> tuple[Network, ...]:
    """Networks as `10.0.0.0/8,fd00::/8`. Raises ValueError for others."""
    return tuple(ipaddress.ip_network(one.strip()) for one in text.split(",") if one.strip())


def may_be_reached(text: str, networks: Iterable[Network]) -> bool:
    """Whether a connection may be made to that address.

    INVARIANT: an address that stands for another one, in IPv6, is taken for that one.
    """
    try:
        address = _meant(ipaddress.ip_address(text))
    except ValueError:
        return False
    if any(address in network for network in networks):
        return True
    own = address in _UNICAST if isinstance(address, ipaddress.IPv6Address) else address not in _PROTOCOLS
    return own and address.is_global and not address.is_multicast


def _meant(address: Address) -> Address:
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address
