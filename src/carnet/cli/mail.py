"""Looks at what is said of the mail server before anything is done."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from carnet.assembly.settings import Settings

if TYPE_CHECKING:
    from carnet.mail.server import MailServer


def check_mail(settings: Settings) -> MailServer | None:
    """The mail server of the settings; None if none is named. Raises UsageError."""
    if not (settings.smtp_url or settings.mail_from or settings.smtp_password_file):
        return None
    from carnet.assembly.mail import mail_server_of

    try:
        return mail_server_of(settings, os.environ)
    except ValueError as problem:
        raise click.UsageError(f"Mail: {problem}") from problem
