"""What files of cases hold: nothing of what was written is lost, in either language."""

from __future__ import annotations

from typing import Any

import pytest

from carnet.cli.case_file import NotData, read_case_file
from carnet.policy.case import Case
from carnet.policy.case_reader import CaseReader
from carnet.policy.json_text import JsonNumber

REQUEST = 'principal: "*", action: "s3:GetObject", resource: "*"'


def from_yaml(text: str) -> Any:
    return read_case_file(text.encode(), "cases.yaml")


def from_json(text: str) -> Any:
    return read_case_file(text.encode(), "cases.json")


@pytest.mark.parametrize(
    "text",
    [
        *("yes", "No", "on", "OFF", "y", "True", "NULL", "Null"),
        *("10:20", "012345670123", "1_000", "0x1F", "0o17", "+1", ".5", "5.", ".inf", ".NaN", "01"),
        *("2012-10-17", "2026-01-01T00:00:00Z", "2026-01-01 00:00:00", "203.0.113.7", "=", "s3:GetObject"),
    ],
)
def test_a_plain_scalar_of_yaml_that_json_does_not_know_is_text(text: str) -> None:
    assert from_yaml(f"a: {text}") == {"a": text}
    assert from_yaml(f"- [{text}]") == [[text]]
    assert from_yaml(f"{text}: a") == {text: "a"}


@pytest.mark.parametrize("text", ["0", "-0", "10", "1.10", "1e3", "1.0E+2", "111122223333", "9" * 5_000])
def test_a_number_keeps_its_text(text: str) -> None:
    assert from_yaml(f"a: {text}") == from_json(f'{{"a": {text}}}') == {"a": JsonNumber(text)}


def test_the_words_of_json_are_what_they_are_in_json() -> None:
    assert from_yaml("[true, false, null, ~, 'true', \"null\"]") == [True, False, None, None, "true", "null"]
    assert from_yaml("a:\nb: true") == {"a": None, "b": True}


@pytest.mark.parametrize("name", ["null", "Null", "true", "~", "10", "1.10", "2026-01-01"])
def test_a_name_is_always_text(name: str) -> None:
    assert from_yaml(f"{name}: x") == from_yaml(f"{{'{name}': x}}") == {name: "x"}


def test_names_that_differ_only_by_their_quotes_are_one_name() -> None:
    with pytest.raises(ValueError, match=r"^'10' stands twice$"):
        from_yaml("{10: a, '10': b}")


def test_merges_and_anchors_are_taken() -> None:
    assert from_yaml("- &a {x: 1, 2: b}\n- {<<: *a, x: c}\n- *a") == [
        {"x": JsonNumber("1"), "2": "b"},
        {"x": "c", "2": "b"},
        {"x": JsonNumber("1"), "2": "b"},
    ]


@pytest.mark.parametrize("content", ["", " \n", "# nothing\n", "---\n"])
@pytest.mark.parametrize("name", ["a.yaml", "-"])
def test_an_empty_file_says_so(name: str, content: str) -> None:
    with pytest.raises(ValueError, match=r"^the file is empty$"):
        read_case_file(content.encode(), name)


def test_an_empty_json_file_says_so() -> None:
    with pytest.raises(ValueError, match=r"^the file is empty$"):
        from_json("\n")


def test_broken_json_without_a_suffix_gets_an_error_of_json() -> None:
    with pytest.raises(NotData, match=r"^Expecting ':' delimiter: `{` stands there$") as raised:
        read_case_file(b'{\n"request" {}}', "-")
    assert str(raised.value.place) == "2:11"
    with pytest.raises(ValueError, match="while parsing a flow node"):
        read_case_file(b"request: [", "-")
    with pytest.raises(NotData, match=r"^`// a policy` is no JSON, which has no comments$"):
        read_case_file(b'// a policy\n{"Version": "2012-10-17"}', "-")


COMMA, CONTROL = "a comma stands in front of `}`, where JSON has none", "a text holds a line break, a tab or another"


@pytest.mark.parametrize(
    ("text", "place", "told"),
    [
        ('{"a": 1,}', "1:8", COMMA),
        ('{"a": 1,\n  "b": 2 ,\n}', "2:10", COMMA),
        ('{"a": 1,,}', "1:9", COMMA),
        ('{"a": [1, ]}', "1:9", "a comma stands in front of `]`, where JSON has none"),
        ('{"a": 1 // all\n}', "1:9", "`// all` is no JSON, which has no comments"),
        ('{\n/* all */ "a": 1}', "2:1", '`/* all */ "a": 1}` is no JSON, which has no comments'),
        ('{"a": 1, # all\n}', "1:10", "`# all` is no JSON, which has no comments"),
        ("{'a': 1}", "1:2", "a text begins with a single quote: JSON has double quotes alone"),
        ("{\"a\": 'b'}", "1:7", "a text begins with a single quote: JSON has double quotes alone"),
        ('{"a": True}', "1:7", "`True` is no JSON, which has `true`"),
        ('{"a": 1 "b": 2}', "1:9", "Expecting ',' delimiter: `\"b\"` stands there"),
        ('{"a": 1', "1:8", "Expecting ',' delimiter: the text ends there"),
        ('{"a": \n', "2:1", "Expecting value: the text ends there"),
        ('{"a": 1} "b"', "1:10", 'Extra data: `"b"` stands there'),
        ('{"a": \x1b[31m}', "1:7", r"Expecting value: `\x1b` stands there"),
        ('{"a": "b\n"}', "1:9", CONTROL),
        ('{"a": "b\t"}', "1:9", CONTROL),
    ],
)
def test_what_stands_where_a_text_is_no_json_is_told(text: str, place: str, told: str) -> None:
    with pytest.raises(NotData) as raised:
        from_json(text)
    assert (str(raised.value.place), str(raised.value)[: len(told)]) == (place, told)


def read(text: str) -> Case:
    (case,) = CaseReader().read_all(from_yaml(text))
    return case


def test_values_and_accounts_are_what_the_file_says() -> None:
    context = (
        "{aws:RequestTag/a: yes, aws:RequestTag/b: 1.10, aws:RequestTag/c: [012, 10:20], aws:CurrentTime: 2026-01-01}"
    )
    case = read(f"request: {{{REQUEST}, resourceAccount: 012345678901, context: {context}}}")
    assert case.request.resource_account == "012345678901"
    assert case.request.context.request == {
        "aws:RequestTag/a": "yes",
        "aws:RequestTag/b": "1.10",
        "aws:RequestTag/c": ("012", "10:20"),
        "aws:CurrentTime": "2026-01-01",
    }
    assert read(f"request: {{{REQUEST}, resourceAccount: 111122223333}}").request.resource_account == "111122223333"


def test_a_document_is_what_the_file_says() -> None:
    case = read(
        f"""
        request: {{{REQUEST}}}
        policies:
          identity:
          - Version: 2012-10-17
            Statement:
              Effect: Allow
              Action: s3:*
              Resource: "*"
              Condition:
                Null: {{aws:TokenIssueTime: false}}
                StringEquals: {{aws:RequestTag/a: [1.10, yes, 012345678901], aws:RequestTag/b: 2026-01-01T00:00:00Z}}
        """
    )
    conditions = case.policies.identity[0].statements[0].conditions
    assert [(one.use.text, [wanted.text for wanted in one.values]) for one in conditions] == [
        ("Null", ["false"]),
        ("StringEquals", ["1.10", "yes", "012345678901"]),
        ("StringEquals", ["2026-01-01T00:00:00Z"]),
    ]
