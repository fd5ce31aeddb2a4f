"""What a chat applications policy (CHATBOT_POLICY) may hold.

Names are compared without regard to ASCII case; ids of workspaces, tenants and teams are not.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_chatbot_syntax.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from carnet.entities.entity import name_key
from carnet.services.inheritance import ASSIGN, OPERATOR_PREFIX, VALUE_OPERATORS, operators, scalars

_Check: TypeAlias = Callable[[Any], bool]
"""Whether a part of a policy is as it has to be."""

_WORKSPACE = re.compile(r"[0-9A-Z]{1,255}", re.ASCII)
_TEAMS_ID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.ASCII)
"""Of a tenant of Microsoft Teams, or of a team."""


def _members(part: Mapping[str, Any]) -> dict[str, Any]:
    """The members by their names as written."""
    return {name: given for name, given in part.items() if not name.startswith(OPERATOR_PREFIX)}


def _object(check: Callable[[str, Any], bool]) -> _Check:
    """An object that has no value itself, and of whose members each is as the check of its name and value asks."""

    def checked(part: Any) -> bool:
        if not isinstance(part, dict) or VALUE_OPERATORS & operators(part).keys():
            return False
        return all(check(name, given) for name, given in _members(part).items())

    return checked


def _fields(known: Mapping[str, _Check]) -> _Check:
    return _object(lambda name, given: name_key(name) in known and known[name_key(name)](given))


def _each(named: re.Pattern[str], check: _Check) -> _Check:
    return _object(lambda name, given: named.fullmatch(name) is not None and check(given))


def _one_of(*words: str) -> _Check:
    """A setting whose assigned value is one of the words."""

    def checked(part: Any) -> bool:
        if not isinstance(part, dict) or _members(part):
            return False
        given = operators(part)
        return not (VALUE_OPERATORS - {ASSIGN}) & given.keys() and given.get(ASSIGN, words[0]) in words

    return checked


def _list(value: re.Pattern[str]) -> _Check:
    """A setting whose value is a list of such values."""

    def checked(part: Any) -> bool:
        if not isinstance(part, dict) or _members(part):
            return False
        listed = [scalars(given) for name, given in operators(part).items() if name in VALUE_OPERATORS]
        return all(each is not None and all(map(value.fullmatch, each)) for each in listed)

    return checked


def _or_all(one: re.Pattern[str]) -> re.Pattern[str]:
    return re.compile(rf"\*|{one.pattern}", re.ASCII)


_CLIENT = _one_of("enabled", "disabled")
_ROLES = {"supported_role_settings": _list(re.compile("channel_role|user_role"))}
_CHANNELS = {"supported_channel_types": _list(re.compile("private|public")), **_ROLES}
_SLACK = {
    "client": _CLIENT,
    "workspaces": _list(_or_all(_WORKSPACE)),
    "default": _fields(_CHANNELS),
    "overrides": _each(_WORKSPACE, _fields(_CHANNELS)),
}
_TEAMS = {
    "client": _CLIENT,
    "tenants": _each(_TEAMS_ID, _list(_or_all(_TEAMS_ID))),
    "default": _fields(_ROLES),
    "overrides": _each(_TEAMS_ID, _each(_TEAMS_ID, _fields(_ROLES))),
}
_PLATFORMS = {"slack": _fields(_SLACK), "microsoft_teams": _fields(_TEAMS), "chime": _fields({"client": _CLIENT})}

is_chat_policy: _Check = _fields({"platforms": _fields(_PLATFORMS), "default": _fields({"client": _CLIENT})})
"""Whether what stands under `chatbot` is all that it may be."""
