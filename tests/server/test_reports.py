"""Reports and service-linked roles over the wire, as boto3 reads them."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.attacks.wire import Holder
from tests.server.in_process import InProcessServer, in_process_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessServer]:
    with in_process_server(tmp_path_factory.mktemp("reports")) as running:
        yield running


@pytest.fixture(scope="module")
def iam(server: InProcessServer) -> Any:
    return server.client("iam")


def test_the_credential_report_is_read_as_csv(iam: Any) -> None:
    with pytest.raises(iam.exceptions.CredentialReportNotPresentException) as missing:
        iam.get_credential_report()
    assert "Message" not in missing.value.response["Error"]
    assert iam.generate_credential_report()["State"] == "STARTED"
    assert iam.generate_credential_report()["State"] == "COMPLETE"
    answer = iam.get_credential_report()
    root, *_ = csv.DictReader(answer["Content"].decode().splitlines())
    assert (root["user"], root["access_key_1_last_used_service"]) == ("<root_account>", "iam")


def test_what_was_tried_of_other_services_is_reported(server: InProcessServer, iam: Any) -> None:
    iam.create_user(UserName="alice")
    statement = {"Effect": "Allow", "Action": ["dynamodb:GetItem", "kms:Encrypt"], "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    iam.put_user_policy(UserName="alice", PolicyName="p", PolicyDocument=document)
    alice = Holder.of(iam.create_access_key(UserName="alice")["AccessKey"])
    with pytest.raises(ClientError, match="DryRunOperation"):
        server.client("dynamodb", alice.key_id, alice.secret).get_item(TableName="t", Key={"k": {"S": "v"}})
    arn = iam.get_user(UserName="alice")["User"]["Arn"]
    job = iam.generate_service_last_accessed_details(Arn=arn, Granularity="ACTION_LEVEL")["JobId"]
    answer = iam.get_service_last_accessed_details(JobId=job)
    assert (answer["JobStatus"], answer["JobType"], answer["IsTruncated"]) == ("COMPLETED", "ACTION_LEVEL", False)
    dynamodb, kms = answer["ServicesLastAccessed"]
    assert (dynamodb["ServiceNamespace"], dynamodb["LastAuthenticatedEntity"]) == ("dynamodb", arn)
    (tracked,) = dynamodb["TrackedActionsLastAccessed"]
    assert (tracked["ActionName"], tracked["LastAccessedRegion"]) == ("GetItem", "us-east-1")
    assert "LastAuthenticated" not in kms
    entities = iam.get_service_last_accessed_details_with_entities(JobId=job, ServiceNamespace="dynamodb")
    assert [each["EntityInfo"]["Name"] for each in entities["EntityDetailsList"]] == ["alice"]
    granting = iam.list_policies_granting_service_access(Arn=arn, ServiceNamespaces=["kms"])
    assert granting["PoliciesGrantingServiceAccess"][0]["Policies"][0]["PolicyName"] == "p"


def test_a_service_linked_role_is_made_and_deleted(iam: Any) -> None:
    role = iam.create_service_linked_role(AWSServiceName="ecs.amazonaws.com")["Role"]
    assert role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": ["ecs.amazonaws.com"]}
    with pytest.raises(iam.exceptions.UnmodifiableEntityException):
        iam.delete_role(RoleName=role["RoleName"])
    task = iam.delete_service_linked_role(RoleName=role["RoleName"])["DeletionTaskId"]
    assert iam.get_service_linked_role_deletion_status(DeletionTaskId=task)["Status"] == "SUCCEEDED"
    with pytest.raises(iam.exceptions.InvalidInputException, match="Invalid task id"):
        iam.get_service_linked_role_deletion_status(DeletionTaskId="task")
