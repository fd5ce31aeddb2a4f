"""account, ec2:DescribeRegions and the Resource Groups Tagging API with boto3 and with the AWS CLI."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.clients.running import RunningServer
from tests.clients.test_aws_cli import Cli, allow

CONTACT = {
    "FullName": "Ada Lovelace",
    "AddressLine1": "12 St James's Square",
    "City": "London",
    "PostalCode": "SW1Y 4LB",
    "CountryCode": "GB",
    "PhoneNumber": "+442079460000",
}


@pytest.fixture
def root(server: RunningServer) -> Cli:
    return Cli(server.client_environment())


def client(server: RunningServer, service: str, key: dict[str, str] | None = None) -> Any:
    environment = server.environment
    given = key or {
        "AccessKeyId": environment["AWS_ACCESS_KEY_ID"],
        "SecretAccessKey": environment["AWS_SECRET_ACCESS_KEY"],
    }
    session = boto3.Session(
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        region_name="us-east-1",
    )
    make: Any = session.client
    return make(service, endpoint_url=server.endpoint)


def limited(iam: Any, name: str, action: str) -> dict[str, str]:
    """The access key of a user who may do that alone."""
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=allow(action))
    key: dict[str, str] = iam.create_access_key(UserName=name)["AccessKey"]
    return key


def refused(call: Any, **given: Any) -> tuple[str, int]:
    with pytest.raises(ClientError) as raised:
        call(**given)
    error: Any = raised.value.response
    return error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]


def test_boto3(server: RunningServer) -> None:
    iam, account, ec2 = (client(server, name) for name in ("iam", "account", "ec2"))
    tagging = client(server, "resourcegroupstaggingapi")
    reader = limited(iam, "reader", "account:GetContactInformation")

    account.put_contact_information(ContactInformation=CONTACT)
    of_reader = client(server, "account", reader)
    assert of_reader.get_contact_information()["ContactInformation"] == CONTACT
    assert refused(of_reader.put_contact_information, ContactInformation=CONTACT) == ("AccessDeniedException", 403)
    with pytest.raises(account.exceptions.ResourceNotFoundException):
        account.get_alternate_contact(AlternateContactType="BILLING")
    assert refused(account.put_contact_information, ContactInformation={**CONTACT, "CountryCode": "GBR"}) == (
        "ValidationException",
        400,
    )
    account.enable_region(RegionName="af-south-1")
    pages = account.get_paginator("list_regions").paginate(PaginationConfig={"PageSize": 10})
    assert len([region for page in pages for region in page["Regions"]]) == 36

    assert "af-south-1" in {region["RegionName"] for region in ec2.describe_regions()["Regions"]}
    filters = [{"Name": "region-name", "Values": ["eu-west-*"]}]
    assert len(ec2.describe_regions(Filters=filters)["Regions"]) == 3
    of_reader = client(server, "ec2", reader)
    assert refused(of_reader.describe_regions) == ("UnauthorizedOperation", 403)
    assert refused(ec2.describe_regions, DryRun=True) == ("DryRunOperation", 412)
    assert refused(ec2.describe_regions, RegionNames=["nowhere"]) == ("InvalidParameterValue", 400)
    assert refused(ec2.describe_vpcs) == ("DryRunOperation", 412), "it is not offered, and would be allowed"
    assert refused(client(server, "ec2", {**reader, "SecretAccessKey": "x" * 40}).describe_regions) == (
        "AuthFailure",
        401,
    )

    arn = iam.create_policy(PolicyName="p", PolicyDocument=allow("s3:*"))["Policy"]["Arn"]
    iam.create_instance_profile(InstanceProfileName="web", Tags=[{"Key": "team", "Value": "blue"}])
    assert tagging.tag_resources(ResourceARNList=[arn], Tags={"team": "red"})["FailedResourcesMap"] == {}
    pages = tagging.get_paginator("get_resources").paginate(PaginationConfig={"PageSize": 1})
    assert len([one for page in pages for one in page["ResourceTagMappingList"]]) == 2
    of_tagger = client(server, "resourcegroupstaggingapi", limited(iam, "tagger", "tag:*"))
    assert of_tagger.get_tag_values(Key="team")["TagValues"] == ["blue", "red"]
    failed = of_tagger.untag_resources(ResourceARNList=[arn], TagKeys=["team"])["FailedResourcesMap"][arn]
    assert (failed["ErrorCode"], failed["StatusCode"]) == ("AccessDenied", 403)
    of_reader = client(server, "resourcegroupstaggingapi", reader)
    assert refused(of_reader.get_resources) == ("AccessDeniedException", 400)
    assert refused(tagging.get_resources, ResourcesPerPage=101) == ("InvalidParameterException", 400)


def test_aws_cli(server: RunningServer, root: Cli) -> None:
    root("iam", "create-user", "--user-name", "alice")
    alice = root.with_keys(root("iam", "create-access-key", "--user-name", "alice")["AccessKey"])

    contact = ("--alternate-contact-type", "SECURITY")
    root(
        *("account", "put-alternate-contact", *contact, "--name", "Ada", "--title", "Countess"),
        *("--email-address", "ada@example.com", "--phone-number", "+442079460000"),
    )
    assert root("account", "get-alternate-contact", *contact)["AlternateContact"]["Name"] == "Ada"
    assert "(AccessDeniedException)" in alice.error("account", "get-alternate-contact", *contact)

    names = [region["RegionName"] for region in root("ec2", "describe-regions")["Regions"]]
    assert len(names) == 17
    assert len(root("ec2", "describe-regions", "--all-regions", "--region-names", "us-east-1")["Regions"]) == 1
    assert "(UnauthorizedOperation)" in alice.error("ec2", "describe-regions")

    arn = root("iam", "create-policy", "--policy-name", "p", "--policy-document", allow("s3:*"))["Policy"]["Arn"]
    tag = ("resourcegroupstaggingapi", "tag-resources", "--resource-arn-list", arn, "--tags", "team=red")
    assert root(*tag)["FailedResourcesMap"] == {}
    (one,) = root("resourcegroupstaggingapi", "get-resources")["ResourceTagMappingList"]
    assert one == {"ResourceARN": arn, "Tags": [{"Key": "team", "Value": "red"}]}
    assert "(AccessDeniedException)" in alice.error(*tag)
