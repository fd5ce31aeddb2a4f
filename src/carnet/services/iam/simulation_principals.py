"""The principals of a simulation: PolicySourceArn, CallerArn and ResourceOwner.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from msgspec.structs import replace

from carnet.base.arns import ACCOUNT_ID, Arn, iam_arn, parse_arn
from carnet.directory.account_view import AccountView
from carnet.entities.group import Group
from carnet.entities.role import Role
from carnet.entities.user import User
from carnet.identity.principals import organization_keys
from carnet.policy.case_principal import derived_keys, read_principal
from carnet.policy.request import Principal, PrincipalKind, Value
from carnet.services.iam import simulation_sentences as sentences
from carnet.services.iam import targets
from carnet.services.iam.sentences import ARN_PARTITION
from carnet.services.iam.simulation_sentences import invalid_input
from carnet.services.operation import Call
from carnet.services.target import Target

Entity = User | Group | Role

_NOBODY = "STUB_PRINCIPAL_FOR_POLICY_SIMULATOR"
"""aws:userid without a CallerArn."""


class SimulatedCaller(NamedTuple):
    """A principal, and the condition keys that each request by it has."""

    principal: Principal
    keys: Mapping[str, Value]
    user_id: str = ""
    """aws:userid of a caller who has no id, as recorded from AWS."""


def policy_source(call: Call, given: Any) -> Target[Entity]:
    """The user, group or role PolicySourceArn, found by its name. Raises Refused (InvalidInput) for another ARN."""
    text: str = given["PolicySourceArn"]
    arn = _iam_entity(text)
    if arn is None:
        raise invalid_input(sentences.entity_unclear(text))
    if arn.account != call.account:
        raise invalid_input(sentences.foreign_policies(call.account, arn.account))
    if arn.partition != call.partition:
        raise invalid_input(ARN_PARTITION)
    kind, name = _kind_and_name(arn)
    if kind == "user":
        return _any_kind(targets.user(call, {"UserName": name}))
    if kind == "group":
        return _any_kind(targets.group(call, {"GroupName": name}))
    return _any_kind(targets.role(call, {"RoleName": name}))


def caller_of(call: Call, entity: Entity) -> SimulatedCaller:
    """The caller that a user or role is; nobody calls as a group, and yet AWS simulates it.

    Raises Unavailable if the organization of its account cannot be read.
    """
    keys: dict[str, Value] = {f"aws:PrincipalTag/{key}": value for key, value in _tags(entity).items()}
    keys |= organization_keys(call.snapshot.org_path_of(entity.account))
    if isinstance(entity, Group):
        group = _group(entity.arn, entity.account)
        return group._replace(keys={**group.keys, **keys})
    principal = read_principal(entity.arn, "CallerArn")
    if isinstance(entity, User):
        principal = replace(principal, id=entity.id)
    else:
        principal = replace(principal, role_id=entity.id, service_linked=entity.linked_service is not None)
    return SimulatedCaller(principal, {**derived_keys(principal), **keys})


def caller_named(call: Call, text: str) -> SimulatedCaller:
    """The caller CallerArn, which need not exist. Raises Refused (InvalidInput) unless it is the ARN of a user, group
    or role."""
    arn = _iam_entity(text)
    if arn is None:
        raise invalid_input(sentences.NO_IAM_CALLER)
    entity = _find_entity(call.view, arn)
    if entity is not None and entity.arn == text:
        return caller_of(call, entity)
    if _kind_and_name(arn)[0] == "group":
        return _group(text, arn.account)._replace(user_id=text)
    principal = read_principal(text, "CallerArn")
    return SimulatedCaller(principal, derived_keys(principal), user_id=text)


def nobody_in_particular(view: AccountView) -> SimulatedCaller:
    """A caller in the account of which nothing else is known."""
    account = view.account
    # No user can have this ARN, since no name contains a colon.
    arn = iam_arn(account.partition, account.id, "user/:")
    principal = Principal(kind=PrincipalKind.USER, arn=arn, account=account.id)
    return SimulatedCaller(principal, {"aws:PrincipalAccount": account.id}, user_id=_NOBODY)


def owner_account(text: str) -> str:
    """The account in ResourceOwner, which may be any ARN of IAM. Raises Refused (InvalidInput)."""
    arn = parse_arn(text)
    if arn is None or arn.service != "iam" or not ACCOUNT_ID.fullmatch(arn.account):
        raise invalid_input(sentences.owner_invalid(text))
    return arn.account


def _iam_entity(text: str) -> Arn | None:
    arn = parse_arn(text)
    if arn is None or arn.service != "iam" or arn.region or not ACCOUNT_ID.fullmatch(arn.account):
        return None
    kind, name = _kind_and_name(arn)
    return arn if kind in ("user", "group", "role") and name else None


def _kind_and_name(arn: Arn) -> tuple[str, str]:
    return arn.resource.partition("/")[0], arn.resource.rpartition("/")[2]


def _find_entity(view: AccountView, arn: Arn) -> Entity | None:
    if arn.account != view.account.id:
        return None
    kind, name = _kind_and_name(arn)
    if kind == "user":
        return view.of(User).named(name)
    return view.of(Group).named(name) if kind == "group" else view.of(Role).named(name)


def _group(arn: str, account: str) -> SimulatedCaller:
    principal = Principal(kind=PrincipalKind.USER, arn=arn, account=account)
    keys = derived_keys(principal)
    del keys["aws:username"]
    return SimulatedCaller(principal, keys)


def _tags(entity: Entity) -> Mapping[str, str]:
    return {} if isinstance(entity, Group) else entity.tags


def _any_kind(target: Target[Any]) -> Target[Entity]:
    return target.finding(target.found)
