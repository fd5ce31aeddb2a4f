"""Says where a text ceases to be JSON, and what stands there: most often something that JavaScript or Python allow."""

from __future__ import annotations

import json
import re

from carnet.base.printable import printable
from carnet.cli.places import Place

_COMMENT = re.compile(r"//|/\*|#")
_CONTROL = "a text holds a line break, a tab or another control character, which JSON writes as `\\n`, `\\t`, `\\u....`"
_CLOSED = re.compile(r"\s*([}\]])")
_CONSTANTS = {"True": "true", "False": "false", "None": "null"}
_STANDING = re.compile(r'"[^"\n]{0,30}"?|\w{1,30}|\\.|\S', re.DOTALL)


def what_breaks(problem: json.JSONDecodeError) -> tuple[str, Place]:
    """A sentence of what stands where the text is no JSON, and the place."""
    text, at = problem.doc, problem.pos
    if problem.msg.startswith("Invalid control character"):
        return _CONTROL, _place(text, at)
    at += len(text[at:]) - len(text[at:].lstrip())
    # Releases of Python differ: some stop at the comma, others at what closes behind it.
    comma = at if text[at : at + 1] == "," else len(text[:at].rstrip()) - 1
    if comma >= 0 and text[comma] == "," and (closing := _CLOSED.match(text, comma + 1)):
        return f"a comma stands in front of `{closing[1]}`, where JSON has none", _place(text, comma)
    return _sentence(text, at, problem.msg), _place(text, at)


def _sentence(text: str, at: int, expected: str) -> str:
    if _COMMENT.match(text, at):
        return f"`{printable(text[at : at + 30].splitlines()[0])}` is no JSON, which has no comments"
    if text[at : at + 1] == "'":
        return "a text begins with a single quote: JSON has double quotes alone"
    standing = _STANDING.match(text, at)
    if standing is None:
        return f"{expected}: the text ends there"
    if standing[0] in _CONSTANTS:
        return f"`{standing[0]}` is no JSON, which has `{_CONSTANTS[standing[0]]}`"
    return f"{expected}: `{printable(standing[0])}` stands there"


def _place(text: str, at: int) -> Place:
    return Place(text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at))
