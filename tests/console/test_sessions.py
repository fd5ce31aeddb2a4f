"""Whose a browser is: by its cookie alone, and only as long as all that it was proven with still stands."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from carnet.base.http import RequestHead
from carnet.console.callers import caller_of
from carnet.console.cookies import csrf_of, forget_session, show_nobody, show_session
from carnet.console.origin import ConsoleOrigin, console_origin
from carnet.console.sessions import BrowserSessions, SignedInBrowser
from carnet.directory.snapshot import Snapshot
from carnet.entities.browser_session import IDLE, SESSION_TOKEN, USUAL_LENGTH, BrowserSession, HolderKind
from carnet.entities.login_profile import LoginProfile
from carnet.entities.membership import Membership
from carnet.entities.mfa_device import MfaDevice
from carnet.entities.user import User
from carnet.identity.credential import Credential
from carnet.identity.credentials import browser_credential
from carnet.identity.principals import ASSUMED_ROLE
from carnet.keyring.packing import pack
from carnet.keyring.session_claims import SessionClaims
from carnet.server.long_policies import LongPolicies
from carnet.services.preparing import Pools
from carnet.store.faults import Lost
from tests.server.proxies import FORWARDING
from tests.services.iam.documents import allow, trust
from tests.services.world import World, open_world

TOKEN = SESSION_TOKEN.text(b"t" * 32)
LOCAL = "http://localhost:4747"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_world(tmp_path) as world:
        world.user("Alice", [allow("iam:ChangePassword")])
        world.call(world.root, "CreateLoginProfile", UserName="Alice", Password="Correct-horse-1")
        yield world


@pytest.fixture
def session(world: World) -> BrowserSession:
    """Alice's, of now."""
    view = world.snapshot.accounts[world.account_id]
    alice = view.of(User).named("alice")
    assert alice is not None
    digest = SESSION_TOKEN.digest(TOKEN)
    assert digest is not None
    made = BrowserSession(
        id="bs-1",
        account=alice.account,
        kind=HolderKind.USER,
        holder=alice.id,
        digest=digest,
        created=world.clock(),
        expires=world.clock() + USUAL_LENGTH,
        password_set=view.of(LoginProfile).by_id[alice.id].changed,
    )
    with world.installation.store.write() as unit:
        unit.add(made)
    world.installation.directory.catch_up()
    return made


def sessions(world: World, public_url: str = LOCAL) -> BrowserSessions:
    origin = console_origin(public_url)
    assert origin is not None
    here = world.installation
    engine, long_policies = here.execution.parts.engine, LongPolicies(here.execution, Pools())
    return BrowserSessions(here.directory, here.last_used, world.clock, origin, engine, long_policies)


def head(*headers: tuple[str, str], cookie: str = f"carnet-4747={TOKEN}", peer: str = "127.0.0.1") -> RequestHead:
    given = (("cookie", cookie), *headers) if cookie else headers
    return RequestHead(method="GET", path="/console/", query="", headers=given, peer=peer, secure=False)


def signed_in(world: World, request: RequestHead | None = None) -> SignedInBrowser | None:
    return sessions(world).signed_in(request if request is not None else head())


def test_a_cookie_stands_for_who_signed_in(world: World, session: BrowserSession) -> None:
    found = signed_in(world)
    assert found is not None
    assert isinstance(found.holder.entity, User)
    assert (found.holder.name, found.session) == ("Alice", session)


@pytest.mark.parametrize(
    "cookie",
    [
        "",
        "carnet-4747=",
        f"carnet-4748={TOKEN}",
        f"__Host-carnet={TOKEN}",
        f"carnet-4747={TOKEN[:-1]}",
        f"carnet-4747={TOKEN[:-1]}0",
        f"carnet-4747={TOKEN}; carnet-4747={'carnet_bs_' + '0' * 64}",
        f"carnet-4747={'carnet_ot_' + TOKEN[10:]}",
    ],
)
def test_no_other_cookie_does(world: World, session: BrowserSession, cookie: str) -> None:
    assert signed_in(world, head(cookie=cookie)) is None


def test_among_others_it_is_found(world: World, session: BrowserSession) -> None:
    assert signed_in(world, head(cookie=f"a=b; carnet-4748=x; carnet-4747={TOKEN};c")) is not None


def test_a_session_ends_when_it_is_not_used(world: World, session: BrowserSession) -> None:
    for _ in range(3):
        world.clock.advance(IDLE.total_seconds() - 1)
        assert signed_in(world) is not None
    world.clock.advance(IDLE.total_seconds())
    assert signed_in(world) is None


def test_a_session_ends_after_its_time_however_much_it_is_used(world: World, session: BrowserSession) -> None:
    step = timedelta(minutes=30)
    for _ in range(USUAL_LENGTH // step - 1):
        world.clock.advance(step.total_seconds())
        assert signed_in(world) is not None
    world.clock.advance(step.total_seconds() - 1)
    assert signed_in(world) is not None
    world.clock.advance(1)
    assert signed_in(world) is None


def test_another_node_knows_of_its_use(world: World, session: BrowserSession) -> None:
    world.clock.advance(1000)
    assert signed_in(world) is not None
    here = world.installation
    here.last_used.exchange()
    (use,) = here.store.last_uses.load(session.created).sessions.values()
    assert use.when == world.clock()


def test_a_password_that_is_changed_ends_it(world: World, session: BrowserSession) -> None:
    world.clock.advance(1)
    world.call(world.root, "UpdateLoginProfile", UserName="Alice", PasswordResetRequired=True)
    assert signed_in(world) is not None, "it is the same password"
    world.call(world.root, "UpdateLoginProfile", UserName="Alice", Password="Battery-staple-2")
    assert signed_in(world) is None


def test_a_password_that_is_taken_away_ends_it(world: World, session: BrowserSession) -> None:
    world.call(world.root, "DeleteLoginProfile", UserName="Alice")
    assert signed_in(world) is None


def test_another_user_of_the_same_name_has_not_signed_in(world: World, session: BrowserSession) -> None:
    world.call(world.root, "DeleteLoginProfile", UserName="Alice")
    world.call(world.root, "DeleteUserPolicy", UserName="Alice", PolicyName="p0")
    (key,) = world.call(world.root, "ListAccessKeys", UserName="Alice")["AccessKeyMetadata"]
    world.call(world.root, "DeleteAccessKey", UserName="Alice", AccessKeyId=key["AccessKeyId"])
    world.call(world.root, "DeleteUser", UserName="Alice")
    world.user("Alice")
    world.call(world.root, "CreateLoginProfile", UserName="Alice", Password="Correct-horse-1")
    assert signed_in(world) is None


def test_a_device_that_is_taken_away_ends_it(world: World, session: BrowserSession) -> None:
    with world.installation.store.write() as unit:
        unit.save(replace(session, mfa=world.clock(), mfa_device="gone"))
    world.installation.directory.catch_up()
    assert signed_in(world) is None


def test_a_session_that_is_revoked_is_over(world: World, session: BrowserSession) -> None:
    with world.installation.store.write() as unit:
        unit.remove(session)
    world.installation.directory.catch_up()
    assert signed_in(world) is None


def test_in_a_closed_account_nobody_is_signed_in(world: World, session: BrowserSession) -> None:
    with world.installation.store.write() as unit:
        unit.add(Membership(account=session.account, organization="o-1234567890", closed=world.clock()))
    world.installation.directory.catch_up()
    assert signed_in(world) is None


def test_a_store_that_has_lost_something_lets_nobody_in(world: World, session: BrowserSession) -> None:
    world.installation.directory.lost = True
    with pytest.raises(Lost):
        signed_in(world)


@pytest.mark.parametrize("forwarded", FORWARDING)
def test_in_the_clear_it_counts_on_this_machine_alone(world: World, session: BrowserSession, forwarded: str) -> None:
    assert signed_in(world, head(peer="192.0.2.1")) is None
    assert signed_in(world, head((forwarded, "for=192.0.2.1"))) is None
    assert signed_in(world, head(peer="::1")) is not None


def test_only_a_page_of_the_console_changes_something(world: World, session: BrowserSession) -> None:
    known = sessions(world)
    found = known.signed_in(head())
    assert found is not None

    def may(*headers: tuple[str, str]) -> bool:
        return known.may_change(head(*headers), found)

    csrf, origin = ("x-carnet-csrf", csrf_of(TOKEN)), ("origin", LOCAL)
    assert may(csrf, origin)
    assert may(csrf, origin, ("sec-fetch-site", "same-origin"))
    assert not may(csrf)
    assert not may(origin)
    assert not may(csrf, ("origin", "http://localhost:4748"))
    assert not may(csrf, ("origin", "null"))
    assert not may(csrf, ("origin", "http://127.0.0.1:4747"))
    assert not may(csrf, origin, ("sec-fetch-site", "same-site"))
    assert not may(("x-carnet-csrf", csrf_of(SESSION_TOKEN.text(b"u" * 32))), origin)
    assert not may(("x-carnet-csrf", "\xff"), origin)


@pytest.mark.parametrize(
    ("public_url", "url", "cookie"),
    [
        ("http://127.0.0.1:4747", "http://localhost:4747", "carnet-4747"),
        ("http://[::1]:80", "http://localhost", "carnet-80"),
        ("http://localhost:4747", "http://localhost:4747", "carnet-4747"),
        ("https://IAM.example.com", "https://iam.example.com", "__Host-carnet"),
        ("https://iam.example.com:443", "https://iam.example.com", "__Host-carnet"),
        ("https://iam.example.com:8443", "https://iam.example.com:8443", "__Host-carnet"),
        ("https://[2001:db8::1]", "https://[2001:db8::1]", "__Host-carnet"),
    ],
)
def test_the_origin_is_as_browsers_write_it(public_url: str, url: str, cookie: str) -> None:
    origin = console_origin(public_url)
    assert origin is not None
    assert (origin.url, origin.cookie) == (url, cookie)
    assert origin.has_passkeys is ("2001" not in url)


def test_no_cookie_goes_over_a_network_in_the_clear() -> None:
    assert console_origin("http://iam.example.com") is None
    assert console_origin("http://192.0.2.1:4747") is None


def test_what_a_cookie_may_be_sent_with() -> None:
    local = ConsoleOrigin(scheme="http", host="localhost", port=4747)
    public = ConsoleOrigin(scheme="https", host="iam.example.com", port=443)
    own = f"carnet-{hashlib.sha256(TOKEN.encode()).hexdigest()[:16]}"
    kept, gone = "Path=/; HttpOnly; SameSite=Strict", "Path=/; HttpOnly; SameSite=Strict; Max-Age=0; Secure"
    assert show_session(local, TOKEN) == (
        ("set-cookie", f"carnet-4747={TOKEN}; {kept}"),
        ("set-cookie", f"{own.replace('carnet', 'carnet-4747')}={TOKEN}; {kept}"),
    )
    assert dict(show_session(public, TOKEN)) == {"set-cookie": f"__Host-{own}={TOKEN}; {kept}; Secure"}
    assert forget_session(public, TOKEN, shown=True) == (
        ("set-cookie", f"__Host-{own}=; {gone}"),
        ("set-cookie", f"__Host-carnet=; {gone}"),
    )
    assert show_nobody(public) == ("set-cookie", f"__Host-carnet=; {gone}")


def renewed(world: World, session: BrowserSession) -> Credential | None:
    """What the credential of the session, as it was in the beginning, is now."""
    caller = caller_of(FIRST[session.id], session)
    assert caller is not None
    found: Credential | None = world.installation.execution.credentials.renew(world.snapshot, caller.credential)
    return found


FIRST: dict[str, Snapshot] = {}


@pytest.fixture
def caller(world: World, session: BrowserSession) -> BrowserSession:
    FIRST[session.id] = world.snapshot
    return session


def test_who_is_signed_in_is_a_caller_until_the_session_is_over(world: World, caller: BrowserSession) -> None:
    found = renewed(world, caller)
    assert found is not None
    assert found.principal.arn.endswith("user/Alice")
    world.clock.advance(USUAL_LENGTH.total_seconds() - 1)
    assert renewed(world, caller) is not None
    world.clock.advance(1)
    assert renewed(world, caller) is None


@pytest.mark.parametrize("end", ["signed out", "password", "user"])
def test_a_caller_ends_with_the_row_and_with_what_was_proven(world: World, caller: BrowserSession, end: str) -> None:
    assert renewed(world, caller) is not None
    world.clock.advance(1)
    match end:
        case "signed out":
            with world.installation.store.write() as unit:
                unit.remove(caller)
            world.installation.directory.catch_up()
        case "password":
            world.call(world.root, "UpdateLoginProfile", UserName="Alice", Password="Another-horse-1")
        case _:
            world.call(world.root, "DeleteLoginProfile", UserName="Alice")
            world.call(world.root, "DeleteUserPolicy", UserName="Alice", PolicyName="p0")
            keys = world.call(world.root, "ListAccessKeys", UserName="Alice")["AccessKeyMetadata"]
            for key in keys:
                world.call(world.root, "DeleteAccessKey", UserName="Alice", AccessKeyId=key["AccessKeyId"])
            world.call(world.root, "DeleteUser", UserName="Alice")
    assert renewed(world, caller) is None


def test_a_caller_ends_with_the_device_of_the_mfa_that_was_given(world: World, session: BrowserSession) -> None:
    now, here = world.clock(), world.installation
    with_mfa = replace(session, mfa=now, mfa_device="device-of-alice")
    device = MfaDevice(
        id="device-of-alice",
        account=session.account,
        name="phone-of-alice",
        created=now,
        holder=session.holder,
        enabled=now,
        sealed_seed=b"?",
    )
    assert browser_credential(world.snapshot, with_mfa) is None
    with here.store.write() as unit:
        unit.add(device)
    here.directory.catch_up()
    assert browser_credential(world.snapshot, with_mfa) is not None
    with here.store.write() as unit:
        unit.save(replace(device, holder=None, enabled=None))
    here.directory.catch_up()
    assert browser_credential(world.snapshot, with_mfa) is None


def visiting(world: World, role: str, **changed: Any) -> Credential | None:
    """What stands for a browser that came by a URL, of a session of the role, in which some claims are otherwise."""
    now = world.clock()
    claims = SessionClaims(
        kind=ASSUMED_ROLE,
        account=world.account_id,
        principal_id=role,
        session_name="visit",
        issued_ms=int(now.timestamp() * 1000),
        expires_ms=int((now + IDLE).timestamp() * 1000),
        token_id="t",
        epoch=world.snapshot.epoch,
    )
    packed = pack(structs.replace(claims, **changed))
    assert packed is not None
    session = BrowserSession(
        id="bs-2",
        account=world.account_id,
        kind=HolderKind.SESSION,
        holder=f"{role}:visit",
        digest="",
        created=now,
        expires=now + IDLE,
        password_set=None,
        claims=packed,
    )
    return browser_credential(world.snapshot, session)


def test_a_browser_that_came_by_a_url_is_a_session_that_stands(world: World) -> None:
    made = world.call(world.root, "CreateRole", RoleName="r", AssumeRolePolicyDocument=trust(world.account_id))["Role"]
    role, other = made["RoleId"], "AROAAAAAAAAAAAAAAAAAA"
    found = visiting(world, role)
    assert found is not None
    assert found.principal.arn.endswith("assumed-role/r/visit")
    for changed in (
        {"epoch": "before a restore"},
        {"person": "1234567890-nobody-has-it-assigned"},
        {"access_key": "AKIAAAAAAAAAAAAAAAAA"},
        {"session_name": "another"},
        {"principal_id": other},
        {"account": "999999999999"},
    ):
        assert visiting(world, role, **changed) is None, changed
