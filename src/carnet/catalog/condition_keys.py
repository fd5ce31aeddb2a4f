"""Finds what is known of a condition key by its name."""

from __future__ import annotations

import json
from functools import lru_cache

from carnet.catalog.actions import DATA, FOREIGN_KEYS_MEMBER, Service, service
from carnet.catalog.condition_key import ConditionKey, filled_in
from carnet.catalog.global_condition_keys import GLOBAL_CONDITION_KEYS
from carnet.entities.entity import name_key

_EXACT = {name_key(key.name): key for key in GLOBAL_CONDITION_KEYS if not key.is_template}
_TEMPLATES = tuple(key for key in GLOBAL_CONDITION_KEYS if key.is_template)


def condition_key(name: str) -> ConditionKey | None:
    """The key of that name, whatever the case of its ASCII letters; None if AWS documents none.

    `aws:PrincipalTag/Team` finds `aws:PrincipalTag/${TagKey}`. A key that a web identity provider made up is not known
    here, save those of the providers that AWS lists.
    """
    return _global(name_key(name)) or _of_service(name)


def _global(folded: str) -> ConditionKey | None:
    return _EXACT.get(folded) or filled_in(_TEMPLATES, folded)


def _of_service(name: str) -> ConditionKey | None:
    prefix, _, _ = name.partition(":")
    owner = service(prefix)
    own = owner.condition_key(name) if owner is not None else None
    return own or next(filter(None, (other.condition_key(name) for other in _with_foreign_keys())), None)


@lru_cache(1)
def _with_foreign_keys() -> tuple[Service, ...]:
    """The services whose keys bear another prefix than their own: `saml:aud` and `accounts.google.com:aud` of sts."""
    prefixes = json.loads(DATA.archive.read(FOREIGN_KEYS_MEMBER))
    return tuple(filter(None, map(service, prefixes)))
