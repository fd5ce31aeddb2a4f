"""The outer shape of a policy document: which elements there are, and of which JSON type.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html

Element names are case-sensitive. Wherever the grammar has a list, a single value may stand alone.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from carnet.base.faults import Malformed
from carnet.policy.json_text import DuplicateName, InvalidJson, Json, JsonNumber, JsonObject, read_json
from carnet.policy.principals import ANYONE, PrincipalType
from carnet.policy.sentences import INVALID_JSON, LEGACY_PARSING, SYNTAX_ERRORS
from carnet.policy.statement import Effect

MAX_CHARACTERS = 262_144
"""Beyond every real document: IAM's API takes 131,072 characters, and the longest AWS-managed policy has 152,297."""
VERSIONS = ("2008-10-17", "2012-10-17")
VARIABLES_VERSION = VERSIONS[1]

POLICY_ELEMENTS = ("Version", "Id", "Statement")
LISTS = ("Action", "NotAction", "Resource", "NotResource")
PRINCIPALS = ("Principal", "NotPrincipal")
STATEMENT_ELEMENTS = ("Sid", "Effect", "Condition", *LISTS, *PRINCIPALS)
PAIRS = (("Action", "NotAction"), ("Resource", "NotResource"), PRINCIPALS)
"""Elements of which a statement has one at most."""

_POLICY_NAMES = frozenset(POLICY_ELEMENTS)
_STATEMENT_NAMES = frozenset(STATEMENT_ELEMENTS)

PrincipalValues = tuple[tuple[PrincipalType, str], ...]
ConditionBlock = tuple[tuple[str, str, tuple[str, ...]], ...]
"""Operator, key, values."""


class StatementShape(Struct, frozen=True, kw_only=True):
    """A statement whose elements have the right JSON types. An absent element is absent from the mappings."""

    offset: int
    sid: str = ""
    effect: Effect
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """Action, NotAction, Resource, NotResource."""
    principals: Mapping[str, PrincipalValues] = field(default_factory=dict[str, PrincipalValues])
    """Principal, NotPrincipal."""
    star: bool = False
    """Whether one of them is the bare `"*"`. It means what `{"AWS": "*"}` means, and is not taken everywhere."""
    conditions: ConditionBlock = ()
    wrong_case: bool = False
    """Whether Effect is none but for the case of its letters, which AWS tells from a wrong word."""


class DocumentShape(Struct, frozen=True, kw_only=True):
    """A document with its statements in order; `version` is empty if the document names none."""

    version: str
    id: str
    statements: tuple[StatementShape, ...]
    statement_first: bool
    """Whether Statement is an object, no list, and stands before Version."""


def read_shape(text: str, no_json: str = INVALID_JSON) -> DocumentShape:
    """Read a document's text; raises Malformed with AWS's sentence, `no_json` for what is no JSON."""
    document = read_document(text, no_json)
    version = document_version(document)
    found = document_statements(document)
    if not found:
        raise Malformed(SYNTAX_ERRORS)
    return DocumentShape(
        version=version,
        id=_text(document.members.get("Id", "")),
        statements=tuple(map(_statement, found)),
        statement_first=_statement_first(document),
    )


def read_document(text: str, no_json: str = INVALID_JSON) -> JsonObject:
    """The JSON object that a document is; raises Malformed."""
    return _object(_json(text, no_json))


def document_version(document: JsonObject) -> str:
    """The document's version, empty if it names none; raises Malformed for an unknown one, and for unknown elements."""
    if not document.members.keys() <= _POLICY_NAMES:
        raise Malformed(SYNTAX_ERRORS)
    version = _text(document.members.get("Version", ""))
    if "Version" in document.members and version not in VERSIONS:
        raise Malformed(SYNTAX_ERRORS)
    return version


def document_statements(document: JsonObject) -> tuple[Json, ...]:
    """The document's statements in order, none read yet."""
    return _items(document.members.get("Statement"))


def _statement_first(document: JsonObject) -> bool:
    names = list(document.members)
    one = isinstance(document.members["Statement"], JsonObject)
    return one and "Version" in names and names.index("Statement") < names.index("Version")


def _json(text: str, no_json: str) -> Json:
    if len(text) > MAX_CHARACTERS:
        raise Malformed(SYNTAX_ERRORS)
    try:
        return read_json(text)
    except InvalidJson:
        raise Malformed(no_json) from None
    except DuplicateName:
        raise Malformed(SYNTAX_ERRORS) from None


def statement_shape(given: Json) -> StatementShape:
    """One statement; raises Malformed."""
    shape = _statement(given)
    if shape.wrong_case:
        raise Malformed(LEGACY_PARSING)
    return shape


def _statement(given: Json) -> StatementShape:
    statement = _object(given)
    members = statement.members
    if not members.keys() <= _STATEMENT_NAMES:
        raise Malformed(SYNTAX_ERRORS)
    if any(first in members and second in members for first, second in PAIRS):
        raise Malformed(SYNTAX_ERRORS)
    effect = _text(members.get("Effect"))
    return StatementShape(
        offset=statement.offset,
        sid=_text(members.get("Sid", "")),
        effect=_effect(effect),
        wrong_case=effect not in tuple(Effect),
        lists={name: _texts(members[name]) for name in LISTS if name in members},
        principals={name: _principals(members[name]) for name in PRINCIPALS if name in members},
        star=any(members.get(name) == ANYONE for name in PRINCIPALS),
        conditions=_conditions(_object(members["Condition"])) if "Condition" in members else (),
    )


def _effect(text: str) -> Effect:
    if not text.isascii() or text.capitalize() not in tuple(Effect):
        raise Malformed(SYNTAX_ERRORS)
    return Effect(text.capitalize())


def _principals(value: Json) -> PrincipalValues:
    if isinstance(value, str):
        if value != ANYONE:
            raise Malformed(f'Invalid principal in policy: "{value}"')
        return ((PrincipalType.AWS, ANYONE),)
    return tuple(
        (_principal_type(name), text) for name, members in _object(value).members.items() for text in _scalars(members)
    )


def _principal_type(name: str) -> PrincipalType:
    if name not in tuple(PrincipalType):
        raise Malformed(SYNTAX_ERRORS)
    return PrincipalType(name)


def _conditions(block: JsonObject) -> ConditionBlock:
    return tuple(
        (operator, key, _scalars(values))
        for operator, keys in block.members.items()
        for key, values in _object(keys).members.items()
    )


def _items(value: Json) -> tuple[Json, ...]:
    return value if isinstance(value, tuple) else () if value is None else (value,)


def _object(value: Json) -> JsonObject:
    if not isinstance(value, JsonObject):
        raise Malformed(SYNTAX_ERRORS)
    return value


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise Malformed(SYNTAX_ERRORS)
    return value


def _texts(value: Json) -> tuple[str, ...]:
    return tuple(_text(item) for item in _items(value)) if value is not None else (_text(value),)


def _scalars(value: Json) -> tuple[str, ...]:
    """Values for which quotation marks may be left out around numbers and truth values."""
    return tuple(_scalar(item) for item in _items(value)) if value is not None else (_text(value),)


def _scalar(value: Json) -> str:
    if isinstance(value, JsonNumber):
        return value.text
    if isinstance(value, bool):
        return "true" if value else "false"
    return _text(value)
