"""Files with secrets that others can read."""

from __future__ import annotations

import os
import stat

_OTHERS = 0o077
_OTHERS_OF_ROOTS = _OTHERS & ~stat.S_IRGRP
"""Of a file of root's. Whoever is not root reads it as a member of its group: so Kubernetes mounts a Secret, and
systemd a credential. PostgreSQL has the same rule for its private key.

https://www.postgresql.org/docs/current/ssl-tcp.html
"""


def exposed(status: os.stat_result) -> str | None:
    """How a file with a secret is open to others, as a clause; None if it is not."""
    if status.st_mode & (_OTHERS if status.st_uid == os.geteuid() else _OTHERS_OF_ROOTS):
        return f"is open to other users (mode {stat.S_IMODE(status.st_mode):04o})"
    if status.st_uid not in (os.geteuid(), 0):
        return "belongs to another user"
    return None
