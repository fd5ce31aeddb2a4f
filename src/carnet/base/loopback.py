"""Which addresses are those of this machine alone."""

from __future__ import annotations

import ipaddress


def is_loopback(address: str) -> bool:
    """Whether an IP address is one; a name is none."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def is_loopback_host(host: str) -> bool:
    """The same of an address or a name that somebody has chosen: `localhost` is one."""
    return host == "localhost" or is_loopback(host)
