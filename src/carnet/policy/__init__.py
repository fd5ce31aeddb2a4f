"""The policy language and the decision, pure: no HTTP, SQL, botocore or clock.

The names below are for those who embed the engine and stay as they are; `docs/embedding.md` shows them in use.
"""

from typing import TYPE_CHECKING

from carnet.base.faults import Malformed
from carnet.policy.decide import decide
from carnet.policy.decision import Decision, Layer, StatementRef, Verdict
from carnet.policy.document import Grammar, Policy, parse, understand
from carnet.policy.policies import Policies, ResourcePolicy
from carnet.policy.request import Context, Principal, PrincipalKind, Request
from carnet.policy.trace import Trace, explain

if TYPE_CHECKING:
    from carnet.policy.compile import Engine
else:

    def __getattr__(name):
        """Import the compiled engine for whoever asks for it: what explains and simulates needs only the rule."""
        if name != "Engine":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from carnet.policy.compile import Engine

        return Engine


__all__ = [
    "Context",
    "Decision",
    "Engine",
    "Grammar",
    "Layer",
    "Malformed",
    "Policies",
    "Policy",
    "Principal",
    "PrincipalKind",
    "Request",
    "ResourcePolicy",
    "StatementRef",
    "Trace",
    "Verdict",
    "decide",
    "explain",
    "parse",
    "understand",
]
