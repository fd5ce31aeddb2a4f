"""One line a call, for whoever watches; nobody waits for it."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import threading
import time
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest

from carnet.audit.event_lines import as_json, as_text
from carnet.server import call_lines
from carnet.server.call_lines import CallLines
from tests.attacks.wire import Holder, audit, call, root_of
from tests.server.in_process import InProcessServer
from tests.starting.forked import Carnet
from tests.waiting import PATIENCE_SECONDS, eventually


def events(server: InProcessServer) -> list[str]:
    """The lines of an allowed call, a denied one, one that found nothing, and one with a wrong signature."""
    root = root_of(server)
    iam = server.client("iam")
    iam.create_user(UserName="alice")
    alice = Holder.of(iam.create_access_key(UserName="alice")["AccessKey"])
    before = len(audit(server))
    call(server, root, "ListUsers")
    call(server, alice, "ListUsers")
    call(server, root, "GetUser", UserName="nobody")
    call(server, Holder(key_id=root.key_id, secret="0" * 40), "ListUsers")
    return [as_text(event) for event in audit(server)[before:]]


def test_a_line_says_when_who_what_and_what_came_of_it(server: InProcessServer) -> None:
    account = server.root.account
    allowed, denied, missing, refused = events(server)
    ids = [event["requestID"] for event in audit(server)[-4:]]
    assert re.fullmatch(rf"\d\d:\d\d:\d\dZ  allowed  iam:ListUsers +{account}:root +{ids[0]}", allowed)
    assert re.fullmatch(rf"\S+Z  denied   iam:ListUsers +{account}:user/alice +{ids[1]}  AccessDenied", denied)
    assert re.fullmatch(rf"\S+Z  allowed  iam:GetUser +{account}:root +{ids[2]}  NoSuchEntityException", missing)
    key = server.root.access_key_id
    assert re.fullmatch(rf"\S+Z  refused  iam:ListUsers +{key} +{ids[3]}  SignatureDoesNotMatch", refused)


def test_the_same_in_json(server: InProcessServer) -> None:
    events(server)
    event = audit(server)[-3]
    assert json.loads(as_json(event)) == {
        "time": event["eventTime"],
        "outcome": "denied",
        "action": "iam:ListUsers",
        "account": server.root.account,
        "who": f"arn:aws:iam::{server.root.account}:user/alice",
        "sourceIPAddress": "127.0.0.1",
        "decisionId": event["requestID"],
        "error": "AccessDenied",
    }


def test_control_characters_of_callers_do_not_reach_the_terminal(server: InProcessServer) -> None:
    server.client("iam").list_users()
    event = audit(server)[-1]
    assert "\x1b" not in as_text({**event, "errorCode": "\x1b[2J"})


def test_a_terminal_that_is_held_holds_up_nobody_and_is_told_what_it_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_lines, "_MOST_WAITING", 2)
    goes_on, written = threading.Event(), list[str]()

    def write(text: str) -> None:
        goes_on.wait(PATIENCE_SECONDS)
        written.append(text)

    lines = CallLines(write, lambda event: str(event["n"]))
    lines.put(b'{"n":1}\n')
    eventually(lambda: not lines._waiting)  # until the first is at the terminal
    began = time.monotonic()
    for number in range(2, 7):
        lines.put(b'{"n":%d}\n' % number)
    assert time.monotonic() - began < 30
    goes_on.set()
    lines.close(10)
    assert "".join(written).splitlines() == ["1", "2", "3", "3 more calls are not shown"]


def test_a_terminal_that_is_gone_ends_the_lines_alone() -> None:
    def write(text: str) -> None:
        raise OSError("gone")

    lines = CallLines(write, str)
    lines.put(b'{"n":1}\n')
    lines._thread.join(PATIENCE_SECONDS)
    assert not lines._thread.is_alive()
    lines.put(b'{"n":2}\n')
    lines.close(0.1)


def served(tmp_path: Path, *options: str, terminal: bool) -> str:
    """What `carnet serve` has printed when it has been called once and has ended."""
    ours, theirs = pty.openpty() if terminal else os.pipe()
    process = Carnet("serve", "--port", "0", *options, stdout=theirs, stderr=subprocess.DEVNULL, cwd=tmp_path)
    os.close(theirs)
    told = ""
    try:
        told = until(ours, told, r"AWS_REGION=us-east-1|AWS_DEFAULT_REGION=\S+\s")
        address = re.findall(r"http://(127.0.0.1:\d+)", told)[0]
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(
                f"http://{address}/", data=b"Action=ListUsers&Version=2010-05-08", timeout=PATIENCE_SECONDS
            )
        refused.value.close()
        process.terminate()
        process.wait(PATIENCE_SECONDS)
        with suppress(OSError):  # a terminal that nobody else holds
            while rest := os.read(ours, 65536):
                told += rest.decode()
    finally:
        process.kill()
        process.wait(PATIENCE_SECONDS)
        os.close(ours)
    return told


def until(descriptor: int, told: str, wanted: str) -> str:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not re.search(wanted, told) and time.monotonic() < deadline:
        if select.select([descriptor], [], [], 0.2)[0]:
            told += os.read(descriptor, 65536).decode()
    return told


@pytest.mark.parametrize(
    ("options", "terminal", "shown"),
    [
        ((), True, "text"),
        (("--quiet",), True, ""),
        ((), False, ""),
        (("--log-format", "json"), False, "json"),
    ],
)
def test_calls_are_shown_on_a_terminal_or_if_a_form_is_asked_for(
    tmp_path: Path, options: tuple[str, ...], terminal: bool, shown: str
) -> None:
    told = served(tmp_path, *options, terminal=terminal)
    assert ("refused  " in told) == (shown == "text")
    assert ('"outcome":"refused"' in told) == (shown == "json")
