"""One file of separately compressed members: any of them is read without unpacking the rest.

The first line is JSON: `{"format", "sources", "members": {name: [offset, size]}}`, so `head -1` of a data file shows
where its data came from. The members follow, each a zlib stream; offsets count from the end of the first line.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import files

FORMAT = 1
"""What the header's `format` says; raised whenever the layout of the file or of a member changes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A published package that the data was made from."""

    name: str
    version: str
    sha256: str
    """Digest of the package file, in hexadecimal."""
    license: str
    """SPDX identifier."""
    dated: str | None
    """Day to which the data is up to date (`2026-10-27`); None if the package does not tell."""
    gives: str
    """What was taken from it."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Archive:
    """A data file, held compressed."""

    sources: tuple[Source, ...]
    members: Mapping[str, tuple[int, int]]
    """Name to offset and size of the compressed member."""
    body: bytes = field(repr=False)

    def read(self, name: str) -> bytes:
        """Unpack one member; KeyError if there is none of that name."""
        offset, size = self.members[name]
        return zlib.decompress(self.body[offset : offset + size])


@dataclass(frozen=True)
class DataFile:
    """A data file of this room, opened when it is first needed."""

    name: str

    @cached_property
    def archive(self) -> Archive:
        """The opened file; ValueError if it was written in another format than this code reads."""
        return open_archive(files("carnet.catalog").joinpath("data", self.name).read_bytes())


def open_archive(content: bytes) -> Archive:
    """Read the header of a data file; ValueError if its format is not `FORMAT`."""
    first_line, _, body = content.partition(b"\n")
    header = json.loads(first_line)
    if header["format"] != FORMAT:
        raise ValueError(f"catalogue data has format {header['format']}, and {FORMAT} is read here")
    return Archive(
        sources=tuple(Source(**source) for source in header["sources"]),
        members={name: (offset, size) for name, (offset, size) in header["members"].items()},
        body=body,
    )
