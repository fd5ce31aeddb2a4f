from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from carnet.entities.device_authorization import user_code_digest, user_code_of
from carnet.entities.oauth_session import GRACE, Grantor, OAuthSession, RefreshUse

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SESSION = OAuthSession(
    id="s",
    account="111122223333",
    kind=Grantor.PERSON,
    holder="p",
    client="c",
    client_name="cli",
    grant="g",
    created=NOW,
    expires=NOW + timedelta(hours=8),
    rotated=NOW,
    generation=3,
)


@pytest.mark.parametrize(
    ("generation", "after", "use"),
    [
        (3, timedelta(days=1), RefreshUse.NEXT),
        (2, timedelta(0), RefreshUse.AGAIN),
        (2, GRACE, RefreshUse.AGAIN),
        (2, GRACE + timedelta(microseconds=1), RefreshUse.STOLEN),
        (1, timedelta(0), RefreshUse.STOLEN),
        (4, timedelta(0), RefreshUse.STOLEN),
    ],
)
def test_what_the_use_of_a_refresh_token_means(generation: int, after: timedelta, use: RefreshUse) -> None:
    assert SESSION.use_of(generation, NOW + after) is use


def test_a_session_ends_with_its_time_and_when_it_is_revoked() -> None:
    assert SESSION.is_good(SESSION.expires - timedelta(microseconds=1))
    assert not SESSION.is_good(SESSION.expires)


def test_a_session_remembers_the_newest_proofs_only() -> None:
    proven = SESSION
    for number in range(100):
        proven = proven.proven(str(number))
    assert proven.proofs == tuple(str(number) for number in range(68, 100))


def test_a_user_code_is_known_however_it_is_typed() -> None:
    code = user_code_of(bytes(range(8)))
    assert code == "BCDF-GHJK"
    assert len({user_code_digest(typed) for typed in (code, "bcdfghjk", " bcdf - ghjk ", "BCDFGHJK")}) == 1
    assert {user_code_digest(typed) for typed in ("", "BCDF-GHJ", "BCDF-GHJKL", "ACDF-GHJK", "BCDF_GHJK")} == {None}
