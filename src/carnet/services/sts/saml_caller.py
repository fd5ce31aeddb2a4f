"""The authenticator of SAML assertions: the caller for whom an account's SAML provider vouches."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from carnet.base.arns import parse_arn
from carnet.base.faults import Denied, Invalid
from carnet.directory.snapshot import Snapshot
from carnet.entities.role import RESERVED_ROLE
from carnet.entities.saml_provider import EncryptionMode, SamlProvider
from carnet.identity.caller import FEDERATED_AUTHENTICATOR, Federated, Once
from carnet.identity.saml_private_keys import opened_private_keys
from carnet.policy.request import Principal, PrincipalKind, Value, Values
from carnet.saml.key_hash import key_hash
from carnet.saml.refusals import PROVIDER_EXPIRED, PROVIDER_UNKNOWN, invalid
from carnet.services.operation import AnonymousCall
from carnet.services.preparing import Pool, Preparation
from carnet.services.sts.assume_role import role_parts
from carnet.services.sts.origin_identity import origin_keys
from carnet.services.sts.relying_party import relying_party
from carnet.services.sts.saml_attributes import attribute_keys, roles_of, session_of

if TYPE_CHECKING:
    from carnet.saml.assertion import Assertion
    from carnet.saml.response import Vouched

_POOL = Pool(name="saml-assertions", size=2, waiting=64, seconds=10.0)
_FORMATS = "urn:oasis:names:tc:SAML:2.0:nameid-format:"
_NAME_ID = "Subject/NameID"
"""The source key of the NameID, as in AWS's guide; any other source key is the name of an attribute."""
_DENIED = "Not authorized to perform sts:AssumeRoleWithSAML"


def vouched_by_saml(call: AnonymousCall, given: Mapping[str, Any]) -> Federated:
    """The subject of an assertion as a caller.

    Raises Refused for an assertion that is not valid, Denied for one that does not give the requested role, and Invalid
    for malformed ARNs.
    """
    provider = _provider(call.snapshot, given["PrincipalArn"])
    role = role_parts(given["RoleArn"])
    signed, assertion = _verify_response(call, provider, given["SAMLAssertion"])
    # INVARIANT: a provider vouches only for roles of its own account, and only for those that the assertion pairs with
    # it.
    wanted = frozenset((given["RoleArn"], provider.arn))
    if role.account != provider.account or role.name.startswith(RESERVED_ROLE) or wanted not in roles_of(assertion):
        raise Denied(_DENIED)
    remembered = _session_keys(provider, assertion.issuer, assertion.subject, assertion.subject_format)
    return Federated(
        FEDERATED_AUTHENTICATOR,
        principal=Principal(
            kind=PrincipalKind.SAML,
            id=f"{remembered['saml:namequalifier']}:{assertion.subject}",
            provider=provider.arn,
        ),
        account=provider.account,
        keys={
            **attribute_keys(assertion),
            **remembered,
            "saml:iss": assertion.issuer,
            "saml:aud": assertion.recipient,
            "saml:doc": f"{provider.account}/{provider.name}",
        },
        remembered=remembered,
        user_name=assertion.subject,
        audience=assertion.recipient,
        session=replace(
            session_of(assertion, call.now_ms),
            context=_context(call.snapshot, provider, assertion, signed.certificate),
            context_told=not signed.encrypted,
        ),
        trusted=lambda snapshot: _is_unchanged(snapshot, provider),
        once=Once(provider_id=provider.id, issuer=assertion.issuer, id=assertion.id, until=assertion.end),
    )


saml_assertion = Preparation(pool=_POOL, work=vouched_by_saml)
"""For `prepare=` of AssumeRoleWithSAML."""


def _verify_response(call: AnonymousCall, provider: SamlProvider, response: str) -> tuple[Vouched, Assertion]:
    """The assertion of a response of the provider, as signed and as parsed."""
    # lxml and signxml are imported when the first assertion comes.
    from carnet.saml.assertion import accepted
    from carnet.saml.response import Trusted, vouched_assertion

    encrypted_only = provider.encryption is EncryptionMode.REQUIRED
    party = relying_party(provider.partition, call.parts.public_url, provider.id, encrypted_only=encrypted_only)
    if provider.valid_until is not None and call.now >= provider.valid_until:
        raise invalid(PROVIDER_EXPIRED)
    trusted = Trusted(
        certificates=provider.certificates,
        private_keys=tuple(opened_private_keys(call.parts.keyring, provider)),
        encrypted_only=encrypted_only,
        destinations=party.recipients,
    )
    signed = vouched_assertion(response, trusted)
    assertion = accepted(signed.assertion, call.now, recipients=party.recipients, audiences=party.audiences)
    return signed, assertion


def _provider(snapshot: Snapshot, text: str) -> SamlProvider:
    arn = parse_arn(text)
    kind = f"{SamlProvider.resource_type}/"
    if arn is None or (arn.service, arn.region) != ("iam", "") or not arn.resource.startswith(kind):
        raise Invalid("Request ARN is invalid")
    view = snapshot.open_account(arn.account)
    found = view.of(SamlProvider).named(arn.resource.removeprefix(kind)) if view is not None else None
    if found is None or found.arn != text:
        raise invalid(PROVIDER_UNKNOWN)
    return found


def _is_unchanged(snapshot: Snapshot, provider: SamlProvider) -> bool:
    """Whether the provider's keys and settings are still the same."""
    view = snapshot.open_account(provider.account)
    now = view.of(SamlProvider).get(provider.id) if view is not None else None
    return now is not None and _verified_properties(now) == _verified_properties(provider)


def _verified_properties(provider: SamlProvider) -> tuple[object, ...]:
    return (
        provider.certificates,
        provider.valid_until,
        provider.encryption,
        provider.private_keys,
        provider.context_provider,
        provider.identity_center_instance,
    )


def _context(snapshot: Snapshot, provider: SamlProvider, assertion: Assertion, certificate: str) -> dict[str, str]:
    """The issuer is identified by its signing key, because anybody can put its name into metadata."""
    claims: Values = {**assertion.attributes, _NAME_ID: assertion.subject}
    return origin_keys(snapshot, provider, claims, issuer=key_hash(certificate))


def _session_keys(provider: SamlProvider, issuer: str, subject: str, subject_format: str) -> dict[str, Value]:
    """The condition keys that the session keeps.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#cross-condition-keys-saml
    """
    named = f"{issuer}{provider.account}/{provider.name}".encode()
    # Computed as on AWS. It is only a name; security does not depend on it.
    qualifier = base64.b64encode(hashlib.sha1(named, usedforsecurity=False).digest()).decode("ascii")
    return {
        "saml:namequalifier": qualifier,
        "saml:sub": subject,
        "saml:sub_type": subject_format.removeprefix(_FORMATS),
    }
