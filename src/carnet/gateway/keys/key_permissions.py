"""Whether callers may use the keys of AWS KMS that encrypt what their requests are about.

INVARIANT: nobody may use a key that is not known.
https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
"""

from __future__ import annotations

from functools import partial

from msgspec.structs import replace

from carnet.access.authorize import Decided
from carnet.gateway.call import Call
from carnet.gateway.checks.check import Asked, Check, Scope
from carnet.gateway.checks.check import Refused as NotMapped
from carnet.gateway.checks.enquiry import Enquiry
from carnet.gateway.checks.lookups import LookupFailed, resource_or_stand_in, stand_in
from carnet.gateway.checks.mapping import with_keys
from carnet.gateway.checks.naming import Named
from carnet.gateway.checks.resource_keys import decided_with_keys
from carnet.gateway.checks.services import kms
from carnet.gateway.deciding import Resolved
from carnet.gateway.failures import told_denial
from carnet.gateway.keys.aws_managed_keys import is_of_aws, of_aws
from carnet.gateway.keys.key_uses.by_action import uses_of
from carnet.gateway.keys.key_uses.use import KeyUse
from carnet.gateway.keys.known_keys import KnownKeys
from carnet.protocols.errors import WireError
from carnet.services.execution import Execution

_CODES = {"kinesis": "KMSAccessDeniedException", "sns": "KMSAccessDenied", "sqs": "KmsAccessDenied"}
"""The codes of services that have one for it; of others it is that of every denial."""
_UNTOLD = {"secretsmanager": "Access to KMS is not allowed"}
"""What is told instead of who may not do what.

https://repost.aws/knowledge-center/secrets-manager-cross-account-key
"""
_BEFORE = {"dynamodb": "KMS key access denied error: "}
"""What a service says before it.

https://github.com/aws/aws-cdk/issues/10010
"""
_NO_KEY = {
    "dynamodb": "ValidationException",
    "ec2": "ValidationError",
    "ecr": "KmsException",
    "kinesis": "KMSNotFoundException",
    "lambda": "InvalidParameterValueException",
    "secretsmanager": "EncryptionFailure",
    "sns": "KMSNotFound",
    "sqs": "KmsNotFound",
    "ssm": "InvalidKeyId",
}


async def allow_keys(
    execution: Execution, known: KnownKeys, call: Call, resolved: tuple[Resolved, ...], *, binds: bool
) -> None:
    """Decide whether the caller may use the keys; what is decided is the call's.

    Raises WireError for one that it may not use, if the decision `binds`, and for one that is not there; LookupFailed,
    and as `decided_with_keys`.
    """
    done: list[tuple[str, KeyUse]] = []
    for one in resolved:
        enquiry = Enquiry(call=call, account=one.account, service=call.operation.service.name)
        for use in await uses_of(enquiry, one, known):
            if (one.account, use) in done:
                continue
            done.append((one.account, use))
            made, is_missing = await _decide_use(execution, call, one, use)
            call.decided += made
            if not made[-1].decision.allowed and binds:
                raise _denial(call, made[-1])
            if is_missing:
                raise _no_key(call, use)


async def key_decided(execution: Execution, call: Call, one: Resolved, use: KeyUse) -> Decided:
    """Whether the caller may use a key so: the last that was decided.

    Raises WireError for a key that is not there, if it may be used; LookupFailed, and as `decided_with_keys`.
    """
    made, is_missing = await _decide_use(execution, call, one, use)
    if is_missing and made[-1].decision.allowed:
        raise _no_key(call, use)
    return made[-1]


async def _decide_use(execution: Execution, call: Call, one: Resolved, use: KeyUse) -> tuple[list[Decided], bool]:
    """Each permission up to the first that is denied, and whether there is no such key."""
    checks, missing = await _checks(call, one, use)
    made, _, absent = await decided_with_keys(execution, call, checks)
    return made, missing or absent is not None


def _denial(call: Call, decided: Decided) -> WireError:
    service = call.operation.service.name
    code, sentence = told_denial(service, decided)
    told = _UNTOLD.get(service, _BEFORE.get(service, "") + sentence)
    return WireError(_CODES.get(service, code), told, call.operation)


def _no_key(call: Call, use: KeyUse) -> WireError:
    return WireError(_NO_KEY[call.operation.service.name], f"The key {use.key[:2048]} is not found.", call.operation)


async def _checks(call: Call, one: Resolved, use: KeyUse) -> tuple[tuple[Resolved, ...], bool]:
    """A check for each action on the key, and whether there is no such key."""
    service, region = call.operation.service.name, call.caller.region
    owners = Scope(partition=one.resource.split(":")[1], region=region, account=one.account)
    try:
        named = kms.key(owners, use.key)
    except NotMapped:
        raise _no_key(call, use) from None
    arn, missing = await _arn(call, owners, named, use)
    asked = Asked(
        service=service,
        operation=call.operation.name,
        members={},
        scope=replace(owners, account=call.caller.principal.account),
    )
    keys = {
        "kms:ViaService": f"{service}.{region}.amazonaws.com",
        "kms:EncryptionContextKeys": tuple(use.context),
        **{f"kms:EncryptionContext:{name}": value for name, value in use.context.items()},
        **use.keys,
    }
    account = named.account or one.account
    checks = [
        with_keys(asked, Check(action=action, resource=named.resource, account=account, type=kms.KEY, keys=keys))
        for action in use.actions
    ]
    found = [Resolved(replace(one, unknown=one.unknown | use.unknown), arn, account) for one in checks]
    return tuple([of_aws(one, use.key) for one in found] if is_of_aws(use.key) else found), missing


async def _arn(call: Call, owners: Scope, named: Named, use: KeyUse) -> tuple[str, bool]:
    """The ARN of the key, and whether there is no such key: then of what stands in for it, so that whoever may not use
    it is told nothing else.

    An AWS managed key exists once it is used, and nobody names it by its id.
    """
    if isinstance(named.resource, str):
        return named.resource, False
    if is_of_aws(use.key):
        return stand_in(named.resource, owners), False
    upstream = call.exchanges.get("kms")
    if upstream is None:
        raise LookupFailed("no upstream tells which key the alias is of")
    ask = partial(upstream.look_up, asking=call.asking(named.account or owners.account))
    return await resource_or_stand_in(named.resource, owners, ask)
