"""The condition keys of a resource that only its upstream knows: tags, a key's aliases, a table's partition key.

INVARIANT: a look-up that fails does not count as an absent key, because a negated condition would match.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from carnet.access.authorize import Decided
from carnet.gateway.call import Call
from carnet.gateway.checks.check import Check, Refused
from carnet.gateway.checks.enquiry import Enquiry
from carnet.gateway.checks.key_schemas import key_schema
from carnet.gateway.checks.lookups import LookupFailed, NotFound, not_carried_out
from carnet.gateway.checks.mapping import service_of
from carnet.gateway.checks.members import structure, structures, texts
from carnet.gateway.checks.resource_tags import has_tagging, tags_of
from carnet.gateway.checks.services.dynamodb_keys import leading_keys
from carnet.gateway.checks.services.dynamodb_statements import UNORDERED, Scan, keys_by_schema
from carnet.gateway.deciding import NotKnown, Resolved, among, decide
from carnet.policy.patterns import ascii_lower
from carnet.policy.request import Value
from carnet.protocols.errors import WireError
from carnet.services.execution import Execution

_MOST_LOOKED_UP = 100
"""Resources of one request: as many as a transaction of DynamoDB has items."""
_WILD = re.compile(r"[*?]")
_MAKING = "Create"

_RE_ENCRYPTS, _ON_SAME_KEY = ("kms:ReEncryptFrom", "kms:ReEncryptTo"), "kms:ReEncryptOnSameKey"

Ask = Callable[[Enquiry, Resolved], Awaitable[Mapping[str, Value]]]
"""Asks an upstream. Raises NotFound, LookupFailed."""


class Source(Struct, frozen=True, kw_only=True):
    """Where the values of some condition keys come from."""

    keys: tuple[str, ...]
    """What the keys begin with, in lower case."""
    ask: Ask
    of_part: bool = False
    """Whether the values are another's for each part of a batch."""

    def tells(self, key: str) -> bool:
        return ascii_lower(key).startswith(self.keys)


async def decide_with_keys(
    execution: Execution, call: Call, resolved: tuple[Resolved, ...]
) -> tuple[tuple[Resolved, ...], NotFound | None]:
    """Decide, and look up what the decision depends on; `call.decided` is set at one revision of the directory.

    If a resource does not exist, also the answer of the upstream that says so: nothing may be sent then. Raises
    NotKnown, LookupFailed, and as `decide`.
    """
    made, resolved, missing = await decided_with_keys(execution, call, _with_same_key(resolved))
    call.decided_again(made)
    return resolved, missing


def _with_same_key(resolved: tuple[Resolved, ...]) -> tuple[Resolved, ...]:
    """With kms:ReEncryptOnSameKey, which both keys of ReEncrypt tell together.

    https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-reencrypt-on-same-key
    """
    keys = {one.resource for one in resolved if one.check.action in _RE_ENCRYPTS}
    if not keys:
        return resolved
    told = {_ON_SAME_KEY: str(len(keys) == 1).lower()}
    return tuple([one._replace(check=_with_request_keys(one.check, told)) for one in resolved])


def _with_request_keys(check: Check, told: Mapping[str, Value]) -> Check:
    return replace(check, keys={**check.keys, **told}, unknown=check.unknown.difference(told))


async def decided_with_keys(
    execution: Execution,
    call: Call,
    resolved: tuple[Resolved, ...],
) -> tuple[list[Decided], tuple[Resolved, ...], NotFound | None]:
    """What `decide` gives, once all is looked up that it depends on, with the checks as they are then. Raises as
    `decide_with_keys`."""
    missing: NotFound | None = None
    while True:
        try:
            made = await call.deciding(partial(_decide_all, execution, call, resolved))
        except NotKnown as unknown:
            resolved, none = await _fill_in(call, resolved, unknown)
            missing = missing or none
        else:
            return made, resolved, missing


def _decide_all(execution: Execution, call: Call, resolved: tuple[Resolved, ...]) -> list[Decided]:
    return decide(execution, execution.directory.snapshot, call.caller, call.arrived, resolved)


async def _fill_in(
    call: Call, resolved: tuple[Resolved, ...], unknown: NotKnown
) -> tuple[tuple[Resolved, ...], NotFound | None]:
    """The checks, with these keys filled in where they are unknown. Raises NotKnown if nothing tells them."""
    filled, missing = list(resolved), None
    told: dict[tuple[object, ...], Mapping[str, Value]] = {}
    for at, one in enumerate(resolved):
        is_unknown = among(one.check.unknown)
        wanted = [key for key in unknown.keys if is_unknown(key)]
        for source in _sources(one, wanted):
            which = (source.keys, one.resource, at if source.of_part else None)
            if which not in told:
                if len(told) >= _MOST_LOOKED_UP:
                    raise unknown
                try:
                    told[which] = await _ask_source(call, source, one, unknown)
                except NotFound as none:
                    told[which] = {}
                    if not call.operation.name.startswith(_MAKING):
                        missing = missing or none
            filled[at] = _with_told_keys(filled[at], source, told[which])
    if filled == list(resolved):
        raise unknown
    return tuple(filled), missing


def _sources(one: Resolved, wanted: list[str]) -> list[Source]:
    sources = sources_of(one.check.action.partition(":")[0])
    return [source for source in sources if any(map(source.tells, wanted))]


def sources_of(prefix: str) -> tuple[Source, ...]:
    """The sources of condition keys for actions with that prefix."""
    return (*_SOURCES.get(prefix, ()), *([_tags(prefix)] if has_tagging(prefix) else ()))


async def _ask_source(call: Call, source: Source, one: Resolved, unknown: NotKnown) -> Mapping[str, Value]:
    if _WILD.search(one.resource):
        if call.operation.name.startswith(_MAKING):
            return {}  # A resource that does not exist yet has no tags.
        raise unknown
    service = service_of(one.check.action)
    if service not in call.exchanges:
        raise unknown
    return await source.ask(Enquiry(call=call, account=one.account, service=service), one)


def _with_told_keys(one: Resolved, source: Source, told: Mapping[str, Value]) -> Resolved:
    unknown = frozenset(key for key in one.check.unknown if not source.tells(key))
    return one._replace(check=replace(one.check, unknown=unknown), keys={**one.keys, **told})


# Which source tells which keys


def _tags(prefix: str) -> Source:
    """aws:ResourceTag/key, and the same key of a service's own."""

    async def ask(enquiry: Enquiry, one: Resolved) -> Mapping[str, Value]:
        tags = await tags_of(prefix, one.resource, enquiry)
        return {f"{name}:ResourceTag/{key}": value for name in ("aws", prefix) for key, value in tags.items()}

    return Source(keys=("aws:resourcetag/", f"{prefix}:resourcetag/"), ask=ask)


async def _aliases(enquiry: Enquiry, one: Resolved) -> Mapping[str, Value]:
    """https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-resource-aliases"""
    names: list[str] = []
    async for page in enquiry.pages("ListAliases", {"KeyId": one.resource}, "NextMarker", "Marker"):
        names += [str(alias.get("AliasName", "")) for alias in page.get("Aliases", ())]
    return {"kms:ResourceAliases": tuple(names)} if names else {}


_OF_KEYS: Mapping[str, str] = {
    "kms:KeyOrigin": "Origin",
    "kms:KeySpec": "KeySpec",
    "kms:KeyUsage": "KeyUsage",
    "kms:MultiRegion": "MultiRegion",
}


async def _key(enquiry: Enquiry, one: Resolved) -> Mapping[str, Value]:
    """The facts of AWS KMS about a key itself."""
    told = await enquiry.members("DescribeKey", {"KeyId": one.resource})
    metadata = told.get("KeyMetadata")
    if not isinstance(metadata, Mapping):
        raise LookupFailed("the upstream does not describe the key")
    found: dict[str, Value] = {key: _value_text(metadata[name]) for key, name in _OF_KEYS.items() if name in metadata}
    if len(found) < len(_OF_KEYS):
        raise LookupFailed("the upstream does not say all of the key")
    kind = metadata.get("MultiRegionConfiguration", {}).get("MultiRegionKeyType")
    return found | ({"kms:MultiRegionKeyType": str(kind)} if kind else {})


def _value_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


_OF_ITEMS = (
    *("dynamodb:BatchGetItem", "dynamodb:BatchWriteItem", "dynamodb:ConditionCheckItem", "dynamodb:DeleteItem"),
    *("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"),
)
_STATEMENT, _OF_STATEMENTS = "dynamodb:PartiQL", ("dynamodb:FullTableScan", "dynamodb:LeadingKeys")


async def _leading_keys(enquiry: Enquiry, one: Resolved) -> Mapping[str, Value]:
    """dynamodb:LeadingKeys, of the attribute that is the partition key of the table or the index.

    For a statement, also dynamodb:FullTableScan, which depends on the same schema.
    """
    is_statement = one.check.action.startswith(_STATEMENT)
    if one.check.action not in _OF_ITEMS and not is_statement:
        raise NotKnown(one.check, ("dynamodb:LeadingKeys",))
    call = enquiry.call
    part = one.check.part or call.given
    schema = await key_schema(enquiry, one.resource)
    try:
        if is_statement:
            return _of_statement(one.check, keys_by_schema(part, schema))
        values = leading_keys(part, schema.partition)
    except Refused as refused:
        raise WireError(refused.refusal.code, refused.refusal.message, call.operation) from None
    if values is None:
        raise WireError("ValidationException", "The request does not tell its items by their keys.", call.operation)
    return {"dynamodb:LeadingKeys": values}


def _of_statement(check: Check, told: Mapping[str, Value] | Scan | None) -> Mapping[str, Value]:
    """INVARIANT: a scan that DynamoDB refuses is not sent, for it has neither key that a Deny may be on."""
    if told is None:
        raise NotKnown(check, _OF_STATEMENTS)
    if told is Scan.ORDERED:
        raise not_carried_out("com.amazon.coral.validate#ValidationException", UNORDERED, version="1.0")
    return {"dynamodb:FullTableScan": "true"} if told is Scan.WHOLE else told


_OF_SECRETS: Mapping[str, str] = {
    "secretsmanager:SecretPrimaryRegion": "PrimaryRegion",
    "secretsmanager:resource/AllowRotationLambdaArn": "RotationLambdaARN",
    "secretsmanager:resource/Type": "Type",
}


async def _secret_keys(enquiry: Enquiry, one: Resolved) -> Mapping[str, Value]:
    """What Secrets Manager says of a secret itself; what it does not say, the secret does not have."""
    told = await enquiry.members("DescribeSecret", {"SecretId": one.resource})
    return {key: value for key, name in _OF_SECRETS.items() if isinstance(value := told.get(name), str) and value}


async def _vpc_ids(enquiry: Enquiry, one: Resolved) -> Mapping[str, Value]:
    """lambda:VpcIds: those of the subnets that a function is to be in.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#vpc-conditions
    """
    call = enquiry.call
    if _SUBNETS not in call.exchanges:
        raise NotKnown(one.check, ("lambda:VpcIds",))
    wanted = texts(structure(call.given, "VpcConfig"), "SubnetIds")
    of_subnets = Enquiry(call=call, account=one.account, service=_SUBNETS)
    try:
        told = await of_subnets.members("DescribeSubnets", {"SubnetIds": list(wanted)})
    except NotFound:
        raise LookupFailed("the upstream does not tell the subnets") from None
    found = {str(subnet.get("SubnetId")): str(subnet.get("VpcId") or "") for subnet in structures(told, "Subnets")}
    if found.keys() != set(wanted) or not all(found.values()):
        raise LookupFailed("the upstream does not tell the subnets")
    return {"lambda:VpcIds": tuple(dict.fromkeys(found.values()))}


_SUBNETS = "ec2"


_SOURCES: Mapping[str, tuple[Source, ...]] = {
    "dynamodb": (Source(keys=tuple(map(ascii_lower, _OF_STATEMENTS)), ask=_leading_keys, of_part=True),),
    "kms": (
        Source(keys=("kms:resourcealiases",), ask=_aliases),
        Source(keys=(*(ascii_lower(key) for key in _OF_KEYS), "kms:multiregionkeytype"), ask=_key),
    ),
    "lambda": (Source(keys=("lambda:vpcids",), ask=_vpc_ids),),
    "secretsmanager": (Source(keys=tuple(map(ascii_lower, _OF_SECRETS)), ask=_secret_keys),),
}
"""By the prefixes of actions."""
