"""Rows of SSH public keys."""

from __future__ import annotations

from sqlalchemy import Index, UniqueConstraint

from carnet.entities.ssh_public_key import SshPublicKey
from carnet.store.rows.uploads import upload_table, upload_type

TABLE = upload_table("ssh_public_keys", UniqueConstraint("owner", "fingerprint"), Index(None, "account"))
SSH_PUBLIC_KEYS = upload_type(SshPublicKey, kind="ssh public key", table=TABLE)
