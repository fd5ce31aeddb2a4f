"""AssumeRole with a trusted context: the person of a token of IAM Identity Center comes into a role session."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import msgspec.structs as struct
import pytest

from carnet.access.authorize import Check, authorize
from carnet.access.gather import carried_by
from carnet.audit.events import tell_account
from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.identity.oauth_tokens import AccessToken, IdentityContext, opened, sealed, session_of
from carnet.policy.decision import Decision, Layer, Verdict
from carnet.policy.request import Context, Value
from tests.oidc.issuer import URL
from tests.services.sso_admin.center import Center
from tests.services.sso_oidc.apps import JWT, App, open_center, person
from tests.services.sts.trust import ASSUME, EVERY_ACTION, assume, role, trusting
from tests.services.wire import fits_the_model
from tests.services.world import Caller, ServiceError, World

PROVIDER = "arn:aws:iam::aws:contextProvider/IdentityCenter"
ALLOW_LIST = "arn:aws:iam::aws:policy/AWSIAMIdentityCenterAllowListForIdentityContext"
LISTED = "s3:GetDataAccess"
"""An action that identity-enhanced sessions may have."""
SET_CONTEXT = (*EVERY_ACTION, "sts:SetContext")


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Center]:
    with open_center(tmp_path_factory.mktemp("contexts")) as made:
        yield made


@pytest.fixture(scope="module")
def trusted(center: Center) -> str:
    return center.issuer("issuer", URL)


@pytest.fixture
def app(center: Center, trusted: str) -> App:
    return App(center, trusted)


@pytest.fixture
def world(center: Center) -> World:
    return center.world


@pytest.fixture
def name(world: World) -> str:
    """A name that nothing else has."""
    return f"n{world.installation.ids.uuid()}"


def a_role(world: World, name: str, condition: Mapping[str, Any] | None = None, **given: Any) -> str:
    return role(world, name, trusting(world.account_id, actions=SET_CONTEXT, condition=condition), **given)


def context(tokens: Mapping[str, Any]) -> str:
    told: str = tokens["awsAdditionalDetails"]["identityContext"]
    return told


def provided(assertion: str, provider: str = PROVIDER) -> list[dict[str, str]]:
    return [{"ProviderArn": provider, "ContextAssertion": assertion}]


def refused(world: World, caller: Caller, arn: str, contexts: list[dict[str, str]]) -> ServiceError:
    with pytest.raises(ServiceError) as raised:
        assume(world, caller, arn, ProvidedContexts=contexts)
    return raised.value


def keys_of(world: World, caller: Caller) -> Mapping[str, Value]:
    return carried_by(world.snapshot, world.principal(caller).credential).keys


def decision(world: World, caller: Caller, action: str) -> Decision:
    verified = world.principal(caller)
    carried = carried_by(world.snapshot, verified.credential)
    check = Check(action=action, resource="*", resource_account=world.account_id)
    engine = world.installation.execution.parts.engine
    return authorize(engine, world.snapshot, verified.principal, carried.policies, Context(), check).decision


def test_the_session_acts_on_behalf_of_the_person(app: App, world: World, name: str) -> None:
    alice, arn = world.user(name, [ASSUME]), a_role(world, name)
    answer = assume(world, alice, arn, ProvidedContexts=provided(context(app.vouched("ann"))))
    assert fits_the_model("AssumeRole", answer, service="sts")
    session, ann = world.session(answer), person(world, "ann")
    store = app.center.instance.identity_store_arn
    told = keys_of(world, session)
    assert told["identitystore:UserId"] == ann
    assert told["identitystore:IdentityStoreArn"] == store
    assert not [key for key in keys_of(world, alice) if key.startswith("identity")]
    event: dict[str, Any] = {}
    tell_account(event, world.principal(session))
    assert event["userIdentity"]["onBehalfOf"] == {"userId": ann, "identityStoreArn": store}


def test_the_id_token_has_the_assertion_too(app: App, world: World) -> None:
    tokens = app.vouched("ann")
    claims = json.loads(base64.urlsafe_b64decode(tokens["idToken"].split(".")[1] + "=="))
    assert claims["sts:identity_context"] == context(tokens)
    assert claims["sts:audit_context"] not in (None, context(tokens))
    instance = app.center.instance
    assert {key: value for key, value in claims.items() if key.startswith("aws:")} == {
        "aws:credential_id": session_behind(world, tokens),
        "aws:identity_store_id": instance.identity_store,
        "aws:identity_store_arn": instance.identity_store_arn,
        "aws:instance_account": instance.account,
        "aws:instance_arn": instance.arn,
    }


def session_behind(world: World, tokens: Mapping[str, Any]) -> str:
    token = opened(world.installation.keyring, AccessToken, tokens["accessToken"])
    assert token is not None
    session = session_of(world.snapshot, token.account, token.session)
    assert session is not None
    return session.id


def test_who_did_not_ask_for_the_scope_gets_no_assertion(app: App) -> None:
    tokens = app.ask(JWT, assertion=app.assertion("ann"), scope=["openid"])
    assert "awsAdditionalDetails" not in tokens
    assert "sts:identity_context" not in json.loads(base64.urlsafe_b64decode(tokens["idToken"].split(".")[1] + "=="))


def test_the_trust_policy_must_let_the_caller_set_a_context(app: App, world: World, name: str) -> None:
    alice, arn = world.user(name), role(world, name, trusting(f"arn:aws:iam::{world.account_id}:user/{name}"))
    assert assume(world, alice, arn)
    denied = refused(world, alice, arn, provided(context(app.vouched("ann"))))
    assert denied.code == "AccessDenied"
    assert "sts:SetContext" in denied.message


@pytest.mark.parametrize("who", ["ann", "bob"])
def test_a_trust_policy_asks_whom_the_context_is_of(app: App, world: World, name: str, who: str) -> None:
    instance = app.center.instance
    condition = {
        "ForAllValues:ArnEquals": {"sts:RequestContextProviders": PROVIDER},
        "StringEquals": {"sts:RequestContext/identitystore:UserId": person(world, "ann")},
        "ArnEquals": {
            "sts:RequestContext/identitystore:IdentityStoreArn": instance.identity_store_arn,
            "sts:RequestContext/identitycenter:InstanceArn": instance.arn,
            "sts:RequestContext/identitycenter:ApplicationArn": app.arn,
        },
        "Null": {"sts:RequestContext/identitycenter:CredentialId": "false"},
    }
    alice = world.user(name)
    trust = trusting(f"arn:aws:iam::{world.account_id}:user/{name}", actions=SET_CONTEXT, condition=condition)
    arn, contexts = role(world, name, trust), provided(context(app.vouched(who)))
    if who == "ann":
        assert assume(world, alice, arn, ProvidedContexts=contexts)
        assert refused(world, alice, arn, []).code == "AccessDenied"
    else:
        assert refused(world, alice, arn, contexts).code == "AccessDenied"


def test_the_session_is_held_to_what_such_sessions_are_for(app: App, world: World, name: str) -> None:
    alice, arn = world.user(name, [ASSUME]), a_role(world, name)
    session = world.session(assume(world, alice, arn, ProvidedContexts=provided(context(app.vouched("ann")))))
    assert decision(world, session, LISTED).allowed
    denied = decision(world, session, "s3:GetObject")
    assert (denied.verdict, denied.layer) == (Verdict.EXPLICIT_DENY, Layer.SESSION)
    assert [each.policy for each in denied.statements] == [ALLOW_LIST]
    plain = world.session(assume(world, alice, arn))
    assert decision(world, plain, "s3:GetObject").allowed
    with pytest.raises(ServiceError, match=f"explicit deny in a session policy: {ALLOW_LIST}"):
        world.call(session, "ListUsers")


def test_a_session_policy_narrows_it_further(app: App, world: World, name: str) -> None:
    alice, arn = world.user(name, [ASSUME]), a_role(world, name)
    only = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": LISTED, "Resource": "*"}})
    contexts = provided(context(app.vouched("ann")))
    session = world.session(assume(world, alice, arn, Policy=only, ProvidedContexts=contexts))
    assert decision(world, session, LISTED).allowed
    assert decision(world, session, "s3:ListCallerAccessGrants").verdict is Verdict.IMPLICIT_DENY
    assert decision(world, session, "s3:GetObject").verdict is Verdict.EXPLICIT_DENY


def test_the_role_must_allow_it_as_ever(app: App, world: World, name: str) -> None:
    alice, arn = world.user(name, [ASSUME]), a_role(world, name, allows=None)
    session = world.session(assume(world, alice, arn, ProvidedContexts=provided(context(app.vouched("ann")))))
    assert decision(world, session, LISTED).verdict is Verdict.IMPLICIT_DENY


def test_an_assertion_is_good_as_long_as_the_access_token(app: App, world: World, name: str) -> None:
    alice, arn = world.user(name, [ASSUME]), a_role(world, name)
    tokens = app.vouched("ann")
    contexts = provided(context(tokens))
    world.clock.advance(tokens["expiresIn"] - 1)
    assert assume(world, alice, arn, ProvidedContexts=contexts)
    world.clock.advance(1)
    assert refused(world, alice, arn, contexts).code == "ExpiredTokenException"


def test_what_is_no_assertion_is_refused(app: App, world: World, name: str) -> None:
    alice, arn = world.user(name, [ASSUME]), a_role(world, name)
    good, tokens = context(app.vouched("ann")), app.vouched("ann")
    flipped = good[:-2] + ("A" if good[-2] != "A" else "B") + good[-1]
    forged = [flipped, good[:-1], "abcd", tokens["accessToken"], tokens["refreshToken"], "é" * 9]
    for assertion in forged:
        answered = refused(world, alice, arn, provided(assertion))
        told = (answered.code, answered.message)
        assert told == ("InvalidContextAssertion", "The provided context assertion is invalid.")
    assert assume(world, alice, arn, ProvidedContexts=provided(good))


def test_an_assertion_of_another_past_is_refused(app: App, world: World, name: str) -> None:
    alice, arn, keyring = world.user(name, [ASSUME]), a_role(world, name), world.installation.keyring
    made = opened(keyring, IdentityContext, context(app.vouched("ann")))
    assert made is not None
    for epoch, taken in ((made.epoch, True), ("another", False)):
        contexts = provided(sealed(keyring, struct.replace(made, epoch=epoch)).text)
        if taken:
            assert assume(world, alice, arn, ProvidedContexts=contexts)
        else:
            assert refused(world, alice, arn, contexts).code == "InvalidContextAssertion"


def test_what_has_another_form_is_refused(app: App, world: World, name: str) -> None:
    alice, arn = world.user(name, [ASSUME]), a_role(world, name)
    good = context(app.vouched("ann"))
    others = [
        provided(good, "arn:aws:iam::aws:contextProvider/QuickSight"),
        provided(good, "arn:aws-cn:iam::aws:contextProvider/IdentityCenter"),
        [{"ContextAssertion": good}],
        provided(good) * 2,
    ]
    for contexts in others:
        assert refused(world, alice, arn, contexts).code == "ValidationError"
    assert refused(world, alice, arn, [{"ProviderArn": PROVIDER}]).code == "InvalidContextAssertion"


def audit_context(tokens: Mapping[str, Any]) -> str:
    told: str = json.loads(base64.urlsafe_b64decode(tokens["idToken"].split(".")[1] + "=="))["sts:audit_context"]
    return told


def test_of_an_audit_context_events_tell_and_no_policy_asks(app: App, world: World, name: str) -> None:
    alice, arn = world.user(name, [ASSUME]), a_role(world, name)
    answer = assume(world, alice, arn, ProvidedContexts=provided(audit_context(app.vouched("ann"))))
    session = world.session(answer)
    assert not [key for key in keys_of(world, session) if key.startswith("identity")]
    assert decision(world, session, "s3:GetObject").allowed
    event: dict[str, Any] = {}
    tell_account(event, world.principal(session))
    store = app.center.instance.identity_store_arn
    assert event["userIdentity"]["onBehalfOf"] == {"userId": person(world, "ann"), "identityStoreArn": store}


def test_a_session_has_one_of_the_two(app: App, world: World, name: str) -> None:
    alice, arn, tokens = world.user(name, [ASSUME]), a_role(world, name), app.vouched("ann")
    both = provided(context(tokens)) + provided(audit_context(tokens))
    assert refused(world, alice, arn, both).code == "ValidationError"


class TestItEnds:
    """With the person, for the session; with the sign-in and the assignment, for what asks for new ones."""

    def test_who_has_signed_out(self, app: App, world: World, name: str) -> None:
        alice, arn = world.user(name, [ASSUME]), a_role(world, name)
        tokens = app.vouched("ann")
        token = opened(world.installation.keyring, AccessToken, tokens["accessToken"])
        assert token is not None
        session = session_of(world.snapshot, token.account, token.session)
        assert session is not None
        app.center.save(replace(session, revoked=True))
        assert refused(world, alice, arn, provided(context(tokens))).code == "InvalidContextAssertion"

    def test_who_may_not_use_the_application_any_more(self, app: App, world: World, name: str) -> None:
        alice, arn = world.user(name, [ASSUME]), a_role(world, name)
        contexts = provided(context(app.vouched("ann")))
        app.center.call("PutApplicationAssignmentConfiguration", ApplicationArn=app.arn, AssignmentRequired=True)
        assert refused(world, alice, arn, contexts).code == "InvalidContextAssertion"

    @pytest.mark.parametrize("of", [context, audit_context])
    def test_who_is_disabled(self, app: App, world: World, name: str, of: Callable[[Mapping[str, Any]], str]) -> None:
        alice, arn = world.user(name, [ASSUME]), a_role(world, name)
        contexts = provided(of(app.vouched("bob")))
        session = world.session(assume(world, alice, arn, ProvidedContexts=contexts))
        assert world.call(session, "GetCallerIdentity", service="sts")
        bob = world.snapshot.accounts[world.account_id].of(IdentityStoreUser).get(person(world, "bob"))
        assert bob is not None
        app.center.save(replace(bob, enabled=False))
        assert refused(world, alice, arn, contexts).code == "InvalidContextAssertion"
        with pytest.raises(ServiceError, match="InvalidClientTokenId"):
            world.call(session, "GetCallerIdentity", service="sts")
        app.center.save(bob)
        assert world.call(session, "GetCallerIdentity", service="sts")
