"""External identity providers: the identity source of an instance of IAM Identity Center, if it is not its directory.

https://docs.aws.amazon.com/singlesignon/latest/userguide/manage-your-identity-source-idp.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ExternalIdentityProvider:
    """The one that the people of an instance sign in with, by SAML 2.0. Without, they sign in here by a password."""

    id: str
    """The instance's id: an instance has one identity source."""
    account: str
    """The account that owns the instance."""
    issuer: str
    """Its entityID."""
    sign_in_url: str
    """Where browsers are sent with an authentication request: by HTTP-Redirect, or else by HTTP-POST."""
    certificates: tuple[str, ...]
    """One of them signs what it says; base64 of DER."""
    valid_until: datetime | None = None
    """When its metadata is good no longer, if that says so."""
    document: str = field(repr=False)
    """The metadata, as it was given."""
    created: datetime
