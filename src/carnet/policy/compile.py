"""The compiled engine: decides as the written rule does (`policy/decide.py`), in about the same time for 5 statements
as for 3,000.

Each policy is compiled once. For the policies that apply to a principal and for an action, the statements that cover
the action are indexed by resource (`resource_index`); for the place that a resource has there and for what is known of
the principal, what is left to be tested is worked out (`residual`) and remembered; a request weighs that (`weighing`).
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter

from carnet.policy.at_once import spend
from carnet.policy.aws_facts import RCP_SERVICES
from carnet.policy.decide import OF_RESOURCE, UNWEIGHED, under_rcps
from carnet.policy.decision import Decision, Layer
from carnet.policy.document import Policy
from carnet.policy.engine.conditions import ConditionCompiler
from carnet.policy.engine.context_reader import ContextReader, Shapes
from carnet.policy.engine.plan import Plan, Route
from carnet.policy.engine.policy import CompiledPolicy, CompiledStatement
from carnet.policy.engine.recent import Recent
from carnet.policy.engine.residual import Node, Residual, Slot, residual
from carnet.policy.engine.resource_index import ResourceIndex
from carnet.policy.engine.shares import Shares
from carnet.policy.engine.weighing import ALLOWED_WITHOUT_STATEMENT, situation, weigh, weigh_simply
from carnet.policy.patterns import ascii_lower
from carnet.policy.policies import Levels, Policies, ResourcePolicy
from carnet.policy.request import WITHOUT_ACCOUNT, Context, Principal, PrincipalKind, Request
from carnet.policy.resources import is_arn_of
from carnet.policy.work import Steps

Asked = tuple[str, str, Context]
"""One question of a batch: action, resource, context."""

STATEMENTS_ROOM = 60_000
"""How many parts of statements each of the engine's stores holds for certain; it never holds more than twice as many.

A part takes some 3 KB, in all stores and with the policy that it is of: 360 MB at most.
"""
SESSIONS_ROOM = 1_000
"""The same of the engine for the sessions of one account that bring policies along: 6 MB at most."""
SESSIONS_ACCOUNTS = 24
"""Accounts that have such an engine at a time."""

_PLANS_ROOM = 65_536
_ROUTES_ROOM = 4_096

_PARTS_OF_CHARACTER = 2

_NAMES = attrgetter(
    "kind", "arn", "account", "id", "role_arn", "role_id", "user_arn", "user_id", "provider", "canonical_user"
)
"""What of a principal an element can name."""


class Engine:
    """Decides requests. Safe to share between threads.

    INVARIANT: nothing it remembers is ever wrong, for policies are immutable: what is remembered is found by the very
    policies it was made of, so that a changed policy, which is a new object, is compiled anew and the former one falls
    into disuse. Give the same objects for the same policies, or nothing is found again.
    """

    def __init__(
        self,
        *,
        rcp_services: frozenset[str] = RCP_SERVICES,
        room: int = STATEMENTS_ROOM,
        shapes: Shapes | None = None,
    ) -> None:
        """`rcp_services` are the prefixes of the services that RCPs control; `room` bounds the memory in parts of
        statements. Engines may share what they know of contexts (`shapes`)."""
        self._rcp_services = rcp_services
        self._conditions = ConditionCompiler(room)
        self._shapes = shapes or Shapes()
        self._for_sessions = Shares(
            SESSIONS_ACCOUNTS,
            lambda: Engine(rcp_services=rcp_services, room=min(room, SESSIONS_ROOM), shapes=self._shapes),
        )
        self._indexes: Recent[tuple[Slot, ...], ResourceIndex] = Recent(
            room, lambda index: index.weight, self._forget_found
        )
        """INVARIANT: what is found by policies and action (routes, plans, sides, residuals) holds no index that is not
        in here, so that this is what all of them take, however many actions policies are asked about."""
        self._policies: Recent[Policy, CompiledPolicy] = Recent(room, lambda policy: policy.size, self._indexes.turn)
        """INVARIANT: what else is remembered holds no policy that is not in here, so that this is what all of it takes.
        A route that was not asked for since the last turn is looked for by `_found`, which asks for its policies, too.
        """
        self._routes: Recent[tuple[int, str], Route] = Recent(min(room, _ROUTES_ROOM), lambda route: route.plan.weight)
        self._plans: Recent[tuple[object, ...], Plan] = Recent(min(room, _PLANS_ROOM), lambda plan: plan.weight)
        self._sides: Recent[tuple[object, ...], ResourceIndex] = Recent(min(room, _PLANS_ROOM))
        self._residuals: Recent[tuple[object, ...], Residual] = Recent(room, lambda residual: residual.weight)

    def _forget_found(self) -> None:
        """What was found by means of indexes, and of late for nobody, goes when they do."""
        for memory in (self._routes, self._plans, self._sides, self._residuals):
            memory.turn()

    @property
    def remembered(self) -> int:
        """How many routes, plans, indexes and compiled policies it remembers, all together."""
        shapes = len(self._shapes.recent)
        plans = len(self._routes) + len(self._plans) + len(self._sides)
        return shapes + plans + len(self._policies) + len(self._indexes) + len(self._residuals)

    def for_sessions(self, account: str) -> Engine:
        """The engine for sessions of an account that bring policies along, of which a caller may make any number.

        It has a memory of its own, so that they drive out nothing of what is stored, nor of another account.
        """
        return self._for_sessions.of(account)

    def decide(self, request: Request, policies: Policies) -> Decision:
        """Whether `policies` allow `request`: equal to the written rule's decision.

        The frequent answers come first: what is settled for every request, and what one statement decides by what the
        request says. All others need a reader of the request's keys.
        """
        principal, account = request.principal, request.resource_account
        identified = (id(policies.identity), request.action)
        route = self._routes.young.get(identified) or self._found(identified)
        if (
            route is None
            or (route.policies is not policies and not route.is_for(policies))
            or route.kind is not principal.kind
            or route.service_linked is not principal.service_linked
        ):
            route = self._route(request, policies)
            if route.dear is not None and self._is_too_much(route.dear, request):
                return UNWEIGHED
        if route.free:
            return ALLOWED_WITHOUT_STATEMENT
        node = route.index.node(request.resource)
        own = node.alone
        simple = route.simple and (account == principal.account or account == "")
        if simple and own is not None and own.settled is not None:
            return own.settled
        said = self._shapes.said(request.context)
        if simple and own is not None and own.quick is not None:
            met = own.quick(said)
            if met is not None:
                return own.outcomes[met]
        reader = ContextReader(request, said, self._shapes)
        if own is None:
            own = self._residual(node, reader, bounded=route.bounded)
        return (own.settled or weigh_simply(own, reader)) if simple else self._weigh(route, own, reader)

    def decide_many(
        self, principal: Principal, policies: Policies, asked: Iterable[Asked], *, resource_account: str = ""
    ) -> list[Decision]:
        """The decisions of one principal's questions, in their order, about resources of one account."""
        requests = (
            Request(
                principal=principal,
                action=action,
                resource=resource,
                resource_account=resource_account,
                context=context,
            )
            for action, resource, context in asked
        )
        return [self.decide(request, policies) for request in requests]

    def allowed_actions(
        self,
        principal: Principal,
        policies: Policies,
        resource: str,
        actions: Iterable[str],
        *,
        context: Context | None = None,
        resource_account: str = "",
    ) -> tuple[str, ...]:
        """Those of `actions` that the principal may do on the resource, in their order."""
        named = tuple(actions)
        asked = ((action, resource, context or Context()) for action in named)
        decisions = self.decide_many(principal, policies, asked, resource_account=resource_account)
        return tuple(action for action, decision in zip(named, decisions, strict=True) if decision.allowed)

    def _found(self, identified: tuple[int, str]) -> Route | None:
        route = self._routes.get(identified)
        if route is not None:
            self._use(route.policies)
            self._hold(route.index)
            if route.side is not None:
                self._hold(route.side)
        return route

    def _use(self, policies: Policies) -> None:
        """Hold the policies for as long as what is found for them."""
        for policy in policies.every():
            self._compiled(policy)

    def _hold(self, index: ResourceIndex) -> None:
        """Hold an index for as long as what is found by means of it. One that was let go counts anew."""
        generation = self._indexes.generation  # of before: holding it may turn the memory
        if index.held == generation:
            return
        if self._indexes.get(index.slots) is not index:
            self._indexes.put(index.slots, index)
        index.held = generation

    def _route(self, request: Request, policies: Policies) -> Route:
        """The route for this object of policies, which shares all else with those that are equal.

        A dear one is not remembered, so that the others need not be asked whether they are dear.
        """
        self._use(policies)
        principal, action = request.principal, request.action
        applying = (
            policies.identity,
            policies.boundary,
            policies.session,
            policies.scope_down,
            policies.endpoint,
            policies.scp,
            policies.rcp,
            principal.kind,
            principal.service_linked,
            action,
        )
        plan = self._plans.get(applying)
        if plan is None:
            plan = self._plans.put(applying, self._new_plan(principal, ascii_lower(action), policies))
        else:
            self._hold(plan.index)
        side = self._side(policies.resource, action) if policies.resource else None
        route = Route(plan, side, policies)
        return route if route.dear is not None else self._routes.put((id(policies.identity), action), route)

    def _is_too_much(self, steps: Steps, request: Request) -> bool:
        reader = ContextReader(request, self._shapes.said(request.context), self._shapes)
        return steps.are_too_many(reader.value)

    def _side(self, policies: tuple[ResourcePolicy, ...], action: str) -> ResourceIndex | None:
        """The resource's policies by resource; None if no statement of them covers the action."""
        key = (policies, action)
        index = self._sides.get(key)
        if index is None:
            index = self._sides.put(key, self._index(tuple(self._of_resource(policies, ascii_lower(action)))))
        else:
            self._hold(index)
        return None if index.empty else index

    def _of_resource(self, policies: tuple[ResourcePolicy, ...], action: str) -> Iterable[Slot]:
        for layer in OF_RESOURCE:
            for one in policies:
                if one.layer is layer:
                    held = (one.policy,) if one.policy is not None else ()
                    yield self._slot(layer, held, action, account=one.account)

    def _weigh(self, route: Route, own: Residual, reader: ContextReader) -> Decision:
        """The decision if more counts than the principal's own layers."""
        plan, request, trust = route.plan, reader.request, route.trust
        side = self._side_residual(route.side, reader, bounded=route.bounded) if route.side is not None else None
        owner = request.resource_account or route.policies.owner(request)
        trusts = trust or (plan.of_kms and is_arn_of(request.resource, "kms", "key"))
        case = situation(plan.outsider, plan.root, owner == request.principal.account, trusts, trust)
        if side is None and case.simple:
            return own.settled or weigh_simply(own, reader)
        return weigh(own, side, case, owner, reader)

    def _side_residual(self, index: ResourceIndex, reader: ContextReader, *, bounded: bool) -> Residual | None:
        """What is left of the resource's policy; None if that is nothing."""
        node = index.node(reader.request.resource)
        left = node.alone or self._residual(node, reader, bounded=bounded)
        return None if left.empty else left

    def _new_plan(self, principal: Principal, action: str, policies: Policies) -> Plan:
        slots = [*self._organization(principal, action, policies)]
        if principal.kind not in WITHOUT_ACCOUNT:
            slots += self._own(principal.kind, action, policies)
        slots += (self._slot(Layer.ENDPOINT, (policy,), action) for policy in policies.endpoint)
        return Plan(self._index(tuple(slots)), principal, action, policies)

    def _organization(self, principal: Principal, action: str, policies: Policies) -> Iterable[Slot]:
        if principal.service_linked:
            return
        if under_rcps(action, self._rcp_services):
            yield from self._levels(Layer.RCP, policies.rcp, action)
        if principal.kind not in WITHOUT_ACCOUNT:
            yield from self._levels(Layer.SCP, policies.scp, action)

    def _own(self, kind: PrincipalKind, action: str, policies: Policies) -> Iterable[Slot]:
        yield self._slot(Layer.IDENTITY, policies.identity, action)
        if policies.boundary is not None and kind is not PrincipalKind.ROOT:
            yield self._slot(Layer.BOUNDARY, (policies.boundary,), action)
        if policies.session is not None or kind is PrincipalKind.FEDERATED_USER:
            yield self._slot(Layer.SESSION, policies.session or (), action)
        yield from (self._slot(Layer.SCOPE_DOWN, (policy,), action) for policy in policies.scope_down)

    def _levels(self, layer: Layer, levels: Levels, action: str) -> Iterable[Slot]:
        return (self._slot(layer, level, action) for level in levels)

    def _slot(self, layer: Layer, policies: Iterable[Policy], action: str, *, account: str = "") -> Slot:
        found: list[CompiledStatement] = []
        for policy in policies:
            found += self._compiled(policy).candidates(action)
        return Slot(layer, tuple(found), account)

    def _compiled(self, policy: Policy) -> CompiledPolicy:
        compiled = self._policies.get(policy)
        if compiled is None:
            spend(len(policy.text))
            compiled = self._policies.put(policy, CompiledPolicy(policy, self._conditions))
        return compiled

    def _index(self, slots: tuple[Slot, ...]) -> ResourceIndex:
        """The index of the same statements, whichever action and principal first asked for it."""
        index = self._indexes.get(slots)
        if index is None:
            spend(_effort(statement.parts for slot in slots for statement in slot.statements))
            index = self._indexes.put(slots, ResourceIndex(slots))
        return index

    def _residual(self, node: Node, reader: ContextReader, *, bounded: bool) -> Residual:
        principal = reader.request.principal
        if not node.reads and not node.names:
            node.alone = self._new_residual(node, reader, bounded=bounded)
            return node.alone
        known: tuple[object, ...] = (node, *reader.principal_values(node.reads)) if node.reads else (node,)
        if node.names:
            known = (*known, bounded, *_NAMES(principal))
        try:
            found = self._residuals.young.get(known) or self._residuals.get(known)
        except TypeError:  # a list among the values, if a tuple should be: it cannot be remembered
            return self._new_residual(node, reader, bounded=bounded)
        if found is None:
            found = self._residuals.put(known, self._new_residual(node, reader, bounded=bounded))
        return found

    def _new_residual(self, node: Node, reader: ContextReader, *, bounded: bool) -> Residual:
        """What will always be decided the same is decided now."""
        spend(_effort(candidate.statement.parts for candidate in node.candidates))
        left = residual(node, reader.request.principal, reader, bounded=bounded)
        if left.is_settled:
            left.settled = weigh_simply(left, reader)
        return left


def _effort(parts: Iterable[int]) -> int:
    """What it takes to look at parts of compiled statements once, in characters that are compiled."""
    return sum(parts) // _PARTS_OF_CHARACTER
