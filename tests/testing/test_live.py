"""The fixtures of tests against a server, in a pytest of their own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

from carnet.testing.live.account import CarnetAccount
from carnet.testing.live.assertions import Allowed, Denied
from carnet.testing.live.own_api import Refused
from carnet.testing.live.server import ENDPOINT, TOKEN, CarnetServer, server
from tests.testing.test_plugin import PLUGIN
from tests.waiting import eventually

pytest_plugins = ["pytester"]

READ = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*"}}
DENY = {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "iam:CreateUser", "Resource": "*"}}
LAMBDA = (
    '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},'
    '"Action":"sts:AssumeRole"}}'
)


@pytest.fixture(scope="module")
def running() -> Iterator[CarnetServer]:
    with server() as started:
        yield started


@pytest.fixture
def account(running: CarnetServer) -> CarnetAccount:
    return CarnetAccount(running)


def arn(session: boto3.Session) -> str:
    found: str = session.client("sts").get_caller_identity()["Arn"]
    return found


def test_every_account_is_fresh_and_its_own(running: CarnetServer) -> None:
    one, other = CarnetAccount(running), CarnetAccount(running)
    assert arn(one.root) == f"arn:aws:iam::{one.id}:root"
    one.root.client("iam").create_user(UserName="alice")
    assert one.id != other.id
    assert other.root.client("iam").list_users()["Users"] == []


def test_a_deleted_account_is_gone(running: CarnetServer) -> None:
    account = CarnetAccount(running)
    account.delete()
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        arn(account.root)


def test_an_account_takes_milliseconds(running: CarnetServer) -> None:
    """Of the processor: the machine may be busy with other things."""
    CarnetAccount(running)
    before = time.process_time()
    for _ in range(10):
        CarnetAccount(running)
    assert (time.process_time() - before) / 10 < 0.1


def test_a_role_is_assumed_whomever_it_trusts_and_trusts_no_more_than_before(account: CarnetAccount) -> None:
    iam = account.root.client("iam")
    made = iam.create_role(RoleName="worker", Path="/app/", AssumeRolePolicyDocument=LAMBDA)["Role"]
    for named in ("worker", made["Arn"]):
        assert arn(account.act_as(named)) == f"arn:aws:sts::{account.id}:assumed-role/worker/carnet-as"
    after = iam.get_role(RoleName="worker")["Role"]
    assert after["AssumeRolePolicyDocument"] == made["AssumeRolePolicyDocument"]


def test_a_role_that_cannot_be_assumed_trusts_no_more_than_before(
    account: CarnetAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    iam = account.root.client("iam")
    made = iam.create_role(RoleName="worker", AssumeRolePolicyDocument=LAMBDA)["Role"]
    account.act_as()  # so that the user who assumes roles is there

    def refuse(**_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(account._sts, "assume_role", refuse)
    with pytest.raises(RuntimeError):
        account.act_as("worker")
    after = iam.get_role(RoleName="worker")["Role"]
    assert after["AssumeRolePolicyDocument"] == made["AssumeRolePolicyDocument"]


def test_a_user_is_that_user(account: CarnetAccount) -> None:
    account.root.client("iam").create_user(UserName="alice")
    assert arn(account.act_as(user="alice")) == f"arn:aws:iam::{account.id}:user/alice"


def test_policies_may_be_objects_json_files_and_arns(account: CarnetAccount, tmp_path: Path) -> None:
    file = tmp_path / "policy.json"
    file.write_text(
        '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "iam:ListRoles", "Resource": "*"}}'
    )
    text = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "iam:ListGroups", "Resource": "*"}}'
    managed = account.root.client("iam").create_policy(
        PolicyName="p", PolicyDocument=text.replace("Groups", "Policies")
    )
    iam = account.act_as(policies=[READ, text, file, managed["Policy"]["Arn"]]).client("iam")
    with Allowed():
        iam.list_users(), iam.list_roles(), iam.list_groups(), iam.list_policies()
    with Denied():
        iam.list_instance_profiles()


def test_the_name_of_a_file_is_no_policy(account: CarnetAccount) -> None:
    with pytest.raises(ValueError, match=r"the file of that name is pathlib\.Path\('reader\.json'\)$"):
        account.act_as(policies="reader.json")


def test_who_is_given_nothing_may_do_nothing(account: CarnetAccount) -> None:
    with Denied(by="identity-based policy", explicit=False):
        account.act_as().client("iam").list_users()


def test_one_cannot_be_two(account: CarnetAccount) -> None:
    with pytest.raises(TypeError, match="a role, a user or policies"):
        account.act_as("worker", policies=READ)


def test_no_environment_and_no_config_file_leads_elsewhere(
    account: CarnetAccount, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    config.write_text("[profile work]\nregion = eu-central-1\nendpoint_url = http://127.0.0.1:1\n")
    monkeypatch.setenv("AWS_PROFILE", "nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_ENDPOINT_URL_IAM", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    session = account.act_as(policies=READ)
    assert session.client("iam").list_users()["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert session.client("iam", endpoint_url="http://127.0.0.1:2").meta.endpoint_url == "http://127.0.0.1:2"
    assert session.resource("iam").meta.client.meta.endpoint_url == account.server.endpoint


def test_another_process_is_the_same_principal(account: CarnetAccount) -> None:
    session = account.act_as()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    ask = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"
    run = subprocess.run(
        [sys.executable, "-c", ask], env=kept | session.environment, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == arn(session)


def test_a_denial_that_was_not_expected_is_explained(account: CarnetAccount) -> None:
    iam = account.act_as().client("iam")
    with pytest.raises(AssertionError) as failure, Allowed():
        iam.list_users()
    told = str(failure.value)
    assert told.startswith("expected: allowed\nAn error occurred (AccessDenied) when calling the ListUsers operation")
    decision = re.search("decision id: ([0-9a-f-]{36})\n", told)
    assert decision is not None
    assert told.endswith(account.server.explain(decision[1]))
    assert f"decision  {decision[1]} of " in told


def test_a_denial_that_did_not_come_tells_what_was_allowed(account: CarnetAccount) -> None:
    with pytest.raises(AssertionError) as failure, Denied():
        account.act_as(policies=READ).client("iam").list_users()
    assert str(failure.value).startswith("expected: denied\nnothing was denied of: iam:ListUsers\ndecision id: ")


def test_a_layer_that_there_is_not_is_the_fault_of_the_test() -> None:
    with pytest.raises(
        ValueError, match=r"by must be one of: identity-based policy, .*did you mean 'permissions boundary'"
    ):
        Denied(by="permission boundary")


def test_a_block_without_calls_denies_nothing() -> None:
    with pytest.raises(AssertionError, match="the block made no call with a session of"), Denied():
        pass


@pytest.mark.parametrize(
    ("policies", "by", "explicit", "holds"),
    [
        ([DENY], None, None, True),
        ([DENY], "identity-based policy", True, True),
        ([DENY], None, False, False),
        ([DENY], "permissions boundary", None, False),
        ([READ], None, True, False),
        ([READ], "identity-based policy", False, True),
    ],
)
def test_a_denial_is_of_a_layer_and_explicit_or_not(
    account: CarnetAccount, policies: list[dict[str, object]], by: str | None, explicit: bool | None, holds: bool
) -> None:
    iam = account.act_as(policies=policies).client("iam")
    if holds:
        with Denied(by, explicit) as denied:
            iam.create_user(UserName="x")
        assert "is not authorized to perform: iam:CreateUser" in denied.message
        return
    with pytest.raises(AssertionError, match=r"^expected: "), Denied(by, explicit):
        iam.create_user(UserName="x")


def test_other_errors_are_raised_as_they_are(account: CarnetAccount) -> None:
    iam = account.root.client("iam")
    for block in (Allowed(), Denied()):
        with pytest.raises(ClientError, match="NoSuchEntity"), block:
            iam.get_user(UserName="nobody")
        with pytest.raises(ZeroDivisionError), block:
            _ = 1 / 0


def test_a_server_that_runs_already_is_used_and_left_running(
    running: CarnetServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENDPOINT, running.endpoint + "/")
    monkeypatch.setenv(TOKEN, running.operator_token)
    with server() as same:
        assert same == running
    CarnetAccount(running)


def test_such_a_server_needs_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENDPOINT, "http://127.0.0.1:1")
    with pytest.raises(RuntimeError, match=f"give {TOKEN}, too"), server():
        pass


def test_a_token_that_is_not_good_says_so(running: CarnetServer) -> None:
    stranger = CarnetServer(endpoint=running.endpoint, operator_token="carnet_ot_" + "0" * 64)
    with pytest.raises(Refused, match="401 InvalidToken: There is no such operator token"):
        CarnetAccount(stranger)


def test_an_explanation_that_cannot_be_had_says_so() -> None:
    nowhere = CarnetServer(endpoint="http://127.0.0.1:1", operator_token="x")
    assert nowhere.explain("x").startswith("it is not explained: ")


def test_variables_of_carnet_do_not_reach_the_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CARNET_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("CARNET_PORT", "1")
    with server() as started:
        CarnetAccount(started)
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_does_not_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("carnet.testing.live.server.secrets.token_hex", lambda count: "not a token")
    with pytest.raises(RuntimeError, match=r"does not start(.|\n)*An operator token is carnet_ot_"), server():
        pass


KILLED = """
import sys, time
from carnet.testing.live.server import server
with server() as running:
    print(running.endpoint, flush=True)
    time.sleep(60)
"""


def test_the_server_ends_if_the_tests_are_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", KILLED], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        endpoint = process.stdout.readline().strip()
        process.send_signal(signal.SIGKILL)
    orphan = CarnetServer(endpoint=endpoint, operator_token="x")
    eventually(lambda: "refused" in orphan.explain("x").lower() and "401" not in orphan.explain("x"), pause=0.1)


SUITE = """
import pytest


def policy(action):
    return {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": action, "Resource": "*"}}


@pytest.mark.parametrize("number", range(4))
def test_is_alone(carnet_account, number):
    iam = carnet_account.root.client("iam")
    assert iam.list_users()["Users"] == []
    iam.create_user(UserName="alice")


def test_one_server_for_all(carnet_server, carnet_account):
    assert carnet_account.server is carnet_server


def test_who(carnet_as, assert_allowed, assert_denied):
    iam = carnet_as(policies=policy("iam:ListUsers")).client("iam")
    with assert_allowed():
        iam.list_users()
    with assert_denied(by="identity-based policy"):
        iam.list_roles()
    assert_denied(principal="arn:aws:iam::111122223333:user/x", action="s3:GetObject", resource="*")


def test_fails(carnet_as, assert_allowed):
    with assert_allowed():
        carnet_as().client("iam").list_roles()
"""


@pytest.mark.parametrize("workers", [[], ["-p", "xdist", "-n", "2"]], ids=["alone", "xdist"])
def test_a_suite_of_its_own(pytester: pytest.Pytester, workers: list[str]) -> None:
    pytester.makepyfile(SUITE)
    run = pytester.runpytest_subprocess(*PLUGIN, "-p", "no:cacheprovider", *workers)
    run.assert_outcomes(passed=6, failed=1)
    run.stdout.fnmatch_lines(["E  *AssertionError: expected: allowed", "E  *decision id: *"])


def test_the_assertions_about_policies_need_no_boto3(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test_it(assert_denied):
            assert_denied(principal="arn:aws:iam::111122223333:user/x", action="s3:GetObject", resource="*")
            assert not {"boto3", "botocore", "carnet.testing.live"} & set(sys.modules)
        """
    )
    pytester.runpytest_subprocess(*PLUGIN, "-p", "no:cacheprovider").assert_outcomes(passed=1)
