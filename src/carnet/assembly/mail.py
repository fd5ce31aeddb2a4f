"""The mail server of the settings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from carnet.assembly.settings import SMTP_PASSWORD, Settings
from carnet.mail.server import MailServer, read_mail_server

_LONGEST_PASSWORD = 1024


def mail_server_of(settings: Settings, environment: Mapping[str, str]) -> MailServer | None:
    """The server; None if none is named. Raises ValueError, in words for who has given the settings."""
    if not settings.smtp_url:
        if settings.mail_from or settings.smtp_password_file is not None:
            raise ValueError("there is no mail server: --smtp-url (CARNET_SMTP_URL) names one.")
        return None
    return read_mail_server(settings.smtp_url, sender=settings.mail_from, password=_password(settings, environment))


def _password(settings: Settings, environment: Mapping[str, str]) -> str:
    if settings.smtp_password_file is None:
        return environment.get(SMTP_PASSWORD, "")
    return _read_password(settings.smtp_password_file)


def _read_password(path: Path) -> str:
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeError) as problem:
        raise ValueError(f"{path}, the smtp-password-file, cannot be read: {problem}.") from None
    password = text.removesuffix("\n").removesuffix("\r")
    if not password or len(password) > _LONGEST_PASSWORD or not password.isprintable():
        raise ValueError(f"{path}, the smtp-password-file, does not hold one line with a password.")
    return password
