"""Rows of signing certificates."""

from __future__ import annotations

from sqlalchemy import UniqueConstraint

from carnet.entities.signing_certificate import SigningCertificate
from carnet.store.rows.uploads import upload_table, upload_type

TABLE = upload_table("signing_certificates", UniqueConstraint("account", "fingerprint"))
SIGNING_CERTIFICATES = upload_type(SigningCertificate, kind="signing certificate", table=TABLE)
