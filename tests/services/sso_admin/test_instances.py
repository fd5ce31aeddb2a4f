"""Instances, their Regions and attributes, and the tags of all that they hold."""

from __future__ import annotations

import pytest

from carnet.entities.external_identity_provider import ExternalIdentityProvider
from carnet.entities.identity_center_instance import Instance
from carnet.entities.instance_settings import InstanceSettings
from carnet.entities.request_signing import RequestSigning
from carnet.entities.scim_token import MOST_TOKENS, ScimToken
from carnet.identity.saml_signing_keys import new_key_pair
from carnet.services.identity_source import read_provider, use_external_provider_here
from carnet.services.request_signing import KeyAction, change_here
from carnet.services.scim_tokens import create_here
from tests.saml import idp
from tests.services.sso_admin.center import Center
from tests.services.world import Caller, ServiceError

CONFIGURATION = "InstanceAccessControlAttributeConfiguration"


def test_who_sees_the_instance_of_the_organization(center: Center) -> None:
    member, outsider = center.estate.member(), center.world.account()
    told = center.call("DescribeInstance")
    for caller in (center.world.root, member):
        (listed,) = center.world.call(caller, "ListInstances", service="sso-admin")["Instances"]
        assert listed["InstanceArn"] == center.instance.arn
        assert listed.items() <= told.items()
        assert center.call_as(caller, "DescribeInstance") == told
    assert center.world.call(outsider, "ListInstances", service="sso-admin")["Instances"] == []
    with pytest.raises(ServiceError, match="AccessDeniedException"):
        center.call_as(outsider, "DescribeInstance")
    assert (told["OwnerAccountId"], told["Status"], told["PrimaryRegion"]) == (
        center.world.account_id,
        "ACTIVE",
        "us-east-1",
    )


def _own(center: Center, caller: Caller) -> str:
    made = center.world.call(
        caller, "CreateInstance", service="sso-admin", Name="own", Tags=[{"Key": "a", "Value": ""}]
    )
    return str(made["InstanceArn"])


def test_an_account_instance(center: Center) -> None:
    member = center.estate.member()
    own = _own(center, member)
    with pytest.raises(ServiceError, match="ConflictException"):
        _own(center, member)
    seen = center.world.call(member, "ListInstances", service="sso-admin")["Instances"]
    assert {each["InstanceArn"] for each in seen} == {own, center.instance.arn}
    with pytest.raises(ServiceError, match="ValidationException: Permission sets are not supported in account"):
        center.call_as(member, "CreatePermissionSet", InstanceArn=own, Name="no")
    center.call_as(member, "UpdateInstance", InstanceArn=own, Name="renamed")
    assert center.call_as(member, "DescribeInstance", InstanceArn=own)["Name"] == "renamed"
    with pytest.raises(ServiceError, match="AccessDeniedException"):
        center.call("DescribeInstance", InstanceArn=own)
    center.call_as(member, "DeleteInstance", InstanceArn=own)
    with pytest.raises(ServiceError, match="AccessDeniedException"):
        center.call_as(member, "DescribeInstance", InstanceArn=own)
    assert _own(center, member) != own


def test_a_management_account_has_no_account_instance(center: Center) -> None:
    with pytest.raises(ServiceError, match="AccessDeniedException: A management account"):
        _own(center, center.world.root)
    with pytest.raises(ServiceError, match="ConflictException"):
        center.call("DeleteInstance")


def test_one_setting_at_once(center: Center) -> None:
    """And the name with it: AWS says of three members that they exclude each other."""
    own_key, more = {"KeyType": "AWS_OWNED_KMS_KEY"}, {"PermissionSetsEnabled": True}
    for given in ({}, {"EncryptionConfiguration": own_key, **more}, {"NetworkConfiguration": {}, **more}):
        with pytest.raises(ServiceError, match="ValidationException: A request must change something"):
            center.call("UpdateInstance", Name="not", **given) if given else center.call("UpdateInstance")
    center.call("UpdateInstance", EncryptionConfiguration=own_key)
    center.call("UpdateInstance", Name="renamed", **more)
    assert center.call("DescribeInstance")["Name"] == "renamed"


def test_settings_that_an_instance_does_not_have_here(center: Center) -> None:
    key = "arn:aws:kms:us-east-1:111122223333:key/mrk-" + "0" * 32
    before = center.call("DescribeInstance")
    for refused in (
        {"PermissionSetsEnabled": False},
        {"NetworkConfiguration": {"VpceAccessRequired": True}},
        {"EncryptionConfiguration": {"KeyType": "CUSTOMER_MANAGED_KEY", "KmsKeyArn": key}},
        {"EncryptionConfiguration": {"KeyType": "AWS_OWNED_KMS_KEY", "KmsKeyArn": key}},
    ):
        with pytest.raises(ServiceError, match="ValidationException"):
            center.call("UpdateInstance", Name="refused", **refused)
    member = center.estate.member()
    own = _own(center, member)
    for enabled in (True, False):
        with pytest.raises(ServiceError, match="ValidationException: PermissionSetsEnabled can only be true"):
            center.call_as(member, "UpdateInstance", InstanceArn=own, PermissionSetsEnabled=enabled)
    assert center.call("DescribeInstance") == before


@pytest.mark.parametrize("kind", ["User", "Group", "Application", "TrustedTokenIssuer"])
def test_an_instance_that_holds_something_is_not_deleted(center: Center, kind: str) -> None:
    member = center.estate.member()
    own = _own(center, member)
    store = center.call_as(member, "DescribeInstance", InstanceArn=own)["IdentityStoreId"]
    if kind in ("User", "Group"):
        service, place = "identitystore", {"IdentityStoreId": store}
        given = {"DisplayName": "a", "UserName": "a", "Name": {"GivenName": "a", "FamilyName": "a"}}
        made = center.world.call(
            member, f"Create{kind}", service=service, **place, **(given if kind == "User" else {"DisplayName": "a"})
        )
        named = place | {f"{kind}Id": made[f"{kind}Id"]}
    else:
        service = "sso-admin"
        make = center.application if kind == "Application" else center.issuer
        named = {f"{kind}Arn": make("a", caller=member, InstanceArn=own)}
    with pytest.raises(ServiceError, match="ConflictException: The instance holds"):
        center.call_as(member, "DeleteInstance", InstanceArn=own)
    assert center.call_as(member, "DescribeInstance", InstanceArn=own)["IdentityStoreId"] == store
    center.world.call(member, f"Delete{kind}", service=service, **named)
    center.call_as(member, "DeleteInstance", InstanceArn=own)


def test_what_belongs_to_an_instance_goes_with_it(center: Center) -> None:
    """The SCIM tokens of an identity store that was gone counted among those of the account's next one."""
    member, here, clock = center.estate.member(), center.world.installation, center.world.clock
    account = center.estate.account_of(member)
    for _ in range(2):
        own = _own(center, member)
        store = center.call_as(member, "DescribeInstance", InstanceArn=own)["IdentityStoreId"]
        for _ in range(MOST_TOKENS):
            create_here(here.operator_call(), identity_store=store)
        pair = new_key_pair("Carnet", clock())
        change_here(here.operator_call(), KeyAction(account=account, action="add"), pair)
        read = read_provider(idp.metadata())
        use_external_provider_here(here.operator_call(), account=account, read=read)
        here.directory.catch_up()
        center.call_as(member, "DeleteInstance", InstanceArn=own)
        view = center.world.snapshot.accounts[account]
        for kind in (Instance, ScimToken, RequestSigning, ExternalIdentityProvider, InstanceSettings):
            assert list(view.of(kind)) == []


def test_regions_are_added_and_removed(center: Center) -> None:
    assert center.call("AddRegion", RegionName="eu-west-1") == {"Status": "ADDING"}
    told = center.call("DescribeRegion", RegionName="eu-west-1")
    assert (told["Status"], told["IsPrimaryRegion"]) == ("ACTIVE", False)
    names = [each["RegionName"] for each in center.call("ListRegions")["Regions"]]
    assert names == ["eu-west-1", "us-east-1"]
    for name in ("eu-west-1", "us-east-1"):
        with pytest.raises(ServiceError, match="ConflictException"):
            center.call("AddRegion", RegionName=name)
    with pytest.raises(ServiceError, match="ConflictException"):
        center.call("RemoveRegion", RegionName="us-east-1")
    with pytest.raises(ServiceError, match="ValidationException"):
        center.call("AddRegion", RegionName="xx-nowhere-1")
    assert center.call("RemoveRegion", RegionName="eu-west-1") == {"Status": "REMOVING"}
    for operation in ("RemoveRegion", "DescribeRegion"):
        with pytest.raises(ServiceError, match="ResourceNotFoundException"):
            center.call(operation, RegionName="eu-west-1")


def _attributes(**sources: str) -> dict[str, object]:
    listed = [{"Key": key, "Value": {"Source": [source]}} for key, source in sources.items()]
    return {CONFIGURATION: {"AccessControlAttributes": listed}}


def test_attributes_for_access_control(center: Center) -> None:
    operation = "InstanceAccessControlAttributeConfiguration"
    for verb, given in (("Describe", {}), ("Delete", {}), ("Update", _attributes())):
        with pytest.raises(ServiceError, match="ResourceNotFoundException"):
            center.call(verb + operation, **given)
    first = _attributes(Team="${path:enterprise.department}", Who="${path:userName}")
    center.call("Create" + operation, **first)
    with pytest.raises(ServiceError, match="ConflictException"):
        center.call("Create" + operation, **first)
    assert center.call("Describe" + operation) == {"Status": "ENABLED"} | first
    center.call("Update" + operation, **_attributes())
    assert center.call("Describe" + operation) == {"Status": "ENABLED"} | _attributes()
    twice = _attributes(a="${path:userName}", A="${path:userName}")
    reserved = _attributes(**{"aws:x": "${path:userName}"})
    for refused in (twice, reserved, _attributes(a="constant"), _attributes(a="${path:password}")):
        with pytest.raises(ServiceError, match="ValidationException"):
            center.call("Update" + operation, **refused)
    center.call("Delete" + operation)
    with pytest.raises(ServiceError, match="ResourceNotFoundException"):
        center.call("Describe" + operation)


@pytest.mark.parametrize("kind", ["instance", "permission set", "application", "issuer"])
def test_tags_are_set_listed_and_removed(center: Center, kind: str) -> None:
    make = {
        "instance": lambda: center.instance.arn,
        "permission set": lambda: center.permission_set("Tagged"),
        "application": lambda: center.application("tagged"),
        "issuer": lambda: center.issuer("tagged"),
    }
    arn = make[kind]()
    center.call("TagResource", ResourceArn=arn, Tags=[{"Key": "b", "Value": "1"}, {"Key": "a", "Value": "2"}])
    center.call("TagResource", ResourceArn=arn, Tags=[{"Key": "b", "Value": "3"}])
    listed = center.call("ListTagsForResource", ResourceArn=arn)["Tags"]
    assert listed == [{"Key": "a", "Value": "2"}, {"Key": "b", "Value": "3"}]
    center.call("UntagResource", ResourceArn=arn, TagKeys=["a", "none"])
    assert center.call("ListTagsForResource", ResourceArn=arn)["Tags"] == [{"Key": "b", "Value": "3"}]


@pytest.mark.parametrize("keys", [("a", "a"), ("aws:a",), tuple(f"k{number}" for number in range(51))])
def test_tags_that_are_refused(center: Center, keys: tuple[str, ...]) -> None:
    tags = [{"Key": key, "Value": ""} for key in keys]
    with pytest.raises(ServiceError, match=r"ValidationException|ServiceQuotaExceededException"):
        center.call("TagResource", ResourceArn=center.instance.arn, Tags=tags)


def test_tags_need_the_instance_of_the_resource(center: Center) -> None:
    arn = center.permission_set("OfInstance")
    other = "arn:aws:sso:::instance/ssoins-0123456789abcdef"
    with pytest.raises(ServiceError, match="AccessDeniedException"):
        center.call("ListTagsForResource", ResourceArn=arn, InstanceArn=other)
    with pytest.raises(ServiceError, match="ResourceNotFoundException"):
        center.call("ListTagsForResource", ResourceArn=arn[:-16] + "0" * 16)
