"""Statements in PartiQL as they are sent on, for stores that read them otherwise than they were decided on."""

from __future__ import annotations

from typing import Any

import pytest

from carnet.gateway.checks.check import Refused
from carnet.gateway.checks.partiql_written import as_sent
from tests.gateway.behind import EVERYTHING, Behind, refusal


def sent(statement: str, *values: Any) -> tuple[str, list[Any]]:
    made = as_sent({"Statement": statement, "Parameters": list(values)})
    return made["Statement"], made["Parameters"]


@pytest.mark.parametrize(
    ("given", "as_it_is_sent"),
    [
        ("select a,b . c [ 0 ]from t", 'select a, b.c[0] from "t"'),
        ("SELECT *\tFROM\n t\r\nWHERE\fa=-1\vAND b<>2", 'SELECT * FROM "t" WHERE a = -1 AND b <> 2'),
        ('SELECT xselect, "b" FROM t.i', 'SELECT "xselect", "b" FROM "t"."i"'),
        ("EXISTS(SELECT * FROM t WHERE a=1)", 'EXISTS(SELECT * FROM "t" WHERE a = 1)'),
        ("SELECT a FROM t WHERE (a=1 OR b IN[1,- 2])", 'SELECT a FROM "t" WHERE (a = 1 OR b IN [1, -2])'),
        ("SELECT a FROM t WHERE contains (a, 'x')", "SELECT a FROM \"t\" WHERE contains(a, 'x')"),
        ("SELECT a FROM t WHERE a BETWEEN -1 AND +2", 'SELECT a FROM "t" WHERE a BETWEEN -1 AND +2'),
        ("INSERT INTO t VALUE {'a':-1,'b':<<'x','y'>>}", "INSERT INTO \"t\" VALUE {'a': -1, 'b': <<'x', 'y'>>}"),
        ("UPDATE t SET a=a-1 SET b=a[0]-1 WHERE k='x'", "UPDATE \"t\" SET a = a - 1 SET b = a[0] - 1 WHERE k = 'x'"),
        ("UPDATE t REMOVE a[1] WHERE k='x'", "UPDATE \"t\" REMOVE a[1] WHERE k = 'x'"),
        ("DELETE FROM t WHERE k='x'RETURNING ALL OLD*", "DELETE FROM \"t\" WHERE k = 'x' RETURNING ALL OLD *"),
        ("DELETE FROM t WHERE a > 1 AND (k='x')", "DELETE FROM \"t\" WHERE a > 1 AND (k = 'x')"),
    ],
)
def test_a_statement_is_made_anew_of_its_tokens(given: str, as_it_is_sent: str) -> None:
    assert as_sent({"Statement": given}) == {"Statement": as_it_is_sent}
    assert as_sent({"Statement": as_it_is_sent}) == {"Statement": as_it_is_sent}


@pytest.mark.parametrize(
    "text", ["it''s", 'say "x"', "x FROM y", "\twhere ", "preSELECT x", "a\\", "a\nb", "a\rb", "’", "`", "x SET y"]
)
def test_a_text_that_could_be_more_than_a_text_is_a_parameter(text: str) -> None:
    value, first, last = {"S": text.replace("''", "'")}, {"S": "first"}, {"N": "3"}
    assert sent(f"UPDATE t SET a=?, b='{text}' WHERE k=?", first, last) == (
        'UPDATE "t" SET a = ?, b = ? WHERE k = ?',
        [first, value, last],
    )
    assert sent(f"INSERT INTO t VALUE {{'a': '{text}', 'b': 'c'}}") == (
        "INSERT INTO \"t\" VALUE {'a': ?, 'b': 'c'}",
        [value],
    )


@pytest.mark.parametrize("text", ["from", "FROM x", "where", "selected", "x from", "set"])
def test_other_texts_stay_where_they_are(text: str) -> None:
    statement = f"SELECT * FROM \"t\" WHERE a = '{text}'"
    assert as_sent({"Statement": statement}) == {"Statement": statement}


@pytest.mark.parametrize(
    "statement",
    [
        'SELECT "x FROM secret WHERE y" FROM t',
        'SELECT a FROM t WHERE "b WHERE c" = 1',
        'SELECT a FROM t WHERE "it\'s" = 1',
        'SELECT a FROM t WHERE "a""b" = 1',
        "INSERT INTO t VALUE {'it''s': 1}",
    ],
)
def test_a_name_that_could_be_more_than_a_name_is_not_sent(statement: str) -> None:
    with pytest.raises(Refused, match="Such a name is not sent in a statement"):
        as_sent({"Statement": statement})


@pytest.mark.parametrize(
    "selected", ["a secret WHERE b", "'a'", "a, ", "*, a", "a b", "?", "size(a)", "a AS b", "a['b']", "1", "", "a..b"]
)
def test_nothing_but_document_paths_is_selected(selected: str) -> None:
    with pytest.raises(Refused, match="wasn't well formed"):
        as_sent({"Statement": f"SELECT {selected} FROM t"})


@pytest.mark.parametrize(
    "rest", ["", " WHERE a > 1", " WHERE a IN [1]", " WHERE a = 1 OR b = 2", " WHERE NOT a = 1", " WHERE a.b = 1"]
)
def test_no_change_is_sent_that_names_no_item(rest: str) -> None:
    for begun in ("DELETE FROM t", "UPDATE t SET a = 1", "UPDATE t REMOVE a"):
        with pytest.raises(Refused, match="Where clause does not contain a mandatory equality on all key attributes"):
            as_sent({"Statement": begun + rest})


def test_as_many_parameters_as_question_marks() -> None:
    for values in ([], [{"S": "a"}, {"S": "b"}]):
        with pytest.raises(Refused, match="Number of parameters in request and statement don't match"):
            sent("SELECT * FROM t WHERE k = ?", *values)


def test_what_is_sent_on_is_made_anew(behind: Behind) -> None:
    behind.allow(EVERYTHING)
    table, given, made = (
        behind.client("dynamodb"),
        "SELECT *\tFROM\tt WHERE k = 'x''y'",
        'SELECT * FROM "t" WHERE k = ?',
    )
    table.execute_statement(Statement=given)
    assert behind.aws.requests[-1].json == {"Statement": made, "Parameters": [{"S": "x'y"}]}
    for name, member in (("batch_execute_statement", "Statements"), ("execute_transaction", "TransactStatements")):
        getattr(table, name)(**{member: [{"Statement": given}, {"Statement": "SELECT * FROM t WHERE k=1"}]})
        assert behind.aws.requests[-1].json[member] == [
            {"Statement": made, "Parameters": [{"S": "x'y"}]},
            {"Statement": 'SELECT * FROM "t" WHERE k = 1'},
        ]


@pytest.mark.parametrize("name", ["execute_statement", "batch_execute_statement", "execute_transaction"])
def test_what_is_not_sent_is_told_once_it_is_allowed(behind: Behind, name: str) -> None:
    statement = {"Statement": "DELETE FROM t"}
    members = {"batch_execute_statement": "Statements", "execute_transaction": "TransactStatements"}
    given = {members[name]: [statement]} if name in members else statement
    behind.allow(EVERYTHING)
    error = refusal(getattr(behind.client("dynamodb"), name), **given)
    assert (error["Code"], error["status"]) == ("ValidationException", 400)
    assert behind.aws.requests == []
    if name == "execute_statement":
        behind.allow({"Effect": "Allow", "Action": "dynamodb:PartiQLSelect", "Resource": "*"})
        assert refusal(behind.client("dynamodb").execute_statement, **given)["Code"] == "AccessDeniedException"
