"""Denials as they were decided, kept so that an operator can ask for the reasons afterwards.

A line is either a policy document, written the first time that this process refers to it, or a denial that refers to
documents by their digest. So each file explains itself after the policies have changed or gone, or the file before it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from carnet.audit.memory_lines import Lines
from carnet.policy.decision import Layer
from carnet.policy.document import Grammar, Policy, understand
from carnet.policy.policies import Policies, ResourcePolicy
from carnet.policy.request import Context, Principal, PrincipalKind, Request, Value
from carnet.policy.trace import Trace, explain

if TYPE_CHECKING:
    from carnet.access.authorize import Decided

_REMEMBERED_DOCUMENTS = 50_000
"""Documents known to be in the file. Beyond that they are written again: whoever makes sessions can make documents."""


class DecisionLog:
    """Writes denials, and explains them."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._written: set[str] = set()

    def record(self, decision_id: str, when: datetime, decided: Decided) -> None:
        """Keep a denial; raises Unavailable if it cannot be kept."""
        if self._lines.follow():
            self._written.clear()
        documents = {_digest(policy): policy for policy in decided.policies.every()}
        new = {digest: policy for digest, policy in documents.items() if digest not in self._written}
        self._lines.append(
            *({"document": digest, **_document(policy)} for digest, policy in new.items()),
            {
                "decision": decision_id,
                "time": when.isoformat(),
                "request": _request(decided.request),
                "policies": _references(decided.policies),
                "verdict": decided.decision.verdict.value,
            },
        )
        if len(self._written) > _REMEMBERED_DOCUMENTS:
            self._written.clear()
        self._written.update(new)

    def record_refused_signature(self, request_id: str, when: datetime, computed: Mapping[str, str]) -> None:
        """Keep what was computed of a request whose signature was refused (`canonicalRequest`, `stringToSign`).

        Raises Unavailable if it cannot be kept.
        """
        if self._lines.follow():
            self._written.clear()
        self._lines.append({"decision": request_id, "time": when.isoformat(), "refusedSignature": dict(computed)})

    def close(self) -> None:
        self._lines.close()


def explain_decision(path: Path, decision_id: str) -> Trace | None:
    """The trace of a denial that the file holds, from the policies as they were; None if it holds no such denial."""
    documents: dict[str, Policy] = {}
    with path.open(encoding="utf-8") as lines:
        for line in filter(None, map(_line, lines)):
            if "document" in line:
                documents[line["document"]] = _parsed(line)
            elif line["decision"] == decision_id and "request" in line:
                request, policies = _request_of(line["request"]), _policies_of(line["policies"], documents)
                return explain(request, policies)
    return None


def _line(text: str) -> dict[str, Any] | None:
    """A line of the file; None for one that a full disk or a crash has left unfinished."""
    try:
        line: dict[str, Any] = json.loads(text)
    except json.JSONDecodeError:
        return None
    return line


def _digest(policy: Policy) -> str:
    """What the file calls a policy by. `Policy.digest` stands for its text and the ids that principals are bound to."""
    return hashlib.sha256(f"{policy.grammar}\n{policy.digest}\n{policy.source}".encode()).hexdigest()[:32]


def _document(policy: Policy) -> dict[str, Any]:
    return {
        "grammar": policy.grammar.value,
        "source": policy.source,
        "text": policy.text,
        "principalIds": dict(policy.principal_ids),
    }


def _parsed(line: Mapping[str, Any]) -> Policy:
    grammar = Grammar(line["grammar"])
    return understand(line["text"], grammar, source=line["source"], principal_ids=line["principalIds"])


def _references(policies: Policies) -> dict[str, Any]:
    return {
        "identity": [_digest(policy) for policy in policies.identity],
        "boundary": _digest(policies.boundary) if policies.boundary is not None else None,
        "session": [_digest(policy) for policy in policies.session] if policies.session is not None else None,
        "resource": [
            {
                "digest": _digest(one.policy) if one.policy is not None else None,
                "layer": one.layer.value,
                "account": one.account,
            }
            for one in policies.resource
        ],
        "endpoint": [_digest(policy) for policy in policies.endpoint],
        "scp": [[_digest(policy) for policy in level] for level in policies.scp],
        "rcp": [[_digest(policy) for policy in level] for level in policies.rcp],
    }


def _policies_of(line: Mapping[str, Any], documents: Mapping[str, Policy]) -> Policies:
    def several(digests: list[str]) -> tuple[Policy, ...]:
        return tuple(documents[digest] for digest in digests)

    return Policies(
        identity=several(line["identity"]),
        boundary=documents[line["boundary"]] if line["boundary"] is not None else None,
        session=several(line["session"]) if line["session"] is not None else None,
        resource=tuple(_of_resource(line, documents)),
        endpoint=several(line["endpoint"]),
        scp=tuple(several(level) for level in line["scp"]),
        rcp=tuple(several(level) for level in line["rcp"]),
    )


def _of_resource(line: Mapping[str, Any], documents: Mapping[str, Policy]) -> Iterator[ResourcePolicy]:
    given = line["resource"]
    if not isinstance(given, list):  # a line of a release that knew but one policy of the resource
        trust = line["trust"]
        given = [{"digest": given, "layer": Layer.TRUST if trust else Layer.RESOURCE}] if trust or given else []
    for one in given:
        policy = documents[one["digest"]] if one["digest"] is not None else None
        yield ResourcePolicy(policy=policy, layer=Layer(one["layer"]), account=one.get("account", ""))


_PRINCIPAL_TEXTS = tuple(one.name for one in fields(Principal) if one.name not in ("kind", "service_linked"))


def _request(request: Request) -> dict[str, Any]:
    principal, context = request.principal, request.context
    return {
        "principal": {name: getattr(principal, name) for name in _PRINCIPAL_TEXTS}
        | {"kind": principal.kind.value, "service_linked": principal.service_linked},
        "action": request.action,
        "resource": request.resource,
        "resource_account": request.resource_account,
        "context": {
            "principal": dict(context.principal),
            "request": dict(context.request),
            "resource": dict(context.resource),
        },
    }


def _request_of(line: Mapping[str, Any]) -> Request:
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
