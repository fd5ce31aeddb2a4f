"""Files that hold policies: those that a case names, several at once, and Terraform plans."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from carnet.cli import main

READER = """{
  "Version": "2012-10-17",
  "Statement": [
    {"Sid": "Read", "Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}
  ]
}"""
MISSPELLED = READER.replace("s3:Get*", "s3:GetObjec")
TRUST = """{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole",
"Principal": {"Service": "lambda.amazonaws.com"}}}"""


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["policy", *map(str, arguments)])


def simulated(tmp_path: Path, policies: str, *options: str) -> Result:
    file = tmp_path / "cases.yaml"
    file.write_text(
        f"""
- request: {{principal: "arn:aws:iam::111122223333:user/a", action: "s3:GetObject", resource: "arn:aws:s3:::b/k"}}
  policies:
    {policies}
"""
    )
    return run("simulate", "-f", file, *options)


@pytest.fixture
def reader(tmp_path: Path) -> Path:
    (tmp_path / "policies").mkdir()
    file = tmp_path / "policies" / "reader.json"
    file.write_text(READER)
    return file


@pytest.mark.parametrize(
    ("policies", "told"),
    [
        (
            "identity: [{file: policies/reader.json}]",
            "identity-based policy\n  identity[0] statement 0 (Read) at 4:5\n",
        ),
        ("{identity: [{file: policies/reader.yaml}]}", "identity-based policy\n  identity[0] statement 0 (Read)\n"),
        (
            "{identity: [{file: policies/reader.json}], scp: [[{file: policies/reader.json}]]}",
            "identity-based policy\n  identity[0] statement 0 (Read) at 4:5\n",
        ),
    ],
)
@pytest.mark.usefixtures("reader")
def test_a_case_names_a_policy_by_its_file(tmp_path: Path, policies: str, told: str) -> None:
    (tmp_path / "policies" / "reader.yaml").write_text(
        "Version: 2012-10-17\nStatement: [{Sid: Read, Effect: Allow, Action: 's3:Get*', Resource: '*'}]"
    )
    done = simulated(tmp_path, policies)
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == f"case[0]: allowed by {told}"


def test_a_policy_of_the_resource_that_is_held_by_an_object(tmp_path: Path) -> None:
    (tmp_path / "bucket.json").write_text(READER.replace('"Effect"', '"Principal": "*", "Effect"'))
    held = "{policy: {file: bucket.json}, account: '444455556666'}"
    done = simulated(tmp_path, f"{{identity: [], resource: {held}}}")
    assert done.stdout == "case[0]: implicitDeny by identity-based policy\n"
    done = simulated(tmp_path, "{identity: [], resource: {policy: {file: bucket.json}}}")
    assert done.stdout == "case[0]: allowed by resource-based policy\n  resource statement 0 (Read) at 4:5\n"


def test_what_is_wrong_in_a_named_policy_is_told_with_its_own_place(tmp_path: Path, reader: Path) -> None:
    reader.write_text(MISSPELLED)
    done = simulated(tmp_path, "identity: [{file: policies/reader.json}]")
    assert done.stderr.startswith(f"Warning: {reader}:4:50: ")
    assert "s3:GetObject" in done.stderr
    reader.write_text(READER.replace("Allow", "Alow"))
    done = simulated(tmp_path, "identity: [{file: policies/reader.json}]")
    assert done.exit_code == 2
    assert done.stderr.startswith(f"Error: {reader}:4:31: case[0].policies.identity[0].Statement[0].Effect: ")


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ("{file: none.json}", "cases.yaml:4:23: {directory}/none.json: No such file or directory"),
        ("{file: bad.json}", "cases.yaml:4:23: {directory}/bad.json:1:2: Expecting property name"),
        ("{file: [a]}", "cases.yaml:4:23: case[0].policies.identity[0].file must be the name of a file"),
        ("{file: ''}", "cases.yaml:4:23: case[0].policies.identity[0].file must be the name of a file"),
        (
            "none.json",
            "cases.yaml:4:16: case[0].policies.identity[0] is no policy document; the file of that name is {{",
        ),
        ("{file: a, layer: b}", "cases.yaml:4:16: case[0].policies.identity[0]"),
    ],
)
def test_a_name_that_leads_to_no_policy(tmp_path: Path, named: str, told: str) -> None:
    (tmp_path / "bad.json").write_text("{")
    done = simulated(tmp_path, f"identity: [{named}]")
    assert done.exit_code == 2
    assert done.stdout == ""
    assert told.format(directory=tmp_path) in done.stderr


def test_several_files_are_validated(tmp_path: Path, reader: Path) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text(MISSPELLED)
    done = run("validate", reader, wrong)
    assert done.exit_code == 1
    first, second = done.stdout.splitlines()
    assert first == f"{reader}: nothing is wrong with it"
    assert second.startswith(f"{wrong}:4:50: ")
    done = run("validate", "--output", "json", reader, wrong)
    assert [each["file"] for each in json.loads(done.stdout)] == [str(wrong)]


def test_the_others_are_looked_at_if_one_cannot_be_read(tmp_path: Path, reader: Path) -> None:
    done = run("validate", tmp_path / "none.json", reader)
    assert done.exit_code == 2
    assert done.stdout == f"{reader}: nothing is wrong with it\n"
    assert done.stderr == f"Error: {tmp_path / 'none.json'}: No such file or directory\n"


def plan(*resources: dict[str, Any], changes: Any = ()) -> dict[str, Any]:
    module = {"resources": list(resources)}
    return {
        "format_version": "1.2",
        "planned_values": {"root_module": {"child_modules": [{"address": "module.m", **module}]}},
        "resource_changes": list(changes),
    }


def resource(kind: str, **values: Any) -> dict[str, Any]:
    return {"address": f"module.m.{kind}.x", "mode": "managed", "type": kind, "name": "x", "values": values}


def planned(tmp_path: Path, data: dict[str, Any]) -> Result:
    (tmp_path / "plan.json").write_text(json.dumps(data))
    return run("validate", tmp_path / "plan.json")


def test_each_policy_of_a_plan_is_looked_at_as_its_resource_says(tmp_path: Path) -> None:
    bucket = READER.replace('"Effect"', '"Principal": "*", "Effect"')
    right = plan(
        resource("aws_iam_policy", policy=READER),
        resource("aws_iam_role", assume_role_policy=TRUST, name="r"),
        resource("aws_s3_bucket_policy", policy=bucket),
        resource("aws_organizations_policy", type="SERVICE_CONTROL_POLICY", content=READER),
    )
    done = planned(tmp_path, right)
    assert (done.exit_code, done.stderr) == (0, "")
    shown = [line.removesuffix(": nothing is wrong with it") for line in done.stdout.splitlines()]
    assert shown == [
        f"{tmp_path}/plan.json: module.m.{each}"
        for each in (
            "aws_iam_policy.x.policy",
            "aws_iam_role.x.assume_role_policy",
            "aws_s3_bucket_policy.x.policy",
            "aws_organizations_policy.x.content",
        )
    ]
    exchanged = plan(resource("aws_iam_policy", policy=TRUST), resource("aws_s3_bucket_policy", policy=READER))
    done = planned(tmp_path, exchanged)
    assert done.exit_code == 1
    assert "aws_iam_policy.x.policy:2:1: A policy of this type cannot have Principal.\n" in done.stdout
    assert "aws_s3_bucket_policy.x.policy:4:5: " in done.stdout


def test_what_a_plan_holds_beside_policies_is_left_alone(tmp_path: Path) -> None:
    lifecycle = json.dumps({"rules": []})
    others = plan(
        resource("aws_ecr_lifecycle_policy", policy=lifecycle),
        resource("aws_iot_policy", policy=READER),
        resource("google_iam_policy", policy=READER),
        resource("aws_organizations_policy", type="TAG_POLICY", content=READER),
        resource("aws_s3_bucket", bucket="b", policy=None),
    )
    done = planned(tmp_path, others)
    assert done.exit_code == 2
    assert "plan.json: the plan holds no policy document" in done.stderr


def test_a_policy_that_terraform_does_not_know_yet_is_told(tmp_path: Path) -> None:
    change = {"address": "module.m.aws_sqs_queue_policy.x", "change": {"after_unknown": {"policy": True}}}
    done = planned(tmp_path, plan(resource("aws_sqs_queue_policy"), changes=[change]))
    assert (done.exit_code, done.stdout) == (0, "")
    told = "module.m.aws_sqs_queue_policy.x.policy: Terraform knows it only after apply: not looked at\n"
    assert done.stderr.endswith(told)


@pytest.mark.parametrize("wrong", [[], "x", {"root_module": []}, {"root_module": {"resources": [1, {"values": 2}]}}])
def test_a_plan_that_is_none_is_no_failure(tmp_path: Path, wrong: Any) -> None:
    assert planned(tmp_path, {"planned_values": wrong, "resource_changes": [3, {"change": 4}]}).exit_code == 2


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"AWSTemplateFormatVersion": "2010-09-09", "Resources": {}}, "this is a template of CloudFormation"),
        ({"UserDetailList": []}, "carnet account import --dry-run reads it"),
        ({"UserName": "a", "PolicyDocument": {}}, "ask with --query PolicyDocument."),
        ({"PolicyVersion": {"Document": {}}}, "ask with --query PolicyVersion.Document."),
        ({"Role": {}}, "ask with --query Role.AssumeRolePolicyDocument."),
        ({"Policy": "{}"}, "ask with --query Policy --output text."),
    ],
)
def test_what_is_no_policy_is_told_what_it_is(tmp_path: Path, data: dict[str, Any], told: str) -> None:
    file = tmp_path / "other.json"
    file.write_text(json.dumps(data))
    done = run("validate", file)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"Error: {file}: ")
    assert told in done.stderr
