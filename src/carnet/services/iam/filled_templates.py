"""Templates with `@{name}` placeholders, and the values that replace them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/temporary-delegation-policy-templates.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import Any

from carnet.base.faults import Refused
from carnet.services.iam import template_sentences

Values = Mapping[str, str | tuple[str, ...]]
"""Name of a parameter to its value, or to its values if it is a list."""

_PLACE = re.compile(r"@\{([^{}]*)\}")
_SWITCH = "@Enabled"


def filled_document(document: str, values: Values) -> str:
    """A policy document with its places filled in; raises Refused (InvalidInput) for a place without a value.

    Only texts are filled, once they are read, so that no value can add an element. A list stands for a text that is
    nothing but its place. A statement whose `@Enabled` names a parameter is there if that is "true", in any case; else
    nothing is asked of its places.
    """
    return json.dumps(_fill_value(json.loads(document), values), ensure_ascii=False, separators=(",", ":"))


def filled_text(text: str, values: Values) -> str:
    """A text with its placeholders replaced by one value each. Raises Refused (InvalidInput)."""

    def value_of(place: re.Match[str]) -> str:
        value = values.get(place[1])
        if not isinstance(value, str):
            raise Refused("InvalidInput", template_sentences.template_place(place[1]))
        return value

    return _PLACE.sub(value_of, text)


def check_names(given: Collection[str], known: Collection[str]) -> None:
    """Raise Refused (InvalidInput) for a parameter that a template does not have."""
    for name in given:
        if name not in known:
            raise Refused("InvalidInput", template_sentences.template_parameter_unknown(name))


def places(document: str) -> frozenset[str]:
    """The names of the parameters of a document."""
    return frozenset(_PLACE.findall(document))


def _fill_value(value: Any, values: Values) -> Any:
    if isinstance(value, dict):
        return {filled_text(key, values): _fill_value(inner, values) for key, inner in value.items() if key != _SWITCH}
    if isinstance(value, list):
        enabled = (inner for inner in value if _is_enabled(inner, values))
        return [one for inner in enabled for one in _in_list(_fill_value(inner, values), inner)]
    if not isinstance(value, str):
        return value
    whole = _PLACE.fullmatch(value)
    several = values.get(whole[1]) if whole is not None else None
    return list(several) if isinstance(several, tuple) else filled_text(value, values)


def _is_enabled(inner: Any, values: Values) -> bool:
    """Whether an item of a list is kept."""
    if not isinstance(inner, dict) or _SWITCH not in inner:
        return True
    return str(values.get(inner[_SWITCH])).lower() == "true"


def _in_list(filled: Any, written: Any) -> list[Any]:
    """A list that replaces an item of a list becomes part of that list."""
    return filled if isinstance(written, str) and isinstance(filled, list) else [filled]
