"""A reader of a page, who types its blocks into a shell of theirs."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.clients.running import AWS, BIN, RunningServer, running_server

_FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_SECTION = re.compile(r"^## +(.*)$", re.MULTILINE)
_END = "the reader has typed everything"

SHELLS: Mapping[str, tuple[str, ...]] = {
    "bash": ("bash", "--noprofile", "--norc", "-i", "-e"),
    # Without the option zsh calls a comment a command that is not found, says so, and goes on.
    "zsh": ("zsh", "--no-rcs", "-o", "interactivecomments", "-i", "-e"),
}
"""Interactive shells, as a reader has, without their own settings; each ends at the first command that fails."""

shells = pytest.mark.parametrize(
    "shell",
    [
        pytest.param(name, marks=pytest.mark.skipif(shutil.which(name) is None, reason=f"{name} is not installed"))
        for name in SHELLS
    ],
)


class Block(NamedTuple):
    """One fenced block of a page."""

    section: str
    """The heading (##) that it stands under; empty before the first."""
    language: str
    """Its tag: `bash` is typed in, `console` are single commands, the others are to be read."""
    text: str


def blocks_of(page: Path) -> tuple[Block, ...]:
    """Every fenced block of a Markdown page, in order."""
    text = page.read_text("utf-8")
    fences = list(_FENCE.finditer(text))
    headings = [
        heading
        for heading in _SECTION.finditer(text)
        if not any(fence.start() < heading.start() < fence.end() for fence in fences)
    ]
    sections = {heading.start(): heading[1] for heading in headings}

    def section(at: int) -> str:
        return next((sections[start] for start in sorted(sections, reverse=True) if start < at), "")

    return tuple(Block(section(fence.start()), fence[1], fence[2]) for fence in fences)


def typed(
    shell: str, blocks: Iterable[Block], *, directory: Path, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """What happens when the blocks are typed into one shell, in a directory. Fails if a command does."""
    done = subprocess.run(
        SHELLS[shell],
        input="".join(block.text for block in blocks) + f"echo {_END}\n",
        cwd=directory,
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, f"{shell} ended with {done.returncode}:\n{done.stderr}"
    assert f"{_END}\n" in done.stdout, f"a command has read what was to be typed after it:\n{done.stderr}"
    return done


@contextmanager
def typed_at_a_server(
    shell: str, blocks: Iterable[Block], directory: Path
) -> Iterator[tuple[subprocess.CompletedProcess[str], RunningServer]]:
    """What the blocks do at a server that has just been started, which then goes on.

    The directory is as a checkout after `make run` and `make clients`: `.venv` and `.venv-clients` are there.
    """
    for environment in (BIN.parent, AWS.parent.parent):
        (directory / environment.name).symlink_to(environment)
    with running_server(directory / "carnet-data", from_nothing=True) as server:
        given = server.client_environment(CARNET_PORT=server.endpoint.rpartition(":")[2], HOME=str(directory))
        for files in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
            del given[files]
        yield typed(shell, blocks, directory=directory, environment=given), server
