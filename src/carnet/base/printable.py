"""Text of callers as a terminal may show it."""

from __future__ import annotations


def printable(text: str) -> str:
    """The text with control characters escaped, so that a line stays one line."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)


def printable_lines(text: str) -> str:
    """The same for a text of several lines, which stay what they are."""
    return text if text.isprintable() else "\n".join(map(printable, text.split("\n")))
