"""AWS KMS: keys by id, ARN or alias, ciphertexts that name their key, condition keys of cryptographic operations.

https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html
https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from carnet.catalog.operations import ResourceRule
from carnet.gateway.checks.check import Asked, Check, Members, Refused, Scope, Sought, SoughtBy, invalid, not_decided
from carnet.gateway.checks.hand import Filler, Hand, constant, flag, member, of_action
from carnet.gateway.checks.members import needed, structure, text
from carnet.gateway.checks.naming import ARN, Named
from carnet.gateway.checks.table import from_table
from carnet.policy.request import Value

KEY, ALIAS = "key", "alias"
_KEY_ID = re.compile(r"[A-Za-z0-9-]{1,256}", re.ASCII)
_KEY_ARN = re.compile(r"arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]{1,256}", re.ASCII)
_ALIAS_ARN = re.compile(r"arn:([a-z-]+):kms:([a-z0-9-]+):([0-9]{12}):(alias/[A-Za-z0-9/_-]{1,250})", re.ASCII)
_OF_REGION = re.compile(r"arn:[a-z-]+:kms:([a-z0-9-]+):", re.ASCII)
"""What names another Region than the one that is asked."""
_ALIAS_NAME = re.compile(r"alias/[A-Za-z0-9/_-]{1,250}", re.ASCII)
_LONGEST_CIPHERTEXT = 6_144
_BY_KEY_ALONE = frozenset(
    (
        *("CancelKeyDeletion", "CreateGrant", "DeleteImportedKeyMaterial", "DisableKey", "DisableKeyRotation"),
        *("EnableKey", "EnableKeyRotation", "GetKeyLastUsage", "GetKeyPolicy", "GetKeyRotationStatus"),
        *("GetParametersForImport", "ImportKeyMaterial", "ListGrants", "ListKeyPolicies", "ListKeyRotations"),
        *("ListResourceTags", "PutKeyPolicy", "ReplicateKey", "RetireGrant", "RevokeGrant", "RotateKeyOnDemand"),
        *("ScheduleKeyDeletion", "TagResource", "UntagResource", "UpdateKeyDescription", "UpdatePrimaryRegion"),
    )
)
"""Operations that take a key by its id or ARN, and by no alias, as their pages say.

https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html
"""
_NO_ALIAS = "Key Aliases are not supported for this operation."
_NO_PREFIX = (
    'Alias must start with the prefix "alias/". Please see '
    "https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html"
)
_ATTESTATIONS = (
    *(f"PCR{number}" for number in range(32)),
    *(f"NitroTPMPCR{number}" for number in range(24)),
    *("ImageSha384", "PCR8:ServiceName"),
)


def _not_found(message: str) -> Refused:
    """A key that is named as none can be is one that is not there, as recorded from AWS."""
    return Refused("NotFoundException", message)


def key(scope: Scope, given: str) -> Named:
    """The key that a KeyId names: by its id or ARN, or by an alias, whose key a look-up tells. Raises Refused."""
    if _ALIAS_NAME.fullmatch(given):
        alias = f"{ARN}{scope.partition}:kms:{scope.region}:{scope.account}:{given}"
        return Named(type=KEY, resource=Sought(by=SoughtBy.KMS_ALIAS, text=alias), account=scope.account)
    if _KEY_ID.fullmatch(given):
        arn = f"{ARN}{scope.partition}:kms:{scope.region}:{scope.account}:key/{given}"
        return Named(type=KEY, resource=arn, account=scope.account)
    if not given.startswith(f"{ARN}{scope.partition}:kms:{scope.region}:"):
        region = _OF_REGION.match(given)
        raise _not_found(f"Invalid arn {region[1]}" if region else f"Invalid keyId '{given[:100]}'")
    if alias_arn := _ALIAS_ARN.fullmatch(given):
        return Named(type=KEY, resource=Sought(by=SoughtBy.KMS_ALIAS, text=given), account=alias_arn[3])
    if not _KEY_ARN.fullmatch(given):
        raise _not_found(f"Invalid keyId '{given[:100]}'")
    return Named(type=KEY, resource=given, account=given.split(":")[4])


def _by_key_alone(asked: Asked) -> Iterator[Check]:
    """Raises Refused for a request that names its key by an alias."""
    by_hand = {"ReplicateKey": _replicate_key, "RetireGrant": _retire_grant}.get(asked.operation)
    checks = by_hand(asked) if by_hand is not None else from_table(asked, HAND)
    for check in checks:
        if isinstance(check.resource, Sought) and check.resource.by is SoughtBy.KMS_ALIAS:
            raise Refused("InvalidArnException", _NO_ALIAS)
        yield check


def _named_key(rule: ResourceRule, values: Mapping[str, str], scope: Scope) -> Named:
    return key(scope, next(iter(values.values())))


def _named_alias(rule: ResourceRule, values: Mapping[str, str], scope: Scope) -> Named | None:
    name = next(iter(values.values()))
    if not name.startswith("alias/"):
        raise invalid(_NO_PREFIX)
    if not _ALIAS_NAME.fullmatch(name):
        raise invalid(f"{name[:256]} contains invalid characters for an alias")
    arn = f"{ARN}{scope.partition}:kms:{scope.region}:{scope.account}:{name}"
    return Named(type=ALIAS, resource=arn, account=scope.account)


def on_key(action: str, named: Named) -> Check:
    """A check on a key."""
    return Check(action=action, resource=named.resource, account=named.account, type=KEY)


def _of_ciphertext(scope: Scope, action: str, blob: object, given: str | None) -> Iterator[Check]:
    """The key that is named and the one that the ciphertext tells: an upstream might use either."""
    if not isinstance(blob, bytes | bytearray) or not 0 < len(blob) <= _LONGEST_CIPHERTEXT:
        raise invalid("CiphertextBlob is missing or too long.")
    if given is not None:
        yield on_key(action, key(scope, given))
    sought = Sought(by=SoughtBy.KMS_CIPHERTEXT, text=b64encode(blob).decode("ascii"))
    yield Check(action=action, resource=sought, account=None, type=KEY, by_ciphertext=True)


def _decrypt(asked: Asked) -> Iterator[Check]:
    """A ciphertext of an asymmetric key does not tell its key, so that the request must."""
    given = text(asked.members, "KeyId")
    if text(asked.members, "EncryptionAlgorithm") in (None, "SYMMETRIC_DEFAULT"):
        yield from _of_ciphertext(asked.scope, "kms:Decrypt", asked.members.get("CiphertextBlob"), given)
    else:
        yield on_key("kms:Decrypt", key(asked.scope, needed(asked.members, "KeyId")))


def _re_encrypt(asked: Asked) -> Iterator[Check]:
    source = text(asked.members, "SourceKeyId")
    if text(asked.members, "SourceEncryptionAlgorithm") in (None, "SYMMETRIC_DEFAULT"):
        yield from _of_ciphertext(asked.scope, "kms:ReEncryptFrom", asked.members.get("CiphertextBlob"), source)
    else:
        yield on_key("kms:ReEncryptFrom", key(asked.scope, needed(asked.members, "SourceKeyId")))
    yield on_key("kms:ReEncryptTo", key(asked.scope, needed(asked.members, "DestinationKeyId")))


def _create_key(asked: Asked) -> Iterator[Check]:
    account = asked.scope.account
    yield Check(action="kms:CreateKey", resource="*", account=account)
    if asked.members.get("Tags"):
        yield _tag_new_key(asked, asked.scope.region)


def _tag_new_key(asked: Asked, region: str) -> Check:
    arn = f"{ARN}{asked.scope.partition}:kms:{region}:{asked.scope.account}:key/*"
    return Check(action="kms:TagResource", resource=arn, account=asked.scope.account, type=KEY)


def _replicate_key(asked: Asked) -> Iterator[Check]:
    """kms:CreateKey in the replica's Region, too.

    https://docs.aws.amazon.com/kms/latest/APIReference/API_ReplicateKey.html
    """
    yield on_key("kms:ReplicateKey", key(asked.scope, needed(asked.members, "KeyId")))
    yield Check(action="kms:CreateKey", resource="*", account=asked.scope.account)
    if asked.members.get("Tags"):
        yield _tag_new_key(asked, needed(asked.members, "ReplicaRegion"))


def _alias_target(asked: Asked, action: str) -> Check:
    """The key that the alias has before the operation."""
    named = key(asked.scope, needed(asked.members, "AliasName"))
    assert isinstance(named.resource, Sought), "what is no name of an alias is refused"
    return Check(action=action, resource=named.resource, account=named.account, type=KEY)


def _update_alias(asked: Asked) -> Iterator[Check]:
    """The alias, the key that it is to have, and the one that it has.

    https://docs.aws.amazon.com/kms/latest/developerguide/alias-access.html
    """
    if text(asked.members, "TargetKeyId") in (None, ""):
        raise invalid("TargetKeyId is missing.")
    yield from from_table(asked, HAND)
    yield _alias_target(asked, "kms:UpdateAlias")


def _delete_alias(asked: Asked) -> Iterator[Check]:
    yield from from_table(asked, HAND)
    yield _alias_target(asked, "kms:DeleteAlias")


def _retire_grant(asked: Asked) -> Iterator[Check]:
    """A grant is told by its token, or by its key and id."""
    token, given = text(asked.members, "GrantToken"), text(asked.members, "KeyId")
    if token is not None:
        sought = Sought(by=SoughtBy.KMS_GRANT_TOKEN, text=token)
        yield Check(action="kms:RetireGrant", resource=sought, account=None, type=KEY, part={"GrantToken": token})
    if given is not None or token is None:
        on = on_key("kms:RetireGrant", key(asked.scope, needed(asked.members, "KeyId")))
        yield replace(on, part={"GrantId": needed(asked.members, "GrantId")})


def encryption_context(asked: Asked, check: Check) -> Mapping[str, Value]:
    """kms:EncryptionContext:key; of ReEncrypt that of the one key or the other, of CreateGrant that of a constraint."""
    return {name: value for name, value in _context(asked, check).items() if isinstance(value, str)}


def _context(asked: Asked, check: Check) -> Members:
    if check.action == "kms:ReEncryptFrom":
        return structure(asked.members, "SourceEncryptionContext")
    if check.action == "kms:ReEncryptTo":
        return structure(asked.members, "DestinationEncryptionContext")
    if check.action == "kms:CreateGrant":
        constraints = structure(asked.members, "Constraints")
        return structure(constraints, "EncryptionContextSubset") or structure(constraints, "EncryptionContextEquals")
    return structure(asked.members, "EncryptionContext")


def _context_keys(asked: Asked, check: Check) -> Value | None:
    return tuple(_context(asked, check)) or None


def _algorithm(asked: Asked, check: Check) -> Value | None:
    """Symmetric is what is meant if nothing is said.

    https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-encryption-algorithm
    """
    name = {"kms:ReEncryptFrom": "SourceEncryptionAlgorithm", "kms:ReEncryptTo": "DestinationEncryptionAlgorithm"}
    return text(asked.members, name.get(check.action, "EncryptionAlgorithm")) or "SYMMETRIC_DEFAULT"


def _constraint(asked: Asked, check: Check) -> Value | None:
    constraints = structure(asked.members, "Constraints")
    found = [name for name in ("EncryptionContextEquals", "EncryptionContextSubset") if constraints.get(name)]
    return found[0] if found else None


def _text_or_default(name: str, default: str, older: str = "") -> Filler:
    def filled(asked: Asked, check: Check) -> Value | None:
        return text(asked.members, name) or text(asked.members, older) or default

    return filled


def _source_arn(asked: Asked, check: Check) -> Value | None:
    return text(structure(asked.members, "Constraints"), "SourceArn")


def _request_alias(asked: Asked, check: Check) -> Value | None:
    """`alias/name`, whether the request has its name or its ARN."""
    sought = check.resource
    if not isinstance(sought, Sought) or sought.by is not SoughtBy.KMS_ALIAS:
        return None
    return sought.text.split(":", 5)[5]


def _key_type(asked: Asked, check: Check) -> Value | None:
    return "PRIMARY" if asked.members.get("MultiRegion") is True else None


def _recipient(asked: Asked, check: Check) -> Value | None:
    """An attestation document is not evaluated here."""
    if asked.members.get("Recipient"):
        raise not_decided(asked, "what Recipient attests is not known")
    return None


HAND = Hand(
    operations={
        **dict.fromkeys(_BY_KEY_ALONE, _by_key_alone),
        "CreateKey": _create_key,
        "Decrypt": _decrypt,
        "DeleteAlias": _delete_alias,
        "ReEncrypt": _re_encrypt,
        "UpdateAlias": _update_alias,
    },
    names={KEY: _named_key, ALIAS: _named_alias},
    keys={
        "kms:BypassPolicyLockoutSafetyCheck": flag("BypassPolicyLockoutSafetyCheck"),
        "kms:CallerAccount": lambda asked, check: asked.scope.account,
        "kms:DataKeyPairSpec": member("KeyPairSpec"),
        "kms:EncapsulationAlgorithm": member("EncapsulationAlgorithm"),
        "kms:EncryptionAlgorithm": _algorithm,
        "kms:EncryptionContextKeys": _context_keys,
        "kms:ExpirationModel": _text_or_default("ExpirationModel", "KEY_MATERIAL_EXPIRES"),
        "kms:GrantConstraintSourceArn": _source_arn,
        "kms:GrantConstraintType": of_action("kms:CreateGrant", _constraint),
        "kms:GrantIsForAWSResource": constant("false"),
        "kms:GrantOperations": member("Operations"),
        "kms:GranteePrincipal": member("GranteePrincipal"),
        "kms:GranteeServicePrincipal": member("GranteeServicePrincipal"),
        "kms:KeyAgreementAlgorithm": member("KeyAgreementAlgorithm"),
        "kms:KeyOrigin": of_action("kms:CreateKey", _text_or_default("Origin", "AWS_KMS")),
        "kms:KeySpec": of_action(
            "kms:CreateKey", _text_or_default("KeySpec", "SYMMETRIC_DEFAULT", "CustomerMasterKeySpec")
        ),
        "kms:KeyUsage": of_action("kms:CreateKey", _text_or_default("KeyUsage", "ENCRYPT_DECRYPT")),
        "kms:MacAlgorithm": member("MacAlgorithm"),
        "kms:MessageType": _text_or_default("MessageType", "RAW"),
        "kms:MultiRegion": of_action("kms:CreateKey", flag("MultiRegion")),
        "kms:MultiRegionKeyType": of_action("kms:CreateKey", _key_type),
        "kms:PrimaryRegion": member("PrimaryRegion"),
        "kms:ReplicaRegion": member("ReplicaRegion"),
        "kms:RequestAlias": _request_alias,
        "kms:RetiringPrincipal": member("RetiringPrincipal"),
        "kms:RetiringServicePrincipal": member("RetiringServicePrincipal"),
        "kms:RotationPeriodInDays": member("RotationPeriodInDays"),
        "kms:ScheduleKeyDeletionPendingWindowInDays": member("PendingWindowInDays"),
        "kms:SigningAlgorithm": member("SigningAlgorithm"),
        "kms:ValidTo": member("ValidTo"),
        "kms:ViaService": constant(None),
        "kms:WrappingAlgorithm": member("WrappingAlgorithm"),
        "kms:WrappingKeySpec": member("WrappingKeySpec"),
        **{f"kms:RecipientAttestation:{name}": _recipient for name in _ATTESTATIONS},
    },
    templates={"kms:EncryptionContext:${EncryptionContextKey}": encryption_context},
)
