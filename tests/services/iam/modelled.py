"""The errors that the model has for operations of IAM, and what an operation is asked with to see one of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from carnet import models
from carnet.services.registry import SERVICES
from tests.saml import idp
from tests.services.iam.documents import allow, text, trust
from tests.services.iam.made_certificates import made, rsa_key
from tests.services.inputs import given
from tests.services.world import World

ACCOUNT = "ACCOUNT"
"""What stands for the id of the world's account in a text that an operation is asked with."""


def modelled(code: str) -> set[str]:
    """The operations whose model has the error."""
    return {name for name in SERVICES["iam"].operations if code in codes(name)}


def codes(operation: str) -> set[str]:
    """Those of the errors that the operation's model has."""
    shapes = models.operation("iam", operation).model.error_shapes
    return {shape.metadata.get("error", {}).get("code", shape.name) for shape in shapes}


def asked(world: World, name: str, others: Mapping[str, Any], *, service: str = "iam") -> dict[str, Any]:
    """An input that names what is there, but for `others`, of which the operation gets those that it has."""
    shape = models.operation(service, name).input
    members = shape.members if shape is not None else {}
    told = {**_written(world.account_id), **given(world, SERVICES[service].operations[name]), **others}
    return {member: _here(world, value) for member, value in told.items() if member in members}


def _here(world: World, value: Any) -> Any:
    return value.replace(ACCOUNT, world.account_id) if isinstance(value, str) else value


@cache
def _written(account: str) -> Mapping[str, Any]:
    """What a caller writes, and nothing that is there has."""
    certificate = made("written")
    return {
        "AccountAlias": "a-new-one",
        "ActionNames": ["s3:GetObject"],
        "AssumeRolePolicyDocument": trust(f"arn:aws:iam::{account}:root"),
        "CertificateBody": certificate.pem,
        "Description": "d",
        "Password": "Correct-horse-1",
        "PolicyDocument": text(allow("s3:*")),
        "PrivateKey": certificate.private(),
        "SSHPublicKeyBody": rsa_key(2048).public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode(),
        "SAMLMetadataDocument": idp.metadata(),
        "Status": "Inactive",
    }
