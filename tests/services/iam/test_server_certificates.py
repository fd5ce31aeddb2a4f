"""Server certificates: certificate, key and chain are really read."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from carnet.entities.server_certificate import ServerCertificate
from carnet.services.iam.x509 import LONGEST_CHAIN
from tests.base.made_rsa_keys import own
from tests.services.iam.documents import allow
from tests.services.iam.expect import changes_nothing, refused, set_quotas
from tests.services.iam.made_certificates import FIRST, LAST, Made, made, rsa_key
from tests.services.wire import fits_the_model
from tests.services.world import START, World

ROOT = made("root")
MIDDLE = made("middle", ROOT)
LEAF = made("leaf", MIDDLE)
NAMED = {"ServerCertificateName": "web"}
NOT_PARSED = "Unable to parse certificate. Please ensure the certificate is in PEM format."


def given(leaf: Made = LEAF, **others: Any) -> dict[str, Any]:
    return {**NAMED, "CertificateBody": leaf.pem, "PrivateKey": leaf.private(), **others}


def upload(world: World, **others: Any) -> dict[str, Any]:
    return world.call(world.root, "UploadServerCertificate", **given(**others))


def broken_at(index: int) -> tuple[str, str]:
    return "MalformedCertificate", (
        "Unable to validate certificate chain. The certificate chain must start with the immediate signing certificate,"
        f" followed by any intermediaries in order. The index within the chain of the invalid certificate is: {index}"
    )


def test_it_is_answered_with_its_expiry_and_without_its_key(world: World) -> None:
    chain = MIDDLE.pem + ROOT.pem
    tags = [{"Key": "Team", "Value": "red"}]
    answer = upload(world, CertificateChain=chain, Path="/a/", Tags=tags)
    metadata = answer["ServerCertificateMetadata"]
    assert metadata["ServerCertificateId"].startswith("ASCA")
    assert answer == {
        "ServerCertificateMetadata": {
            "Path": "/a/",
            "ServerCertificateName": "web",
            "ServerCertificateId": metadata["ServerCertificateId"],
            "Arn": f"arn:aws:iam::{world.account_id}:server-certificate/a/web",
            "UploadDate": START,
            "Expiration": LAST,
        },
        "Tags": tags,
    }
    assert fits_the_model("UploadServerCertificate", answer)
    got = world.call(world.root, "GetServerCertificate", ServerCertificateName="WEB")
    assert got["ServerCertificate"] == {
        "ServerCertificateMetadata": metadata,
        "CertificateBody": LEAF.pem.strip(),
        "CertificateChain": chain.strip(),
        "Tags": tags,
    }
    assert fits_the_model("GetServerCertificate", got)
    (stored,) = world.snapshot.accounts[world.account_id].of(ServerCertificate)
    assert "PRIVATE KEY" not in repr(stored)


@pytest.mark.parametrize("key", [None, rsa_key(1024), rsa_key(2048)], ids=["EC", "RSA 1024", "RSA 2048"])
def test_keys_of_the_usual_kinds_are_taken(world: World, key: rsa.RSAPrivateKey | None) -> None:
    assert upload(world, leaf=made("own", key=key))["ServerCertificateMetadata"]["Expiration"] == LAST


@pytest.mark.parametrize(
    "body",
    ["no", LEAF.pem + MIDDLE.pem, LEAF.pem[:200], "-----BEGIN CERTIFICATE-----", "ü"],
    ids=["text", "two", "a part", "a line", "a letter"],
)
def test_one_certificate_in_pem_is_wanted(world: World, body: str) -> None:
    expected = ("MalformedCertificate", NOT_PARSED)
    assert refused(world, world.root, "UploadServerCertificate", **given(CertificateBody=body)) == expected


@pytest.mark.parametrize("key", ["no", LEAF.pem, LEAF.private(b"secret")], ids=["text", "certificate", "encrypted"])
def test_a_private_key_in_pem_that_is_not_encrypted_is_wanted(world: World, key: str) -> None:
    code, message = refused(world, world.root, "UploadServerCertificate", **given(PrivateKey=key))
    assert (code, "private key" in message) == ("MalformedCertificate", True)


def _with_wrong_exponents() -> str:
    """A key of the same modulus that signs nothing which its public half would verify."""
    right = rsa_key(1024).private_numbers()
    numbers = rsa.RSAPrivateNumbers(
        p=right.p, q=right.q, d=3, dmp1=3, dmq1=3, iqmp=right.iqmp, public_numbers=right.public_numbers
    )
    key = numbers.private_key(unsafe_skip_rsa_key_validation=True)
    return key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()


def _ed25519() -> str:
    key = ed25519.Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.mark.parametrize(
    ("leaf", "key"),
    [
        (LEAF, MIDDLE.private()),
        (LEAF, made("rsa", key=rsa_key(1024)).private()),
        (LEAF, _ed25519()),
        (made("rsa", key=rsa_key(1024)), _with_wrong_exponents()),
    ],
    ids=["another", "another kind", "no kind for certificates", "another exponent"],
)
def test_the_key_must_be_that_of_the_certificate(world: World, leaf: Made, key: str) -> None:
    asked = given(leaf, PrivateKey=key)
    assert refused(world, world.root, "UploadServerCertificate", **asked)[0] == "KeyPairMismatch"


def test_the_chain_goes_from_signer_to_signer(world: World) -> None:
    assert upload(world, CertificateChain=MIDDLE.pem)
    assert upload(world, CertificateChain=MIDDLE.pem + ROOT.pem, ServerCertificateName="whole")
    for index, chain in ((-1, ROOT.pem + MIDDLE.pem), (-1, ROOT.pem), (0, MIDDLE.pem + LEAF.pem)):
        asked = given(CertificateChain=chain, ServerCertificateName="other")
        assert refused(world, world.root, "UploadServerCertificate", **asked) == broken_at(index)


def test_a_signer_of_the_same_name_is_another_one(world: World) -> None:
    asked = given(CertificateChain=made("middle", ROOT).pem)
    assert refused(world, world.root, "UploadServerCertificate", **asked) == broken_at(-1)


def test_a_chain_has_a_length(world: World) -> None:
    chain = [made("0")]
    for number in range(LONGEST_CHAIN):
        chain.append(made(str(number + 1), chain[-1]))
    *signers, leaf = chain
    pem = "".join(one.pem for one in reversed(signers))
    assert upload(world, leaf=leaf, CertificateChain=pem)
    asked = given(leaf, CertificateChain=pem + pem, ServerCertificateName="other")
    assert "more than 20" in refused(world, world.root, "UploadServerCertificate", **asked)[1]


@pytest.mark.parametrize("seconds", [-1, 0])
def test_it_must_be_valid_on_the_day(world: World, seconds: int) -> None:
    leaf = made("short", last=START + timedelta(seconds=seconds))
    if seconds == 0:
        assert upload(world, leaf=leaf)
        return
    assert refused(world, world.root, "UploadServerCertificate", **given(leaf)) == (
        "MalformedCertificate",
        "Certificate is no longer valid. The 'Not After' date restriction on the certificate has passed.",
    )


def test_before_its_time_it_is_not_taken(world: World) -> None:
    world.clock.advance(-86401)
    code, message = refused(world, world.root, "UploadServerCertificate", **given())
    assert (code, FIRST.isoformat() in message) == ("MalformedCertificate", True)


def test_rsa_keys_have_a_size(world: World) -> None:
    key = rsa_key(1024)
    world.call(world.root, "UploadServerCertificate", **given(made("small", key=key)))
    tiny = rsa.RSAPrivateNumbers(
        p=(p := 2**255 - 19),
        q=(q := 2**521 - 1),
        d=(d := pow(65537, -1, (p - 1) * (q - 1))),
        dmp1=d % (p - 1),
        dmq1=d % (q - 1),
        iqmp=pow(q, -1, p),
        public_numbers=rsa.RSAPublicNumbers(65537, p * q),
    )
    pem = tiny.private_key(unsafe_skip_rsa_key_validation=True)
    text = pem.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
    asked = given(made("small", key=key), PrivateKey=text, ServerCertificateName="other")
    assert "1024 to 8192 bits" in refused(world, world.root, "UploadServerCertificate", **asked)[1]


def test_the_numbers_of_an_rsa_key_fit_each_other(world: World) -> None:
    """One that is too large would make the key sign for minutes."""
    good = own()
    key = good.key()
    world.call(world.root, "UploadServerCertificate", **given(made("rsa", key=key), PrivateKey=good.pem()))
    wrong = replace(good, dmp1=good.dmp1 + good.p - 1).pem()
    asked = given(made("rsa", key=key), PrivateKey=wrong, ServerCertificateName="other")
    assert refused(world, world.root, "UploadServerCertificate", **asked)[0] == "KeyPairMismatch"


def test_names_are_unique_in_any_case(world: World) -> None:
    upload(world)
    expected = ("EntityAlreadyExists", "The Server Certificate with name WEB already exists.")
    asked = given(ServerCertificateName="WEB")
    assert refused(world, world.root, "UploadServerCertificate", **asked) == expected


def test_an_account_has_a_quota(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    set_quotas(monkeypatch, "UploadServerCertificate", server_certificates=1)
    upload(world)
    expected = ("LimitExceeded", "Cannot exceed quota for ServerCertificatesPerAccount: 1")
    asked = given(ServerCertificateName="other")
    assert refused(world, world.root, "UploadServerCertificate", **asked) == expected


def test_it_is_renamed_and_moved_by_those_who_may_change_both(world: World) -> None:
    upload(world)
    own = f"arn:aws:iam::{world.account_id}:server-certificate"
    alice = world.user("alice", [allow("iam:UpdateServerCertificate", resource=[f"{own}/web", f"{own}/x/*"])])
    asked = {**NAMED, "NewServerCertificateName": "site"}
    assert refused(world, alice, "UpdateServerCertificate", **asked)[0] == "AccessDenied"
    world.call(alice, "UpdateServerCertificate", **asked, NewPath="/x/")
    answer = world.call(world.root, "ListServerCertificates", PathPrefix="/x")
    assert [one["Arn"] for one in answer["ServerCertificateMetadataList"]] == [f"{own}/x/site"]
    assert fits_the_model("ListServerCertificates", answer)
    changes_nothing(world, world.root, "UpdateServerCertificate", ServerCertificateName="site")


def test_it_is_tagged_counted_and_deleted(world: World) -> None:
    upload(world)
    world.call(
        world.root, "TagServerCertificate", **NAMED, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}]
    )
    world.call(world.root, "UntagServerCertificate", **NAMED, TagKeys=["b"])
    assert world.call(world.root, "ListServerCertificateTags", **NAMED)["Tags"] == [{"Key": "a", "Value": "1"}]
    assert world.call(world.root, "GetAccountSummary")["SummaryMap"]["ServerCertificates"] == 1
    world.call(world.root, "DeleteServerCertificate", **NAMED)
    missing = ("NoSuchEntity", "The Server Certificate with name web cannot be found.")
    for operation in ("GetServerCertificate", "DeleteServerCertificate", "UpdateServerCertificate"):
        assert refused(world, world.root, operation, **NAMED) == missing


def test_tags_need_the_permission_to_tag(world: World) -> None:
    alice = world.user("alice", [allow("iam:UploadServerCertificate")])
    asked = given(Tags=[{"Key": "k", "Value": "v"}])
    assert "iam:TagServerCertificate" in refused(world, alice, "UploadServerCertificate", **asked)[1]
