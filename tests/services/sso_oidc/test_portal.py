"""What people do with their access tokens, through the operations of both services."""

from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec import structs

from carnet.bearer.access_token import verify
from carnet.directory.identity_center import memberships_of_user
from carnet.entities.browser_session import BrowserSession
from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.entities.oauth_session import OAuthSession
from carnet.entities.role import Role
from carnet.identity.auth_failure import AuthFailure
from carnet.identity.oauth_tokens import AccessToken, opened, sealed
from carnet.keyring.session_claims import SessionClaims
from carnet.models.service import BEARER_HEADER
from carnet.store.store import Store
from tests.services.sso_oidc.people import Center, Given, Signed, request
from tests.services.world import ServiceError, World


@pytest.fixture
def ann(center: Center) -> Signed:
    return Signed(center, center.person("ann"))


def test_people_see_their_accounts_and_roles(center: Center, ann: Signed) -> None:
    other = center.member()
    admin, reader = center.permission_set("Admin"), center.permission_set("Reader", target=other)
    center.assign(admin, ann.who)
    group = center.group("readers", ann.who)
    center.assign(reader, group)
    center.assign(center.permission_set("NotHers"), center.person("bob"))
    accounts = ann.ask("ListAccounts")["accountList"]
    assert [each["accountId"] for each in accounts] == sorted([center.account, other])
    assert accounts[0]["emailAddress"] == "test@example.com"
    assert ann.ask("ListAccountRoles", accountId=other) == {"roleList": [{"roleName": "Reader", "accountId": other}]}
    assert [each["roleName"] for each in ann.ask("ListAccountRoles", accountId=center.account)["roleList"]] == ["Admin"]


def test_what_is_assigned_twice_is_shown_once(center: Center, ann: Signed) -> None:
    admin = center.permission_set("Admin")
    center.assign(admin, ann.who)
    center.assign(admin, center.group("admins", ann.who))
    assert len(ann.ask("ListAccountRoles", accountId=center.account)["roleList"]) == 1


def test_lists_come_in_pages(center: Center, ann: Signed) -> None:
    for name in ("B", "AA", "CCC"):
        center.assign(center.permission_set(name), ann.who)
    first = ann.ask("ListAccountRoles", accountId=center.account, maxResults=2)
    rest = ann.ask("ListAccountRoles", accountId=center.account, nextToken=first["nextToken"])
    assert [each["roleName"] for each in (*first["roleList"], *rest["roleList"])] == ["AA", "B", "CCC"]
    with pytest.raises(ServiceError, match="Next token is not valid") as refused:
        ann.ask("ListAccounts", nextToken=first["nextToken"])
    assert refused.value.code == "InvalidRequestException"


def claims_of(center: Center, answer: Given) -> SessionClaims:
    given = answer["roleCredentials"]
    opened = center.world.installation.execution.parts.tokens.open(given["accessKeyId"], given["sessionToken"])
    assert opened is not None
    assert opened.secret_access_key == given["secretAccessKey"]
    return opened.claims


def test_credentials_are_of_the_provisioned_role(center: Center, ann: Signed) -> None:
    admin = center.permission_set("Admin", seconds=7200)
    center.assign(admin, ann.who)
    answer = ann.ask("GetRoleCredentials", accountId=center.account, roleName="Admin")
    claims = claims_of(center, answer)
    assert (claims.principal_id, claims.session_name, claims.account) == (admin.role, "ann", center.account)
    assert answer["roleCredentials"]["expiration"] == claims.expires_ms == claims.issued_ms + 7_200_000
    assert claims.issued_ms == int(center.world.clock().timestamp() * 1000)
    assert claims.provider_keys["identitystore:UserId"] == ann.who.id
    assert claims.provider_keys["identitystore:IdentityStoreArn"] == center.instance.identity_store_arn


def test_the_portal_needs_no_database(center: Center, ann: Signed, monkeypatch: pytest.MonkeyPatch) -> None:
    center.assign(center.permission_set("Admin"), ann.who)
    store = center.world.installation.store
    for asked, names in ((Store, ("group", "write")), (type(store._backend), ("reading", "writing"))):
        for name in names:
            monkeypatch.setattr(asked, name, lambda *given: pytest.fail("it is asked"))
    assert ann.ask("ListAccounts")["accountList"]
    assert ann.ask("GetRoleCredentials", accountId=center.account, roleName="Admin")["roleCredentials"]


@pytest.mark.parametrize("changed", [{"accountId": "999999999999"}, {"roleName": "admin"}, {"roleName": "Other"}])
def test_what_is_not_assigned_is_forbidden(center: Center, ann: Signed, changed: dict[str, str]) -> None:
    center.assign(center.permission_set("Admin"), ann.who)
    center.assign(center.permission_set("Other"), center.person("bob"))
    with pytest.raises(ServiceError) as refused:
        ann.ask("GetRoleCredentials", **({"accountId": center.account, "roleName": "Admin"} | changed))
    assert (refused.value.code, refused.value.message) == ("Forbidden", "No access")


def test_an_account_without_assignment_is_forbidden_like_one_that_is_not(center: Center, ann: Signed) -> None:
    for account in (center.account, "999999999999", "x"):
        with pytest.raises(ServiceError, match="No access"):
            ann.ask("ListAccountRoles", accountId=account)


def test_what_goes_between_list_and_get_is_gone(center: Center, ann: Signed) -> None:
    by_group, direct = center.permission_set("Group"), center.permission_set("Direct")
    group = center.group("g", ann.who)
    center.assign(by_group, group)
    assignment = center.assign(direct, ann.who)
    assert len(ann.ask("ListAccountRoles", accountId=center.account)["roleList"]) == 2
    (membership,) = memberships_of_user(center.world.snapshot.accounts[center.account], ann.who.id)
    center.remove(membership)
    with pytest.raises(ServiceError, match="No access"):
        ann.ask("GetRoleCredentials", accountId=center.account, roleName="Group")
    center.remove(assignment)
    with pytest.raises(ServiceError, match="No access"):
        ann.ask("GetRoleCredentials", accountId=center.account, roleName="Direct")


def test_a_set_whose_role_is_gone_gives_nothing(center: Center, ann: Signed) -> None:
    admin = center.permission_set("Admin")
    center.assign(admin, ann.who)
    role = center.world.snapshot.accounts[center.account].of(Role).get(admin.role)
    center.remove(role)
    with pytest.raises(ServiceError, match="No access"):
        ann.ask("GetRoleCredentials", accountId=center.account, roleName="Admin")


def disabled(user: IdentityStoreUser) -> IdentityStoreUser:
    return IdentityStoreUser(**{name: getattr(user, name) for name in user.__slots__} | {"enabled": False})


def test_who_is_disabled_has_no_token_any_more(center: Center, ann: Signed) -> None:
    caller = ann.caller()
    center.save(disabled(ann.who))
    with pytest.raises(AuthFailure) as refused:
        ann.caller()
    assert (refused.value.code, refused.value.message) == (
        "UnauthorizedException",
        "Session token not found or invalid",
    )
    with pytest.raises(ServiceError):
        center.world.as_caller(caller, "Logout", service="sso")
    with pytest.raises(ServiceError, match="InvalidGrantException"):
        center.refresh(ann.client, ann.tokens["refreshToken"])


def test_who_is_deleted_has_no_token_any_more(center: Center, ann: Signed) -> None:
    center.remove(ann.who)
    with pytest.raises(AuthFailure):
        ann.caller()


def test_logout_ends_the_session_and_that_of_the_browser(center: Center, ann: Signed) -> None:
    elsewhere = Signed(center, ann.who)
    ann.ask("Logout")
    with pytest.raises(AuthFailure):
        ann.caller()
    with pytest.raises(ServiceError, match="InvalidGrantException"):
        center.refresh(ann.client, ann.tokens["refreshToken"])
    view = center.world.snapshot.accounts[center.account]
    assert view.of(BrowserSession).get(ann.browser.id) is None
    assert elsewhere.ask("ListAccounts") == {"accountList": []}


def test_logout_ends_no_browser_session_of_somebody_else(center: Center, ann: Signed) -> None:
    """Whatever is stored of it; and one that has ended before is no error."""
    center.save(replace(ann.browser, holder=center.person("mallory").id))
    ann.ask("Logout")
    assert center.world.snapshot.accounts[center.account].of(BrowserSession).get(ann.browser.id) is not None
    again = Signed(center, ann.who)
    center.remove(again.browser)
    again.ask("Logout")
    with pytest.raises(AuthFailure):
        again.caller()


def test_a_token_lives_for_an_hour(center: Center, ann: Signed) -> None:
    center.world.clock.advance(3599)
    ann.caller()
    center.world.clock.advance(1)
    with pytest.raises(AuthFailure):
        ann.caller()
    ann.tokens = center.refresh(ann.client, ann.tokens["refreshToken"])
    ann.caller()


def test_a_token_for_something_else_is_none_for_the_portal(center: Center) -> None:
    client = center.register(legacy=True, scopes=["codewhisperer:completions"])
    asked = center.device(client)
    center.answer(asked["userCode"], center.browser(center.person("ann")))
    signed = Signed(center, center.person("bob"))
    signed.tokens = center.poll(client, asked["deviceCode"])
    with pytest.raises(AuthFailure):
        signed.caller()


def test_other_tokens_are_none(center: Center, ann: Signed) -> None:
    center.assign(center.permission_set("Admin"), ann.who)
    session_token = ann.ask("GetRoleCredentials", accountId=center.account, roleName="Admin")["roleCredentials"]
    good, world = ann.access, center.world
    others = (
        ann.tokens["refreshToken"],
        ann.client.id,
        session_token["sessionToken"],
        good[:-1],
        f"aor{good[3:]}",
        "",
        f"{good} ",
    )
    for given in [(other,) for other in others] + [(good, good), ()]:
        with pytest.raises(AuthFailure):
            verify(
                request(*given, query=f"{BEARER_HEADER}={good}"),
                service="awsssoportal",
                now=world.clock(),
                directory=world.installation.directory,
                keyring=world.installation.keyring,
            )


def test_attack_14_a_token_from_before_a_restore_is_none(center: Center, ann: Signed) -> None:
    """What a token stood for may be somebody else's by then."""
    keyring = center.world.installation.keyring
    token = opened(keyring, AccessToken, ann.access)
    assert token is not None
    ann.tokens = {**ann.tokens, "accessToken": sealed(keyring, structs.replace(token, epoch="another")).text}
    with pytest.raises(AuthFailure):
        ann.caller()


def test_attack_14_a_session_is_of_no_person_of_another_instance(center: Center, ann: Signed, shared: World) -> None:
    """Whatever has given it out: nobody gets the accounts of an instance whose person he is not."""
    center.assign(center.permission_set("Admin"), ann.who)
    (session,) = center.world.snapshot.accounts[center.account].of(OAuthSession)
    center.save(replace(session, holder=Center(shared).person("mallory").id))
    with pytest.raises(AuthFailure):
        ann.caller()
    with pytest.raises(ServiceError, match="InvalidGrantException"):
        center.refresh(ann.client, ann.tokens["refreshToken"])


def test_a_bearer_is_no_session_token(center: Center, ann: Signed) -> None:
    assert center.world.installation.execution.credentials.find("ASIA" + "A" * 16, ann.access) is None


@pytest.mark.parametrize("name", ["../admin", "x" * 65, "a b", "a", "\xe9\xe9"])
def test_a_name_that_no_session_has_gets_no_credentials(center: Center, name: str) -> None:
    signed = Signed(center, center.person(name))
    center.assign(center.permission_set("Admin"), signed.who)
    with pytest.raises(ServiceError) as refused:
        signed.ask("GetRoleCredentials", accountId=center.account, roleName="Admin")
    assert refused.value.code == "InvalidRequestException"


def test_a_name_of_sixty_four_characters_does(center: Center) -> None:
    signed = Signed(center, center.person("x" * 64))
    center.assign(center.permission_set("Admin"), signed.who)
    assert signed.ask("GetRoleCredentials", accountId=center.account, roleName="Admin")


def test_no_token_is_stored(center: Center, ann: Signed) -> None:
    center.refresh(ann.client, ann.tokens["refreshToken"])
    view = center.world.snapshot.accounts[center.account]
    for session in view.of(OAuthSession):
        kept = repr(session)
        assert not any(str(token) in kept for token in ann.tokens.values() if len(str(token)) > 20)


def test_a_token_of_a_clock_that_is_too_far_ahead_is_none(center: Center) -> None:
    """So far the clocks of two nodes may differ."""
    signed = Signed(center, center.person("ann"))
    center.world.clock.advance(-300)
    assert signed.caller().user.user_id == signed.who.id
    center.world.clock.advance(-1)
    with pytest.raises(AuthFailure, match="Session token not found or invalid"):
        signed.caller()
