"""People and users sign in with the AWS CLI of version 2, and boto3 takes what it got; the browser is plain HTTP.

The counterparts are the CLI itself, and one that is older than its rules for start URLs: `make clients` unpacks both.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.clients.running import AWS_V2, AWS_V2_OLDER
from tests.clients.signing_in import (
    CODE,
    SECONDS,
    Terminal,
    allow_device,
    approve,
    configure,
    configure_login,
    role_of,
    take_back,
    user_with_login,
)
from tests.console.conftest import Site
from tests.console.test_people import instance
from tests.console.test_sso_consent import Person
from tests.server.in_process import in_process_server

assert callable(instance), "a fixture"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with in_process_server(tmp_path_factory.mktemp("site"), password_hash_kib=8) as server:
        yield Site(server, server.client("iam"))


@pytest.fixture
def terminal(request: pytest.FixtureRequest, tmp_path: Path, site: Site) -> Terminal:
    cli: Path = getattr(request, "param", AWS_V2)
    if not cli.exists():
        pytest.skip(f"{cli} is not there: make clients unpacks it")
    return Terminal(tmp_path, site, cli)


both = pytest.mark.parametrize("terminal", [AWS_V2, AWS_V2_OLDER], ids=["newest", "older"], indirect=True)


@pytest.fixture
def mary(site: Site, instance: Any) -> Person:
    """A person of each test's own: one of them signs out."""
    made = Person(site, instance)
    made.assigned()
    return made


@both
def test_a_person_signs_in_by_a_device_code(terminal: Terminal, mary: Person) -> None:
    configure(terminal, mary, role_of(mary))
    login = ("sso", "login", "--profile", "dev", "--use-device-code", "--no-browser")
    with terminal.waiting(*login, form=CODE) as (_, code):
        allow_device(mary, code)
    check(terminal, mary)


@both
def test_a_person_signs_in_by_a_code_of_the_browser(terminal: Terminal, mary: Person) -> None:
    configure(terminal, mary, role_of(mary))
    with terminal.waiting("sso", "login", "--profile", "dev", "--no-browser") as (_, url):
        take_back(mary, url)
    check(terminal, mary)
    terminal.aws("sso", "logout", "--profile", "dev")
    assert not mary.browser.is_signed_in(), "the session of the browser is ended, too"


def check(terminal: Terminal, mary: Person) -> None:
    end = f"/{mary.user.user_name}"
    assert terminal.aws("sts", "get-caller-identity", "--profile", "dev")["Arn"].endswith(end)
    exported = terminal.aws("configure", "export-credentials", "--profile", "dev")
    assert exported["AccessKeyId"].startswith("ASIA")
    assert terminal.boto3("dev").endswith(end)


@both
def test_a_user_signs_in_with_aws_login(terminal: Terminal, site: Site) -> None:
    configure_login(terminal)
    name, browser = user_with_login(site)
    with terminal.waiting("login", "--profile", "me") as (_, url):
        to = approve(browser, url)["to"]
        with urllib.request.urlopen(to, timeout=30) as answer:
            assert answer.status == 200
    assert terminal.aws("sts", "get-caller-identity", "--profile", "me")["Arn"].endswith(f"user/{name}")
    assert terminal.aws("configure", "export-credentials", "--profile", "me")["SessionToken"]


def test_a_user_signs_in_on_another_machine(terminal: Terminal, site: Site) -> None:
    configure_login(terminal)
    name, browser = user_with_login(site)
    with terminal.waiting("login", "--remote", "--profile", "me") as (process, url):
        assert process.stdin is not None
        process.stdin.write(approve(browser, url)["message"] + "\n")
        process.stdin.flush()
    assert terminal.aws("sts", "get-caller-identity", "--profile", "me")["Arn"].endswith(f"user/{name}")


def test_a_profile_is_configured_by_questions(terminal: Terminal, mary: Person) -> None:
    """`aws configure sso` asks at a terminal, signs in, and offers the accounts and roles that there are."""
    answers = {
        "SSO session name": "work",
        "SSO start URL": mary.instance.start_url,
        "SSO region": "us-east-1",
        "SSO registration scopes": "",
        "Default client Region": "us-east-1",
        "CLI default output format": "json",
        "Profile name": "asked",
        "Choose": "",
    }
    environment = terminal.environment | {"AWS_ENDPOINT_URL": terminal.site.server.endpoint, "TERM": "xterm"}
    with at_a_terminal(AWS_V2, "configure", "sso", "--no-browser", env=environment) as talk:
        talk.answer(answers, until=r"http://\S+/authorize\S+")
        take_back(mary, talk.found)
        talk.answer(answers, until=None)
    written = terminal.config.read_text()
    assert "[profile asked]" in written
    assert f"sso_role_name = {role_of(mary)}" in written
    here = f"[profile asked]\nendpoint_url = {terminal.site.server.endpoint}"
    terminal.config.write_text(written.replace("[profile asked]", here))
    arn = terminal.aws("sts", "get-caller-identity", "--profile", "asked")["Arn"]
    assert arn.endswith(f"/{mary.user.user_name}")


class Talk:
    """A program at a terminal, whose questions are answered."""

    def __init__(self, terminal: int) -> None:
        self._terminal = terminal
        self._shown = ""
        self._asked: list[str] = []
        self.found = ""

    def answer(self, answers: dict[str, str], until: str | None) -> None:
        """Answer each question once, until the program shows what is waited for, or ends."""
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            if not select.select([self._terminal], [], [], 1)[0]:
                continue
            try:
                self._shown += os.read(self._terminal, 4096).decode(errors="replace")
            except OSError:  # it has ended
                return
            if b"\x1b[6n" in self._shown.encode():  # where is the cursor?
                self._shown = self._shown.replace("\x1b[6n", "")
                os.write(self._terminal, b"\x1b[1;1R")
            text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self._shown)
            found = re.search(until + r"(?=\s)", text) if until is not None else None
            if found is not None:
                self.found = found[0]
                return
            for question, given in answers.items():
                if question in text and question not in self._asked:
                    self._asked.append(question)
                    os.write(self._terminal, given.encode() + b"\r")
        pytest.fail(f"it shows {self._shown[-2000:]}")


@contextmanager
def at_a_terminal(*command: str | Path, env: dict[str, str]) -> Iterator[Talk]:
    """A command at a terminal of its own."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 2000, 0, 0))
    process = subprocess.Popen([*command], env=env, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    try:
        yield Talk(ours)
        assert process.wait(timeout=SECONDS) == 0
    finally:
        process.kill()
        process.wait()
        os.close(ours)
