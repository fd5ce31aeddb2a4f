"""The policy documents of a case, read under the paths by which a decision then names them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

from carnet.base.bounded_json import NestedTooDeeply, loads
from carnet.base.faults import Malformed
from carnet.policy.case_members import CaseFault, Members, Misread, as_list
from carnet.policy.decision import Layer
from carnet.policy.document import Grammar, Policy, parse
from carnet.policy.json_text import JsonNumber
from carnet.policy.lint.structure import check_structure
from carnet.policy.policies import Levels, ResourcePolicy
from carnet.policy.statement import Effect

_POLICY = "policy"
"""The member of an object that holds a policy of the resource; no policy document has a member of this name."""

_GRAMMARS = {Layer.RESOURCE: Grammar.RESOURCE, Layer.TRUST: Grammar.TRUST}
"""Of the policies that a resource may have."""

RCP_FULL_ACCESS = "RCPFullAWSAccess"
_FULL_ACCESS = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}'


@dataclass(frozen=True, slots=True)
class Documents:
    """Reads the documents among the members of a case; raises ValueError that names the member at fault."""

    members: Members

    def one(self, name: str, grammar: Grammar) -> Policy | None:
        """The one document of a member; None if it has none."""
        document = self.members.get(name)
        return None if document is None else self._parse(document, name, grammar)

    def list(self, name: str, grammar: Grammar) -> tuple[Policy, ...]:
        """The documents of a member that is a list."""
        return self._each(self.members.values.get(name, ()), name, grammar)

    def of_resource(self, name: str, usual: Layer) -> tuple[ResourcePolicy, ...]:
        """The policies of the resource: a document, or a list of documents and of objects that hold one.

        `usual` is the layer of those that name none. A role that is assumed has a trust policy, if only a missing one.
        """
        given = self.members.get(name)
        if isinstance(given, list | tuple):
            found = tuple(self._of_resource(one, f"{name}[{at}]", usual) for at, one in enumerate(given))
        else:
            found = () if given is None else (self._of_resource(given, name, usual),)
        if usual is Layer.TRUST and not any(one.layer is usual for one in found):
            return (*found, ResourcePolicy(policy=None, layer=usual))
        return found

    def levels(self, name: str, grammar: Grammar) -> Levels:
        """The documents of a member that is a list of lists, one for each level of an organization.

        RCPFullAWSAccess stands at every level and cannot be detached, so that a case need not repeat it.
        https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_evaluation.html
        """
        levels = as_list(self.members.values.get(name, ()), self.members.at(name))
        read = tuple(self._each(level, f"{name}[{number}]", grammar) for number, level in enumerate(levels))
        return tuple(map(_with_full_access, read)) if grammar is Grammar.RCP else read

    def _of_resource(self, value: object, source: str, usual: Layer) -> ResourcePolicy:
        path = self.members.at(source)
        if not isinstance(value, Mapping) or _POLICY not in value:
            return ResourcePolicy(policy=self._parse(value, source, _GRAMMARS[usual]), layer=usual)
        members = Members.of(value, path, known=(_POLICY, "layer", "account"))
        layer = members.word("layer", Layer) or usual
        if layer not in _GRAMMARS:
            raise Misread.at(members.at("layer"), f"must be one of: {', '.join(_GRAMMARS)}")
        policy = self._parse(value[_POLICY], source, _GRAMMARS[layer])
        return ResourcePolicy(policy=policy, layer=layer, account=members.account("account", ""))

    def _each(self, documents: object, name: str, grammar: Grammar) -> tuple[Policy, ...]:
        given = as_list(documents, self.members.at(name))
        return tuple(self._parse(each, f"{name}[{number}]", grammar) for number, each in enumerate(given))

    def _parse(self, document: object, source: str, grammar: Grammar) -> Policy:
        path = self.members.at(source)
        if not isinstance(document, str | Mapping):
            raise Misread.at(path, "must be a policy document: an object, or a string of JSON")
        try:
            text = document_text(document)
        except TypeError as fault:
            raise Misread(CaseFault(path, f"{path}: {fault}")) from fault
        except RecursionError:
            raise Misread.at(path, "is nested too deeply") from None
        try:
            return parse(text, grammar, source=source)
        except Malformed as fault:
            raise Misread(*_faults(text, grammar, path, fault.message)) from fault


def _faults(text: str, grammar: Grammar, path: str, sentence: str) -> Iterator[CaseFault]:
    """Where a text is wrong that is refused with AWS's `sentence`; only that if the linter does not know."""
    try:
        found = [one.below(path) for one in check_structure(loads(text), grammar)]
    except json.JSONDecodeError as fault:
        sentence += f" ({fault.msg} at {fault.lineno}:{fault.colno} of its text)"
        found = []
    except NestedTooDeeply:
        found = []
    for one in found:
        yield CaseFault(one.path, f"{one.path}: {one.sentence}", one.at_name)
    if not found:
        yield CaseFault(path, f"{path}: {sentence}")


def _with_full_access(level: tuple[Policy, ...]) -> tuple[Policy, ...]:
    """The RCPs of a level with the one that allows everything, the only one that allows anything."""
    allows = any(statement.effect is Effect.ALLOW for policy in level for statement in policy.statements)
    return level if allows else (_rcp_full_access(), *level)


@cache
def _rcp_full_access() -> Policy:
    return parse(_FULL_ACCESS, Grammar.RCP, source=RCP_FULL_ACCESS)


def document_text(document: object) -> str:
    """The JSON text of a document; raises TypeError for what JSON cannot hold, or not as it was written."""
    return document if isinstance(document, str) else _json_like_text(document)


def _json_like_text(value: object) -> str:
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_name(name)}: {_json_like_text(below)}' for name, below in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_json_like_text, value))}]"
    if isinstance(value, JsonNumber):
        return value.text
    if type(value) is date:  # what YAML 1.1 takes an unquoted 2012-10-17 for
        return json.dumps(value.isoformat())
    if isinstance(value, float):
        raise TypeError(f"a fraction must be given as text, since {value!r} need not be what was written")
    if value is None or isinstance(value, str | int):
        return json.dumps(value, ensure_ascii=False)
    raise TypeError(f"a value must be text, a number, true, false or a list, not {value!r}")


def _name(name: object) -> str:
    if not isinstance(name, str):
        raise TypeError(f"a member's name must be text, not {name!r} (YAML takes an unquoted Null for none)")
    return json.dumps(name, ensure_ascii=False)
