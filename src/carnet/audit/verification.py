"""Looks whether an audit log is as it was written: the chain of its lines, and the checkpoints that tell of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from carnet.audit.chain import Tip, beginning, hash_of, place_of
from carnet.audit.checkpoints import Checkpoint
from carnet.audit.reading import parsed

_SEGMENT, _TORN = b'{"segment":', b'{"tornLine":'


class Broken(Exception):
    """The first place at which a log is not as it was written; the message says which, and what is wrong there."""


@dataclass(slots=True, kw_only=True)
class Verification:
    """What was found of a log that is unbroken."""

    records: int = 0
    unchained: int = 0
    """Lines before the chain begins, of which nothing can be said."""
    torn: int = 0
    """Lines that a crash left unfinished, and of which the chain tells."""
    first: dict[str, int] = field(default_factory=dict[str, int])
    """The number of the first line that is kept, by log."""
    last: dict[str, Tip] = field(default_factory=dict[str, Tip])
    checkpoints: int = 0
    """Those that agree."""
    older: int = 0
    """Those that tell of lines before the first one that is kept."""


def verify(
    files: Sequence[Path],
    checkpoints: Sequence[Checkpoint] = (),
    keys: frozenset[str] = frozenset(),
    *,
    whole: bool = True,
) -> Verification:
    """Look through these files, the oldest first.

    `keys` are the public keys by which checkpoints must be signed, in base64. If the files are not the `whole` log,
    checkpoints of what is not in them are passed over. Raises Broken, OSError.
    """
    found = Verification()
    wanted = _wanted_hashes(checkpoints, keys)
    for file in files:
        _File(file, found, wanted).look()
    if not found.last:
        raise Broken("There is no line with a place in a chain: the log is of an earlier release, or was replaced.")
    for checkpoint in checkpoints if whole else ():
        log, number, _ = checkpoint.place
        if log not in found.last:
            raise Broken(f"A checkpoint of {checkpoint.time} tells of the log {log}, and no line of it is here.")
        if number > found.last[log].number:
            raise Broken(
                f"The log ends with record {found.last[log].number}, and a checkpoint of {checkpoint.time} tells of "
                f"record {number}: the end was cut off."
            )
        found.older += number < found.first[log]
    return found


def _wanted_hashes(checkpoints: Sequence[Checkpoint], keys: frozenset[str]) -> Mapping[tuple[str, int], bytes]:
    wanted: dict[tuple[str, int], bytes] = {}
    for checkpoint in checkpoints:
        place = checkpoint.place
        if not checkpoint.right:
            raise Broken(f"The checkpoint of {checkpoint.time} was altered: its signature is not that of its key.")
        if checkpoint.key not in keys:
            asked = " or ".join(sorted(keys))
            raise Broken(f"The checkpoint of {checkpoint.time} is signed by the key {checkpoint.key}, not by {asked}.")
        if wanted.setdefault((place.log, place.number), place.hash) != place.hash:
            raise Broken(f"Two checkpoints tell differently of record {place.number}.")
    return wanted


class _File:
    """One file of the log."""

    def __init__(self, path: Path, found: Verification, wanted: Mapping[tuple[str, int], bytes]) -> None:
        self._path = path
        self._found = found
        self._wanted = wanted
        self._number = 0
        self._stray: bytes | None = None
        """A line without a place, of which the next one must tell."""

    def look(self) -> None:
        for line in self._lines():
            place = place_of(line)
            if place is None:
                self._without_place(line)
            else:
                self._with_place(line, place)
        if self._stray is not None:
            raise self._broken("is not of the chain: it was altered, or added")

    def _lines(self) -> Iterator[bytes]:
        with self._path.open("rb") as file:
            for line in file:
                self._number += 1
                if not line.endswith(b"\n"):
                    raise self._broken(
                        "has no end: a crash has left it, and the next start tells of it; or it was cut off"
                    )
                yield line[:-1]

    def _without_place(self, line: bytes) -> None:
        if not self._found.last:
            self._found.unchained += 1
        elif self._stray is not None:
            raise self._broken("is not of the chain, nor is the one before: they were altered, or added")
        else:
            self._stray = line

    def _with_place(self, line: bytes, place: Tip) -> None:
        found = self._found
        if self._stray is not None:
            self._tells_of_torn(line, self._stray)
            self._stray = None
        known = found.last.get(place.log)
        former = known if known is not None else self._former(line, place)
        if place.number > former.number + 1:
            missing = (
                f"{former.number + 1} to {place.number - 1}" if place.number > former.number + 2 else former.number + 1
            )
            raise self._broken(f"is record {place.number}: missing before it is {missing}")
        if place.number <= former.number:
            raise self._broken(f"is record {place.number} a second time, or in another place than it was written")
        if place.hash != hash_of(former.hash, line):
            raise self._broken(f"was altered: it is not what was written as record {place.number}")
        if known is None:
            found.first[place.log] = place.number
        expected = self._wanted.get((place.log, place.number))
        if expected is not None:
            if expected != place.hash:
                raise self._broken(
                    f"is not the record {place.number} that a checkpoint tells of: the log was written anew"
                )
            found.checkpoints += 1
        found.last[place.log] = place
        found.records += 1

    def _tells_of_torn(self, line: bytes, torn: bytes) -> None:
        told = (parsed(line) or {}).get("tornLine") if line.startswith(_TORN) else None
        if told != {"bytes": len(torn), "sha256": hashlib.sha256(torn).hexdigest()}:
            self._number -= 1
            raise self._broken("is not of the chain: it was altered, or added")
        self._found.torn += 1

    def _former(self, line: bytes, place: Tip) -> Tip:
        """What the first line of a log that is kept says of the one before it."""
        told = (parsed(line) or {}).get("segment") if line.startswith(_SEGMENT) else None
        if place.number == 1:
            return beginning(place.log)
        previous = told["previous"] if told is not None and told["log"] == place.log else None
        if previous is None:
            raise self._broken(f"is record {place.number}, with which no file begins: missing is what was before it")
        return Tip(place.log, int(previous["number"]), bytes.fromhex(previous["hash"]))

    def _broken(self, why: str) -> Broken:
        return Broken(f"{self._path}: line {self._number} {why}.")


def within(files: Iterable[Path], since: str | None, until: str | None) -> list[Path]:
    """Of the files, the oldest first, those that may have lines of that time (`2026-01-02T03:04:05Z`), by when they
    were begun. A file whose beginning is not known is within."""
    chosen: list[Path] = []
    for file in files:
        begun = _segment_start(file)
        if until is not None and begun is not None and begun > until:
            break
        if since is not None and begun is not None and begun <= since:
            chosen.clear()
        chosen.append(file)
    return chosen


def _segment_start(path: Path) -> str | None:
    with path.open("rb") as file:
        told = (parsed(file.readline()) or {}).get("segment")
    return str(told["time"]) if isinstance(told, dict) else None
