"""Builds the source distribution and the wheel into dist/; the same files give the same bytes.

`make dist` runs it with the pinned build backend. https://reproducible-builds.org/docs/source-date-epoch/
"""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

DIST = Path("dist")


def main() -> None:
    """Build the wheel from the source distribution, as an installer does that finds no wheel."""
    shutil.rmtree(DIST, ignore_errors=True)
    os.umask(0o022)
    moment = int(_git("log", "-1", "--format=%ct"))
    os.environ["SOURCE_DATE_EPOCH"] = str(moment)
    with tempfile.TemporaryDirectory() as scratch:
        _build("--sdist", _tracked_files(Path(scratch) / "tracked"))
        (source,) = DIST.glob("*.tar.gz")
        _level(source, moment)
        shutil.unpack_archive(source, scratch, filter="data")
        _build("--wheel", Path(scratch) / source.name.removesuffix(".tar.gz"))


def _tracked_files(copy: Path) -> Path:
    """A copy of what is in git, as it is in the working tree. setuptools packs whatever else it finds, and what an old
    list in src/*.egg-info names."""
    for name in _git("ls-files").splitlines():
        if Path(name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(name, copy / name)
    return copy


def _build(kind: str, source: Path) -> None:
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(DIST.absolute()), kind, str(source)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - no word of it comes from outside


def _git(*arguments: str) -> str:
    command = ["git", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603 - nor of this


def _level(archive: Path, moment: int) -> None:
    """Write the archive anew, without what differs between two builds: times, owners, modes, order."""
    draft = archive.with_suffix(".draft")
    with (
        tarfile.open(archive) as old,
        draft.open("wb") as raw,
        gzip.GzipFile("", "wb", fileobj=raw, mtime=moment) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as new,
    ):
        for member in sorted(old.getmembers(), key=lambda member: member.name):
            member.mtime, member.uid, member.gid, member.uname, member.gname = moment, 0, 0, "", ""
            member.mode = 0o644 if member.isfile() else 0o755
            member.pax_headers = {}
            new.addfile(member, old.extractfile(member) if member.isfile() else None)
    draft.replace(archive)


if __name__ == "__main__":
    main()
