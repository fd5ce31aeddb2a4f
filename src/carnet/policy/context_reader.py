"""Reads condition keys from one request's context, as fast as two dict lookups.

A key compares without regard to ASCII case and is looked for in several namespaces, so the straight way would fold
every key of every context. Contexts repeat their keys, though, if not their values: where each key of a policy is found
is worked out once for each set of spellings and remembered.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from carnet.policy.context_keys import namespaces
from carnet.policy.patterns import ascii_lower
from carnet.policy.recent import Recent
from carnet.policy.request import Context, Value, Values

_SHAPES_ROOM = 4_096
_PLACES_ROOM = 1_024
_KEYS_ROOM = 16_384

Place = tuple[int, str]
"""The namespace, 0 to 2, and the spelling under which it has the key."""

Spellings = tuple[str | None, ...]
"""The keys of the three namespaces in their order, None between two."""

_VOLATILE = frozenset(("aws:multifactorauthage", "aws:tokenissuetime"))
"""Keys of the principal's namespace, in lower case, whose value is hardly ever the same twice."""

_PROBE = Context(principal={"": ""}, resource={"": ""}, request={"": ""})


class Namespace(Enum):
    """Where a key may be read from."""

    PRINCIPAL = "principal"
    RESOURCE = "resource"
    ANY = "any"


def _namespace(key: str) -> Namespace:
    may_hold = namespaces(_PROBE, ascii_lower(key))
    if len(may_hold) > 1:
        return Namespace.ANY
    return Namespace.PRINCIPAL if may_hold[0] is _PROBE.principal else Namespace.RESOURCE


def is_settled_by_principal(key: str) -> bool:
    """Whether the principal alone determines the key's value, and keeps to it for longer than one request."""
    return _namespace(key) is Namespace.PRINCIPAL and ascii_lower(key) not in _VOLATILE


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


class Shapes:
    """What is known of the contexts seen of late."""

    __slots__ = ("principal_keys", "recent", "resource_keys", "routes")

    def __init__(self) -> None:
        self.recent: Recent[Spellings, Shape] = Recent(_SHAPES_ROOM)
        self.routes: dict[str, Namespace] = {}
        """Key, as policies spell it, to where it belongs."""
        self.principal_keys: set[str] = set()
        """Spellings of keys that belong to the principal's namespace alone."""
        self.resource_keys: set[str] = set()
        """The same of the resource's."""

    def of(self, principal: Values, resource: Values, request: Values) -> Shape:
        """The shape of a context of these namespaces."""
        spellings = (*principal, None, *resource, None, *request)
        shape = self.recent.get(spellings)
        if shape is None:
            shape = self.recent.put(spellings, Shape(principal, resource, request))
            _learn(self.principal_keys, principal, Namespace.PRINCIPAL)
            _learn(self.resource_keys, resource, Namespace.RESOURCE)
        return shape

    def route(self, key: str) -> Namespace:
        """Where a key belongs."""
        found = _namespace(key)
        if len(self.routes) < _KEYS_ROOM:
            self.routes[key] = found
        return found


class ContextReader:
    """The condition keys of one request."""

    __slots__ = ("_context", "_shape", "_shapes", "_tidy", "resource")

    def __init__(self, context: Context, resource: str, shapes: Shapes) -> None:
        self.resource = resource
        self._context = context
        self._shapes = shapes
        self._shape: Shape | None = None
        self._tidy: bool | None = None

    def value(self, key: str) -> Value | None:
        """The value of a key; None where the request has none, or an empty list of values.

        A value under the very spelling that is looked for is the one, save that a key of the request may stand, spelled
        in some way, in the namespaces that go before.
        """
        context = self._context
        route = self._shapes.routes.get(key) or self._shapes.route(key)
        if route is _PRINCIPAL:
            value = context.principal.get(key)
        elif route is _RESOURCE:
            value = context.resource.get(key)
        else:
            tidy = self._tidy if self._tidy is not None else self._is_tidy()
            value = context.request.get(key) if tidy else None
        return value or self._search(key)

    def _is_tidy(self) -> bool:
        """Whether the namespaces of principal and resource are known to hold no other keys."""
        shapes, context = self._shapes, self._context
        self._tidy = (
            not context.resource or context.resource.keys() <= shapes.resource_keys
        ) and context.principal.keys() <= shapes.principal_keys
        return self._tidy

    def _search(self, key: str) -> Value | None:
        """The value under whatever spelling."""
        context = self._context
        spaces = context.principal, context.resource, context.request
        shape = self._shape
        if shape is None:
            shape = self._shape = self._shapes.of(*spaces)
        places = shape.places.get(key)
        for number, spelling in shape.find(key) if places is None else places:
            value = spaces[number][spelling]
            if value or isinstance(value, str):
                return value
        return None


_PRINCIPAL, _RESOURCE = Namespace.PRINCIPAL, Namespace.RESOURCE


def _learn(known: set[str], keys: Iterable[str], namespace: Namespace) -> None:
    """Remember those of `keys` that belong to the namespace alone, while there is room."""
    if len(known) < _KEYS_ROOM:
        known.update(key for key in keys if _namespace(key) is namespace)


def _by_folded(values: Values) -> dict[str, str]:
    """Folded key to its spelling, the least where there are several."""
    return {ascii_lower(spelling): spelling for spelling in sorted(values, reverse=True)}
