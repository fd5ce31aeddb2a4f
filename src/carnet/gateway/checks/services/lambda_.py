"""AWS Lambda: functions by name, partial ARN or ARN, each with a qualifier or without.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-api-permissions-ref.html
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from carnet.catalog.operations import ResourceRule
from carnet.gateway.checks.check import Asked, Check, Refused, Scope, invalid
from carnet.gateway.checks.hand import Filler, Hand, Rule, Unknown, constant, member
from carnet.gateway.checks.members import needed, structure, text, texts
from carnet.gateway.checks.naming import ARN, Named
from carnet.gateway.checks.services.s3_names import object_arn
from carnet.gateway.checks.table import from_table
from carnet.gateway.longest import MOST_ZIPPED
from carnet.policy.request import Value

FUNCTION, LAYER_VERSION = "function", "layerVersion"
_NAME, _QUALIFIER = r"[A-Za-z0-9_-]{1,140}", r"\$LATEST(?:\.PUBLISHED)?|[A-Za-z0-9_-]{1,128}"
_FUNCTION = re.compile(rf"({_NAME})(?::({_QUALIFIER}))?", re.ASCII)
_PARTIAL_ARN = re.compile(r"([0-9]{12}):function:(.+)", re.ASCII)
_ARN = re.compile(r"arn:([a-z-]+):lambda:([a-z0-9-]+):([0-9]{12}:function:.+)", re.ASCII)
_LAYER = re.compile(r"arn:([a-z-]+):lambda:([a-z0-9-]+):([0-9]{12}):layer:([A-Za-z0-9_-]{1,140})", re.ASCII)
_LAYER_VERSION = re.compile(_LAYER.pattern + r":([0-9]{1,18})", re.ASCII)
_LAYER_NAME = re.compile(_NAME, re.ASCII)
_OTHER_QUALIFIER = "The derived qualifier from the function name does not match the specified qualifier."


def function(scope: Scope, given: str, qualifier: str | None = None) -> Named:
    """The function that a name, a partial ARN (`123456789012:function:name`) or an ARN tells, with its qualifier.

    The qualifier is behind the name or in a member; if it is in both, they have to agree.
    """
    account, rest = _account_and_rest(scope, given)
    found = _FUNCTION.fullmatch(rest)
    # `function:name` is a partial ARN to AWS.
    if found is None or (found[1] == FUNCTION and found[2]):
        raise invalid(f"{given[:100]!r} is not the name of a function.")
    if qualifier is not None and not re.fullmatch(_QUALIFIER, qualifier, re.ASCII):
        raise invalid("Qualifier is not the name of a version or an alias.")
    if qualifier is not None and found[2] not in (None, qualifier):
        raise Refused("InvalidParameterValueException", _OTHER_QUALIFIER)
    arn = f"{ARN}{scope.partition}:lambda:{scope.region}:{account}:function:{found[1]}"
    last = qualifier or found[2]
    return Named(type=FUNCTION, resource=f"{arn}:{last}" if last else arn, account=account)


def _account_and_rest(scope: Scope, given: str) -> tuple[str, str]:
    if whole := _ARN.fullmatch(given):
        if (whole[1], whole[2]) != (scope.partition, scope.region):
            away = f"Functions from '{whole[2]}' are not reachable in this region ('{scope.region}')"
            raise Refused("ResourceNotFoundException", away)
        given = whole[3]
    partial = _PARTIAL_ARN.fullmatch(given)
    return (partial[1], partial[2]) if partial else (scope.account, given)


def _function_named(rule: ResourceRule, values: Mapping[str, str], scope: Scope) -> Named:
    return function(scope, values["FunctionName"])


def _on_qualified_function(action: str, resource_type: str = FUNCTION) -> Rule:
    """The function with its qualifier, as policies name a version or an alias.

    https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
    """

    def rule(asked: Asked) -> Iterator[Check]:
        named = function(asked.scope, needed(asked.members, "FunctionName"), text(asked.members, "Qualifier"))
        yield Check(action=f"lambda:{action}", resource=named.resource, account=named.account, type=resource_type)

    return rule


def layer_version(scope: Scope, given: str, number: object) -> Named:
    """A layer by name or ARN, and the number of its version. Raises Refused."""
    found = _LAYER.fullmatch(given)
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise invalid("VersionNumber is not a number.")
    if found is None and not _LAYER_NAME.fullmatch(given):
        raise invalid(f"{given[:100]!r} is not the name of a layer.")
    if found is None:
        given = f"{ARN}{scope.partition}:lambda:{scope.region}:{scope.account}:layer:{given}"
    elif (found[1], found[2]) != (scope.partition, scope.region):
        raise invalid("The layer is in another Region.")
    return Named(type=LAYER_VERSION, resource=f"{given}:{number}", account=given.split(":")[4])


def _on_layer_version(action: str) -> Rule:
    def rule(asked: Asked) -> Iterator[Check]:
        name, number = needed(asked.members, "LayerName"), asked.members.get("VersionNumber")
        named = layer_version(asked.scope, name, number)
        yield Check(action=f"lambda:{action}", resource=named.resource, account=named.account, type=LAYER_VERSION)

    return rule


def _code(asked: Asked) -> Iterator[Check]:
    """An object of Amazon S3 that holds the code is read in the name of the caller.

    Raises Refused for code that is longer than AWS Lambda takes in a request.
    https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-deployment.html
    """
    for given in (asked.members, structure(asked.members, "Code"), structure(asked.members, "Content")):
        code = given.get("ZipFile")
        if isinstance(code, bytes | bytearray) and len(code) > MOST_ZIPPED:
            raise Refused("InvalidParameterValueException", f"Zipped size must be smaller than {MOST_ZIPPED} bytes")
        if (bucket := text(given, "S3Bucket")) is not None:
            arn = object_arn(asked.scope.partition, bucket, needed(given, "S3Key"))
            version = text(given, "S3ObjectVersion")
            action, keys = ("s3:GetObjectVersion", {"s3:VersionId": version}) if version else ("s3:GetObject", {})
            yield Check(action=action, resource=arn, account=None, type="object", keys=keys)


def _with_code(asked: Asked) -> Iterator[Check]:
    code = tuple(_code(asked))
    yield from from_table(asked, HAND)
    yield from code


def _update_configuration(asked: Asked) -> Iterator[Check]:
    """A function that uses layers needs lambda:GetLayerVersion on each.

    https://docs.aws.amazon.com/lambda/latest/dg/permissions-user-function.html
    """
    yield from from_table(asked, HAND)
    for layer in texts(asked.members, "Layers"):
        found = _LAYER_VERSION.fullmatch(layer)
        if found is None or (found[1], found[2]) != (asked.scope.partition, asked.scope.region):
            raise invalid(f"{layer[:100]!r} is not the ARN of a version of a layer.")
        yield Check(action="lambda:GetLayerVersion", resource=layer, account=found[3], type=LAYER_VERSION)


def _create_function(asked: Asked) -> Iterator[Check]:
    """With tags lambda:TagResource, too."""
    code = tuple(_code(asked))
    checks = tuple(_update_configuration(asked))
    yield from (*checks, *code)
    if asked.members.get("Tags"):
        yield Check(action="lambda:TagResource", resource=checks[0].resource, account=checks[0].account, type=FUNCTION)


def _function_arn(asked: Asked, check: Check) -> Value | Unknown | None:
    """lambda:FunctionArn: of the function that an event source mapping or a URL is made for."""
    given = text(asked.members, "FunctionName")
    if check.type != FUNCTION and asked.operation != "CreateEventSourceMapping":
        return Unknown.UNKNOWN
    named = function(asked.scope, given) if given is not None else None
    return named.resource if named is not None and isinstance(named.resource, str) else None


def _of_vpc(name: str) -> Filler:
    return lambda asked, check: texts(structure(asked.members, "VpcConfig"), name) or None


def _auth_type(asked: Asked, check: Check) -> Value | None:
    return text(asked.members, "FunctionUrlAuthType") or text(asked.members, "AuthType")


def _layers(asked: Asked, check: Check) -> Value | None:
    return texts(asked.members, "Layers") or None


def _of_actions(actions: Collection[str], filler: Filler) -> Filler:
    """A key that the request tells in some actions; in others it is the resource's."""
    return lambda asked, check: filler(asked, check) if check.action in actions else Unknown.UNKNOWN


_WITH_QUALIFIER = (
    *("AddPermission", "CreateFunctionUrlConfig", "DeleteFunction", "DeleteFunctionEventInvokeConfig"),
    *("DeleteFunctionUrlConfig", "GetFunction", "GetFunctionConfiguration", "GetFunctionEventInvokeConfig"),
    *("GetFunctionScalingConfig", "GetFunctionUrlConfig", "GetPolicy", "GetRuntimeManagementConfig"),
    *("PutFunctionEventInvokeConfig", "PutFunctionScalingConfig", "PutRuntimeManagementConfig", "RemovePermission"),
    *("UpdateFunctionEventInvokeConfig", "UpdateFunctionUrlConfig"),
)
_ON_ALIAS = (
    *("DeleteProvisionedConcurrencyConfig", "GetProvisionedConcurrencyConfig", "PutProvisionedConcurrencyConfig"),
)
_ON_LAYER_VERSION = (
    *("AddLayerVersionPermission", "DeleteLayerVersion", "GetLayerVersion", "GetLayerVersionPolicy"),
    "RemoveLayerVersionPermission",
)
_URLS = ("lambda:AddPermission", "lambda:CreateFunctionUrlConfig", "lambda:UpdateFunctionUrlConfig")


def _vpc_ids(asked: Asked, check: Check) -> Unknown | None:
    """Those of the subnets, which a look-up tells (`resource_keys`)."""
    return Unknown.UNKNOWN if texts(structure(asked.members, "VpcConfig"), "SubnetIds") else None


HAND = Hand(
    operations={
        **{name: _on_qualified_function(name) for name in _WITH_QUALIFIER},
        **{name: _on_qualified_function(name, "function alias") for name in _ON_ALIAS},
        **{name: _on_layer_version(name) for name in _ON_LAYER_VERSION},
        "CreateFunction": _create_function,
        "Invoke": _on_qualified_function("InvokeFunction"),
        "InvokeWithResponseStream": _on_qualified_function("InvokeFunction"),
        "PublishLayerVersion": _with_code,
        "UpdateFunctionCode": _with_code,
        "UpdateFunctionConfiguration": _update_configuration,
    },
    names={FUNCTION: _function_named},
    keys={
        "lambda:CodeSigningConfigArn": member("CodeSigningConfigArn"),
        "lambda:EventSourceToken": constant(None),
        "lambda:FunctionArn": _function_arn,
        "lambda:FunctionUrlAuthType": _of_actions(_URLS, _auth_type),
        "lambda:InvokedViaFunctionUrl": constant("false"),
        "lambda:Layer": _layers,
        "lambda:Principal": _of_actions(("lambda:AddPermission",), member("Principal")),
        "lambda:SecurityGroupIds": _of_vpc("SecurityGroupIds"),
        "lambda:SubnetIds": _of_vpc("SubnetIds"),
        "lambda:VpcIds": _vpc_ids,
    },
)
