"""Ansible, Cloud Custodian and Prowler, whole programs over IAM and STS: `make test-more-clients`."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.clients.running import RunningServer

HERE = Path(__file__).parent
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


def program(client: str, name: str) -> Path:
    found = Path(f".venv-{client}/bin/{name}").resolve()
    if not found.exists():
        pytest.skip(f"{name} is not there: make more-clients")
    return found


def run(server: RunningServer, *command: object, **more: str) -> str:
    """What a client of the root user prints; its exit code has to be 0."""
    done = subprocess.run(
        list(map(str, command)),
        env=server.client_environment(**more),
        cwd=server.data_dir.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]
    return done.stdout + done.stderr


def client(server: RunningServer) -> Any:
    given = server.environment
    return boto3.client(
        "iam",
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        aws_access_key_id=given["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=given["AWS_SECRET_ACCESS_KEY"],
    )


def document(action: str, **members: object) -> str:
    statement = {"Effect": "Allow", "Action": action, **(members or {"Resource": "*"})}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def filled(server: RunningServer) -> Any:
    """Two users with keys, one an administrator; a policy that allows all; a role that another account may assume."""
    iam = client(server)
    for name in ("alice", "bob"):
        iam.create_user(UserName=name)
        iam.create_access_key(UserName=name)
    for group in ("admins", "empty"):
        iam.create_group(GroupName=group)
    iam.add_user_to_group(GroupName="admins", UserName="alice")
    iam.attach_group_policy(GroupName="admins", PolicyArn=ADMINISTRATOR)
    iam.create_policy(PolicyName="star", PolicyDocument=document("*"))
    trust = document("sts:AssumeRole", Principal={"AWS": "222222222222"})
    iam.create_role(RoleName="visitors", AssumeRolePolicyDocument=trust)
    iam.put_role_policy(RoleName="visitors", PolicyName="own", PolicyDocument=document("iam:CreateUser"))
    return iam


def test_a_playbook_makes_and_removes_an_estate(server: RunningServer, tmp_path: Path) -> None:
    playbook = program("ansible", "ansible-playbook")
    quiet = {
        "ANSIBLE_HOME": str(tmp_path / "ansible"),
        "ANSIBLE_LOCALHOST_WARNING": "False",
        "ANSIBLE_PYTHON_INTERPRETER": str(playbook.with_name("python")),
    }
    given = ("-i", "localhost,", "-c", "local", "-e", json.dumps({"account": server.account_id}))
    told = run(server, playbook, *given, HERE / "playbooks" / "iam.yml", **quiet)
    assert "failed=0" in told
    iam = client(server)
    assert [iam.list_users()["Users"], iam.list_roles()["Roles"], iam.list_groups()["Groups"]] == [[], [], []]


def test_policies_of_cloud_custodian_find_and_mend(server: RunningServer, tmp_path: Path) -> None:
    custodian = program("custodian", "custodian")
    iam = filled(server)
    output = tmp_path / "found"
    run(server, custodian, "run", "-s", output, "--cache-period", "0", "--region", "us-east-1", HERE / "custodian.yml")
    found = {file.parent.name: len(json.loads(file.read_text())) for file in output.glob("*/resources.json")}
    twice = {"without-mfa", "active-keys"}
    assert found == {name: 2 if name in twice else 1 for name in found}
    assert len(found) == 12
    assert iam.list_user_tags(UserName="alice")["Tags"] == [{"Key": "mfa", "Value": "missing"}]
    assert [key["Status"] for key in iam.list_access_keys(UserName="alice")["AccessKeyMetadata"]] == ["Inactive"]
    assert [user["UserName"] for user in iam.list_users()["Users"]] == ["alice"]
    assert iam.list_roles()["Roles"] == iam.list_policies(Scope="Local")["Policies"] == []
    assert iam.get_account_password_policy()["PasswordPolicy"]["MinimumPasswordLength"] == 14


def test_the_iam_checks_of_prowler_end_and_find(server: RunningServer, tmp_path: Path) -> None:
    prowler = program("prowler", "prowler")
    filled(server)
    output = ("-M", "json-ocsf", "-o", tmp_path / "report", "-F", "found", "--no-banner", "--no-color", "-z")
    home = {"HOME": os.environ.get("HOME", str(tmp_path)), "PROWLER_DISABLE_UPDATE_CHECK": "1"}
    told = run(server, prowler, "aws", "--service", "iam", "--region", "us-east-1", *output, **home)
    assert "Something went wrong" not in told
    findings = json.loads((tmp_path / "report" / "found.ocsf.json").read_text())
    outcomes: dict[str, set[str]] = {}
    for finding in findings:
        outcomes.setdefault(finding["metadata"]["event_code"], set()).add(finding["status_code"])
    assert len(outcomes) > 30
    assert outcomes["iam_avoid_root_usage"] == outcomes["iam_root_mfa_enabled"] == {"FAIL"}
    assert outcomes["iam_customer_unattached_policy_no_administrative_privileges"] == {"FAIL"}
    assert outcomes["iam_check_saml_providers_sts"] == {"FAIL"}
