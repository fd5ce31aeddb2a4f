"""Signing in with the AWS CLI: a home directory in which it runs, and a browser that answers what it asks."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import Timer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from carnet.entities.account_assignment import AccountAssignment
from carnet.entities.permission_set import PermissionSet
from tests.clients.running import AWS_V2
from tests.console.browsing import Browser
from tests.console.conftest import Site
from tests.console.test_sso_consent import Person
from tests.starting.forked import carnet

SECONDS = 300


class Terminal:
    """A home directory in which programs run, the AWS CLI among them."""

    def __init__(self, home: Path, site: Site, cli: Path = AWS_V2) -> None:
        self.site, self._home, self._cli = site, home, cli
        self.config = home / ".aws" / "config"
        self.config.parent.mkdir()

    @property
    def environment(self) -> dict[str, str]:
        path = f"{self._cli.parent}:/usr/bin:/bin"
        return {"HOME": str(self._home), "PATH": path, "AWS_PAGER": "", "AWS_EC2_METADATA_DISABLED": "true"}

    def ran(self, *command: str | Path, **more: str) -> str:
        """What a program prints that ends well."""
        done = subprocess.run(
            command, env=self.environment | more, capture_output=True, text=True, timeout=SECONDS, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def aws(self, *arguments: str) -> dict[str, Any]:
        shown = self.ran(self._cli, *arguments)
        told: dict[str, Any] = json.loads(shown) if shown.strip().startswith("{") else {}
        return told

    def waiting(self, *arguments: str, form: str = r"http://\S+") -> AbstractContextManager[Waiting]:
        """The AWS CLI, which waits for the browser, and the address that it shows, or what else has the form."""
        return waiting(self._cli, *arguments, env=self.environment, form=form)

    def boto3(self, profile: str, python: str | Path = sys.executable, **more: str) -> str:
        """The ARN that boto3 has with a profile."""
        program = (
            f"import boto3; print(boto3.Session(profile_name={profile!r}).client('sts').get_caller_identity()['Arn'])"
        )
        return self.ran(python, "-c", program, **more).strip()


Waiting = tuple[subprocess.Popen[str], str]


@contextmanager
def waiting(*command: str | Path, env: Mapping[str, str], form: str) -> Iterator[Waiting]:
    """A command that waits for the browser, and what it shows of a form; it ends well afterwards."""
    process = subprocess.Popen(
        command,
        env={**env, "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    too_long = Timer(SECONDS, process.kill)
    too_long.start()
    try:
        yield process, _shown(process, form)
        output, _ = process.communicate(timeout=SECONDS)
        assert process.returncode == 0, output
    finally:
        too_long.cancel()
        process.kill()


def _shown(process: subprocess.Popen[str], form: str) -> str:
    assert process.stdout is not None
    shown = ""
    for line in process.stdout:
        shown += line
        if found := re.search(form, line):
            return found[0]
    pytest.fail(f"it shows nothing of what is waited for: {shown}")


def configure(terminal: Terminal, mary: Person, role: str) -> None:
    place = ("--endpoint-url", terminal.site.server.endpoint, "--start-url", mary.instance.start_url)
    what = ("--account-id", terminal.site.account, "--role-name", role)
    carnet("configure", "sso", "dev", *what, *place, env=terminal.environment).check_returncode()


def role_of(mary: Person) -> str:
    view = mary.site.server.installation.directory.snapshot.accounts[mary.site.account]
    (assigned,) = (one for one in view.of(AccountAssignment) if one.principal == mary.user.id)
    return view.of(PermissionSet).by_id[assigned.permission_set].name


CODE = r"\b[A-Z]{4}-[A-Z]{4}\b"


def allow_device(mary: Person, code: str) -> None:
    """Allow the device that shows a code."""
    found = parse_qs(urlsplit(mary.find(code).told["to"]).query)["found"][0]
    assert mary.send({"kind": "device", "found": found, "answer": "allow"}).status == 200


def take_back(mary: Person, url: str) -> None:
    """Consent, and go where the browser is sent: to the CLI, which listens."""
    asked = urlsplit(url)
    assert asked.path == "/authorize"
    page = mary.browser.get(f"{asked.path}?{asked.query}")
    assert page.status == 200, page.text
    to = mary.send({"kind": "client", "query": asked.query, "answer": "allow"}).told["to"]
    with urllib.request.urlopen(to, timeout=30) as answer:
        assert answer.status == 200


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
