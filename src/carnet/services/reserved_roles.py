"""The roles and the SAML providers that IAM Identity Center makes in accounts.

https://docs.aws.amazon.com/singlesignon/latest/userguide/using-service-linked-roles.html
https://docs.aws.amazon.com/singlesignon/latest/userguide/permissionsetsconcept.html
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from carnet.base.arns import iam_arn
from carnet.base.ids import ROLE, Ids
from carnet.entities.account import Account
from carnet.entities.identity_center_instance import Instance
from carnet.entities.permission_set import PermissionSet, PolicyReference
from carnet.entities.role import RESERVED_PATH, RESERVED_ROLE, Role
from carnet.entities.saml_provider import SamlProvider

_SSO_PATH = f"{RESERVED_PATH}sso.amazonaws.com/"
_WITHOUT_REGION = "us-east-1"
_INLINE = "AwsSSOInlinePolicy"
_SUFFIX_BYTES = 8
_SUFFIX_DIGITS = 2 * _SUFFIX_BYTES
_ANY_SUFFIX = "0" * _SUFFIX_DIGITS
_AUDIENCE = "https://signin.aws.amazon.com/saml"
_LONGEST_SESSION = 43_200


def new_role(ids: Ids, instance: Instance, account: Account, one: PermissionSet, now: datetime) -> Role:
    """A new role of a permission set in an account. Its name ends in random digits."""
    role = Role(
        id=ids.unique(ROLE),
        account=account.id,
        partition=account.partition,
        path=_path(instance),
        name=_name(one, ids.random(_SUFFIX_BYTES).hex()),
        trust=_trust(instance, account),
        max_session_seconds=_LONGEST_SESSION,
        created=now,
    )
    return renewed(role, one)


def renewed(role: Role, one: PermissionSet) -> Role:
    """The role, changed to what the permission set says now."""
    return replace(
        role,
        description=one.description,
        attached=tuple(policies_of(one, role.account)),
        inline={} if one.inline is None else {_INLINE: one.inline},
        boundary=boundary_of(one, role.account),
    )


def policies_of(one: PermissionSet, account: str) -> Iterator[str]:
    """The ARNs of the managed policies that the role has in an account."""
    yield from one.managed
    yield from (reference.arn(one.partition, account) for reference in one.customer)


def boundary_of(one: PermissionSet, account: str) -> str | None:
    """The ARN of the permissions boundary that the role has in an account."""
    boundary = one.boundary
    return boundary.arn(one.partition, account) if isinstance(boundary, PolicyReference) else boundary


def future_role_arn(instance: Instance, account: str, one: PermissionSet) -> str:
    """The ARN of a role that does not exist yet, without the random digits of its name."""
    return iam_arn(instance.partition, account, f"role{_path(instance)}{_name(one, _ANY_SUFFIX)}")


def new_provider(ids: Ids, instance: Instance, account: Account, now: datetime) -> SamlProvider:
    """The SAML provider that the roles of an account trust.

    INVARIANT: it has no certificate, so that AssumeRoleWithSAML accepts no assertion of it.
    """
    return SamlProvider(
        id=ids.saml(),
        account=account.id,
        partition=account.partition,
        name=provider_name(instance, account.id),
        created=now,
        document=_metadata(instance),
        certificates={},
    )


def provider_name(instance: Instance, account: str) -> str:
    """The provider's name. An instance has one provider in each account, which is found by this name."""
    digits = hashlib.sha256(f"{instance.id}/{account}".encode()).hexdigest()[:_SUFFIX_DIGITS]
    return f"AWSSSO_{digits}_DO_NOT_DELETE"


def provider_arn(instance: Instance, account: str) -> str:
    return iam_arn(instance.partition, account, f"{SamlProvider.resource_type}/{provider_name(instance, account)}")


def _path(instance: Instance) -> str:
    return _SSO_PATH if instance.region == _WITHOUT_REGION else f"{_SSO_PATH}{instance.region}/"


def _name(one: PermissionSet, suffix: str) -> str:
    return f"{RESERVED_ROLE}{one.name}_{suffix}"


def _trust(instance: Instance, account: Account) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": provider_arn(instance, account.id)},
        "Action": ["sts:AssumeRoleWithSAML", "sts:TagSession"],
        "Condition": {"StringEquals": {"SAML:aud": _AUDIENCE}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":"))


def _metadata(instance: Instance) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><md:EntityDescriptor '
        f'xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{instance.arn}"/>'
    )
