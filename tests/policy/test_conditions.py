"""Every condition operator: values, missing keys, several values, wrong types.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

from typing import Any

import pytest

from carnet.base.faults import Malformed
from carnet.policy.compile import Engine
from carnet.policy.context_keys import is_multivalued
from carnet.policy.decide import decide
from carnet.policy.operators import NULL, OPERATORS, operator_use
from carnet.policy.policies import Policies
from carnet.policy.request import Context, Request, Value
from tests.policy.builders import ALICE, allow, policy, request

KEY = "test:key"
ENGINE = Engine()
GOOD_VALUE = {
    "Numeric": "5",
    "Date": "2026-01-01T00:00:00Z",
    "Bool": "true",
    "Null": "true",
    "Binary": "YQ==",
    "IpAddr": "10.0.0.0/8",
    "NotIpA": "10.0.0.0/8",
    "Arn": "arn:aws:s3:::x",
    "String": "x",
}
NAMES = sorted(OPERATORS.keys() - {NULL})
NEGATED = {name for name in NAMES if "Not" in name}


def met(operator: str, wanted: Any, actual: Value | None, *, key: str = KEY) -> bool:
    statement = allow(Condition={operator: {key: wanted}})
    keys: dict[str, Value] = {} if actual is None else {key: actual}
    asked, policies = request(keys=keys), Policies(identity=(policy(statement),))
    decision = decide(asked, policies)
    assert ENGINE.decide(asked, policies) == decision
    return decision.allowed


def good_value(operator: str) -> str:
    return next(value for prefix, value in GOOD_VALUE.items() if operator.startswith(prefix))


def test_every_documented_operator_is_there() -> None:
    assert len(OPERATORS) == 27
    assert {name for name, operator in OPERATORS.items() if operator.negated} == NEGATED


@pytest.mark.parametrize("operator", NAMES)
def test_a_missing_key_meets_the_negated_operators(operator: str) -> None:
    wanted = good_value(operator)
    assert met(operator, wanted, None) is (operator in NEGATED)
    assert met(f"{operator}IfExists", wanted, None) is True
    assert met(f"ForAllValues:{operator}", wanted, None) is True
    assert met(f"ForAllValues:{operator}", wanted, ()) is True
    assert met(f"ForAnyValue:{operator}", wanted, None) is False
    assert met(f"ForAnyValue:{operator}", wanted, ()) is False
    assert met(f"ForAnyValue:{operator}IfExists", wanted, None) is False
    assert met(f"ForAllValues:{operator}IfExists", wanted, None) is True


@pytest.mark.parametrize("operator", sorted(set(NAMES) - {name for name in NAMES if name.startswith("String")}))
def test_a_value_of_another_type_equals_nothing(operator: str) -> None:
    by_negation = operator in NEGATED and not operator.startswith(("NotIp", "Arn"))
    for actual in ("", "rubbish", "\u0665", "1_000", " 5", "0x5"):
        assert met(operator, good_value(operator), actual) is by_negation, actual


@pytest.mark.parametrize(
    ("operator", "wanted", "unreadable"),
    [
        ("NotIpAddress", "192.0.2.0/24", ("not-an-ip", "", "192.0.2.1/32", "192.0.513", "3221225985", "::192.0.2.1")),
        ("ArnNotLike", "arn:aws:iam::*:user/*", ("not-an-arn", "", "arn:aws:iam::1")),
        ("ArnNotEquals", "arn:aws:iam::${aws:SourceAccount}:user/*", ("not-an-arn", "", "arn:aws:iam::1")),
    ],
)
def test_an_address_or_arn_that_cannot_be_read_does_not_meet_a_negated_operator(
    operator: str, wanted: str, unreadable: tuple[str, ...]
) -> None:
    """Recorded from AWS, in an Allow and in a Deny."""
    for actual in unreadable:
        for quantifier in ("", "ForAllValues:", "ForAnyValue:"):
            assert met(f"{quantifier}{operator}", wanted, actual) is False, actual
            assert met(f"{quantifier}{operator}IfExists", wanted, actual) is False, actual


@pytest.mark.parametrize("operator", NAMES)
def test_if_exists_changes_nothing_for_a_key_that_is_there(operator: str) -> None:
    for actual in ("5", "2026-01-01T00:00:00Z", "true", "YQ==", "10.1.2.3", "arn:aws:s3:::x", "x"):
        assert met(operator, good_value(operator), actual) is met(f"{operator}IfExists", good_value(operator), actual)


@pytest.mark.parametrize(
    ("operator", "wanted", "actual", "expected"),
    [
        ("StringEquals", "a", "a", True),
        ("StringEquals", "a", "A", False),
        ("StringEquals", "a*", "ab", False),
        ("StringEquals", "a*", "a*", True),
        ("StringEquals", ["a", "b"], "b", True),
        ("StringEquals", [], "b", False),
        ("StringNotEquals", ["a", "b"], "b", False),
        ("StringNotEquals", ["a", "b"], "c", True),
        ("StringNotEquals", [], "c", True),
        ("StringEqualsIgnoreCase", "kiss", "KISS", True),
        ("StringEqualsIgnoreCase", "kiss", "\u212aiss", True),
        ("StringEqualsIgnoreCase", "\u00c9", "\u00e9", True),
        ("StringEqualsIgnoreCase", "\u00df", "\u1e9e", True),
        ("StringEqualsIgnoreCase", "\u00df", "SS", False),
        ("StringEqualsIgnoreCase", "I", "\u0131", False),
        ("StringEqualsIgnoreCase", "i", "\u0130", False),
        ("StringEqualsIgnoreCase", "\u03a3", "\u03c2", False),
        ("StringEqualsIgnoreCase", "\u03a3", "\u03c3", True),
        ("StringEqualsIgnoreCase", "\u039f\u03a3", "\u03bf\u03c2", True),
        ("StringEqualsIgnoreCase", "\u039f\u03a3", "\u03bf\u03c3", False),
        ("StringNotEqualsIgnoreCase", "K", "\u212a", False),
        ("StringEqualsIgnoreCase", "kiss", "ki\u017f\u017f", False),
        ("StringNotEqualsIgnoreCase", "a", "A", False),
        ("StringLike", "a?c*", "abc\ndef", True),
        ("StringLike", "a?c*", "ABC", False),
        ("StringNotLike", ["a*", "b*"], "b", False),
        ("StringNotLike", ["a*", "b*"], "c", True),
        ("NumericEquals", 5, "5.0", True),
        ("NumericEquals", "1e2", "100", True),
        ("NumericLessThan", "1e999999", "9e999998", True),
        ("NumericLessThan", "1e999999", "1e999999", False),
        ("NumericGreaterThan", "1e-999999", "1" + "0" * 2000, True),
        ("NumericEquals", "9007199254740993", "9007199254740992", False),
        ("NumericLessThan", "9007199254740993", "9007199254740992.5", True),
        ("NumericLessThan", "1" + "0" * 400, "9" * 400, True),
        ("NumericNotEquals", [1, 2], "3", True),
        ("NumericNotEquals", [1, 2], "2.0", False),
        ("NumericLessThanEquals", 5, "5", True),
        ("NumericGreaterThan", 5, "5", False),
        ("NumericGreaterThanEquals", -5, "-5", True),
        ("DateEquals", "2026-01-01T00:00:00Z", "1767225600", True),
        ("DateEquals", "2026-01-01", "2026-01-01T00:00:00Z", True),
        ("DateEquals", "2026", "2026-01-01T01:00:00+01:00", True),
        ("DateEquals", "-1.5", "1969-12-31T23:59:58.500Z", True),
        ("DateEquals", "2026-01-02T23:59:59+23:59", "2026-01-02T00:00:59Z", True),
        ("DateEquals", "2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z", True),
        ("DateLessThan", "-122", "-123", True),
        ("DateEquals", "2026-01-01T00:00:00.5Z", "2026-01-01T00:00:00Z", False),
        ("DateEquals", "2026-01-01T00:00:00.0009Z", "2026-01-01T00:00:00Z", True),
        ("DateEquals", "2026-01-01T00:00:00.001Z", "2026-01-01T00:00:00.0019999999Z", True),
        ("DateEquals", "2026-01-01T00:00:00.001Z", "2026-01-01T00:00:00.002Z", False),
        ("DateLessThan", "1.0005", "1.0001", False),
        ("DateNotEquals", "2026-01-01", "2026-01-02", True),
        ("DateLessThan", "2026-01-01T00:00:00Z", "2025-12-31T23:59:59.999Z", True),
        ("DateLessThanEquals", "2026-01-01T00:00Z", "2026-01-01T00:00:00Z", True),
        ("DateGreaterThan", "2026-01-01T00:00:00-05:00", "2026-01-01T05:00:01Z", True),
        ("DateGreaterThanEquals", 0, "1970-01-01T00:00:00Z", True),
        ("DateLessThan", "1970-01-01", "-1", True),
        ("DateLessThanEquals", str(2**63 - 1), str(2**63 - 1), True),
        ("DateGreaterThan", "1970-01-01", str(2**63), False),
        ("Bool", "true", "TRUE", True),
        ("Bool", True, "true", True),
        ("Bool", "false", "true", False),
        ("Bool", ["true", "false"], "false", True),
        ("Bool", "false", "yes", True),
        ("Bool", "false", "", True),
        ("Bool", "false", " true ", True),
        ("Bool", "true", "yes", False),
        ("Bool", "yes", "false", True),
        ("Bool", "yes", "true", False),
        ("BinaryEquals", "QmluYXJ5", "QmluYXJ5", True),
        ("BinaryEquals", "QmluYXJ5", "Qmlu", False),
        ("BinaryEquals", "YWJj", "YWJj==", False),
        ("BinaryEquals", "YWI=", "YWJ=", False),
        ("IpAddress", "203.0.113.0/24", "203.0.113.9", True),
        ("IpAddress", "203.0.113.7/24", "203.0.113.9", True),
        ("IpAddress", "203.0.113.9", "203.0.113.9", True),
        ("IpAddress", "203.0.113.9", "203.0.113.8", False),
        ("IpAddress", "203.0.113.0/24", "::ffff:203.0.113.9", True),
        ("IpAddress", "::ffff:cb00:7100/120", "203.0.113.9", False),
        ("IpAddress", "::ffff:cb00:7100/120", "::ffff:cb00:7109", False),
        ("NotIpAddress", "::ffff:cb00:7100/120", "::ffff:203.0.113.9", True),
        ("IpAddress", "2001:db8::/32", "2001:DB8:0::1", True),
        ("IpAddress", "::/0", "203.0.113.9", False),
        ("IpAddress", "0.0.0.0/0", "2001:db8::1", False),
        ("IpAddress", "::/0", "::ffff:203.0.113.9", False),
        ("IpAddress", "0.0.0.0/0", "203.0.113.09", True),
        ("IpAddress", "192.000.002.0/24", "192.0.2.1", True),
        ("IpAddress", "192.000.002.1", "192.0.2.1", True),
        ("IpAddress", "192.0.2.0/024", "192.0.2.1", True),
        ("IpAddress", "192.0.2.0/+24", "192.0.2.1", True),
        ("IpAddress", "192.0.2.0/+24", "192.0.3.1", False),
        ("IpAddress", "192.0.2.0/24", "192.000.002.1", True),
        ("NotIpAddress", "192.0.2.0/24", "192.000.002.1", False),
        ("IpAddress", "2001:DB8::/064", "2001:db8::1", True),
        ("IpAddress", "2001:db8::4/127", "2001:db8::5", True),
        ("IpAddress", "::/0", "::192.0.2.1", False),
        ("IpAddress", "fe80::/10", "fe80::1%eth0", False),
        ("NotIpAddress", ["10.0.0.0/8", "192.168.0.0/16"], "192.168.1.1", False),
        ("NotIpAddress", ["10.0.0.0/8", "192.168.0.0/16"], "8.8.8.8", True),
        ("ArnEquals", "arn:aws:s3:::a*", "arn:aws:s3:::abc", True),
        ("ArnLike", "arn:aws:iam:*:*:role", "arn:aws:iam::111111111111:role", True),
        ("ArnLike", "arn:aws:iam:*:role:*", "arn:aws:iam:eu:111111111111:role:x", False),
        ("ArnLike", "*", "no ARN", True),
        ("ArnLike", "arn:aws:iam::*:role/*", "arn:aws:iam::111111111111:role/a:b", True),
        ("ArnNotLike", "arn:aws:iam::*:role/*", "arn:aws:iam::1:user/a", True),
        ("ArnNotEquals", "arn:aws:s3:::a*", "arn:aws:s3:::abc", False),
        ("ArnNotLike", "arn:aws:iam::${aws:SourceAccount}:role/*", "arn:aws:iam::1:user/a", True),
    ],
)
def test_one_value(operator: str, wanted: Any, actual: str, expected: bool) -> None:
    assert met(operator, wanted, actual) is expected


@pytest.mark.parametrize(
    ("operator", "wanted", "actual", "expected"),
    [
        ("ForAllValues:StringEquals", ["a", "b"], ("a", "b"), True),
        ("ForAllValues:StringEquals", ["a", "b"], ("a", "c"), False),
        ("ForAnyValue:StringEquals", ["a", "b"], ("a", "c"), True),
        ("ForAnyValue:StringEquals", ["a", "b"], ("c", "d"), False),
        ("ForAllValues:StringNotEquals", ["a", "b"], ("c", "d"), True),
        ("ForAllValues:StringNotEquals", ["a", "b"], ("a", "d"), False),
        ("ForAnyValue:StringNotEquals", ["a", "b"], ("a", "d"), True),
        ("ForAnyValue:StringNotEquals", ["a", "b"], ("a", "b"), False),
        ("ForAllValues:StringEquals", ["a"], "a", True),
        ("ForAnyValue:NumericLessThan", [5], ("9", "3"), True),
        ("ForAllValues:NumericLessThan", [5], ("9", "3"), False),
    ],
)
def test_several_values(operator: str, wanted: Any, actual: Value, expected: bool) -> None:
    assert met(operator, wanted, actual) is expected


@pytest.mark.parametrize("operator", NAMES)
@pytest.mark.parametrize("if_exists", ["", "IfExists"])
def test_without_a_set_operator_no_value_of_a_multivalued_key_meets_a_condition(operator: str, if_exists: str) -> None:
    good, several = good_value(operator), (good_value(operator), "other")
    for values in (several, several[:1], several[1:]):
        assert met(operator + if_exists, good, values) is False, "a list, of a key that AWS does not document"
    for actual in (good, "other", "", several):
        assert met(operator + if_exists, good, actual, key="aws:TagKeys") is False
    wanted_when_missing = operator in NEGATED or bool(if_exists)
    assert met(operator + if_exists, good, None, key="AWS:tagkeys") is wanted_when_missing
    assert met(operator + if_exists, good, (), key="aws:TagKeys") is wanted_when_missing


def test_variables_make_no_difference_to_a_multivalued_key() -> None:
    for actual in ("*", ("*",), ("x",)):
        assert met("StringEquals", "${*}", actual, key="aws:TagKeys") is False
        assert met("StringNotEquals", "${aws:PrincipalTag/none}", actual, key="aws:TagKeys") is False
    assert met("StringNotEquals", "${aws:PrincipalTag/none}", ("x",)) is False
    assert met("StringNotEquals", "${aws:PrincipalTag/none}", "x") is True


def test_a_condition_on_a_multivalued_key_alone_decides_as_quickly() -> None:
    """The engine's quick test is asked once a first request has told how contexts spell their keys."""
    policies = Policies(identity=(policy(allow(Condition={"StringEquals": {"aws:TagKeys": "a"}})),))
    for actual in ("a", ("a",), "b"):
        context = Context(request={"aws:TagKeys": actual})
        asked = Request(principal=ALICE, action="s3:GetObject", resource="*", context=context)
        for _ in range(3):
            assert ENGINE.decide(asked, policies) == decide(asked, policies)
            assert not ENGINE.decide(asked, policies).allowed


@pytest.mark.parametrize("key", ["aws:TagKeys", "events:Metadata/x", "vpc-lattice-svcs:RequestQueryString/q"])
def test_keys_that_aws_documents_as_arrays_are_multivalued(key: str) -> None:
    assert is_multivalued(key)
    assert not is_multivalued(f"{key}/Matcher") or not key.startswith("events:")


@pytest.mark.parametrize("key", ["aws:PrincipalTag/x", "s3:prefix", "events:Metadata/x/Matcher", "test:key", ""])
def test_other_keys_are_not_multivalued(key: str) -> None:
    assert not is_multivalued(key)


@pytest.mark.parametrize(
    ("wanted", "actual", "expected"),
    [
        ("true", None, True),
        ("true", "x", False),
        ("false", None, False),
        ("false", "x", True),
        ("false", "", True),
        ("true", (), True),
        ("false", ("x",), True),
        (["true", "false"], "x", True),
        (["true", "false"], None, True),
        ([], "x", False),
    ],
)
def test_null_asks_whether_the_key_is_missing(wanted: Any, actual: Value | None, expected: bool) -> None:
    assert met("Null", wanted, actual) is expected


@pytest.mark.parametrize(
    ("wanted", "actual", "of_all", "of_any"),
    [
        ("true", None, True, False),
        ("false", None, True, False),
        ("true", (), True, False),
        ("false", "", True, True),
        ("true", "x", False, False),
        ("false", "x", True, True),
        ("false", ("x", "y"), True, True),
    ],
)
def test_null_over_a_set_finds_nothing_in_a_missing_key(
    wanted: str, actual: Value | None, of_all: bool, of_any: bool
) -> None:
    assert met("ForAllValues:Null", wanted, actual) is of_all
    assert met("ForAnyValue:Null", wanted, actual) is of_any


def test_an_empty_string_is_a_value() -> None:
    """Recorded from AWS for set operators too, where the user guide speaks of a null data set."""
    for nothing in ("", ("",), ("", "")):
        assert met("ForAllValues:StringEquals", "a", nothing) is False
        assert met("ForAllValues:StringEquals", "", nothing) is True
        assert met("ForAnyValue:StringEquals", "", nothing) is True
        assert met("ForAnyValue:StringNotEquals", "a", nothing) is True
        assert met("ForAnyValue:StringLike", "${aws:SourceAccount, '*'}", nothing) is False
    assert met("StringEquals", "", "") is True
    assert met("StringNotEquals", "a", "") is True
    assert met("StringLike", "*", "") is True
    assert met("ForAllValues:StringEquals", "a", ("", "a")) is False
    assert met("ForAnyValue:StringEquals", "", ("", "a")) is True


def test_several_keys_and_operators_are_joined_by_and() -> None:
    both = {"StringEquals": {"a:a": "1", "a:b": "2"}, "Bool": {"a:c": "true"}}
    policies = Policies(identity=(policy(allow(Condition=both)),))
    good: dict[str, Value] = {"a:a": "1", "a:b": "2", "a:c": "true"}
    assert decide(request(keys=good), policies).allowed
    for key in good:
        assert not decide(request(keys={**good, key: "other"}), policies).allowed


@pytest.mark.parametrize(
    "name",
    [
        "stringequals",
        "StringMatches",
        "StringEqualsIfExist",
        "ForSomeValues:StringEquals",
        "ForAllValues:ForAnyValue:StringEquals",
        ":StringEquals",
        "NullIfExists",
        "ForAnyValue:NullIfExists",
        "",
        "IfExists",
    ],
)
def test_an_unknown_operator_is_refused(name: str) -> None:
    assert operator_use(name) is None
    with pytest.raises(Malformed, match="Syntax errors in policy"):
        met(name, "x", "x")


@pytest.mark.parametrize(
    ("operator", "wanted"),
    [
        ("NumericEquals", "five"),
        ("NumericEquals", "NaN"),
        ("NumericEquals", "1e9999999"),
        ("NumericEquals", "\u0665"),
        ("DateEquals", "yesterday"),
        ("DateEquals", "2026-02-30"),
        ("DateEquals", "2026-01-01T24:00:00Z"),
        ("DateEquals", "2026-01-01T00:60:00Z"),
        ("DateEquals", "2026-01-01T00:00:61Z"),
        ("DateEquals", "2026-01-01T00:00:00+24:00"),
        ("DateEquals", "2026-01-01T00:00:00+00:60"),
        ("BinaryEquals", "not base64!"),
        ("BinaryEquals", "YWJj=="),
        ("ArnEquals", "arn:aws:s3"),
        ("IpAddress", "10.0.0.0/33"),
        ("IpAddress", "10.0.0.0/255.0.0.0"),
        ("IpAddress", "example.com"),
        ("IpAddress", "2001:db8::/129"),
        ("IpAddress", "10.0.0.0/-8"),
        ("IpAddress", ""),
    ],
)
def test_a_wanted_value_of_another_type_is_refused(operator: str, wanted: str) -> None:
    with pytest.raises(Malformed):
        met(operator, wanted, "x")
