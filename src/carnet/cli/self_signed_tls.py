"""What `carnet serve --tls self-signed` adds to the settings, and to what is printed."""

from __future__ import annotations

import shlex
from dataclasses import replace
from datetime import UTC, datetime

from carnet.assembly.settings import Settings


def with_certificate(settings: Settings) -> Settings:
    """The settings with a certificate for development, if they ask for one; it is in `tls/` of the data directory.

    Raises OSError if it cannot be written, ValueError if the host has no name that a certificate can hold.
    """
    if settings.tls is None:
        return settings
    from carnet.server.listening.self_signed import self_signed  # not needed otherwise, and not light

    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    files = self_signed(settings.tls_dir, settings.host, datetime.now(UTC))
    return replace(settings, tls_cert=files.server, tls_key=files.server)


def how_to_trust(settings: Settings) -> str:
    """The `export` line that makes AWS's clients trust the certificate."""
    from carnet.server.listening.self_signed import AUTHORITY

    authority = shlex.quote(str((settings.tls_dir / AUTHORITY).absolute()))
    return f"Its certificate is self-signed; clients trust it with:\n\nexport AWS_CA_BUNDLE={authority}\n"
