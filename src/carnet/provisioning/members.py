"""What the entries of a document have in common: where they stand, and members that several of them have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from carnet.base.arns import iam_arn
from carnet.entities.entity import Tags
from carnet.policy.case_members import Members, Misread, as_list
from carnet.policy.json_text import JsonNumber

_TAG = ("Key", "Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something stands, and belongs."""

    account: str
    partition: str
    path: str = ""
    """In the document, as jq writes paths."""
    copied: bool = False
    """As `Home.copied`."""


def items(given: Members, name: str) -> Iterator[tuple[object, str]]:
    """What a list holds, each with its path; nothing if there is no such list."""
    value = given.get(name)
    for at, item in enumerate(() if value is None else as_list(value, given.at(name))):
        yield item, f"{given.at(name)}[{at}]"


def text(given: Members, name: str) -> str | None:
    """A text member; None if it is absent or null."""
    value = given.get(name)
    return None if value is None else as_text(value, given.at(name))


def as_text(value: object, path: str) -> str:
    """Text, or a number as written. Raises Misread."""
    if isinstance(value, JsonNumber):
        return value.text
    if not isinstance(value, str):
        raise Misread.at(path, "must be text")
    return value


def whole(value: object, path: str) -> int:
    """A whole number, also as text. Raises Misread."""
    text = as_text(value, path)
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise Misread.at(path, "must be a whole number")
    return int(text)


def check_arn(given: Members, place: Place, kind: str, path: str | None, name: str) -> None:
    """Raise Misread for an ARN that says otherwise than the other members."""
    arn = text(given, "Arn")
    expected = iam_arn(place.partition, place.account, f"{kind}{'/' if path is None else path}{name}")
    if arn is not None and arn != expected:
        raise Misread.at(given.at("Arn"), f"is {arn}, and of what the other members say it is {expected}")


def tags(given: Members) -> Tags | None:
    """A list of tags; None if there is none. Raises Misread."""
    if given.get("Tags") is None:
        return None
    found: dict[str, str] = {}
    for each, path in items(given, "Tags"):
        tag = Members.of(each, path, known=_TAG)
        key = tag.text("Key")
        if key in found:
            raise Misread.at(tag.at("Key"), f"is {key} a second time")
        found[key] = tag.text("Value", "")
    return found
