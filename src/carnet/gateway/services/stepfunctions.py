"""AWS Step Functions: a version or an alias of a state machine is decided on as the state machine.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-state-machine-version.html
"""

from __future__ import annotations

import re

from carnet.catalog.operations import ResourceRule
from carnet.gateway.check import Scope
from carnet.gateway.hand import Hand
from carnet.gateway.naming import Named, by_arn

_QUALIFIED = re.compile(r"(arn:[a-z-]+:states:[a-z0-9-]+:[0-9]{12}:stateMachine:[^:/*?]{1,80}):[^:/*?]{1,80}")


def _state_machine(rule: ResourceRule, arn: str, scope: Scope) -> Named | None:
    qualified = _QUALIFIED.fullmatch(arn)
    return by_arn(rule, qualified[1] if qualified else arn, scope)


HAND = Hand(arns={"statemachine": _state_machine})
