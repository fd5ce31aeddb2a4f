"""Reads condition keys from one request's context, as fast as one dict lookup.

A key compares without regard to ASCII case and is looked for in several namespaces, so the straight way would fold
every key of every context. Contexts repeat their keys, though, if not their values: how a namespace spells the keys of
the policies is worked out once for each set of spellings and remembered.
"""

from __future__ import annotations

from collections.abc import Iterable

from carnet.policy.context_keys import namespaces, several_of
from carnet.policy.engine.recent import Recent
from carnet.policy.patterns import ascii_lower
from carnet.policy.request import Context, Request, Value, Values

_SHAPES_ROOM = 65_536
"""Keys of the namespaces that are remembered, at some 250 bytes each."""
_SPELLINGS_ROOM = 1_024
_KEYS_ROOM = 16_384

Places = tuple[int, ...]
"""The namespaces where a key is looked for, in this order: 0 the principal's, 1 the resource's, 2 the request's."""

_VOLATILE = frozenset(("aws:multifactorauthage", "aws:tokenissuetime"))
"""Keys of the principal's namespace, in lower case, whose value is hardly ever the same twice."""

_NOTHING: Values = {}
_PROBE = Context(principal={"": ""}, resource={"": ""}, request={"": ""})

_PRINCIPAL, _RESOURCE, _REQUEST = range(3)
_OF_PRINCIPAL: Places = (_PRINCIPAL,)
_OF_RESOURCE: Places = (_RESOURCE,)
_SENT: Places = (_REQUEST,)
ANYWHERE: Places = (_PRINCIPAL, _RESOURCE, _REQUEST)
"""Of a key that the request itself may bring, too."""


def places_of(key: str) -> Places:
    """Where a key is looked for."""
    may_hold = namespaces(_PROBE, ascii_lower(key))
    if len(may_hold) > 1:
        return ANYWHERE
    return _OF_PRINCIPAL if may_hold[0] is _PROBE.principal else _OF_RESOURCE


def is_settled_by_principal(key: str) -> bool:
    """Whether the principal alone determines the key's value, and keeps to it for longer than one request."""
    return places_of(key) is _OF_PRINCIPAL and ascii_lower(key) not in _VOLATILE


class Shape(dict[str, str | None]):
    """How a namespace with certain keys spells a key, whatever the values: None if it does not have it."""

    __slots__ = ("_folded",)

    def __init__(self, spellings: Iterable[str]) -> None:
        super().__init__((spelling, spelling) for spelling in spellings)
        self._folded = {ascii_lower(spelling): spelling for spelling in sorted(self, reverse=True)}
        """Folded key to its spelling, the least if there are several."""

    def __missing__(self, key: str) -> str | None:
        found = self._folded.get(ascii_lower(key))
        if len(self) < _SPELLINGS_ROOM:
            self[key] = found
        return found


class Shapes:
    """What is known of the contexts seen of late."""

    __slots__ = ("places", "principal_keys", "recent", "resource_keys")

    def __init__(self) -> None:
        self.recent: Recent[tuple[object, ...], Shape] = Recent(_SHAPES_ROOM, lambda shape: 8 + len(shape))
        self.places: dict[str, Places] = {}
        """Key, as policies spell it, to where it is looked for."""
        self.principal_keys: set[str] = set()
        """Spellings of keys that belong to the principal's namespace alone."""
        self.resource_keys: set[str] = set()
        """The same of the resource's."""

    def said(self, context: Context) -> Values:
        """What the request itself says, if its keys can be read by their spelling alone; else nothing.

        That is if principal and resource are known to have no keys but their own. A key that is not found may still
        be there, spelled in another way.

        INVARIANT: this is only for keys that are looked for ANYWHERE; no other is ever taken from here.
        """
        if not self.principal_keys.issuperset(context.principal):
            return _NOTHING
        resource = context.resource
        return context.request if not resource or self.resource_keys.issuperset(resource) else _NOTHING

    def of(self, values: Values, position: int) -> Shape:
        """The shape of the namespace at that position of a context."""
        keys = (position, *values)
        shape = self.recent.young.get(keys) or self.recent.get(keys)
        if shape is None:
            shape = self.recent.put(keys, Shape(values))
            if position != _REQUEST:
                self._learn(values, position)
        return shape

    def learn_places(self, key: str) -> Places:
        """Where a key is looked for; remembered while there is room."""
        found = places_of(key)
        if len(self.places) < _KEYS_ROOM:
            self.places[key] = found
        return found

    def _learn(self, keys: Iterable[str], position: int) -> None:
        """Remember those of `keys` that belong to the namespace alone, while there is room."""
        known = self.principal_keys if position == _PRINCIPAL else self.resource_keys
        if len(known) < _KEYS_ROOM:
            known.update([key for key in keys if places_of(key) == (position,)])


class ContextReader:
    """The condition keys of one request."""

    __slots__ = ("_found", "_shapes", "request", "said")

    def __init__(self, request: Request, said: Values, shapes: Shapes) -> None:
        self.request = request
        self.said = said
        """What `shapes.said` told of the request's context."""
        self._shapes = shapes
        self._found: list[Shape | None] = [None, None, None]
        """The shapes of the three namespaces, as far as they were asked for."""

    def value(self, key: str) -> Value | None:
        """The value of a key; None if the request has none, or an empty list of values.

        Raises TypeError for a value that is neither text nor several texts, as the written rule does.
        """
        places = self._shapes.places.get(key) or self._shapes.learn_places(key)
        said = self.said.get(key) if places is ANYWHERE else None
        return said if said and isinstance(said, str) else self.find(key, places)

    def principal_values(self, keys: Iterable[str]) -> list[Value | None]:
        """The values of keys that are all of the principal's namespace."""
        values = self.request.context.principal
        return [values.get(key) or self.find(key, _OF_PRINCIPAL) for key in keys]

    def find(self, key: str, places: Places) -> Value | None:
        """The same for a key whose places are known."""
        context = self.request.context
        spaces = (context.principal, context.resource, context.request)
        for position in _SENT if places is ANYWHERE and self.said is context.request else places:
            values = spaces[position]
            value = values.get(key)
            if value and isinstance(value, str):
                return value
            spelling = (self._found[position] or self._shape(values, position))[key]
            if spelling is None:
                continue
            value = values[spelling]
            found = value if isinstance(value, str) else several_of(spelling, value)
            if found is not None:
                return found
        return None

    def _shape(self, values: Values, position: int) -> Shape:
        shape = self._found[position] = self._shapes.of(values, position)
        return shape
