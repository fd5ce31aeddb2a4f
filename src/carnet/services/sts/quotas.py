"""STS quotas.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class StsQuotas:
    """Limits of one session: AWS's defaults. Sizes count characters."""

    session_policy_size: int = 2048
    session_policy_arns: int = 10
