"""Secrets: how they are looked up, replicas, and what is deleted by force."""

from __future__ import annotations

import json

import pytest

from tests.gateway.behind import EVERYTHING, Behind, refusal
from tests.gateway.fake_aws import Told

ARN = "arn:aws:secretsmanager:{}:{}:secret:my-secret-a1b2c3"
MISSING = Told(status=400, body={"__type": "ResourceNotFoundException", "message": "no"})


def arn_in(behind: Behind, region: str = "us-east-1") -> str:
    return ARN.format(region, behind.account)


def test_a_secret_is_looked_up_by_the_name_that_the_request_gives(behind: Behind) -> None:
    """Of an ARN that ends with `-secret` AWS would take the end for the six characters that it adds."""
    behind.aws.answers["DescribeSecret"] = Told(body={"ARN": arn_in(behind)})
    behind.client("secretsmanager").get_secret_value(SecretId="my-secret")
    asked, sent = behind.aws.requests
    assert (asked.operation, asked.json) == ("DescribeSecret", {"SecretId": "my-secret"})
    assert (sent.operation, sent.json) == ("GetSecretValue", {"SecretId": arn_in(behind)})


def replicated(behind: Behind) -> None:
    """The upstream has a secret in us-east-1, and its replica in eu-west-1 from now on."""
    behind.aws.answers["DescribeSecret"] = Told(
        body={"ARN": arn_in(behind, "eu-west-1"), "Name": "my-secret", "PrimaryRegion": "us-east-1"}
    )


def test_a_replica_has_the_policy_of_its_primary(behind: Behind) -> None:
    behind.aws.answers["DescribeSecret"] = Told(body={"ARN": arn_in(behind), "PrimaryRegion": "us-east-1"})
    primary = behind.client("secretsmanager")
    deny = {"Effect": "Deny", "Principal": "*", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    primary.put_resource_policy(SecretId=arn_in(behind), ResourcePolicy=policy)
    replicated(behind)
    replica, of = behind.client("secretsmanager", region="eu-west-1"), {"SecretId": "my-secret"}
    denied = refusal(replica.get_secret_value, **of)
    assert denied["Message"].endswith("with an explicit deny in a resource-based policy")
    assert json.loads(replica.get_resource_policy(**of)["ResourcePolicy"])["Statement"] == [deny]
    for change in (replica.put_resource_policy, replica.delete_resource_policy):
        given = {"ResourcePolicy": policy} if change == replica.put_resource_policy else {}
        error = refusal(change, **of, **given)
        assert error["Code"] == "InvalidParameterException"
        assert error["Message"].startswith("Operation not permitted on a replica secret.")
    assert refusal(replica.get_secret_value, **of)["Code"] == "AccessDeniedException"
    behind.aws.answers["DescribeSecret"] = Told(body={"ARN": arn_in(behind), "PrimaryRegion": "us-east-1"})
    primary.delete_resource_policy(SecretId=arn_in(behind))
    replicated(behind)
    replica.get_secret_value(**of)


@pytest.mark.parametrize("named", ["my-secret", "arn:aws:secretsmanager:us-east-1:{}:secret:my-secret"])
def test_what_is_not_there_is_deleted_by_force_without_an_error(behind: Behind, named: str) -> None:
    behind.aws.answers["DescribeSecret"] = MISSING
    secrets, of = behind.client("secretsmanager"), {"SecretId": named.format(behind.account)}
    assert refusal(secrets.delete_secret, **of)["Code"] == "ResourceNotFoundException"
    gone = secrets.delete_secret(**of, ForceDeleteWithoutRecovery=True)
    assert (gone["Name"], gone["DeletionDate"].date()) == ("my-secret", behind.server.clock().date())
    assert gone["ARN"] == f"arn:aws:secretsmanager:us-east-1:{behind.account}:secret:my-secret"
    assert {*behind.aws.operations} == {"DescribeSecret"}
    event = behind.last_event()
    assert (event["eventName"], event.get("errorCode")) == ("DeleteSecret", None)
    behind.allow(EVERYTHING, {"Effect": "Deny", "Action": "secretsmanager:DeleteSecret", "Resource": "*"})
    denied = refusal(secrets.delete_secret, **of, ForceDeleteWithoutRecovery=True)
    assert denied["Code"] == "AccessDeniedException"


def test_by_force_only_secrets_are_gone_that_were_not_there(behind: Behind) -> None:
    behind.aws.answers["DescribeSecret"] = Told(status=500, body={})
    error = refusal(behind.client("secretsmanager").delete_secret, SecretId="s", ForceDeleteWithoutRecovery=True)
    assert error["Code"] == "ServiceUnavailableException"
