"""What a test says about policies; if it is not so, the trace of the decision is the failure message."""

from __future__ import annotations

from typing import Unpack

from carnet.policy.case import Case
from carnet.policy.case_members import as_word
from carnet.policy.decide import decide
from carnet.policy.decision import Decision, Layer, Verdict
from carnet.policy.trace import explain
from carnet.testing.doubtful import warn_of_action
from carnet.testing.question import Question, read_question

_DENIED = {None: "denied", True: Verdict.EXPLICIT_DENY, False: Verdict.IMPLICIT_DENY}


def assert_allowed(**question: Unpack[Question]) -> Decision:
    """The decision, which must be to allow.

    Raises AssertionError with the trace if the request is denied, ValueError for a question that cannot be read.
    """
    __tracebackhide__ = True
    case = _read_case(**question)
    decision = decide(case.request, case.policies)
    if not decision.allowed:
        raise AssertionError(_message("allowed", case))
    return decision


def assert_denied(
    *, by: Layer | str | None = None, explicit: bool | None = None, **question: Unpack[Question]
) -> Decision:
    """The decision, which must be to deny.

    `by` is the layer that must have decided ("permissions boundary", any value of `Layer`). `explicit` tells whether a
    Deny statement must have matched (True) or no Allow (False). Raises as `assert_allowed` does.
    """
    __tracebackhide__ = True
    layer = None if by is None else as_word(by, "by", Layer)
    case = _read_case(**question)
    decision = decide(case.request, case.policies)
    if decision.allowed or layer not in (None, decision.layer) or explicit not in (None, _is_explicit(decision)):
        raise AssertionError(_message(f"{_DENIED[explicit]}{f' by {layer}' if layer else ''}", case))
    return decision


def _read_case(**question: Unpack[Question]) -> Case:
    """The question as a case. What is wrong with it is the test's fault, and no frame of ours is shown with it."""
    __tracebackhide__ = True
    try:
        case = read_question(**question)
    except (OSError, ValueError) as problem:
        raise problem.with_traceback(None) from None
    warn_of_action(case.request.action, stacklevel=3)
    return case


def _is_explicit(decision: Decision) -> bool:
    return decision.verdict is Verdict.EXPLICIT_DENY


def _message(expected: str, case: Case) -> str:
    return f"expected: {expected}\ndecided: {explain(case.request, case.policies).render()}"
