"""The characters of tags.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html
"""

from __future__ import annotations

from unicodedata import category

_MARKS = frozenset("_.:/=+-@")
_CLASSES = frozenset("LZN")
"""The Unicode classes of letters, separators and numbers."""


def takes(text: str) -> bool:
    """Whether a tag's key or value may be made of these characters."""
    return all(sign in _MARKS or category(sign)[0] in _CLASSES for sign in text)
