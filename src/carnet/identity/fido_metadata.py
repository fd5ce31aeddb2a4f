"""What the FIDO Metadata Service tells of security keys: the certifications that policies may ask for at registration.

https://fidoalliance.org/specs/mds/fido-metadata-service-v3.0-ps-20210518.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_fido_supported_configurations.html
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from carnet.base import bounded_json
from carnet.base.base64url import decode

if TYPE_CHECKING:
    from fido2.mds3 import MdsAttestationVerifier, MetadataBlobPayload, StatusReport
    from fido2.webauthn import AttestationObject

_LOG = logging.getLogger(__name__)
_FIDO = "iam:FIDO-certification"
_FIPS = {2: "iam:FIDO-FIPS-140-2-certification", 3: "iam:FIDO-FIPS-140-3-certification"}
"""The condition keys, by the revision of FIPS 140."""
_CERTIFIED = "FIDO_CERTIFIED"
_VALIDATED = "FIPS140_CERTIFIED_"
_UNSAFE = {"USER_VERIFICATION_BYPASS", "USER_KEY_REMOTE_COMPROMISE", "USER_KEY_PHYSICAL_COMPROMISE", "REVOKED"}
"""A model of which one of these is told has no certification left. If an attestation key is compromised, the library
refuses the certificates of it."""


class FidoMetadata:
    """What is told of each model of security keys."""

    def __init__(self, told: MetadataBlobPayload) -> None:
        from fido2.mds3 import MdsAttestationVerifier

        self._verifier: MdsAttestationVerifier = MdsAttestationVerifier(told)

    def certifications(self, attested: AttestationObject, client_data_hash: bytes, today: date) -> dict[str, str]:
        """The condition keys `iam:FIDO-...` of a new security key.

        INVARIANT: a model counts only if its attestation was signed by a key of its maker, as the metadata list them:
        without that, anybody may name any model. Such a key, too, is registered, but nothing is told of it.
        """
        try:
            entry = self._verifier.find_entry(attested, client_data_hash)
        except Exception as problem:  # whatever a stranger's bytes make the library raise
            _LOG.info("a security key is not attested: %s", type(problem).__name__)
            return {}
        return certifications_of(entry.status_reports, today) if entry is not None else {}


def certifications_of(reports: Iterable[StatusReport], today: date) -> dict[str, str]:
    """The condition keys that the reports on a model's status make today: of each kind, the latest counts."""
    told: dict[str, str] = {}
    for report in sorted(reports, key=lambda one: one.effective_date or date.min):
        if (report.effective_date or date.min) > today:
            continue
        status = str(report.status)
        if status in _UNSAFE:
            return {}
        over = report.sunset_date is not None and report.sunset_date <= today
        if status == "NOT_FIDO_CERTIFIED":
            told.pop(_FIDO, None)
        elif status.startswith(_CERTIFIED) and not over:
            # Before there were levels, all that was certified was what L1 became.
            told[_FIDO] = status.removeprefix(_CERTIFIED).removeprefix("_") or "L1"
        elif status.startswith(_VALIDATED) and not over and report.fips_revision in _FIPS:
            told[_FIPS[report.fips_revision]] = status.removeprefix(_VALIDATED)
    return told


def read_metadata(path: Path) -> FidoMetadata:
    """The metadata as the service gives them out, in a file that the operator vouches for: no signature is looked at.

    Raises OSError, and ValueError for a file that is something else.
    """
    try:
        _, payload, _ = path.read_bytes().strip().split(b".")
        told = bounded_json.loads(decode(payload.decode("ascii")))
        return FidoMetadata(_parse(told))
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise ValueError(f"{path} is no file of the FIDO Metadata Service.") from problem


def _parse(told: Any) -> MetadataBlobPayload:
    from fido2.mds3 import MetadataBlobPayload

    for entry in told["entries"]:
        for picture in ("icon", "iconDark"):  # most of the file
            entry.get("metadataStatement", {}).pop(picture, None)
    parsed: MetadataBlobPayload = MetadataBlobPayload.from_dict(told)
    return parsed
