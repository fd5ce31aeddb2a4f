"""AWS Step Functions: a version or an alias of a state machine is decided on as the state machine; what else members
ask for.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-state-machine-version.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec.structs import replace

from carnet.catalog.operations import ResourceRule
from carnet.gateway.checks.check import Asked, Check, Scope
from carnet.gateway.checks.hand import Hand
from carnet.gateway.checks.naming import Named, by_arn
from carnet.gateway.checks.table import from_table

_QUALIFIED = re.compile(r"(arn:[a-z-]+:states:[a-z0-9-]+:[0-9]{12}:stateMachine:[^:/*?]{1,80}):[^:/*?]{1,80}")


def _state_machine(rule: ResourceRule, arn: str, scope: Scope) -> Named | None:
    qualified = _QUALIFIED.fullmatch(arn)
    return by_arn(rule, qualified[1] if qualified else arn, scope)


def _with_publish(asked: Asked) -> Iterator[Check]:
    """With `publish` states:PublishStateMachineVersion, too."""
    checks = from_table(asked, HAND)
    yield from checks
    if asked.members.get("publish") is True:
        yield replace(checks[0], action="states:PublishStateMachineVersion")


def _test_state(asked: Asked) -> Iterator[Check]:
    """With `revealSecrets` states:RevealSecrets, too.

    https://docs.aws.amazon.com/step-functions/latest/apireference/API_TestState.html
    """
    yield from from_table(asked, HAND)
    if asked.members.get("revealSecrets") is True:
        yield Check(action="states:RevealSecrets", resource="*", account=asked.scope.account)


HAND = Hand(
    operations={"CreateStateMachine": _with_publish, "TestState": _test_state, "UpdateStateMachine": _with_publish},
    arns={"statemachine": _state_machine},
)
