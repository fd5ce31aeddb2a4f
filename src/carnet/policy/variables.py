"""Policy variables: `${aws:username}`, `${aws:PrincipalTag/team, 'none'}`, and `${*}`, `${?}`, `${$}` for the signs.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec import Struct

from carnet.base.faults import Malformed
from carnet.policy.patterns import Glob, Token, Wild, glob, literal_prefix, wildcard_tokens
from carnet.policy.request import Value
from carnet.policy.sentences import SYNTAX_ERRORS

Lookup = Callable[[str], Value | None]
"""Condition key to its value in the request; None if it has none."""

_OPENING, _CLOSING = "${", "}"
_SIGNS = ("*", "?", "$")


class Variable(Struct, frozen=True):
    """A placeholder for the value of a condition key, with what stands in if the request has none."""

    key: str
    default: str | None = None

    def resolve(self, lookup: Lookup) -> str | None:
        """The text that takes the variable's place; None if there is none.

        A multivalued key gives none: it has no one text, also when it holds one value.
        """
        value = lookup(self.key)
        if value is None:
            return self.default
        return value if isinstance(value, str) else None


class Template(Struct, frozen=True):
    """A text of a policy with its wildcards and variables found."""

    text: str
    """As written."""
    tokens: tuple[Token | Variable, ...]
    constant: Glob | None
    """The pattern, if no variable has to be filled in first."""

    @property
    def prefix(self) -> str:
        """What every matching text begins with, whatever the variables hold."""
        return literal_prefix(self.tokens)

    @property
    def variables(self) -> tuple[Variable, ...]:
        return tuple(token for token in self.tokens if isinstance(token, Variable))

    def fill(self, lookup: Lookup) -> Glob | None:
        """The pattern for one request; None if a variable cannot be resolved.

        What takes a variable's place is literal: a `*` in it stands for itself.
        """
        if self.constant is not None:
            return self.constant
        filled = self._fill(lookup)
        return glob(filled) if filled is not None else None

    def literal(self, lookup: Lookup) -> str | None:
        """The text for one request of a template read without wildcards; None if a variable cannot be resolved."""
        filled = self._fill(lookup)
        return "".join(part for part in filled if isinstance(part, str)) if filled is not None else None

    def resolved(self, lookup: Lookup) -> str | None:
        """The text with its variables filled in, for people; None if one cannot be resolved."""
        filled = self._fill(lookup) if self.variables else [self.text]
        if filled is None:
            return None
        return "".join(part.value if isinstance(part, Wild) else part for part in filled)

    def _fill(self, lookup: Lookup) -> list[Token] | None:
        filled: list[Token] = []
        for token in self.tokens:
            part = token.resolve(lookup) if isinstance(token, Variable) else token
            if part is None:
                return None
            filled.append(part)
        return filled


def template(text: str, *, wildcards: bool, variables: bool) -> Template:
    """Read a text of a policy; raises Malformed for a variable that breaks the syntax."""
    tokens = tuple(_tokens(text, wildcards=wildcards, variables=variables))
    plain = [token for token in tokens if not isinstance(token, Variable)]
    return Template(text, tokens, glob(plain) if len(plain) == len(tokens) else None)


def variable_end(text: str, start: int) -> int:
    """The index behind the variable that opens at `start`; raises Malformed if it is not closed."""
    closing = text.find(_CLOSING, start)
    if closing < 0:
        raise Malformed(SYNTAX_ERRORS)
    return closing + len(_CLOSING)


def _tokens(text: str, *, wildcards: bool, variables: bool) -> Iterator[Token | Variable]:
    position = 0
    while variables and (opening := text.find(_OPENING, position)) >= 0:
        yield from _literal(text[position:opening], wildcards=wildcards)
        position = variable_end(text, opening)
        yield _variable(text[opening + len(_OPENING) : position - len(_CLOSING)])
    yield from _literal(text[position:], wildcards=wildcards)


def _literal(text: str, *, wildcards: bool) -> Iterator[Token]:
    if wildcards:
        yield from wildcard_tokens(text)
    elif text:
        yield text


def _variable(body: str) -> str | Variable:
    if body in _SIGNS:
        return body
    key, comma, default = body.partition(",")
    key, default = key.strip(), default.strip()
    if not key or any(sign in key for sign in "'{$*?"):
        raise Malformed(SYNTAX_ERRORS)
    if not comma:
        return Variable(key)
    if len(default) < 2 or not default.startswith("'") or default.find("'", 1) != len(default) - 1:
        raise Malformed(SYNTAX_ERRORS)
    return Variable(key, default[1:-1])
