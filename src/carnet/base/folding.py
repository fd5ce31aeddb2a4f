"""Text beyond ASCII, compared without regard to case."""

from __future__ import annotations

import unicodedata


def folded(text: str) -> str:
    """What two texts have in common if people would take them for the same one.

    https://www.unicode.org/reports/tr15/#Norm_Forms, https://www.unicode.org/Public/UCD/latest/ucd/CaseFolding.txt
    """
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
