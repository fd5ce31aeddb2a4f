"""Which known word was probably meant by an unknown one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_LONGEST = 128
"""No word of AWS is longer, and comparing takes time that grows with the length."""
_LIKE = 0.7
"""Share of the letters that must agree."""


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that is most like `word`, whatever its case; empty if none is like it."""
    if len(word) > _LONGEST:
        return ""
    folded = {one.lower(): str(one) for one in known}
    found = get_close_matches(word.lower(), folded, n=1, cutoff=_LIKE)
    return folded[found[0]] if found else ""
