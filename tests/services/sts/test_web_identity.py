"""AssumeRoleWithWebIdentity, with an issuer whose keys are in a file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.oidc import issuer
from tests.oidc.issuer import HOST, URL
from tests.services.iam.expect import refused as call_refused
from tests.services.sts.trust import ALLOW_ALL, role
from tests.services.wire import fits_the_model
from tests.services.world import START, Caller, ServiceError, World, open_world

GITHUB = "https://token.actions.githubusercontent.com"
EKS = "https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
NOW = START.timestamp()
EVERY_ACTION = ("sts:AssumeRoleWithWebIdentity", "sts:TagSession", "sts:SetSourceIdentity")
TAGS = "https://aws.amazon.com/tags"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    directory = tmp_path_factory.mktemp("web-identity")
    keys = directory / "keys.json"
    of_all = issuer.key_set(issuer.private_key("RS256"))
    keys.write_text(json.dumps(dict.fromkeys((URL, GITHUB, EKS), of_all)))
    with open_world(directory, oidc_keys_file=keys) as made:
        for url, audience in ((URL, "app"), (GITHUB, "sts.amazonaws.com"), (EKS, "sts.amazonaws.com")):
            made.call(made.root, "CreateOpenIDConnectProvider", Url=url, ClientIDList=[audience])
        yield made


def provider(world: World, url: str = URL) -> str:
    return f"arn:aws:iam::{world.account_id}:oidc-provider/{url.removeprefix('https://')}"


def trusting(
    world: World, name: str, condition: Mapping[str, Any] | None = None, *, url: str = URL, **given: Any
) -> str:
    """The ARN of a new role that trusts a provider in everything, under a condition."""
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"Federated": provider(world, url)},
        "Action": list(EVERY_ACTION),
    }
    if condition is not None:
        statement["Condition"] = condition
    return role(world, name, json.dumps({"Version": "2012-10-17", "Statement": [statement]}), **given)


@pytest.fixture(scope="module")
def arn(world: World) -> str:
    return trusting(world, "worker", MaxSessionDuration=7200)


def given(
    arn: str, /, *, sign: Mapping[str, Any] | None = None, ask: Mapping[str, Any] | None = None, **claims: Any
) -> dict[str, Any]:
    token = issuer.signed(issuer.claims(NOW, **claims), **sign or {})
    return {"RoleArn": arn, "RoleSessionName": "work", "WebIdentityToken": token, **(ask or {})}


def assume(world: World, arn: str, /, **more: Any) -> dict[str, Any]:
    return world.unsigned("AssumeRoleWithWebIdentity", **given(arn, **more))


def refused(world: World, arn: str, /, **more: Any) -> tuple[str, str]:
    return call_refused(world, None, "AssumeRoleWithWebIdentity", service="sts", **given(arn, **more))


DENIED = ("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")


def test_the_answer_tells_of_session_and_token(world: World, arn: str) -> None:
    answer = assume(world, arn)
    session_arn = f"arn:aws:sts::{world.account_id}:assumed-role/worker/work"
    assert answer["AssumedRoleUser"]["Arn"] == session_arn
    assert (answer["SubjectFromWebIdentityToken"], answer["Audience"]) == ("user-ann", "app")
    assert answer["Provider"] == provider(world)
    assert (answer["Credentials"]["Expiration"] - START).total_seconds() == 3600
    assert "PackedPolicySize" not in answer
    assert fits_the_model("AssumeRoleWithWebIdentity", answer, service="sts")
    identity = world.call(world.session(answer), "GetCallerIdentity", service="sts")
    assert identity["Arn"] == session_arn


class TestTrust:
    @pytest.mark.parametrize(
        ("key", "claims", "good", "bad"),
        [
            ("sub", {}, "user-ann", "user-bob"),
            ("aud", {}, "app", "other"),
            ("aud", {"aud": "https://api", "azp": "app"}, "app", "https://api"),
            ("oaud", {"aud": "https://api", "azp": "app"}, "https://api", "app"),
            ("aud", {"aud": ["more", "app"]}, "app", "more"),
            ("email", {"email": "ann@example.com"}, "ann@example.com", "bob@example.com"),
            ("email_verified", {"email_verified": True}, "true", "false"),
            ("project_id", {"project_id": 42}, "42", "43"),
            ("google/organization_number", {"google": {"organization_number": 7}}, "7", "8"),
            ("kubernetes.io/namespace", {"kubernetes.io": {"namespace": "prod"}}, "prod", "test"),
        ],
    )
    def test_a_claim_is_a_condition_key(
        self, world: World, key: str, claims: dict[str, Any], good: str, bad: str
    ) -> None:
        name = f"of-{abs(hash((key, good, str(claims))))}"
        allowed = trusting(world, name, {"StringEquals": {f"{HOST}:{key}": good}})
        denied = trusting(world, f"{name}-not", {"StringEquals": {f"{HOST}:{key}": bad}})
        assume(world, allowed, **claims)
        assert refused(world, denied, **claims) == DENIED

    def test_a_list_is_a_key_of_several_values(self, world: World) -> None:
        arn = trusting(world, "by-amr", {"ForAnyValue:StringEquals": {f"{HOST}:amr": "mfa"}})
        assume(world, arn, amr=["pwd", "mfa"])
        assert refused(world, arn, amr=["pwd"]) == DENIED
        assert refused(world, arn) == DENIED

    def test_a_role_of_another_provider_is_not_assumed(self, world: World) -> None:
        assert refused(world, trusting(world, "of-eks", url=EKS)) == DENIED

    def test_a_role_that_is_not_there_is_as_one_that_trusts_nobody(self, world: World) -> None:
        assert refused(world, f"arn:aws:iam::{world.account_id}:role/nobody") == DENIED

    def test_the_account_of_the_provider_has_no_say(self, world: World) -> None:
        document = {
            "Effect": "Allow",
            "Principal": {"AWS": world.account_id},
            "Action": "sts:AssumeRoleWithWebIdentity",
        }
        arn = role(world, "of-account", json.dumps({"Version": "2012-10-17", "Statement": [document]}))
        assert refused(world, arn) == DENIED

    def test_no_claim_stands_in_for_a_key_of_the_request(self, world: World) -> None:
        arn = trusting(world, "by-name", {"StringEquals": {"sts:RoleSessionName": "other"}})
        assert refused(world, arn, **{"sts:RoleSessionName": "other"}) == DENIED
        assume(world, arn, ask={"RoleSessionName": "other"})


class TestToken:
    def test_an_issuer_that_the_account_has_not_registered(self, world: World, arn: str) -> None:
        told = refused(world, arn, iss="https://evil.example.org")
        message = "No OpenIDConnect provider found in your account for https://evil.example.org"
        assert told == ("InvalidIdentityToken", message)

    @pytest.mark.parametrize(
        "iss",
        [f"{URL}/", URL.upper(), "https://IDP.example.com", HOST, f"http://{HOST}", f"{URL}:443", f"{URL}#", None],
    )
    def test_an_issuer_is_the_same_to_the_letter(self, world: World, arn: str, iss: str | None) -> None:
        assert refused(world, arn, iss=iss)[0] == "InvalidIdentityToken"

    def test_a_provider_of_another_account_vouches_for_nobody_here(self, world: World) -> None:
        other = world.account()
        elsewhere = role(
            world,
            "elsewhere",
            json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": {
                        "Effect": "Allow",
                        "Principal": {"Federated": provider(world)},
                        "Action": list(EVERY_ACTION),
                    },
                }
            ),
            root=other,
        )
        assert "No OpenIDConnect provider" in refused(world, elsewhere)[1]

    def test_expired(self, world: World, arn: str) -> None:
        assert refused(world, arn, exp=int(NOW))[0] == "ExpiredTokenException"

    def test_audience(self, world: World, arn: str) -> None:
        assert refused(world, arn, aud="sts.amazonaws.com") == ("InvalidIdentityToken", "Incorrect token audience")

    def test_of_an_algorithm_whose_key_the_issuer_has_not(self, world: World, arn: str) -> None:
        assert "verification key" in refused(world, arn, sign={"algorithm": "ES256"})[1]

    @pytest.mark.parametrize(
        ("role_arn", "code"),
        [("not an arn, not at all", "ValidationError"), ("arn:aws:iam::111122223333:role/x", "InvalidIdentityToken")],
    )
    def test_what_is_no_role_or_of_no_account(self, world: World, role_arn: str, code: str) -> None:
        assert refused(world, role_arn)[0] == code

    def test_providers_of_oauth_tokens_are_not_asked(self, world: World, arn: str) -> None:
        assert refused(world, arn, ask={"ProviderId": "www.amazon.com"})[0] == "ValidationError"


class TestSession:
    def test_it_lives_as_long_as_the_role_lets_it(self, world: World, arn: str) -> None:
        answer = assume(world, arn, ask={"DurationSeconds": 7200})
        assert (answer["Credentials"]["Expiration"] - START).total_seconds() == 7200
        message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        assert refused(world, arn, ask={"DurationSeconds": 7201}) == ("ValidationError", message)

    def test_a_session_policy_narrows_it(self, world: World, arn: str) -> None:
        policy = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*"}}
        answer = assume(world, arn, ask={"Policy": json.dumps(policy)})
        assert answer["PackedPolicySize"] > 0
        session = world.session(answer)
        world.call(session, "ListUsers")
        with pytest.raises(ServiceError, match="AccessDenied"):
            world.call(session, "ListRoles")

    @pytest.mark.parametrize(
        "claims",
        [
            {TAGS: {"principal_tags": {"team": ["blue"]}, "transitive_tag_keys": ["team"]}},
            {TAGS: {"principal_tags": {"team": "blue"}, "transitive_tag_keys": ["team"]}},
            {f"{TAGS}/principal_tags/team": "blue", f"{TAGS}/transitive_tag_keys": ["team"]},
        ],
    )
    def test_tags_and_source_identity_come_from_the_token(self, world: World, arn: str, claims: dict[str, Any]) -> None:
        answer = assume(world, arn, **claims, **{"https://aws.amazon.com/source_identity": "ann"})
        assert answer["SourceIdentity"] == "ann"
        session = world.principal(world.session(answer)).credential.session
        assert session is not None
        assert (dict(session.tags), session.transitive_tag_keys) == ({"team": "blue"}, ("team",))
        assert session.source_identity == "ann"

    @pytest.mark.parametrize(
        "claims",
        [
            {TAGS: "team"},
            {TAGS: {"principal_tags": ["team"]}},
            {TAGS: {"principal_tags": {"team": ["a", "b"]}}},
            {TAGS: {"principal_tags": {"team": 1}}},
            {TAGS: {"principal_tags": {}, "transitive_tag_keys": "team"}},
            {"https://aws.amazon.com/source_identity": 1},
        ],
    )
    def test_tags_of_another_form_are_refused(self, world: World, arn: str, claims: dict[str, Any]) -> None:
        assert refused(world, arn, **claims)[0] == "InvalidIdentityToken"

    @pytest.mark.parametrize("name", ["a", "aws:ann", "a b", "a" * 65])
    def test_a_source_identity_that_nobody_may_have(self, world: World, arn: str, name: str) -> None:
        assert refused(world, arn, **{"https://aws.amazon.com/source_identity": name})[0] == "ValidationError"

    def test_the_session_goes_on_having_the_providers_keys(self, world: World) -> None:
        statements = [
            {
                "Effect": "Allow",
                "Action": "iam:ListUsers",
                "Resource": "*",
                "Condition": {
                    "StringEquals": {f"{HOST}:sub": "user-ann", "aws:FederatedProvider": provider(world)},
                    "ForAnyValue:StringEquals": {f"{HOST}:amr": "mfa"},
                },
            }
        ]
        allows = {"Version": "2012-10-17", "Statement": statements}
        arn = trusting(world, "for-ann", allows=allows)
        world.call(world.session(assume(world, arn, amr=["mfa"])), "ListUsers")
        with pytest.raises(ServiceError, match="AccessDenied"):
            world.call(world.session(assume(world, arn, sub="user-bob", amr=["mfa"])), "ListUsers")

    def test_the_longest_identity_fits_into_a_token(self, world: World, arn: str) -> None:
        longest = "\u4e00" * 255
        assume(world, arn, sub=longest, azp="app", aud="\u4e01" * 255)


class TestAsInTheField:
    def test_a_github_actions_workflow(self, world: World) -> None:
        name = GITHUB.removeprefix("https://")
        condition = {
            "StringEquals": {f"{name}:aud": "sts.amazonaws.com", f"{name}:repository": "octo/app"},
            "StringLike": {f"{name}:sub": "repo:octo/app:ref:refs/heads/*"},
        }
        arn = trusting(world, "github-deploy", condition, url=GITHUB)
        token = {
            "iss": GITHUB,
            "aud": "sts.amazonaws.com",
            "jti": "9b0d3d1c",
            "nbf": int(NOW) - 600,
            "sub": "repo:octo/app:ref:refs/heads/main",
            "ref": "refs/heads/main",
            "repository": "octo/app",
            "repository_owner": "octo",
            "run_id": "1",
            "workflow": "deploy",
            "actor": "ann",
            "job_workflow_ref": "octo/app/.github/workflows/deploy.yml@refs/heads/main",
        }
        assume(world, arn, **token)
        assert refused(world, arn, **token | {"sub": "repo:octo/app:pull_request"}) == DENIED
        assert refused(world, arn, **token | {"repository": "mallory/app"}) == DENIED

    def test_a_pod_of_eks(self, world: World) -> None:
        name = EKS.removeprefix("https://")
        subject = "system:serviceaccount:prod:app"
        condition = {"StringEquals": {f"{name}:aud": "sts.amazonaws.com", f"{name}:sub": subject}}
        arn = trusting(world, "irsa", condition, url=EKS)
        pod = {"namespace": "prod", "pod": {"name": "app-1"}, "serviceaccount": {"name": "app"}}
        token = {"iss": EKS, "aud": ["sts.amazonaws.com"], "sub": subject, "kubernetes.io": pod, "nbf": int(NOW)}
        assert assume(world, arn, **token)["SubjectFromWebIdentityToken"] == subject
        assert refused(world, arn, **token | {"sub": "system:serviceaccount:test:app"}) == DENIED


def test_what_a_provider_trusts_counts_at_once(world: World) -> None:
    arn = trusting(world, "fresh")
    named = {"OpenIDConnectProviderArn": provider(world)}
    world.call(world.root, "RemoveClientIDFromOpenIDConnectProvider", **named, ClientID="app")
    assert refused(world, arn)[1] == "Incorrect token audience"
    world.call(world.root, "AddClientIDToOpenIDConnectProvider", **named, ClientID="app")
    assume(world, arn)


class TestFederationToken:
    LIST: Mapping[str, Any] = {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Action": "cloudtrail:LookupEvents", "Resource": "*"},
    }

    def ask(self, world: World, caller: Caller, **more: Any) -> dict[str, Any]:
        return world.call(caller, "GetFederationToken", service="sts", **{"Name": "bob"} | more)

    def test_the_answer_names_the_federated_user(self, world: World) -> None:
        answer = self.ask(world, world.user("broker", [ALLOW_ALL]))
        arn = f"arn:aws:sts::{world.account_id}:federated-user/bob"
        assert answer["FederatedUser"] == {"FederatedUserId": f"{world.account_id}:bob", "Arn": arn}
        assert (answer["Credentials"]["Expiration"] - START).total_seconds() == 43_200
        assert answer["PackedPolicySize"] == 0
        assert fits_the_model("GetFederationToken", answer, service="sts")
        identity = world.call(world.session(answer), "GetCallerIdentity", service="sts")
        assert identity == {"UserId": f"{world.account_id}:bob", "Account": world.account_id, "Arn": arn}

    def test_it_may_do_what_user_and_session_policies_both_allow(self, world: World) -> None:
        broker = world.user("broker2", [ALLOW_ALL])
        narrowed = world.session(self.ask(world, broker, Policy=json.dumps(self.LIST)))
        world.call(narrowed, "LookupEvents", service="cloudtrail")
        plain = world.session(self.ask(world, broker))
        poor = world.user("broker3", [{**ALLOW_ALL, "Statement": {**ALLOW_ALL["Statement"], "Action": "sts:*"}}])
        of_poor = world.session(self.ask(world, poor, Policy=json.dumps(self.LIST)))
        for session in (plain, of_poor):
            with pytest.raises(ServiceError, match="AccessDenied"):
                world.call(session, "LookupEvents", service="cloudtrail")

    def test_no_iam_and_no_sts_with_it(self, world: World) -> None:
        session = world.session(self.ask(world, world.user("broker4", [ALLOW_ALL]), Policy=json.dumps(ALLOW_ALL)))
        assert call_refused(world, session, "ListUsers")[0] == "InvalidClientTokenId"
        for operation in ("GetSessionToken", "GetFederationToken"):
            assert call_refused(world, session, operation, service="sts", Name="carl")[0] == "AccessDenied"

    def test_only_long_term_credentials_get_one(self, world: World, arn: str) -> None:
        session = world.session(assume(world, arn))
        assert call_refused(world, session, "GetFederationToken", service="sts", Name="bob")[0] == "AccessDenied"

    def test_roots_lives_an_hour(self, world: World) -> None:
        answer = self.ask(world, world.root, DurationSeconds=7200)
        assert (answer["Credentials"]["Expiration"] - START).total_seconds() == 3600

    def test_the_user_is_asked_for_the_federated_users_name_and_its_tags(self, world: World) -> None:
        resource = f"arn:aws:sts::{world.account_id}:federated-user/bob"
        may = {"Effect": "Allow", "Action": "sts:GetFederationToken", "Resource": resource}
        broker = world.user("broker5", [{"Version": "2012-10-17", "Statement": may}])
        self.ask(world, broker)
        assert call_refused(world, broker, "GetFederationToken", service="sts", Name="carl")[0] == "AccessDenied"
        tags = [{"Key": "team", "Value": "red"}]
        code, message = call_refused(world, broker, "GetFederationToken", service="sts", Name="bob", Tags=tags)
        assert (code, "sts:TagSession" in message) == ("AccessDenied", True)
        tagged = self.ask(world, world.user("broker6", [ALLOW_ALL]), Tags=tags)
        assert tagged["PackedPolicySize"] == 1
