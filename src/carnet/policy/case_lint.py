"""What is probably wrong in cases that can be decided: the actions, condition keys and policies that they name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from carnet.base.bounded_json import loads
from carnet.policy.lint import Facts, Finding, check_action, check_key, check_meaning


class CaseLinter:
    """Looks at one file of cases after another; a document that stands in many cases is looked at once."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._known: dict[str, tuple[Finding, ...]] = {}

    def check_all(self, data: object) -> Iterator[tuple[Finding, ...]]:
        """The findings of each case of a file that `CaseReader` takes; paths are such as `case[0].request.action`."""
        if isinstance(data, Mapping):
            yield tuple(self._check(data, "case"))
        else:
            for number, case in enumerate(data if isinstance(data, list | tuple) else ()):
                yield tuple(self._check(case, f"case[{number}]"))

    def _check(self, case: Mapping[str, object], path: str) -> Iterator[Finding]:
        request = case["request"]
        assert isinstance(request, Mapping)
        yield from check_action(request["action"], f"{path}.request.action", self._facts)
        for key in request.get("context", ()):
            yield from check_key(key, f"{path}.request.context.{key}", self._facts)
        for place, document in _documents(case.get("policies", {}), f"{path}.policies"):
            yield from (finding.below(place) for finding in self._of_document(document))

    def _of_document(self, document: object) -> tuple[Finding, ...]:
        key = repr(document)
        if key not in self._known:
            data = loads(document) if isinstance(document, str) else document
            self._known[key] = tuple(check_meaning(data, self._facts))
        return self._known[key]


def _documents(given: object, path: str) -> Iterator[tuple[str, object]]:
    """Every policy document below a member, with its path: a text, or an object with a Statement."""
    if isinstance(given, str) or (isinstance(given, Mapping) and "Statement" in given):
        yield path, given
    elif isinstance(given, Mapping):
        for name, below in given.items():
            if name not in ("layer", "account"):
                yield from _documents(below, f"{path}.{name}")
    elif isinstance(given, list | tuple):
        for at, below in enumerate(given):
            yield from _documents(below, f"{path}[{at}]")
