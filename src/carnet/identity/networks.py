"""From where a request comes: what counts as one place."""

from __future__ import annotations

from ipaddress import IPv6Address
from socket import AF_INET, AF_INET6, inet_pton

_IPV4_BYTES, _IPV6_BYTES = 3, 8
_MAPPED = bytes(10) + b"\xff\xff"
"""What an IPv4 address begins with that is written as an IPv6 address."""


def network_key(peer: str) -> bytes | str:
    """The /24 of an IPv4 address, in 3 bytes, or the /64 of an IPv6 address, in 8; what is no address is itself."""
    try:
        if ":" not in peer:
            return inet_pton(AF_INET, peer)[:_IPV4_BYTES]
        packed = inet_pton(AF_INET6, peer.partition("%")[0])
    except OSError:
        return peer
    if packed.startswith(_MAPPED):
        return packed[len(_MAPPED) :][:_IPV4_BYTES]
    return packed[:_IPV6_BYTES]


def network_of(peer: str) -> str:
    """The same as text: `198.51.100.0/24`, `2001:db8::/64`."""
    key = network_key(peer)
    if isinstance(key, str):
        return key or "unknown"
    if len(key) == _IPV4_BYTES:
        return f"{'.'.join(map(str, key))}.0/24"
    return f"{IPv6Address(key + bytes(_IPV6_BYTES))}/64"
