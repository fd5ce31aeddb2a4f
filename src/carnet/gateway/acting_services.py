"""Decides whether AWS services will be allowed to do what a request sets up, such as a delivery or a function's
polling.

AWS refuses a function whose role Lambda cannot assume, and an event source that the function's role may not read. It
accepts a subscription of a queue that refuses deliveries of Amazon SNS, and a target of a rule in the same way: then
the audit event of the call says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import NamedTuple

from carnet.access import authorize as access
from carnet.access.authorize import Decided
from carnet.access.gather import policies_held
from carnet.access.request_context import request_keys
from carnet.access.resource_policies import trust_of
from carnet.access.service_access import Source, decide_for_service
from carnet.base.arns import parse_arn
from carnet.directory.snapshot import Snapshot
from carnet.entities.role import Role
from carnet.gateway.call import Call
from carnet.gateway.checks.check import Members
from carnet.gateway.checks.enquiry import Enquiry
from carnet.gateway.checks.lookups import LookupFailed
from carnet.gateway.checks.members import structures, text
from carnet.gateway.deciding import Resolved
from carnet.gateway.policies.resource_policies import policies_of
from carnet.identity.credentials import unissued
from carnet.identity.principals import principal_keys, role_session_principal
from carnet.models import operation
from carnet.policy.request import Context, Principal, PrincipalKind, Values
from carnet.protocols.errors import WireError
from carnet.services.execution import Execution
from carnet.services.target import resource_tag_keys

_LAMBDA = "lambda.amazonaws.com"
_REFUSED = "InvalidParameterValueException"
_ROLE_ARN = re.compile(r"arn:[a-z-]+:iam::([0-9]{12}):role(/(?:.+/)?)([\w+=,.@-]{1,64})", re.ASCII)
_ENOUGH_TRUST = (
    '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},'
    '"Action":"sts:AssumeRole"}}'
)
_MADE, _THERE_ALREADY = 200, 409
_OF_FUNCTIONS = ("CreateFunction", "UpdateFunctionConfiguration")


class _Reading(NamedTuple):
    """The permissions on an event source that a function's role needs, and AWS's sentence if it lacks one; `{}` stands
    for the source."""

    actions: tuple[str, ...]
    sentence: str


_READINGS = {
    "sqs": _Reading(
        ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"),
        "The provided execution role does not have permissions to call {action} on SQS",
    ),
    "kinesis": _Reading(
        ("kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:DescribeStream", "kinesis:ListShards"),
        "Cannot access stream {arn}. Please ensure the role can perform the GetRecords, GetShardIterator, "
        "DescribeStream, ListShards, and ListStreams Actions on your stream in IAM.",
    ),
    "dynamodb": _Reading(
        ("dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream"),
        "Cannot access stream {arn}. Please ensure the role can perform the GetRecords, GetShardIterator, "
        "DescribeStream, and ListStreams Actions on your stream in IAM.",
    ),
}
"""https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html"""


async def refuse_idle(execution: Execution, call: Call, account: str) -> None:
    """Raise WireError, as AWS does, for a function or an event source mapping that could not work. It is called before
    the request is sent."""
    if call.operation.service.name != "lambda":
        return
    snapshot, name = execution.directory.snapshot, call.operation.name
    if name in _OF_FUNCTIONS and (arn := text(call.given, "Role")) is not None:
        role = _role(snapshot, arn, account)
        if role is None or not await call.deciding(partial(_may_assume, execution, snapshot, call, role)):
            sentence = "The role defined for the function cannot be assumed by Lambda."
            raise WireError(_REFUSED, sentence, call.operation)
        if call.exchange.settings.profile.own_roles:
            await _tell_role(call, role)
    elif name == "CreateEventSourceMapping":
        await _check_source(execution, snapshot, call, account)


def _role(snapshot: Snapshot, arn: str, account: str) -> Role | None:
    """The role, if it exists in the function's account."""
    found, view = _ROLE_ARN.fullmatch(arn), snapshot.account(account)
    role = view.of(Role).named(found[3]) if found is not None and view is not None else None
    return role if role is not None and role.arn == arn else None


def _may_assume(execution: Execution, snapshot: Snapshot, call: Call, role: Role) -> bool:
    check = access.Check(
        action="sts:AssumeRole",
        resource=role.arn,
        resource_account=role.account,
        resource_keys=resource_tag_keys(role.arn, role.tags),
        policies=(trust_of(snapshot.accounts[role.account], role),),
    )
    source = Source(account=role.account, arn=_function_arn(call))
    request = request_keys(call.arrived.http, call.caller.region, call.arrived.time)
    decided = decide_for_service(execution.parts.engine, snapshot, _LAMBDA, source, check, request)
    return decided.decision.allowed


def _function_arn(call: Call) -> str:
    return call.decided[0].check.resource


async def _tell_role(call: Call, role: Role) -> None:
    """Create the role at an upstream that refuses functions whose role it does not have."""
    given = {"RoleName": role.name, "Path": role.path, "AssumeRolePolicyDocument": _ENOUGH_TRUST}
    answer = await call.exchange.look_up(
        operation("iam", "CreateRole"),
        given,
        call.asking(role.account),
        listed=False,
    )
    if answer.status not in (_MADE, _THERE_ALREADY):
        raise LookupFailed("the upstream does not take the role")


async def _check_source(execution: Execution, snapshot: Snapshot, call: Call, account: str) -> None:
    """Raise WireError if the role of the function may not read the source. Raises NotFound for a function that is not
    there."""
    arn = text(call.given, "EventSourceArn") or ""
    source = parse_arn(arn)
    reading = _READINGS.get(source.service) if source is not None else None
    if source is None or reading is None:
        return
    asked = {"FunctionName": text(call.given, "FunctionName") or ""}
    function = await Enquiry(call=call, account=account, service="lambda").members("GetFunctionConfiguration", asked)
    role = _role(snapshot, str(function.get("Role", "")), account)
    for action in reading.actions:
        if role is None or not await call.deciding(
            partial(_may_read, execution, snapshot, call, role, action, arn, source.account)
        ):
            sentence = reading.sentence.format(action=action.partition(":")[2], arn=arn)
            raise WireError(_REFUSED, sentence, call.operation)


def _may_read(
    execution: Execution, snapshot: Snapshot, call: Call, role: Role, action: str, arn: str, account: str
) -> bool:
    view = snapshot.accounts[role.account]
    principal = role_session_principal(role, "function")
    context = Context(
        principal=principal_keys(view, unissued(principal), snapshot.org_path_of(role.account)),
        request=request_keys(call.arrived.http, call.caller.region, call.arrived.time),
    )
    check = access.Check(
        action=action,
        resource=arn,
        resource_account=account,
        policies=policies_of(snapshot, arn, account, principal, action),
    )
    held = policies_held(view, role)
    return access.authorize(execution.parts.engine, snapshot, principal, held, context, check).decision.allowed


def deliveries(execution: Execution, call: Call, resolved: tuple[Resolved, ...]) -> Iterator[Decided]:
    """The decisions on the future deliveries of Amazon SNS to the endpoint of a new subscription, and of EventBridge to
    the targets of a rule, by the policies as they are now."""
    found = _DELIVERED.get((call.operation.service.name, call.operation.name))
    if found is None:
        return
    origin = next(one for one in resolved if one.check.action == found.action)
    source = Source(account=origin.account, arn=origin.resource)
    request = request_keys(call.arrived.http, call.caller.region, call.arrived.time)
    for endpoint in found.endpoints(call.given):
        decided = delivery(execution, found.service, source, endpoint, request)
        if decided is not None:
            yield decided


def delivery(execution: Execution, service: str, source: Source, endpoint: str, request: Values) -> Decided | None:
    """The decision whether a service may deliver to a queue, a topic or a function on behalf of the source; None for
    other resources.

    Raises Unavailable if an organization cannot be read.
    """
    arn = parse_arn(endpoint)
    action = _DELIVERING.get(arn.service) if arn is not None else None
    if arn is None or action is None:
        return None
    return decided_for(execution, service, source, action, endpoint, request)


def decided_for(
    execution: Execution, service: str, source: Source, action: str, resource: str, request: Values
) -> Decided:
    """The decision whether a service may act on a resource, whose ARN has an account, on behalf of the source. Raises
    Unavailable."""
    account = resource.split(":")[4]
    snapshot, principal = execution.directory.snapshot, Principal(kind=PrincipalKind.SERVICE, provider=service)
    check = access.Check(
        action=action,
        resource=resource,
        resource_account=account,
        policies=policies_of(snapshot, resource, account, principal, action),
    )
    return decide_for_service(execution.parts.engine, snapshot, service, source, check, request)


class _Delivered(NamedTuple):
    service: str
    action: str
    """The check of the call on the resource for which the service delivers: the topic or the rule."""
    endpoints: Callable[[Members], Iterable[str]]


def _endpoint(given: Members) -> Iterator[str]:
    yield text(given, "Endpoint") or ""


def _targets(given: Members) -> Iterator[str]:
    """The targets to which EventBridge delivers without a role."""
    for target in structures(given, "Targets"):
        if text(target, "RoleArn") is None:
            yield text(target, "Arn") or ""


_DELIVERING = {"lambda": "lambda:InvokeFunction", "sns": "sns:Publish", "sqs": "sqs:SendMessage"}
_DELIVERED = {
    ("events", "PutTargets"): _Delivered("events.amazonaws.com", "events:PutTargets", _targets),
    ("sns", "Subscribe"): _Delivered("sns.amazonaws.com", "sns:Subscribe", _endpoint),
}
