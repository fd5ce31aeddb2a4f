"""IAM's operations that are not written yet. The list may only shrink; a test holds it against the service's model."""

from __future__ import annotations

NOT_WRITTEN = frozenset(
    (
        "AddClientIDToOpenIDConnectProvider",
        "CreateOpenIDConnectProvider",
        "DeleteOpenIDConnectProvider",
        "DisableOutboundWebIdentityFederation",
        "EnableOutboundWebIdentityFederation",
        "GetOpenIDConnectProvider",
        "GetOutboundWebIdentityFederationInfo",
        "ListOpenIDConnectProviderTags",
        "ListOpenIDConnectProviders",
        "RemoveClientIDFromOpenIDConnectProvider",
        "TagOpenIDConnectProvider",
        "UntagOpenIDConnectProvider",
        "UpdateOpenIDConnectProvider",
        "UpdateOpenIDConnectProviderThumbprint",
    )
)
