"""AWS Secrets Manager: secrets by name or ARN, whose last six characters only a look-up shows.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from carnet.catalog.operations import ResourceRule
from carnet.gateway.checks.check import Asked, Check, Refused, Scope, Sought, SoughtBy, invalid, not_decided
from carnet.gateway.checks.hand import Filler, Hand, flag, member, untold
from carnet.gateway.checks.members import needed, structures, text, texts
from carnet.gateway.checks.naming import ARN, Named
from carnet.gateway.checks.services.lambda_ import function
from carnet.gateway.checks.table import from_table
from carnet.policy.request import Value

SECRET = "Secret"  # noqa: S105 - a resource type
_NAME = re.compile(r"[A-Za-z0-9/_+=.@!-]{1,512}", re.ASCII)
_SECRET_ARN = re.compile(
    r"arn:([a-z-]+):secretsmanager:([a-z0-9-]+):([0-9]{12}):secret:([A-Za-z0-9/_+=.@!-]{1,519})", re.ASCII
)
_NO_NAME = "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!"
_SHORTEST_WINDOW, _LONGEST_WINDOW = 7, 30
PUT_POLICY = "secretsmanager:PutResourcePolicy"
_SECRET_ID = "secretsmanager:SecretId"  # noqa: S105 - a condition key
_NEW = "-??????"
"""Of a secret to be made the characters are not known: AWS matches policies with as many question marks."""


def secret(scope: Scope, given: str) -> Named:
    """The secret that a name, an ARN or an ARN without its last characters names. All three are looked up.

    Denials name it as the request does, as recorded from AWS.
    """
    name = given if _NAME.fullmatch(given) else ""
    arn = _arn(scope, name) if name else given
    found = _SECRET_ARN.fullmatch(arn)
    if found is None:
        raise invalid(_NO_NAME)
    if (found[1], found[2]) != (scope.partition, scope.region):
        raise invalid("Invalid SecretId.")
    sought = Sought(by=SoughtBy.SECRET, text=arn, name=name)
    return Named(type=SECRET, resource=sought, account=found[3], shown=given)


def _arn(scope: Scope, name: str) -> str:
    return f"{ARN}{scope.partition}:secretsmanager:{scope.region}:{scope.account}:secret:{name}"


def primary_of(arn: str, described: Mapping[str, Any]) -> str | None:
    """The secret that another is a replica of, and whose policy it has; None for one that is no replica.

    https://docs.aws.amazon.com/secretsmanager/latest/userguide/replicate-secrets.html
    """
    beginning, _, rest = arn.partition(":secretsmanager:")
    region, _, of_account = rest.partition(":")
    primary = described.get("PrimaryRegion") or region
    return None if primary == region else f"{beginning}:secretsmanager:{primary}:{of_account}"


def found_secret(check: Check, arn: str) -> Check:
    """A check whose secret is known: `secretsmanager:SecretId` is the ARN, whatever the request names the secret by."""
    return replace(check, keys={**check.keys, _SECRET_ID: arn}) if _SECRET_ID in check.keys else check


def _secret_named(rule: ResourceRule, values: Mapping[str, str], scope: Scope) -> Named:
    return secret(scope, next(iter(values.values())))


def _create_secret(asked: Asked) -> Iterator[Check]:
    """With tags and replicas the permissions for these, too.

    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
    """
    name = needed(asked.members, "Name")
    if not _NAME.fullmatch(name):
        raise invalid(_NO_NAME)
    arn = _arn(asked.scope, name) + _NEW
    actions = ["CreateSecret"]
    actions += ["TagResource"] if asked.members.get("Tags") else []
    actions += ["ReplicateSecretToRegions"] if asked.members.get("AddReplicaRegions") else []
    on_new = Check(action="", resource=arn, account=asked.scope.account, type=SECRET, shown=name)
    yield from (replace(on_new, action=f"secretsmanager:{action}") for action in actions)


def _delete_secret(asked: Asked) -> Iterator[Check]:
    """https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html"""
    window = asked.members.get("RecoveryWindowInDays")
    if isinstance(window, int) and not _SHORTEST_WINDOW <= window <= _LONGEST_WINDOW:
        told = f"between {_SHORTEST_WINDOW} and {_LONGEST_WINDOW} days (inclusive)"
        raise Refused("InvalidParameterException", f"The RecoveryWindowInDays value must be {told}.")
    if window is not None and asked.members.get("ForceDeleteWithoutRecovery") is True:
        told = "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays."
        raise Refused("InvalidParameterException", told)
    yield from from_table(asked, HAND)


def _promote(asked: Asked) -> Iterator[Check]:
    """What was a replica would keep the policy that it had from its primary."""
    raise not_decided(asked, "the policy of the primary secret is not kept for what was its replica")


def _rotate(asked: Asked) -> Iterator[Check]:
    """A function that is given is invoked: lambda:InvokeFunction, too.

    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html
    """
    yield from from_table(asked, HAND)
    if (arn := text(asked.members, "RotationLambdaARN")) is not None:
        named = function(asked.scope, arn)
        yield Check(action="lambda:InvokeFunction", resource=named.resource, account=named.account, type=named.type)


def _batch_get(asked: Asked) -> Iterator[Check]:
    """Secrets that are listed by their names or ARNs: each needs GetSecretValue.

    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_BatchGetSecretValue.html
    """
    yield untold(asked, "secretsmanager:BatchGetSecretValue")
    names = texts(asked.members, "SecretIdList")
    if not names or asked.members.get("Filters"):
        raise not_decided(asked, "which secrets Filters finds is not known")
    for name in names:
        named = secret(asked.scope, name)
        keys: dict[str, Value] = {_SECRET_ID: name}
        yield Check(
            action="secretsmanager:GetSecretValue",
            resource=named.resource,
            account=named.account,
            type=SECRET,
            keys=keys,
            shown=named.shown,
        )


def _validate_policy(asked: Asked) -> Iterator[Check]:
    """Of a secret, or of none: the policy that could be put is told about.

    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ValidateResourcePolicy.html
    """
    for action in (f"secretsmanager:{asked.operation}", PUT_POLICY):
        if text(asked.members, "SecretId") is None:
            yield untold(asked, action)
        else:
            yield from (replace(one, action=action) for one in from_table(asked, HAND))


def _replica_regions(asked: Asked, check: Check) -> Value | None:
    return tuple(needed(region, "Region") for region in structures(asked.members, "AddReplicaRegions")) or None


def _key_arn(asked: Asked, check: Check) -> Value | None:
    """The ARN of the key if the request gives it so; a name of a key is in `KmsKeyId` alone."""
    given = text(asked.members, "KmsKeyId")
    return given if given is not None and given.startswith(ARN) else None


def _changes_rules(asked: Asked, check: Check) -> Value | None:
    return "true" if asked.members.get("RotationRules") else "false"


def _or_default(name: str, default: str) -> Filler:
    filler = member(name)
    return lambda asked, check: filler(asked, check) or default


HAND = Hand(
    operations={
        "BatchGetSecretValue": _batch_get,
        "CreateSecret": _create_secret,
        "DeleteSecret": _delete_secret,
        "RotateSecret": _rotate,
        "StopReplicationToReplica": _promote,
        "ValidateResourcePolicy": _validate_policy,
    },
    names={SECRET: _secret_named},
    keys={
        "secretsmanager:AddReplicaRegions": _replica_regions,
        "secretsmanager:BlockPublicPolicy": flag("BlockPublicPolicy"),
        "secretsmanager:Description": member("Description"),
        "secretsmanager:ExternalSecretRotationRoleArn": member("ExternalSecretRotationRoleArn"),
        "secretsmanager:ForceDeleteWithoutRecovery": flag("ForceDeleteWithoutRecovery"),
        "secretsmanager:ForceOverwriteReplicaSecret": flag("ForceOverwriteReplicaSecret"),
        "secretsmanager:KmsKeyArn": _key_arn,
        "secretsmanager:KmsKeyId": member("KmsKeyId"),
        "secretsmanager:ModifyRotationRules": _changes_rules,
        "secretsmanager:Name": member("Name"),
        "secretsmanager:RecoveryWindowInDays": member("RecoveryWindowInDays"),
        "secretsmanager:RotateImmediately": _or_default("RotateImmediately", "true"),
        "secretsmanager:RotationLambdaARN": member("RotationLambdaARN"),
        _SECRET_ID: member("SecretId"),
        "secretsmanager:Type": member("Type"),
        "secretsmanager:VersionId": member("VersionId"),
        "secretsmanager:VersionStage": member("VersionStage"),
    },
    on_nothing=untold,
)
