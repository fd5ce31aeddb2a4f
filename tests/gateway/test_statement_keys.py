"""What statements in PartiQL tell of keys and attributes, as recorded from AWS, and what they do not tell."""

from __future__ import annotations

from typing import Any

import pytest

from carnet.gateway.checks.check import Refused
from carnet.gateway.checks.key_schemas import KeySchema
from carnet.gateway.checks.services.dynamodb_statements import Scan, keys_by_schema
from tests.gateway.behind import EVERYTHING, Behind, refusal
from tests.gateway.fake_aws import Told

SCHEMA = KeySchema(partition="pk", sort="sk")
COMPOUND = "WHERE pk='a' AND sk>0 AND sk<20"
DENIED, SENT, UNSENT = "AccessDeniedException", None, "ValidationException"
POLICIES: dict[str, dict[str, Any]] = {
    "no scan": {"Bool": {"dynamodb:FullTableScan": "true"}},
    "leading keys": {"Null": {"dynamodb:LeadingKeys": "true"}},
    "scan only": {"Bool": {"dynamodb:FullTableScan": "false"}},
    "scan context": {"Null": {"dynamodb:FullTableScan": "true"}},
}
"""What denies in each of the recorded policies."""
RECORDED = [
    ("no scan", "", DENIED),
    ("no scan", "WHERE pk='a'", SENT),
    ("no scan", COMPOUND, DENIED),
    ("no scan", "WHERE pk='a' AND sk=2 AND sk=2.0", SENT),
    ("no scan", "WHERE pk='a' AND (sk<3 OR sk>=10)", SENT),
    ("no scan", "WHERE pk='a' AND pk='b'", DENIED),
    ("no scan", f"{COMPOUND} ORDER BY sk", UNSENT),
    ("leading keys", "", DENIED),
    ("leading keys", "WHERE pk='a'", SENT),
    ("leading keys", COMPOUND, DENIED),
    ("leading keys", "WHERE pk='a' AND sk=2 AND sk=2.0", SENT),
    ("leading keys", "WHERE pk='a' AND (sk<3 OR sk>=10)", SENT),
    ("leading keys", "WHERE pk='a' AND pk='b'", DENIED),
    ("leading keys", f"{COMPOUND} ORDER BY sk", DENIED),
    ("scan only", "", SENT),
    ("scan only", "WHERE pk='a'", DENIED),
    ("scan only", COMPOUND, SENT),
    ("scan only", "WHERE pk='a' AND sk=2 AND sk=2.0", DENIED),
    ("scan only", "WHERE NOT NOT pk='a'", SENT),
    ("scan only", "WHERE NOT pk<>'a'", SENT),
    ("scan only", f"{COMPOUND} ORDER BY sk", UNSENT),
    ("scan only", "ORDER BY pk", UNSENT),
    ("scan context", "", SENT),
    ("scan context", "WHERE pk='a'", SENT),
    ("scan context", COMPOUND, SENT),
    ("scan context", "WHERE NOT pk<>'a'", SENT),
    ("scan context", f"{COMPOUND} ORDER BY sk", DENIED),
    ("scan context", "ORDER BY pk", UNSENT),
]


def of_table(behind: Behind) -> None:
    schema = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
    behind.aws.answers["DescribeTable"] = Told(body={"Table": {"TableName": "t", "KeySchema": schema}})


def only(condition: dict[str, Any], effect: str = "Allow") -> dict[str, Any]:
    return {"Effect": effect, "Action": "dynamodb:*", "Resource": "*", "Condition": condition}


@pytest.mark.parametrize(("policy", "where", "told"), RECORDED)
def test_scans_are_decided_as_recorded(behind: Behind, policy: str, where: str, told: str | None) -> None:
    of_table(behind)
    behind.allow(EVERYTHING, only(POLICIES[policy], "Deny"))
    execute, statement = behind.client("dynamodb").execute_statement, f'SELECT pk, sk FROM "t" {where}'
    if told is SENT:
        execute(Statement=statement)
    else:
        assert refusal(execute, Statement=statement)["Code"] == told
    assert (behind.aws.operations[-1:] == ["ExecuteStatement"]) is (told is SENT)


def test_an_order_that_would_scan_is_refused_with_the_recorded_sentence(behind: Behind) -> None:
    of_table(behind)
    behind.allow(EVERYTHING, only(POLICIES["no scan"], "Deny"))
    execute = behind.client("dynamodb").execute_statement
    assert refusal(execute, Statement=f"SELECT pk FROM t {COMPOUND} ORDER BY sk")["Message"] == (
        "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause."
    )
    behind.allow(EVERYTHING)
    execute(Statement=f"SELECT pk FROM t {COMPOUND} ORDER BY sk")
    assert behind.aws.operations[-1] == "ExecuteStatement", "the upstream says so itself if no policy asks"


def test_who_may_use_his_own_items_alone_has_them_in_statements_also(behind: Behind) -> None:
    of_table(behind)
    keys = {"dynamodb:LeadingKeys": ["alice"]}
    behind.allow(only({"ForAllValues:StringEquals": keys, "Null": {"dynamodb:LeadingKeys": "false"}}))
    table = behind.client("dynamodb")

    def may(statement: str, *values: str) -> bool:
        given: dict[str, Any] = {"Parameters": [{"S": value} for value in values]} if values else {}
        behind.aws.requests.clear()
        try:
            table.execute_statement(Statement=statement, **given)
        except table.exceptions.ClientError as error:
            if error.response["Error"]["Code"] != "AccessDeniedException":
                raise
        return "ExecuteStatement" in behind.aws.operations

    assert may("SELECT * FROM t WHERE pk = ? AND sk = ?", "alice", "1")
    assert not may("SELECT * FROM t WHERE pk = ? AND sk = ?", "bob", "alice")
    assert may("INSERT INTO t VALUE {'pk': ?, 'sk': 1}", "alice")
    assert not may("INSERT INTO t VALUE {'x': 'alice', 'pk': 'bob', 'sk': 1}")
    assert may("UPDATE t SET x = ? WHERE sk = 1 AND pk = ?", "bob", "alice")
    assert not may("UPDATE t SET x = ? WHERE sk = 1 AND pk = ?", "alice", "bob")
    assert may("DELETE FROM t WHERE pk = 'alice' AND sk = 1 RETURNING ALL OLD *")
    assert not may("DELETE FROM t WHERE pk = 'bob' AND sk = 1")
    assert not may("SELECT * FROM t WHERE pk IN ['alice', 'bob']")
    assert not may("SELECT * FROM t")


@pytest.mark.parametrize("policy", POLICIES)
def test_what_is_not_read_with_certainty_is_not_sent_under_such_a_policy(behind: Behind, policy: str) -> None:
    of_table(behind)
    behind.allow(EVERYTHING, only(POLICIES[policy], "Deny"))
    statement = "SELECT pk FROM t WHERE pk = 'a' OR other = 1"
    error = refusal(behind.client("dynamodb").execute_statement, Statement=statement)
    assert error["Code"] == "NotImplementedException"
    assert "ExecuteStatement" not in behind.aws.operations


def test_of_a_batch_each_statement_has_its_own_keys(behind: Behind) -> None:
    of_table(behind)
    behind.allow(only({"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["a"]}}))
    behind.aws.answers["BatchExecuteStatement"] = Told(body={"Responses": [{"TableName": "t"}]})
    given = [{"Statement": "SELECT * FROM t WHERE pk=? AND sk=1", "Parameters": [{"S": key}]} for key in ("b", "a")]
    answer = behind.client("dynamodb").batch_execute_statement(Statements=given)
    assert [one.get("Error", {}).get("Code") for one in answer["Responses"]] == ["AccessDenied", None]
    sent = {"Statement": 'SELECT * FROM "t" WHERE pk = ? AND sk = 1', "Parameters": [{"S": "a"}]}
    assert behind.aws.requests[-1].json["Statements"] == [sent]


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("SELECT pk FROM t WHERE pk='a' AND sk=1", SENT),
        ("SELECT secret FROM t WHERE pk='a' AND sk=1", DENIED),
        ("SELECT pk FROM t WHERE pk='a' AND sk=1 AND secret='x'", DENIED),
        ("UPDATE t SET secret='x' WHERE pk='a' AND sk=1", DENIED),
        ("INSERT INTO t VALUE {'pk': 'a', 'sk': 1}", SENT),
        ("INSERT INTO t VALUE {'pk': 'a', 'sk': 1, 'secret': 2}", DENIED),
        ("SELECT * FROM t WHERE pk='a' AND sk=1", "NotImplementedException"),
        ("INSERT INTO t VALUE {'pk': 'a', 'pk': 'b'}", "NotImplementedException"),
    ],
)
def test_attributes(behind: Behind, statement: str, told: str | None) -> None:
    behind.allow(only({"ForAllValues:StringEquals": {"dynamodb:Attributes": ["pk", "sk"]}}))
    execute = behind.client("dynamodb").execute_statement
    if told is SENT:
        execute(Statement=statement)
    else:
        assert refusal(execute, Statement=statement)["Code"] == told
    assert behind.aws.operations == (["ExecuteStatement"] if told is SENT else [])


def keys(statement: str, *values: Any) -> Any:
    told = keys_by_schema({"Statement": statement, "Parameters": list(values)}, SCHEMA)
    if told is None or isinstance(told, Scan):
        return told
    leading = told["dynamodb:LeadingKeys"]
    return leading if told.get("dynamodb:FullTableScan", "false") == "false" else told


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("pk = 'it''s'", ("it's",)),
        ("\"pk\" = 'a' AND other IN [1, 2]", ("a",)),
        ("pk = -1.50", ("-1.50",)),
        ("(pk = 'a' AND ((sk = 1)))", ("a",)),
        ("pk = 'a' AND sk BETWEEN 1 AND 2 AND other = 3", ("a",)),
        ("pk = 'a' AND begins_with(sk, 'x')", ("a",)),
        ("pk = 'a' AND (other = 1 OR third = 2)", ("a",)),
        ("pk = 'a' AND pk IN ['a']", ("a",)),
        ("pk IN ('a', 'b')", ("a", "b")),
        ("pk = 'a' OR (pk = 'b')", ("a", "b")),
        ("pk IN ['a', 'b'] AND pk IN ['a', 'b']", Scan.WHOLE),
        ("pk > 'a'", Scan.WHOLE),
        ("begins_with(pk, 'a')", Scan.WHOLE),
        ("pk BETWEEN 'a' AND 'b'", Scan.WHOLE),
        ("sk = 1", Scan.WHOLE),
        ("other = 'pk'", Scan.WHOLE),
        ("other = 1 ORDER BY sk", Scan.ORDERED),
        # What is not read with certainty.
        ("PK = 'a'", None),
        ("a.pk = 'a'", None),
        ("'a' = pk", None),
        ("pk = other", None),
        ("pk = 'a' || 'b'", None),
        ("pk[0] = 'a'", None),
        ("pk IS MISSING", None),
        ("other BETWEEN 1 AND pk = 'a'", None),
        ("pk IN other", None),
        ("pk IN ['a', other]", None),
        ("pk = 'a' OR pk = 'a'", None),
        ("pk = 1 OR pk = 1.0", None),
        ("pk = 'a' OR other = 1", None),
        ("pk = 'a' OR pk = 'b' AND other = 1", None),
        ("pk = 'a' AND (sk = 1 OR other = 2)", None),
        ("pk = 'a' AND NOT sk = 1", None),
        ("pk = 'a' AND size(sk) > 1 AND sk < 3", None),
        ("CASE WHEN other = 1 AND pk = 'a' AND other = 2 THEN true END", None),
        ("pk = 'a' WHERE pk = 'b'", None),
        # What moto would read otherwise: it heeds nothing behind an IN.
        ("other = 1 AND third < 'x' AND pk = 'a'", ("a",)),
        ("other IN [1, 2] AND pk = 'a'", None),
        ("other IN 1 AND pk = 'a'", None),
        ("contains(other, 'x') AND pk = 'a'", None),
        ("other = 1 ORcontains(third, 1) AND pk = 'a'", None),
        ("other.third = 1 AND pk = 'a'", None),
    ],
)
def test_how_a_table_is_read(where: str, told: object) -> None:
    assert keys(f"SELECT pk FROM t WHERE {where}") == told


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE t SET x = 1 WHERE pk IN ['a', 'b']",
        "UPDATE t SET x = 1 WHERE sk = 1",
        "UPDATE t SET x = 1 WHERE pk IN ['a']",
        "DELETE FROM t WHERE pk = 'a' OR pk = 'b'",
        "UPDATE t SET pk = 'b' WHERE pk = 'a'",
        "UPDATE t SET x = 1, PK = 'b' WHERE pk = 'a'",
        "UPDATE t REMOVE pk WHERE pk = 'a'",
        "DELETE FROM t WHERE pk = 'a' AND pk = 'b'",
        "DELETE FROM t WHERE pk > 'a'",
        "INSERT INTO t VALUE {'sk': 1}",
        "INSERT INTO t VALUE {'pk': 'a', 'pk': 'b'}",
        "INSERT INTO t VALUE {'pk': 'a', 'PK': 'b'}",
        "INSERT INTO t VALUE ?",
    ],
)
def test_what_is_written_without_its_one_key_is_not_known(statement: str) -> None:
    assert keys(statement, *[{"M": {"pk": {"S": "a"}}}][: statement.count("?")]) is None


def test_parameters_are_numbered_through_the_whole_statement() -> None:
    values = {"S": "x"}, {"S": "?"}, {"B": b"a"}
    assert keys("UPDATE t SET x = ?, y = '?' WHERE other = ? AND pk = ?", *values) == ("YQ==",)


@pytest.mark.parametrize(
    ("where", "values", "message"),
    [
        ("pk = ?", [], "Number of parameters in request and statement don't match."),
        ("pk = ?", [{"S": "a"}, {"S": "b"}], "Number of parameters in request and statement don't match."),
        ("pk = ?", ["a"], "A parameter is no attribute value."),
        ("pk = ?", [{"BOOL": True}], "Type mismatch"),
        ("pk = ?", [{}], "not given a value"),
        ("pk = ? AND pk = 1", [{"N": "sNaN"}], "cannot be converted to a numeric value: sNaN"),
        ("pk = ? AND pk = 1", [{"N": "x"}], "cannot be converted to a numeric value: x"),
    ],
)
def test_parameters_that_are_none(where: str, values: list[Any], message: str) -> None:
    with pytest.raises(Refused, match=message.replace(".", r"\.")):
        keys(f"SELECT pk FROM t WHERE {where}", *values)


@pytest.mark.parametrize(("depth", "told"), [(16, ("a",)), (17, None), (4000, None)])
def test_brackets_around_brackets_are_read_so_deep(depth: int, told: object) -> None:
    assert keys(f"SELECT pk FROM t WHERE {'(' * depth}pk = 'a'{')' * depth}") == told
    assert keys(f"SELECT pk FROM t WHERE {'(x=1 AND ' * min(depth, 700)}pk = 'a'{')' * min(depth, 700)}") in (
        told,
        None,
    )


def test_many_alternatives_of_numbers_of_any_size() -> None:
    either = " OR ".join(f"pk={number}e99999" for number in range(500))
    assert len(keys(f"SELECT pk FROM t WHERE {either}")) == 500


def test_a_table_is_described_once_however_many_statements_are_on_it(behind: Behind) -> None:
    of_table(behind)
    behind.allow(only({"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["a"]}}))
    behind.aws.answers["BatchExecuteStatement"] = Told(body={"Responses": [{"TableName": "many"}] * 20})
    behind.aws.requests.clear()
    given = [{"Statement": f"SELECT * FROM many WHERE pk='a' AND sk={number}"} for number in range(20)]
    behind.client("dynamodb").batch_execute_statement(Statements=given)
    assert behind.aws.operations == ["DescribeTable", "DescribeTable", "BatchExecuteStatement"], "keys, and the key"
