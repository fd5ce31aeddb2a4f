"""The resources that IAM's operations act on, for `on=` of an operation.

What exists is matched by its ARN, with its path, and brings its tags; what does not by the ARN that it would have at
the path `/`. A denial shows the name as the caller gave it, so that nobody learns from it what exists and where.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
"""

from __future__ import annotations

from typing import Any, TypeVar

from msgspec.structs import replace

from carnet.base.arns import iam_arn
from carnet.directory.named import Named
from carnet.entities.access_key import AccessKey
from carnet.entities.entity import Entity
from carnet.entities.group import Group
from carnet.entities.instance_profile import InstanceProfile
from carnet.entities.managed_policy import AWS_ACCOUNT, ManagedPolicy
from carnet.entities.role import Role
from carnet.entities.user import User
from carnet.services.iam.calling_user import calling_user
from carnet.services.iam.policy_arns import parse_policy_arn
from carnet.services.operation import Call, Target

E = TypeVar("E", bound=Entity)


def account_wide(call: Call, given: Any) -> Target:
    """For an action without a resource type: only a policy for `*` allows it."""
    return Target(arn="*", account=call.account)


def user(call: Call, given: Any) -> Target:
    """The user called UserName."""
    return _named(call, call.view.of(User), User.resource_type, given["UserName"])


def user_or_caller(call: Call, given: Any) -> Target:
    """The user called UserName; without one the caller, who is then a user or root. Raises Invalid for a session."""
    if "UserName" in given:
        return user(call, given)
    caller = calling_user(call)
    if not isinstance(caller, User):
        return Target(arn=caller.root_arn, account=call.account)
    return _existing(caller, shown=_shown(User.resource_type, caller.name))


def all_users(call: Call, given: Any) -> Target:
    """Every user of the account."""
    return _at_path(call, User.resource_type, "/", "*")


def access_key_holder(call: Call, given: Any) -> Target:
    """The user, or root, who holds the key AccessKeyId; for a key that the account does not have, nobody."""
    key_id: str = given["AccessKeyId"]
    shown = f"access key {key_id}"
    key = call.view.of(AccessKey).get(key_id)
    if key is not None and key.of_root:
        return Target(arn=call.view.account.root_arn, account=call.account, shown=shown)
    holder = call.view.of(User).get(key.owner) if key is not None else None
    return _existing(holder, shown=shown) if holder is not None else Target(arn="*", account=call.account, shown=shown)


def group(call: Call, given: Any) -> Target:
    """The group called GroupName."""
    return _named(call, call.view.of(Group), Group.resource_type, given["GroupName"])


def role(call: Call, given: Any) -> Target:
    """The role called RoleName."""
    return _named(call, call.view.of(Role), Role.resource_type, given["RoleName"])


def instance_profile(call: Call, given: Any) -> Target:
    """The instance profile called InstanceProfileName."""
    return _named(call, call.view.of(InstanceProfile), InstanceProfile.resource_type, given["InstanceProfileName"])


def policy(call: Call, given: Any) -> Target:
    """The managed policy PolicyArn, to read: the account's own or AWS's. Raises Invalid for what is no policy ARN."""
    target = policy_to_change(call, given)
    return replace(target, account=call.account) if target.account == AWS_ACCOUNT else target


def policy_to_change(call: Call, given: Any) -> Target:
    """The managed policy PolicyArn, to change: AWS's belong to another account, which no identity policy reaches."""
    text: str = given["PolicyArn"]
    arn = parse_policy_arn(text)
    found, shown = call.view.policy(text), _shown(ManagedPolicy.resource_type, text)
    return _existing(found, shown=shown) if found is not None else Target(arn=text, account=arn.account, shown=shown)


def new_user(call: Call, given: Any) -> Target:
    """The user to create."""
    return _at_path(call, User.resource_type, given.get("Path", "/"), given["UserName"])


def new_group(call: Call, given: Any) -> Target:
    """The group to create."""
    return _at_path(call, Group.resource_type, given.get("Path", "/"), given["GroupName"])


def new_role(call: Call, given: Any) -> Target:
    """The role to create."""
    return _at_path(call, Role.resource_type, given.get("Path", "/"), given["RoleName"])


def new_policy(call: Call, given: Any) -> Target:
    """The customer-managed policy to create."""
    name: str = given["PolicyName"]
    target = _at_path(call, ManagedPolicy.resource_type, given.get("Path", "/"), name)
    return replace(target, shown=_shown(ManagedPolicy.resource_type, name))


def new_instance_profile(call: Call, given: Any) -> Target:
    """The instance profile to create."""
    return _at_path(call, InstanceProfile.resource_type, given.get("Path", "/"), given["InstanceProfileName"])


def list_users(call: Call, given: Any) -> Target:
    """All users below PathPrefix."""
    return _below(call, User.resource_type, given)


def list_groups(call: Call, given: Any) -> Target:
    """All groups below PathPrefix."""
    return _below(call, Group.resource_type, given)


def list_roles(call: Call, given: Any) -> Target:
    """All roles below PathPrefix."""
    return _below(call, Role.resource_type, given)


def list_instance_profiles(call: Call, given: Any) -> Target:
    """All instance profiles below PathPrefix."""
    return _below(call, InstanceProfile.resource_type, given)


def list_policies(call: Call, given: Any) -> Target:
    """All managed policies, which is an action without a resource type."""
    return Target(arn="*", account=call.account, shown=f"policy path {given.get('PathPrefix', '/')}")


def _existing(entity: Entity, *, shown: str) -> Target:
    return Target(arn=entity.arn, account=entity.account, tags=entity.tags, shown=shown)


def _named(call: Call, entities: Named[E], resource_type: str, name: str) -> Target:
    entity, shown = entities.named(name), _shown(resource_type, name)
    if entity is None:
        return replace(_at_path(call, resource_type, "/", name), shown=shown)
    return _existing(entity, shown=shown)


def _shown(resource_type: str, name: str) -> str:
    """How AWS names, in a denial, what the caller named without its path: `instance profile web`."""
    return f"{resource_type.replace('-', ' ')} {name}"


def _at_path(call: Call, resource_type: str, path: str, name: str) -> Target:
    return Target(arn=iam_arn(call.partition, call.account, f"{resource_type}{path}{name}"), account=call.account)


def _below(call: Call, resource_type: str, given: Any) -> Target:
    prefix = given.get("PathPrefix", "/")
    return Target(arn=iam_arn(call.partition, call.account, f"{resource_type}{prefix}"), account=call.account)
