"""SAML providers: their metadata, their private keys, and who may change them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from carnet.entities.saml_provider import SamlProvider
from carnet.identity.saml_private_keys import opened_private_keys
from carnet.saml.decryption import read_private_key
from carnet.services.iam import provider_sentences
from tests.saml import idp
from tests.services.iam.documents import allow
from tests.services.iam.expect import changes_nothing, refused, set_quotas
from tests.services.wire import fits_the_model
from tests.services.world import START, ServiceError, World

DOCUMENT = idp.metadata()
TAGS = [{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "1"}]


def create(world: World, name: str = "idp", **given: Any) -> str:
    asked = {"SAMLMetadataDocument": DOCUMENT, **given}
    arn: str = world.call(world.root, "CreateSAMLProvider", Name=name, **asked)["SAMLProviderArn"]
    return arn


def shown(world: World, arn: str) -> dict[str, Any]:
    answer = world.call(world.root, "GetSAMLProvider", SAMLProviderArn=arn)
    assert fits_the_model("GetSAMLProvider", answer)
    return answer


def update(world: World, arn: str, **given: Any) -> None:
    answer = world.call(world.root, "UpdateSAMLProvider", SAMLProviderArn=arn, **given)
    assert answer == {"SAMLProviderArn": arn}


def refused_update(world: World, arn: str, **given: Any) -> tuple[str, str]:
    return refused(world, world.root, "UpdateSAMLProvider", SAMLProviderArn=arn, **given)


def own_key(name: str = "own") -> str:
    return idp.pem(idp.rsa_key(name))


def test_a_provider_is_created_shown_listed_and_deleted(world: World) -> None:
    given: dict[str, Any] = {"Name": "idp", "SAMLMetadataDocument": DOCUMENT, "Tags": TAGS}
    made = world.call(world.root, "CreateSAMLProvider", **given)
    assert fits_the_model("CreateSAMLProvider", made)
    arn = f"arn:aws:iam::{world.account_id}:saml-provider/idp"
    assert made == {"SAMLProviderArn": arn, "Tags": TAGS[::-1]}

    found = shown(world, arn)
    uuid, hashes = found.pop("SAMLProviderUUID"), found.pop("SAMLKeyHashes")
    assert 22 <= len(uuid) <= 64
    assert hashes[0]["IssuerURL"] == idp.ISSUER
    assert len(hashes[0]["KeyHashes"][0]) == 64
    assert found == {
        "SAMLMetadataDocument": DOCUMENT,
        "AssertionEncryptionMode": "Allowed",
        "PrivateKeyList": [],
        "CreateDate": START,
        "ValidUntil": START + timedelta(days=36_525),
        "Tags": TAGS[::-1],
    }

    create(world, "another")
    listed = world.call(world.root, "ListSAMLProviders")
    assert fits_the_model("ListSAMLProviders", listed)
    assert [one["Arn"].rpartition("/")[2] for one in listed["SAMLProviderList"]] == ["another", "idp"]
    assert world.call(world.root, "GetAccountSummary")["SummaryMap"]["Providers"] == 2

    world.call(world.root, "DeleteSAMLProvider", SAMLProviderArn=arn)
    assert refused(world, world.root, "GetSAMLProvider", SAMLProviderArn=arn) == (
        "NoSuchEntity",
        f"Manifest not found for arn {arn}",
    )


def test_the_metadata_says_until_when_it_is_valid(world: World) -> None:
    arn = create(world, SAMLMetadataDocument=idp.metadata(valid_until="2027-01-01T00:00:00Z"))
    assert shown(world, arn)["ValidUntil"] == datetime(2027, 1, 1, tzinfo=UTC)


def test_a_name_is_taken_in_any_case(world: World) -> None:
    create(world)
    for name in ("idp", "IDP"):
        assert refused(world, world.root, "CreateSAMLProvider", Name=name, SAMLMetadataDocument=DOCUMENT) == (
            "EntityAlreadyExists",
            f"SAMLProvider with name {name} already exists.",
        )


def test_there_are_so_many_and_no_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    set_quotas(monkeypatch, "CreateSAMLProvider", saml_providers=2)
    create(world, "one")
    create(world, "two")
    assert refused(world, world.root, "CreateSAMLProvider", Name="three", SAMLMetadataDocument=DOCUMENT) == (
        "LimitExceeded",
        "Cannot exceed quota for SAMLProvidersPerAccount: 2",
    )


@pytest.mark.parametrize(
    "document",
    [DOCUMENT.replace("IDPSSODescriptor", "SPSSODescriptor"), f"<!DOCTYPE x>{DOCUMENT}", f"{DOCUMENT}<", "x" * 1000],
    ids=["no identity provider", "a DTD", "not well-formed", "no XML"],
)
def test_what_is_no_metadata_is_refused(world: World, document: str) -> None:
    arn = create(world, "good")
    for operation, given in (("CreateSAMLProvider", {"Name": "idp"}), ("UpdateSAMLProvider", {"SAMLProviderArn": arn})):
        code, message = refused(world, world.root, operation, **given, SAMLMetadataDocument=document)
        assert code == "InvalidInput"
        assert message.startswith("Could not parse metadata: ")


def test_new_metadata_replaces_the_old_one(world: World) -> None:
    arn = create(world, AssertionEncryptionMode="Allowed", Tags=TAGS)
    before = shown(world, arn)
    newer = idp.metadata(idp.signer("new"), valid_until="2028-01-01T00:00:00Z")
    update(world, arn, SAMLMetadataDocument=newer)
    after = shown(world, arn)
    changed = {"SAMLMetadataDocument", "ValidUntil", "SAMLKeyHashes"}
    assert {name for name in after if after[name] != before[name]} == changed
    changes_nothing(world, world.root, "UpdateSAMLProvider", SAMLProviderArn=arn, SAMLMetadataDocument=newer)


class TestPrivateKeys:
    def test_they_are_kept_sealed_and_never_given_back(self, world: World) -> None:
        arn = create(world, AddPrivateKey=own_key(), AssertionEncryptionMode="Required")
        found = shown(world, arn)
        assert found["AssertionEncryptionMode"] == "Required"
        (listed,) = found["PrivateKeyList"]
        assert listed["Timestamp"] == START
        provider = world.snapshot.accounts[world.account_id].of(SamlProvider).named("idp")
        assert provider is not None
        plain = read_private_key(own_key())
        assert plain not in provider.private_keys[0].sealed
        assert list(opened_private_keys(world.installation.keyring, provider)) == [plain]

    def test_one_is_added_before_the_old_one_goes(self, world: World) -> None:
        arn = create(world, AddPrivateKey=own_key(), AssertionEncryptionMode="Required")
        (old,) = shown(world, arn)["PrivateKeyList"]
        update(world, arn, AddPrivateKey=own_key("next"))
        assert refused_update(world, arn, AddPrivateKey=own_key("third")) == (
            "LimitExceeded",
            "Private key limit of 2 is reached.",
        )
        update(world, arn, RemovePrivateKey=old["KeyId"])
        (left,) = shown(world, arn)["PrivateKeyList"]
        assert left != old
        assert refused_update(world, arn, RemovePrivateKey=old["KeyId"]) == (
            "InvalidInput",
            "Failed to remove private key because the Key ID does not match a private key.",
        )
        assert refused_update(world, arn, RemovePrivateKey=left["KeyId"]) == (
            "InvalidInput",
            "Failed to remove private key.",
        )
        update(world, arn, RemovePrivateKey=left["KeyId"], AssertionEncryptionMode="Allowed")
        assert shown(world, arn)["PrivateKeyList"] == []

    def test_a_key_of_another_provider_does_not_open_here(self, world: World) -> None:
        create(world, "one", AddPrivateKey=own_key())
        create(world, "two", AddPrivateKey=own_key())
        providers = world.snapshot.accounts[world.account_id].of(SamlProvider)
        one, two = providers.named("one"), providers.named("two")
        assert one is not None
        assert two is not None
        swapped = replace(two, private_keys=one.private_keys)
        assert list(opened_private_keys(world.installation.keyring, swapped)) == []

    @pytest.mark.parametrize(
        ("given", "code", "message"),
        [
            ({"AddPrivateKey": "no key"}, "InvalidInput", "Invalid private key."),
            (
                {"AssertionEncryptionMode": "Required"},
                "InvalidInput",
                "Failed to set assertion encryption mode to Required because no private key is present.",
            ),
            (
                {"AddPrivateKey": own_key(), "RemovePrivateKey": "A" * 32},
                "ValidationError",
                provider_sentences.SAML_KEYS_ADDED_AND_REMOVED,
            ),
            (
                {},
                "ValidationError",
                "Unable to update identity provider. No updates are defined for metadata or encryption assertion.",
            ),
        ],
    )
    def test_what_cannot_be_is_refused(self, world: World, given: dict[str, Any], code: str, message: str) -> None:
        assert refused_update(world, create(world), **given) == (code, message)


@pytest.mark.parametrize("operation", ["GetSAMLProvider", "DeleteSAMLProvider", "ListSAMLProviderTags"])
def test_what_is_no_arn_of_a_provider(world: World, operation: str) -> None:
    for arn in ("arn:aws:iam::123456789012:role/idp", "not-an-arn-at-all-of-any-kind"):
        assert refused(world, world.root, operation, SAMLProviderArn=arn) == (
            "InvalidInput",
            f"ARN {arn} is not valid.",
        )


def test_policies_decide_by_its_arn(world: World) -> None:
    arn, other = create(world), create(world, "other")
    reader = world.user("reader", [allow("iam:GetSAMLProvider", resource=arn)])
    world.call(reader, "GetSAMLProvider", SAMLProviderArn=arn)
    with pytest.raises(ServiceError) as denied:
        world.call(reader, "GetSAMLProvider", SAMLProviderArn=other)
    assert denied.value.message.endswith(
        f"is not authorized to perform: iam:GetSAMLProvider on resource: {other} because no identity-based policy"
        " allows the iam:GetSAMLProvider action"
    )


def test_the_provider_of_another_account_is_not_reached(world: World) -> None:
    stranger = world.account()
    arn = create(world)
    with pytest.raises(ServiceError) as refusal:
        world.call(stranger, "GetSAMLProvider", SAMLProviderArn=arn)
    assert refusal.value.code == "AccessDenied"
