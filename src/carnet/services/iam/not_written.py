"""IAM's operations that are not written yet: none. A test holds it against the service's model."""

from __future__ import annotations

NOT_WRITTEN: frozenset[str] = frozenset()
