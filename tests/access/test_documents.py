"""Parsed documents are remembered, and the memory is bounded by what they are made of, not by their number."""

from __future__ import annotations

import gc
import json
import tracemalloc
import weakref

import pytest

from carnet.access import documents
from carnet.access.documents import bound_policy, session_policy, stored_policy
from carnet.policy.compile import SESSIONS_ROOM, Engine
from carnet.policy.document import Grammar
from carnet.policy.engine.recent import Recent
from carnet.policy.engine.shares import Shares
from carnet.policy.policies import Policies
from carnet.policy.request import Principal, PrincipalKind, Request
from carnet.services import documents as documents_to_save
from carnet.services.documents import parse_once


def long_document(number: int) -> str:
    """300 ARNs, which take a hundred times the memory of their text."""
    resources = [f"arn:aws:s3:::{number}-{value}" for value in range(300)]
    return json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": resources}})


def test_the_same_document_is_the_same_policy() -> None:
    text = long_document(0)
    assert stored_policy(text, Grammar.SESSION, "s") is stored_policy(text, Grammar.SESSION, "s")
    assert stored_policy(text, Grammar.SESSION, "s") is not stored_policy(text, Grammar.SESSION, "t")
    assert bound_policy(text, Grammar.TRUST, "s", {"a": "b"}) is bound_policy(text, Grammar.TRUST, "s", {"a": "b"})
    assert bound_policy(text, Grammar.TRUST, "s", {"a": "b"}) is not bound_policy(text, Grammar.TRUST, "s", {"a": "c"})


def test_long_documents_of_sessions_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "_of_sessions", Shares(2, lambda: documents._memory(1_000)))
    alive = [weakref.ref(session_policy(long_document(number), "s", "1" * 12)) for number in range(12)]
    gc.collect()
    assert sum(one() is not None for one in alive) <= 2 * 1_000 // 300 + 1


def test_an_account_s_session_policies_drive_out_nothing_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "_of_sessions", Shares(2, lambda: documents._memory(1_000)))
    stored = stored_policy(long_document(0), Grammar.IDENTITY, "s")
    own = session_policy(long_document(0), "s", "1" * 12)
    for number in range(12):
        session_policy(long_document(number), "s", "2" * 12)
    assert session_policy(long_document(0), "s", "1" * 12) is own
    assert stored_policy(long_document(0), Grammar.IDENTITY, "s") is stored
    session_policy(long_document(0), "s", "2" * 12)
    session_policy(long_document(0), "s", "3" * 12)
    assert len(documents._of_sessions) == 2
    assert session_policy(long_document(0), "s", "1" * 12) is not own, "of the account that was asked for longest ago"


def test_what_a_part_of_a_stored_policy_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parsed, compiled and found for a request: some 3 KB, so that the bounds in parts are bounds in bytes."""
    monkeypatch.setattr(documents, "_of_sessions", Shares(2, lambda: documents._memory(1_000)))
    asked = Request(principal=Principal(kind=PrincipalKind.USER, account="1" * 12), action="s3:A", resource="*")
    engine = Engine()
    first = session_policy(long_document(0), "s", "1" * 12)
    engine.for_sessions("1" * 12).decide(asked, Policies(session=(first,)))
    gc.collect()
    tracemalloc.start()
    for number in range(1, 10):
        made = session_policy(long_document(number), "s", "1" * 12)
        engine.for_sessions("1" * 12).decide(asked, Policies(session=(made,)))
    gc.collect()
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert 300 * 500 < held < 2 * (SESSIONS_ROOM + 300) * 3_000


def test_long_documents_that_are_never_saved_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    remembered = documents_to_save._parsed
    monkeypatch.setattr(documents_to_save, "_parsed", Recent(1_000, remembered._weigh))
    alive = [weakref.ref(parse_once(long_document(number), Grammar.MANAGED, "aws")) for number in range(12)]
    gc.collect()
    assert sum(one() is not None for one in alive) <= 2 * 1_000 // 300 + 1
