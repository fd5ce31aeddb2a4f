"""ACLs of objects, as boto3 sets them and as they open objects, in front of a made-up store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from carnet.base.canonical_users import canonical_user_id
from carnet.base.faults import Unavailable
from carnet.entities.object_acl import ObjectAcl
from carnet.gateway.buckets import object_acls
from carnet.gateway.buckets.acl import AUTHENTICATED, EVERYBODY
from carnet.gateway.buckets.object_acl_change import MakeObject
from carnet.services.accounts import NewAccounts, RootKey, create_accounts
from tests.gateway.fake_s3 import Told, etag
from tests.gateway.store import BUCKET, Store, a_store, refusal

K = {"Bucket": BUCKET, "Key": "k"}
ANY = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": [f"arn:aws:s3:::{BUCKET}"]}


@dataclass(frozen=True)
class Acls:
    """A bucket of one account whose ACLs are enabled, and callers."""

    store: Store
    other: RootKey

    @property
    def owner(self) -> Any:
        return self.store.server.client("s3")

    @property
    def foreign(self) -> Any:
        return self.store.server.client("s3", self.other.access_key_id, self.other.secret_access_key)

    @property
    def nobody(self) -> Any:
        make: Any = boto3.client
        return make(
            "s3",
            endpoint_url=self.store.server.endpoint,
            region_name="us-east-1",
            config=Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}),
        )

    def may(self, who: Any, operation: str = "get_object", **given: Any) -> bool:
        try:
            getattr(who, operation)(**{**K, **given})
        except ClientError as problem:
            if problem.response["ResponseMetadata"]["HTTPStatusCode"] != 403:
                raise
            return False
        return True

    def kept(self) -> list[ObjectAcl]:
        """All that is kept of objects."""
        installation = self.store.server.installation
        installation.directory.catch_up()
        return list(installation.directory.snapshot.accounts[self.store.account].of(ObjectAcl))

    def own(self, ownership: str) -> None:
        self.owner.put_bucket_ownership_controls(
            Bucket=BUCKET, OwnershipControls={"Rules": [{"ObjectOwnership": ownership}]}
        )

    def unblock(self, **blocked: bool) -> None:
        """All switches off but those."""
        switches = {"BlockPublicAcls": False, **blocked}
        self.owner.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration=switches)

    def let_write(self, *actions: str) -> None:
        """The other account may write objects and their ACLs."""
        statement = {
            "Effect": "Allow",
            "Principal": {"AWS": self.other.account},
            "Action": ["s3:PutObject", *actions],
            "Resource": f"arn:aws:s3:::{BUCKET}/*",
        }
        text = json.dumps({"Version": "2012-10-17", "Statement": statement})
        self.owner.put_bucket_policy(Bucket=BUCKET, Policy=text)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Acls]:
    with a_store(tmp_path_factory.mktemp("acls")) as store:
        installation = store.server.installation
        (key,) = create_accounts(
            installation.store,
            installation.keyring,
            installation.ids,
            NewAccounts(names=["other"], emails=["other@example.com"], partition="aws"),
            now=installation.clock(),
        )
        installation.directory.catch_up()
        yield Acls(store, key)


@pytest.fixture
def acls(shared: Acls) -> Iterator[Acls]:
    """An empty bucket without a policy, in which the writer owns an object, and nothing is blocked."""
    shared.store.renew()
    shared.own("ObjectWriter")
    shared.unblock()
    yield shared
    shared.owner.delete_bucket_policy(Bucket=BUCKET)
    for one in shared.kept():
        shared.store.s3.answers.clear()
        key = one.object.partition("/")[2]
        if one.upload:
            shared.store.s3.answers[f"DELETE /{BUCKET}/{key}?uploadId={one.upload}"] = Told(status=204)
            shared.owner.abort_multipart_upload(Bucket=BUCKET, Key=key, UploadId=one.upload)
        else:
            version = {"VersionId": one.version} if one.version else {}
            target = f"DELETE /{BUCKET}/{key}" + (f"?versionId={one.version}" if version else "")
            shared.store.s3.answers[target] = Told(status=204)
            shared.owner.delete_object(Bucket=BUCKET, Key=key, **version)
    assert shared.kept() == []


def test_by_default_an_object_is_private_and_nothing_is_kept(acls: Acls) -> None:
    acls.owner.put_object(**K, Body=b"x")
    acls.owner.put_object(**K, Body=b"x", ACL="private")
    acls.owner.put_object(**K, Body=b"x", ACL="bucket-owner-full-control")
    assert acls.kept() == []
    shown = acls.owner.get_object_acl(**K)
    me = canonical_user_id(acls.store.account)
    assert shown["Owner"] == {"ID": me}
    assert shown["Grants"] == [{"Grantee": {"ID": me, "Type": "CanonicalUser"}, "Permission": "FULL_CONTROL"}]
    assert [acls.may(one) for one in (acls.owner, acls.foreign, acls.nobody)] == [True, False, False]


@pytest.mark.parametrize(
    ("canned", "readers"),
    [
        ("public-read", [True, True, True]),
        ("public-read-write", [True, True, True]),
        ("authenticated-read", [True, True, False]),
        ("private", [True, False, False]),
        ("bucket-owner-read", [True, False, False]),
    ],
)
def test_a_canned_acl_opens_the_object(acls: Acls, canned: str, readers: list[bool]) -> None:
    """With the object, or afterwards."""
    who = (acls.owner, acls.foreign, acls.nobody)
    acls.owner.put_object(**K, Body=b"x", ACL=canned)
    assert "x-amz-acl" not in acls.store.s3.requests[-1].headers
    assert [acls.may(one) for one in who] == readers
    assert [acls.may(one, "head_object") for one in who] == readers
    acls.owner.put_object(**K, Body=b"y")
    assert [acls.may(one) for one in who] == [True, False, False]
    acls.owner.put_object_acl(**K, ACL=canned)
    assert [acls.may(one) for one in who] == readers
    assert not acls.may(acls.foreign, "put_object", Body=b"z")
    assert not acls.may(acls.nobody, "delete_object")
    assert [sent.what for sent in acls.store.s3.requests if "acl" in sent.what] == []


def test_grants_in_headers_and_in_a_body(acls: Acls) -> None:
    theirs = canonical_user_id(acls.other.account)
    acls.owner.put_object(**K, Body=b"x", GrantRead=f"id={theirs}", GrantReadACP=f'uri="{AUTHENTICATED}"')
    assert [acls.may(one) for one in (acls.foreign, acls.nobody)] == [True, False]
    assert acls.may(acls.foreign, "get_object_acl")
    assert not acls.may(acls.foreign, "put_object_acl", ACL="public-read")
    assert not acls.may(acls.nobody, "get_object_acl")
    shown = acls.owner.get_object_acl(**K)
    shown["Grants"].append({"Grantee": {"Type": "CanonicalUser", "ID": theirs}, "Permission": "WRITE_ACP"})
    policy = {"Owner": shown["Owner"], "Grants": shown["Grants"]}
    acls.owner.put_object_acl(**K, AccessControlPolicy=policy)
    assert acls.owner.get_object_acl(**K)["Grants"] == policy["Grants"]
    assert acls.may(acls.foreign, "put_object_acl", ACL="public-read")
    assert acls.may(acls.nobody)
    assert acls.owner.get_object_acl(**K)["Owner"] == shown["Owner"]


_LOGS = {"URI": "http://acs.amazonaws.com/groups/s3/LogDelivery", "Type": "Group"}
_EVERYBODY = {"URI": EVERYBODY, "Type": "Group"}


@pytest.mark.parametrize("grantee", [_LOGS, _EVERYBODY, None])
def test_an_acl_that_allows_nobody_anything_shuts_no_owner_out(acls: Acls, grantee: dict[str, str] | None) -> None:
    """As one without grants, one whose grants are ignored, and one of the group that has no members here."""
    acls.unblock(IgnorePublicAcls=True)
    grants = [{"Grantee": grantee, "Permission": "READ"}] if grantee is not None else []
    private = acls.owner.get_bucket_acl(Bucket=BUCKET)
    policy = {"Owner": private["Owner"], "Grants": grants}
    acls.owner.put_bucket_acl(Bucket=BUCKET, AccessControlPolicy=policy)
    assert acls.owner.get_bucket_acl(Bucket=BUCKET)["Grants"] == grants
    acls.owner.put_object(**K, Body=b"x")
    acls.owner.put_object_acl(**K, AccessControlPolicy=policy)
    assert acls.owner.get_object_acl(**K)["Grants"] == grants
    assert [acls.may(who) for who in (acls.owner, acls.foreign, acls.nobody)] == [True, False, False]
    acls.owner.put_bucket_acl(Bucket=BUCKET, ACL="private")


def test_a_bad_acl_is_refused_before_anything_is_sent(acls: Acls) -> None:
    put = acls.owner.put_object
    theirs = canonical_user_id(acls.other.account)
    assert refusal(put, **K, ACL="public")["Code"] == "InvalidArgument"
    assert refusal(put, **K, ACL="private", GrantRead=f"id={theirs}")["Code"] == "InvalidRequest"
    assert refusal(put, **K, GrantRead="id=1")["Code"] == "InvalidArgument"
    assert acls.store.s3.requests == []
    assert refusal(acls.owner.put_object_acl, **K, ACL="public-read")["Code"] == "NoSuchKey"


def test_an_acl_is_of_the_content_it_was_set_for(acls: Acls) -> None:
    """Attack: what is kept is left behind, and another object takes the place; nobody has it by the old ACL."""
    acls.owner.put_object(**K, Body=b"public", ACL="public-read")
    acls.store.s3.objects[f"/{BUCKET}/k"] = b"secret"
    assert not acls.may(acls.nobody)
    assert not acls.may(acls.nobody, "head_object")
    assert not acls.may(acls.nobody, Range="bytes=0-1")
    answer = acls.store.send("GET", f"/{BUCKET}/k", signed=False)
    assert (answer.status, answer.code) == (403, "AccessDenied")
    assert b"secret" not in answer.raw
    assert acls.owner.get_object(**K)["Body"].read() == b"secret"
    acls.store.s3.objects[f"/{BUCKET}/k"] = b"public"
    assert acls.may(acls.nobody)


def test_an_answer_that_names_no_etag_opens_nothing(acls: Acls) -> None:
    acls.owner.put_object(**K, Body=b"x", ACL="public-read")
    acls.store.s3.answers[f"GET /{BUCKET}/k"] = Told(body=b"x")
    assert not acls.may(acls.nobody)
    acls.store.s3.answers[f"PUT /{BUCKET}/k"] = Told()
    error = refusal(acls.owner.put_object, **K, Body=b"x", ACL="public-read")
    assert (error["Code"], error["status"]) == ("ServiceUnavailable", 503)


@pytest.mark.parametrize(("given", "status"), [({"Range": "bytes=9-"}, 416), ({"IfMatch": '"another"'}, 412)])
def test_who_may_read_an_object_is_told_why_it_is_not_read(acls: Acls, given: dict[str, str], status: int) -> None:
    acls.owner.put_object(**K, Body=b"x", ACL="public-read")
    acls.store.s3.answers[f"GET /{BUCKET}/k"] = Told(status=status)
    assert refusal(acls.nobody.get_object, **K, **given)["status"] == status
    acls.store.s3.objects[f"/{BUCKET}/k"] = b"another object, which nobody may read"
    assert refusal(acls.nobody.get_object, **K, **given)["status"] == 403
    del acls.store.s3.objects[f"/{BUCKET}/k"]
    assert refusal(acls.nobody.get_object, **K, **given)["status"] == 403


def test_what_is_overwritten_or_deleted_takes_its_acl_along(acls: Acls) -> None:
    acls.owner.put_object(**K, Body=b"x", ACL="public-read")
    acls.owner.put_object(**K, Body=b"x")
    assert acls.kept() == []
    assert not acls.may(acls.nobody)
    acls.owner.put_object(**K, Body=b"x", ACL="public-read")
    acls.owner.delete_object(**K)
    assert acls.kept() == []
    acls.owner.put_object(**K, Body=b"x", ACL="public-read")
    acls.store.s3.answers[f"POST /{BUCKET}?delete"] = Told(body=b"<DeleteResult/>")
    acls.owner.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "k"}, {"Key": "other"}]})
    assert acls.kept() == []


def test_an_upload_that_the_store_refuses_changes_nothing(acls: Acls) -> None:
    acls.owner.put_object(**K, Body=b"x", ACL="public-read")
    acls.store.s3.answers[f"PUT /{BUCKET}/k"] = Told(status=507, body=b"<Error><Code>Full</Code></Error>")
    refusal(acls.owner.put_object, **K, Body=b"y")
    assert [one.etag for one in acls.kept()] == [etag(b"x").strip('"')]


def test_under_bucket_owner_enforced_there_are_no_acls(acls: Acls) -> None:
    acls.owner.put_object(**K, Body=b"x", ACL="public-read")
    acls.own("BucketOwnerEnforced")
    assert not acls.may(acls.nobody)
    for given in ({"ACL": "public-read"}, {"ACL": "private"}, {"GrantRead": f"uri={EVERYBODY}"}):
        assert refusal(acls.owner.put_object, **K, **given)["Code"] == "AccessControlListNotSupported"
        assert refusal(acls.owner.put_object_acl, **K, **given)["Code"] == "AccessControlListNotSupported"
    acls.owner.put_object(Bucket=BUCKET, Key="o", Body=b"x", ACL="bucket-owner-full-control")
    (grant,) = acls.owner.get_object_acl(**K)["Grants"]
    assert grant["Permission"] == "FULL_CONTROL"
    acls.own("ObjectWriter")
    assert acls.may(acls.nobody), "the ACL is in force again, as at AWS"


def test_who_writes_an_object_owns_it(acls: Acls) -> None:
    """The bucket's owner has it by a grant alone; he may delete it, and what he denies is denied."""
    acls.let_write("s3:PutObjectAcl")
    acls.foreign.put_object(**K, Body=b"x")
    assert [acls.may(one) for one in (acls.foreign, acls.owner, acls.nobody)] == [True, False, False]
    assert acls.foreign.get_object_acl(**K)["Owner"] == {"ID": canonical_user_id(acls.other.account)}
    assert not acls.may(acls.owner, "get_object_acl")
    assert not acls.may(acls.owner, "put_object_acl", ACL="public-read")
    acls.foreign.put_object_acl(**K, ACL="bucket-owner-read")
    assert acls.may(acls.owner)
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"}
    acls.owner.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": deny}))
    assert [acls.may(one) for one in (acls.foreign, acls.owner)] == [False, False]
    acls.owner.delete_bucket_policy(Bucket=BUCKET)
    acls.owner.delete_object(**K)
    assert acls.kept() == []


def test_the_attributes_of_an_object_are_told_by_its_acl(acls: Acls) -> None:
    """The answer does not say which object it is of: its head does."""
    attributes = {**K, "ObjectAttributes": ["ETag"]}
    body = b"<GetObjectAttributesResponse><ETag>e</ETag></GetObjectAttributesResponse>"
    acls.store.s3.answers[f"GET /{BUCKET}/k?attributes"] = Told(body=body)
    acls.owner.put_object(**K, Body=b"x")
    assert acls.owner.get_object_attributes(**attributes)["ETag"] == "e"
    acls.let_write("s3:PutObjectAcl", "s3:GetObjectAttributes")
    acls.foreign.put_object(**K, Body=b"theirs")
    assert not acls.may(acls.owner, "get_object_attributes", ObjectAttributes=["ETag"])
    assert acls.foreign.get_object_attributes(**attributes)["ETag"] == "e"
    acls.foreign.put_object_acl(**K, ACL="bucket-owner-read")
    assert acls.owner.get_object_attributes(**attributes)["ETag"] == "e"
    acls.store.s3.objects[f"/{BUCKET}/k"] = b"another content"
    assert not acls.may(acls.foreign, "get_object_attributes", ObjectAttributes=["ETag"])
    acls.store.s3.answers[f"HEAD /{BUCKET}/k"] = Told(status=500)
    error = refusal(acls.owner.get_object_attributes, **attributes)
    assert error["status"] == 503
    del acls.store.s3.answers[f"HEAD /{BUCKET}/k"]


def test_what_an_rcp_denies_in_the_buckets_account_is_denied_to_the_owner_of_the_object(acls: Acls) -> None:
    """The object is of the management account, which no RCP is about; its bucket is of a member."""
    orgs = acls.store.server.client("organizations")
    member = acls.store.server.client("organizations", acls.other.access_key_id, acls.other.secret_access_key)
    root_id = _joined(orgs, member, acls.other.account)
    mine = {"Bucket": "members", "Key": "k"}
    acls.foreign.create_bucket(Bucket="members", ObjectOwnership="ObjectWriter")
    who = {"Effect": "Allow", "Principal": {"AWS": acls.store.account}}
    allow = who | {"Action": "s3:PutObject", "Resource": "arn:aws:s3:::members/*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": allow})
    acls.foreign.put_bucket_policy(Bucket="members", Policy=text)
    acls.owner.put_object(**mine, Body=b"x")
    assert acls.may(acls.owner, **mine)
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}
    rcp = orgs.create_policy(
        Name="r",
        Description="",
        Type="RESOURCE_CONTROL_POLICY",
        Content=json.dumps({"Version": "2012-10-17", "Statement": deny}),
    )["Policy"]["PolicySummary"]["Id"]
    orgs.attach_policy(PolicyId=rcp, TargetId=root_id)
    assert not acls.may(acls.owner, **mine)
    orgs.detach_policy(PolicyId=rcp, TargetId=root_id)
    acls.foreign.delete_object(**mine)


def _joined(orgs: Any, member: Any, account: str) -> str:
    """The id of the root of an organization that the account has joined."""
    orgs.create_organization(FeatureSet="ALL")
    root_id: str = orgs.list_roots()["Roots"][0]["Id"]
    orgs.enable_policy_type(RootId=root_id, PolicyType="RESOURCE_CONTROL_POLICY")
    invited = orgs.invite_account_to_organization(Target={"Type": "ACCOUNT", "Id": account})["Handshake"]["Id"]
    member.accept_handshake(HandshakeId=invited)
    return root_id


def test_a_bucket_policy_does_not_open_what_another_account_owns(acls: Acls) -> None:
    acls.let_write()
    acls.foreign.put_object(**K, Body=b"x")
    read = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"}
    acls.owner.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": read}))
    assert [acls.may(one) for one in (acls.foreign, acls.owner, acls.nobody)] == [True, False, False]
    acls.owner.put_object(**K, Body=b"mine")
    assert [acls.may(one) for one in (acls.owner, acls.nobody)] == [True, True]


def test_bucket_owner_preferred(acls: Acls) -> None:
    acls.own("BucketOwnerPreferred")
    acls.let_write("s3:PutObjectAcl")
    acls.foreign.put_object(**K, Body=b"x", ACL="bucket-owner-full-control")
    assert acls.kept() == []
    assert [acls.may(one) for one in (acls.owner, acls.foreign)] == [True, False]
    acls.foreign.put_object(**K, Body=b"x")
    assert [acls.may(one) for one in (acls.owner, acls.foreign)] == [False, True]


def test_what_nobody_in_particular_writes_is_the_bucket_owners(acls: Acls) -> None:
    acls.owner.put_bucket_acl(Bucket=BUCKET, ACL="public-read-write")
    acls.nobody.put_object(**K, Body=b"x")
    acls.owner.put_bucket_acl(Bucket=BUCKET, ACL="private")
    assert acls.kept() == []
    assert [acls.may(one) for one in (acls.owner, acls.nobody)] == [True, False]


def test_an_acl_needs_its_own_permission(acls: Acls) -> None:
    acls.let_write()
    assert not acls.may(acls.foreign, "put_object", Body=b"x", ACL="public-read")
    assert acls.store.s3.requests == []
    deny = {"Effect": "Deny", "Action": "s3:PutObjectAcl", "Resource": "*"}
    acls.store.renew(deny)
    assert not acls.may(acls.store.client(), "put_object", Body=b"x", ACL="public-read")
    acls.owner.put_object(**K, Body=b"x")
    assert not acls.may(acls.store.client(), "put_object_acl", ACL="public-read")


def test_public_acls_are_blocked_and_ignored(acls: Acls) -> None:
    acls.owner.put_object(**K, Body=b"x", ACL="public-read")
    acls.unblock(IgnorePublicAcls=True)
    assert not acls.may(acls.nobody)
    assert acls.may(acls.owner)
    acls.unblock(BlockPublicAcls=True)
    assert acls.may(acls.nobody)
    before = len(acls.store.s3.requests)
    for given in ({"ACL": "public-read"}, {"GrantRead": f"uri={EVERYBODY}"}, {"ACL": "authenticated-read"}):
        error = refusal(acls.store.client().put_object, **K, Body=b"x", **given)
        assert error["Message"] == (
            f"User: arn:aws:iam::{acls.store.account}:user/alice is not authorized to perform: s3:PutObject on "
            f'resource: "arn:aws:s3:::{BUCKET}/k" because public ACLs are prevented by the BlockPublicAcls setting in '
            "S3 Block Public Access."
        )
    assert len(acls.store.s3.requests) == before
    assert refusal(acls.owner.put_object_acl, **K, ACL="public-read")["Code"] == "AccessDenied"
    acls.owner.put_object_acl(**K, ACL="private")
    assert not acls.may(acls.nobody)


def test_a_copy_is_private_and_its_source_is_read_by_its_acl(acls: Acls) -> None:
    acls.owner.put_object(Bucket=BUCKET, Key="from", Body=b"x", ACL="public-read")
    acls.let_write("s3:PutObjectAcl")
    copied = f"<CopyObjectResult><ETag>{etag(b'x')}</ETag></CopyObjectResult>".encode()
    acls.store.s3.answers[f"PUT /{BUCKET}/k"] = Told(body=copied)
    acls.store.s3.objects[f"/{BUCKET}/k"] = b"x"
    acls.store.s3.answers[f"GET /{BUCKET}/from?tagging"] = Told(body=b"<Tagging><TagSet/></Tagging>")
    acls.foreign.copy_object(**K, CopySource=f"{BUCKET}/from")
    assert [acls.may(one) for one in (acls.foreign, acls.owner, acls.nobody)] == [True, False, False]
    acls.foreign.copy_object(**K, CopySource=f"{BUCKET}/from", ACL="public-read")
    assert acls.may(acls.nobody)
    acls.store.s3.objects[f"/{BUCKET}/from"] = b"secret"
    assert not acls.may(acls.foreign, "copy_object", CopySource=f"{BUCKET}/from")


def test_an_upload_in_parts_gets_the_acl_it_was_begun_with(acls: Acls) -> None:
    s3, target = acls.store.s3, f"/{BUCKET}/k"
    begun = b"<InitiateMultipartUploadResult><UploadId>up1</UploadId></InitiateMultipartUploadResult>"
    s3.answers[f"POST {target}?uploads"] = Told(body=begun)
    s3.answers[f"POST {target}?uploadId=up1"] = Told(
        body=f"<CompleteMultipartUploadResult><ETag>{etag(b'whole')}</ETag></CompleteMultipartUploadResult>".encode()
    )
    upload = acls.owner.create_multipart_upload(**K, ACL="public-read")["UploadId"]
    assert [one.upload for one in acls.kept()] == ["up1"]
    s3.objects[target] = b"whole"
    assert not acls.may(acls.nobody), "it is not complete"
    done = {"Parts": [{"ETag": etag(b"whole"), "PartNumber": 1}]}
    acls.owner.complete_multipart_upload(**K, UploadId=upload, MultipartUpload=done)
    assert [(one.upload, one.etag) for one in acls.kept()] == [("", etag(b"whole").strip('"'))]
    assert acls.may(acls.nobody)
    acls.owner.complete_multipart_upload(**K, UploadId=upload, MultipartUpload=done)
    assert acls.may(acls.nobody), "it is told again that it is complete"
    acls.owner.create_multipart_upload(**K, ACL="public-read")
    s3.answers[f"DELETE {target}?uploadId=up1"] = Told(status=204)
    acls.owner.abort_multipart_upload(**K, UploadId=upload)
    assert [one.upload for one in acls.kept()] == [""]


def test_versions_have_acls_of_their_own(acls: Acls) -> None:
    s3, target = acls.store.s3, f"/{BUCKET}/k"
    versions = {"v1": b"one", "v2": b"two"}

    def current(version: str) -> None:
        told = {"etag": etag(versions[version]), "x-amz-version-id": version}
        s3.answers[f"PUT {target}"] = Told(headers=told)
        for method in ("GET", "HEAD"):
            s3.answers[f"{method} {target}"] = Told(body=versions[version], headers=told)
            s3.answers[f"{method} {target}?versionId={version}"] = Told(body=versions[version], headers=told)

    current("v1")
    acls.owner.put_object(**K, Body=b"one", ACL="public-read")
    assert acls.may(acls.nobody)
    current("v2")
    acls.owner.put_object(**K, Body=b"two")
    assert not acls.may(acls.nobody)
    assert [acls.may(acls.nobody, VersionId=one) for one in versions] == [True, False]
    acls.owner.put_object_acl(**K, VersionId="v2", ACL="authenticated-read")
    assert [acls.may(acls.foreign), acls.may(acls.nobody)] == [True, False]
    assert len(acls.owner.get_object_acl(**K, VersionId="v1")["Grants"]) == 2
    s3.answers[f"DELETE {target}"] = Told(status=204, headers={"x-amz-delete-marker": "true"})
    acls.owner.delete_object(**K)
    assert len(acls.kept()) == 2, "a marker leaves the versions"
    s3.answers[f"DELETE {target}?versionId=v2"] = Told(status=204)
    acls.owner.delete_object(**K, VersionId="v2")
    assert [one.version for one in acls.kept()] == ["v1"]
    current("v1")
    assert acls.may(acls.nobody)


def test_a_delete_marker_has_no_acl(acls: Acls) -> None:
    told = Told(status=405, headers={"x-amz-delete-marker": "true"})
    acls.store.s3.answers[f"HEAD /{BUCKET}/k?versionId=m"] = told
    assert refusal(acls.owner.get_object_acl, **K, VersionId="m")["Code"] == "MethodNotAllowed"


def test_whoever_may_not_list_is_not_told_that_an_object_is_not_there(acls: Acls) -> None:
    acls.store.allow({"Effect": "Allow", "Action": ["s3:GetObjectAcl", "s3:PutObjectAcl"], "Resource": "*"})
    assert refusal(acls.store.client().get_object_acl, **K)["Code"] == "AccessDenied"
    assert refusal(acls.store.client().put_object_acl, **K, ACL="private")["Code"] == "AccessDenied"


def test_a_store_that_fails_is_no_answer(acls: Acls) -> None:
    acls.store.s3.answers[f"HEAD /{BUCKET}/k"] = Told(status=500)
    assert refusal(acls.owner.get_object_acl, **K)["Code"] == "ServiceUnavailable"
    acls.store.s3.answers[f"HEAD /{BUCKET}/k"] = Told()
    assert refusal(acls.owner.put_object_acl, **K, ACL="public-read")["Code"] == "ServiceUnavailable"


def test_an_object_whose_acl_cannot_be_kept_is_private(acls: Acls, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store of Carnet fails, or the process ends, once the upstream has the object."""

    def broken(*args: Any) -> Any:
        raise Unavailable("broken")

    monkeypatch.setattr(MakeObject, "make", broken)
    assert refusal(acls.owner.put_object, **K, Body=b"x", ACL="public-read")["status"] >= 500
    assert acls.store.s3.objects[f"/{BUCKET}/k"] == b"x"
    assert [acls.may(one) for one in (acls.owner, acls.nobody)] == [True, False]


def test_so_many_acls_are_kept_and_no_more(acls: Acls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_acls, "MOST_OBJECT_ACLS", 1)
    acls.owner.put_object(**K, Body=b"x", ACL="public-read")
    sent = len(acls.store.s3.requests)
    error = refusal(acls.owner.put_object, Bucket=BUCKET, Key="o", Body=b"x", ACL="public-read")
    assert (error["Code"], len(acls.store.s3.requests)) == ("InvalidRequest", sent)
    acls.owner.put_object(Bucket=BUCKET, Key="o", Body=b"x")
    assert refusal(acls.owner.put_object_acl, Bucket=BUCKET, Key="o", ACL="public-read")["Code"] == "InvalidRequest"
    acls.owner.put_object_acl(**K, ACL="authenticated-read")


def test_what_others_kept_meanwhile_counts(acls: Acls, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looked at again where it is kept: the object is there then, and private."""
    monkeypatch.setattr(object_acls, "MOST_OBJECT_ACLS", 1)
    acls.owner.put_object(**K, Body=b"x", ACL="public-read")
    monkeypatch.setattr(object_acls, "refuse_too_many", lambda snapshot, bucket: None)
    error = refusal(acls.owner.put_object, Bucket=BUCKET, Key="o", Body=b"x", ACL="public-read")
    assert error["Code"] == "InvalidRequest"
    assert acls.store.s3.objects[f"/{BUCKET}/o"] == b"x"
    assert len(acls.kept()) == 1


def test_acls_go_with_their_bucket(acls: Acls) -> None:
    s3 = acls.owner
    s3.create_bucket(Bucket="brief", ObjectOwnership="ObjectWriter")
    s3.delete_public_access_block(Bucket="brief")
    s3.put_object(Bucket="brief", Key="k", Body=b"x", ACL="public-read")
    assert len(acls.kept()) == 1
    del acls.store.s3.objects["/brief/k"]
    for listing in ("?list-type=2&max-keys=1", "?max-keys=1&versions", "?versions&max-keys=1"):
        acls.store.s3.answers[f"GET /brief{listing}"] = Told(body=b"<ListBucketResult/>")
    s3.delete_bucket(Bucket="brief")
    assert acls.kept() == []


def test_the_log_tells_who_set_an_acl_once(acls: Acls) -> None:
    acls.owner.put_object(**K, Body=b"x", ACL="public-read")
    acls.owner.put_object_acl(**K, ACL="authenticated-read")
    names = [one["eventName"] for one in acls.store.events()]
    assert names[-2:] == ["PutObject", "PutObjectAcl"]
    assert acls.store.events()[-2]["additionalEventData"]["bytesTransferredIn"] == 1
