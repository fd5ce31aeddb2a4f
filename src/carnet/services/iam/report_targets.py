"""The users, groups, roles and policies that reports are asked of, by their ARNs.

As AWS was seen to do, an ARN is taken by its last name: the path in it may be another one.
"""

from __future__ import annotations

from typing import Any

from carnet.base.arns import Arn, iam_arn, parse_arn
from carnet.base.faults import Denied, Fault, Invalid, Missing, Refused
from carnet.entities.group import Group
from carnet.entities.role import Role
from carnet.entities.user import User
from carnet.services.iam import report_sentences, sentences, targets
from carnet.services.iam.permissions_policies import Reported
from carnet.services.operation import Call
from carnet.services.target import Target

_ENTITIES: dict[str, type[User] | type[Group] | type[Role]] = {"user": User, "group": Group, "role": Role}
_POLICY = "policy"


def reported(call: Call, given: Any) -> Target[Reported]:
    """The user, group, role or managed policy of the ARN."""
    arn = _parse_iam_arn(call, given["Arn"])
    if arn.resource.partition("/")[0] != _POLICY:
        return _entity(call, arn, report_sentences.entity_not_supported(str(arn)))
    target = targets.policy(call, {"PolicyArn": str(arn)})
    if isinstance(target.found, Fault):
        return target.finding(Missing(report_sentences.arn_missing(str(arn))))
    return target.finding(target.found)


def identity(call: Call, given: Any) -> Target[Reported]:
    """The user, group or role of the ARN."""
    arn = _parse_iam_arn(call, given["Arn"])
    return _entity(call, arn, report_sentences.entity_not_extracted(str(arn)))


def access_report(call: Call, given: Any) -> Target[()]:
    """The report on the part of an organization that EntityPath names."""
    arn = iam_arn(call.partition, call.account, f"access-report/{given['EntityPath']}")
    return Target(arn=arn, account=call.account, found=())


def _parse_iam_arn(call: Call, text: str) -> Arn:
    """The parts of the ARN. Raises Invalid for an ARN of another service or partition."""
    arn = parse_arn(text)
    if arn is None:
        raise Invalid(sentences.ARN_NOT_PARSED)
    if arn.service != "iam":
        raise Invalid(report_sentences.SERVICE_IN_ARN)
    if arn.partition != call.partition:
        raise Invalid(sentences.ARN_PARTITION)
    return arn


def _entity(call: Call, arn: Arn, unsupported: str) -> Target[Reported]:
    """The entity, which policies decide on; raises Refused (InvalidInput) for an ARN of another resource type."""
    kind, slash, name = arn.resource.partition("/")
    if kind not in _ENTITIES or not slash:
        raise Refused("InvalidInput", unsupported)
    if arn.account != call.account:
        denied = Denied(report_sentences.entity_of_others(call.caller.principal.arn, str(arn)))
        return Target(arn=str(arn), account=call.account, found=denied)
    found = call.view.of(_ENTITIES[kind]).named(name.rpartition("/")[2])
    if found is None:
        return Target(arn=str(arn), account=call.account, found=Missing(report_sentences.arn_missing(str(arn))))
    return Target(arn=found.arn, account=call.account, found=(found,), tags=found.tags)
