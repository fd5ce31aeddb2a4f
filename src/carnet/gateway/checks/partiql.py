"""PartiQL as Amazon DynamoDB takes it: which table a statement is on, and what it does there.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-reference.html

Strict: one statement, on one table, without comments, subqueries and joins. A statement that is not understood for
certain is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from itertools import pairwise

from msgspec import Struct

from carnet.gateway.checks.check import Refused, invalid

LONGEST = 8_192
"""Characters of a statement that AWS takes."""

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<text>'(?:[^']|'')*')
      | (?P<quoted>"(?:[^"]|"")*")
      | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<number>[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)
      | (?P<parameter>\?)
      | (?P<sign><<|>>|<>|<=|>=|!=|\|\||[][(){}.,=<>:*+/%-])
    )""",
    re.VERBOSE | re.ASCII,
)
_TABLES = frozenset(
    ("SELECT", "FROM", "INSERT", "INTO", "UPDATE", "DELETE", "UPSERT", "REPLACE", "EXISTS", "JOIN", "UNION")
)
"""Words that begin something on a table. Behind the table's name none stands outside of quotation marks."""
_SELECTED = re.compile(r"\*|a(?:\.a|\[0\])*(?:,a(?:\.a|\[0\])*)*")


CLOSES: Mapping[str, str] = {"(": ")", "[": "]", "{": "}", "<<": ">>"}
"""What closes a bracket."""
CLOSING = frozenset(CLOSES.values())


class Verb(StrEnum):
    """The action that a statement needs."""

    SELECT = "PartiQLSelect"
    INSERT = "PartiQLInsert"
    UPDATE = "PartiQLUpdate"
    DELETE = "PartiQLDelete"


class Token(Struct, frozen=True):
    """A part of a statement; of a parameter, `text` is its number, from 0."""

    kind: str
    text: str

    @property
    def keyword(self) -> str:
        """The word in upper case; empty if it is quoted."""
        return self.text.upper() if self.kind == "word" else ""

    @property
    def sign(self) -> str:
        """A bracket, an operator or a comma; empty for other tokens."""
        return self.text if self.kind == "sign" else ""

    @property
    def name(self) -> str | None:
        """The name of a table, an index or an attribute; None for other tokens."""
        if self.kind == "quoted":
            return self.text[1:-1].replace('""', '"')
        return self.text if self.kind == "word" else None


class Statement(Struct, frozen=True, kw_only=True):
    """The effect of one statement."""

    verb: Verb
    table: str
    """As it is written, a name or an ARN."""
    index: str | None
    selected: tuple[Token, ...]
    """What a SELECT selects."""
    rest: tuple[Token, ...]
    """What is behind the table. All brackets are closed."""
    parameters: int
    """How many question marks there are."""
    tokens: tuple[Token, ...]
    """All of it, also what is around a SELECT."""
    at: int
    """The place of the table among them."""


def read_statement(text: str) -> Statement:
    """Read it; Refused if it is not a statement, or more than one."""
    if len(text) > LONGEST:
        raise _malformed_statement()
    every = tuple(_tokens(text))
    tokens: Sequence[Token] = every
    if tokens and tokens[0].keyword == "EXISTS":
        tokens = _within_exists(tokens[1:])
    first = tokens[0].keyword if tokens else ""
    if first == "SELECT":
        at = next((at for at, token in enumerate(tokens) if token.keyword == "FROM"), 0)
        return _on_table(every, Verb.SELECT, tokens[1:at], tokens[at + 1 :] if at else ())
    if first in ("INSERT", "DELETE"):
        verb, second = (Verb.INSERT, "INTO") if first == "INSERT" else (Verb.DELETE, "FROM")
        if len(tokens) < 2 or tokens[1].keyword != second:
            raise _malformed_statement()
        return _on_table(every, verb, (), tokens[2:])
    if first == "UPDATE":
        return _on_table(every, Verb.UPDATE, (), tokens[1:])
    raise _malformed_statement()


def _on_table(every: tuple[Token, ...], verb: Verb, before: Sequence[Token], rest: Sequence[Token]) -> Statement:
    """`rest` begins with the table: `"table"`, or `"table"."index"` in a SELECT."""
    at = len(every) - len(rest) - (every[0].keyword == "EXISTS")
    if not rest:
        raise _malformed_statement()
    table, rest = rest[0].name, rest[1:]
    index = None
    if verb is Verb.SELECT and len(rest) > 1 and rest[0].text == ".":
        index, rest = rest[1].name or "", rest[2:]
    if any(token.keyword in _TABLES for token in (*before, *rest)):
        raise _malformed_statement()
    if rest and not _may_follow_table(verb, rest[0]):
        raise _malformed_statement()
    if not table or index == "" or not _are_closed(rest) or (verb is Verb.SELECT and not _are_selected(before)):
        raise _malformed_statement()
    if rest and rest[0].keyword == "ORDER":
        raise invalid("Must have WHERE clause in the statement when using ORDER BY clause.")
    parameters = sum(token.kind == "parameter" for token in (*before, *rest))
    return Statement(
        verb=verb,
        table=table,
        index=index,
        selected=tuple(before),
        rest=tuple(rest),
        parameters=parameters,
        tokens=every,
        at=at,
    )


def _are_selected(tokens: Sequence[Token]) -> bool:
    """Whether the tokens are `*`, or document paths separated by commas: nothing else is supported."""
    kinds = [
        token.sign or ("0" if token.kind == "number" else "a" if token.name is not None else "?") for token in tokens
    ]
    return _SELECTED.fullmatch("".join(kinds)) is not None


def _are_closed(tokens: Sequence[Token]) -> bool:
    """Whether every bracket is closed, by its own kind and in order."""
    opened: list[str] = []
    for token in tokens:
        if token.sign in CLOSES:
            opened.append(CLOSES[token.sign])
        elif token.sign in CLOSING and (not opened or opened.pop() != token.sign):
            return False
    return not opened


def _may_follow_table(verb: Verb, token: Token) -> bool:
    """Whether a token may follow the table: no second table, and no alias, of which AWS has none."""
    after = {
        Verb.SELECT: ("WHERE", "ORDER"),
        Verb.INSERT: ("VALUE",),
        Verb.UPDATE: ("SET", "REMOVE"),
        Verb.DELETE: ("WHERE", "RETURNING"),
    }
    return token.keyword in after[verb]


def _within_exists(tokens: Sequence[Token]) -> Sequence[Token]:
    """The tokens between the brackets of EXISTS(SELECT ...)."""
    if len(tokens) < 2 or tokens[0].text != "(" or tokens[-1].text != ")" or tokens[1].keyword != "SELECT":
        raise _malformed_statement()
    return tokens[1:-1]


def _tokens(text: str) -> list[Token]:
    """All of the text. INVARIANT: a comment, a semicolon and whatever else is not a token are refused."""
    found: list[Token] = []
    at, text, parameters = 0, text.rstrip(), 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None or token.lastgroup is None:
            raise _malformed_statement()
        is_parameter = token.lastgroup == "parameter"
        found.append(Token(token.lastgroup, str(parameters) if is_parameter else token[token.lastgroup]))
        parameters += is_parameter
        at = token.end()
    if any(pair in (("-", "-"), ("/", "*")) for pair in pairwise([token.sign for token in found])):
        raise _malformed_statement()
    return found


def _malformed_statement() -> Refused:
    return invalid("Statement wasn't well formed, can't be processed: it is not read here.")
