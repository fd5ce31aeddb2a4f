"""CreateTokenWithIAM: applications get tokens of people, by each of their grants. Attacks on them are here, too."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from carnet.bearer.access_token import verify
from carnet.directory.identity_center import application_at
from carnet.entities.entity import Tags
from carnet.entities.oauth_session import GRACE, MOST_EXCHANGES, OAuthSession
from carnet.entities.trusted_token_issuer import TrustedTokenIssuer
from carnet.identity import oauth_tokens
from carnet.identity.auth_failure import AuthFailure
from carnet.identity.identity_context import Asserted, asserted
from carnet.identity.oauth_tokens import AccessToken, IdentityContext, opened, sealed, session_of, sources_of
from carnet.models.service import BEARER_HEADER
from carnet.oidc.issuers import Issuer, IssuerKeys
from carnet.oidc.keys import KeySet
from carnet.services.sso_oidc.authorize import CannotAsk, SentBack
from tests.oidc.issuer import URL
from tests.services.sso_admin.center import Center
from tests.services.sso_oidc.apps import BACK, EXCHANGE, JWT, PORTAL, App, open_center, person
from tests.services.sso_oidc.people import VERIFIER, request
from tests.services.world import ServiceError, World

METADATA = "https://169.254.169.254"
EMAILS = "emails.value"


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Center]:
    with open_center(tmp_path_factory.mktemp("with-iam")) as made:
        yield made


@pytest.fixture(scope="module")
def trusted(center: Center) -> str:
    return center.issuer("issuer", URL)


@pytest.fixture(scope="module")
def app(center: Center, trusted: str) -> App:
    return App(center, trusted)


def portal_user(world: World, token: str) -> str:
    """Of whom the access portal takes an access token."""
    here = world.installation
    asking = request(token)
    assert asking.header(BEARER_HEADER) == token
    return verify(
        asking, service="awsssoportal", now=world.clock(), directory=here.directory, keyring=here.keyring
    ).user.user_id


def refused(code: str, call: Any, /, **given: Any) -> str:
    with pytest.raises(ServiceError) as raised:
        call(**given)
    assert raised.value.code == code
    return raised.value.message


def session_tags(world: World, token: str) -> Tags:
    """The attributes for access control that the sessions of an access token's get."""
    here = world.installation
    opened_token = opened(here.keyring, AccessToken, token)
    assert opened_token is not None
    session = session_of(world.snapshot, opened_token.account, opened_token.session)
    assert session is not None
    return session.attributes


def test_a_code_is_good_for_nothing_once_its_person_has_signed_out(app: App) -> None:
    session = app.browser(person(app.world, "ann"), {})
    code = app.code_of(session)
    with app.world.installation.store.write() as unit:
        unit.remove(session)
    app.world.installation.directory.catch_up()
    given = {"code": code, "redirectUri": BACK, "codeVerifier": VERIFIER}
    refused("InvalidGrantException", app.ask, kind="authorization_code", **given)


def test_an_assertion_of_a_trusted_issuer_becomes_tokens_of_the_person(app: App) -> None:
    tokens = app.vouched("ann")
    assert (tokens["tokenType"], tokens["expiresIn"]) == ("Bearer", 3600)
    assert tokens["scope"] == ["openid", "aws", "sts:identity_context", PORTAL]
    assert tokens["issuedTokenType"] == "urn:ietf:params:oauth:token-type:access_token"
    assert portal_user(app.world, tokens["accessToken"]) == person(app.world, "ann")
    claims = json.loads(base64.urlsafe_b64decode(tokens["idToken"].split(".")[1] + "=="))
    assert (claims["sub"], claims["aud"]) == (person(app.world, "ann"), app.arn)


def test_email_addresses_know_no_case(app: App) -> None:
    assert portal_user(app.world, app.vouched(email="ANN@example.com")["accessToken"]) == person(app.world, "ann")


def test_a_token_without_the_scope_of_the_portal_is_none_there(app: App) -> None:
    tokens = app.ask(JWT, assertion=app.assertion(), scope=["openid"])
    assert tokens["scope"] == ["openid"]
    with pytest.raises(AuthFailure):
        portal_user(app.world, tokens["accessToken"])
    assert refused("InvalidScopeException", app.ask, kind=JWT, assertion=app.assertion(), scope=["sso:all"])


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "other"},
        {"iss": "https://other.example"},
        {"exp": 1},
        {"jti": None},
        {"jti": ""},
        {"jti": "x" * 257},
        {"email": None},
        {"email": ["ann@example.com", "bob@example.com"]},
        {"email": "nobody@example.com"},
        {"exp": 10**15},
    ],
    ids=str,
)
def test_attack_31_an_assertion_that_is_not_for_the_application(app: App, changed: dict[str, Any]) -> None:
    refused("InvalidGrantException", app.vouched, **changed)


def test_attack_31_a_signature_of_somebody_else(app: App) -> None:
    text, _, signature = app.assertion().rpartition(".")
    other = app.assertion("bob").rpartition(".")[2]
    for wrong in (f"{text}.{other}", f"{text}.", f"{text}.{signature[:-8]}AAAAAAAA"):
        refused("InvalidGrantException", app.ask, kind=JWT, assertion=wrong)


def test_attack_31_an_issuer_at_a_metadata_address_is_not_asked(center: Center, app: App) -> None:
    own = App(center, center.issuer("metadata", METADATA))
    said = refused("InvalidGrantException", own.vouched, iss=METADATA)
    assert "address is none that may be connected to" in said


def test_attack_31_an_issuer_of_another_instance_is_not_the_applications(center: Center, trusted: str) -> None:
    """Whatever is stored of it."""
    own = App(center, trusted)
    issuers = center.world.snapshot.accounts[center.world.account_id].of(TrustedTokenIssuer)
    (known,) = (each for each in issuers if each.arn == trusted)
    assert own.vouched()["accessToken"]
    center.save(replace(known, instance="ssoins-0123456789abcdef"))
    try:
        refused("InvalidGrantException", own.vouched)
    finally:
        center.save(known)


def test_attack_31_an_assertion_of_two_users_is_of_none(center: Center, trusted: str) -> None:
    own = App(center, trusted)
    configuration = {"OidcJwtConfiguration": {"IdentityStoreAttributePath": "title"}}
    asks: dict[str, Any] = {"TrustedTokenIssuerArn": trusted}
    center.call("UpdateTrustedTokenIssuer", TrustedTokenIssuerConfiguration=configuration, **asks)
    refused("InvalidGrantException", own.vouched, email="same")
    assert portal_user(own.world, own.vouched(email="eve")["accessToken"]) == person(own.world, "eve")
    configuration["OidcJwtConfiguration"]["IdentityStoreAttributePath"] = EMAILS
    center.call("UpdateTrustedTokenIssuer", TrustedTokenIssuerConfiguration=configuration, **asks)


def test_an_assertion_of_who_is_disabled_is_of_nobody(center: Center, app: App) -> None:
    center.user("dora", {"Emails": [{"Value": "dora@example.com", "Primary": True}]}, enabled=False)
    said = refused("InvalidGrantException", app.vouched, who="dora")
    assert said == "The assertion is of no user, or of several"


def test_what_changes_while_the_keys_of_an_issuer_are_fetched_counts(
    center: Center, trusted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, fetched = App(center, trusted), IssuerKeys.of

    async def meanwhile(issuers: IssuerKeys, issuer: Issuer, kid: str | None) -> KeySet:
        keys = await fetched(issuers, issuer, kid)
        found = application_at(own.world.snapshot, own.arn)
        assert found is not None
        others = [{"TrustedTokenIssuerArn": trusted, "AuthorizedAudiences": ["other"]}]
        center.save(replace(found, grants={**found.grants, JWT: {"JwtBearer": {"AuthorizedTokenIssuers": others}}}))
        return keys

    assert own.vouched()["accessToken"]
    monkeypatch.setattr(IssuerKeys, "of", meanwhile)
    refused("InvalidGrantException", own.vouched)


def test_an_issuer_that_changes_while_its_keys_are_fetched_vouches_for_nobody(
    center: Center, trusted: str, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whom its claim is of was decided before: of somebody else, by now."""
    fetched, view = IssuerKeys.of, center.world.snapshot.accounts[center.world.account_id]
    (known,) = (each for each in view.of(TrustedTokenIssuer) if each.arn == trusted)

    async def meanwhile(issuers: IssuerKeys, issuer: Issuer, kid: str | None) -> KeySet:
        keys = await fetched(issuers, issuer, kid)
        center.save(replace(known, claim="sub"))
        return keys

    monkeypatch.setattr(IssuerKeys, "of", meanwhile)
    try:
        refused("InvalidGrantException", app.vouched)
    finally:
        center.save(known)
    monkeypatch.undo()
    assert app.vouched()["accessToken"]


def test_attack_33_an_assertion_counts_once(center: Center, trusted: str, app: App) -> None:
    once = app.assertion()
    app.ask(JWT, assertion=once)
    for again in (app, App(center, trusted)):
        assert "used before" in refused("InvalidGrantException", again.ask, kind=JWT, assertion=once)


def test_an_assertion_is_good_for_a_month_at_most(app: App) -> None:
    """Its id is kept until its end."""
    end = int(app.world.clock().timestamp()) + 31 * 24 * 3600
    assert app.vouched(exp=end)["tokenType"] == "Bearer"
    assert "good for too long" in refused("InvalidGrantException", app.vouched, exp=end + 60)


def test_an_issuer_that_the_application_takes_no_tokens_of(center: Center, trusted: str) -> None:
    own = App(center, trusted)
    grant: dict[str, Any] = {"JwtBearer": {"AuthorizedTokenIssuers": []}}
    center.call("PutApplicationGrant", ApplicationArn=own.arn, GrantType=JWT, Grant=grant)
    refused("InvalidGrantException", own.vouched)


def test_who_may_act_for_an_application(center: Center, trusted: str) -> None:
    world = center.world
    stranger = world.user("stranger")
    own = App(center, trusted)
    assert "is not authorized" in refused(
        "AccessDeniedException", own.ask, kind=JWT, caller=stranger, assertion=own.assertion()
    )
    own.acted_by(f"arn:aws:iam::{world.account_id}:user/stranger")
    assert own.ask(JWT, caller=stranger, assertion=own.assertion())["accessToken"]
    elsewhere = world.account()
    refused("AccessDeniedException", own.ask, kind=JWT, caller=elsewhere, assertion=own.assertion())


def test_an_application_without_its_authentication_method_has_no_clients(center: Center, trusted: str) -> None:
    own = App(center, trusted)
    named = {"ApplicationArn": own.arn, "AuthenticationMethodType": "IAM"}
    center.call("DeleteApplicationAuthenticationMethod", **named)
    refused("InvalidClientException", own.vouched)


def test_no_application_is_no_client(app: App) -> None:
    for wrong in ("app", app.arn[:-1] + "x", f"arn:aws:iam::{app.world.account_id}:user/a", app.center.instance.arn):
        refused("InvalidClientException", app.ask, kind=JWT, clientId=wrong, assertion=app.assertion())


def test_an_application_is_for_those_who_are_assigned(center: Center, trusted: str) -> None:
    own = App(center, trusted, assigned=True)
    refused("AccessDeniedException", own.vouched)
    ann = person(own.world, "ann")
    assigned = {"ApplicationArn": own.arn, "PrincipalType": "USER", "PrincipalId": ann}
    center.call("CreateApplicationAssignment", **assigned)
    tokens = own.vouched()
    assert portal_user(own.world, tokens["accessToken"]) == ann
    center.call("DeleteApplicationAssignment", **assigned)
    with pytest.raises(AuthFailure):
        portal_user(own.world, tokens["accessToken"])
    refused("InvalidGrantException", own.ask, kind="refresh_token", refreshToken=tokens["refreshToken"])


def test_a_group_may_be_assigned(center: Center, trusted: str) -> None:
    own = App(center, trusted, assigned=True)
    group = center.group(person(own.world, "ann"), name="users of the app")
    center.call("CreateApplicationAssignment", ApplicationArn=own.arn, PrincipalType="GROUP", PrincipalId=group)
    assert own.vouched("ann")["accessToken"]
    refused("AccessDeniedException", own.vouched, who="bob")


@pytest.mark.parametrize("change", ["disabled", "deleted"])
def test_tokens_end_with_their_application(center: Center, trusted: str, change: str) -> None:
    own = App(center, trusted)
    tokens = own.vouched()
    if change == "disabled":
        center.call("UpdateApplication", ApplicationArn=own.arn, Status="DISABLED")
    else:
        center.call("DeleteApplication", ApplicationArn=own.arn)
    with pytest.raises(AuthFailure):
        portal_user(own.world, tokens["accessToken"])
    refused("InvalidClientException", own.ask, kind="refresh_token", refreshToken=tokens["refreshToken"])


def test_refresh_tokens_rotate_and_theft_ends_the_session(app: App) -> None:
    first = app.vouched()["refreshToken"]
    second = app.ask("refresh_token", refreshToken=first)["refreshToken"]
    assert app.ask("refresh_token", refreshToken=first)["accessToken"], "within the grace"
    app.world.clock.advance(GRACE.total_seconds() + 1)
    refused("InvalidGrantException", app.ask, kind="refresh_token", refreshToken=first)
    refused("InvalidGrantException", app.ask, kind="refresh_token", refreshToken=second)


def test_a_refresh_token_is_of_its_application(center: Center, trusted: str, app: App) -> None:
    token, other = app.vouched()["refreshToken"], App(center, trusted)
    refused("InvalidGrantException", other.ask, kind="refresh_token", refreshToken=token)
    assert app.ask("refresh_token", refreshToken=token)["accessToken"]


def test_a_refresh_gives_no_more_scopes_than_the_session_has_and_spends_nothing_when_it_is_refused(app: App) -> None:
    token = app.ask(JWT, assertion=app.assertion(), scope=["openid"])["refreshToken"]
    for more in ([PORTAL], ["openid", "sso:all"]):
        refused("InvalidScopeException", app.ask, kind="refresh_token", refreshToken=token, scope=more)
    app.world.clock.advance(GRACE.total_seconds() + 1)
    assert app.ask("refresh_token", refreshToken=token, scope=["openid"])["scope"] == ["openid"]


def test_a_refresh_for_fewer_scopes_gives_tokens_with_those_alone_and_the_session_keeps_all(app: App) -> None:
    first = app.vouched()
    fewer = app.ask("refresh_token", refreshToken=first["refreshToken"], scope=["aws"])
    assert fewer["scope"] == ["aws"]
    assert not {"idToken", "awsAdditionalDetails"} & set(fewer)
    with pytest.raises(AuthFailure):
        portal_user(app.world, fewer["accessToken"])
    all_again = app.ask("refresh_token", refreshToken=fewer["refreshToken"])
    assert all_again["scope"] == first["scope"]
    assert portal_user(app.world, all_again["accessToken"]) == person(app.world, "ann")


def test_a_consent_becomes_a_code_and_tokens(app: App) -> None:
    ann = person(app.world, "ann")
    code = app.code(ann)
    tokens = app.ask("authorization_code", code=code, redirectUri=BACK, codeVerifier=VERIFIER)
    assert portal_user(app.world, tokens["accessToken"]) == ann
    refused(
        "InvalidGrantException", app.ask, kind="authorization_code", code=code, redirectUri=BACK, codeVerifier=VERIFIER
    )
    with pytest.raises(AuthFailure):
        portal_user(app.world, tokens["accessToken"])


@pytest.mark.parametrize(
    "given",
    [
        {"codeVerifier": VERIFIER[:-1] + "x"},
        {"redirectUri": "https://app.example/other", "codeVerifier": VERIFIER},
        {},
    ],
)
def test_a_code_is_bound_to_verifier_and_redirect(app: App, given: dict[str, str]) -> None:
    code = app.code(person(app.world, "ann"))
    named: dict[str, Any] = {"code": code, "redirectUri": BACK} | given
    refused("InvalidGrantException", app.ask, kind="authorization_code", **named)


def test_pkce_is_undone_by_neither_half(app: App) -> None:
    fields = app.asks()
    del fields["code_challenge"], fields["code_challenge_method"]
    ann = person(app.world, "ann")
    named: dict[str, Any] = {"redirectUri": BACK, "code": app.code(ann, fields)}
    refused("InvalidGrantException", app.ask, kind="authorization_code", codeVerifier=VERIFIER, **named)
    named["code"] = app.code(ann, fields)
    assert app.ask("authorization_code", **named)["accessToken"]


def test_a_code_lives_for_a_minute_and_is_of_its_application(center: Center, trusted: str, app: App) -> None:
    given = {"redirectUri": BACK, "codeVerifier": VERIFIER}
    code, other = app.code(person(app.world, "ann")), App(center, trusted)
    refused("InvalidGrantException", other.ask, kind="authorization_code", code=code, **given)
    app.world.clock.advance(60)
    refused("InvalidGrantException", app.ask, kind="authorization_code", code=code, **given)


@pytest.mark.parametrize(
    "uri", ["https://app.example/callback", "javascript:alert(1)", f"{BACK}&x=1", "https://evil.example/", ""]
)
def test_attack_3_a_code_goes_to_the_redirect_uris_of_the_application_alone(app: App, uri: str) -> None:
    with pytest.raises(CannotAsk):
        app.consent(app.asks(redirect_uri=uri))


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"scope": "sso:all"}, "invalid_scope"),
        ({"response_type": "token"}, "unsupported_response_type"),
    ],
)
def test_what_cannot_be_asked_is_told_to_the_application(app: App, changed: dict[str, str], error: str) -> None:
    with pytest.raises(SentBack) as raised:
        app.consent(app.asks(**changed))
    assert raised.value.url == f"{BACK}&error={error}&state=s"


def test_a_consent_is_asked_of_those_who_are_assigned(center: Center, trusted: str) -> None:
    own = App(center, trusted, assigned=True)
    consent, ann = own.consent(own.asks()), person(own.world, "ann")
    assert not consent.is_for(own.world.snapshot, ann)
    refused(
        "AccessDeniedException",
        own.ask,
        kind="authorization_code",
        code=own.code(ann),
        redirectUri=BACK,
        codeVerifier=VERIFIER,
    )


class Exchanged:
    """Two applications, of which the tokens of the first may be exchanged by the second."""

    def __init__(self, center: Center, trusted: str) -> None:
        self.source, self.target = App(center, trusted), App(center, trusted)
        center.call(
            "PutApplicationAccessScope",
            ApplicationArn=self.source.arn,
            Scope=PORTAL,
            AuthorizedTargets=[self.target.arn],
        )
        self.first = self.source.vouched()

    def ask(self, **given: Any) -> dict[str, Any]:
        return self.target.ask(EXCHANGE, **({"subjectToken": self.first["accessToken"]} | given))


@pytest.fixture
def exchanged(center: Center, trusted: str) -> Exchanged:
    return Exchanged(center, trusted)


def test_a_token_that_is_meant_for_another_application_is_exchanged(exchanged: Exchanged) -> None:
    tokens = exchanged.ask()
    world = exchanged.target.world
    assert portal_user(world, tokens["accessToken"]) == person(world, "ann")
    asked = exchanged.ask(requestedTokenType="urn:ietf:params:oauth:token-type:refresh_token")
    assert asked["issuedTokenType"].endswith("refresh_token")
    assert exchanged.target.ask("refresh_token", refreshToken=asked["refreshToken"])["accessToken"]


def test_a_token_without_the_scope_that_is_shared_is_not_exchanged(exchanged: Exchanged) -> None:
    fewer = exchanged.source.ask("refresh_token", refreshToken=exchanged.first["refreshToken"], scope=["openid"])
    refused("InvalidGrantException", exchanged.ask, subjectToken=fewer["accessToken"])
    assert exchanged.ask()["accessToken"]


def test_what_an_external_provider_said_of_a_person_goes_with_the_tokens(exchanged: Exchanged) -> None:
    app, said = exchanged.source, {"CostCenter": "red"}
    code = app.code(person(app.world, "ann"), attributes=said)
    tokens = app.ask("authorization_code", code=code, redirectUri=BACK, codeVerifier=VERIFIER)
    again = app.ask("refresh_token", refreshToken=tokens["refreshToken"])
    for each in (tokens, again, exchanged.ask(subjectToken=tokens["accessToken"])):
        assert session_tags(app.world, each["accessToken"]) == said


def test_an_exchanged_session_ends_with_that_of_its_subject(exchanged: Exchanged) -> None:
    world = exchanged.target.world
    world.clock.advance(3000)
    tokens = exchanged.ask()
    world.clock.advance(8 * 3600 - 3001)
    fresh = exchanged.target.ask("refresh_token", refreshToken=tokens["refreshToken"])
    assert fresh["expiresIn"] == 1
    world.clock.advance(1)
    refused("InvalidGrantException", exchanged.target.ask, kind="refresh_token", refreshToken=fresh["refreshToken"])


@pytest.fixture
def mutual(center: Center, exchanged: Exchanged) -> Exchanged:
    """Of which the tokens of the second may be exchanged by the first, too."""
    named = {"ApplicationArn": exchanged.target.arn, "Scope": PORTAL}
    center.call("PutApplicationAccessScope", AuthorizedTargets=[exchanged.source.arn], **named)
    return exchanged


@pytest.mark.parametrize("how", ["stolen", "removed"])
def test_what_was_exchanged_ends_when_its_subject_is_ended(mutual: Exchanged, how: str) -> None:
    """A refresh token that is used twice ends the session: who has stolen it keeps nothing that was made of it."""
    source, target, world = mutual.source, mutual.target, mutual.target.world
    once = mutual.ask()
    twice = source.ask(EXCHANGE, subjectToken=once["accessToken"])
    other = target.vouched()
    for tokens in (once, twice):
        assert portal_user(world, tokens["accessToken"]) == person(world, "ann")
    if how == "stolen":
        source.ask("refresh_token", refreshToken=mutual.first["refreshToken"])
        world.clock.advance(GRACE.total_seconds() + 1)
        refused("InvalidGrantException", source.ask, kind="refresh_token", refreshToken=mutual.first["refreshToken"])
    else:
        removed(world, mutual.first["accessToken"])
    for holder, by, tokens in ((target, source, once), (source, target, twice)):
        with pytest.raises(AuthFailure):
            portal_user(world, tokens["accessToken"])
        refused("InvalidGrantException", holder.ask, kind="refresh_token", refreshToken=tokens["refreshToken"])
        refused("InvalidGrantException", by.ask, kind=EXCHANGE, subjectToken=tokens["accessToken"])
        assert asserted_by(world, tokens) is None
    refused("InvalidGrantException", target.ask, kind=EXCHANGE, subjectToken=mutual.first["accessToken"])
    assert portal_user(world, other["accessToken"]) == person(world, "ann")


def removed(world: World, token: str) -> None:
    """Remove the session of an access token, as the next one does when a person has too many."""
    told = opened(world.installation.keyring, AccessToken, token)
    assert told is not None
    session = session_of(world.snapshot, told.account, told.session)
    assert session is not None
    with world.installation.store.write() as unit:
        unit.remove(session)
    world.installation.directory.catch_up()


def asserted_by(world: World, tokens: dict[str, Any]) -> Asserted | None:
    context = opened(world.installation.keyring, IdentityContext, tokens["awsAdditionalDetails"]["identityContext"])
    assert context is not None
    return asserted(world.snapshot, context)


def test_a_token_is_exchanged_for_the_next_one_ten_times(mutual: Exchanged) -> None:
    tokens, applications = mutual.first, [mutual.target, mutual.source]
    for number in range(MOST_EXCHANGES):
        tokens = applications[number % 2].ask(EXCHANGE, subjectToken=tokens["accessToken"])
        assert asserted_by(mutual.target.world, tokens) is not None
    after = applications[MOST_EXCHANGES % 2]
    refused("InvalidGrantException", after.ask, kind=EXCHANGE, subjectToken=tokens["accessToken"])
    assert mutual.ask()["accessToken"]


def test_rows_that_make_a_circle_of_exchanges_are_no_good_session(
    mutual: Exchanged, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = mutual.target.world.snapshot
    some = next(one for view in snapshot.accounts.values() for one in view.of(OAuthSession))
    circle = replace(some, grant=some.exchange_of("1"))
    monkeypatch.setattr(oauth_tokens, "session_of", lambda *_: circle)
    assert sources_of(snapshot, circle) is None


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"subjectToken": "nothing"}, "InvalidGrantException"),
        ({"subjectTokenType": "urn:ietf:params:oauth:token-type:jwt"}, "InvalidRequestException"),
        ({"requestedTokenType": "urn:ietf:params:oauth:token-type:id_token"}, "InvalidRequestException"),
    ],
)
def test_what_is_not_exchanged(exchanged: Exchanged, given: dict[str, str], code: str) -> None:
    refused(code, exchanged.ask, **given)


def test_a_token_is_exchanged_by_those_alone_that_it_is_meant_for(center: Center, exchanged: Exchanged) -> None:
    source, token = exchanged.source, exchanged.first["accessToken"]
    refused("InvalidGrantException", source.ask, kind=EXCHANGE, subjectToken=token)
    mine = exchanged.target.vouched()["accessToken"]
    refused("InvalidGrantException", source.ask, kind=EXCHANGE, subjectToken=mine)
    source.world.clock.advance(3600)
    refused("InvalidGrantException", exchanged.ask)


def test_a_token_of_another_instance_is_not_exchanged(center: Center, exchanged: Exchanged) -> None:
    """Whatever is stored of it: its application says that it is meant for this one, and its person is one of here."""
    world, member = center.world, center.estate.member()
    own = world.call(member, "CreateInstance", service="sso-admin", Name="own")["InstanceArn"]
    arn = center.application("elsewhere", caller=member, InstanceArn=own)
    elsewhere = application_at(world.snapshot, arn)
    token = opened(world.installation.keyring, AccessToken, exchanged.first["accessToken"])
    assert elsewhere is not None
    assert token is not None
    session = session_of(world.snapshot, token.account, token.session)
    assert session is not None
    assert exchanged.ask()["accessToken"]
    with world.installation.store.write() as unit:
        unit.save(replace(elsewhere, assignment_required=False, scopes={PORTAL: [exchanged.target.arn]}))
        unit.save(replace(session, client=arn))
    world.installation.directory.catch_up()
    refused("InvalidGrantException", exchanged.ask)


def test_attack_14_a_token_from_before_a_restore_is_not_exchanged(exchanged: Exchanged) -> None:
    keyring = exchanged.target.world.installation.keyring
    token = opened(keyring, AccessToken, exchanged.first["accessToken"])
    assert token is not None
    assert exchanged.ask(subjectToken=sealed(keyring, token).text)["accessToken"]
    former = sealed(keyring, structs.replace(token, epoch="another")).text
    refused("InvalidGrantException", exchanged.ask, subjectToken=former)


@pytest.mark.parametrize("kind", ["password", "client_credentials", ""])
def test_other_grants_are_not_supported(app: App, kind: str) -> None:
    refused("UnsupportedGrantTypeException", app.ask, kind=kind)


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (JWT, {"assertion": "a.b.c"}),
        (EXCHANGE, {"subjectToken": "x"}),
        ("refresh_token", {"refreshToken": "x"}),
        ("authorization_code", {"code": "x"}),
    ],
)
def test_a_grant_that_the_application_has_not(center: Center, trusted: str, kind: str, given: dict[str, str]) -> None:
    own = App(center, trusted)
    center.call("DeleteApplicationGrant", ApplicationArn=own.arn, GrantType=kind)
    refused("UnauthorizedClientException", own.ask, kind=kind, **given)


def test_a_token_of_a_client_that_is_no_application_is_not_exchanged(exchanged: Exchanged) -> None:
    """Nor one of the application itself."""
    world, target = exchanged.target.world, exchanged.target
    told = opened(world.installation.keyring, AccessToken, exchanged.first["accessToken"])
    assert told is not None
    session = session_of(world.snapshot, told.account, told.session)
    assert session is not None
    other = replace(session, id=world.installation.ids.uuid(), grant="of the test", client="0" * 32)
    with world.installation.store.write() as unit:
        unit.add(other)
    world.installation.directory.catch_up()
    text = sealed(world.installation.keyring, structs.replace(told, session=other.id)).text
    assert portal_user(world, text) == session.holder
    refused("InvalidGrantException", target.ask, kind=EXCHANGE, subjectToken=text)
    own = {"ApplicationArn": target.arn, "Scope": PORTAL, "AuthorizedTargets": [target.arn]}
    exchanged.source.center.call("PutApplicationAccessScope", **own)
    refused("InvalidGrantException", target.ask, kind=EXCHANGE, subjectToken=target.vouched()["accessToken"])


@pytest.mark.parametrize(
    "changed", [{"jti": "j" * 256}, {"pad": "p" * 40_000}, {"email": ""}, {"email": ["ann@example.com"]}]
)
def test_the_limits_of_an_assertion(app: App, changed: dict[str, Any]) -> None:
    if "jti" in changed:
        assert app.vouched(**changed)["accessToken"]
        refused("InvalidGrantException", app.vouched, jti=changed["jti"] + "j")
    elif "pad" in changed:
        refused("InvalidRequestException", app.vouched, **changed)
    else:
        assert "has no email" in refused("InvalidGrantException", app.vouched, **changed)


def test_what_was_never_given_out_is_worth_nothing(app: App) -> None:
    """Nor is what was given out as something else."""
    tokens = app.vouched()
    for text in ("x", "aoa", "aor", tokens["accessToken"] + "A", tokens["idToken"]):
        refused("InvalidGrantException", app.ask, kind=EXCHANGE, subjectToken=text)
        refused("InvalidGrantException", app.ask, kind="refresh_token", refreshToken=text)
        refused("InvalidGrantException", app.ask, kind="authorization_code", code=text, redirectUri=BACK)
    refused("InvalidGrantException", app.ask, kind=EXCHANGE, subjectToken=tokens["refreshToken"])
    refused("InvalidGrantException", app.ask, kind="refresh_token", refreshToken=tokens["accessToken"])


@pytest.mark.parametrize("kind", [JWT, EXCHANGE, "refresh_token", "authorization_code"])
def test_what_is_left_out_is_an_invalid_request(app: App, kind: str) -> None:
    refused("InvalidRequestException", app.ask, kind=kind)
