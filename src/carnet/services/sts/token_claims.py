"""Reads the claims of a web identity token: condition keys, session tags, the source identity.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_adding-assume-role-idp
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from carnet.identity.caller import VouchedSession
from carnet.oidc import refusals
from carnet.policy.request import Value, Values

_OWN = "https://aws.amazon.com/"
_TAGS = f"{_OWN}tags"
_SOURCE_IDENTITY = f"{_OWN}source_identity"
_PRINCIPAL_TAGS, _TRANSITIVE = "principal_tags", "transitive_tag_keys"
_FLAT_TAG = f"{_TAGS}/{_PRINCIPAL_TAGS}/"


def condition_keys(claims: Mapping[str, Any]) -> Values:
    """Claim to value, of each claim that is text, a number, true or false, or a list of texts.

    A claim inside of another one is `outer/inner`, as AWS has `google/organization_number`.
    """
    return dict(_keys(claims, "", deep=False))


def _keys(claims: Mapping[str, Any], prefix: str, *, deep: bool) -> Iterator[tuple[str, Value]]:
    for name, value in claims.items():
        if name.startswith(_OWN):
            continue
        if type(value) is dict and not deep:
            yield from _keys(value, f"{prefix}{name}/", deep=True)
        elif (told := _value(value)) is not None:
            yield f"{prefix}{name}", told


def _value(value: object) -> Value | None:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case int():
            return str(value)
        case list() if value and all(type(one) is str for one in value):
            return tuple(value)
    return None


def session_claims(claims: Mapping[str, Any]) -> VouchedSession:
    """The tags, nested or flat, and the source identity of a token. Raises Refused if they have another form."""
    nested = claims.get(_TAGS, {})
    if type(nested) is not dict:
        _refuse(_TAGS)
    tags = {**_tags(nested.get(_PRINCIPAL_TAGS, {})), **_flat_tags(claims)}
    transitive = nested.get(_TRANSITIVE, claims.get(f"{_TAGS}/{_TRANSITIVE}", []))
    if type(transitive) is not list or not all(type(one) is str for one in transitive):
        _refuse(_TRANSITIVE)
    source_identity = claims.get(_SOURCE_IDENTITY)
    if source_identity is not None and type(source_identity) is not str:
        _refuse(_SOURCE_IDENTITY)
    return VouchedSession(tags=tags, transitive_tag_keys=tuple(transitive), source_identity=source_identity)


def _tags(tags: object) -> dict[str, str]:
    if not isinstance(tags, dict):
        _refuse(_PRINCIPAL_TAGS)
    return {key: _one(key, value) for key, value in tags.items()}


def _flat_tags(claims: Mapping[str, Any]) -> dict[str, str]:
    return {
        name.removeprefix(_FLAT_TAG): _one(name, value) for name, value in claims.items() if name.startswith(_FLAT_TAG)
    }


def _one(name: str, value: object) -> str:
    """A tag's value, which may be in a list with one element."""
    listed = value if isinstance(value, list) else [value]
    if len(listed) != 1 or not isinstance(listed[0], str):
        _refuse(name)
    return listed[0]


def _refuse(name: str) -> NoReturn:
    raise refusals.invalid(f"The claim {name[:255]} does not have the form of session tags.")
