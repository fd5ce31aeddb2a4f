"""The compiled engine: it decides as the written rule does (`policy/decide.py`), in about the same time for 5
statements as for 3,000.

Each policy is compiled once. For the policies of a principal and an action, the statements that cover the action are
indexed by resource (`resource_index`). For a resource's place in the index and the properties of the principal, the
tests that remain are computed and remembered (`residual`). A request evaluates only these (`weighing`).
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
"""How many parts of statements each of the engine's memories holds at least; none holds more than twice as many.

A part takes about 3 KB, in all memories and with its policy: 360 MB at most.
"""
SESSIONS_ROOM = 1_000
"""The same for the engine of one account's sessions with session policies: 6 MB at most."""
SESSIONS_ACCOUNTS = 24
"""How many accounts have such an engine at a time."""

_PLANS_ROOM = 65_536
_ROUTES_ROOM = 4_096

_PARTS_OF_CHARACTER = 2

_NAMES = attrgetter(
    "kind", "arn", "account", "id", "role_arn", "role_id", "user_arn", "user_id", "provider", "canonical_user"
)
"""The attributes of a principal that a Principal element can name."""


class Engine:
    """Decides requests. Safe to share between threads.

    INVARIANT: nothing that it remembers is ever outdated, because policies are immutable. A result is found by the
    policy objects that it was made of; a changed policy is a new object, which is compiled anew, and the old one is no
    longer used. Pass the same objects for the same policies, otherwise nothing is found again.
    """

    def __init__(
        self,
        *,
        rcp_services: frozenset[str] = RCP_SERVICES,
        room: int = STATEMENTS_ROOM,
        shapes: Shapes | None = None,
    ) -> None:
        """`rcp_services` are the prefixes of the services that RCPs control; `room` bounds the memory in parts of
        statements. Engines may share what they have learned about contexts (`shapes`)."""
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
        """INVARIANT: routes, plans, sides and residuals hold only indexes that are in here, so that this bounds the
        memory of all of them, however many actions are asked about."""
        self._policies: Recent[Policy, CompiledPolicy] = Recent(room, lambda policy: policy.size, self._indexes.turn)
        """INVARIANT: everything else that is remembered holds only policies that are in here, so that this bounds the
        memory of all of it. A route that was not used since the last turn is looked up by `_find_route`,
        which also uses its policies.
        """
        self._routes: Recent[tuple[int, str], Route] = Recent(min(room, _ROUTES_ROOM), lambda route: route.plan.weight)
        self._plans: Recent[tuple[object, ...], Plan] = Recent(min(room, _PLANS_ROOM), lambda plan: plan.weight)
        self._sides: Recent[tuple[object, ...], ResourceIndex] = Recent(min(room, _PLANS_ROOM))
        self._residuals: Recent[tuple[object, ...], Residual] = Recent(room, lambda residual: residual.weight)

    def _forget_found(self) -> None:
        """Forget what was found by means of indexes and was not used lately, together with those indexes."""
        for memory in (self._routes, self._plans, self._sides, self._residuals):
            memory.turn()

    @property
    def remembered(self) -> int:
        """How many routes, plans, indexes and compiled policies it remembers altogether."""
        shapes = len(self._shapes.recent)
        plans = len(self._routes) + len(self._plans) + len(self._sides)
        return shapes + plans + len(self._policies) + len(self._indexes) + len(self._residuals)

    def for_sessions(self, account: str) -> Engine:
        """The engine for sessions with session policies of an account. A caller may make any number of such sessions.

        It has a memory of its own, so that they do not push stored policies, or those of other accounts, out of memory.
        """
        return self._for_sessions.of(account)

    def decide(self, request: Request, policies: Policies) -> Decision:
        """Whether `policies` allow `request`: equal to the written rule's decision.

        The frequent cases come first: decisions that are the same for every request, and those that one statement makes
        by the request alone. All others need a reader of the request's condition keys.
        """
        principal, account = request.principal, request.resource_account
        identified = (id(policies.identity), request.action)
        route = self._routes.young.get(identified) or self._find_route(identified)
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
        """The decisions on several questions of one principal, in their order, about resources of one account."""
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
        """The `actions` that the principal may perform on the resource, in their order."""
        named = tuple(actions)
        asked = ((action, resource, context or Context()) for action in named)
        decisions = self.decide_many(principal, policies, asked, resource_account=resource_account)
        return tuple(action for action, decision in zip(named, decisions, strict=True) if decision.allowed)

    def _find_route(self, identified: tuple[int, str]) -> Route | None:
        route = self._routes.get(identified)
        if route is not None:
            self._use(route.policies)
            self._keep_index(route.index)
            if route.side is not None:
                self._keep_index(route.side)
        return route

    def _use(self, policies: Policies) -> None:
        """Keep the policies in memory as long as what is found for them."""
        for policy in policies.every():
            self._compile_policy(policy)

    def _keep_index(self, index: ResourceIndex) -> None:
        """Keep an index in memory as long as what is found by means of it. An index that was dropped is counted
        again."""
        generation = self._indexes.generation  # of before: holding it may turn the memory
        if index.held == generation:
            return
        if self._indexes.get(index.slots) is not index:
            self._indexes.put(index.slots, index)
        index.held = generation

    def _route(self, request: Request, policies: Policies) -> Route:
        """The route for this object of policies. It shares everything else with equal ones.

        A costly route is not remembered, so that remembered ones need not be checked for their cost.
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
            self._keep_index(plan.index)
        side = self._index_of(policies.resource, action) if policies.resource else None
        route = Route(plan, side, policies)
        return route if route.dear is not None else self._routes.put((id(policies.identity), action), route)

    def _is_too_much(self, steps: Steps, request: Request) -> bool:
        reader = ContextReader(request, self._shapes.said(request.context), self._shapes)
        return steps.are_too_many(reader.value)

    def _index_of(self, policies: tuple[ResourcePolicy, ...], action: str) -> ResourceIndex | None:
        """The resource's policies, indexed by resource; None if no statement of them covers the action."""
        key = (policies, action)
        index = self._sides.get(key)
        if index is None:
            index = self._sides.put(key, self._index(tuple(self._of_resource(policies, ascii_lower(action)))))
        else:
            self._keep_index(index)
        return None if index.empty else index

    def _of_resource(self, policies: tuple[ResourcePolicy, ...], action: str) -> Iterable[Slot]:
        for layer in OF_RESOURCE:
            for one in policies:
                if one.layer is layer:
                    held = (one.policy,) if one.policy is not None else ()
                    yield self._slot(layer, held, action, account=one.account)

    def _weigh(self, route: Route, own: Residual, reader: ContextReader) -> Decision:
        """The decision if more than the principal's own layers takes part."""
        plan, request, trust = route.plan, reader.request, route.trust
        side = self._side_residual(route.side, reader, bounded=route.bounded) if route.side is not None else None
        owner = request.resource_account or route.policies.owner(request)
        trusts = trust or (plan.of_kms and is_arn_of(request.resource, "kms", "key"))
        case = situation(plan.outsider, plan.root, owner == request.principal.account, trusts, trust)
        if side is None and case.simple:
            return own.settled or weigh_simply(own, reader)
        return weigh(own, side, case, owner, reader)

    def _side_residual(self, index: ResourceIndex, reader: ContextReader, *, bounded: bool) -> Residual | None:
        """The tests of the resource's policies that remain; None if nothing of them applies."""
        node = index.node(reader.request.resource)
        left = node.alone or self._residual(node, reader, bounded=bounded)
        return None if left.empty else left

    def _new_plan(self, principal: Principal, action: str, policies: Policies) -> Plan:
        slots = [*self._organization_slots(principal, action, policies)]
        if principal.kind not in WITHOUT_ACCOUNT:
            slots += self._own_slots(principal.kind, action, policies)
        slots += (self._slot(Layer.ENDPOINT, (policy,), action) for policy in policies.endpoint)
        return Plan(self._index(tuple(slots)), principal, action, policies)

    def _organization_slots(self, principal: Principal, action: str, policies: Policies) -> Iterable[Slot]:
        if principal.service_linked:
            return
        if under_rcps(action, self._rcp_services):
            yield from self._levels(Layer.RCP, policies.rcp, action)
        if principal.kind not in WITHOUT_ACCOUNT:
            yield from self._levels(Layer.SCP, policies.scp, action)

    def _own_slots(self, kind: PrincipalKind, action: str, policies: Policies) -> Iterable[Slot]:
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
            found += self._compile_policy(policy).candidates(action)
        return Slot(layer, tuple(found), account)

    def _compile_policy(self, policy: Policy) -> CompiledPolicy:
        compiled = self._policies.get(policy)
        if compiled is None:
            spend(len(policy.text))
            compiled = self._policies.put(policy, CompiledPolicy(policy, self._conditions))
        return compiled

    def _index(self, slots: tuple[Slot, ...]) -> ResourceIndex:
        """The index of these statements, shared by all actions and principals that have the same statements."""
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
        except TypeError:  # a value is a list and not a tuple, so that it cannot be remembered
            return self._new_residual(node, reader, bounded=bounded)
        if found is None:
            found = self._residuals.put(known, self._new_residual(node, reader, bounded=bounded))
        return found

    def _new_residual(self, node: Node, reader: ContextReader, *, bounded: bool) -> Residual:
        """The remaining tests. If they always have the same outcome, the decision is made now."""
        spend(_effort(candidate.statement.parts for candidate in node.candidates))
        left = residual(node, reader.request.principal, reader, bounded=bounded)
        if left.is_settled:
            left.settled = weigh_simply(left, reader)
        return left


def _effort(parts: Iterable[int]) -> int:
    """The cost of looking at parts of compiled statements once, in characters of policies that are compiled."""
    return sum(parts) // _PARTS_OF_CHARACTER
