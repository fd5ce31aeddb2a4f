"""The parts of what a PartiQL statement says of items: clauses, conditions that all hold, members of a list.

A term that is not understood for certain is None.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from carnet.gateway.checks.partiql import CLOSES, CLOSING, Statement, Token

Tokens = tuple[Token, ...]

_DEEPEST = 16
"""Brackets around brackets that are opened. INVARIANT: each is read once more, so that their number bounds the work."""


def clause(statement: Statement, first: str, ends: Sequence[str]) -> Tokens | None:
    """The tokens between a word and the next of `ends`; empty without the word, None if it occurs twice."""
    found = split(statement.rest, lambda token: token.keyword in (first, *ends), keeps=True)
    wanted = [part[1:] for part in found if part and part[0].keyword == first]
    return None if len(wanted) > 1 else wanted[0] if wanted else ()


def has(statement: Statement, word: str) -> bool:
    """Whether the word occurs outside of brackets after the table."""
    return len(split(statement.rest, lambda token: token.keyword == word)) > 1


def split(tokens: Sequence[Token], is_border: Callable[[Token], bool], *, keeps: bool = False) -> list[Tokens]:
    """The parts between the borders that stand in no brackets. The AND of a BETWEEN is none.

    With `keeps`, each separator is the first token of the part behind it.
    """
    parts: list[list[Token]] = [[]]
    depth, is_between = 0, False
    for token in tokens:
        depth += (token.sign in CLOSES) - (token.sign in CLOSING)
        if depth == 0 and is_between and token.keyword == "AND":
            is_between = False
        elif depth == 0 and is_border(token):
            parts.append([token] if keeps else [])
            continue
        elif depth == 0 and token.keyword == "BETWEEN":
            is_between = True
        parts[-1].append(token)
    return [tuple(part) for part in parts]


def listed(tokens: Sequence[Token]) -> list[Tokens]:
    """The parts between the commas."""
    return split(tokens, lambda token: token.kind == "sign" and token.text == ",")


def conjuncts(condition: Tokens) -> list[Tokens] | None:
    """The conditions joined by AND, in order, without brackets around them; None if they are nested too deeply."""
    found: list[Tokens] = []
    waiting = [(condition, 0)]
    while waiting:
        one, depth = waiting.pop()
        if depth > _DEEPEST:
            return None
        parts = [one] if len(alternatives(one)) > 1 else split(one, lambda token: token.keyword == "AND")
        if len(parts) > 1:
            waiting += [(part, depth + 1) for part in reversed(parts)]
        elif (inner := unwrapped(one)) != one:
            waiting.append((inner, depth + 1))
        else:
            found.append(one)
    return found


def alternatives(condition: Tokens) -> list[Tokens]:
    """The conditions joined by OR, as they are written."""
    return split(condition, lambda token: token.keyword == "OR")


def unwrapped(condition: Tokens) -> Tokens:
    """The tokens without a pair of round brackets around all of them."""
    if len(condition) > 1 and condition[0].text == "(" and condition[0].kind == "sign" and _ends_at(condition):
        return condition[1:-1]
    return condition


def _ends_at(condition: Tokens) -> bool:
    """Whether the first bracket is closed by the last token."""
    depth = 0
    for at, token in enumerate(condition):
        depth += (token.sign in CLOSES) - (token.sign in CLOSING)
        if depth == 0:
            return at == len(condition) - 1
    return False
