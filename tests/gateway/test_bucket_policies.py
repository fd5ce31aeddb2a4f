"""Bucket policies, ACLs and public access blocks decide about buckets and what is in them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from carnet.base.canonical_users import canonical_user_id
from carnet.base.faults import Denied, Refused
from carnet.gateway.buckets.acl import AUTHENTICATED, EVERYBODY
from tests.gateway.bucket_world import EVERYTHING, BucketWorld, allow, policy
from tests.services.world import Caller

B = "shop"
OBJECT = {"Bucket": B, "Key": "k"}


class Shop:
    """A bucket of the first account, and who may want it."""

    def __init__(self, some: BucketWorld) -> None:
        self.some = some
        self.nobody = some.world.user("shop-nobody")
        self.reader = some.world.user("shop-reader", [{"Statement": EVERYTHING | {"Action": "s3:GetObject"}}])
        self.admin = some.world.user("shop-admin", [{"Statement": EVERYTHING}])
        self.foreign = some.world.user("shop-foreign", [{"Statement": EVERYTHING}], root=some.other)
        self.foreign_nobody = some.world.user("shop-foreign-nobody", root=some.other)
        some.create(some.root, B)

    def reset(self) -> None:
        bucket = self.some.bucket(B)
        assert bucket is not None
        self.ask("DeleteBucketPolicy")
        self.ask("PutBucketOwnershipControls", OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]})
        self.ask("PutBucketAcl", ACL="private")
        self.some.unblock(B)

    def ask(self, operation: str, caller: Caller | None = None, **members: Any) -> Any:
        return self.some.ask(caller or self.some.root, operation, Bucket=B, **members)

    def put(self, *statements: Any, caller: Caller | None = None) -> None:
        self.ask("PutBucketPolicy", caller, Policy=policy(*statements))

    def may(self, caller: Caller | None, operation: str = "GetObject") -> bool:
        members = {"Bucket": B} if operation.startswith("List") else OBJECT
        try:
            self.some.ask(caller, operation, **members)
        except Denied:
            return False
        return True

    def arn(self, name: str, caller: Caller | None = None) -> str:
        return f"arn:aws:iam::{self.some.account_of(caller or self.some.root)}:{name}"

    def refusal(self, operation: str, caller: Caller | None = None, **members: Any) -> str:
        with pytest.raises(Refused) as refused:
            self.ask(operation, caller, **members)
        return refused.value.code


@pytest.fixture(scope="package")
def made(some: BucketWorld) -> Shop:
    """As long as the world: a worker may come back to this module, and the names are taken then."""
    return Shop(some)


@pytest.fixture
def shop(made: Shop) -> Shop:
    """Nothing is blocked, nobody has anything by the bucket."""
    made.reset()
    return made


READS = f"{B}/*"


def test_without_a_policy_it_is_the_owners_account_that_decides(shop: Shop) -> None:
    assert [shop.may(one) for one in (shop.reader, shop.some.root, shop.nobody)] == [True, True, False]
    assert [shop.may(one) for one in (shop.foreign, shop.some.other, None)] == [False, False, False]


def test_another_account_needs_both_sides(shop: Shop) -> None:
    other = shop.arn("root", shop.some.other)
    shop.put(allow({"AWS": other}, "s3:GetObject", READS))
    assert [shop.may(one) for one in (shop.foreign, shop.foreign_nobody, None)] == [True, False, False]
    assert not shop.may(shop.foreign, "PutObject")


def test_a_policy_opens_to_its_own_account_and_its_deny_binds_everybody(shop: Shop) -> None:
    shop.put(allow({"AWS": shop.arn("user/shop-nobody")}, "s3:GetObject", READS))
    assert shop.may(shop.nobody)
    shop.put(allow("*", "s3:GetObject", READS, Effect="Deny"))
    assert not any(shop.may(one) for one in (shop.nobody, shop.admin, shop.some.root, shop.foreign, None))


def test_nobody_in_particular_has_what_a_public_policy_gives_and_is_denied_first(shop: Shop) -> None:
    shop.put(allow("*", "s3:GetObject", READS))
    assert shop.may(None)
    assert not shop.may(None, "ListObjectsV2")
    anonymous = {"StringEquals": {"aws:userid": "anonymous"}}
    shop.put(allow("*", "s3:GetObject", READS), allow("*", "s3:*", READS, Effect="Deny", Condition=anonymous))
    assert not shop.may(None)
    assert shop.may(shop.nobody)


def test_a_user_who_is_made_again_under_its_name_is_another_one(shop: Shop) -> None:
    """Attack 17."""
    world = shop.some.world
    temp = world.user("shop-temp")
    shop.put(allow({"AWS": shop.arn("user/shop-temp")}, "s3:GetObject", READS))
    assert shop.may(temp)
    gone = world.principal(temp).principal.id
    world.call(world.root, "DeleteAccessKey", UserName="shop-temp", AccessKeyId=temp.key_id)
    world.call(world.root, "DeleteUser", UserName="shop-temp")
    assert not shop.may(world.user("shop-temp"))
    assert json.loads(shop.ask("GetBucketPolicy")["Policy"])["Statement"][0]["Principal"] == {"AWS": gone}


PASSED_THROUGH = [
    allow("*", "s3:GetObject", READS),
    allow({"AWS": "*"}, "s3:GetObject", READS),
    allow("*", "s3:GetObject", READS, Condition={"StringLike": {"aws:SourceVpc": "*"}}),
    allow("*", "s3:GetObject", READS, Condition={"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*"}}),
    allow("*", "s3:GetObject", READS, Condition={"StringEqualsIfExists": {"aws:SourceVpc": "vpc-1"}}),
    allow("*", "s3:GetObject", READS, Condition={"IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}}),
]


@pytest.mark.parametrize("statement", PASSED_THROUGH)
def test_a_public_policy_is_refused_under_a_block(shop: Shop, statement: Any) -> None:
    """Attack 18."""
    shop.some.unblock(B, BlockPublicPolicy=True)
    with pytest.raises(Refused) as refused:
        shop.put(statement, caller=shop.admin)
    assert refused.value.code == "AccessDenied"
    assert refused.value.message == (
        f"User: {shop.arn('user/shop-admin')} is not authorized to perform: s3:PutBucketPolicy on resource: "
        f'"arn:aws:s3:::{B}" because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public '
        "Access."
    )
    assert shop.refusal("GetBucketPolicy") == "NoSuchBucketPolicy"
    shop.put(allow("*", "s3:GetObject", READS, Condition={"StringEquals": {"aws:SourceVpc": "vpc-1"}}))


def test_a_public_policy_that_is_restricted_is_for_the_owners_account(shop: Shop) -> None:
    """Others are cut off though they are named beside everybody; what is denied stays denied."""
    other = shop.arn("root", shop.some.other)
    shop.put(
        allow("*", "s3:GetObject", READS),
        allow({"AWS": other}, "s3:PutObject", READS),
        allow({"AWS": shop.arn("user/shop-reader")}, "s3:GetObject", READS, Effect="Deny"),
    )
    assert shop.may(None)
    assert shop.may(shop.foreign)
    assert shop.may(shop.foreign, "PutObject")
    shop.some.unblock(B, RestrictPublicBuckets=True)
    assert shop.may(shop.nobody)
    assert not any(shop.may(one) for one in (None, shop.foreign, shop.reader))
    assert not shop.may(shop.foreign, "PutObject")
    shop.put(allow({"AWS": other}, "s3:PutObject", READS))
    assert shop.may(shop.foreign, "PutObject"), "a policy that is not public is not restricted"


def test_whether_a_policy_is_public(shop: Shop) -> None:
    assert shop.refusal("GetBucketPolicyStatus") == "NoSuchBucketPolicy"
    shop.put(allow("*", "s3:GetObject", READS))
    assert shop.ask("GetBucketPolicyStatus")["PolicyStatus"] == {"IsPublic": True}
    shop.put(allow({"AWS": shop.arn("root")}, "s3:GetObject", READS))
    assert shop.ask("GetBucketPolicyStatus")["PolicyStatus"] == {"IsPublic": False}


def test_the_owners_root_user_is_not_shut_out(shop: Shop) -> None:
    shop.put(allow("*", "s3:*", B, Effect="Deny"))
    for operation in ("GetBucketPolicy", "PutBucketPolicy"):
        with pytest.raises(Denied):
            shop.ask(operation, shop.admin, Policy=policy(allow("*", "s3:*", B, Effect="Deny")))
    shop.ask("GetBucketPolicy")
    assert not shop.may(shop.some.root, "ListObjectsV2")
    shop.ask("DeleteBucketPolicy")
    assert shop.may(shop.some.root, "ListObjectsV2")


def test_a_policy_is_its_owners_business(shop: Shop) -> None:
    """Even if the policy would let others change it."""
    shop.put(allow({"AWS": shop.arn("root", shop.some.other)}, "s3:*", B))
    assert shop.refusal("GetBucketPolicy", shop.foreign) == "MethodNotAllowed"
    assert shop.refusal("DeleteBucketPolicy", shop.foreign) == "MethodNotAllowed"
    shop.ask("GetBucketAcl", shop.foreign)


def test_accounts_are_named_by_their_canonical_ids(shop: Shop) -> None:
    other = shop.some.account_of(shop.some.other)
    shop.put(allow({"CanonicalUser": canonical_user_id(other)}, "s3:GetObject", READS))
    assert shop.may(shop.foreign)
    shown = json.loads(shop.ask("GetBucketPolicy")["Policy"])["Statement"][0]["Principal"]
    assert shown == {"AWS": [f"arn:aws:iam::{other}:root"]}
    with pytest.raises(Refused, match="Invalid principal"):
        shop.put(allow({"CanonicalUser": "0" * 64}, "s3:GetObject", READS))


def test_what_is_kept_of_a_policy(shop: Shop) -> None:
    text = policy(allow("*", "s3:GetObject", READS))
    shop.ask("PutBucketPolicy", Policy=text)
    assert shop.ask("GetBucketPolicy")["Policy"] == text
    shop.ask("DeleteBucketPolicy")
    assert shop.refusal("GetBucketPolicy") == "NoSuchBucketPolicy"
    shop.ask("DeleteBucketPolicy")


GOOD = allow("*", "s3:GetObject", READS)
NO_POLICIES = [
    ("", "Policies must be valid JSON and the first byte must be '{'"),
    (" {}", "Policies must be valid JSON and the first byte must be '{'"),
    ("{", "Policies must be valid JSON and the first byte must be '{'"),
    ("{}", "Invalid policy syntax."),
    (policy(), "Invalid policy syntax."),
    (policy({**GOOD, "Principal": "bob"}), "Invalid principal in policy"),
    (policy({**GOOD, "Principal": {"AWS": "arn:aws:iam::111122223333:user/bob"}}), "Invalid principal in policy"),
    (policy({k: v for k, v in GOOD.items() if k != "Principal"}), "Missing required field Principal"),
    (policy({k: v for k, v in GOOD.items() if k != "Action"}), "Missing required field Action"),
    (policy({k: v for k, v in GOOD.items() if k != "Resource"}), "Missing required field Resource"),
    (policy({**GOOD, "Resource": "*"}), "Policy has invalid resource"),
    (policy({**GOOD, "Resource": f"{B}/*"}), "Policy has invalid resource"),
    (policy({**GOOD, "Resource": "arn:aws:s3:::shopping/*"}), "Policy has invalid resource"),
    (policy({**GOOD, "Resource": "arn:aws:s3:::*"}), "Policy has invalid resource"),
    (policy({**GOOD, "Resource": f"arn:aws-cn:s3:::{B}/*"}), "Policy has invalid resource"),
    (policy({**GOOD, "Action": "s3:GetThing"}), "Policy has invalid action"),
    (policy({**GOOD, "Action": "iam:GetUser"}), "Policy has invalid action"),
    (policy({**GOOD, "Action": "GetObject"}), "Policy has invalid action"),
    (policy({**GOOD, "Action": "s3:ListBucket"}), "Action does not apply to any resource(s) in statement"),
    (
        policy({**GOOD, "Action": ["s3:GetObject", "s3:ListB*"]}),
        "Action does not apply to any resource(s) in statement",
    ),
    (policy({**GOOD, "Action": "s3:ListAllMyBuckets"}), "Action does not apply to any resource(s) in statement"),
    (policy(allow("*", "s3:GetObject", B)), "Action does not apply to any resource(s) in statement"),
    (policy({**GOOD, "Condition": {"StringEquals": {"s3:nothing": "x"}}}), "Policy has an invalid condition key"),
    (policy({**GOOD, "Effect": "Maybe"}), "Invalid policy syntax."),
    (policy({**GOOD, "Condition": {"StringIs": {"s3:prefix": "x"}}}), "Invalid policy syntax."),
]


@pytest.mark.parametrize(("text", "sentence"), NO_POLICIES)
def test_what_is_no_bucket_policy(shop: Shop, text: str, sentence: str) -> None:
    with pytest.raises(Refused) as refused:
        shop.ask("PutBucketPolicy", Policy=text)
    assert (refused.value.code, refused.value.message) == ("MalformedPolicy", sentence)


@pytest.mark.parametrize(
    "statement",
    [
        allow("*", "s3:*", READS),
        allow("*", "*", B),
        allow("*", "S3:getobject", READS),
        allow("*", "s3:*Object*", READS),
        {**GOOD, "Resource": [f"arn:aws:s3:::{B}", f"arn:aws:s3:::{B}/*"], "Action": ["s3:ListBucket", "s3:GetObject"]},
        allow("*", ["s3:List*", "s3:GetObject"], f"{B}*"),  # type: ignore[arg-type]
        allow({"Service": "logging.s3.amazonaws.com"}, "s3:PutObject", READS),
        {"Effect": "Deny", "Principal": "*", "NotAction": "s3:ListBucket", "Resource": f"arn:aws:s3:::{B}/*"},
        allow("*", "s3:GetObject", READS, Condition={"StringEquals": {"s3:ExistingObjectTag/a": "b"}}),
    ],
)
def test_a_statement_that_is_well_formed_is_taken(shop: Shop, statement: Any) -> None:
    shop.put(statement)


def test_how_long_a_policy_may_be(shop: Shop) -> None:
    text = policy(GOOD)
    shop.ask("PutBucketPolicy", Policy=text + " " * (20 * 1024 - len(text)))
    assert shop.refusal("PutBucketPolicy", Policy=text + " " * (20 * 1024 + 1 - len(text))) == "PolicyTooLarge"


def test_acls_are_policies_of_the_bucket(shop: Shop) -> None:
    shop.ask("PutBucketAcl", ACL="public-read")
    assert shop.may(None, "ListObjectsV2")
    assert shop.may(shop.foreign, "ListObjectsV2")
    assert not shop.may(None)
    assert not shop.may(None, "PutObject")
    shop.ask("PutBucketAcl", ACL="public-read-write")
    assert shop.may(None, "PutObject")
    shop.some.unblock(B, IgnorePublicAcls=True)
    assert not shop.may(None, "ListObjectsV2")
    shop.some.unblock(B)
    shop.ask("PutBucketAcl", ACL="authenticated-read")
    assert not shop.may(None, "ListObjectsV2")
    assert shop.may(shop.foreign, "ListObjectsV2")
    assert not shop.may(shop.foreign_nobody, "ListObjectsV2")
    shop.put(allow("*", "s3:*", B, Effect="Deny"))
    assert not shop.may(shop.foreign, "ListObjectsV2"), "a Deny comes before every ACL"


def test_grants_to_an_account(shop: Shop) -> None:
    other = shop.some.account_of(shop.some.other)
    shop.ask("PutBucketAcl", GrantRead=f'id="{canonical_user_id(other)}"')
    assert shop.may(shop.foreign, "ListObjectsV2")
    assert not shop.may(shop.foreign_nobody, "ListObjectsV2")
    assert not shop.may(None, "ListObjectsV2")
    answer = shop.ask("GetBucketAcl")
    assert answer["Owner"] == {"ID": canonical_user_id(shop.some.account_of(shop.some.root))}
    shop.ask("PutBucketAcl", AccessControlPolicy=answer)
    assert shop.ask("GetBucketAcl") == answer
    shop.some.unblock(B, IgnorePublicAcls=True)
    assert shop.may(shop.foreign, "ListObjectsV2"), "an account is not everybody"


GROUP = {"Grantee": {"Type": "Group", "URI": EVERYBODY}, "Permission": "READ"}


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({}, "MissingSecurityHeader"),
        ({"ACL": "nothing"}, "InvalidArgument"),
        ({"ACL": "private", "GrantRead": f'uri="{EVERYBODY}"'}, "InvalidRequest"),
        ({"ACL": "private", "AccessControlPolicy": {}}, "UnexpectedContent"),
        ({"GrantRead": f'uri="{EVERYBODY}x"'}, "InvalidArgument"),
        ({"GrantRead": "id=1"}, "InvalidArgument"),
        ({"GrantRead": "somebody"}, "InvalidArgument"),
        ({"GrantRead": 'emailAddress="a@example.com"'}, "NotImplemented"),
        ({"AccessControlPolicy": {"Owner": {"ID": canonical_user_id("1" * 12)}, "Grants": [GROUP]}}, "AccessDenied"),
    ],
)
def test_what_is_no_acl(shop: Shop, members: dict[str, Any], code: str) -> None:
    assert shop.refusal("PutBucketAcl", **members) == code


@pytest.mark.parametrize(
    "members",
    [
        {"ACL": "public-read"},
        {"ACL": "authenticated-read"},
        {"GrantWrite": f'uri="{EVERYBODY}"'},
        {"GrantReadACP": f'uri="{AUTHENTICATED}"'},
    ],
)
def test_public_acls_are_refused_under_a_block(shop: Shop, members: dict[str, Any]) -> None:
    shop.some.unblock(B, BlockPublicAcls=True)
    assert shop.refusal("PutBucketAcl", **members) == "AccessDenied"
    shop.ask("PutBucketAcl", ACL="private")


def test_whose_the_objects_are(shop: Shop) -> None:
    enforced = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    shop.ask("PutBucketAcl", ACL="public-read")
    assert shop.refusal("PutBucketOwnershipControls", OwnershipControls=enforced) == (
        "InvalidBucketAclWithObjectOwnership"
    )
    shop.ask("PutBucketAcl", ACL="private")
    shop.ask("PutBucketOwnershipControls", OwnershipControls=enforced)
    assert shop.ask("GetBucketOwnershipControls") == {"OwnershipControls": enforced}
    assert shop.refusal("PutBucketAcl", ACL="private") == "AccessControlListNotSupported"
    shop.ask("DeleteBucketOwnershipControls")
    assert shop.refusal("GetBucketOwnershipControls") == "OwnershipControlsNotFoundError"
    for rules in ([], [{"ObjectOwnership": ""}], [{"ObjectOwnership": "Mine"}], enforced["Rules"] * 2):
        assert shop.refusal("PutBucketOwnershipControls", OwnershipControls={"Rules": rules}) == "MalformedXML"
    shop.ask("PutBucketAcl", ACL="private")


def test_the_switches_of_a_bucket(shop: Shop) -> None:
    shop.some.unblock(B, BlockPublicAcls=True)
    shown = shop.ask("GetPublicAccessBlock")["PublicAccessBlockConfiguration"]
    assert [name for name, on in shown.items() if on] == ["BlockPublicAcls"]
    assert len(shown) == 4
    shop.ask("DeletePublicAccessBlock")
    assert shop.refusal("GetPublicAccessBlock") == "NoSuchPublicAccessBlockConfiguration"


def test_who_may_not_change_anything(shop: Shop) -> None:
    for operation, members in (
        ("PutBucketPolicy", {"Policy": policy(GOOD)}),
        ("PutBucketAcl", {"ACL": "public-read"}),
        ("DeletePublicAccessBlock", {}),
        ("GetBucketPolicy", {}),
    ):
        for caller in (shop.reader, shop.foreign, None):
            with pytest.raises(Denied):
                shop.some.ask(caller, operation, Bucket=B, **members)


def test_what_belongs_to_whom_is_the_owners_account(shop: Shop) -> None:
    """`aws:ResourceAccount` is the bucket's owner, whoever asks; another owner than is expected is refused."""
    other = shop.some.account_of(shop.some.other)
    condition = {"StringEquals": {"aws:ResourceAccount": other}}
    inside = shop.some.world.user(
        "shop-inside", [{"Statement": EVERYTHING | {"Condition": condition}}], root=shop.some.other
    )
    shop.put(allow({"AWS": f"arn:aws:iam::{other}:root"}, "s3:GetObject", READS))
    assert shop.may(shop.foreign)
    assert not shop.may(inside)
    mine = shop.some.account_of(shop.some.root)
    shop.some.ask(shop.reader, "GetObject", **OBJECT, ExpectedBucketOwner=mine)
    with pytest.raises(Refused, match="Access Denied"):
        shop.some.ask(shop.reader, "GetObject", **OBJECT, ExpectedBucketOwner=other)


def test_an_unknown_bucket_is_nobodys(shop: Shop) -> None:
    with pytest.raises(Refused) as refused:
        shop.some.ask(shop.some.root, "GetObject", Bucket="nobodys", Key="k")
    assert refused.value.code == "NoSuchBucket"


def test_what_a_restricted_policy_denies_is_denied_though_an_acl_allows_it(shop: Shop) -> None:
    shop.ask("PutBucketAcl", ACL="public-read")
    shop.put(allow("*", "s3:GetObject", READS), allow("*", "s3:ListBucket", B, Effect="Deny"))
    shop.some.unblock(B, RestrictPublicBuckets=True)
    assert not shop.may(None, "ListObjectsV2")
