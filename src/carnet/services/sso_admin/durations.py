"""How long sessions of a permission set live: ISO 8601, from one hour to twelve.

https://docs.aws.amazon.com/singlesignon/latest/userguide/howtosessionduration.html
"""

from __future__ import annotations

import re

from carnet.base.faults import Invalid
from carnet.services.sso_admin import sentences

_DURATION = re.compile(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.ASCII)
_SECONDS = (604_800, 86_400, 3600, 60, 1)
_SHORTEST, _LONGEST = 3600, 12 * 3600
_MOST_DIGITS = 9


def duration_seconds(text: str) -> int:
    """Raises Invalid unless it is a duration between one hour and twelve. Years and months have no fixed length."""
    parts = _DURATION.fullmatch(text)
    if parts is None or any(len(part) > _MOST_DIGITS for part in parts.groups(default="")):
        raise Invalid(sentences.DURATION)
    seconds = sum(int(part) * unit for part, unit in zip(parts.groups(default="0"), _SECONDS, strict=True))
    if not _SHORTEST <= seconds <= _LONGEST:
        raise Invalid(sentences.DURATION)
    return seconds
