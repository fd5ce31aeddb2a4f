"""Reads condition keys from one request's context, as fast as two dict lookups.

A key compares without regard to ASCII case and is looked for in several namespaces, so the straight way would fold
every key of every context. Contexts repeat their keys, though, if not their values: where each key of a policy is found
is worked out once for each set of spellings and remembered.
"""

from __future__ import annotations

from carnet.policy.context_keys import namespaces
from carnet.policy.patterns import ascii_lower
from carnet.policy.recent import Recent
from carnet.policy.request import Context, Value, Values

_SHAPES_ROOM = 4_096
_PLACES_ROOM = 1_024

Place = tuple[int, str]
"""The namespace, 0 to 2, and the spelling under which it has the key."""

Spellings = tuple[str | None, ...]
"""The keys of the three namespaces in their order, None between two."""

_PROBE = Context(principal={"": ""}, resource={"": ""}, request={"": ""})

_VOLATILE = frozenset(("aws:multifactorauthage", "aws:tokenissuetime"))
"""Keys of the principal's namespace, in lower case, whose value is hardly ever the same twice."""


def is_settled_by_principal(key: str) -> bool:
    """Whether the principal alone determines the key's value, and keeps to it for longer than one request."""
    folded = ascii_lower(key)
    return len(namespaces(_PROBE, folded)) == 1 and _is_principals(folded) and folded not in _VOLATILE


def _is_principals(folded: str) -> bool:
    return namespaces(_PROBE, folded)[0] is _PROBE.principal


class Shape:
    """Which keys a context has, whatever their values."""

    __slots__ = ("_folded", "_spelled", "places")

    def __init__(self, principal: Values, resource: Values, request: Values) -> None:
        self._spelled = Context(
            principal=dict.fromkeys(principal, ""),
            resource=dict.fromkeys(resource, ""),
            request=dict.fromkeys(request, ""),
        )
        self._folded = [_by_folded(values) for values in (principal, resource, request)]
        self.places: dict[str, tuple[Place, ...]] = {}

    def find(self, key: str) -> tuple[Place, ...]:
        """Where a context of this shape has `key`, in the order in which it is to be read."""
        folded = ascii_lower(key)
        spelled = self._spelled
        order = (spelled.principal, spelled.resource, spelled.request)
        may_hold = namespaces(spelled, folded)
        found: list[Place] = []
        for values in may_hold:
            number = next(number for number, one in enumerate(order) if one is values)
            spelling = key if key in values else self._folded[number].get(folded)
            if spelling is not None:
                found.append((number, spelling))
        if len(self.places) < _PLACES_ROOM:
            self.places[key] = tuple(found)
        return tuple(found)


Shapes = Recent[Spellings, Shape]
"""The shapes of the contexts seen of late."""


def new_shapes() -> Shapes:
    """A memory for shapes, to be shared by all readers."""
    return Recent(_SHAPES_ROOM)


class ContextReader:
    """The condition keys of one request."""

    __slots__ = ("_context", "_places", "_shape", "_shapes", "_values", "resource")

    def __init__(self, context: Context, resource: str, shapes: Shapes) -> None:
        self.resource = resource
        self._context = context
        self._shapes = shapes
        self._places: dict[str, tuple[Place, ...]] | None = None

    def value(self, key: str) -> Value | None:
        """The value of a key; None where the request has none, or an empty list of values."""
        places = self._places
        if places is None:
            places = self._open()
        found = places.get(key)
        if found is None:
            found = self._shape.find(key)
        for number, spelling in found:
            value = self._values[number][spelling]
            if value or isinstance(value, str):
                return value
        return None

    def _open(self) -> dict[str, tuple[Place, ...]]:
        """Find the shape of the context. Many decisions need no key at all."""
        context = self._context
        self._values = principal, resource, request = context.principal, context.resource, context.request
        spellings = (*principal, None, *resource, None, *request)
        shape = self._shapes.young.get(spellings) or self._shapes.get(spellings)
        self._shape = shape or self._shapes.put(spellings, Shape(principal, resource, request))
        self._places = self._shape.places
        return self._places


def _by_folded(values: Values) -> dict[str, str]:
    """Folded key to its spelling, the least where there are several."""
    return {ascii_lower(spelling): spelling for spelling in sorted(values, reverse=True)}
