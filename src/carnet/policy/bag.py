"""Statements of one layer that may apply to a request, and which of them do."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from carnet.policy.context_reader import ContextReader
from carnet.policy.decision import Decision, Layer, Verdict
from carnet.policy.entry import Entry
from carnet.policy.recent import Recent
from carnet.policy.sieve import Sieve

_FEW = 8
"""Up to so many statements are tried one by one."""

_JOINT_ROOM = 64

IMPLICIT_DENY = {layer: Decision(verdict=Verdict.IMPLICIT_DENY, layer=layer) for layer in Layer}


class Bag:
    """The entries of one effect in one layer, in the order of the statements."""

    __slots__ = ("_entries", "_find", "_joint", "_verdict", "certain", "closed", "layer", "settled")

    def __init__(self, layer: Layer, entries: Iterable[Entry], verdict: Verdict) -> None:
        self.layer = layer
        self._verdict = verdict
        self._entries = tuple(entries)
        self._joint: Recent[tuple[Entry, ...], Decision] | None = None
        self._find: Callable[[ContextReader], Iterable[Entry]] | None = (
            Sieve(self._entries).candidates if len(self._entries) > _FEW else None
        )
        self.certain = any(entry.certain for entry in self._entries)
        """Whether some entry applies to every request."""
        self.settled = all(entry.certain for entry in self._entries)
        """Whether the same entries apply to every request."""
        self.closed = IMPLICIT_DENY[layer]
        """The decision where an Allow was needed and none of these applies."""

    def matched(self, reader: ContextReader) -> list[Entry]:
        """The entries that apply."""
        resource = reader.resource
        found: list[Entry] = []
        for entry in self._entries if self._find is None else self._find(reader):
            covers = entry.covers
            if covers is not None and not covers(resource):
                continue
            for test in entry.tests:
                if not test(reader):
                    break
            else:
                found.append(entry)
        return found

    def decision(self, found: list[Entry]) -> Decision:
        """The decision that these entries make together. What was decided before is the same object again."""
        if len(found) == 1:
            entry = found[0]
            if entry.alone is None:
                entry.alone = self._decision((entry,))
            return entry.alone
        if self._joint is None:
            self._joint = Recent(_JOINT_ROOM)
        key = tuple(found)
        return self._joint.get(key) or self._joint.put(key, self._decision(key))

    def _decision(self, found: tuple[Entry, ...]) -> Decision:
        return Decision(verdict=self._verdict, layer=self.layer, statements=tuple(entry.ref for entry in found))


def denying(layer: Layer, entries: Iterable[Entry]) -> Bag:
    """The Deny statements of a layer."""
    return Bag(layer, entries, Verdict.EXPLICIT_DENY)


def allowing(layer: Layer, entries: Iterable[Entry]) -> Bag:
    """The Allow statements of a layer, or of one level of it."""
    return Bag(layer, entries, Verdict.ALLOWED)
