"""How IAM tells of validation errors, as recorded from AWS: its voice (`models/voice.py`).

IAM has sentences of its own for a name or a path that breaks its pattern. Other patterns, such as those of tags, are
told in the sentence that all services share.
"""

from __future__ import annotations

from carnet.models import Voice

_NAME = "It must contain only alphanumeric characters and/or the following: +=,.@_-"
_PATH = "It must begin and end with / and contain only alphanumeric characters and/or / characters."
_PATH_PREFIX = "It must begin with the / character and contain only alphanumeric characters and/or / characters."

_NAMES = r"[\w+=,.@-]+"
_PATHS = frozenset(
    (
        r"(\u002F)|(\u002F[\u0021-\u007E]+\u002F)",
        r"\u002F[\u0021-\u007F]*",
        r"((/[A-Za-z0-9\.,\+@=_-]+)*)/",
    )
)


def own_sentence(member: str, pattern: str | None) -> str | None:
    """IAM's own sentence for the value at `member` that does not match `pattern`; None if there is none."""
    if pattern == _NAMES:
        demand = _NAME
    elif pattern in _PATHS:
        demand = _PATH_PREFIX if member == "pathPrefix" else _PATH
    else:
        return None
    return f"The specified value for {member} is invalid. {demand}"


VOICE = Voice(repeats_values=False, by_hash=True, never_null=frozenset({"tagKeyType"}), own_sentence=own_sentence)
