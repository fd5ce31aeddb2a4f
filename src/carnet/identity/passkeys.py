"""Passkeys and security keys: registered once in a browser, and asked to sign a challenge from then on.

https://www.w3.org/TR/webauthn-3/#sctn-rp-operations
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from carnet.entities.mfa_device import MfaDevice, MfaKind
from carnet.identity.fido_metadata import FidoMetadata
from carnet.identity.mfa import opened, with_seed
from carnet.keyring.keyring import Keyring

if TYPE_CHECKING:
    from fido2.server import Fido2Server
    from fido2.webauthn import AttestedCredentialData, AuthenticatorAttestationResponse

_LOG = logging.getLogger(__name__)
CHALLENGE_BYTES = 32
LONGEST_CREDENTIAL_ID = 1023
"""In bytes: https://www.w3.org/TR/webauthn-3/#credential-id"""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPasskey:
    """A passkey that a browser has made."""

    credential_id: str
    """In base64url, without padding."""
    public_key: bytes
    """The attested credential data, as WebAuthn has them: AAGUID, credential id, COSE key."""
    sign_count: int
    certifications: Mapping[str, str] = field(default_factory=dict[str, str])
    """The condition keys `iam:FIDO-...`, as far as its model is known."""


class Passkeys:
    """The relying party: the console at one origin.

    INVARIANT: id and origin are those of the public URL; what a request says of its host counts for nothing. The user
    is always verified, and no page of another origin may ask (crossOrigin).
    """

    def __init__(self, *, host: str, origin: str, keyring: Keyring, metadata: FidoMetadata | None = None) -> None:
        self._host = host
        self._metadata = metadata
        self._origin = origin
        self._keyring = keyring

    def creation_options(self, challenge: bytes, *, user_id: bytes, name: str, known: Iterable[MfaDevice]) -> Any:
        """The `PublicKeyCredentialCreationOptionsJSON` for a new passkey of somebody who has the `known` ones."""
        from fido2.webauthn import ResidentKeyRequirement, UserVerificationRequirement

        options, _ = self._server().register_begin(
            {"id": user_id, "name": name, "displayName": name},  # type: ignore[arg-type]  # it makes an entity of it
            credentials=list(self._attested_credentials(known).values()),
            resident_key_requirement=ResidentKeyRequirement.PREFERRED,
            user_verification=UserVerificationRequirement.REQUIRED,
            challenge=challenge,
        )
        return dict(options)["publicKey"]

    def request_options(self, challenge: bytes, known: Iterable[MfaDevice]) -> Any:
        """The `PublicKeyCredentialRequestOptionsJSON` by which one of the `known` passkeys is asked to sign."""
        from fido2.webauthn import UserVerificationRequirement

        options, _ = self._server().authenticate_begin(
            list(self._attested_credentials(known).values()),
            user_verification=UserVerificationRequirement.REQUIRED,
            challenge=challenge,
        )
        return dict(options)["publicKey"]

    def registered(self, challenge: bytes, response: Mapping[str, Any], today: date) -> NewPasskey | None:
        """The passkey that a browser made for this challenge (`PublicKeyCredential.toJSON()`); None if it did not."""
        from fido2.utils import websafe_encode
        from fido2.webauthn import RegistrationResponse

        try:
            parsed = RegistrationResponse.from_dict(response)
            made = self._server().register_complete(_state(challenge), parsed)
            _refuse_framed(parsed.response.client_data)
            data = made.credential_data
            if data is None or not 0 < len(data.credential_id) <= LONGEST_CREDENTIAL_ID:
                return None
            return NewPasskey(
                credential_id=websafe_encode(data.credential_id),
                public_key=bytes(data),
                sign_count=made.counter,
                certifications=self._certifications(parsed.response, today),
            )
        except Exception as problem:  # whatever a stranger's bytes make the library raise
            _LOG.info("a passkey was not registered: %s", type(problem).__name__)
            return None

    def proven(self, challenge: bytes, known: Iterable[MfaDevice], response: Mapping[str, Any]) -> MfaDevice | None:
        """The device that has signed this challenge, used once more; None if none has, or if it seems to be a copy.

        INVARIANT: a count that does not go on tells of a copy of the key, unless the key does not count at all.
        """
        from fido2.webauthn import AuthenticationResponse

        devices = {device.credential_id: device for device in known if device.kind is MfaKind.FIDO}
        attested = self._attested_credentials(devices.values())
        try:
            parsed = AuthenticationResponse.from_dict(response)
            proven = self._server().authenticate_complete(_state(challenge), list(attested.values()), parsed)
            _refuse_framed(parsed.response.client_data)
        except Exception as problem:  # as above
            _LOG.info("a passkey proved nothing: %s", type(problem).__name__)
            return None
        device = next(devices[name] for name, each in attested.items() if each is proven)
        count = parsed.response.authenticator_data.counter
        if (count or device.sign_count) and count <= device.sign_count:
            _LOG.warning("%s was refused: its count did not go on, as if there were a copy of it", device.serial)
            return None
        return device.used(count)

    def _certifications(self, response: AuthenticatorAttestationResponse, today: date) -> dict[str, str]:
        if self._metadata is None:
            return {}
        return self._metadata.certifications(response.attestation_object, response.client_data.hash, today)

    def _attested_credentials(self, devices: Iterable[MfaDevice]) -> dict[str | None, AttestedCredentialData]:
        """What the keyring opens of passkeys, by credential id. One that does not open proves nothing."""
        from fido2.utils import websafe_encode
        from fido2.webauthn import AttestedCredentialData

        found: dict[str | None, AttestedCredentialData] = {}
        for device in devices:
            known = opened(self._keyring, device) if device.kind is MfaKind.FIDO else None
            if known is not None:
                data = AttestedCredentialData(known)
                if websafe_encode(data.credential_id) == device.credential_id:
                    found[device.credential_id] = data
        return found

    def _server(self) -> Fido2Server:
        from fido2.server import Fido2Server
        from fido2.webauthn import AttestationConveyancePreference, PublicKeyCredentialRpEntity

        wanted = AttestationConveyancePreference
        return Fido2Server(
            PublicKeyCredentialRpEntity(id=self._host, name="Carnet"),
            attestation=wanted.NONE if self._metadata is None else wanted.DIRECT,
            verify_origin=lambda origin: origin == self._origin,
        )


def passkey_device(keyring: Keyring, device: MfaDevice, made: NewPasskey) -> MfaDevice:
    """The device with a passkey's public key, sealed for it and its holder."""
    known = replace(device, kind=MfaKind.FIDO, credential_id=made.credential_id, sign_count=made.sign_count)
    return with_seed(keyring, known, made.public_key)


def _state(challenge: bytes) -> dict[str, Any]:
    """What the library wants to have remembered of how it asked."""
    from fido2.utils import websafe_encode
    from fido2.webauthn import UserVerificationRequirement

    return {"challenge": websafe_encode(challenge), "user_verification": UserVerificationRequirement.REQUIRED}


def _refuse_framed(client_data: Any) -> None:
    if client_data.cross_origin:
        raise ValueError("another origin's page has asked")
