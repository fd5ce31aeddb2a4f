"""Whatever a deployment names of Carnet exists: commands, flags, variables, paths, ports, files."""

from __future__ import annotations

import fnmatch
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from carnet.assembly.settings import Settings, variable
from carnet.cli import main
from carnet.jobs.periodic import STOP_SECONDS
from carnet.server.listening import listen
from carnet.server.own_paths import HEALTH_PATH, READY_PATH
from tests.deploy.deployments import (
    COMPOSE,
    DOCKERFILE,
    MANIFEST,
    UNIT,
    container,
    health_command,
    image_command,
    image_environment,
    manifest,
    said,
)
from tests.deploy.deployments import unit as unit_settings

PAGE = Path("docs/install.md")
FILES = (DOCKERFILE, COMPOSE, UNIT, MANIFEST, PAGE)
VARIABLES = {variable(each.name) for each in fields(Settings)}
STOPS_WITHIN = listen._GRACE_SECONDS + STOP_SECONDS
"""How many seconds a server takes to stop, at most."""


def unknown_words(command: str) -> list[str]:
    """The subcommand and the flags of `carnet ...` that there are not."""
    group: click.Command = main
    unknown: list[str] = []
    for word in command.split()[1:]:
        name = word.partition("=")[0]
        if isinstance(group, click.Group) and re.fullmatch("[a-z][a-z-]*", word):
            found = group.get_command(click.Context(group), word)
            if found is None:
                return [*unknown, word]
            group = found
        elif name.startswith("--") and name not in ("--version", "--help"):
            known = {flag for each in group.params for flag in (*each.opts, *each.secondary_opts)}
            unknown += [name] if name not in known else []
    return unknown


def test_every_command_and_flag_is_one_of_carnets() -> None:
    page = PAGE.read_text().replace("\\\n", " ")
    commands = [
        *re.findall(r"(?:^|`|carnet )(carnet [a-z].*?)(?=[|<>&`#]|$)", page, re.MULTILINE),
        " ".join(image_command()),
        " ".join(health_command()),
        " ".join(["carnet", *container()["args"]]),
        dict(unit_settings())["ExecStart"],
    ]
    assert len(commands) >= 8
    assert [(each, found) for each in commands if (found := unknown_words(each))] == []


def test_a_flag_or_a_command_that_there_is_not_is_found() -> None:
    assert unknown_words("carnet serve --host x --prot 1") == ["--prot"]
    assert unknown_words("carnet account create --cuont 3") == ["--cuont"]
    assert unknown_words("carnet account mkae") == ["mkae"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_variable_is_a_setting(file: Path) -> None:
    assert set(re.findall(r"\bCARNET_[A-Z_]+(?=[=:,`\s]|$)", file.read_text())) - {"CARNET_PORT"} <= VARIABLES


def test_ports_are_where_the_server_listens() -> None:
    port = Settings().port
    assert said("EXPOSE") == [str(port)]
    assert [each["containerPort"] for each in container()["ports"]] == [port]
    (published,) = yaml.safe_load(COMPOSE.read_text())["services"]["carnet"]["ports"]
    assert published.startswith("127.0.0.1:")
    assert published.endswith(f":{port}")


def test_probes_ask_pages_that_there_are() -> None:
    asked = {name: container()[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "readiness", "liveness")}
    assert asked == {"startup": READY_PATH, "readiness": READY_PATH, "liveness": HEALTH_PATH}


def test_whoever_stops_a_server_waits_for_its_end() -> None:
    pod = manifest("StatefulSet")["spec"]["template"]["spec"]
    before = container()["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert pod["terminationGracePeriodSeconds"] > STOPS_WITHIN + before
    assert int(dict(unit_settings())["TimeoutStopSec"]) > STOPS_WITHIN
    assert int(yaml.safe_load(COMPOSE.read_text())["services"]["carnet"]["stop_grace_period"][:-1]) > STOPS_WITHIN


def test_the_user_is_the_same_everywhere_and_not_root() -> None:
    user = said("USER")[-1].partition(":")[0]
    pod = manifest("StatefulSet")["spec"]["template"]["spec"]["securityContext"]
    assert {str(pod[name]) for name in ("runAsUser", "runAsGroup", "fsGroup")} == {user} != {"0"}
    assert f"useradd --uid {user}" in " ".join(said("RUN"))


def test_what_is_written_lies_in_a_volume() -> None:
    """The file system of the image is read-only."""
    data = image_environment()["CARNET_DATA_DIR"]
    assert said("VOLUME") == [data]
    service = yaml.safe_load(COMPOSE.read_text())["services"]["carnet"]
    assert service["read_only"]
    assert [each.partition(":")[2] for each in service["volumes"]] == [data]
    given = {each["name"]: each.get("value", "") for each in container()["env"]}
    mounts = {each["mountPath"]: each["name"] for each in container()["volumeMounts"]}
    assert mounts[str(Path(given["CARNET_DATA_DIR"]).parent)] == "data"
    for name in ("CARNET_MASTER_KEY_FILE", "CARNET_TLS_CERT", "CARNET_TLS_KEY"):
        assert str(Path(given[name]).parent) in mounts, name


def test_the_image_is_of_this_version() -> None:
    version = re.search(r'^version = "(.*)"', Path("pyproject.toml").read_text(), re.MULTILINE)
    assert version is not None
    assert container()["image"] == f"carnet:{version[1]}"


def test_what_the_image_is_built_from_is_let_through_and_nothing_secret() -> None:
    kept = [line[1:] for line in Path(".dockerignore").read_text().splitlines() if line.startswith("!")]
    copied = [word for rest in said("COPY") if "--from" not in rest for word in rest.split()[:-1]]
    assert copied != []
    for name in copied:
        assert Path(name).exists()
        assert any(name == each or name.startswith(f"{each}/") for each in kept), name
    for private in (".git/config", "carnet-data/master.key", ".env", "master.key"):
        assert not any(fnmatch.fnmatch(private, each) or private.startswith(f"{each}/") for each in kept)


def test_secrets_are_handed_over_as_files_or_by_reference() -> None:
    given: dict[str, Any] = {each["name"]: each for each in container()["env"]}
    for name in ("CARNET_DATABASE_URL", "PGPASSWORD"):
        assert "secretKeyRef" in given[name]["valueFrom"]
    loaded = {value.partition(":")[0] for name, value in unit_settings() if name == "LoadCredential"}
    assert loaded == {"master.key", "tls.crt", "tls.key"}
