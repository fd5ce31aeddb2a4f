"""What signs the authentication requests of an instance of IAM Identity Center to its external identity provider."""

from __future__ import annotations

from dataclasses import dataclass

from carnet.entities.saml_signing_key import SamlSigningKeys


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestSigning:
    """The keys of an instance, which it has before a provider: that is told the certificates first."""

    id: str
    """The instance's id."""
    account: str
    """The account that owns the instance."""
    keys: SamlSigningKeys
    """At least one; the first one signs."""
