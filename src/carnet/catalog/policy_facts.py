"""What the catalogue tells the linter of policies."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache

from carnet.catalog.actions import service, services
from carnet.catalog.condition_keys import condition_key
from carnet.catalog.global_condition_keys import GLOBAL_CONDITION_KEYS
from carnet.entities.entity import name_key
from carnet.policy.lint import KeyFacts

_GLOBAL = "aws"


class CatalogFacts:
    """The catalogue as `policy.lint.Facts`."""

    def services(self) -> Collection[str]:
        return services()

    def actions(self, prefix: str) -> Mapping[str, str]:
        return _names(prefix)

    def key(self, name: str) -> KeyFacts | None:
        found = condition_key(name)
        return KeyFacts(type=found.type.value, multivalued=found.multivalued) if found is not None else None

    def keys(self, prefix: str) -> Sequence[str]:
        folded = name_key(prefix)
        if folded == _GLOBAL:
            return [key.name for key in GLOBAL_CONDITION_KEYS if key.name.startswith(f"{_GLOBAL}:")]
        found = service(folded)
        keys = found.condition_keys.values() if found is not None else ()
        return [key.name for key in keys if name_key(key.name).startswith(f"{folded}:")]


@lru_cache(64)
def _names(prefix: str) -> Mapping[str, str]:
    found = service(prefix)
    return {folded: action.name for folded, action in found.actions.items()} if found is not None else {}
