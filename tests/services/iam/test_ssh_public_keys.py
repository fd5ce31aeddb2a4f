"""SSH public keys of users, in both encodings."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.services.iam.expect import changes_nothing, refused, set_quotas
from tests.services.iam.made_certificates import rsa_key
from tests.services.wire import fits_the_model
from tests.services.world import START, World

ALICE = {"UserName": "alice"}


@cache
def ssh(bits: int = 2048) -> str:
    return rsa_key(bits).public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def pem() -> str:
    return rsa_key(2048).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.fixture
def alice(world: World) -> World:
    world.call(world.root, "CreateUser", UserName="Alice")
    return world


def upload(world: World, body: str, **others: Any) -> dict[str, Any]:
    given = {**ALICE, "SSHPublicKeyBody": body, **others}
    answer = world.call(world.root, "UploadSSHPublicKey", **given)
    assert fits_the_model("UploadSSHPublicKey", answer)
    key: dict[str, Any] = answer["SSHPublicKey"]
    return key


def got(world: World, key: dict[str, Any], encoding: str) -> str:
    asked = {**ALICE, "SSHPublicKeyId": key["SSHPublicKeyId"], "Encoding": encoding}
    body: str = world.call(world.root, "GetSSHPublicKey", **asked)["SSHPublicKey"]["SSHPublicKeyBody"]
    return body


def test_a_key_is_answered_with_its_fingerprint(alice: World, tmp_path: Path) -> None:
    body = f"{ssh()} alice@example.com\n"
    key = upload(alice, body)
    assert key["SSHPublicKeyId"].startswith("APKA")
    assert key == {
        "UserName": "Alice",
        "SSHPublicKeyId": key["SSHPublicKeyId"],
        "Fingerprint": key["Fingerprint"],
        "SSHPublicKeyBody": body,
        "Status": "Active",
        "UploadDate": START,
    }
    if shutil.which("ssh-keygen"):
        (tmp_path / "key.pub").write_text(body)
        asked = ["ssh-keygen", "-l", "-E", "md5", "-f", str(tmp_path / "key.pub")]
        told = subprocess.run(asked, check=True, capture_output=True, text=True).stdout
        assert key["Fingerprint"] == told.split()[1].removeprefix("MD5:")


def test_each_encoding_is_answered_and_that_of_the_upload_as_it_was(alice: World) -> None:
    key = upload(alice, f"{ssh()} a comment\n")
    assert got(alice, key, "SSH") == f"{ssh()} a comment\n"
    assert got(alice, key, "PEM") == pem()
    alice.call(alice.root, "DeleteSSHPublicKey", **ALICE, SSHPublicKeyId=key["SSHPublicKeyId"])
    other = upload(alice, pem())
    assert got(alice, other, "SSH") == ssh()
    assert got(alice, other, "PEM") == pem()
    assert other["Fingerprint"] == key["Fingerprint"]


def test_a_user_has_a_key_once_and_two_users_may_have_the_same(alice: World) -> None:
    upload(alice, ssh())
    expected = ("DuplicateSSHPublicKey", "Duplicate SSH public key uploaded.")
    assert refused(alice, alice.root, "UploadSSHPublicKey", **ALICE, SSHPublicKeyBody=pem()) == expected
    alice.call(alice.root, "CreateUser", UserName="bob")
    assert upload(alice, ssh(), UserName="bob")["UserName"] == "bob"


@pytest.mark.parametrize("body", ["ecdsa-sha2-nistp256 AAAA", "AAAA", "ssh-dss AAAA", "ssh-rsa"])
def test_another_encoding_is_not_recognized(alice: World, body: str) -> None:
    code, _ = refused(alice, alice.root, "UploadSSHPublicKey", **ALICE, SSHPublicKeyBody=body)
    assert code == "UnrecognizedPublicKeyEncoding"


def _of(key: ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.mark.parametrize(
    "body",
    [
        "ssh-rsa AAAA",
        "ssh-rsa ü",
        "-----BEGIN PUBLIC KEY-----",
        f"{ssh()}\n{ssh()}\n",
        f"{ssh()} a comment\r\n\r\n# another line",
        pem() + pem(),
        f"{pem()}{ssh()}",
        f"{ssh()}\n{pem()}",
        ssh(1024),
        _of(ec.generate_private_key(ec.SECP256R1()).public_key()),
        _of(ed25519.Ed25519PrivateKey.generate().public_key()),
        ssh().replace("ssh-rsa AAAAB3", "ssh-rsa AAAAC3"),
    ],
    ids=[
        "short",
        "a letter",
        "a line",
        "two",
        "lines",
        "two PEM",
        "PEM and SSH",
        "SSH and PEM",
        "1024 bits",
        "EC",
        "Ed25519",
        "altered",
    ],
)
def test_a_key_must_be_rsa_of_2048_bits_or_more(alice: World, body: str) -> None:
    expected = ("InvalidPublicKey", "Invalid body for public key")
    assert refused(alice, alice.root, "UploadSSHPublicKey", **ALICE, SSHPublicKeyBody=body) == expected


def test_a_user_has_five(alice: World, monkeypatch: pytest.MonkeyPatch) -> None:
    set_quotas(monkeypatch, "UploadSSHPublicKey", ssh_public_keys_per_user=1)
    upload(alice, ssh())
    expected = ("LimitExceeded", "Cannot exceed quota for SSHPublicKeysPerUser: 1")
    assert refused(alice, alice.root, "UploadSSHPublicKey", **ALICE, SSHPublicKeyBody=ssh(3072)) == expected


def test_it_is_listed_deactivated_and_deleted(alice: World) -> None:
    key = upload(alice, ssh())
    named = {**ALICE, "SSHPublicKeyId": key["SSHPublicKeyId"]}
    alice.call(alice.root, "UpdateSSHPublicKey", **named, Status="Inactive")
    changes_nothing(alice, alice.root, "UpdateSSHPublicKey", **named, Status="Inactive")
    assert refused(alice, alice.root, "UpdateSSHPublicKey", **named, Status="Expired")[0] == "InvalidInput"
    answer = alice.call(alice.root, "ListSSHPublicKeys", **ALICE)
    assert answer["SSHPublicKeys"] == [
        {**named, "UserName": "Alice", "Status": "Inactive", "UploadDate": START},
    ]
    assert fits_the_model("ListSSHPublicKeys", answer)
    alice.call(alice.root, "DeleteSSHPublicKey", **named)
    for operation, others in (("GetSSHPublicKey", {"Encoding": "SSH"}), ("DeleteSSHPublicKey", {})):
        expected = ("NoSuchEntity", f"The Public Key with id {key['SSHPublicKeyId']} cannot be found.")
        assert refused(alice, alice.root, operation, **named, **others) == expected


def test_the_key_of_another_is_not_found(alice: World) -> None:
    key = upload(alice, ssh())
    alice.call(alice.root, "CreateUser", UserName="bob")
    asked = {"UserName": "bob", "SSHPublicKeyId": key["SSHPublicKeyId"]}
    assert refused(alice, alice.root, "DeleteSSHPublicKey", **asked)[0] == "NoSuchEntity"


def test_it_goes_before_its_user(alice: World) -> None:
    key = upload(alice, ssh())
    expected = ("DeleteConflict", "Cannot delete entity, must remove referenced objects first.")
    assert refused(alice, alice.root, "DeleteUser", **ALICE) == expected
    alice.call(alice.root, "DeleteSSHPublicKey", **ALICE, SSHPublicKeyId=key["SSHPublicKeyId"])
    alice.call(alice.root, "DeleteUser", **ALICE)
