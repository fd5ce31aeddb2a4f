"""People and users sign in with the AWS CLI of version 2, and boto3 takes what it got; the browser is plain HTTP.

The counterpart is the CLI itself, which `make clients` unpacks.
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from carnet.entities.account_assignment import AccountAssignment
from carnet.entities.permission_set import PermissionSet
from tests.clients.running import AWS_V2
from tests.console.browsing import Browser
from tests.console.conftest import Site
from tests.console.test_people import instance
from tests.console.test_sso_consent import Person
from tests.server.in_process import in_process_server
from tests.starting.forked import carnet

pytestmark = pytest.mark.skipif(not AWS_V2.exists(), reason=f"{AWS_V2} is not there: make clients unpacks it")
assert callable(instance), "a fixture"
_SECONDS = 120


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with in_process_server(tmp_path_factory.mktemp("site"), password_hash_kib=8) as server:
        yield Site(server, server.client("iam"))


class Terminal:
    """A home directory in which commands of the AWS CLI run."""

    def __init__(self, home: Path, site: Site) -> None:
        self.home, self.site = home, site
        self.config = home / ".aws" / "config"
        self.config.parent.mkdir()

    @property
    def environment(self) -> dict[str, str]:
        return {"HOME": str(self.home), "PATH": "/usr/bin:/bin", "AWS_PAGER": "", "AWS_EC2_METADATA_DISABLED": "true"}

    def aws(self, *arguments: str) -> dict[str, Any]:
        done = subprocess.run(
            [AWS_V2, *arguments], env=self.environment, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
        assert done.returncode == 0, done.stderr
        told: dict[str, Any] = json.loads(done.stdout) if done.stdout.strip().startswith("{") else {}
        return told

    @contextmanager
    def waiting(self, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
        """A command that waits for the browser, and the address that it shows."""
        process = subprocess.Popen(
            [AWS_V2, *arguments],
            env=self.environment | {"PYTHONUNBUFFERED": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            yield process, _address(process)
            output, _ = process.communicate(timeout=_SECONDS)
            assert process.returncode == 0, output
        finally:
            process.kill()

    def boto3(self, profile: str) -> str:
        """The ARN that boto3 has with a profile."""
        program = (
            f"import boto3; print(boto3.Session(profile_name={profile!r}).client('sts').get_caller_identity()['Arn'])"
        )
        done = subprocess.run(
            [sys.executable, "-c", program],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        found = re.search(r"http://\S+", line)
        if found is not None:
            return found[0]
    pytest.fail("it shows no address")


@pytest.fixture
def terminal(tmp_path: Path, site: Site) -> Terminal:
    return Terminal(tmp_path, site)


@pytest.fixture
def mary(site: Site, instance: Any) -> Person:
    """A person of each test's own: one of them signs out."""
    made = Person(site, instance)
    made.assigned()
    return made


def configure(terminal: Terminal, mary: Person, role: str) -> None:
    place = ("--endpoint-url", terminal.site.server.endpoint, "--start-url", mary.instance.start_url)
    what = ("--account-id", terminal.site.account, "--role-name", role)
    carnet("configure", "sso", "dev", *what, *place, env=terminal.environment).check_returncode()


def role_of(mary: Person) -> str:
    view = mary.site.server.installation.directory.snapshot.accounts[mary.site.account]
    (assigned,) = (one for one in view.of(AccountAssignment) if one.principal == mary.user.id)
    return view.of(PermissionSet).by_id[assigned.permission_set].name


def test_a_person_signs_in_by_a_device_code(terminal: Terminal, mary: Person) -> None:
    configure(terminal, mary, role_of(mary))
    with terminal.waiting("sso", "login", "--profile", "dev", "--use-device-code", "--no-browser") as (process, url):
        assert process.stdout is not None
        rest = url
        while "user_code" not in rest:
            rest = process.stdout.readline()
        code = re.search(r"user_code=([A-Z-]+)", rest)
        assert code is not None
        found = parse_qs(urlsplit(mary.find(code[1]).told["to"]).query)["found"][0]
        assert mary.send({"kind": "device", "found": found, "answer": "allow"}).status == 200
    check(terminal, mary)


def test_a_person_signs_in_by_a_code_of_the_browser(terminal: Terminal, mary: Person) -> None:
    configure(terminal, mary, role_of(mary))
    with terminal.waiting("sso", "login", "--profile", "dev", "--no-browser") as (_, url):
        take_back(mary, url)
    check(terminal, mary)
    terminal.aws("sso", "logout", "--profile", "dev")
    assert not mary.browser.is_signed_in(), "the session of the browser is ended, too"


def take_back(mary: Person, url: str) -> None:
    """Consent, and go where the browser is sent: to the CLI, which listens."""
    asked = urlsplit(url)
    assert asked.path == "/authorize"
    page = mary.browser.get(f"{asked.path}?{asked.query}")
    assert page.status == 200, page.text
    to = mary.send({"kind": "client", "query": asked.query, "answer": "allow"}).told["to"]
    with urllib.request.urlopen(to, timeout=30) as answer:
        assert answer.status == 200


def check(terminal: Terminal, mary: Person) -> None:
    end = f"/{mary.user.user_name}"
    assert terminal.aws("sts", "get-caller-identity", "--profile", "dev")["Arn"].endswith(end)
    exported = terminal.aws("configure", "export-credentials", "--profile", "dev")
    assert exported["AccessKeyId"].startswith("ASIA")
    assert terminal.boto3("dev").endswith(end)


def user_with_login(site: Site) -> tuple[str, Browser]:
    """A user who may use `aws login`, signed in in a browser."""
    name, browser = site.user(), site.browser
    allowed = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "signin:*", "Resource": "*"}}
    site.iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps(allowed))
    assert site.sign_in(browser, name)["next"] == "done"
    return name, browser


def approve(browser: Browser, url: str) -> dict[str, str]:
    asked = urlsplit(url)
    assert asked.path == "/v1/authorize"
    given = {"kind": "login", "query": asked.query, "answer": "allow"}
    page = browser.ask("POST", "/console/approve", given, x_carnet_csrf=browser.csrf(f"{asked.path}?{asked.query}"))
    assert page.status == 200, page.text
    told: dict[str, str] = page.told
    return told


def configure_login(terminal: Terminal) -> None:
    endpoint = terminal.site.server.endpoint
    terminal.config.write_text(
        f"""[profile me]
region = us-east-1
endpoint_url = {endpoint}
services = carnet
[services carnet]
signin =
  endpoint_url = {endpoint}
"""
    )


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
        deadline = time.monotonic() + _SECONDS
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
        assert process.wait(timeout=_SECONDS) == 0
    finally:
        process.kill()
        process.wait()
        os.close(ours)
