"""S3 policies of an organization, in the place of the public access blocks of its accounts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from carnet.entities.new_buckets import NewBuckets
from carnet.entities.public_access_block import EVERYTHING_BLOCKED, NO_BLOCK
from carnet.gateway.buckets import account_public_access
from carnet.gateway.buckets.account_public_access import block_by_policy
from carnet.services.effective_policies import EffectivePolicy
from carnet.services.inheritance import Setting
from tests.gateway.control import control
from tests.gateway.store import BUCKET, Store, a_store, refusal

OFF = {"BlockPublicAcls": False, "IgnorePublicAcls": False, "BlockPublicPolicy": False, "RestrictPublicBuckets": False}
ON = dict.fromkeys(OFF, True)
EVERYBODY = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"}
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [EVERYBODY]})


class Organization:
    """That of a store's account, with an S3 policy above it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.client = store.server.client("organizations")
        self.client.create_organization()
        self.root = self.client.list_roots()["Roots"][0]["Id"]
        self.client.enable_policy_type(RootId=self.root, PolicyType="S3_POLICY")
        made = self.client.create_policy(Name="s3", Description="", Type="S3_POLICY", Content=content("none"))
        self.policy = made["Policy"]["PolicySummary"]["Id"]

    def says(self, value: object) -> None:
        self.client.update_policy(PolicyId=self.policy, Content=content(value))

    def attach(self) -> None:
        self.client.attach_policy(PolicyId=self.policy, TargetId=self.root)

    def detach(self) -> None:
        self.client.detach_policy(PolicyId=self.policy, TargetId=self.root)

    def shown(self) -> dict[str, bool]:
        told = control(self.store).get_public_access_block(AccountId=self.store.account)
        return dict(told["PublicAccessBlockConfiguration"])

    def anonymous(self) -> int:
        return self.store.send("GET", f"/{BUCKET}/k", signed=False).status


def content(value: object) -> str:
    return json.dumps({"s3_attributes": {"public_access_block_configuration": {"@@assign": value}}})


@pytest.fixture
def organization(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Organization]:
    with a_store(tmp_path_factory.mktemp("s3-policies"), s3_new_buckets=NewBuckets.LEGACY) as store:
        store.renew()
        store.s3.objects[f"/{BUCKET}/k"] = b"hello"
        store.client().put_bucket_policy(Bucket=BUCKET, Policy=POLICY)
        yield Organization(store)


def test_an_s3_policy_binds_the_buckets_below_it_from_the_next_request_on(organization: Organization) -> None:
    assert organization.anonymous() == 200
    organization.says("all")
    organization.attach()
    assert organization.anonymous() == 403
    assert organization.shown() == ON
    client = organization.store.client()
    assert refusal(client.put_bucket_policy, Bucket=BUCKET, Policy=POLICY)["Code"] == "AccessDenied"
    assert refusal(client.put_bucket_acl, Bucket=BUCKET, ACL="public-read")["Code"] == "AccessDenied"
    organization.detach()
    assert organization.anonymous() == 200
    client.put_bucket_policy(Bucket=BUCKET, Policy=POLICY)


def test_it_takes_the_place_of_the_switches_of_the_account_which_come_back(organization: Organization) -> None:
    client, account = control(organization.store), organization.store.account
    switches: dict[str, Any] = {"AccountId": account, "PublicAccessBlockConfiguration": ON}
    client.put_public_access_block(**switches)
    assert organization.anonymous() == 403
    organization.attach()
    assert (organization.shown(), organization.anonymous()) == (OFF, 200)
    for refused in (
        refusal(client.put_public_access_block, **switches),
        refusal(client.delete_public_access_block, AccountId=account),
    ):
        assert (refused["Code"], refused["status"]) == ("AccessDenied", 403)
        assert "due to an organizational S3 Block Public Access policy in place" in refused["Message"]
    organization.detach()
    assert (organization.shown(), organization.anonymous()) == (ON, 403)
    client.delete_public_access_block(AccountId=account)


def test_nothing_but_none_opens_anything(organization: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    def block() -> object:
        return block_by_policy(organization.store.server.installation.directory.snapshot, organization.store.account)

    organization.attach()
    for value, expected in (("none", NO_BLOCK), ("all", EVERYTHING_BLOCKED)):
        organization.says(value)
        assert block() == expected
    organization.client.update_policy(PolicyId=organization.policy, Content=json.dumps({"s3_attributes": {}}))
    assert block() is None
    of_another_release = Setting(
        members={"s3_attributes": Setting(members={"public_access_block_configuration": Setting(value=("none",))})}
    )
    for found in (
        EffectivePolicy(Setting(), "{}", 1, too_large=True),
        EffectivePolicy(of_another_release, "{}", 1),
    ):
        monkeypatch.setattr(account_public_access, "effective_policy", lambda *_, found=found: found)
        assert block() == EVERYTHING_BLOCKED
    organization.client.disable_policy_type(RootId=organization.root, PolicyType="S3_POLICY")
    assert block() is None
