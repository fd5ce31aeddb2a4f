"""Amazon Resource Names.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
"""

from __future__ import annotations

import re

from msgspec import Struct

ACCOUNT_ID = re.compile(r"[0-9]{12}", re.ASCII)
OWN_SERVICE = "carnet"
"""The service of what is Carnet's own, as no AWS service has it: in ARNs, actions, signatures and events."""


class Arn(Struct, frozen=True):
    """The six parts of `arn:partition:service:region:account:resource`, as written."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    def __str__(self) -> str:
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{self.resource}"


def parse_arn(text: str) -> Arn | None:
    """Split an ARN into its parts; None if the text is not one."""
    parts = text.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or not parts[1] or not parts[2] or not parts[5]:
        return None
    return Arn(*parts[1:])


def iam_arn(partition: str, account: str, resource: str) -> str:
    """An IAM ARN; IAM is global, so the region is empty."""
    return f"arn:{partition}:iam::{account}:{resource}"


def sts_arn(partition: str, account: str, resource: str) -> str:
    """An STS ARN, the name of a session; the region is empty."""
    return f"arn:{partition}:sts::{account}:{resource}"


def organizations_arn(partition: str, management: str, resource: str) -> str:
    """The ARN of something of an organization, which carries its management account; the region is empty."""
    return f"arn:{partition}:organizations::{management}:{resource}"


def root_arn(partition: str, account: str) -> str:
    """The ARN of an account's root user, which also stands for the account in a policy."""
    return iam_arn(partition, account, "root")
