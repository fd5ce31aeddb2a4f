"""Finds among many statements the few that a request can meet, if neither action nor resource tells them apart.

The statements have one layer and one effect (`effect_entries.py`). Those that want certain values of one key are found
by the request's value of that key. Those whose resource patterns begin with a wildcard are found by three characters
that the resource must hold. All others are tried.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from carnet.policy.engine.context_reader import ContextReader
from carnet.policy.engine.entry import BY_ORDER, Entry

_GRAM = 3
_WORTHWHILE = 4
"""From so many statements on, an index of their own is cheaper than trying them."""


class EntryIndex:
    """An index over the entries of one layer and one effect."""

    __slots__ = ("_by_gram", "_by_value", "_tried")

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._by_value, others = _index_values(entries)
        self._by_gram, self._tried = _index_grams(others)

    def candidates(self, reader: ContextReader) -> Sequence[Entry]:
        """The entries that may apply, in their order; those left out do not."""
        sources: list[Sequence[Entry]] = [self._tried] if self._tried else []
        for key, index in self._by_value.items():
            actual = reader.value(key)
            values = (actual,) if isinstance(actual, str) else actual or ()
            sources += [found for value in values if (found := index.get(value))]
        if self._by_gram:
            held = self._by_gram.keys() & _grams(reader.request.resource)
            sources += [self._by_gram[gram] for gram in held]
        if len(sources) == 1:
            return sources[0]
        return sorted({entry for source in sources for entry in source}, key=BY_ORDER)


def _index_values(entries: Iterable[Entry]) -> tuple[dict[str, dict[str, list[Entry]]], list[Entry]]:
    """Key to value to the entries that want it, and the entries that are not to be found so."""
    given = [(entry, entry.equals) for entry in entries]
    usual = Counter(key for _, equals in given for key in {key for key, _ in equals})
    index: dict[str, dict[str, list[Entry]]] = {}
    others: list[Entry] = []
    for entry, equals in given:
        key, values = max(equals, key=lambda wanted: usual[wanted[0]], default=("", frozenset[str]()))
        if usual[key] < _WORTHWHILE:
            others.append(entry)
            continue
        by_value = index.setdefault(key, {})
        for value in values:
            by_value.setdefault(value, []).append(entry)
    return index, others


def _index_grams(entries: Sequence[Entry]) -> tuple[dict[str, list[Entry]], list[Entry]]:
    """Three characters to the entries that need them in a resource, and the entries that are not to be found so."""
    usual = Counter(gram for entry in entries for gram in _grams_of(entry))
    index: dict[str, list[Entry]] = {}
    others: list[Entry] = []
    for entry in entries:
        needed = [min(_run_grams(runs), key=usual.__getitem__, default=None) for runs in entry.runs]
        if not needed or any(gram is None or usual[gram] * _WORTHWHILE > len(entries) for gram in needed):
            others.append(entry)
            continue
        for gram in {gram for gram in needed if gram is not None}:
            index.setdefault(gram, []).append(entry)
    return index, others


def _grams_of(entry: Entry) -> Iterator[str]:
    return (gram for runs in entry.runs for gram in _run_grams(runs))


def _run_grams(runs: Iterable[str]) -> set[str]:
    return {gram for run in runs for gram in _grams(run)}


def _grams(text: str) -> set[str]:
    return {text[start : start + _GRAM] for start in range(len(text) - _GRAM + 1)}
