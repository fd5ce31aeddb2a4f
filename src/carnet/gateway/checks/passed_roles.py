"""iam:PassRole, for a role that a service is to assume.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from carnet.gateway.checks.check import Asked, Check, invalid

_ROLE = re.compile(r"arn:([a-z-]+):iam::([0-9]{12}):role/[\w+=,.@/-]{1,576}", re.ASCII)


def passed_role(asked: Asked, arn: str | None) -> Iterator[Check]:
    """The check on a role; none if the request removes a role. Raises Refused."""
    if not arn:
        return
    role = _ROLE.fullmatch(arn)
    if role is None or role[1] != asked.scope.partition:
        raise invalid(f"{arn[:100]!r} is not the ARN of a role.")
    yield Check(action="iam:PassRole", resource=arn, account=role[2], type="role")
