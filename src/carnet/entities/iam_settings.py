"""What an account has set in IAM beside its alias and its password policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

ROLE_MANAGER = "RoleManager/Enabled"
ACCOUNT_PROPERTIES: Mapping[str, str] = {ROLE_MANAGER: "false"}
"""Every account property that there is, and what it is for an account that has not set it.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutAccountProperties.html
"""
V1_TOKENS, V2_TOKENS = 1, 2
"""Versions of the session tokens of the global STS endpoint.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_SetSecurityTokenServicePreferences.html
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class IamSettings:
    """The settings of one account, which has none until it changes something of them."""

    account: str
    properties: Mapping[str, str] = field(default_factory=dict[str, str])
    """`Namespace/PropertyName` to its value."""
    global_token_version: int = V1_TOKENS
    quotas: Mapping[str, int] = field(default_factory=dict[str, int])
    """Names of quotas to what the operator allows this account instead of what all accounts may have."""

    @property
    def id(self) -> str:
        """An account has one of them at most."""
        return self.account
