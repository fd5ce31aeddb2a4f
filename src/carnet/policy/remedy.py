"""Finds what would allow a denied request: the fewest and smallest statements, which are tried before they are
shown."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from carnet.policy.decide import decide
from carnet.policy.decision import Decision, Layer, Verdict
from carnet.policy.document import Grammar, Policy, understand
from carnet.policy.policies import Policies, ResourcePolicy
from carnet.policy.request import WITHOUT_ACCOUNT, Principal, PrincipalKind, Request

_VERSION = "2012-10-17"


class Grant(Struct, frozen=True, kw_only=True):
    """A statement to add, and the policy to add it to: an identity-based policy of a principal, its boundary, or a
    resource's policy."""

    layer: Layer
    holder: str
    """The ARN of the user, the role, or the resource whose policy it is; for a boundary, that of the policy itself."""
    statement: Mapping[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """The grant in JSON values."""
        return {"layer": self.layer.value, "holder": self.holder, "statement": dict(self.statement)}


class Remedy(Struct, frozen=True, kw_only=True):
    """The statements that together would allow the request; or the decision that denies it whatever is added."""

    request: Request
    grants: tuple[Grant, ...]
    blocked: Decision | None
    """The decision after every possible statement was added; None if `grants` allow the request."""

    def as_dict(self) -> dict[str, Any]:
        """The remedy in JSON values."""
        return {
            "missing": {"action": self.request.action, "resource": self.request.resource},
            "grants": [grant.as_dict() for grant in self.grants],
            "blockedBy": None if self.blocked is None else _blocker(self.blocked),
        }

    def render(self) -> str:
        """The remedy for people, without a newline at the end."""
        lines = [f"missing: {self.request.action} on {self.request.resource}"]
        if self.blocked is not None:
            return "\n".join([*lines, f"No statement can allow it: {_blocker(self.blocked)}."])
        these = "This statement" if len(self.grants) == 1 else "These statements together"
        lines.append(f"{these} would allow it:")
        for grant in self.grants:
            lines += [f"  {json.dumps(grant.statement)}", f"    in {_place(grant)}"]
        return "\n".join(lines)


def remedy(request: Request, policies: Policies) -> Remedy:
    """The remedy for `request`, which `policies` deny.

    INVARIANT: a remedy was tried, and the request was allowed with it. The written rule is used: importing and
    compiling the engine, which decides alike, takes longer than a few decisions by the rule. Nothing is added to
    service control, resource control, session and VPC endpoint policies: the person who asks does not manage these.
    """
    offers = tuple(_offers(request, policies))
    for count in range(1, len(offers) + 1):
        for grants in combinations(offers, count):
            if decide(request, _with_grants(policies, grants)).allowed:
                return Remedy(request=request, grants=grants, blocked=None)
    return Remedy(request=request, grants=(), blocked=decide(request, _with_grants(policies, offers)))


def _offers(request: Request, policies: Policies) -> Iterator[Grant]:
    """One statement for each policy that could contain it, the most usual policy first."""
    principal = request.principal
    wanted: dict[str, Any] = {"Effect": "Allow", "Action": request.action}
    on_resource = wanted | {"Resource": request.resource}
    has_account = principal.kind not in WITHOUT_ACCOUNT
    if has_account and principal.kind is not PrincipalKind.ROOT:
        yield Grant(layer=Layer.IDENTITY, holder=principal.issuer_arn or principal.arn, statement=on_resource)
    named = _principal_element(principal)
    # A resource-based policy is only proposed if the resource has one: many kinds of resources cannot have any.
    if named is not None and any(one.policy is not None for one in policies.resource):
        layer = policies.consenting_layer
        statement = wanted | {"Principal": named}
        if layer is not Layer.TRUST:
            statement["Resource"] = request.resource
        yield Grant(layer=layer, holder=request.resource, statement=statement)
    if has_account and policies.boundary is not None:
        yield Grant(layer=Layer.BOUNDARY, holder=policies.boundary.source, statement=on_resource)


def _principal_element(principal: Principal) -> dict[str, str] | None:
    """A Principal element that names only this principal, or all sessions of its role; None if there is none."""
    if principal.kind is PrincipalKind.SERVICE:
        return {"Service": principal.provider}
    if principal.kind in (PrincipalKind.WEB_IDENTITY, PrincipalKind.SAML):
        return {"Federated": principal.provider}
    arn = principal.role_arn or principal.arn
    return {"AWS": arn} if arn else None


def _with_grants(policies: Policies, grants: Sequence[Grant]) -> Policies:
    for grant in grants:
        policies = _with_one(policies, grant)
    return policies


def _with_one(policies: Policies, grant: Grant) -> Policies:
    if grant.layer is Layer.IDENTITY:
        return replace(policies, identity=(*policies.identity, _grant_policy(grant, Grammar.IDENTITY)))
    if grant.layer is Layer.BOUNDARY:
        assert policies.boundary is not None
        return replace(policies, boundary=_extend(policies.boundary, grant))
    grammar = Grammar.TRUST if grant.layer is Layer.TRUST else Grammar.RESOURCE
    added = ResourcePolicy(policy=_grant_policy(grant, grammar), layer=grant.layer)
    return replace(policies, resource=(*policies.resource, added))


def _grant_policy(grant: Grant, grammar: Grammar) -> Policy:
    return understand(json.dumps({"Version": _VERSION, "Statement": [grant.statement]}), grammar, source=grant.holder)


def _extend(policy: Policy, grant: Grant) -> Policy:
    document = json.loads(policy.to_json())
    document["Statement"].append(grant.statement)
    return understand(json.dumps(document), policy.grammar, source=policy.source, principal_ids=policy.principal_ids)


def _blocker(decision: Decision) -> str:
    layer = decision.layer
    if decision.problem:
        return decision.problem
    if decision.verdict is Verdict.EXPLICIT_DENY:
        statements = ", ".join(f"{ref.policy} statement {ref.sid or ref.index}" for ref in decision.statements)
        return f"an explicit deny in the {layer} decides ({statements})"
    return f"no {layer} allows it"


def _place(grant: Grant) -> str:
    if grant.layer is Layer.IDENTITY:
        return f"an identity-based policy of {grant.holder}"
    if grant.layer is Layer.BOUNDARY:
        return f"the permissions boundary {grant.holder}"
    return f"the {grant.layer} of {grant.holder}"
