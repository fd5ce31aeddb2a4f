"""Grants on keys of AWS KMS: kept here, binding, and told to no upstream."""

from __future__ import annotations

import json
from typing import Any

import pytest

from carnet.entities.key_grant import KeyGrant
from carnet.gateway.keys import kept_grants
from tests.gateway.behind import EVERYTHING, KEY_ID, Behind, refusal
from tests.gateway.fake_aws import Told
from tests.gateway.test_kept_policies import other

__all__ = ["other"]

NOTHING = {"Effect": "Allow", "Action": "iam:*", "Resource": "*"}
BLOB = KEY_ID.encode() + b" the rest"


@pytest.fixture
def told(behind: Behind) -> Behind:
    """The upstream has a key, and alice may do nothing with it."""
    behind.aws.answers["DescribeKey"] = Told(body={"KeyMetadata": {"Arn": behind.key_arn()}})
    behind.aws.answers["Decrypt"] = Told(body={"KeyId": behind.key_arn()})
    behind.allow(NOTHING)
    return behind


def alice(told: Behind) -> str:
    return f"arn:aws:iam::{told.account}:user/alice"


def granted(told: Behind, *operations: str, **more: Any) -> dict[str, str]:
    given = {"KeyId": KEY_ID, "GranteePrincipal": alice(told), "Operations": list(operations), **more}
    made: dict[str, str] = told.server.client("kms").create_grant(**given)
    return made


def denied(call: Any, **given: Any) -> None:
    assert refusal(call, **given)["Code"] == "AccessDeniedException"


def test_a_grant_lets_its_grantee_use_the_key_until_it_is_revoked(told: Behind) -> None:
    kms, root = told.client("kms"), told.server.client("kms")
    denied(kms.decrypt, CiphertextBlob=BLOB)
    made = granted(told, "Decrypt", "DescribeKey", Name="first")
    kms.decrypt(CiphertextBlob=BLOB, GrantTokens=[made["GrantToken"]])
    assert "GrantTokens" not in told.aws.requests[-1].json
    kms.describe_key(KeyId=KEY_ID)
    denied(kms.encrypt, KeyId=KEY_ID, Plaintext=b"x")
    denied(kms.decrypt, CiphertextBlob=b"9" * 8 + BLOB[8:])
    (listed,) = root.list_grants(KeyId=KEY_ID)["Grants"]
    assert (listed["GrantId"], listed["Name"], listed["KeyId"]) == (made["GrantId"], "first", told.key_arn())
    assert (listed["GranteePrincipal"], listed["Operations"]) == (alice(told), ["Decrypt", "DescribeKey"])
    again = granted(told, "DescribeKey", Name="first"), granted(told, "Decrypt", "DescribeKey", Name="first")
    assert [one["GrantId"] == made["GrantId"] for one in again] == [False, True]
    root.revoke_grant(KeyId=KEY_ID, GrantId=again[0]["GrantId"])
    denied(kms.list_grants, KeyId=KEY_ID)
    denied(kms.revoke_grant, KeyId=KEY_ID, GrantId=made["GrantId"])
    root.revoke_grant(KeyId=KEY_ID, GrantId=made["GrantId"])
    denied(kms.decrypt, CiphertextBlob=BLOB)
    assert refusal(root.revoke_grant, KeyId=KEY_ID, GrantId=made["GrantId"])["Code"] == "NotFoundException"
    assert not [name for name in told.aws.operations if "Grant" in name]


@pytest.mark.parametrize(
    ("kind", "context", "allowed"),
    [
        ("EncryptionContextEquals", {"app": "a"}, True),
        ("EncryptionContextEquals", {"app": "a", "more": "x"}, False),
        ("EncryptionContextEquals", {"App": "a"}, False),
        ("EncryptionContextEquals", {}, False),
        ("EncryptionContextSubset", {"app": "a", "more": "x"}, True),
        ("EncryptionContextSubset", {"app": "b", "more": "x"}, False),
        ("EncryptionContextSubset", {"APP": "a"}, False),
    ],
)
def test_constraints_bind_the_encryption_context(
    told: Behind, kind: str, context: dict[str, str], allowed: bool
) -> None:
    made = granted(told, "Encrypt", "DescribeKey", Constraints={kind: {"app": "a"}})
    kms = told.client("kms")
    given = {"KeyId": KEY_ID, "Plaintext": b"x", "EncryptionContext": context}
    if allowed:
        kms.encrypt(**given)
    else:
        denied(kms.encrypt, **given)
    kms.describe_key(KeyId=KEY_ID)  # which has none
    told.server.client("kms").revoke_grant(KeyId=KEY_ID, GrantId=made["GrantId"])


def test_who_was_granted_grants_no_more_than_he_has(told: Behind) -> None:
    parent = granted(told, "Decrypt", "CreateGrant", Constraints={"EncryptionContextSubset": {"app": "a"}})
    kms, to = told.client("kms"), {"KeyId": KEY_ID, "GranteePrincipal": f"arn:aws:iam::{told.account}:root"}
    within = {"Constraints": {"EncryptionContextEquals": {"app": "a", "more": "x"}}}
    child = kms.create_grant(**to, Operations=["Decrypt"], **within)
    denied(kms.create_grant, **to, Operations=["Decrypt", "Encrypt"], **within)
    denied(kms.create_grant, **to, Operations=["Decrypt"])
    denied(kms.create_grant, **to, Operations=["Decrypt"], Constraints={"EncryptionContextSubset": {"app": "b"}})
    for one in (parent, child):
        told.server.client("kms").revoke_grant(KeyId=KEY_ID, GrantId=one["GrantId"])


ROOT = "arn:aws:iam::{}:root"


@pytest.mark.parametrize(
    ("condition", "allowed", "refused"),
    [
        ({"ArnEquals": {"kms:GranteePrincipal": ROOT}}, {}, {"GranteePrincipal": "arn:aws:iam::{}:user/alice"}),
        ({"ArnEquals": {"kms:RetiringPrincipal": ROOT}}, {"RetiringPrincipal": ROOT}, {}),
        (
            {"ForAllValues:StringEquals": {"kms:GrantOperations": ["Decrypt", "DescribeKey"]}},
            {"Operations": ["DescribeKey"]},
            {"Operations": ["Decrypt", "Encrypt"]},
        ),
        (
            {"StringEquals": {"kms:GrantConstraintType": "EncryptionContextEquals"}},
            {"Constraints": {"EncryptionContextEquals": {"app": "a"}}},
            {"Constraints": {"EncryptionContextSubset": {"app": "a"}}},
        ),
        ({"StringEquals": {"kms:GrantConstraintType": "EncryptionContextSubset"}}, None, {}),
        (
            {"StringEquals": {"kms:EncryptionContext:app": "a"}},
            {"Constraints": {"EncryptionContextSubset": {"app": "a"}}},
            {"Constraints": {"EncryptionContextSubset": {"app": "b"}}},
        ),
        ({"Bool": {"kms:GrantIsForAWSResource": "true"}}, None, {}),
        ({"Bool": {"kms:GrantIsForAWSResource": "false"}}, {}, None),
        ({"StringLike": {"kms:ViaService": "*"}}, None, {}),
    ],
)
def test_conditions_on_a_grant_that_is_created(
    told: Behind, condition: dict[str, Any], allowed: dict[str, Any] | None, refused: dict[str, Any] | None
) -> None:
    """Who may create grants of some kinds creates no others. What a caller asks for is for no resource of AWS."""

    def of_account(value: Any) -> Any:
        return json.loads(json.dumps(value).replace("{}", told.account))

    def create(more: dict[str, Any]) -> None:
        given = {"KeyId": KEY_ID, "GranteePrincipal": ROOT, "Operations": ["Decrypt"], **more}
        told.client("kms").create_grant(**of_account(given))

    creating = {"Effect": "Allow", "Action": "kms:CreateGrant", "Resource": "*", "Condition": of_account(condition)}
    told.allow(creating)
    if refused is not None:
        denied(create, more=refused)
    if allowed is not None:
        create(allowed)
    root = told.server.client("kms")
    for one in root.list_grants(KeyId=KEY_ID)["Grants"]:
        root.revoke_grant(KeyId=KEY_ID, GrantId=one["GrantId"])


def test_a_deny_of_the_key_policy_or_of_iam_is_above_a_grant(told: Behind) -> None:
    made = granted(told, "Decrypt")
    told.allow({"Effect": "Deny", "Action": "kms:Decrypt", "Resource": "*"})
    denied(told.client("kms").decrypt, CiphertextBlob=BLOB)
    told.server.client("kms").revoke_grant(KeyId=KEY_ID, GrantId=made["GrantId"])


def test_who_may_retire_a_grant(told: Behind) -> None:
    kms, root = told.client("kms"), told.server.client("kms")
    own = granted(told, "Decrypt", "RetireGrant")
    another = granted(told, "Decrypt")
    denied(kms.retire_grant, KeyId=told.key_arn(), GrantId=another["GrantId"])
    denied(kms.retire_grant, GrantToken=another["GrantToken"])
    kms.retire_grant(GrantToken=own["GrantToken"])
    root.revoke_grant(KeyId=KEY_ID, GrantId=another["GrantId"])
    denied(kms.decrypt, CiphertextBlob=BLOB)
    to = {"GranteePrincipal": f"arn:aws:iam::{told.account}:root", "RetiringPrincipal": alice(told)}
    retirable = root.create_grant(KeyId=KEY_ID, Operations=["Encrypt"], **to)
    (listed,) = root.list_retirable_grants(RetiringPrincipal=alice(told))["Grants"]
    assert listed["GrantId"] == retirable["GrantId"]
    assert root.list_retirable_grants(RetiringPrincipal=f"arn:aws:iam::{told.account}:root")["Grants"] == []
    kms.retire_grant(KeyId=told.key_arn(), GrantId=retirable["GrantId"])
    assert root.list_grants(KeyId=KEY_ID)["Grants"] == []
    for token in ("x", "W10=", "WzFd", "é"):
        assert refusal(root.retire_grant, GrantToken=token)["Code"] == "InvalidGrantTokenException"


def test_another_account_is_granted(told: Behind, other: tuple[str, str, str]) -> None:
    """Its own policies have to allow it, too: the root user's."""
    account, *key = other
    theirs = told.server.client("kms", *key)
    of = {"KeyId": told.key_arn(), "Plaintext": b"x"}
    denied(theirs.encrypt, **of)
    made = granted(told, "Encrypt", GranteePrincipal=f"arn:aws:iam::{account}:root")
    theirs.encrypt(**of)
    told.server.client("kms").revoke_grant(KeyId=KEY_ID, GrantId=made["GrantId"])
    denied(theirs.encrypt, **of)


def test_a_grantee_that_is_made_again_is_another_one(told: Behind) -> None:
    iam, root = told.server.client("iam"), told.server.client("kms")
    iam.create_user(UserName="gina")
    gina = f"arn:aws:iam::{told.account}:user/gina"
    made = granted(told, "Encrypt", GranteePrincipal=gina)
    iam.delete_user(UserName="gina")
    iam.create_user(UserName="gina")
    key = iam.create_access_key(UserName="gina")["AccessKey"]
    denied(told.server.client("kms", key["AccessKeyId"], key["SecretAccessKey"]).encrypt, KeyId=KEY_ID, Plaintext=b"x")
    (listed,) = root.list_grants(KeyId=KEY_ID)["Grants"]
    assert listed["GranteePrincipal"].startswith("AIDA")
    root.revoke_grant(KeyId=KEY_ID, GrantId=made["GrantId"])


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"GranteePrincipal": "alice"}, "InvalidArnException"),
        ({"GranteePrincipal": "arn:aws:iam::{}:user/nobody"}, "InvalidArnException"),
        ({"GranteePrincipal": "arn:aws:iam::{}:group/g"}, "InvalidArnException"),
        ({"Constraints": {"EncryptionContextSubset": {"a": "b"}, "EncryptionContextEquals": {"a": "b"}}}, "Validation"),
        ({"DryRun": True}, "DryRunOperationException"),
    ],
)
def test_what_is_not_granted(told: Behind, given: dict[str, Any], code: str) -> None:
    filled = {name: value.format(told.account) if isinstance(value, str) else value for name, value in given.items()}
    of = {"KeyId": KEY_ID, "GranteePrincipal": alice(told), "Operations": ["Decrypt"]}
    root = told.server.client("kms")
    assert refusal(root.create_grant, **{**of, **filled})["Code"].startswith(code)
    assert root.list_grants(KeyId=KEY_ID)["Grants"] == []
    denied(told.client("kms").create_grant, **of)


@pytest.mark.parametrize(
    ("grantee", "told_of_it"),
    [
        ("arn:aws:iam::{}:user/nobody", "ARN does not refer to a valid principal: "),
        ("arn:aws:sts::999988887777:federated-user/unissued", "ARN does not refer to a valid principal: "),
        ("arn:aws:iam::999988887777:root", "ARN does not refer to a valid principal: "),
        ("arn:aws:sts::{}:assumed-role/nobody/s", "ARN does not refer to a valid principal: "),
        ("arn:aws:sts::{}:assumed-role/path/role/s", "ARN is not valid: "),
    ],
)
def test_what_is_wrong_with_a_grantee(told: Behind, grantee: str, told_of_it: str) -> None:
    arn = grantee.format(told.account)
    given = {"KeyId": KEY_ID, "GranteePrincipal": arn, "Operations": ["Decrypt"]}
    error = refusal(told.server.client("kms").create_grant, **given)
    assert (error["Code"], error["Message"]) == ("InvalidArnException", told_of_it + arn)


def test_principals_are_named_by_unique_ids_too(told: Behind) -> None:
    """As recorded from AWS: they are taken, shown by their ARNs, and by their ids again once they are gone."""
    iam, root = told.server.client("iam"), told.server.client("kms")
    user = iam.create_user(UserName="hana")["User"]
    given = {"KeyId": KEY_ID, "Operations": ["Decrypt"]}
    made = root.create_grant(**given, GranteePrincipal=user["UserId"], RetiringPrincipal=user["UserId"])
    for whom in (user["Arn"], user["UserId"]):
        (listed,) = root.list_grants(KeyId=KEY_ID, GranteePrincipal=whom)["Grants"]
        (retirable,) = root.list_retirable_grants(RetiringPrincipal=whom)["Grants"]
        assert listed["GranteePrincipal"] == retirable["RetiringPrincipal"] == user["Arn"]
    assert root.list_grants(KeyId=KEY_ID, GranteePrincipal=alice(told))["Grants"] == []
    iam.delete_user(UserName="hana")
    says: list[tuple[Any, dict[str, Any], str, str, str]] = [
        (root.create_grant, given, "GranteePrincipal", "InvalidArn", "GranteePrincipal does not refer to a valid"),
        (root.list_grants, {"KeyId": KEY_ID}, "GranteePrincipal", "InvalidArn", "Input does not refer to a valid"),
        (root.list_retirable_grants, {}, "RetiringPrincipal", "NotFound", "Retiring principal AIDA"),
    ]
    for call, more, member, code, message in says:
        error = refusal(call, **more, **{member: user["UserId"]})
        assert (error["Code"], error["Message"].startswith(message)) == (f"{code}Exception", True), error
        if call != root.create_grant:
            of_arn = refusal(call, **more, **{member: user["Arn"]})
            assert of_arn["Message"] == f"ARN does not refer to a valid principal: {user['Arn']}"
    root.revoke_grant(KeyId=KEY_ID, GrantId=made["GrantId"])


def test_a_unique_id_passes_no_condition_on_the_arn(told: Behind) -> None:
    """kms:GranteePrincipal is the ARN, whatever the grantee is called: seen passing a Deny while it was the id."""
    iam = told.server.client("iam")
    user = iam.create_user(UserName="ivo")["User"]
    condition = {"ArnEquals": {"kms:GranteePrincipal": user["Arn"]}}
    told.allow(
        {"Effect": "Allow", "Action": "kms:CreateGrant", "Resource": "*"},
        {"Effect": "Deny", "Action": "kms:CreateGrant", "Resource": "*", "Condition": condition},
    )
    kms, given = told.client("kms"), {"KeyId": KEY_ID, "Operations": ["Decrypt"]}
    for whom in (user["Arn"], user["UserId"]):
        denied(kms.create_grant, **given, GranteePrincipal=whom)
    iam.delete_user(UserName="ivo")


SOURCE = "arn:aws:sqs:us-east-1:111122223333:orders"
OF_SERVICE = {
    "GranteePrincipal": None,
    "GranteeServicePrincipal": "sqs.amazonaws.com",
    "RetiringServicePrincipal": "sqs.amazonaws.com",
    "Constraints": {"SourceArn": SOURCE},
}


def test_a_service_is_granted(told: Behind) -> None:
    """In behalf of a resource; no caller is a service, so that it lets none of them in."""
    root = told.server.client("kms")
    given = {name: value for name, value in OF_SERVICE.items() if value is not None}
    made = root.create_grant(KeyId=KEY_ID, Operations=["Decrypt"], **given)
    (listed,) = root.list_grants(KeyId=KEY_ID)["Grants"]
    assert {name: listed.get(name) for name in OF_SERVICE} == OF_SERVICE
    assert "RetiringPrincipal" not in listed
    denied(told.client("kms").decrypt, CiphertextBlob=BLOB)
    denied(told.client("kms").retire_grant, KeyId=told.key_arn(), GrantId=made["GrantId"])
    filtered = refusal(root.list_grants, KeyId=KEY_ID, GranteeServicePrincipal="sqs.amazonaws.com")
    assert filtered["Code"] == "ValidationException"
    root.revoke_grant(KeyId=KEY_ID, GrantId=made["GrantId"])


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"GranteeServicePrincipal": None}, "ValidationException"),
        ({"GranteePrincipal": ROOT}, "ValidationException"),
        ({"RetiringPrincipal": ROOT}, "ValidationException"),
        ({"RetiringServicePrincipal": None}, "ValidationException"),
        ({"Constraints": None}, "ValidationException"),
        ({"GranteeServicePrincipal": "nothing.example.com"}, "InvalidArnException"),
        ({"GranteePrincipal": ROOT, "GranteeServicePrincipal": None}, "NotImplemented"),
    ],
)
def test_what_is_no_grant_to_a_service(told: Behind, change: dict[str, Any], code: str) -> None:
    given = {name: value for name, value in {**OF_SERVICE, **change}.items() if value is not None}
    given = json.loads(json.dumps(given).replace("{}", told.account))
    root = told.server.client("kms")
    assert refusal(root.create_grant, KeyId=KEY_ID, Operations=["Decrypt"], **given)["Code"].startswith(code)
    assert root.list_grants(KeyId=KEY_ID)["Grants"] == []


def test_a_principal_lists_what_it_may_retire_in_other_accounts(told: Behind, other: tuple[str, str, str]) -> None:
    account, *key = other
    theirs, whom = told.server.client("kms", *key), f"arn:aws:iam::{account}:root"
    made = granted(told, "Decrypt", RetiringPrincipal=whom)
    (listed,) = theirs.list_retirable_grants(RetiringPrincipal=whom)["Grants"]
    assert (listed["GrantId"], listed["KeyId"]) == (made["GrantId"], told.key_arn())
    assert theirs.list_retirable_grants(RetiringPrincipal=alice(told))["Grants"] == []
    theirs.retire_grant(KeyId=told.key_arn(), GrantId=made["GrantId"])


def test_grants_that_a_principal_may_not_retire_cost_it_nothing(
    told: Behind, other: tuple[str, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    account, *key = other
    theirs, whom = told.server.client("kms", *key), f"arn:aws:iam::{account}:root"
    root, another = told.server.client("kms"), "2" * 8 + KEY_ID[8:]
    made = granted(told, "Decrypt", RetiringPrincipal=whom)
    told.aws.answers["DescribeKey"] = Told(body={"KeyMetadata": {"Arn": told.key_arn(another)}})
    of_others = [granted(told, "Decrypt", KeyId=another, RetiringPrincipal=alice(told)) for _ in range(3)]
    looked_at: list[str] = []

    def counted(one: KeyGrant) -> str:
        looked_at.append(one.id)
        return one.principal_ids.get(one.retiring, one.retiring)

    assert len(theirs.list_retirable_grants(RetiringPrincipal=whom)["Grants"]) == 1
    with monkeypatch.context() as patched:
        patched.setattr(KeyGrant, "retired_by", property(counted))
        (listed,) = theirs.list_retirable_grants(RetiringPrincipal=whom)["Grants"]
    assert listed["GrantId"] == made["GrantId"]
    assert looked_at == [made["GrantId"]]
    assert len(root.list_retirable_grants(RetiringPrincipal=alice(told))["Grants"]) == 3
    root.revoke_grant(KeyId=KEY_ID, GrantId=made["GrantId"])
    assert theirs.list_retirable_grants(RetiringPrincipal=whom)["Grants"] == []
    for one in of_others:
        root.revoke_grant(KeyId=another, GrantId=one["GrantId"])
    assert root.list_retirable_grants(RetiringPrincipal=alice(told))["Grants"] == []


def test_the_account_that_has_made_a_grant_on_a_key_of_another_retires_it(
    told: Behind, other: tuple[str, str, str]
) -> None:
    account, *key = other
    theirs, root, arn = told.server.client("kms", *key), told.server.client("kms"), told.key_arn()
    made = granted(told, "CreateGrant", "Decrypt", GranteePrincipal=f"arn:aws:iam::{account}:root")
    of_theirs = theirs.create_grant(KeyId=arn, GranteePrincipal=alice(told), Operations=["Decrypt"])
    assert root.list_grants(KeyId=KEY_ID, GrantId=of_theirs["GrantId"])["Grants"][0]["IssuingAccount"] == (
        f"arn:aws:iam::{account}:root"
    )
    denied(theirs.retire_grant, KeyId=arn, GrantId=made["GrantId"])
    denied(theirs.revoke_grant, KeyId=arn, GrantId=of_theirs["GrantId"])
    denied(told.client("kms").retire_grant, KeyId=arn, GrantId=of_theirs["GrantId"])
    theirs.retire_grant(KeyId=arn, GrantId=of_theirs["GrantId"])
    root.revoke_grant(KeyId=KEY_ID, GrantId=made["GrantId"])


def test_grants_come_in_pages(told: Behind) -> None:
    told.allow(EVERYTHING)
    kms = told.client("kms")
    made = [granted(told, "Decrypt")["GrantId"] for _ in range(3)]
    first = kms.list_grants(KeyId=KEY_ID, Limit=2)
    assert [one["GrantId"] for one in first["Grants"]] == made[:2]
    assert first["Truncated"]
    rest = kms.list_grants(KeyId=KEY_ID, Limit=2, Marker=first["NextMarker"])
    assert ([one["GrantId"] for one in rest["Grants"]], rest["Truncated"]) == (made[2:], False)
    assert refusal(kms.list_grants, KeyId=KEY_ID, Marker="x")["Code"] == "InvalidMarkerException"
    told.aws.answers["DescribeKey"] = Told(body={"__type": "NotFoundException"}, status=400)
    assert refusal(kms.list_grants, KeyId="9" * 8 + KEY_ID[8:])["Code"] == "NotFoundException"
    for one in made:
        kms.revoke_grant(KeyId=KEY_ID, GrantId=one)


def test_a_federated_user_is_granted_before_there_is_a_session(told: Behind) -> None:
    whom = f"arn:aws:sts::{told.account}:federated-user/unissued"
    made = granted(told, "Decrypt", GranteePrincipal=whom)
    assert told.server.client("kms").list_grants(KeyId=KEY_ID)["Grants"][0]["GranteePrincipal"] == whom
    told.server.client("kms").revoke_grant(KeyId=KEY_ID, GrantId=made["GrantId"])


def test_a_grant_to_a_user_reaches_the_federated_sessions_of_that_user(told: Behind) -> None:
    told.allow({"Effect": "Allow", "Action": "sts:GetFederationToken", "Resource": "*"})
    document = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}}
    session = told.client("sts").get_federation_token(Name="visitor", Policy=json.dumps(document))["Credentials"]
    kms = told.server.client("kms", session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"])
    denied(kms.decrypt, CiphertextBlob=BLOB)
    made = granted(told, "Decrypt")
    kms.decrypt(CiphertextBlob=BLOB)
    told.server.client("kms").revoke_grant(KeyId=KEY_ID, GrantId=made["GrantId"])


def test_grants_that_may_be_retired_are_listed_in_the_region_of_their_key(told: Behind) -> None:
    made = granted(told, "Decrypt", RetiringPrincipal=alice(told))
    here, elsewhere = (told.server.client("kms", region=region) for region in ("us-east-1", "eu-west-1"))
    (listed,) = here.list_retirable_grants(RetiringPrincipal=alice(told))["Grants"]
    assert listed["GrantId"] == made["GrantId"]
    assert elsewhere.list_retirable_grants(RetiringPrincipal=alice(told))["Grants"] == []
    here.revoke_grant(KeyId=KEY_ID, GrantId=made["GrantId"])


def test_limits(told: Behind, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_grants, "_MOST_GRANTS", 1)
    root = told.server.client("kms")
    of = {"KeyId": KEY_ID, "GranteePrincipal": alice(told), "Operations": ["Decrypt"]}
    longest = {"EncryptionContextSubset": {"a": "x" * 383}}
    longer = {"EncryptionContextSubset": {"aa": "x" * 383}}
    assert refusal(root.create_grant, **of, Constraints=longer)["Code"] == "ValidationException"
    made = root.create_grant(**of, Constraints=longest)
    assert refusal(root.create_grant, **of)["Code"] == "LimitExceededException"
    root.revoke_grant(KeyId=KEY_ID, GrantId=made["GrantId"])
