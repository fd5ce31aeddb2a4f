"""The keys of secrets, which come with the look-up that finds the ARN of a secret.

https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from carnet.gateway.checks.enquiry import Enquiry
from carnet.gateway.checks.members import text
from carnet.gateway.deciding import Resolved
from carnet.gateway.keys.aws_managed_keys import AWS_MANAGED
from carnet.gateway.keys.key_uses.use import DATA_KEY, DECRYPT, WRITES, KeyUse
from carnet.gateway.keys.known_keys import KnownKeys

_TO_VALIDATE = "RequestToValidateKeyAccess"


async def _read_value(enquiry: Enquiry, one: Resolved, known: KnownKeys) -> AsyncIterator[KeyUse]:
    given, described = enquiry.call.given, enquiry.call.described[one.resource]
    version = text(given, "VersionId") or _version_at_stage(described, text(given, "VersionStage") or "AWSCURRENT")
    yield _on_secret(one.resource, _key_of(described), (DECRYPT,), version)


def _version_at_stage(described: Mapping[str, Any], stage: str) -> str | None:
    """The version that has a staging label."""
    versions = described.get("VersionIdsToStages") or {}
    return next((version for version, stages in versions.items() if stage in stages), None)


def _key_of(described: Mapping[str, Any]) -> str:
    """AWS's own key if the secret names none."""
    return str(described.get("KmsKeyId") or f"{AWS_MANAGED}secretsmanager")


def _on_secret(arn: str, key: str, actions: tuple[str, ...], version: str | None) -> KeyUse:
    context = {"SecretARN": arn} | ({"SecretVersionId": version} if version else {})
    unknown = frozenset(() if version else ("kms:EncryptionContext:SecretVersionId",))
    return KeyUse(key=key, actions=actions, context=context, unknown=unknown)


async def _put(enquiry: Enquiry, one: Resolved, known: KnownKeys) -> AsyncIterator[KeyUse]:
    """A new version is encrypted and nothing is decrypted; one that is there is compared with the value given."""
    described, version = enquiry.call.described[one.resource], text(enquiry.call.given, "ClientRequestToken")
    actions = WRITES if version in (described.get("VersionIdsToStages") or {}) else (DATA_KEY,)
    yield _on_secret(one.resource, _key_of(described), actions, version)


async def _write(enquiry: Enquiry, one: Resolved, known: KnownKeys) -> AsyncIterator[KeyUse]:
    """A value is encrypted by the key of the secret; another key has to be good for it."""
    given = enquiry.call.given
    if key := text(given, "KmsKeyId"):
        yield _validate_key(key)
    elif "SecretString" in given or "SecretBinary" in given:
        described = enquiry.call.described[one.resource]
        yield _on_secret(one.resource, _key_of(described), WRITES, text(given, "ClientRequestToken"))


def _validate_key(key: str) -> KeyUse:
    """The validation of a key before a secret is created with it or gets it."""
    return KeyUse(key=key, actions=WRITES, context={"SecretARN": _TO_VALIDATE, "SecretVersionId": _TO_VALIDATE})


async def _make(enquiry: Enquiry, one: Resolved, known: KnownKeys) -> AsyncIterator[KeyUse]:
    yield _validate_key(text(enquiry.call.given, "KmsKeyId") or f"{AWS_MANAGED}secretsmanager")


USES = {
    "secretsmanager:CreateSecret": _make,
    "secretsmanager:GetSecretValue": _read_value,
    "secretsmanager:PutSecretValue": _put,
    "secretsmanager:UpdateSecret": _write,
}
