"""AWS's policy simulator: the decision on a request that is not made, and the verdict of each type of policy.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_testing-policies.html

INVARIANT: the verdict is that of the written rule, as a real request would get with these policies.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from carnet.base.arns import ACCOUNT_ID, parse_arn
from carnet.policy.aws_facts import RCP_SERVICES
from carnet.policy.context_keys import RESOURCE_ACCOUNT, in_namespaces
from carnet.policy.decide import Found, gather, is_too_much, judge
from carnet.policy.decision import Layer, Verdict
from carnet.policy.document import Grammar, Policy, referenced_keys, understand
from carnet.policy.patterns import ascii_lower
from carnet.policy.policies import Levels, Policies, ResourcePolicy
from carnet.policy.request import Principal, Request, Value
from carnet.policy.resources import asks_a_trust_policy
from carnet.policy.statement import Statement

_USER_ID = "aws:userid"
_LEFT_TO_ACCOUNT = (
    '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"%s"},"Action":"*","Resource":"*"}}'
)
_OF_ONE_ACCOUNT = (("aws:ResourceOrgID", "aws:PrincipalOrgID"), ("aws:ResourceOrgPaths", "aws:PrincipalOrgPaths"))
"""Condition keys of a resource in the principal's own account, each with the principal's key of the same value."""
_RESTRICTIVE = {Verdict.ALLOWED: 0, Verdict.IMPLICIT_DENY: 1, Verdict.EXPLICIT_DENY: 2}


class Determining(NamedTuple):
    """A statement that determined an answer."""

    layer: Layer
    policy: Policy
    statement: Statement


class Simulated(Struct, frozen=True, kw_only=True):
    """The answer to one question."""

    verdict: Verdict
    statements: tuple[Determining, ...] = ()
    """The statements that determined it, each once: for an explicit deny, every Deny that applies; none for an implicit
    one. Statements of service control policies are left out, as on AWS."""
    missing: tuple[str, ...] = ()
    """For an implicit deny, the condition keys that the policies refer to and the request does not have."""
    organization: bool | None = None
    """Whether the service control policies allow it; None without any."""
    boundary: bool | None = None
    """Whether the permissions boundary allows it; None without one."""
    by_layer: Mapping[Layer, Verdict] | None = None
    """The verdict of each type of policy, for a request to another account for which the resource's policy is given."""


class Simulation(Struct, frozen=True, kw_only=True, dict=True):
    """The principal and the policies of a simulation."""

    principal: Principal
    keys: Mapping[str, Value]
    """The condition keys of the request, whichever namespace they belong to."""
    identity: tuple[Policy, ...] = ()
    boundary: Policy | None = None
    scp: Levels = ()
    resource: Policy | None = None
    """The policy of every resource. Without one, the policies of the principal's account decide."""
    owner: str = ""
    """The account of resources whose ARN names none; empty if it is the principal's."""
    user_id: str = ""
    """The value of aws:userid if `keys` do not have it. Recorded from AWS: the key is listed as missing
    nevertheless."""
    absent: tuple[str, ...] | None = None
    """The condition keys that the policies refer to and the request does not have; None if they are still to be
    determined."""

    def about(self, action: str) -> Simulation:
        """The same simulation for one action, without the statements about other actions."""
        scp = tuple(tuple(_narrow_to_action(policy, action) for policy in level) for level in self.scp)
        return replace(
            self,
            identity=tuple(_narrow_to_action(policy, action) for policy in self.identity),
            boundary=_narrow_to_action(self.boundary, action) if self.boundary is not None else None,
            scp=scp,
            resource=_narrow_to_action(self.resource, action) if self.resource is not None else None,
            absent=self._missing_keys,
        )

    def ask(self, action: str, resource: str) -> Simulated:
        """The outcome of a request for `action` on `resource`, an ARN or `*`."""
        request = self._request(action, resource)
        policies = self._of_role if asks_a_trust_policy(action, resource) else self._policies
        if is_too_much(request, policies, RCP_SERVICES):
            return self.refused()
        found = tuple(gather(request, policies, RCP_SERVICES))
        scp = [level for level in found if level.layer is Layer.SCP]
        if any(level.verdict is not Verdict.ALLOWED for level in scp):
            # The simulation ends here, as AWS's does, without verdicts of the other types.
            return Simulated(verdict=most_restrictive(level.verdict for level in scp), organization=False)
        verdict = judge(request, policies, found).verdict
        return Simulated(
            verdict=verdict,
            statements=tuple(self._determining_statements(found, verdict)),
            missing=self._missing_keys if verdict is Verdict.IMPLICIT_DENY else (),
            organization=True if scp else None,
            boundary=self._allowed_by_boundary(found),
            by_layer=self._by_layer(found, request),
        )

    def refused(self) -> Simulated:
        """The answer for a combination that no request can have: it is denied."""
        boundary = None if self.boundary is None else False
        return Simulated(verdict=Verdict.IMPLICIT_DENY, missing=self._missing_keys, boundary=boundary)

    @property
    def policies(self) -> Iterator[Policy]:
        """All policies of the simulation."""
        return self._policies.every()

    def _request(self, action: str, resource: str) -> Request:
        arn = parse_arn(resource)
        named = arn.account if arn is not None and ACCOUNT_ID.fullmatch(arn.account) else ""
        owner = (named or self.owner) if self.resource is not None else ""
        keys = dict(self.keys)
        if ascii_lower(RESOURCE_ACCOUNT) not in self._given_keys:
            keys[RESOURCE_ACCOUNT] = named or self.owner or self.principal.account
        if keys.get(RESOURCE_ACCOUNT) == self.principal.account:
            keys |= self._of_own_account
        if self.user_id and ascii_lower(_USER_ID) not in self._given_keys:
            keys[_USER_ID] = self.user_id
        return Request(
            principal=self.principal,
            action=action,
            resource=resource,
            resource_account=owner or self.principal.account,
            context=in_namespaces(keys),
        )

    @cached_property
    def _policies(self) -> Policies:
        return self._policies_with(Layer.RESOURCE)

    @cached_property
    def _of_role(self) -> Policies:
        return self._policies_with(Layer.TRUST) if self.resource is not None else self._policies

    def _policies_with(self, layer: Layer) -> Policies:
        policy = self.resource
        if policy is None:
            policy = understand(_LEFT_TO_ACCOUNT % self.principal.account, Grammar.RESOURCE)
        resource = ResourcePolicy(policy=policy, layer=layer)
        return Policies(identity=self.identity, boundary=self.boundary, scp=self.scp, resource=(resource,))

    @cached_property
    def _given_keys(self) -> frozenset[str]:
        return frozenset(map(ascii_lower, self.keys))

    @cached_property
    def _of_own_account(self) -> Mapping[str, Value]:
        """The condition keys of a resource in the principal's own account, where `keys` give no others."""
        pairs = [(key, own) for key, own in _OF_ONE_ACCOUNT if ascii_lower(key) not in self._given_keys]
        return {key: self.keys[own] for key, own in pairs if own in self.keys}

    @cached_property
    def _missing_keys(self) -> tuple[str, ...]:
        if self.absent is not None:
            return self.absent
        told = (*self.identity, self.boundary, self.resource)
        keys = referenced_keys(policy for policy in told if policy is not None)
        known = self._given_keys | {ascii_lower(key) for key in (RESOURCE_ACCOUNT, *self._of_own_account)}
        return tuple(key for key in keys if ascii_lower(key) not in known)

    def _determining_statements(self, found: tuple[Found, ...], verdict: Verdict) -> Iterator[Determining]:
        if verdict is Verdict.IMPLICIT_DENY:
            return
        denied = verdict is Verdict.EXPLICIT_DENY
        told: set[tuple[Layer, int]] = set()
        for level in found:
            if level.layer is Layer.SCP or (level.layer is Layer.BOUNDARY and not denied):
                continue
            applying = set(map(id, level.denies if denied else level.allows))
            pairs = [(policy, one) for policy in level.policies for one in policy.statements if id(one) in applying]
            for policy, statement in pairs:
                # A policy that is attached in two ways is twice in the layer. The substitute of a missing policy has no
                # source.
                if policy.source and (level.layer, id(statement)) not in told:
                    told.add((level.layer, id(statement)))
                    yield Determining(level.layer, policy, statement)

    def _allowed_by_boundary(self, found: tuple[Found, ...]) -> bool | None:
        if self.boundary is None:
            return None
        # An action that needs no permission is not evaluated against policies.
        return all(level.verdict is Verdict.ALLOWED for level in found if level.layer is Layer.BOUNDARY)

    def _by_layer(self, found: tuple[Found, ...], request: Request) -> Mapping[Layer, Verdict] | None:
        if self.resource is None or request.resource_account == self.principal.account:
            return None
        return {level.layer: level.verdict for level in found if level.layer is not Layer.SCP}


def _narrow_to_action(policy: Policy, action: str) -> Policy:
    statements = tuple(one for one in policy.statements if one.actions.matches(action))
    return policy if len(statements) == len(policy.statements) else replace(policy, statements=statements)


def most_restrictive(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict on all of several questions together."""
    return max(verdicts, key=_RESTRICTIVE.__getitem__, default=Verdict.ALLOWED)
