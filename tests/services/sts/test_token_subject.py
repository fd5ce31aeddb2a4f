"""GetWebIdentityToken: what a token says of the session that asks, and on whose behalf that acts."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from carnet.base.faults import Denied, Invalid
from carnet.services.sts.token_subject import origin_subject
from tests.oidc import issuer
from tests.oidc.issuer import HOST, URL
from tests.services.iam.documents import text
from tests.services.iam.expect import refused as call_refused
from tests.services.organizations.estate import an_estate
from tests.services.sts.trust import ASSUME, EVERY_ACTION, assume, role, trusting
from tests.services.world import START, Caller, World, open_world

OWN = "https://sts.amazonaws.com/"
ORIGIN = {"SubjectMode": "OriginIdentity"}
SCOPED = {**ORIGIN, "Scope": "read READ"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    directory = tmp_path_factory.mktemp("token-subject")
    keys = directory / "keys.json"
    keys.write_text(json.dumps({URL: issuer.key_set(issuer.private_key("RS256"))}))
    with open_world(directory, oidc_keys_file=keys) as made:
        provider: dict[str, Any] = {"Url": URL, "ClientIDList": ["app"], "ContextProvider": {"SubjectSourceKey": "sub"}}
        made.call(made.root, "CreateOpenIDConnectProvider", **provider)
        made.call(made.root, "EnableOutboundWebIdentityFederation")
        yield made


def acting(world: World, *actions: str, condition: Mapping[str, Any] | None = None, subject: str = "ann") -> Caller:
    """A session on behalf of somebody, whose role allows these actions."""
    federated = {"Federated": f"arn:aws:iam::{world.account_id}:oidc-provider/{HOST}"}
    trusted = {"Effect": "Allow", "Principal": federated, "Action": ["sts:AssumeRoleWithWebIdentity", "sts:SetContext"]}
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*", "Condition": condition or {}}
    arn = role(
        world,
        f"n{world.installation.ids.uuid()}",
        text({"Version": "2012-10-17", "Statement": trusted}),
        allows={"Version": "2012-10-17", "Statement": statement},
    )
    token = issuer.signed(issuer.claims(START.timestamp(), sub=subject))
    asked = {"RoleArn": arn, "RoleSessionName": "work", "WebIdentityToken": token}
    return world.session(world.unsigned("AssumeRoleWithWebIdentity", **asked))


def claims(world: World, caller: Caller, **given: Any) -> dict[str, Any]:
    asked = {"Audience": ["https://api"], "SigningAlgorithm": "ES384"} | given
    token = world.call(caller, "GetWebIdentityToken", service="sts", **asked)["WebIdentityToken"]
    told: dict[str, Any] = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    return told


def refused(world: World, caller: Caller, **given: Any) -> str:
    asked = {"Audience": ["https://api"], "SigningAlgorithm": "ES384"} | given
    return call_refused(world, caller, "GetWebIdentityToken", service="sts", **asked)[0]


def test_a_token_is_of_whom_the_session_acts_for(world: World) -> None:
    session = acting(world, "sts:*")
    own = claims(world, session)
    assert ":role/" in own["sub"]
    assert "subject_mode" not in own[OWN]
    assert claims(world, session, SubjectMode="AWSIdentity")["sub"] == own["sub"]
    told = claims(world, session, **ORIGIN)
    assert told["sub"] == "ann"
    assert told[OWN]["subject_mode"] == "OriginIdentity"
    assert told[OWN]["principal_id"] == own["sub"]
    assert "scope" not in told


def test_without_a_context_there_is_no_such_subject(world: World) -> None:
    assert refused(world, world.root, **ORIGIN) == "ValidationError"


@pytest.mark.parametrize("subject", ["arn:aws:iam::1:root", "ArN:x", " ann", "ann ", "a\tn", "a\u200bn", "a\u00a0n"])
def test_a_subject_that_could_be_taken_for_another_is_denied(world: World, subject: str) -> None:
    assert refused(world, acting(world, "sts:*", subject=subject), **ORIGIN) == "AccessDenied"


def test_a_subject_may_have_spaces_inside() -> None:
    keys = {"aws:OriginIdentity/Subject": "ann b", "aws:OriginIdentity/Issuer": HOST}
    assert origin_subject(keys) == "ann b"
    with pytest.raises(Denied):
        origin_subject({**keys, "aws:OriginIdentity/Subject": "ann b\u2028"})


@pytest.mark.parametrize("told", [{"Issuer": HOST}, {"Subject": "ann"}, {"Subject": " ", "Issuer": HOST}])
def test_a_subject_that_nobody_vouches_for_is_none(told: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        origin_subject({f"aws:OriginIdentity/{name}": value for name, value in told.items()})


def test_policies_decide_by_the_mode(world: World) -> None:
    condition = {"StringEquals": {"sts:SubjectMode": "AWSIdentity"}}
    session = acting(world, "sts:GetWebIdentityToken", condition=condition)
    assert claims(world, session)
    assert refused(world, session, **ORIGIN) == "AccessDenied"


class TestScope:
    def test_it_is_copied_and_needs_a_permission(self, world: World) -> None:
        session = acting(world, "sts:GetWebIdentityToken", "sts:SetWebIdentityTokenScope")
        assert claims(world, session, **SCOPED)["scope"] == "read READ"
        assert refused(world, acting(world, "sts:GetWebIdentityToken"), **SCOPED) == "AccessDenied"

    def test_policies_decide_by_its_values(self, world: World) -> None:
        condition = {"ForAllValues:StringEquals": {"sts:IdentityTokenScope": ["read", "write"]}}
        session = acting(world, "sts:*", condition=condition)
        assert claims(world, session, **ORIGIN, Scope="write read")
        assert refused(world, session, **SCOPED) == "AccessDenied"

    @pytest.mark.parametrize(
        "given",
        [{"Scope": "read"}, {**ORIGIN, "Scope": "read", "Audience": ["a", "b"]}, {**ORIGIN, "Scope": "read a read"}],
    )
    def test_others_are_refused(self, world: World, given: dict[str, Any]) -> None:
        assert refused(world, acting(world, "sts:*"), **given) == "ValidationError"


def test_a_token_tells_of_the_session_and_the_organization(world: World) -> None:
    alice = world.user("alice", [ASSUME])
    arn = role(world, "reader", trusting(world.account_id, actions=EVERY_ACTION))
    session = world.session(assume(world, alice, arn, SourceIdentity="alice"))
    told = claims(world, session)[OWN]
    assert told["source_identity"] == "alice"
    assert not {"org_id", "ou_path", "federated_provider", "identity_store_user_id"} & told.keys()
    estate = an_estate(world)
    told = claims(world, session)[OWN]
    assert told["ou_path"] == [f"{told['org_id']}/{estate.root}/"]


def test_a_token_tells_of_the_provider(world: World) -> None:
    told = claims(world, acting(world, "sts:*"))[OWN]
    assert told["federated_provider"].endswith(f":oidc-provider/{HOST}")
