"""Where browsers find the console: what its cookies, its passkeys and its checks of `Origin` are bound to.

INVARIANT: it follows from the public URL, never from what a request says (its Host header).
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from carnet.base.http import RequestHead
from carnet.base.loopback import is_loopback_host
from carnet.server.own_machine import is_of_own_machine

_USUAL_PORTS = {"https": 443, "http": 80}
_PORTALS = ".awsapps.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleOrigin:
    """One origin, in the form in which browsers send it."""

    scheme: str
    host: str
    """A name, or an IP address (IPv6 in brackets)."""
    port: int

    @property
    def secure(self) -> bool:
        return self.scheme == "https"

    @property
    def authority(self) -> str:
        """What browsers send as Host."""
        return self.host if self.port == _USUAL_PORTS[self.scheme] else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """The origin itself: no slash at its end."""
        return f"{self.scheme}://{self.authority}"

    @property
    def cookie(self) -> str:
        """The name of the cookie.

        Over TLS browsers take `__Host-` from the very host alone. On loopback the port is in the name: cookies know
        none, and two installations on one machine would overwrite each other's.
        """
        return "__Host-carnet" if self.secure else f"carnet-{self.port}"

    @property
    def has_passkeys(self) -> bool:
        """Whether browsers make passkeys there: an IP address is no relying party's id."""
        return not _is_address(self.host)

    def is_start_url(self, head: RequestHead) -> bool:
        """Whether a browser asks for the access portal at AWS's address of it: /start, at a host as AWS names them."""
        is_portal = self.host.endswith(_PORTALS) and head.path in ("/start", "/start/")
        return is_portal and head.header("host") == self.authority

    def is_safe(self, head: RequestHead) -> bool:
        """Whether a request comes by a way on which nobody else reads it: over TLS, or from this machine, directly.

        The public URL says so of a proxy that ends TLS.
        """
        return self.secure or is_of_own_machine(head)


def console_origin(public_url: str) -> ConsoleOrigin | None:
    """The origin of an installation; None if browsers reach it from elsewhere in the clear only.

    On loopback it is `localhost`, where browsers make passkeys, whatever address is listened on.
    """
    parts = urlsplit(public_url)
    host = parts.hostname or ""
    port = parts.port or _USUAL_PORTS[parts.scheme]
    if parts.scheme == "http":
        if not is_loopback_host(host):
            return None
        host = "localhost"
    return ConsoleOrigin(scheme=parts.scheme, host=f"[{host}]" if ":" in host else host, port=port)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
