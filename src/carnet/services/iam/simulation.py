"""The policy simulators, and the condition keys that they would need to be given.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulateCustomPolicy.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html

A caller can ask for any number of decisions: they are made in a thread of their own, and a page of the answer holds as
many actions as a bounded amount of work decides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from msgspec import structs

from carnet.access.gather import policies_held
from carnet.access.organization_policies import scps_of
from carnet.base.arns import iam_arn
from carnet.base.faults import Fault, Invalid
from carnet.policy.document import referenced_keys
from carnet.policy.simulation import Simulated, Simulation
from carnet.policy.simulation_cost import asking_cost, narrowing_cost
from carnet.services.iam import simulation_sentences as sentences
from carnet.services.iam.quotas import IamQuotas
from carnet.services.iam.service import iam
from carnet.services.iam.simulation_answer import EvaluationResults
from carnet.services.iam.simulation_context import context_keys
from carnet.services.iam.simulation_exclusions import without_excluded
from carnet.services.iam.simulation_policies import (
    boundary_given,
    organization_given,
    policies_given,
    resource_policy_given,
)
from carnet.services.iam.simulation_principals import (
    Entity,
    SimulatedCaller,
    caller_named,
    caller_of,
    nobody_in_particular,
    owner_account,
    policy_source,
)
from carnet.services.iam.simulation_resources import check_actions, decided_on, resources_of
from carnet.services.iam.simulation_sentences import invalid_input
from carnet.services.operation import Answer, Call, account_wide
from carnet.services.paging import MARKERS, Page, page
from carnet.services.preparing import Pool, Preparation

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import (
        GetContextKeysForCustomPolicyRequestTypeDef,
        GetContextKeysForPrincipalPolicyRequestTypeDef,
        SimulateCustomPolicyRequestTypeDef,
        SimulatePrincipalPolicyRequestTypeDef,
    )

_POOL = Pool(name="simulations", size=1, waiting=16, seconds=5)
_PAGING = replace(MARKERS, invalid=sentences.MARKER)


def _custom(call: Call, given: Any) -> Answer:
    resources = resources_of(given.get("ResourceArns", ()))
    named = given.get("CallerArn")
    caller = nobody_in_particular(call.view) if named is None else caller_named(call, named)
    if named is None and "ResourcePolicy" in given:
        raise invalid_input(sentences.NO_CALLER)
    scp = organization_given(given.get("OrderedOrganizationPolicyInputList", ()))
    return _simulate_page(
        call, "SimulateCustomPolicy", given, resources, _read_simulation(caller, given, resources, scp=scp)
    )


def _of_principal(call: Call, given: Any, entity: Entity) -> Answer:
    resources = resources_of(given.get("ResourceArns", ()))
    named = given.get("CallerArn")
    caller = caller_of(call, entity) if named is None else caller_named(call, named)
    held = without_excluded(policies_held(call.view, entity), given.get("PolicyExclusionList", ()))
    simulation = _read_simulation(caller, given, resources, scp=scps_of(call.snapshot, call.account).levels)
    simulation = structs.replace(
        simulation,
        identity=(*held.identity, *simulation.identity),
        boundary=held.boundary if simulation.boundary is None else simulation.boundary,
    )
    return _simulate_page(call, "SimulatePrincipalPolicy", given, resources, simulation)


def _read_simulation(caller: SimulatedCaller, given: Any, resources: tuple[str, ...], *, scp: Any) -> Simulation:
    """The values of the input. Raises Refused (InvalidInput)."""
    check_actions(given["ActionNames"], resources, given.get("ResourceHandlingOption"))
    owner = given.get("ResourceOwner")
    return Simulation(
        principal=caller.principal,
        keys=context_keys(given.get("ContextEntries", ()), caller.keys),
        user_id=caller.user_id,
        identity=policies_given(given.get("PolicyInputList", ())),
        boundary=boundary_given(given.get("PermissionsBoundaryPolicyInputList", ())),
        scp=scp,
        resource=resource_policy_given(given.get("ResourcePolicy"), resources),
        owner="" if owner is None else owner_account(owner),
    )


def _simulate_page(
    call: Call, operation: str, given: Any, resources: tuple[str, ...], simulation: Simulation
) -> dict[str, object]:
    """A page of the answer. Raises Refused (InvalidInput) for a wrong marker, and for an action that is too much work
    by itself."""
    quotas: IamQuotas = call.quotas
    asked = _page(operation, given)
    results = EvaluationResults(resources)
    told: list[dict[str, object]] = []
    narrowing, cost, statements = narrowing_cost(simulation), 0, 0
    for _, action in asked.items:
        about = simulation.about(action)
        own = narrowing + asking_cost(about) * len(resources)
        cost += own
        if told and cost > quotas.simulated_in_page:
            break
        if own > quotas.simulated_for_action:
            raise invalid_input(sentences.too_large(action))
        answers = [_ask(call, about, action, resource) for resource in resources]
        statements += sum(len(answer.statements) for answer in answers)
        if statements > quotas.simulated_statements:
            if not told:
                raise invalid_input(sentences.too_large(action))
            break
        told.append(results.result(action, answers))
    if len(told) < len(asked.items):
        asked = _page(operation, {**given, _PAGING.limit: len(told)})
    return {"EvaluationResults": told, **asked.truncation}


def _ask(call: Call, simulation: Simulation, action: str, resource: str) -> Simulated:
    account = simulation.principal.account
    on = decided_on(action, resource, lambda kind: iam_arn(call.partition, account, f"{kind.resource_type}/"))
    return simulation.refused() if on is None else simulation.ask(action, on)


def _page(operation: str, given: Any) -> Page[tuple[int, str]]:
    """The requested actions, each with its position."""
    actions = tuple(enumerate(given["ActionNames"]))
    try:
        return page(_PAGING, operation, actions, given, key=lambda item: f"{item[0]:012d}")
    except Invalid as fault:
        raise invalid_input(fault.message) from fault


def _custom_keys(call: Call, given: Any) -> Answer:
    return {"ContextKeyNames": list(referenced_keys(policies_given(given["PolicyInputList"])))}


def _principal_keys(call: Call, given: Any, entity: Entity) -> Answer:
    held = policies_held(call.view, entity)
    boundary = () if held.boundary is None else (held.boundary,)
    further = policies_given(given.get("PolicyInputList", ()))
    return {"ContextKeyNames": list(referenced_keys((*held.identity, *boundary, *further)))}


def _of_source(answer: Callable[[Call, Any, Entity], Answer]) -> Callable[[Call, Any], Answer | None]:
    """The answer about the entity PolicySourceArn; None if it does not exist, which the framework reports."""

    def work(call: Call, given: Any) -> Answer | None:
        found = policy_source(call, given).found
        return None if isinstance(found, Fault) else answer(call, given, found[0])

    return work


def _answer(call: Call) -> Answer:
    prepared: Answer = call.prepared
    return prepared


@iam.read("SimulateCustomPolicy", on=account_wide, prepare=Preparation(pool=_POOL, work=_custom))
def simulate_custom_policy(call: Call, given: SimulateCustomPolicyRequestTypeDef) -> Answer:
    """The decisions of the given policies on a caller's actions."""
    return _answer(call)


@iam.read("SimulatePrincipalPolicy", on=policy_source, prepare=Preparation(pool=_POOL, work=_of_source(_of_principal)))
def simulate_principal_policy(call: Call, given: SimulatePrincipalPolicyRequestTypeDef, entity: Entity) -> Answer:
    """The decisions of the policies of a user, group or role on its actions."""
    return _answer(call)


@iam.read("GetContextKeysForCustomPolicy", on=account_wide, prepare=Preparation(pool=_POOL, work=_custom_keys))
def get_context_keys_for_custom_policy(call: Call, given: GetContextKeysForCustomPolicyRequestTypeDef) -> Answer:
    """The condition keys that the given policies refer to."""
    return _answer(call)


@iam.read(
    "GetContextKeysForPrincipalPolicy",
    on=policy_source,
    prepare=Preparation(pool=_POOL, work=_of_source(_principal_keys)),
)
def get_context_keys_for_principal_policy(
    call: Call, given: GetContextKeysForPrincipalPolicyRequestTypeDef, entity: Entity
) -> Answer:
    """The condition keys that the policies of a user, group or role refer to."""
    return _answer(call)
