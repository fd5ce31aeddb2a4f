"""A policy document: its text, its statements, and how it is parsed.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#access_policies-json
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cached_property

from msgspec import Struct, field

from carnet.base.faults import Malformed
from carnet.policy.grammar import RULES, Grammar
from carnet.policy.patterns import ascii_lower
from carnet.policy.principals import NamedPrincipal, PrincipalType
from carnet.policy.sentences import ORGANIZATIONS
from carnet.policy.shape import VERSIONS, read_shape
from carnet.policy.statement import Statement
from carnet.policy.statement_reader import StatementReader
from carnet.policy.understanding import understood

__all__ = ["Grammar", "Policy", "counted_size", "parse", "referenced_keys", "understand"]

_WHITE_SPACE = " \t\r\n"


class Policy(Struct, frozen=True, kw_only=True, eq=False, dict=True, weakref=True):
    """A parsed policy. It is immutable; two policies are equal only if they are the same object."""

    source: str
    """Its name in explanations: an ARN, or `user/alice/inline-name`."""
    grammar: Grammar
    version: str
    """`2012-10-17`, or `2008-10-17`, in which `${...}` is literal text. A document without a Version has the latter."""
    id: str
    statements: tuple[Statement, ...]
    text: str
    principal_ids: Mapping[str, str] = field(default_factory=dict[str, str])
    """ARN written in a Principal element to the unique id that it is bound to."""

    @property
    def size(self) -> int:
        """Characters as IAM's quotas count them."""
        return counted_size(self.text)

    @property
    def parts(self) -> int:
        """How many objects it consists of. They determine its memory far more than its text does."""
        return 1 + sum(statement.parts for statement in self.statements)

    @cached_property
    def digest(self) -> str:
        """Equal for documents that have the same text and bind their principals to the same ids."""
        import hashlib  # it loads OpenSSL, and deciding and explaining mostly need no digest

        bound = json.dumps([self.text, sorted(self.principal_ids.items())])
        return hashlib.sha256(bound.encode()).hexdigest()

    @cached_property
    def condition_keys(self) -> tuple[str, ...]:
        """The condition keys that its conditions and variables refer to, as they are spelled, each once."""
        from carnet.policy.referenced_keys import keys_of_statement  # which an explanation does not need

        return tuple(dict.fromkeys(key for one in self.statements for key in keys_of_statement(one)))

    @cached_property
    def resources(self) -> tuple[str, ...]:
        """The values of Resource and NotResource, as written."""
        elements = [statement.resources for statement in self.statements if statement.resources is not None]
        return tuple(pattern.text for element in elements for pattern in element.patterns)

    def principals(self, kind: PrincipalType) -> tuple[str, ...]:
        """The values of one kind in Principal and NotPrincipal, each once.

        Under AWS: ARNs, unique ids, account ids (no dashes), `*`.
        """
        named = (value for statement in self.statements for value in _named_principals(statement))
        return tuple(dict.fromkeys([value.text for value in named if value.type is kind]))

    def to_json(self) -> str:
        """The document as JSON. Parsing it gives a policy that decides in the same way."""
        head = {"Version": self.version} | ({"Id": self.id} if self.id else {})
        return json.dumps({**head, "Statement": [statement.source for statement in self.statements]})


def parse(text: str, grammar: Grammar, *, source: str = "", principal_ids: Mapping[str, str] | None = None) -> Policy:
    """Parse a policy that is to be saved, as strictly as AWS. Raises Malformed with AWS's sentence, TypeError if it is
    no text.

    `source` names the policy in explanations. `principal_ids` maps an ARN that stands in a Principal element to the
    unique id (AIDA..., AROA...) that it meant when the policy was saved: the element then matches by that id alone.
    """
    if not isinstance(text, str):
        raise TypeError(f"a policy document is read from its JSON text; json.dumps makes it of a {type(text).__name__}")
    try:
        return _parse(text, grammar, source, principal_ids or {})
    except Malformed:
        if RULES[grammar].organizations:
            raise Malformed(ORGANIZATIONS) from None
        raise


def understand(
    text: str, grammar: Grammar, *, source: str = "", principal_ids: Mapping[str, str] | None = None
) -> Policy:
    """Parse a stored policy in order to decide by it; the arguments are those of `parse`. Raises nothing.

    A document that AWS, or a later release, would refuse to save still decides as it says. A statement without one
    clear meaning fails closed, and `Statement.problem` says why; so do all statements of a document that cannot be
    read.
    """
    ids = principal_ids or {}
    found = understood(text, grammar, source, ids)
    return Policy(
        source=source,
        grammar=grammar,
        version=found.version,
        id=found.id,
        statements=found.statements,
        text=text,
        principal_ids=ids,
    )


def _parse(text: str, grammar: Grammar, source: str, principal_ids: Mapping[str, str]) -> Policy:
    from carnet.policy.validation import check, check_text  # which deciding and explaining do not need

    check_text(text, grammar)
    shape = read_shape(text, RULES[grammar].no_json)
    check(shape, grammar)
    reader = StatementReader(text, grammar, shape.version, source, principal_ids)
    return Policy(
        source=source,
        grammar=grammar,
        version=shape.version or VERSIONS[0],
        id=shape.id,
        statements=tuple(reader.statement(index, given) for index, given in enumerate(shape.statements)),
        text=text,
        principal_ids=principal_ids,
    )


def referenced_keys(policies: Iterable[Policy]) -> tuple[str, ...]:
    """The condition keys that policies refer to, each once without regard to case, in the spelling of its first use."""
    spelled: dict[str, str] = {}
    for policy in policies:
        for key in policy.condition_keys:
            spelled.setdefault(ascii_lower(key), key)
    return tuple(spelled.values())


def counted_size(text: str) -> int:
    """The characters that IAM's quotas count: all but white space.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-entity-length
    """
    return len(text) - sum(map(text.count, _WHITE_SPACE))


def _named_principals(statement: Statement) -> tuple[NamedPrincipal, ...]:
    return statement.principals.values if statement.principals is not None else ()
