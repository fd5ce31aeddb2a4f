"""Which resources match a filter: RFC 7644, section 3.4.2.2."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias

from carnet.scim.dialects import as_truth
from carnet.scim.rfc.filters import And, Comparison, Filter, Not, Or, Present, Within, refused
from carnet.scim.rfc.paths import Path, resolve
from carnet.scim.schemas import Attribute, ResourceType

Resolve: TypeAlias = Callable[[str], Path | None]
Meets: TypeAlias = Callable[[Mapping[str, Any]], bool]

_TESTS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": lambda value, wanted: bool(value == wanted),
    "co": lambda value, wanted: wanted in value,
    "sw": lambda value, wanted: bool(value.startswith(wanted)),
    "ew": lambda value, wanted: bool(value.endswith(wanted)),
    "gt": lambda value, wanted: bool(value > wanted),
    "ge": lambda value, wanted: bool(value >= wanted),
    "lt": lambda value, wanted: bool(value < wanted),
    "le": lambda value, wanted: bool(value <= wanted),
}


def matcher(wanted: Filter, of: ResourceType, *, lenient: bool = False) -> Meets:
    """What says whether a resource of the type meets the filter. Raises Refusal.

    `lenient`: what the type does not have has no value there, as in a search among several types.
    """
    return _matcher(wanted, lambda text: resolve(text, of), lenient)


def element_matcher(wanted: Filter, attribute: Attribute) -> Meets:
    """As `matcher`, for the elements of one attribute, whose parts the filter names. Raises Refusal."""
    return _matcher(wanted, lambda text: _part(attribute, text), lenient=False)


def paths_in(wanted: Filter) -> Iterator[str]:
    """The names of the attributes of a resource that a filter looks at."""
    if isinstance(wanted, And | Or):
        for part in wanted.parts:
            yield from paths_in(part)
    elif isinstance(wanted, Not):
        yield from paths_in(wanted.filter)
    else:
        yield wanted.path


def _part(attribute: Attribute, text: str) -> Path | None:
    sub = attribute.sub(text)
    return None if sub is None else Path(sub)


def _matcher(wanted: Filter, named: Resolve, lenient: bool) -> Meets:
    if isinstance(wanted, And | Or):
        parts = [_matcher(each, named, lenient) for each in wanted.parts]
        meets_enough = all if isinstance(wanted, And) else any
        return lambda resource: meets_enough(each(resource) for each in parts)
    if isinstance(wanted, Not):
        inner = _matcher(wanted.filter, named, lenient)
        return lambda resource: not inner(resource)
    path = named(wanted.path)
    if path is None:
        if lenient:
            return lambda resource: False
        raise refused(f"there is no attribute {wanted.path[:100]}.")
    if isinstance(wanted, Present):
        return lambda resource: any(value not in ("", {}) for value in path.values(resource))
    if isinstance(wanted, Within):
        return _within_matcher(wanted, path)
    return _comparison_matcher(wanted, path)


def _within_matcher(wanted: Within, path: Path) -> Meets:
    if path.sub is not None or not path.attribute.subs:
        raise refused(f"{wanted.path[:100]} has no parts.")
    meets = element_matcher(wanted.filter, path.attribute)
    return lambda resource: any(map(meets, path.values(resource)))


def _comparison_matcher(wanted: Comparison, path: Path) -> Meets:
    """`ne` is the negation of `eq`, so that a missing value matches it, too."""
    path = _simple(path, wanted.path)
    if wanted.value is None:
        if wanted.operator not in ("eq", "ne"):
            raise refused("null is compared by eq and ne.")
        absent = wanted.operator == "eq"
        return lambda resource: bool(path.values(resource)) is not absent
    compared = _comparison_form(path.last, wanted)
    test = _TESTS["eq" if wanted.operator == "ne" else wanted.operator]
    value = compared(wanted.value)
    differs = wanted.operator == "ne"
    return lambda resource: any(test(compared(each), value) for each in path.values(resource)) is not differs


def _simple(path: Path, text: str) -> Path:
    """A path to what can be compared: the value of a complex attribute, if it is one."""
    if not path.last.subs:
        return path
    value = path.attribute.sub("value")
    if value is None:
        raise refused(f"{text[:100]} is compared by one of its parts.")
    return Path(path.attribute, value, path.extension)


def _comparison_form(attribute: Attribute, wanted: Comparison) -> Callable[[Any], Any]:
    """How values are made ready to be compared. Raises Refusal for a value of another type."""
    if attribute.type == "boolean":
        if not isinstance(as_truth(wanted.value), bool) or wanted.operator not in ("eq", "ne"):
            raise refused(f"{attribute.name} is true or false.")
        return as_truth  # Entra asks for `primary eq "True"`
    if not isinstance(wanted.value, str):
        raise refused(f"{attribute.name} is compared with a text.")
    if attribute.type == "dateTime" and wanted.operator in ("eq", "ne", "gt", "ge", "lt", "le"):
        return _read_moment
    return (lambda value: value) if attribute.case_exact else _fold


def _fold(value: str) -> str:
    return value.casefold()


def _read_moment(value: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise refused("a value is no time.") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
