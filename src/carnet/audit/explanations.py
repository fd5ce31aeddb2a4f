"""Why a call was allowed or denied: reads the log of decisions, and asks the written rule again, of the policies as
they were."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from carnet.audit.reading import parsed
from carnet.base.printable import printable
from carnet.policy.decision import Layer
from carnet.policy.document import Grammar, Policy, understand
from carnet.policy.policies import Policies, ResourcePolicy
from carnet.policy.request import Context, Principal, PrincipalKind, Request, Value
from carnet.policy.trace import Trace, explain

if TYPE_CHECKING:
    from carnet.policy.remedy import Remedy

_DOCUMENT, _POLICIES, _CALL = b'{"document":"', b'{"policies":"', b'{"decision":"'
_DIGEST_LENGTH = 32
_COMPUTED = {"canonicalRequest": "the canonical request", "stringToSign": "the string to sign"}
DENIED = b'"allowed":false'
"""Stands in the line of each call that a policy denied, and may stand in others."""

_TIME = re.compile(rb'\{"decision":"[^"]*","time":"([^"]*)"')
_LATE = timedelta(minutes=5)
"""How much earlier than the call before it a call may have come: it is in the log when it is answered."""

Line = Mapping[str, Any]


class Explanation(Struct, frozen=True, kw_only=True):
    """Why a call was answered as it was: what was decided, or what was computed of a signature that was refused."""

    decision_id: str
    time: str
    """In ISO 8601."""
    account: str
    """Of the caller; empty for one that has none, or is not known."""
    allowed: bool
    traces: tuple[Trace, ...]
    """In the order of the checks, the last of which denied the call if any did; none if the signature was refused."""
    remedy: Remedy | None
    """What would allow it; None if it is allowed."""
    verdicts: tuple[str, ...]
    """As they were when the call was made. A trace may differ if it depends on a value that is hidden in the log."""
    refused_signature: Mapping[str, str] | None = None
    """`canonicalRequest` and `stringToSign`, as this server computed them."""

    def as_dict(self) -> dict[str, Any]:
        """The explanation in JSON values: the deciding trace's, and the checks before it."""
        head = {"decisionId": self.decision_id, "time": self.time, "account": self.account, "allowed": self.allowed}
        if self.refused_signature is not None:
            return head | {"refusedSignature": dict(self.refused_signature)}
        *before, deciding = self.traces
        return (
            deciding.as_dict()
            | head
            | {
                "recordedVerdict": self.verdicts[-1],
                "remedy": self.remedy.as_dict() if self.remedy is not None else None,
                "checksBefore": [trace.as_dict() for trace in before],
            }
        )

    def render(self) -> str:
        """The explanation for people, without a newline at the end."""
        if self.refused_signature is not None:
            return "\n".join(self._signature_lines(self.refused_signature))
        shown = self.traces if self.allowed else self.traces[-1:]
        parts = [f"decision  {self.decision_id} of {self.time}", *(trace.render() for trace in shown)]
        if self.traces[-1].decision.verdict != self.verdicts[-1]:
            parts.append(f"The verdict was {self.verdicts[-1]}: it depended on a value that the log hides.")
        elif self.remedy is not None:
            parts.append(self.remedy.render())
        return "\n".join(parts)

    def _signature_lines(self, computed: Mapping[str, str]) -> Iterator[str]:
        yield f"decision  {self.decision_id} of {self.time}"
        yield "the signature was refused: the client signed something else than this, or with another secret"
        for name, title in _COMPUTED.items():
            yield f"{title}, as computed here:"
            yield from (f"  {printable(line)}" for line in computed[name].split("\n"))


def explanations(
    logs: Iterable[Iterable[bytes]],
    matches: Callable[[Line], bool],
    *needles: bytes,
    count: int,
    since: datetime | None = None,
) -> list[Explanation]:
    """At most `count` of the calls that match, the newest first. `logs` are the newest first, each its lines backwards.

    Only lines that have all `needles` in them are looked at, and those from before `since` are not looked for. Raises
    OSError for a file that cannot be read.
    """
    found: list[Explanation] = []
    for lines in logs:
        if len(found) == count:
            break
        found += _of_log(lines, matches, needles, count - len(found), since)
    return found


def explanation(logs: Iterable[Iterable[bytes]], decision_id: str) -> Explanation | None:
    """The explanation of one call; None if the log does not hold it."""
    found = explanations(logs, lambda line: line["decision"] == decision_id, decision_id.encode(), count=1)
    return found[0] if found else None


class RecordedCheck(Struct, frozen=True, kw_only=True):
    """One check of a call, as it was decided."""

    request: Request
    policies: Policies
    verdict: str


class Recorded(Struct, frozen=True, kw_only=True):
    """A call that was decided, with all that its decisions were made of."""

    decision_id: str
    checks: tuple[RecordedCheck, ...]


def recorded(logs: Iterable[Iterable[bytes]], since: datetime) -> Iterator[Recorded | None]:
    """The calls since then, of each log in their order; None for one of which the log has lost the policies.

    `logs` are as in `explanations`. Raises OSError for a file that cannot be read.
    """
    for lines in logs:
        calls: list[Line] = []
        kept, older = _Kept(), False
        for line in lines:
            if not line.startswith(_CALL):
                kept.take(line)
            elif not older and (call := parsed(line)) is not None and "checks" in call:
                older = datetime.fromisoformat(call["time"]) < since
                if not older:
                    calls.append(call)
                    kept.want(check["policies"] for check in call["checks"])
            if older and not kept.wanted:
                break
        yield from (_recorded_call(one, kept) for one in reversed(calls))
        if older:
            return


def _recorded_call(call: Line, kept: _Kept) -> Recorded | None:
    try:
        checks = tuple(
            RecordedCheck(
                request=_request_of(check["request"]),
                policies=kept.policies(check["policies"]),
                verdict=check["verdict"],
            )
            for check in call["checks"]
        )
    except KeyError:
        return None
    return Recorded(decision_id=call["decision"], checks=checks)


def _of_log(
    lines: Iterable[bytes],
    matches: Callable[[Line], bool],
    needles: tuple[bytes, ...],
    count: int,
    since: datetime | None,
) -> Iterator[Explanation]:
    calls: list[Line] = []
    kept, ended = _Kept(), False
    for line in lines:
        if not line.startswith(_CALL):
            kept.take(line)
        elif not ended:
            call = parsed(line) if all(needle in line for needle in needles) else None
            if call is not None and _is_since(call["time"], since) and matches(call):
                calls.append(call)
                kept.want(check["policies"] for check in call.get("checks", ()))
            ended = len(calls) == count or _is_long_before(line, since)
        if ended and not kept.wanted:
            break
    return (explained for call in calls if (explained := _explain(call, kept)) is not None)


def _is_since(time: str, since: datetime | None) -> bool:
    return since is None or datetime.fromisoformat(time) >= since


def _is_long_before(line: bytes, since: datetime | None) -> bool:
    """Whether no call from then on stands before that line."""
    told = _TIME.match(line) if since is not None else None
    return told is not None and not _is_since(told[1].decode(), since and since - _LATE)


class _Kept:
    """The policies that calls refer to, of the lines before them."""

    def __init__(self) -> None:
        self.wanted: set[str] = set()
        self._lines: dict[str, Line] = {}
        self._documents: dict[str, Policy] = {}

    def want(self, digests: Iterator[str]) -> None:
        self.wanted.update(digest for digest in digests if digest not in self._lines)

    def take(self, line: bytes) -> None:
        """Keep a line that a later one refers to. A set stands behind its documents, so that it is met before them."""
        for kind in (_DOCUMENT, _POLICIES):
            if not line.startswith(kind):
                continue
            digest = line[len(kind) : len(kind) + _DIGEST_LENGTH].decode("ascii", "replace")
            if digest in self.wanted and (found := parsed(line)) is not None:
                self.wanted.discard(digest)
                self._lines[digest] = found
                if kind is _POLICIES:
                    self.want(iter(_referred_digests(found)))

    def policies(self, digest: str) -> Policies:
        """Raises KeyError if the log does not hold all of them."""
        line = self._lines[digest]
        return Policies(
            identity=self._several(line["identity"]),
            attached=tuple(line.get("attached", ())),
            boundary=self._document(line["boundary"]) if line["boundary"] is not None else None,
            session=self._several(line["session"]) if line["session"] is not None else None,
            resource=tuple(self._of_resource(one) for one in line["resource"]),
            scope_down=self._several(line.get("scopeDown", ())),
            endpoint=self._several(line["endpoint"]),
            scp=tuple(self._several(level) for level in line["scp"]),
            rcp=tuple(self._several(level) for level in line["rcp"]),
            scp_attached=tuple(map(tuple, line.get("scpAttached", ()))),
            rcp_attached=tuple(map(tuple, line.get("rcpAttached", ()))),
        )

    def _of_resource(self, one: Line) -> ResourcePolicy:
        policy = self._document(one["digest"]) if one["digest"] is not None else None
        return ResourcePolicy(policy=policy, layer=Layer(one["layer"]), account=one["account"])

    def _several(self, digests: Iterable[str]) -> tuple[Policy, ...]:
        return tuple(self._document(digest) for digest in digests)

    def _document(self, digest: str) -> Policy:
        known = self._documents.get(digest)
        if known is None:
            line = self._lines[digest]
            grammar = Grammar(line["grammar"])
            known = self._documents[digest] = understand(
                line["text"], grammar, source=line["source"], principal_ids=line["principalIds"]
            )
        return known


def _referred_digests(line: Line) -> Iterator[str]:
    """The digests of the documents that a set of policies refers to."""
    levels = (
        line["identity"],
        line["session"] or (),
        line.get("scopeDown", ()),
        line["endpoint"],
        *line["scp"],
        *line["rcp"],
    )
    for level in levels:
        yield from level
    yield from (one["digest"] for one in line["resource"] if one["digest"] is not None)
    if line["boundary"] is not None:
        yield line["boundary"]


def _explain(call: Line, kept: _Kept) -> Explanation | None:
    """None if the log has lost some of the policies."""
    if "refusedSignature" in call:
        return Explanation(
            decision_id=call["decision"],
            time=call["time"],
            account="",
            allowed=False,
            traces=(),
            remedy=None,
            verdicts=(),
            refused_signature=call["refusedSignature"],
        )
    try:
        asked = [(_request_of(check["request"]), kept.policies(check["policies"])) for check in call["checks"]]
    except KeyError:
        return None
    return Explanation(
        decision_id=call["decision"],
        time=call["time"],
        account=call["account"],
        allowed=call["allowed"],
        traces=tuple(explain(request, policies) for request, policies in asked),
        remedy=None if call["allowed"] else _remedy(*asked[-1]),
        verdicts=tuple(check["verdict"] for check in call["checks"]),
    )


def _remedy(request: Request, policies: Policies) -> Remedy:
    from carnet.policy.remedy import remedy  # most calls are allowed and need none

    return remedy(request, policies)


def _request_of(line: Line) -> Request:
    principal = line["principal"]
    return Request(
        principal=Principal(**(principal | {"kind": PrincipalKind(principal["kind"])})),
        action=line["action"],
        resource=line["resource"],
        resource_account=line["resource_account"],
        context=Context(**{name: _values(values) for name, values in line["context"].items()}),
    )


def _values(values: Mapping[str, str | list[str]]) -> dict[str, Value]:
    return {key: value if isinstance(value, str) else tuple(value) for key, value in values.items()}
