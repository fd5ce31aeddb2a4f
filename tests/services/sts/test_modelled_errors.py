"""Each operation of STS raises the errors that its model has, when there is cause."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from carnet import models
from tests.oidc import issuer
from tests.saml import idp
from tests.services.iam.expect import refused
from tests.services.sts.full_sessions import FullSessions, open_sessions
from tests.services.test_never_answered import NO_ERRORS
from tests.services.world import Caller

SILENT = "https://127.0.0.1/silent"
"""An issuer that no keys are fetched from: no connection is made to such an address."""
IDENTITY_CENTER = "arn:aws:iam::aws:contextProvider/IdentityCenter"
WEB, SAML = "AssumeRoleWithWebIdentity", "AssumeRoleWithSAML"


@dataclass(frozen=True)
class Cause:
    """What an operation is asked with, in place of what it was asked with when it succeeded."""

    given: Callable[[FullSessions], Mapping[str, Any]]
    caller: Callable[[FullSessions], Caller] | None = None


def token(**claims: Any) -> Cause:
    def signed(sessions: FullSessions) -> Mapping[str, Any]:
        said = issuer.claims(sessions.world.clock().timestamp(), **claims)
        return {"WebIdentityToken": issuer.signed(said)}

    return Cause(signed)


def assertion(age: timedelta = timedelta(0), **changes: Any) -> Cause:
    def posted(sessions: FullSessions) -> Mapping[str, Any]:
        issued = sessions.world.clock() - age
        arn = sessions.asked[SAML][1]["RoleArn"]
        return {"SAMLAssertion": idp.post(sessions.federation.answer(arn, issued=issued, **changes))}

    return Cause(posted)


def given(**others: Any) -> Cause:
    return Cause(lambda sessions: others)


def short_session(sessions: FullSessions) -> Caller:
    """A session that lasts for 15 minutes."""
    asked = {**sessions.asked["AssumeRole"][1], "DurationSeconds": 900}
    return sessions.world.session(sessions.world.call(sessions.alice, "AssumeRole", service="sts", **asked))


CAUSES: Mapping[str, Mapping[str, Cause]] = {
    "ExpiredTokenException": {WEB: token(exp=1), SAML: assertion(timedelta(minutes=6))},
    "IDPCommunicationError": {WEB: token(iss=SILENT)},
    "IDPRejectedClaim": {SAML: assertion(status="urn:oasis:names:tc:SAML:2.0:status:Responder")},
    "InsufficientSessionLifetime": {"GetScopedCredentials": given(DurationSeconds=43_200)},
    "InvalidAuthorizationMessageException": {"DecodeAuthorizationMessage": given(EncodedMessage="none")},
    "InvalidContextAssertion": {
        "AssumeRole": given(ProvidedContexts=[{"ProviderArn": IDENTITY_CENTER, "ContextAssertion": "none"}])
    },
    "InvalidIdentityToken": {WEB: given(WebIdentityToken="no.json.token"), SAML: assertion(timedelta(minutes=-6))},
    "InvalidSubjectCredentials": {"GetScopedCredentials": Cause(lambda sessions: {}, lambda sessions: sessions.alice)},
    "MalformedPolicyDocument": dict.fromkeys(
        ("AssumeRole", SAML, WEB, "GetFederationToken", "GetScopedCredentials"), given(Policy="{}")
    ),
    "SessionDurationEscalationException": {
        "GetWebIdentityToken": Cause(lambda sessions: {"DurationSeconds": 901}, short_session)
    },
}
"""Error code to the operations that raise it here."""
ELSEWHERE: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "test_provided_contexts": {"ExpiredTokenException": ("AssumeRole",)},
    "test_session_policies": {
        "PackedPolicyTooLarge": (
            *("AssumeRole", SAML, WEB, "GetDelegatedAccessToken", "GetFederationToken", "GetScopedCredentials"),
        )
    },
    "../iam/test_delegation_requests": {"ExpiredTradeInTokenException": ("GetDelegatedAccessToken",)},
    "../../server/test_outbound_federation": {
        "JWTPayloadSizeExceededException": ("GetWebIdentityToken",),
        "OutboundWebIdentityFederationDisabledException": ("GetWebIdentityToken",),
    },
}
"""The module that raises the errors of few operations, which need time or limits of their own."""
OTHERWISE: Mapping[str, Mapping[str, str]] = {
    "ExpiredTokenException": {
        "AssumeRoot": "It is given no token but its caller's, whose end every operation tells as ExpiredToken."
    },
    "IDPRejectedClaim": {
        WEB: "The keys of a provider tell that a token is good; no provider is asked what it says of a claim."
    },
}
"""Operations that do not raise an error which their model has, with the reason. The table may only shrink."""


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FullSessions]:
    with open_sessions(tmp_path_factory.mktemp("errors")) as made:
        world = made.world
        world.call(world.root, "CreateOpenIDConnectProvider", Url=SILENT, ClientIDList=["app"])
        yield made


@pytest.mark.parametrize(("code", "name"), [(code, name) for code, names in CAUSES.items() for name in names])
def test_a_modelled_error_is_raised(sessions: FullSessions, code: str, name: str) -> None:
    cause, (caller, asked) = CAUSES[code][name], sessions.asked[name]
    by = cause.caller(sessions) if cause.caller is not None else caller
    others = {**asked, **cause.given(sessions)}
    assert refused(sessions.world, by, name, service="sts", **others)[0] == code


def test_no_error_of_a_model_is_left_out() -> None:
    told = [
        (code, name) for table in (CAUSES, OTHERWISE, *ELSEWHERE.values()) for code in table for name in table[code]
    ]
    assert len(told) == len(set(told))
    assert set(told) == {each for each in _modelled() if each[0] not in NO_ERRORS["sts"]}


def _modelled() -> set[tuple[str, str]]:
    return {
        (shape.metadata.get("error", {}).get("code", shape.name), name)
        for name, operation in models.service("sts").operations.items()
        for shape in operation.model.error_shapes
    }


@pytest.mark.parametrize("module", ELSEWHERE)
def test_the_other_modules_name_the_codes(module: str) -> None:
    written = (Path(__file__).parent / f"{module}.py").read_text(encoding="utf-8")
    assert not [code for code in ELSEWHERE[module] if f'"{code}"' not in written]
