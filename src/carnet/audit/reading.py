"""Reads files of JSON lines from their end, a piece at a time, however long they are."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import orjson

_PIECE = 256 * 1024
_LOOK_SECONDS = 0.2
_MOVED_SECONDS = 1.2
"""A little longer than lines may still go to a file that was moved away."""


def lines_backwards(file: BinaryIO, end: int) -> Iterator[tuple[int, bytes]]:
    """(where it begins, the line) of each line that ends before `end`, the last first.

    What stands behind the last line's end is none yet, or never becomes one.
    """
    place, rest, stop = end, b"", None
    while place > 0:
        size = min(_PIECE, place)
        place -= size
        file.seek(place)
        lines = (file.read(size) + rest).split(b"\n")
        if stop is None:
            unfinished = lines.pop()
            if not lines:
                continue
            stop = place + size - len(unfinished) - 1
        for line in reversed(lines[1:]):
            stop -= len(line)
            yield stop, line
            stop -= 1
        rest = lines[0]
    if stop is not None:
        yield 0, rest


def backwards(path: Path) -> Iterator[bytes]:
    """The lines of a file, the last first; none if it has gone since it was found."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        yield from (line for _, line in lines_backwards(file, file.seek(0, os.SEEK_END)))


def newest(paths: list[Path], *needles: bytes) -> Iterator[tuple[Path, dict[str, Any]]]:
    """(its file, the object) of each line that has all of these bytes in it, from the end of the first file on.

    A line that a full disk or a crash has left unfinished is passed over, and so is a file that has gone since.
    """
    for path in paths:
        try:
            file = path.open("rb")
        except FileNotFoundError:
            continue
        with file:
            for _, line in lines_backwards(file, file.seek(0, 2)):
                if all(needle in line for needle in needles) and (found := parsed(line)) is not None:
                    yield path, found


def follow(path: Path) -> Iterator[bytes]:
    """Each line that comes to the file from now on, and to the files that take its place. It does not end."""
    begin: int | None = None
    while True:
        try:
            file = path.open("rb")
        except FileNotFoundError:
            begin = 0
            time.sleep(_LOOK_SECONDS)
            continue
        with file:
            file.seek(0, os.SEEK_END if begin is None else os.SEEK_SET)
            begin = 0
            yield from _lines_to_come(file, path)


def _lines_to_come(file: BinaryIO, path: Path) -> Iterator[bytes]:
    """Until another file has taken the place of this one, and a look later."""
    rest, replaced = b"", False
    while True:
        *lines, rest = (rest + file.read()).split(b"\n")
        yield from lines
        if replaced:
            return
        time.sleep(_LOOK_SECONDS)
        replaced = not _is_at(file, path)
        if replaced:
            time.sleep(_MOVED_SECONDS)  # for the processes that still write to the former file


def _is_at(file: BinaryIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def parsed(line: bytes) -> dict[str, Any] | None:
    """The object that a line holds, without its place in the log; None for one that is unfinished."""
    try:
        found: object = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(found, dict):
        return None
    found.pop("chain", None)
    return found
