"""IAM's operations that are not written yet. The list may only shrink; a test holds it against the service's model."""

from __future__ import annotations

NOT_WRITTEN = frozenset(
    (
        "DisableOutboundWebIdentityFederation",
        "EnableOutboundWebIdentityFederation",
        "GetOutboundWebIdentityFederationInfo",
    )
)
