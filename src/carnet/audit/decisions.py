"""The log of decisions: what was asked, which policies were put to it, and the verdict, of every call that was decided.

A line is a policy document, a set of policies that refers to documents, or a call that refers to sets, all by digest.
What is referred to stands in the same file, before it, so that each file explains itself after the policies have
changed or gone, or the file before it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal
from weakref import WeakKeyDictionary

import orjson
from msgspec import Struct

from carnet.access.authorize import Decided
from carnet.audit.json_line import line_of
from carnet.audit.memory_lines import Lines
from carnet.audit.redaction import HIDDEN
from carnet.policy.document import Policy
from carnet.policy.policies import Policies
from carnet.policy.request import Context, Principal, Request, Value

_REMEMBERED = 50_000
"""Digests known to be in the file. Beyond that their lines are written again: whoever makes sessions can make policies.
"""
_RECENT = 256
"""Principals, keys and sets of policies of which the text is kept: those of long-term credentials are the same objects
in one call after the other."""
_REFERER = "aws:Referer"
_SECRET_OF_URL = re.compile(r"(?<=//)[^/?#]*(?=@)|(?<=\?).*", re.DOTALL)
_LONGEST_VALUE = 2048
"""How much is kept of a condition key that callers write, and of a line of what they signed."""
_CUT = " (cut)"
_PRINCIPAL = Principal.__struct_fields__


class DecidedCall(Struct, frozen=True, kw_only=True):
    """What was decided of one call."""

    decision_id: str
    """The call's request id, which its caller is shown and its audit event carries."""
    time: datetime
    decided: tuple[Decided, ...]
    """Not empty, and every one but the last allowed: a call ends with what denies it."""


class DecisionLog:
    """Writes what was decided, for `audit/explanations.py` to read."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._written: set[str] = set()
        self._digests: WeakKeyDictionary[Policy, str] = WeakKeyDictionary()
        self._recent: dict[int, tuple[object, Any]] = {}

    @property
    def state(self) -> Literal["writable", "not writable"]:
        """Whether the last decisions could be kept."""
        return "writable" if self._lines.refusal is None else "not writable"

    def write(self, calls: Sequence[DecidedCall]) -> None:
        """Keep the decisions of some calls, in one append; raises Unavailable if they cannot be kept."""
        if self._lines.follow() or len(self._written) > _REMEMBERED:
            self._written.clear()
        new: dict[str, bytes] = {}
        lines = [self._call(call, new) for call in calls]
        self._lines.write(b"".join((*new.values(), *lines)))
        self._written.update(new)  # only now: what the disk did not take is written again

    def record_refused_signature(self, request_id: str, when: datetime, computed: Mapping[str, str]) -> None:
        """Keep what was computed of a request whose signature was refused (`canonicalRequest`, `stringToSign`).

        Raises Unavailable if it cannot be kept.
        """
        if self._lines.follow():
            self._written.clear()
        self._lines.append({"decision": request_id, "time": when, "refusedSignature": _cut_lines(computed)})

    def close(self) -> None:
        self._lines.close()

    def _call(self, call: DecidedCall, new: dict[str, bytes]) -> bytes:
        return line_of(
            {
                "decision": call.decision_id,
                "time": call.time,
                "account": call.decided[0].request.principal.account,
                "allowed": call.decided[-1].decision.allowed,
                "checks": [self._check(one, new) for one in call.decided],
            }
        )

    def _check(self, decided: Decided, new: dict[str, bytes]) -> dict[str, Any]:
        return {
            "request": self._request(decided.request),
            "policies": self._policies(decided.policies, new),
            "verdict": decided.decision.verdict,
        }

    def _request(self, request: Request) -> dict[str, Any]:
        principal, context = request.principal, request.context
        return {
            "principal": self._once(principal, _principal),
            "action": request.action,
            "resource": request.resource,
            "resource_account": request.resource_account,
            "context": {
                "principal": self._once(context.principal, dict),
                "request": self._request_keys(context),
                "resource": dict(context.resource),
            },
        }

    def _request_keys(self, context: Context) -> Any:
        keys = context.request
        # What an operation adds to the keys makes a dictionary of its own for each check.
        return self._once(keys, _shown_keys) if isinstance(keys, MappingProxyType) else _shown_keys(keys)

    def _once(self, value: Any, shown: Any) -> Any:
        """The text of a value, which is made once for the same object."""
        known = self._recent.get(id(value))
        if known is not None and known[0] is value:
            return known[1]
        return self._keep(value, orjson.Fragment(orjson.dumps(shown(value))))

    def _keep(self, value: object, made: Any) -> Any:
        if len(self._recent) >= _RECENT:
            self._recent.clear()
        self._recent[id(value)] = (value, made)  # INVARIANT: it is held, so that no other object gets its id.
        return made

    def _policies(self, policies: Policies, new: dict[str, bytes]) -> str:
        """The digest of a set of policies, whose lines are among `new` if they are not yet in the file."""
        known = self._recent.get(id(policies))
        if known is not None and known[0] is policies and (known[1] in self._written or known[1] in new):
            digest: str = known[1]
            return digest
        references = self._references(policies)
        digest = hashlib.sha256(orjson.dumps(references)).hexdigest()[:32]
        if digest not in self._written and digest not in new:
            for policy in policies.every():
                self._document(policy, new)
            new[digest] = line_of({"policies": digest, **references})
        # Session policies are put together anew for each call.
        if policies.session is None:
            self._keep(policies, digest)
        return digest

    def _document(self, policy: Policy, new: dict[str, bytes]) -> None:
        digest = self._digest(policy)
        if digest not in self._written and digest not in new:
            new[digest] = line_of({"document": digest, **_document(policy)})

    def _digest(self, policy: Policy) -> str:
        """What the file calls a policy by. `Policy.digest` stands for its text and the ids of its principals."""
        digest = self._digests.get(policy)
        if digest is None:
            named = f"{policy.grammar}\n{policy.digest}\n{policy.source}"
            digest = self._digests[policy] = hashlib.sha256(named.encode()).hexdigest()[:32]
        return digest

    def _references(self, policies: Policies) -> dict[str, Any]:
        digest = self._digest
        return {
            "identity": [digest(policy) for policy in policies.identity],
            "attached": policies.attached,
            "boundary": digest(policies.boundary) if policies.boundary is not None else None,
            "session": [digest(policy) for policy in policies.session] if policies.session is not None else None,
            "resource": [
                {
                    "digest": digest(one.policy) if one.policy is not None else None,
                    "layer": one.layer.value,
                    "account": one.account,
                }
                for one in policies.resource
            ],
            "scopeDown": [digest(policy) for policy in policies.scope_down],
            "endpoint": [digest(policy) for policy in policies.endpoint],
            "scp": [[digest(policy) for policy in level] for level in policies.scp],
            "rcp": [[digest(policy) for policy in level] for level in policies.rcp],
            "scpAttached": policies.scp_attached,
            "rcpAttached": policies.rcp_attached,
        }


def _document(policy: Policy) -> dict[str, Any]:
    return {
        "grammar": policy.grammar.value,
        "source": policy.source,
        "text": policy.text,
        "principalIds": dict(policy.principal_ids),
    }


def _cut_lines(computed: Mapping[str, str]) -> dict[str, str]:
    """Each text with its long lines cut: one header may have 64 KiB."""
    return {
        name: "\n".join(
            line if len(line) <= _LONGEST_VALUE else line[:_LONGEST_VALUE] + _CUT for line in text.split("\n")
        )
        for name, text in computed.items()
    }


def _principal(principal: Principal) -> dict[str, Any]:
    """What is known of the principal; what is not is left out."""
    return {name: value for name in _PRINCIPAL if (value := getattr(principal, name))}


def _shown_keys(keys: Mapping[str, Value]) -> dict[str, Value]:
    """The keys of a request, without what may be a credential: an address that refers here may be a signed one."""
    shown = dict(keys)
    referer = shown.get(_REFERER)
    if isinstance(referer, str):
        shown[_REFERER] = _SECRET_OF_URL.sub(HIDDEN, referer)
    if max(map(len, shown.values()), default=0) > _LONGEST_VALUE:
        for name, value in shown.items():
            if isinstance(value, str) and len(value) > _LONGEST_VALUE:
                shown[name] = value[:_LONGEST_VALUE] + _CUT
    return shown
