"""The mail server of an installation: `smtp://user@mail.example.com:587`, or `smtps://` with TLS from the start."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from urllib.parse import unquote, urlsplit

from carnet.base.loopback import is_loopback_host

LONGEST_ADDRESS = 254
"""RFC 5321, 4.5.3.1.3."""
_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*"
)
_HOST = re.compile(r"[A-Za-z0-9.:-]+")
_PORTS = {"smtp": 587, "smtps": 465}
_FORM = "it is smtp://USER@HOST:587 or smtps://USER@HOST:465, with or without USER@ and the port"


class Transport(Enum):
    """How a connection is protected."""

    TLS = "TLS from the start"
    STARTTLS = "TLS, before anything else is said"
    CLEAR = "in the clear, on this machine alone"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """One mail server, and who is known there."""

    host: str
    port: int
    transport: Transport
    user: str = ""
    password: str = field(default="", repr=False)
    sender: str
    """The address that mail comes from."""

    @property
    def where(self) -> str:
        """For people."""
        return f"{self.host}:{self.port}"


def read_mail_server(url: str, *, sender: str, password: str) -> MailServer:
    """The server at that URL. Raises ValueError, in words for who has given the settings.

    INVARIANT: what is said to another machine is said under TLS.
    """
    parts = urlsplit(check_smtp_url(url))
    user = unquote(parts.username or "")
    if not is_mail_address(sender):
        raise ValueError("mail-from has to be an address, such as carnet@example.com, that mail comes from.")
    if bool(user) != bool(password):
        raise ValueError(
            "the smtp-url names a user, whose password comes from CARNET_SMTP_PASSWORD or --smtp-password-file."
            if user
            else "there is a password for the mail server, and the smtp-url names no user: smtp://USER@HOST."
        )
    host = parts.hostname or ""
    if parts.scheme == "smtps":
        transport = Transport.TLS
    else:
        transport = Transport.CLEAR if is_loopback_host(host) else Transport.STARTTLS
    return MailServer(
        host=host,
        port=parts.port or _PORTS[parts.scheme],
        transport=transport,
        user=user,
        password=password,
        sender=sender,
    )


def check_smtp_url(url: str) -> str:
    """The URL. Raises ValueError for what is none, and for one that holds a password: command lines are seen by all."""
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        raise ValueError(f"the smtp-url is no URL: {_FORM}.") from None
    if parts.password is not None:
        raise ValueError("the smtp-url holds a password, which belongs in CARNET_SMTP_PASSWORD or a file.")
    rest = parts.path.strip("/") or parts.query or parts.fragment
    if parts.scheme not in _PORTS or not _HOST.fullmatch(host) or port == 0 or rest:
        raise ValueError(f"the smtp-url cannot be used: {_FORM}.")
    return url


def is_mail_address(text: str) -> bool:
    """Whether mail is sent to it: an address of ASCII characters without quotes, blanks or line breaks."""
    return len(text) <= LONGEST_ADDRESS and _ADDRESS.fullmatch(text) is not None
