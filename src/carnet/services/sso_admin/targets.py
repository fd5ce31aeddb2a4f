"""What the operations of IAM Identity Center act on, for `on=` and `also=` of an operation.

An operation on a permission set asks for the permission on the set and on its instance, and one on an assignment on
the account, too: each of them must be allowed.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsiamidentitycenter.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from carnet.access.authorize import Check
from carnet.base.faults import Fault, Invalid
from carnet.entities.account_assignment import provisioned_id
from carnet.entities.permission_set import PermissionSet
from carnet.entities.provisioned_permission_set import ProvisionedPermissionSet
from carnet.services.operation import Also, Call, Names
from carnet.services.sso_admin import sentences
from carnet.services.sso_admin.callers import Held, Whence, administrator, held, whoever_sees_it
from carnet.services.sso_admin.service import sso_admin
from carnet.services.target import AnyTarget, Keys, Target


def instance_from(whence: Whence) -> Names[Held]:
    """The instance InstanceArn, for callers in the accounts of `whence`."""

    def target(call: Call, given: Any) -> Target[Held]:
        arn: str = given["InstanceArn"]
        found = held(call, arn, whence)
        if found is None:
            return Target(arn=arn, account=call.account, found=sentences.not_reached())
        return Target(arn=arn, account=call.account, found=(found,), tags=found.instance.tags)

    return target


instance = instance_from(administrator)


def organization_instance(call: Call, given: Any) -> Target[Held]:
    """The instance InstanceArn of an organization: account instances have no permission sets."""
    target = instance(call, given)
    if isinstance(target.found, Fault) or target.found[0].instance.organization is not None:
        return target
    return target.finding(Invalid(sentences.NO_ACCOUNT_INSTANCE))


def permission_set(call: Call, given: Any) -> Target[Held, PermissionSet]:
    """The permission set PermissionSetArn of the instance InstanceArn."""
    arn: str = given["PermissionSetArn"]
    of_instance = organization_instance(call, given)
    if isinstance(of_instance.found, Fault):
        return Target(arn=arn, account=call.account, found=of_instance.found)
    (holder,) = of_instance.found
    found = holder.view.of(PermissionSet).get(arn.rpartition("/")[2])
    if found is None or found.arn != arn or found.instance != holder.instance.id:
        missing = sentences.permission_set_missing(arn.rpartition("/")[2])
        return Target(arn=arn, account=call.account, found=missing)
    return Target(arn=arn, account=call.account, found=(holder, found), tags=found.tags)


def permission_set_to_change(call: Call, given: Any) -> Target[Held, PermissionSet]:
    """As `permission_set`, to change: no delegated administrator may if the management account has its role."""
    target = permission_set(call, given)
    if isinstance(target.found, Fault):
        return target
    holder, found = target.found
    in_management = provisioned_id(found.id, holder.instance.account)
    if holder.delegated and holder.view.of(ProvisionedPermissionSet).get(in_management) is not None:
        return target.finding(sentences.not_in_management())
    return target


def new_permission_set(call: Call, given: Any) -> Target[Held]:
    """The permission set to create, which has no id yet."""
    target = organization_instance(call, given)
    arn = given["InstanceArn"].replace(":instance/", ":permissionSet/", 1) + "/*"
    return Target(arn=arn, account=call.account, found=target.found)


def and_instance(operation: str) -> tuple[Also, ...]:
    """For `also=` of the operation of that name: the same permission on the instance InstanceArn."""

    def also(call: Call, given: Any, target: AnyTarget, keys: Keys) -> Iterator[Check]:
        yield instance(call, given).check(_action(operation), keys)

    return (also,)


def and_account(operation: str, member: str) -> tuple[Also, ...]:
    """For `also=` of the operation of that name: the same permission on the account whose id that member has.

    Without the member, on every account.
    """

    def also(call: Call, given: Any, target: AnyTarget, keys: Keys) -> Iterator[Check]:
        arn = f"arn:{call.partition}:sso:::account/{given.get(member, '*')}"
        yield Check(action=_action(operation), resource=arn, resource_account=call.account)

    return (also,)


def and_tags(call: Call, given: Any, target: AnyTarget, keys: Keys) -> Iterator[Check]:
    """For `also=` of a creation: with tags, it also needs the permission to tag what it creates.

    It sees the requested tags as those of the resource, too.
    """
    if given.get("Tags"):
        tags = {tag["Key"]: tag["Value"] for tag in given["Tags"]}
        yield replace(target, tags=tags).check(_action("TagResource"), keys)


def primary_region(call: Call, given: Any, target: AnyTarget) -> Keys:
    """For `context=`: sso:PrimaryRegion, the Region of the instance in the input."""
    found = held(call, given["InstanceArn"], whoever_sees_it)
    return {} if found is None else {"sso:PrimaryRegion": found.instance.region}


def own_region(call: Call, given: Any, target: AnyTarget) -> Keys:
    """For `context=`: sso:PrimaryRegion of an instance to create, which is the request's Region."""
    return {"sso:PrimaryRegion": call.caller.region}


def _action(operation: str) -> str:
    return f"{sso_admin.action_prefix}:{operation}"
