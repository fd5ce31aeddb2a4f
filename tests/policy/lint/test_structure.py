"""Where the structure of a document is wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carnet.base.faults import Malformed
from carnet.policy.document import Grammar, parse
from carnet.policy.lint import check_structure

RIGHT = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
TRUSTED = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "111122223333"}}


def found(document: object, grammar: Grammar = Grammar.IDENTITY) -> list[tuple[str, str, str]]:
    return [(one.code.value, one.path, one.meant) for one in check_structure(document, grammar)]


def in_statement(changes: dict[str, Any], grammar: Grammar = Grammar.IDENTITY) -> list[tuple[str, str, str]]:
    base = TRUSTED if grammar is Grammar.TRUST else RIGHT
    statement = {name: value for name, value in {**base, **changes}.items() if value != "absent"}
    return found({"Version": "2012-10-17", "Statement": [statement]}, grammar)


AT = ".Statement[0]"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"Efect": "Allow", "Effect": "absent"}, ("INVALID_POLICY_ELEMENT", f"{AT}.Efect", "Effect")),
        ({"Actions": "*", "Action": "absent"}, ("INVALID_POLICY_ELEMENT", f"{AT}.Actions", "Action")),
        ({"Colour": "red"}, ("INVALID_POLICY_ELEMENT", f"{AT}.Colour", "")),
        ({"Effect": "allow"}, ("INVALID_EFFECT", f"{AT}.Effect", "Allow")),
        ({"Effect": "Perhaps"}, ("INVALID_EFFECT", f"{AT}.Effect", "")),
        ({"Effect": "absent"}, ("MISSING_EFFECT", AT, "")),
        ({"Action": "absent"}, ("MISSING_ACTION", AT, "")),
        ({"Action": []}, ("EMPTY_ARRAY_ACTION", f"{AT}.Action", "")),
        ({"Action": None}, ("DATA_TYPE_MISMATCH", f"{AT}.Action", "")),
        ({"Action": ["a:b", {}]}, ("DATA_TYPE_MISMATCH", f"{AT}.Action[1]", "")),
        ({"NotAction": "a:b"}, ("UNSUPPORTED_ELEMENT_COMBINATION", f"{AT}.NotAction", "")),
        ({"Resource": "absent"}, ("MISSING_RESOURCE", AT, "")),
        ({"Resource": []}, ("MISSING_RESOURCE", f"{AT}.Resource", "")),
        ({"Principal": "*"}, ("INVALID_POLICY_ELEMENT", f"{AT}.Principal", "")),
        ({"Condition": []}, ("DATA_TYPE_MISMATCH", f"{AT}.Condition", "")),
        ({"Condition": {"Bool": "x"}}, ("DATA_TYPE_MISMATCH", f"{AT}.Condition.Bool", "")),
        (
            {"Condition": {"ForAnyValues:StringLke": {}}},
            ("INVALID_CONDITION_OPERATOR", f"{AT}.Condition.ForAnyValues:StringLke", "ForAnyValue:StringLike"),
        ),
        (
            {"Condition": {"StringLikeIfExist": {}}},
            ("INVALID_CONDITION_OPERATOR", f"{AT}.Condition.StringLikeIfExist", "StringLikeIfExists"),
        ),
    ],
)
def test_a_fault_of_a_statement(changes: dict[str, Any], expected: tuple[str, str, str]) -> None:
    assert in_statement(changes) == [expected]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"Principal": {"Aws": "*"}}, ("INVALID_PRINCIPAL_KEY", f"{AT}.Principal.Aws", "AWS")),
        ({"Principal": "absent"}, ("MISSING_PRINCIPAL", AT, "")),
        ({"Principal": "111122223333"}, ("DATA_TYPE_MISMATCH", f"{AT}.Principal", "")),
        ({"Resource": "*"}, ("INVALID_POLICY_ELEMENT", f"{AT}.Resource", "")),
    ],
)
def test_a_fault_of_a_trust_policy(changes: dict[str, Any], expected: tuple[str, str, str]) -> None:
    assert in_statement(changes, Grammar.TRUST) == [expected]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ([], ("DATA_TYPE_MISMATCH", "", "")),
        ({"Version": "2012-10-17"}, ("MISSING_STATEMENT", "", "")),
        ({"Statement": []}, ("MISSING_STATEMENT", ".Statement", "")),
        ({"Statment": [RIGHT]}, ("INVALID_POLICY_ELEMENT", ".Statment", "Statement")),
        ({"Statement": "*"}, ("DATA_TYPE_MISMATCH", ".Statement", "")),
        ({"Version": "2012-10-71", "Statement": RIGHT}, ("INVALID_VERSION", ".Version", "2012-10-17")),
    ],
)
def test_a_fault_of_a_document(document: object, expected: tuple[str, str, str]) -> None:
    assert found(document) == [expected]


_VALUES = st.sampled_from(("*", "s3:GetObject", "Allow", "Deny", "111122223333", "", None, True, 1))
_ANY = st.recursive(
    _VALUES,
    lambda below: (
        st.lists(below, max_size=2)
        | st.dictionaries(
            st.sampled_from(("AWS", "Service", "Bool", "StringEquals", "aws:userid", "x")), below, max_size=2
        )
    ),
    max_leaves=4,
)
_STATEMENTS = st.fixed_dictionaries(
    {},
    optional={
        "Effect": st.sampled_from(("Allow", "Deny")) | _ANY,
        "Action": st.just("s3:GetObject") | _ANY,
        "NotAction": _ANY,
        "Resource": st.just("*") | _ANY,
        "Principal": st.just({"AWS": "111122223333"}) | _ANY,
        "Condition": _ANY,
        "Sid": _ANY,
    },
)


@given(
    document=st.fixed_dictionaries(
        {"Statement": _STATEMENTS | st.lists(_STATEMENTS, max_size=2)},
        optional={"Version": st.just("2012-10-17") | _ANY, "Id": _ANY, "Ids": _ANY},
    ),
    grammar=st.sampled_from(tuple(Grammar)),
)
def test_whatever_can_be_saved_has_no_fault(document: dict[str, Any], grammar: Grammar) -> None:
    faults = found(document, grammar)
    try:
        parse(json.dumps(document), grammar)
    except Malformed:
        return
    assert faults == []
