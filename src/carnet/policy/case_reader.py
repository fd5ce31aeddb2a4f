"""Reads many cases: policies written alike are parsed once, and a statement has a place only where it has one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from carnet.policy.case import Case, listed, read_case, with_named_role
from carnet.policy.case_members import Members
from carnet.policy.document import Policy
from carnet.policy.policies import ResourcePolicy


class CaseReader:
    """Reads one case after another, as `read_case` does, and remembers the policies of those before.

    A document that stands in a case as an object, not as text, has no lines of its own: its statements are at line 0
    and column 0.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, bool, str], Any] = {}

    def read_all(self, data: object) -> tuple[Case, ...]:
        """One case or a list of them; raises ValueError that names the member at fault."""
        if isinstance(data, Mapping):
            return (self.read(data),)
        return tuple(self.read(each, f"case[{number}]") for number, each in enumerate(listed(data)))

    def read(self, data: object, path: str = "case") -> Case:
        """One case; raises ValueError that names the member at fault."""
        if not isinstance(data, Mapping) or not isinstance(data.get("policies"), Mapping):
            return read_case(data, path)
        case = read_case({**data, "policies": {}}, path)
        trust = case.policies.trust
        layers = {name: self._layer(data, name, path, trust=trust) for name in data["policies"]}
        policies = replace(case.policies, **layers)
        request = with_named_role(Members(path, data), case.request, policies)
        return replace(case, request=request, policies=policies)

    def _layer(self, data: Mapping[str, Any], name: str, path: str, *, trust: bool) -> Any:
        """The policies of one member, which depend on the request in no more than `trust`."""
        given = data["policies"][name]
        key = (name, trust, repr(given))
        if key not in self._known:
            policies = read_case({**data, "policies": {name: given}}, path).policies
            self._known[key] = _without_places(getattr(policies, name), frozenset(_texts(given)))
        return self._known[key]


def _texts(given: object) -> Iterator[str]:
    """The documents that are given as text, however deep in lists."""
    if isinstance(given, str):
        yield given
    elif isinstance(given, Mapping):
        yield from _texts(given.get("policy"))
    elif isinstance(given, list | tuple):
        for each in given:
            yield from _texts(each)


def _without_places(policies: Any, texts: frozenset[str]) -> Any:
    """The policies, alone or in tuples, without the places of those that were no text."""
    if isinstance(policies, tuple):
        return tuple(_without_places(each, texts) for each in policies)
    if isinstance(policies, ResourcePolicy):
        return replace(policies, policy=_without_places(policies.policy, texts))
    if not isinstance(policies, Policy) or policies.text in texts:
        return policies
    statements = (replace(each, ref=replace(each.ref, line=0, column=0)) for each in policies.statements)
    return replace(policies, statements=tuple(statements))
