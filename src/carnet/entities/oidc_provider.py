"""OpenID Connect identity providers of an account.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_oidc.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from carnet.entities.entity import Entity

SCHEME = "https://"
_PORTS = range(1, 65_536)
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_NAME = re.compile(
    rf"(?P<host>{_LABEL}(?:\.{_LABEL})+)(?::(?P<port>[0-9]{{1,5}}))?(?:/[\w.~!$&'()*+,;=:@%-]*)*", re.ASCII
)
"""Host, port and path. The host has a dot: what its tokens say are condition keys that begin with the name, and none of
them may look like a key of a service (`aws:`, `sts:`)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OidcProvider(Entity):
    """Whose tokens an account's roles may trust; `name` is the issuer's URL without `https://`."""

    resource_type: ClassVar[str] = "oidc-provider"

    client_ids: tuple[str, ...] = ()
    """The audiences that its tokens may be for."""
    thumbprints: tuple[str, ...] = ()
    """SHA-1 of certificates that its server may have or be certified by, in lower-case hexadecimal digits."""
    context_provider: Mapping[str, object] = field(default_factory=dict[str, object])
    """The settings of trusted identity propagation, by the model's names; empty for none."""
    identity_center_instance: str | None = None
    """The id of the instance of IAM Identity Center that is associated with it."""

    @property
    def issuer(self) -> str:
        """The URL, to the letter what `iss` is in its tokens."""
        return SCHEME + self.name


def issuer_name(url: str) -> str | None:
    """The name of the provider for an issuer's URL; None for what is no URL of an issuer."""
    name = url.removeprefix(SCHEME)
    found = _NAME.fullmatch(name)
    return name if found and name != url and int(found["port"] or 443) in _PORTS else None
