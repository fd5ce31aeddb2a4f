"""Session policies, of each operation that takes one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from carnet import models
from carnet.keyring import session_tokens
from carnet.services.sts import sessions as packing
from tests.services.iam.expect import refused
from tests.services.sts.full_sessions import FullSessions, open_sessions

NARROWING = (
    "AssumeRole",
    "AssumeRoleWithSAML",
    "AssumeRoleWithWebIdentity",
    "GetFederationToken",
    "GetScopedCredentials",
)
"""The operations that take a session policy."""


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FullSessions]:
    with open_sessions(tmp_path_factory.mktemp("policies")) as made:
        yield made


def test_these_take_a_session_policy() -> None:
    operations = models.service("sts").operations.items()
    assert [name for name, asked in operations if asked.input and "Policy" in asked.input.members] == [*NARROWING]


@pytest.mark.parametrize("name", NARROWING)
def test_a_session_policy_is_a_policy(sessions: FullSessions, name: str) -> None:
    assert _refused(sessions, name, Policy="{}") == "MalformedPolicyDocument"


@pytest.mark.parametrize("name", NARROWING)
def test_what_a_session_carries_has_a_bound(sessions: FullSessions, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "PACKED_BYTES", 100)
    assert _refused(sessions, name) == "PackedPolicyTooLarge"


@pytest.mark.parametrize("name", [*NARROWING, "GetDelegatedAccessToken"])
def test_a_session_token_has_a_bound(sessions: FullSessions, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_tokens, "MAX_TOKEN_CHARACTERS", 300)
    assert _refused(sessions, name) == "PackedPolicyTooLarge"


def _refused(sessions: FullSessions, name: str, **others: str) -> str:
    """The code of what the operation is refused with, asked as before but for these members."""
    caller, given = sessions.asked[name]
    return refused(sessions.world, caller, name, service="sts", **{**given, **others})[0]
