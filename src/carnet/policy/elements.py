"""Which elements a statement must, may and must not have, by the type of its policy.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

from __future__ import annotations

from collections.abc import Iterable

from carnet.base.faults import Malformed
from carnet.policy.grammar import Need, Rules
from carnet.policy.shape import StatementShape
from carnet.policy.statement import Effect


def check_elements(statement: StatementShape, rules: Rules) -> None:
    """Raise Malformed for an element that the type of policy must, or must not, have."""
    check_principal(statement, rules)
    check_actions((statement,))
    check_resources((statement,), rules)


def check_principal(statement: StatementShape, rules: Rules) -> None:
    """Raise Malformed for a principal that must not be there, or is missing."""
    if rules.principal is Need.FORBIDDEN and statement.principals:
        raise Malformed("Policy document should not specify a principal.")
    if not rules.not_principal and "NotPrincipal" in statement.principals:
        raise Malformed("Has prohibited field NotPrincipal")
    if rules.principal is Need.REQUIRED and not any(statement.principals.values()):
        raise Malformed("Missing required field Principal")
    if rules.resource is Need.FORBIDDEN:
        for name in ("Resource", "NotResource"):
            if name in statement.lists:
                raise Malformed(f"Has prohibited field {name}")
    if "NotPrincipal" in statement.principals and statement.effect is Effect.ALLOW:
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
        raise Malformed("NotPrincipal with an effect of Allow is not supported.")


def check_actions(statements: Iterable[StatementShape]) -> None:
    """Raise Malformed if any of the statements lacks its actions."""
    for statement in statements:
        if not _has(statement, "Action", "NotAction"):
            raise Malformed("Policy statement must contain actions.")


def check_resources(statements: Iterable[StatementShape], rules: Rules) -> None:
    """Raise Malformed if any of the statements lacks its resources."""
    for statement in statements:
        given = statement.lists.keys() & {"Resource", "NotResource"}
        empty = not _has(statement, "Resource", "NotResource")
        if empty and (given or rules.resource is Need.REQUIRED):
            raise Malformed("Policy statement must contain resources.")


def _has(statement: StatementShape, *names: str) -> bool:
    return any(statement.lists.get(name) for name in names)
