"""`carnet policy simulate`."""

from __future__ import annotations

import gc
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from carnet.cli import main
from carnet.policy import Grammar, Policy, parse
from tests.starting.forked import CARNET, carnet

ALICE = "arn:aws:iam::111122223333:user/alice"
ALLOW = {"Version": "2012-10-17", "Statement": [{"Sid": "Do", "Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
DENY_TEXT = """{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Allow", "Action": "*", "Resource": "*"},
    {"Sid": "No", "Effect": "Deny", "Action": "s3:Put*", "Resource": "*"}
  ]
}"""

THOUSANDS = 3_000


def case(action: str = "s3:GetObject", /, policies: Any = None, **members: Any) -> dict[str, Any]:
    request = {"principal": ALICE, "action": action, "resource": "arn:aws:s3:::bucket/key"}
    return {"request": request, "policies": {"identity": [ALLOW]} if policies is None else policies, **members}


def capped(action: str, **members: Any) -> dict[str, Any]:
    return case(action, {"identity": [ALLOW], "boundary": DENY_TEXT}, **members)


def simulate(file: Path | str, *options: str, content: str | bytes | None = None) -> Result:
    return CliRunner().invoke(main, ["policy", "simulate", "-f", str(file), *options], input=content)


def simulated(tmp_path: Path, data: Any, *options: str) -> Result:
    file = tmp_path / "cases.json"
    file.write_text(json.dumps(data), "utf-8")
    return simulate(file, *options)


def complaint(result: Result) -> str:
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("Error: ")
    return result.stderr.removeprefix("Error: ").strip()


def test_one_case(tmp_path: Path) -> None:
    done = simulated(tmp_path, case(expect="allowed", layer="identity-based policy"))
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == "case: allowed by identity-based policy\n  identity[0] statement 0 (Do)\n"


def test_a_list_with_names_and_with_lines_of_documents_that_are_text(tmp_path: Path) -> None:
    done = simulated(tmp_path, [case(name="reads"), capped("s3:PutObject"), case("ec2:RunInstances")])
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        "case[0] 'reads': allowed by identity-based policy",
        "  identity[0] statement 0 (Do)",
        "case[1]: explicitDeny by permissions boundary",
        "  boundary statement 1 (No) at 5:5",
        "case[2]: implicitDeny by identity-based policy",
    ]


def test_json_is_a_list_in_the_order_of_the_cases(tmp_path: Path) -> None:
    anyone = {**case("sts:GetCallerIdentity"), "policies": {}}
    done = simulated(tmp_path, [capped("s3:PutObject"), case(), anyone], "--output", "json")
    assert json.loads(done.stdout) == [
        {
            "verdict": "explicitDeny",
            "layer": "permissions boundary",
            "statements": [{"policy": "boundary", "index": 1, "sid": "No", "line": 5, "column": 5}],
            "warnings": [],
        },
        {
            "verdict": "allowed",
            "layer": "identity-based policy",
            "statements": [{"policy": "identity[0]", "index": 0, "sid": "Do", "line": 0, "column": 0}],
            "warnings": [],
        },
        {"verdict": "allowed", "layer": None, "statements": [], "warnings": []},
    ]


def test_json_of_one_case_is_a_list_of_one(tmp_path: Path) -> None:
    (one,) = json.loads(simulated(tmp_path, case(), "--output", "json").stdout)
    assert one["verdict"] == "allowed"


@pytest.mark.parametrize("output", ["text", "json"])
def test_an_empty_list_is_refused(tmp_path: Path, output: str) -> None:
    assert complaint(simulated(tmp_path, [], "--output", output)).endswith("cases.json:1:1: the file holds no case")


def test_explain_shows_the_trace(tmp_path: Path) -> None:
    done = simulated(tmp_path, [capped("s3:PutObject", name="writes")], "--explain")
    assert done.stdout.splitlines() == [
        "case[0] 'writes': explicitDeny by permissions boundary",
        f"  principal {ALICE}",
        "  action    s3:PutObject",
        "  resource  arn:aws:s3:::bucket/key",
        "identity-based policy: allowed",
        "  Allow in identity[0] statement 0 (Do): applies",
        "permissions boundary: explicitDeny",
        "  Allow in boundary statement 0 at 4:5: applies",
        "  Deny in boundary statement 1 (No) at 5:5: applies",
    ]


def test_explain_in_json_adds_to_what_is_there_without_it(tmp_path: Path) -> None:
    data = [capped("s3:PutObject"), case()]
    plain = json.loads(simulated(tmp_path, data, "--output", "json").stdout)
    explained = json.loads(simulated(tmp_path, data, "--output", "json", "--explain").stdout)
    assert [{name: whole[name] for name in part} for part, whole in zip(plain, explained, strict=True)] == plain
    assert [layer["layer"] for layer in explained[0]["layers"]] == ["identity-based policy", "permissions boundary"]


@pytest.mark.parametrize(
    ("expectation", "expected"),
    [
        ({"expect": "allowed"}, "allowed"),
        ({"expect": "implicitDeny"}, "implicitDeny"),
        ({"layer": "identity-based policy"}, "by identity-based policy"),
        ({"expect": "explicitDeny", "layer": "session policy"}, "explicitDeny by session policy"),
    ],
)
@pytest.mark.parametrize("options", [(), ("--output", "json"), ("--explain",)])
def test_a_failed_expectation_is_told(
    tmp_path: Path, expectation: dict[str, str], expected: str, options: tuple[str, ...]
) -> None:
    data = [case(expect="allowed"), capped("s3:PutObject", name="writes", **expectation)]
    done = simulated(tmp_path, data, *options)
    assert done.exit_code == 1
    assert done.stderr.splitlines() == [
        "Error: not as expected (1 of 2):",
        f"case[1] 'writes': expected {expected}, was explicitDeny by permissions boundary",
    ]
    assert done.stdout == simulated(tmp_path, [case(), capped("s3:PutObject", name="writes")], *options).stdout


DOUBTFUL = """\
- name: reads
  request:
    principal: "arn:aws:iam::111122223333:user/alice"
    action: "s3:GetObjct"
    resource: "arn:aws:s3:::bucket/key"
    context: {aws:PrincpalArn: x}
  policies:
    identity:
      - Version: 2012-10-17
        Statement:
          - {Effect: Allow, Action: ["s3:Get*", "s3:Fetch*"], Resource: "*"}
    boundary: |
      {
        "Statement": {"Effect": "Allow", "Action": "iam:GetUsr", "Resource": "*"}
      }
"""
WARNINGS = (
    "4:13: The action s3:GetObjct does not exist. Did you mean s3:GetObject?",
    "6:15: The condition key aws:PrincpalArn does not exist. Did you mean aws:PrincipalArn?",
    "11:49: The action s3:Fetch* with its wildcards matches no action that exists.",
    "12:15: at 2:46 of the text there: The action iam:GetUsr does not exist. Did you mean iam:GetUser?",
)


def test_what_aws_does_not_have_is_warned_of_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "cases.yaml"
    file.write_text(DOUBTFUL)
    done = simulate(file)
    assert done.exit_code == 0
    assert done.stdout == "case[0] 'reads': implicitDeny by permissions boundary\n"
    assert done.stderr.splitlines() == [f"Warning: {file}:{line}" for line in WARNINGS]


def test_strict_makes_errors_of_warnings_and_decides_nothing(tmp_path: Path) -> None:
    file = tmp_path / "cases.yaml"
    file.write_text(DOUBTFUL)
    assert complaint(simulate(file, "--strict")).splitlines() == [f"{file}:{line}" for line in WARNINGS]
    assert simulated(tmp_path, case(), "--strict").exit_code == 0


def test_json_has_the_warnings_of_each_case(tmp_path: Path) -> None:
    file = tmp_path / "cases.yaml"
    file.write_text(DOUBTFUL)
    for options in ((), ("--explain",)):
        (answer,) = json.loads(simulate(file, "--output", "json", *options).stdout)
        assert answer["warnings"][0] == {
            "file": str(tmp_path / "cases.yaml"),
            "code": "INVALID_ACTION",
            "message": "The action s3:GetObjct does not exist.",
            "meant": "s3:GetObject",
            "path": "case[0].request.action",
            "line": 4,
            "column": 13,
            "inText": None,
        }
        assert answer["warnings"][3]["inText"] == {"line": 2, "column": 46}


def test_a_warning_of_one_place_is_told_once() -> None:
    asked = '{principal: "*", action: "s3:GetObject", resource: "*"}'
    document = '{Statement: {Effect: Allow, Action: "s3:GetObjct", Resource: "*"}}'
    cases = f"- request: {asked}\n  policies: &p {{identity: [{document}]}}\n- {{request: {asked}, policies: *p}}\n"
    assert simulate("-", content=cases).stderr.count("\n") == 1


def test_everything_that_is_wrong_with_a_document_is_told_with_its_place_also_in_json_with_tabs(tmp_path: Path) -> None:
    file = tmp_path / "cases.json"
    request = json.dumps(case()["request"])
    file.write_text(
        f'{{\n\t"request": {request},\n\t"policies": {{"identity": [{{\n'
        '\t\t"Statement": [{"Efect": "Allow", "Actions": "*", "Resource": "*",\n'
        '\t\t\t"Condition": {"StringEqual": {"a:b": "c"}}}]}]}\n}\n'
    )
    path = "case.policies.identity[0].Statement[0]"
    assert complaint(simulate(file)).splitlines() == [
        f"{file}:4:18: {path}.Efect: Efect is no element of a statement. Did you mean Effect?",
        f"{file}:4:36: {path}.Actions: Actions is no element of a statement. Did you mean Action?",
        (
            f"{file}:5:18: {path}.Condition.StringEqual: The condition operator StringEqual does not exist. "
            "Did you mean StringEquals?"
        ),
    ]


def test_a_member_or_word_that_was_misspelled_is_told_with_what_was_meant(tmp_path: Path) -> None:
    told = complaint(simulated(tmp_path, [case(polices={})]))
    assert told.endswith("; it may have: name, doc, request, policies, expect, layer; did you mean 'policies'?")
    assert complaint(simulated(tmp_path, case(expect="alowed"))).endswith("implicitDeny; did you mean 'allowed'?")


def validate(content: str, *options: str) -> Result:
    return CliRunner().invoke(main, ["policy", "validate", "-", *options], input=content)


def test_a_policy_document_is_validated() -> None:
    done = validate("Statement: {Effect: Alow, Action: [], Resource: '*'}")
    assert done.exit_code == 1
    assert done.stdout.splitlines() == [
        "standard input:1:21: The effect Alow does not exist. Did you mean Allow?",
        "standard input:1:35: Action is an empty list.",
    ]
    assert validate(json.dumps(ALLOW)).stdout == "standard input: nothing is wrong with it\n"
    assert validate(json.dumps(ALLOW)).exit_code == 0


@pytest.mark.parametrize("begins", ["", "\n  "])
def test_json_of_the_standard_input_is_json(begins: str) -> None:
    """As YAML it would be a policy, with a comma that AWS refuses."""
    done = validate(begins + json.dumps(ALLOW).removesuffix("}") + ",}")
    assert done.exit_code == 2
    assert "standard input:" in done.stderr
    assert "nothing is wrong" not in done.output


def test_what_only_aws_complains_of_is_told_in_its_sentence() -> None:
    (found,) = json.loads(
        validate(
            json.dumps({**ALLOW, "Statement": [*ALLOW["Statement"], *ALLOW["Statement"]]}), "--output", "json"
        ).stdout
    )
    assert (found["code"], found["line"]) == ("INVALID_POLICY", 1)
    assert found["message"] == "Statement IDs (SID) in a single policy must be unique."


def test_the_type_of_a_policy_decides_what_it_may_hold() -> None:
    assert validate(json.dumps(ALLOW), "--type", "trust").exit_code == 1
    assert "cannot have Resource" in validate(json.dumps(ALLOW), "--type", "trust").stdout


def test_standard_input_in_either_language() -> None:
    for content in (json.dumps([case()]), yaml.safe_dump([case()]), "\ufeff" + json.dumps([case()])):
        done = simulate("-", content=content)
        assert done.stdout.startswith("case[0]: allowed by identity-based policy\n"), content


def test_yaml_with_an_unquoted_version_anchors_and_merges(tmp_path: Path) -> None:
    file = tmp_path / "cases.yml"
    file.write_text(
        f"""
- request: &asked {{principal: "{ALICE}", action: "s3:GetObject", resource: "arn:aws:s3:::bucket/key"}}
  policies: {{identity: [{{Version: 2012-10-17, Statement: {{Effect: Allow, Action: "s3:Get*", Resource: "*"}}}}]}}
- &other
  request: {{<<: *asked, action: "s3:PutObject"}}
  policies: {{identity: []}}
- {{<<: *other, expect: implicitDeny}}
"""
    )
    done = simulate(file, "--output", "json")
    assert [each["verdict"] for each in json.loads(done.stdout)] == ["allowed", "implicitDeny", "implicitDeny"]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"request": {"principal": ALICE, "action": "s3:GetObject"}}, "case.request.resource is missing"),
        ([case(), case(expect="Allowed")], "case[1].expect must be one of: allowed, explicitDeny, implicitDeny"),
        ([case(policies={"identity": ALLOW})], "case[0].policies.identity must be a list"),
        ([case(policies={"identities": []})], "case[0].policies has the unknown member 'identities'"),
        ([case(policies=[ALLOW])], "case[0].policies must be an object"),
        (case(policies={"boundary": {**ALLOW, "Statement": []}}), "case.policies.boundary.Statement: "),
        (case(policies={"scp": [[ALLOW], ["{"]]}), "case.policies.scp[1][0]: "),
        ("s3:GetObject", "the file must be a list"),
        ([["case"]], "case[0] must be an object"),
    ],
)
def test_a_complaint_names_the_member_at_fault(tmp_path: Path, data: Any, told: str) -> None:
    complained = complaint(simulated(tmp_path, data))
    assert re.match(rf"{tmp_path / 'cases.json'}:1:\d+: (at 1:\d of the text there: )?{re.escape(told)}", complained)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.json", '{"request": {}, "request": {}}', ":1:17: the member 'request' stands twice in one object"),
        ("-", '[{"expect": 1, "expect": 1}]', ":1:16: the member 'expect' stands twice in one object"),
        ("a.json", '{"request": NaN}', ": NaN is no JSON"),
        ("a.json", "request: {}", ":1:1: Expecting value"),
        ("a.json", "[" * 100_000, ": nested too deeply"),
        ("a.yaml", "request: {}\nrequest: {}\n", ":2:1: 'request' stands twice"),
        ("a.yaml", "- {a: {b: 1, b: 2}}", ":1:14: 'b' stands twice"),
        ("a.yaml", "a: [", ":2:1: while parsing"),
        ("a.yaml", "!!python/name:os.system {}", ":1:1: could not determine a constructor"),
        ("-", "", ": the file is empty"),
        ("-", '{"request" {}}', ":1:12: Expecting ':' delimiter"),
        ("a.json", b"\xff\xfe", ": it is no UTF-8 text, as line 1 shows"),
        ("a.yaml", b"a: b\r\nc: \xe9\r\n", ": it is no UTF-8 text, as line 2 shows"),
    ],
)
def test_a_file_that_is_no_data_is_refused_in_one_line(
    tmp_path: Path, name: str, content: str | bytes, told: str
) -> None:
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    done = simulate("-" if name == "-" else file, content=content)
    shown = "standard input" if name == "-" else str(file)
    assert complaint(done).startswith(f"{shown}{told}")
    assert complaint(done).count("\n") == 0


def test_a_file_that_is_not_there_is_told_plainly(tmp_path: Path) -> None:
    assert "No such file or directory" in complaint(simulate(tmp_path / "none.json"))


def test_whoever_reads_no_further_hears_no_complaint() -> None:
    command = [str(CARNET), "policy", "simulate", "-f", "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        running.stdin.write(json.dumps([case()]).encode())
        running.stdin.close()
        assert running.stderr.read() == b""


def test_a_file_must_be_named() -> None:
    assert CliRunner().invoke(main, ["policy", "simulate"]).exit_code == 2


def test_the_collector_runs_again_after_a_complaint() -> None:
    assert gc.isenabled()
    simulate("-", content="[")
    assert gc.isenabled()


def test_thousands_of_cases_parse_each_policy_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parsing is what takes time: without it, thousands of cases take about a second."""
    parsed: list[str] = []

    def counting(text: str, grammar: Grammar, *, source: str) -> Policy:
        parsed.append(source)
        return parse(text, grammar, source=source)

    monkeypatch.setattr("carnet.policy.case_documents.parse", counting)
    actions = ("s3:GetObject", "s3:PutObject", "ec2:RunInstances")
    done = simulated(tmp_path, [capped(actions[number % 3]) for number in range(THOUSANDS)], "--output", "json")
    verdicts = [each["verdict"] for each in json.loads(done.stdout)]
    assert verdicts == ["allowed", "explicitDeny", "implicitDeny"] * (THOUSANDS // 3)
    assert sorted(parsed) == ["boundary", "identity[0]"]


def test_it_needs_no_installation_and_makes_none(tmp_path: Path) -> None:
    (tmp_path / "case.json").write_text(json.dumps(case(expect="explicitDeny")))
    done = carnet("policy", "simulate", "-f", "case.json", cwd=tmp_path)
    assert done.returncode == 1
    assert "expected explicitDeny, was allowed" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["case.json"]


ORDERS = "\x1b[2J\u202e"


@pytest.mark.parametrize(
    "data",
    [
        [{**case(), "name": ORDERS}],
        [{**case(), "name": ORDERS, "expect": "explicitDeny"}],
        [case(f"s3:Get{ORDERS}")],
        [{**case(), ORDERS: 1}],
    ],
)
@pytest.mark.parametrize("options", [[], ["--explain"], ["--strict"]])
def test_a_file_of_cases_gives_a_terminal_no_orders(tmp_path: Path, data: Any, options: list[str]) -> None:
    done = simulated(tmp_path, data, *options)
    told = done.stdout + done.stderr
    assert r"\x1b[2J\u202e" in told
    assert told.replace("\n", "").isprintable(), told


def test_a_policy_gives_a_terminal_no_orders() -> None:
    statement = {"Effect": "Allow", "Action": f"s3:Get{ORDERS}", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    done = CliRunner().invoke(main, ["policy", "validate", "-"], input=json.dumps(document))
    told = done.stdout + done.stderr
    assert r"\x1b[2J\u202e" in told
    assert told.replace("\n", "").isprintable(), told
