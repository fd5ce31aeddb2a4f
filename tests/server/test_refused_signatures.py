"""What the server computed of a request whose signature it refuses is in its log, and nowhere else."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from carnet.audit.decisions import DecisionLog
from carnet.audit.explanations import explanation
from carnet.audit.reading import backwards
from carnet.base.faults import Unavailable
from tests.attacks.wire import Answer, Holder, audit, call
from tests.server.in_process import InProcessServer, in_process_server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[InProcessServer]:
    with in_process_server(tmp_path) as running:
        yield running


def with_wrong_secret(server: InProcessServer) -> Answer:
    return call(server, Holder(key_id=server.root.access_key_id, secret="0" * 40), "ListUsers")


def kept(server: InProcessServer) -> list[dict[str, Any]]:
    lines = server.installation.settings.decisions_file.read_text().splitlines()
    return [line for line in map(json.loads, lines) if "refusedSignature" in line]


def test_the_log_shows_what_was_computed(server: InProcessServer, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="carnet"):
        answer = with_wrong_secret(server)
    assert (answer.status, answer.code) == (403, "SignatureDoesNotMatch")
    (line,) = kept(server)
    event = audit(server)[-1]
    assert line["decision"] == event["requestID"]
    canonical = line["refusedSignature"]["canonicalRequest"]
    assert canonical.startswith("POST\n/\n\ncontent-type:")
    assert f"\nhost:127.0.0.1:{server.port}\n" in canonical
    assert line["refusedSignature"]["stringToSign"].startswith("AWS4-HMAC-SHA256\n")
    for text in (answer.head + answer.text, json.dumps(event), caplog.text):
        assert canonical.rpartition("\n")[2] not in text
        assert line["refusedSignature"]["stringToSign"].rpartition("\n")[2] not in text


def test_an_unknown_key_fills_no_log(server: InProcessServer) -> None:
    answer = call(server, Holder(key_id="AKIAQNZGKIQY56JQ7WML", secret="0" * 40), "ListUsers")
    assert answer.code == "InvalidClientTokenId"
    assert kept(server) == []


def test_the_denials_of_the_same_file_are_still_explained(server: InProcessServer) -> None:
    with_wrong_secret(server)
    iam = server.client("iam")
    iam.create_user(UserName="alice")
    alice = Holder.of(iam.create_access_key(UserName="alice")["AccessKey"])
    assert call(server, alice, "ListUsers").code == "AccessDenied"
    path = server.installation.settings.decisions_file
    denial = explanation([backwards(path)], audit(server)[-1]["requestID"])
    assert denial is not None
    assert denial.traces
    refused = explanation([backwards(path)], kept(server)[0]["decision"])
    assert refused is not None
    assert "POST\n  /\n" in refused.render()


def test_a_log_that_cannot_be_written_is_told(server: InProcessServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise Unavailable("The audit log cannot be written.")

    monkeypatch.setattr(DecisionLog, "record_refused_signature", full)
    answer = with_wrong_secret(server)
    assert (answer.status, answer.code) == (503, "ServiceUnavailable")
    assert audit(server)[-1]["errorCode"] == "ServiceUnavailable"
