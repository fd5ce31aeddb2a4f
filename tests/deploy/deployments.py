"""The files that say how Carnet is run, read."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import yaml

DOCKERFILE = Path("Dockerfile")
COMPOSE = Path("compose.yaml")
UNIT = Path("deploy/systemd/carnet.service")
MANIFEST = Path("deploy/kubernetes/carnet.yaml")


def instructions(dockerfile: Path = DOCKERFILE) -> list[tuple[str, str]]:
    """The instructions of a Dockerfile, in order, such as `("EXPOSE", "4747")`; each on one line."""
    lines = re.sub(r"^#.*\n", "", dockerfile.read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    return [(first, " ".join(rest)) for first, *rest in map(str.split, filter(None, lines.splitlines()))]


def said(word: str) -> list[str]:
    """What the Dockerfile says after an instruction's word, each time."""
    return [rest for first, rest in instructions() if first == word]


def image_environment() -> dict[str, str]:
    """The variables that the image sets for the server."""
    return dict(each.split("=", 1) for each in shlex.split(said("ENV")[-1]))


def image_command() -> list[str]:
    """What a container runs that is told nothing."""
    return [*json.loads(said("ENTRYPOINT")[0]), *json.loads(said("CMD")[0])]


def health_command() -> list[str]:
    """What asks a container whether it is healthy."""
    command: list[str] = json.loads(said("HEALTHCHECK")[0].partition(" CMD ")[2])
    return command


def unit(section: str = "Service") -> list[tuple[str, str]]:
    """The settings of one section of the systemd unit, in order: a name may come several times."""
    part = UNIT.read_text().partition(f"[{section}]\n")[2].partition("\n[")[0]
    return [(name, value) for name, _, value in (line.partition("=") for line in part.splitlines()) if value or _]


def unit_environment(**specifiers: str) -> dict[str, str]:
    """The variables that the unit sets; `S` and `d` say what `%S` and `%d` stand for."""
    text = " ".join(value for name, value in unit() if name == "Environment")
    for letter, meaning in specifiers.items():
        text = text.replace(f"%{letter}", meaning)
    return dict(each.split("=", 1) for each in text.split())


def manifest(kind: str) -> dict[str, Any]:
    """The first object of a kind in the Kubernetes manifest."""
    found: dict[str, Any] = next(
        each for each in yaml.safe_load_all(MANIFEST.read_text()) if each is not None and each["kind"] == kind
    )
    return found


def container() -> dict[str, Any]:
    """The container of the manifest."""
    (found,) = manifest("StatefulSet")["spec"]["template"]["spec"]["containers"]
    assert isinstance(found, dict)
    return found
