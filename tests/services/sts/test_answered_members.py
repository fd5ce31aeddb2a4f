"""Members that operations of STS leave empty in each of their answers, with the reason.

The table may only shrink.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.services.answered import answering, empty
from tests.services.sts.full_sessions import FullSessions, open_sessions

EMPTY = {
    "AWS calls the member deprecated and does not fill it.": ("GetDelegatedAccessToken.PackedPolicySize",),
}


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FullSessions]:
    with open_sessions(tmp_path_factory.mktemp("full")) as made:
        yield made


def test_every_operation_is_asked(sessions: FullSessions) -> None:
    assert answering("sts") == sessions.filled.keys()


def test_members_are_filled_but_these(sessions: FullSessions) -> None:
    assert empty("sts", sessions.filled) == {name for names in EMPTY.values() for name in names}
