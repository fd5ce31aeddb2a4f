"""`carnet explain`, `audit` and `status`, of a server that has no files: what they ask, of whom, and as whom."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from queue import Empty, Queue
from types import MappingProxyType
from typing import Any

import pytest
from botocore.exceptions import ClientError

from carnet.cli import audit
from tests.cli.developing import ACCOUNT, KEY, SECRET, client, developing
from tests.clients.running import free_port, running_server
from tests.starting.forked import Carnet, carnet

TOKEN = "carnet_ot_" + "a1" * 32
OPERATOR = {"CARNET_OPERATOR_TOKEN": TOKEN}
ROOT = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}


@dataclass(frozen=True, kw_only=True)
class Dev:
    """A server, an empty directory to run commands in, and what has happened at the server."""

    endpoint: str
    place: Path
    denials: tuple[str, ...]
    """Ids, in their order."""


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    place = tmp_path_factory.mktemp("dev")
    with developing(place, CARNET_DEV_OPERATOR_TOKEN=TOKEN) as endpoint:
        iam = client("iam", endpoint)
        iam.create_user(UserName="alice")
        made = iam.create_access_key(UserName="alice")["AccessKey"]
        alice = client("iam", endpoint, made["AccessKeyId"], made["SecretAccessKey"])
        yield Dev(
            endpoint=endpoint,
            place=place,
            denials=tuple(denied(alice, name) for name in ("one", "two")),
        )


def denied(alice: Any, name: str) -> str:
    with pytest.raises(ClientError, match="AccessDenied") as problem:
        alice.create_user(UserName=name)
    found: str = problem.value.response["ResponseMetadata"]["RequestId"]
    return found


def run(
    place: Path, *words: str, code: int = 0, who: Mapping[str, str] = MappingProxyType({}), **environment: str
) -> str:
    """What a command says, in a process that knows nothing but this environment."""
    own = {"PATH": os.environ["PATH"], "HOME": str(place)}
    done = carnet(*words, cwd=place, env=own | dict(who) | environment)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout if code == 0 else done.stderr


def explained(told: str) -> list[str]:
    return [line.split()[1] for line in told.splitlines() if line.startswith("decision ")]


@pytest.mark.parametrize("who", [ROOT, OPERATOR], ids=["signed", "operator"])
def test_the_lines_that_the_server_prints_are_enough_to_explain_the_last_denial(dev: Dev, who: dict[str, str]) -> None:
    told = run(dev.place, "explain", AWS_ENDPOINT_URL=dev.endpoint, who=who)
    assert explained(told) == [dev.denials[-1]]
    assert "implicitDeny by identity-based policy" in told
    assert "missing: iam:CreateUser on arn:aws:iam::" in told


@pytest.mark.parametrize("who", [ROOT, OPERATOR], ids=["signed", "operator"])
def test_several_and_one_by_its_id_are_explained_as_from_the_log(dev: Dev, who: dict[str, str]) -> None:
    def explain(*words: str) -> str:
        return run(dev.place, "explain", "--endpoint-url", dev.endpoint, *words, who=who)

    assert explained(explain("--last", "2")) == list(dev.denials)
    assert [one["decisionId"] for one in json.loads(explain("--last", "100", "--output", "json"))] == list(dev.denials)
    assert json.loads(explain("--output", "json"))["decisionId"] == dev.denials[-1]
    assert explained(explain(dev.denials[0])) == [dev.denials[0]]
    assert json.loads(explain(dev.denials[0], "--output", "json"))["remedy"]["grants"]


def test_what_happens_at_a_server_is_followed_until_ctrl_c(tmp_path: Path) -> None:
    with developing(tmp_path, CARNET_DEV_OPERATOR_TOKEN=TOKEN) as endpoint:
        iam = client("iam", endpoint)
        iam.create_user(UserName="alice")
        made = iam.create_access_key(UserName="alice")["AccessKey"]
        alice = client("iam", endpoint, made["AccessKeyId"], made["SecretAccessKey"])
        with following(tmp_path, endpoint, "explain", "--follow", "--output", "json") as told:
            first, second = told(lambda: denied(alice, "one")), told(lambda: denied(alice, "two"))
        assert json.loads(first)["request"]["action"] == "iam:CreateUser"
        assert json.loads(first)["decisionId"] != json.loads(second)["decisionId"]
        with following(tmp_path, endpoint, "audit", "tail", "-f", "--lines", "0", "--output", "event") as told:
            events = [json.loads(told(lambda: denied(alice, "three"))) for _ in range(3)]
        assert {event["eventName"] for event in events} == {"CreateUser"}


@contextmanager
def following(place: Path, endpoint: str, *words: str) -> Iterator[Callable[[Callable[[], object]], str]]:
    """A command that follows: gives what it prints next while something happens again and again."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(place), "AWS_ENDPOINT_URL": endpoint, **OPERATOR}
    command = Carnet(*words, cwd=place, env=environment, stdout=subprocess.PIPE)
    lines: Queue[str] = Queue()
    output = command.stdout
    assert output is not None
    reading = threading.Thread(target=lambda: deque(map(lines.put, output), maxlen=0), daemon=True)
    reading.start()

    def told(happens: Callable[[], object]) -> str:
        for _ in range(400):
            happens()
            with suppress(Empty):
                return lines.get(timeout=0.3)
        pytest.fail("nothing is told")

    try:
        yield told
        command.send_signal(signal.SIGINT)
        assert command.wait(timeout=120) == 0
    finally:
        command.kill()
        command.wait()
        reading.join()
        output.close()


@pytest.mark.parametrize("who", [ROOT, OPERATOR], ids=["signed", "operator"])
def test_the_events_of_a_server(dev: Dev, who: dict[str, str]) -> None:
    def audit(*words: str) -> list[str]:
        return run(dev.place, "audit", *words, AWS_ENDPOINT_URL=dev.endpoint, who=who).splitlines()

    made = [line.split()[1:3] for line in audit("search", "--event-name", "CreateUser")]
    assert made == [["denied", "iam:CreateUser"]] * 2 + [["allowed", "iam:CreateUser"]]
    found = [json.loads(line) for line in audit("search", "--failed", "--username", "alice", "--output", "json")]
    assert [event["decisionId"] for event in found if event["action"] == "iam:CreateUser"] == list(dev.denials)[::-1]
    assert len(audit("search", "--limit", "1", "--account", ACCOUNT)) == 1
    assert audit("search", "--since", "2100-01-01") == audit("search", "--until", "2000-01-01") == []
    assert len(audit("search", "--since", "2000-01-01", "--until", "2100-01-01", "--event-name", "CreateUser")) == 3
    times = [json.loads(line)["eventTime"] for line in audit("tail", "-n", "4", "--output", "event")]
    assert len(times) == 4
    assert times == sorted(times)
    assert audit("tail", "-n", "0") == []


def test_the_pages_of_a_server_are_read_one_after_the_other(
    dev: Dev, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(audit, "_MOST_ON_A_PAGE", 1)
    monkeypatch.setenv("CARNET_OPERATOR_TOKEN", TOKEN)
    words = ("search", "--event-name", "CreateUser", "--output", "json", "--endpoint-url", dev.endpoint)
    for limit, expected in ((3, 3), (2, 2), (9, 3)):
        audit.audit([*words, "--limit", str(limit)], standalone_mode=False)
        assert len(capsys.readouterr().out.splitlines()) == expected


def test_the_status_of_a_server(dev: Dev) -> None:
    assert "accounts:  1\n" in run(dev.place, "status", "--endpoint-url", dev.endpoint, who=OPERATOR)
    told = json.loads(run(dev.place, "status", "--output", "json", "--endpoint-url", dev.endpoint, who=ROOT))
    assert (told["status"], told["account"]) == ("ok", ACCOUNT)


def test_a_session_signs_with_its_token(dev: Dev) -> None:
    made = client("sts", dev.endpoint).get_session_token()["Credentials"]
    session = {
        "AWS_ACCESS_KEY_ID": made["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": made["SecretAccessKey"],
        "AWS_SESSION_TOKEN": made["SessionToken"],
    }
    assert ACCOUNT in run(dev.place, "status", "--endpoint-url", dev.endpoint, who=session)
    wrong = session | {"AWS_SESSION_TOKEN": "x"}
    told = run(dev.place, "status", "--endpoint-url", dev.endpoint, code=1, who=wrong)
    assert "InvalidClientTokenId" in told
    assert told.endswith(". The caller is the one of AWS_ACCESS_KEY_ID, as CARNET_OPERATOR_TOKEN is not set.\n")


def test_who_may_not_ask_is_told_what_is_missing(tmp_path: Path) -> None:
    with developing(tmp_path) as endpoint:
        iam = client("iam", endpoint)
        iam.create_user(UserName="bob")
        made = iam.create_access_key(UserName="bob")["AccessKey"]
        bob = {"AWS_ACCESS_KEY_ID": made["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": made["SecretAccessKey"]}
        told = run(tmp_path, "explain", "--endpoint-url", endpoint, code=1, who=bob)
        assert told.startswith(f"Error: {endpoint} answers AccessDenied: ")
        assert "carnet:ListDenials" in told
        way_out = (
            "Ask with an operator token in CARNET_OPERATOR_TOKEN (carnet operator-token create; of carnet serve --dev, "
            "--dev-operator-token), or with an access key whose policies allow it: docs/http-api.md.\n"
        )
        assert told.endswith(f" allows the carnet:ListDenials action. {way_out}")
        operators = run(tmp_path, "gateway", "status", "--endpoint-url", endpoint, code=1, who=bob)
        assert operators.endswith(f"it takes an operator token. {way_out}")
        wrong = run(tmp_path, "explain", "--endpoint-url", endpoint, code=1, who=OPERATOR)
        assert wrong.startswith(f"Error: {endpoint} answers InvalidToken: ")
        assert TOKEN not in wrong
        assert "carnet operator-token list" in wrong


def test_what_is_not_there(dev: Dev) -> None:
    told = run(dev.place, "explain", "some-id", "--endpoint-url", dev.endpoint, code=1, who=ROOT)
    assert told == (
        f"Error: {dev.endpoint} answers NotFound: There is no decision some-id in what is looked through of the log.\n"
    )
    for decision_id in ("..", "a/b", "", "ä", "a" * 129, "a\x1b[2J"):
        told = run(dev.place, "explain", decision_id, "--endpoint-url", dev.endpoint, code=1, who=ROOT)
        assert told.startswith("Error: No decision ")
        assert "\x1b" not in told


def test_no_denial_is_no_error_of_the_server(tmp_path: Path) -> None:
    with developing(tmp_path) as endpoint:
        told = run(tmp_path, "explain", "--endpoint-url", endpoint, code=1, who=ROOT)
        assert told == f"Error: No denial is recorded at {endpoint}.\n"


def test_nobody_is_named_with_address_and_way_out(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    for words in (("explain",), ("audit", "tail"), ("audit", "search"), ("status",)):
        told = run(tmp_path, *words, "--endpoint-url", url, code=1, who=ROOT)
        assert told.startswith(f"Error: No server answers at {url}: ")
        assert told.endswith("carnet serve starts one; --endpoint-url or AWS_ENDPOINT_URL says where to ask.\n")
        assert told.count("\n") == 1


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://192.0.2.1:4747", "credentials would go in the clear"),
        ("http://example.com", "credentials would go in the clear"),
        ("http://localhost.example.com", "credentials would go in the clear"),
        ("http://127.0.0.1@example.com", "no address of a server"),
        ("http://127.0.0.1:4747/path", "no address of a server"),
        ("http://127.0.0.1:99999", "no address of a server"),
        ("http://127.0.0.1:0", "no server has port 0"),
        ("ftp://127.0.0.1", "no address of a server"),
        ("127.0.0.1:4747", "no address of a server"),
    ],
)
def test_no_credential_goes_where_it_should_not(tmp_path: Path, url: str, why: str) -> None:
    told = run(tmp_path, "explain", "--endpoint-url", url, code=1, who=ROOT)
    assert told.startswith("Error: --endpoint-url is ")
    assert why in told
    assert run(tmp_path, "explain", code=1, AWS_ENDPOINT_URL=url).startswith("Error: AWS_ENDPOINT_URL is ")


@pytest.mark.parametrize("url", ["http://localhost:1", "http://127.0.0.2:1", "http://[::1]:1", "https://127.0.0.1:1"])
def test_this_machine_and_tls_are_asked(tmp_path: Path, url: str) -> None:
    assert f"No server answers at {url}: " in run(tmp_path, "explain", "--endpoint-url", url, code=1, who=ROOT)


@pytest.mark.parametrize(
    ("environment", "why"),
    [
        ({}, "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
        ({"AWS_ACCESS_KEY_ID": KEY}, "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
        (ROOT | {"CARNET_OPERATOR_TOKEN": "sesame\n"}, "CARNET_OPERATOR_TOKEN holds no operator token"),
        (ROOT | {"AWS_SESSION_TOKEN": "sesame\n"}, "AWS_SESSION_TOKEN holds a character"),
        (ROOT | {"AWS_ACCESS_KEY_ID": "sesame ü"}, "AWS_ACCESS_KEY_ID holds a character"),
        (ROOT | {"AWS_REGION": "sesame\n"}, "AWS_REGION holds a character"),
    ],
)
def test_who_asks_is_in_the_environment(tmp_path: Path, environment: dict[str, str], why: str) -> None:
    told = run(tmp_path, "explain", "--endpoint-url", "http://127.0.0.1:1", code=1, who=environment)
    assert why in told
    assert "sesame" not in told


def test_nobody_is_asked_if_a_log_is_at_hand_or_a_directory_is_named(tmp_path: Path) -> None:
    nowhere = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", **ROOT}
    told = run(tmp_path, "explain", code=1, who=nowhere)
    assert "No server answers at http://127.0.0.1:1 (AWS_ENDPOINT_URL, as no log is in the data directory): " in told
    named = run(tmp_path, "explain", "--data-dir", "d", code=1, who=nowhere)
    assert "No decision is recorded at d/audit/decisions.jsonl" in named
    assert "No event is recorded at d/" in run(tmp_path, "audit", "tail", code=1, CARNET_DATA_DIR="d", who=nowhere)
    log = tmp_path / "carnet-data" / "audit" / "decisions.jsonl"
    log.parent.mkdir(parents=True)
    log.write_text("")
    assert "No denial is recorded at carnet-data/" in run(tmp_path, "explain", code=1, who=nowhere)
    both = run(tmp_path, "explain", "--endpoint-url", "http://127.0.0.1:1", "--data-dir", "d", code=2, who=ROOT)
    assert "one of them" in both


def test_what_does_not_go_over_http(tmp_path: Path) -> None:
    url = "http://127.0.0.1:1"
    assert "at most 100" in run(tmp_path, "explain", "--last", "101", "--endpoint-url", url, code=2, who=ROOT)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"[]"),
        (200, b"<html>"),
        (200, b"\xff"),
        (200, b"{}"),
        (200, b'{"decisions": 7, "texts": 7, "events": 7, "status": 7, "revision": 7}'),
        (200, b"[" * 100_000),
        (404, b"{}"),
        (302, b"{}"),
        (500, b"<html>"),
    ],
)
def test_another_server_is_none_of_carnets(tmp_path: Path, status: int, body: bytes) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("location", "http://192.0.2.1/")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            url = f"http://127.0.0.1:{server.server_port}"
            for words in (("explain",), ("audit", "tail"), ("status",)):
                assert f"at {url} is no Carnet server" in run(tmp_path, *words, "--endpoint-url", url, code=1, who=ROOT)
        finally:
            server.shutdown()
            thread.join()


def test_a_certificate_is_looked_at(tmp_path: Path) -> None:
    with running_server(tmp_path / "data", "--tls", "self-signed") as server:
        who = {name: server.environment[name] for name in ROOT}
        told = run(tmp_path, "status", "--endpoint-url", server.endpoint, code=1, who=who)
        assert "AWS_CA_BUNDLE names the file of the certificates to trust" in told
        bundle = str(tmp_path / "data" / "tls" / "ca.pem")
        trusted = run(tmp_path, "status", "--endpoint-url", server.endpoint, AWS_CA_BUNDLE=bundle, who=who)
        assert server.account_id in trusted
        missing = run(tmp_path, "status", "--endpoint-url", server.endpoint, code=1, AWS_CA_BUNDLE="none", who=who)
        assert "AWS_CA_BUNDLE is none, which cannot be read" in missing
