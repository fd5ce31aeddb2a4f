"""Server certificates: what a service of an account shows to those who connect to it by TLS.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_server-certs.html
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from carnet.entities.entity import Entity


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerCertificate(Entity):
    """A certificate and what signed it, in PEM, as they were uploaded. Its private key is not kept."""

    resource_type: ClassVar[str] = "server-certificate"

    body: str
    chain: str | None = None
    expires: datetime
