"""`carnet policy simulate`."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from carnet.cli import main
from carnet.policy import Grammar, Policy, parse

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
        },
        {
            "verdict": "allowed",
            "layer": "identity-based policy",
            "statements": [{"policy": "identity[0]", "index": 0, "sid": "Do", "line": 0, "column": 0}],
        },
        {"verdict": "allowed", "layer": None, "statements": []},
    ]


def test_json_of_one_case_is_a_list_of_one(tmp_path: Path) -> None:
    (one,) = json.loads(simulated(tmp_path, case(), "--output", "json").stdout)
    assert one["verdict"] == "allowed"


def test_an_empty_list_is_no_failure(tmp_path: Path) -> None:
    assert json.loads(simulated(tmp_path, [], "--output", "json").stdout) == []


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
        (case(policies={"boundary": {**ALLOW, "Statement": []}}), "case.policies.boundary: "),
        (case(policies={"scp": [[ALLOW], ["{"]]}), "case.policies.scp[1][0]: "),
        ("s3:GetObject", "the file must be a list"),
        ([["case"]], "case[0] must be an object"),
    ],
)
def test_a_complaint_names_the_member_at_fault(tmp_path: Path, data: Any, told: str) -> None:
    assert complaint(simulated(tmp_path, data)).startswith(f"{tmp_path / 'cases.json'}: {told}")


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.json", '{"request": {}, "request": {}}', "the member 'request' stands twice in one object"),
        ("-", '[{"expect": 1, "expect": 1}]', "the member 'expect' stands twice in one object"),
        ("a.json", '{"request": NaN}', "NaN is no JSON"),
        ("a.json", "request: {}", "Expecting value: line 1 column 1 (char 0)"),
        ("a.json", "[" * 100_000, "nested too deeply"),
        ("a.yaml", "request: {}\nrequest: {}\n", "'request' stands twice"),
        ("a.yaml", "- {a: {b: 1, b: 2}}", "'b' stands twice"),
        ("a.yaml", "a: [", "while parsing"),
        ("a.yaml", "!!python/name:os.system {}", "could not determine a constructor"),
        ("-", "", "the file is empty"),
        ("-", '{"request" {}}', "Expecting ':' delimiter: line 1 column 12 (char 11)"),
        ("a.json", b"\xff\xfe", "'utf-8' codec can't decode"),
    ],
)
def test_a_file_that_is_no_data_is_refused_in_one_line(
    tmp_path: Path, name: str, content: str | bytes, told: str
) -> None:
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    done = simulate("-" if name == "-" else file, content=content)
    shown = "standard input" if name == "-" else str(file)
    assert complaint(done).startswith(f"{shown}: {told}")
    assert complaint(done).count("\n") == 0


def test_a_file_that_is_not_there_is_told_plainly(tmp_path: Path) -> None:
    assert "No such file or directory" in complaint(simulate(tmp_path / "none.json"))


def test_whoever_reads_no_further_hears_no_complaint() -> None:
    command = [str(Path(sys.executable).parent / "carnet"), "policy", "simulate", "-f", "-"]
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
    done = subprocess.run(
        [Path(sys.executable).parent / "carnet", "policy", "simulate", "-f", "case.json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert "expected explicitDeny, was allowed" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["case.json"]
