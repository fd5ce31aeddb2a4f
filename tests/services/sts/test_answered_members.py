"""Members that operations of STS leave empty in each of their answers, with the reason.

The table may only shrink.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.oidc import issuer
from tests.services.answered import answering, empty
from tests.services.sts.full_sessions import FullSessions
from tests.services.world import open_world

EMPTY = {
    "AWS calls the member deprecated and does not fill it.": ("GetDelegatedAccessToken.PackedPolicySize",),
}


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FullSessions]:
    directory = tmp_path_factory.mktemp("full")
    keys = directory / "keys.json"
    keys.write_text(json.dumps({issuer.URL: issuer.key_set(issuer.private_key("RS256"))}))
    with open_world(directory, oidc_keys_file=keys) as world:
        yield FullSessions(world)


def test_every_operation_is_asked(sessions: FullSessions) -> None:
    assert answering("sts") == sessions.filled.keys()


def test_members_are_filled_but_these(sessions: FullSessions) -> None:
    assert empty("sts", sessions.filled) == {name for names in EMPTY.values() for name in names}
