"""What a test says about calls to a server; if it is not so, the explanation of the decision is the failure message."""

from __future__ import annotations

import re
from types import TracebackType
from typing import Literal, Self

from botocore.exceptions import ClientError

from carnet.policy.case_members import as_word
from carnet.policy.decision import Layer
from carnet.testing.live.session import CALLS, Call

_DENIALS = frozenset(("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"))
"""What services call a denial by policies."""
_EXPLICIT = re.compile(r" with an explicit deny in an? (?P<layer>[a-z -]+?)(?:: arn:\S+)?$", re.IGNORECASE)
_IMPLICIT = re.compile(r" because no (?P<layer>[a-z -]+) allows the \S+ action$", re.IGNORECASE)


class _Watched:
    """Calls in a block. After it, `decision_ids` are those of the calls that were answered in it, in their order."""

    def __init__(self) -> None:
        self.decision_ids: tuple[str, ...] = ()
        self._before: Call | None = None

    def __enter__(self) -> Self:
        self._before = CALLS[-1] if CALLS else None
        return self

    def _calls_made(self) -> list[Call]:
        calls: list[Call] = []
        for call in reversed(CALLS):
            if call is self._before:
                break
            calls.insert(0, call)
        self.decision_ids = tuple(call.request_id for call in calls)
        return calls


class Allowed(_Watched):
    """No call in the block may be denied. Other errors are raised as they are."""

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, traceback: TracebackType | None
    ) -> Literal[False]:
        __tracebackhide__ = True
        self._calls_made()
        if isinstance(raised, ClientError) and _is_denial(raised):
            raise AssertionError(_message("allowed", raised)) from None
        return False


class Denied(_Watched):
    """A call in the block must be denied, which ends the block. `message` is then what the caller was told.

    `by` is the layer that must have decided, any value of `Layer`; `explicit` tells whether a Deny statement must have
    matched. Raises ValueError for what is no layer.
    """

    def __init__(self, by: str | None = None, explicit: bool | None = None) -> None:
        super().__init__()
        self.message = ""
        self._by = None if by is None else as_word(by, "by", Layer)
        self._explicit = explicit

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        __tracebackhide__ = True
        calls = self._calls_made()
        if raised is None:
            raise AssertionError(_nothing_denied(self._expectation, calls))
        if not isinstance(raised, ClientError) or not _is_denial(raised):
            return False
        self.message = raised.response["Error"]["Message"]
        if not self._is_as_expected():
            raise AssertionError(_message(self._expectation, raised)) from None
        return True

    @property
    def _expectation(self) -> str:
        kind = {None: "denied", True: "explicitly denied", False: "implicitly denied"}[self._explicit]
        return f"{kind} by {self._by}" if self._by is not None else kind

    def _is_as_expected(self) -> bool:
        explicit, implicit = _EXPLICIT.search(self.message), _IMPLICIT.search(self.message)
        found = explicit or implicit
        layer = found["layer"] if found is not None else None
        # A denial without a reason (of a trust policy, for example) is no more than a denial.
        right_kind = self._explicit is None or (explicit if self._explicit else implicit) is not None
        return right_kind and (self._by is None or layer == self._by)


def _is_denial(error: ClientError) -> bool:
    return error.response["Error"]["Code"] in _DENIALS


def _message(expected: str, error: ClientError) -> str:
    request_id = error.response["ResponseMetadata"].get("RequestId", "")
    return f"expected: {expected}\n{error}\n{_explain(request_id)}"


def _nothing_denied(expected: str, calls: list[Call]) -> str:
    if not calls:
        return f"expected: {expected}\nthe block made no call with a session of carnet_account or carnet_as"
    made = ", ".join(f"{call.service}:{call.operation}" for call in calls)
    return f"expected: {expected}\nnothing was denied of: {made}\n{_explain(calls[-1].request_id)}"


def _explain(decision_id: str) -> str:
    """Why, if the call was made with one of our sessions: then it is known which server has decided."""
    server = next((call.server for call in reversed(CALLS) if call.request_id == decision_id), None)
    told = f"decision id: {decision_id or 'none'}"
    return told if server is None else f"{told}\n{server.explain(decision_id)}"
