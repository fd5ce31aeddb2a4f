"""OIDC providers that many customers of others share, and the claims by which a trust policy must tell them apart.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_oidc_secure-by-default.html
"""

from __future__ import annotations

from collections.abc import Mapping

_BY_SUBJECT = (
    "agent.buildkite.com",
    "app.terraform.io",
    "gitlab.com",
    "oidc-configuration.audit-log.githubusercontent.com",
    "oidc.codefresh.io",
    "proidc.upbound.io",
    "scalr.io",
    "studio.datachain.ai/api",
    "token.actions.githubusercontent.com",
    "tokens.cloud.shisho.dev",
    "vstoken.actions.githubusercontent.com",
)
_BY_AUDIENCE = ("api.pulumi.com/oidc", "oidc.vercel.com", "sandboxes.cloud")
_AZURE_SENTINEL = "sts.windows.net/33e01921-4d64-4f8c-a055-5bdaffd5e33d"

TENANT_KEYS: Mapping[str, str] = {
    **{issuer: f"{issuer}:sub" for issuer in _BY_SUBJECT},
    **{issuer: f"{issuer}:aud" for issuer in _BY_AUDIENCE},
    _AZURE_SENTINEL: "sts:RoleSessionName",
}
"""Issuer without `https://` to the condition key whose value belongs to one customer."""
