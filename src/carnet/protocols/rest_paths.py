"""Method, path and literal query fields of a request to one operation of a rest-json service.

https://smithy.io/2.0/spec/http-bindings.html#http-trait
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from carnet.models import Operation, Service
from carnet.protocols.form import Fields, percent_decode, read_query

Labels = Mapping[str, str]

_LABEL = re.compile(r"\{([A-Za-z0-9_]+)\}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Path:
    """One operation's template. `literals` and `labels` say what stands at which part of the path."""

    operation: Operation
    literals: tuple[tuple[int, str], ...]
    labels: tuple[tuple[int, str], ...]
    query: frozenset[tuple[str, str]]
    """Fields that the query string must hold."""

    def matches(self, parts: list[str], query: Fields) -> bool:
        return all(parts[place] == text for place, text in self.literals) and self.query.issubset(query)

    def labels_of(self, parts: list[str]) -> Labels:
        return {name: percent_decode(parts[place]) for place, name in self.labels}


def find(service: Service, method: str, path: str, query: Fields) -> tuple[Operation, Labels] | None:
    """The operation that a request names, and the decoded labels of its path; None if there is none.

    A label is one part of the path, decoded only after the path is split, so that `%2F` stays inside it. Literal parts
    have to be as the model writes them. Raises Unreadable for a label that cannot be decoded.
    """
    parts = path.split("/")
    for candidate in _paths(service).get((method, len(parts)), ()):
        if candidate.matches(parts, query) and all(parts[place] for place, _ in candidate.labels):
            return candidate.operation, candidate.labels_of(parts)
    return None


@cache
def _paths(service: Service) -> Mapping[tuple[str, int], list[_Path]]:
    """Templates by method and number of parts, the most particular first."""
    paths: dict[tuple[str, int], list[_Path]] = {}
    for operation in service.operations.values():
        uri, _, query = str(operation.model.http["requestUri"]).partition("?")
        parts = uri.split("/")
        paths.setdefault((str(operation.model.http["method"]), len(parts)), []).append(
            _template(operation, parts, read_query(query))
        )
    for candidates in paths.values():
        candidates.sort(key=lambda path: (len(path.literals), len(path.query)), reverse=True)
    return paths


def _template(operation: Operation, parts: list[str], query: Fields) -> _Path:
    labels = {place: match[1] for place, part in enumerate(parts) if (match := _LABEL.fullmatch(part))}
    literals = {place: part for place, part in enumerate(parts) if place not in labels}
    if any("{" in part for part in literals.values()):
        raise NotImplementedError(f"{operation.name} has a label that is not one whole part of its path")
    return _Path(
        operation=operation,
        literals=tuple(literals.items()),
        labels=tuple(labels.items()),
        query=frozenset(query),
    )
