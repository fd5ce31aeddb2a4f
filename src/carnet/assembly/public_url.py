"""Where clients reach the installation: what issuers, passkeys and links will be bound to.

It is set, or made of the address that is listened on. INVARIANT: never of what a request says (its Host header).
"""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path

from carnet.assembly.settings import Settings

_ORIGIN = re.compile(r"https?://(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(?::[0-9]{1,5})?/?")
_MEMORY = "public-url"


def check_public_url(text: str) -> str:
    """The URL without a slash at its end. Raises ValueError for what is no scheme, host and port."""
    if not _ORIGIN.fullmatch(text):
        raise ValueError(f"{text!r} is no public URL, which is like https://iam.example.com, with a port if need be.")
    return text.rstrip("/")


def public_url(settings: Settings, *, port: int | None = None) -> str:
    """The URL that is set, or that of the address; `port` is the one that is listened on, if any free one was asked."""
    return settings.public_url or listening_url(settings, port=port)


def listening_url(settings: Settings, *, port: int | None = None) -> str:
    """The URL of the address that is listened on, for a client on this machine."""
    scheme = "https" if settings.tls_cert or settings.tls else "http"
    return f"{scheme}://{_reachable(settings.host)}:{settings.port if port is None else port}"


def change_of_public_url(settings: Settings) -> str | None:
    """Remember the URL that is set; the one that was set before, if it was another one."""
    memory = settings.data_dir / _MEMORY
    former = _read_remembered(memory)
    if former != settings.public_url:
        memory.write_text(settings.public_url)
        memory.chmod(0o600)
    return former if former and former != settings.public_url else None


def _read_remembered(memory: Path) -> str:
    try:
        return memory.read_text().strip()
    except FileNotFoundError:
        return ""


def _reachable(host: str) -> str:
    """An address that a client on this machine can use: one can listen on every address, and connect to none such."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.is_unspecified:
        return "127.0.0.1" if address.version == 4 else "[::1]"
    return f"[{host}]" if address.version == 6 else host
