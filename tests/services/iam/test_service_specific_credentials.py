"""Service-specific credentials: passwords and API keys for one service."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest

from carnet.entities.service_specific_credential import ServiceSpecificCredential, secret_digest
from tests.services.iam.documents import allow
from tests.services.iam.expect import refused
from tests.services.wire import fits_the_model
from tests.services.world import START, World

GIT, BEDROCK = "codecommit.amazonaws.com", "bedrock.amazonaws.com"
ALICE = {"UserName": "alice"}


@pytest.fixture
def alice(world: World) -> World:
    world.call(world.root, "CreateUser", UserName="alice")
    return world


def create(world: World, service: str = GIT, **others: Any) -> dict[str, Any]:
    given = {**ALICE, "ServiceName": service, **others}
    answer = world.call(world.root, "CreateServiceSpecificCredential", **given)
    assert fits_the_model("CreateServiceSpecificCredential", answer)
    credential: dict[str, Any] = answer["ServiceSpecificCredential"]
    return credential


def named(credential: dict[str, Any]) -> dict[str, str]:
    return {**ALICE, "ServiceSpecificCredentialId": credential["ServiceSpecificCredentialId"]}


def listed(world: World, **asked: Any) -> list[dict[str, Any]]:
    answer = world.call(world.root, "ListServiceSpecificCredentials", **asked)
    assert fits_the_model("ListServiceSpecificCredentials", answer)
    found: list[dict[str, Any]] = answer["ServiceSpecificCredentials"]
    return found


def stored(world: World, credential: dict[str, Any]) -> ServiceSpecificCredential:
    found = world.snapshot.accounts[world.account_id].of(ServiceSpecificCredential)
    return found.by_id[credential["ServiceSpecificCredentialId"]]


def test_a_password_is_told_once_and_its_digest_kept(alice: World) -> None:
    credential = create(alice)
    password = credential.pop("ServicePassword")
    assert credential["ServiceSpecificCredentialId"].startswith("ACCA")
    assert credential == {
        "UserName": "alice",
        "Status": "Active",
        "ServiceUserName": f"alice-at-{alice.account_id}",
        "CreateDate": START,
        "ServiceSpecificCredentialId": credential["ServiceSpecificCredentialId"],
        "ServiceName": GIT,
    }
    assert listed(alice, **ALICE) == [credential]
    assert stored(alice, credential).digest == secret_digest(password)


def test_an_api_key_carries_its_alias_and_may_expire(alice: World) -> None:
    credential = create(alice, BEDROCK, CredentialAgeDays=30)
    secret, alias = credential.pop("ServiceCredentialSecret"), credential["ServiceCredentialAlias"]
    assert secret.startswith("ABSK")
    assert base64.b64decode(secret.removeprefix("ABSK")).decode().startswith(f"{alias}:")
    assert credential["ExpirationDate"] == START + timedelta(days=30)
    assert "ServiceUserName" not in credential
    alice.clock.advance(30 * 86400 - 1)
    assert listed(alice, **ALICE)[0]["Status"] == "Active"
    alice.clock.advance(1)
    assert listed(alice, **ALICE)[0]["Status"] == "Expired"


def test_passwords_expire_as_well_if_asked(alice: World) -> None:
    assert create(alice, CredentialAgeDays=1)["ExpirationDate"] == START + timedelta(days=1)


def test_a_user_has_two_for_each_service_with_names_of_their_own(alice: World) -> None:
    first, second = create(alice), create(alice)
    assert second["ServiceUserName"] == f"alice+1-at-{alice.account_id}"
    asked = {**ALICE, "ServiceName": GIT}
    expected = ("LimitExceeded", "Cannot exceed quota for ContextSpecificCredentialsPerUserPerContext: 2")
    assert refused(alice, alice.root, "CreateServiceSpecificCredential", **asked) == expected
    create(alice, "cassandra.amazonaws.com")
    alice.call(alice.root, "DeleteServiceSpecificCredential", **named(first))
    assert create(alice)["ServiceUserName"] == first["ServiceUserName"]


def test_whoever_takes_over_a_name_of_a_user_takes_over_no_credential(alice: World) -> None:
    first = create(alice)
    alice.call(alice.root, "UpdateUser", **ALICE, NewUserName="alicia")
    alice.call(alice.root, "CreateUser", **ALICE)
    assert listed(alice, **ALICE) == []
    assert create(alice)["ServiceUserName"] != first["ServiceUserName"]


def test_a_reset_draws_another_secret(alice: World) -> None:
    for service, member, given in (
        (GIT, "ServicePassword", {}),
        (BEDROCK, "ServiceCredentialSecret", {"CredentialAgeDays": 30}),
    ):
        credential = create(alice, service, **given)
        assert ("ExpirationDate" in credential) is ("CredentialAgeDays" in given)
        answer = alice.call(alice.root, "ResetServiceSpecificCredential", **named(credential))
        assert fits_the_model("ResetServiceSpecificCredential", answer)
        again = answer["ServiceSpecificCredential"]
        assert again[member] != credential[member]
        assert {**again, member: ""} == {**credential, member: ""}
        assert stored(alice, credential).digest == secret_digest(again[member])


def test_a_service_that_has_none_is_refused(alice: World) -> None:
    expected = (
        "NotSupportedService",
        "No such service s3.amazonaws.com is supported for Service Specific Credentials",
    )
    for operation in ("CreateServiceSpecificCredential", "ListServiceSpecificCredentials"):
        assert refused(alice, alice.root, operation, **ALICE, ServiceName="s3.amazonaws.com") == expected


def test_those_of_all_users_are_listed_by_service_and_page(alice: World) -> None:
    alice.call(alice.root, "CreateUser", UserName="bob")
    made = [create(alice), create(alice, BEDROCK), create(alice, UserName="bob")]
    ids = sorted(each["ServiceSpecificCredentialId"] for each in made if each["ServiceName"] == GIT)
    first = alice.call(alice.root, "ListServiceSpecificCredentials", AllUsers=True, ServiceName=GIT, MaxItems=1)
    rest = listed(alice, AllUsers=True, ServiceName=GIT, Marker=first["Marker"])
    both = [*first["ServiceSpecificCredentials"], *rest]
    assert [each["ServiceSpecificCredentialId"] for each in both] == ids
    assert {each["UserName"] for each in both} == {"alice", "bob"}
    assert len(listed(alice, AllUsers=True)) == 3


def test_it_is_deactivated_and_goes_before_its_user(alice: World) -> None:
    credential = create(alice)
    alice.call(alice.root, "UpdateServiceSpecificCredential", **named(credential), Status="Inactive")
    assert listed(alice, **ALICE)[0]["Status"] == "Inactive"
    expected = ("DeleteConflict", "Cannot delete entity, must remove referenced objects first.")
    assert refused(alice, alice.root, "DeleteUser", **ALICE) == expected
    alice.call(alice.root, "DeleteServiceSpecificCredential", **named(credential))
    for operation in ("DeleteServiceSpecificCredential", "ResetServiceSpecificCredential"):
        assert refused(alice, alice.root, operation, **named(credential))[0] == "NoSuchEntity"
    alice.call(alice.root, "DeleteUser", **ALICE)


def test_policies_tell_services_and_ages_apart(alice: World) -> None:
    condition = {
        "StringEquals": {"iam:ServiceSpecificCredentialServiceName": BEDROCK},
        "NumericLessThanEqualsIfExists": {"iam:ServiceSpecificCredentialAgeDays": "30"},
    }
    lead = alice.user("lead", [allow("iam:*ServiceSpecificCredential", condition=condition)])
    operation, asked = "CreateServiceSpecificCredential", {**ALICE, "ServiceName": BEDROCK}
    assert alice.call(lead, operation, **asked, CredentialAgeDays=30)
    assert refused(alice, lead, operation, **asked, CredentialAgeDays=31)[0] == "AccessDenied"
    assert refused(alice, lead, operation, **ALICE, ServiceName=GIT)[0] == "AccessDenied"
    git, bedrock = create(alice), create(alice, BEDROCK)
    alice.call(lead, "ResetServiceSpecificCredential", **named(bedrock))
    for changing in ("ResetServiceSpecificCredential", "DeleteServiceSpecificCredential"):
        assert refused(alice, lead, changing, **named(git))[0] == "AccessDenied"
