"""Parsed documents are remembered, and the memory is bounded by what they are made of, not by their number."""

from __future__ import annotations

import gc
import json
import weakref

import pytest

from carnet.access import documents
from carnet.access.documents import bound_policy, stored_policy
from carnet.policy.document import Grammar
from carnet.policy.engine.recent import Recent
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
    monkeypatch.setattr(documents, "_understood", Recent(1_000, lambda policy: policy.parts))
    alive = [weakref.ref(stored_policy(long_document(number), Grammar.SESSION, "s")) for number in range(12)]
    gc.collect()
    assert sum(one() is not None for one in alive) <= 2 * 1_000 // 300 + 1


def test_long_documents_that_are_never_saved_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    remembered = documents_to_save._parsed
    monkeypatch.setattr(documents_to_save, "_parsed", Recent(1_000, remembered._weigh))
    alive = [weakref.ref(parse_once(long_document(number), Grammar.MANAGED, "aws")) for number in range(12)]
    gc.collect()
    assert sum(one() is not None for one in alive) <= 2 * 1_000 // 300 + 1
