"""The checks that AWS makes of a role's trust policy beside those that it makes of every policy.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-trust-policy.html
"""

from __future__ import annotations

import re

from carnet.base.arns import ACCOUNT_ID, parse_arn
from carnet.base.faults import Malformed
from carnet.base.partitions import PARTITIONS
from carnet.policy.operators import Quantifier, operator_use
from carnet.policy.patterns import ascii_lower
from carnet.policy.principals import PrincipalType
from carnet.policy.shape import StatementShape
from carnet.policy.shared_issuers import TENANT_KEYS
from carnet.policy.statement import Effect

_ACTIONS = frozenset(
    (
        "sts:AssumeRole",
        "sts:AssumeRoleWithSAML",
        "sts:AssumeRoleWithWebIdentity",
        "sts:SetContext",
        "sts:SetSourceIdentity",
        "sts:TagSession",
    )
)
"""What a trust policy can allow: these names, to the letter and without wildcards."""

_COGNITO = "cognito-identity.amazonaws.com"
_DOMAIN = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", re.ASCII)
_OIDC_PROVIDER = "oidc-provider/"
_PROVIDERS = (_OIDC_PROVIDER, "saml-provider/")
_LIMITING = frozenset(("StringEquals", "StringEqualsIgnoreCase", "StringLike"))


def check_trust(statement: StatementShape) -> None:
    """Raise Malformed for the first of AWS's rules that a statement breaks."""
    actions = statement.lists.get("Action", ()) + statement.lists.get("NotAction", ())
    if not _ACTIONS.issuperset(actions):
        raise Malformed("AssumeRole policy may only specify STS AssumeRole actions.")
    if statement.star:
        raise Malformed('AssumeRolepolicy contained an invalid principal: "STAR":"*".')
    for operator, _, _ in statement.conditions:
        if operator_use(operator) is None:
            raise Malformed(f"Invalid Condition type : {operator}")
    for kind, name in statement.principals.get("Principal", ()):
        if kind is PrincipalType.FEDERATED:
            _check_provider(name, statement)


def _check_provider(name: str, statement: StatementShape) -> None:
    """Check an identity provider that the statement trusts."""
    if not (_DOMAIN.fullmatch(name) or _is_provider_arn(name)):
        raise Malformed("Federated principals must be valid domain names or SAML metadata ARNs")
    # https://docs.aws.amazon.com/cognito/latest/developerguide/role-trust-and-permissions.html
    if name == _COGNITO and not statement.conditions:
        raise Malformed("A condition block must be present for the Cognito provider")
    issuer = ascii_lower(name.partition(_OIDC_PROVIDER)[2] or name)
    key = TENANT_KEYS.get(issuer)
    if key is not None and statement.effect is Effect.ALLOW and not _limits(statement, key):
        # AWS's own sentence is not known.
        raise Malformed(f"A condition that limits {key} must be present for the shared provider {issuer}")


def _is_provider_arn(text: str) -> bool:
    arn = parse_arn(text)
    return (
        arn is not None
        and arn.partition in PARTITIONS
        and (arn.service, arn.region) == ("iam", "")
        and bool(ACCOUNT_ID.fullmatch(arn.account))
        and arn.resource.startswith(_PROVIDERS)
    )


def _limits(statement: StatementShape, wanted: str) -> bool:
    """Whether a request must have some value of the key, and none of those that are taken is but a wildcard."""
    for operator, key, values in statement.conditions:
        use = operator_use(operator)
        if use is None or use.operator.name not in _LIMITING or use.if_exists or use.quantifier is Quantifier.ALL:
            continue  # such a condition can be met without the key
        if ascii_lower(key) == ascii_lower(wanted) and values and all(value.strip("*?") for value in values):
            return True
    return False
