"""IAM quotas.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class IamQuotas:
    """How many entities of each kind an account may have: AWS's defaults. Sizes count characters that are not white
    space."""

    users: int = 5000
    groups: int = 300
    roles: int = 1000
    policies: int = 1500
    instance_profiles: int = 1000
    server_certificates: int = 20
    saml_providers: int = 100
    private_keys_per_saml_provider: int = 2
    oidc_providers: int = 100
    client_ids_per_oidc_provider: int = 100
    access_keys_per_user: int = 2
    ssh_public_keys_per_user: int = 5
    service_specific_credentials_per_user: int = 2
    groups_per_user: int = 10
    mfa_devices_per_user: int = 8
    signing_certificates_per_user: int = 2
    versions_per_policy: int = 5
    policies_per_user: int = 10
    policies_per_group: int = 10
    policies_per_role: int = 20
    tags: int = 50
    delegation_requests: int = 1000
    managed_policy_size: int = 6144
    user_inline_size: int = 2048
    group_inline_size: int = 5120
    role_inline_size: int = 10240
    trust_policy_size: int = 2048
    simulated_in_page: int = 500_000
    """What the policy simulators do for a page of an answer, in about microseconds (`policy/simulation_cost.py`)."""
    simulated_for_action: int = 2_000_000
    """What they do for one action: more is refused, since a page has one action at least."""
    simulated_statements: int = 5_000
    """Matched statements in one page of an answer, those of each resource counted."""
