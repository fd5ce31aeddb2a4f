"""The targets of the operations on MFA devices, for `on=`: a device, or its holder.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
"""

from __future__ import annotations

from typing import Any

from carnet.base.arns import iam_arn, parse_arn
from carnet.base.faults import Missing
from carnet.entities.account import Account
from carnet.entities.mfa_device import MfaDevice
from carnet.entities.user import User
from carnet.policy.request import PrincipalKind
from carnet.services.iam import mfa_sentences, targets
from carnet.services.operation import Call
from carnet.services.target import Target

ROOT_NAME = "root"
"""The UserName by which the root user names itself, and nobody else names it. A user of that name comes first."""


def holder(call: Call, given: Any) -> Target[User | Account]:
    """The user called UserName, or the calling root user, which names itself ROOT_NAME; without a name the caller."""
    by_root = call.caller.principal.kind is PrincipalKind.ROOT
    if by_root and given.get("UserName") == ROOT_NAME and call.view.of(User).named(ROOT_NAME) is None:
        return Target(arn=call.view.account.root_arn, account=call.account, found=(call.view.account,))
    return targets.user_or_caller(call, given)


def new_device(call: Call, given: Any) -> Target[()]:
    """The virtual MFA device to create."""
    resource = f"{MfaDevice.resource_type}{given.get('Path', '/')}{given['VirtualMFADeviceName']}"
    return Target(arn=iam_arn(call.partition, call.account, resource), account=call.account, found=())


def device(call: Call, given: Any) -> Target[MfaDevice]:
    """The device of that SerialNumber. A device of another account belongs to that account, which no identity policy
    reaches."""
    serial: str = given["SerialNumber"]
    found = call.view.mfa_device(serial)
    if found is not None:
        return Target(arn=found.arn, account=call.account, found=(found,), tags=found.tags, shown=serial)
    missing = Missing(mfa_sentences.virtual_mfa_device_missing(serial))
    arn = parse_arn(serial)
    if arn is not None and arn.account and arn.service == "iam":
        return Target(arn=serial, account=arn.account, found=missing, shown=serial)
    named = iam_arn(call.partition, call.account, f"{MfaDevice.resource_type}/{serial}")
    return Target(arn=named, account=call.account, found=missing, shown=serial)
