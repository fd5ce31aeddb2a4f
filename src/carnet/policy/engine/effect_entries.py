"""The statements of one layer and one effect, Allow or Deny, that may apply to a request, and which of them do."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from carnet.policy.decision import Decision, Layer, Verdict
from carnet.policy.engine.context_reader import ContextReader
from carnet.policy.engine.entry import BY_ORDER, Entry, joined
from carnet.policy.engine.entry_index import EntryIndex
from carnet.policy.engine.recent import Recent

_FEW = 8
"""Up to so many statements are tried one by one."""

_JOINT_ROOM = 64

IMPLICIT_DENY = {layer: Decision(verdict=Verdict.IMPLICIT_DENY, layer=layer) for layer in Layer}


class EffectEntries:
    """The entries of one effect in one layer, in the order of the statements."""

    __slots__ = ("_entries", "_find", "_joint", "_verdict", "certain", "closed", "layer", "only", "settled")

    def __init__(self, layer: Layer, entries: Iterable[Entry], verdict: Verdict) -> None:
        self.layer = layer
        self._verdict = verdict
        self._entries = joined(entries)
        self.only = self._entries[0] if len(self._entries) == 1 else None
        """The entry, if there is but one."""
        self._joint: Recent[tuple[Entry, ...], Decision] | None = None
        self._find: Callable[[ContextReader], Iterable[Entry]] | None = (
            EntryIndex(self._entries).candidates if len(self._entries) > _FEW else None
        )
        self.certain = any(entry.certain for entry in self._entries)
        """Whether some entry applies to every request."""
        self.settled = all(entry.certain for entry in self._entries)
        """Whether the same entries apply to every request."""
        self.closed = IMPLICIT_DENY[layer]
        """The decision if an Allow was needed and none of these applies."""

    def decide(self, reader: ContextReader) -> Decision | None:
        """The decision that the entries which apply make together; None if none does."""
        only = self.only
        if only is not None:
            return (only.alone or self.decision([only])) if only.applies(reader) else None
        found = self.matched(reader)
        return self.decision(found) if found else None

    def opens(self, reader: ContextReader) -> bool:
        """Whether some entry applies."""
        return self.only.applies(reader) if self.only is not None else bool(self.matched(reader))

    def matched(self, reader: ContextReader) -> list[Entry]:
        """The entries that apply."""
        resource = reader.request.resource
        found: list[Entry] = []
        for entry in self._entries if self._find is None else self._find(reader):
            # As `Entry.applies` does, for many entries without as many calls.
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
                entry.alone = self._decision(found)
            return entry.alone
        if self._joint is None:
            self._joint = Recent(_JOINT_ROOM)
        key = tuple(found)
        return self._joint.get(key) or self._joint.put(key, self._decision(found))

    def _decision(self, found: Iterable[Entry]) -> Decision:
        twins = [twin for entry in found for twin in entry.twins]
        told = sorted((*found, *twins), key=BY_ORDER) if twins else found
        return Decision(verdict=self._verdict, layer=self.layer, statements=tuple([entry.ref for entry in told]))


def denying(layer: Layer, entries: Iterable[Entry]) -> EffectEntries:
    """The Deny statements of a layer."""
    return EffectEntries(layer, entries, Verdict.EXPLICIT_DENY)


def allowing(layer: Layer, entries: Iterable[Entry]) -> EffectEntries:
    """The Allow statements of a layer, or of one level of it."""
    return EffectEntries(layer, entries, Verdict.ALLOWED)
