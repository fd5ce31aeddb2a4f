"""The keys of SecureString parameters of AWS Systems Manager: callers who put or get a value need them.

https://docs.aws.amazon.com/kms/latest/developerguide/services-parameter-store.html
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import Any

from carnet.gateway.checks.check import Members
from carnet.gateway.checks.enquiry import Enquiry
from carnet.gateway.checks.lookups import NotFound
from carnet.gateway.checks.members import structures, text, texts
from carnet.gateway.deciding import Resolved
from carnet.gateway.keys.aws_managed_keys import AWS_MANAGED
from carnet.gateway.keys.key_uses.use import DATA_KEY, DECRYPT, ENCRYPT, KeyUse
from carnet.gateway.keys.known_keys import KnownKeys

_OWN = f"{AWS_MANAGED}ssm"
_SECURE = "SecureString"
_PARAMETER = ":parameter/"
_MOST_STANDARD = 4_096
"""Bytes of a value of the standard tier."""


def _use(arn: str, key: str, *actions: str) -> KeyUse:
    return KeyUse(key=key, actions=actions, context={"PARAMETER_ARN": arn})


async def _get(enquiry: Enquiry, one: Resolved, known: KnownKeys) -> AsyncIterator[KeyUse]:
    """Of GetParameter and GetParameters; each version has the key that it was put with."""
    given = enquiry.call.given
    if given.get("WithDecryption") is not True:
        return
    named = [name for name in (text(given, "Name"), *texts(given, "Names")) if name]
    selectors = {
        selector for name in named for base, selector in [_split_selector(name)] if _is_named(one.resource, base)
    }
    if "" in selectors:
        async for told in _describe_parameters(enquiry, "Name", "Equals", _names(one.resource)):
            yield _use(one.resource, _key_of(told), DECRYPT)
    if selectors - {""}:
        async for told in _versions(enquiry, one):
            if selectors & {str(told.get("Version")), *texts(told, "Labels")}:
                yield _use(one.resource, _key_of(told), DECRYPT)


async def _history(enquiry: Enquiry, one: Resolved, known: KnownKeys) -> AsyncIterator[KeyUse]:
    if enquiry.call.given.get("WithDecryption") is True:
        async for told in _versions(enquiry, one):
            yield _use(one.resource, _key_of(told), DECRYPT)


async def _by_path(enquiry: Enquiry, one: Resolved, known: KnownKeys) -> AsyncIterator[KeyUse]:
    """The use of the key of every parameter below the path: only the upstream knows which of them a page has."""
    given = enquiry.call.given
    if given.get("WithDecryption") is not True:
        return
    option = "Recursive" if given.get("Recursive") is True else "OneLevel"
    root = one.resource.partition(_PARAMETER)[0] + _PARAMETER
    async for told in _describe_parameters(enquiry, "Path", option, (text(given, "Path") or "/",)):
        yield _use(root + (text(told, "Name") or "").removeprefix("/"), _key_of(told), DECRYPT)


async def _put(enquiry: Enquiry, one: Resolved, known: KnownKeys) -> AsyncIterator[KeyUse]:
    """A value is encrypted by the key itself; one of the advanced tier by a data key."""
    given = enquiry.call.given
    secure = text(given, "Type") == _SECURE or text(given, "KeyId") is not None
    if not secure and text(given, "Type") is None:
        secure = any([True async for _ in _describe_parameters(enquiry, "Name", "Equals", _names(one.resource))])
    if secure:
        yield _use(one.resource, text(given, "KeyId") or _OWN, DATA_KEY if _is_advanced(given) else ENCRYPT)


def _is_advanced(given: Members) -> bool:
    tier = text(given, "Tier")
    is_long = len((text(given, "Value") or "").encode()) > _MOST_STANDARD
    return tier == "Advanced" or (tier == "Intelligent-Tiering" and (is_long or bool(text(given, "Policies"))))


def _split_selector(name: str) -> tuple[str, str]:
    """A name or an ARN, and the version or label behind it."""
    before, arn, rest = name.rpartition(_PARAMETER)
    base, _, selector = rest.partition(":")
    return before + arn + base, selector


def _is_named(arn: str, base: str) -> bool:
    return base == arn or base.removeprefix("/") == arn.partition(_PARAMETER)[2]


def _names(arn: str) -> tuple[str, ...]:
    """The names that the ARN may be of: it does not tell the slash that one begins with."""
    rest = arn.partition(_PARAMETER)[2]
    return (f"/{rest}",) if "/" in rest else (f"/{rest}", rest)


async def _describe_parameters(
    enquiry: Enquiry, key: str, option: str, values: tuple[str, ...]
) -> AsyncIterator[Mapping[str, Any]]:
    given = {"ParameterFilters": [{"Key": key, "Option": option, "Values": list(values)}]}
    async for page in enquiry.pages("DescribeParameters", given, "NextToken", "NextToken"):
        for told in structures(page, "Parameters"):
            if text(told, "Type") == _SECURE:
                yield told


async def _versions(enquiry: Enquiry, one: Resolved) -> AsyncIterator[Mapping[str, Any]]:
    for name in _names(one.resource):
        pages = enquiry.pages("GetParameterHistory", {"Name": name}, "NextToken", "NextToken")
        with suppress(NotFound):
            async for page in pages:
                for told in structures(page, "Parameters"):
                    if text(told, "Type") == _SECURE:
                        yield told


def _key_of(told: Mapping[str, Any]) -> str:
    return text(told, "KeyId") or _OWN


USES = {
    "ssm:GetParameter": _get,
    "ssm:GetParameterHistory": _history,
    "ssm:GetParameters": _get,
    "ssm:GetParametersByPath": _by_path,
    "ssm:PutParameter": _put,
}
