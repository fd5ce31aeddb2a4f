"""How much of what one person has let clients do is kept: who asks again and again fills no store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from carnet.entities.oauth_session import LONGEST_CODE, OAuthSession
from carnet.identity.auth_failure import AuthFailure
from carnet.services.signin.authorize import CODE_LIVES as OF_SIGN_IN
from carnet.services.sso_oidc.authorize import CODE_LIVES
from tests.oidc.issuer import URL
from tests.services.sso_admin.center import Center as Admin
from tests.services.sso_oidc.apps import EXCHANGE, App, open_center, person
from tests.services.sso_oidc.people import Center, Signed
from tests.services.sso_oidc.test_with_iam import portal_user
from tests.services.world import ServiceError, World

MOST = 3


@pytest.fixture(autouse=True)
def most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("carnet.services.oauth_sessions.MOST_SESSIONS", MOST)


@pytest.fixture
def admin(tmp_path: Path) -> Iterator[Admin]:
    with open_center(tmp_path) as made:
        yield made


def is_good(world: World, token: str) -> bool:
    try:
        return bool(portal_user(world, token))
    except AuthFailure:
        return False


def later(world: World, *, seconds: float = 0) -> None:
    world.clock.advance(LONGEST_CODE.total_seconds() + seconds)


def test_no_code_lives_longer_than_its_session_is_kept() -> None:
    assert max(CODE_LIVES, *OF_SIGN_IN.values()) <= LONGEST_CODE


def test_the_oldest_of_a_person_goes(center: Center) -> None:
    ann, bob = (center.person(name) for name in ("ann", "bob"))
    others = Signed(center, bob)
    signed = []
    for _ in range(MOST + 1):
        signed.append(Signed(center, ann))
        later(center.world)
    assert [is_good(center.world, each.access) for each in (others, *signed)] == [True, False, True, True, True]
    kept = center.world.snapshot.accounts[center.account].of(OAuthSession)
    assert len(kept.referring("holder", ann.id)) == MOST


def test_what_began_just_now_stays_and_another_one_waits(center: Center) -> None:
    """A session that goes before its code is over would let the code make another one."""
    ann = center.person("ann")
    signed = [Signed(center, ann) for _ in range(MOST)]
    later(center.world, seconds=-1)
    client = center.register(legacy=True, scopes=["sso:account:access"])
    asked = center.device(client)
    center.answer(asked["userCode"], center.browser(ann))
    with pytest.raises(ServiceError) as refused:
        center.poll(client, asked["deviceCode"])
    assert (refused.value.code, refused.value.message) == ("SlowDownException", "Too many requests")
    assert all(is_good(center.world, each.access) for each in signed)
    center.world.clock.advance(1)
    assert is_good(center.world, center.poll(client, asked["deviceCode"])["accessToken"]), "the device asks once more"
    assert sorted(is_good(center.world, each.access) for each in signed) == [False, True, True]


def test_an_application_has_sessions_of_its_own(admin: Admin) -> None:
    """It takes a token from no other one, whatever it is given one for."""
    trusted = admin.issuer("issuer", URL)
    first, second = App(admin, trusted), App(admin, trusted)
    world, ann = admin.world, person(admin.world, "ann")
    admin.call(
        "PutApplicationAccessScope",
        Scope="sso:account:access",
        ApplicationArn=first.arn,
        AuthorizedTargets=[second.arn],
    )
    subject = first.vouched("ann")["accessToken"]
    of_others = second.vouched("bob")["accessToken"]
    tokens = []
    for number in range(MOST + 1):
        made = second.ask(EXCHANGE, subjectToken=subject) if number else second.vouched("ann")
        tokens.append(made["accessToken"])
        later(world)
    assert [is_good(world, each) for each in (subject, of_others, *tokens)] == [True, True, False, True, True, True]
    assert portal_user(world, tokens[-1]) == ann
    for _ in range(MOST):
        second.ask(EXCHANGE, subjectToken=subject)
    with pytest.raises(ServiceError, match="SlowDownException"):
        second.ask(EXCHANGE, subjectToken=subject)
