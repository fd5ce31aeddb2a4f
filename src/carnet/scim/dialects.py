"""Differences between identity providers and RFC 7643.

https://learn.microsoft.com/en-us/entra/identity/app-provisioning/application-provisioning-config-problem-scim-compatibility
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_TRUTHS = {"true": True, "false": False}


def as_truth(value: Any) -> Any:
    """True or false, which Entra writes as text, in any case (`"False"`); every other value as it is."""
    return _TRUTHS.get(value.lower(), value) if isinstance(value, str) else value


def as_reference(value: Any) -> Any:
    """A reference: Entra says no more of a manager than the id, or has a list of one; every other value as it is."""
    if isinstance(value, list) and len(value) == 1:
        return value[0]
    return {"value": value} if isinstance(value, str) else value


def without_display(element: Any) -> Any:
    """An element of a list without how it is displayed, which Okta says of each member."""
    if not isinstance(element, Mapping):
        return element
    return {name: part for name, part in element.items() if name != "display"}
