"""Permission statements of AWS Sign-In: from where the principals of an account may sign in to the console.

https://docs.aws.amazon.com/signin/latest/APIReference/API_PutResourcePermissionStatement.html
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class PermissionStatement:
    """One network that sign-ins may come from. An account's statements together are its policy (`sign_in_policy`)."""

    id: str
    account: str
    client_token: str
    """Of the request that made it; empty if that had none."""
    created: datetime
    source_ip: str | None = None
    """An address, or a CIDR block."""
    source_vpc: str | None = None
    signin_source_vpce: str | None = None
    console_source_vpce: str | None = None
    vpc_source_ip: str | None = None
    """The addresses within that VPC, or behind these endpoints, that sign-ins may come from."""
    requested_region: str | None = None
    """Where the VPC and the endpoints are."""
    excluded_principal: str | None = None
    """The ARN of a principal to whom the whole policy does not apply."""
