"""Tokens that an account issues, and the documents by which others verify them."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.request import urlopen

import pytest
from botocore.exceptions import ClientError
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.asked import status_of
from tests.attacks.wire import audit
from tests.server.in_process import InProcessServer, in_process_server

PUBLIC_URL = "https://carnet.example.com"
OWN = "https://sts.amazonaws.com/"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessServer]:
    with in_process_server(tmp_path_factory.mktemp("outbound"), public_url=PUBLIC_URL) as made:
        yield made


@pytest.fixture(scope="module")
def issuer(server: InProcessServer) -> str:
    made: str = server.client("iam").enable_outbound_web_identity_federation()["IssuerIdentifier"]
    return made


def document(server: InProcessServer, issuer: str, page: str) -> Any:
    with urlopen(f"{server.endpoint}{issuer.removeprefix(PUBLIC_URL)}/.well-known/{page}") as answer:
        return json.load(answer)


def verified(server: InProcessServer, issuer: str, token: str, algorithm: str = "ES384") -> Any:
    """The claims, by the keys that the issuer publishes now."""
    discovery = document(server, issuer, "openid-configuration")
    assert discovery["issuer"] == issuer
    assert OWN in discovery["claims_supported"]
    assert discovery["jwks_uri"] == f"{issuer}/.well-known/jwks.json"
    keys = KeySet.import_key_set(document(server, issuer, "jwks.json"))
    return jwt.decode(token, keys, algorithms=[algorithm]).claims


def user(server: InProcessServer, name: str, *actions: str) -> tuple[str, str]:
    iam = server.client("iam")
    iam.create_user(UserName=name, Tags=[{"Key": "team", "Value": "blue"}])
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": statement})
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=policy)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]


def refusal(call: Any, **given: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**given)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def refused(call: Any, **given: Any) -> str:
    return refusal(call, **given)[0]


@pytest.mark.parametrize("algorithm", ["RS256", "ES384"])
def test_a_token_says_who_calls_and_others_can_verify_it(server: InProcessServer, issuer: str, algorithm: str) -> None:
    sts = server.client("sts", *user(server, f"ann-{algorithm}", "sts:*"))
    before = int(time.time())
    answer = sts.get_web_identity_token(
        Audience=["https://api.example.com"],
        SigningAlgorithm=algorithm,
        DurationSeconds=60,
        Tags=[{"Key": "job", "Value": "7"}],
    )
    claims = verified(server, issuer, answer["WebIdentityToken"], algorithm)
    arn = sts.get_caller_identity()["Arn"]
    assert (claims["iss"], claims["sub"], claims["aud"]) == (issuer, arn, "https://api.example.com")
    assert before <= claims["iat"] <= claims["exp"] - 60 <= time.time()
    assert claims["exp"] == int(answer["Expiration"].timestamp())
    assert claims[OWN] == {
        "aws_account": arn.split(":")[4],
        "principal_id": arn,
        "source_region": "us-east-1",
        "principal_tags": {"team": "blue"},
        "request_tags": {"job": "7"},
    }
    assert answer["WebIdentityToken"] not in json.dumps(audit(server))


def test_a_token_for_several_names_them_all(server: InProcessServer, issuer: str) -> None:
    answer = server.client("sts").get_web_identity_token(Audience=["a", "b"], SigningAlgorithm="ES384")
    claims = verified(server, issuer, answer["WebIdentityToken"])
    assert claims["aud"] == ["a", "b"]
    assert claims["exp"] - claims["iat"] == 300


def test_policies_decide_by_audience_algorithm_and_duration(server: InProcessServer, issuer: str) -> None:
    key = user(server, "bob", "sts:GetWebIdentityToken")
    deny = {
        "Effect": "Deny",
        "Action": "sts:GetWebIdentityToken",
        "Resource": "*",
        "Condition": {"ForAnyValue:StringEquals": {"sts:IdentityTokenAudience": "secret"}},
    }
    limited = {**deny, "Condition": {"NumericGreaterThan": {"sts:DurationSeconds": "60"}}}
    by_key = {**deny, "Condition": {"StringEquals": {"sts:SigningAlgorithm": "RS256"}}}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [deny, limited, by_key]})
    server.client("iam").put_user_policy(UserName="bob", PolicyName="limits", PolicyDocument=policy)
    token = server.client("sts", *key).get_web_identity_token
    good = {"Audience": ["open"], "SigningAlgorithm": "ES384", "DurationSeconds": 60}
    token(**good)
    for changed in ({"Audience": ["open", "secret"]}, {"DurationSeconds": 61}, {"SigningAlgorithm": "RS256"}):
        assert refused(token, **good | changed) == "AccessDenied"
    assert refused(token, **good, Tags=[{"Key": "a", "Value": "b"}]) == "AccessDenied"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"SigningAlgorithm": "HS256"}, "ValidationError"),
        ({"SigningAlgorithm": "rs256"}, "ValidationError"),
        ({"SubjectMode": "OriginIdentity"}, "ValidationError"),
        ({"Scope": "read"}, "ValidationError"),
        ({"Tags": [{"Key": "k", "Value": "v"}, {"Key": "K", "Value": "v"}]}, "InvalidParameterValue"),
        (
            {"Tags": [{"Key": f"{n}".rjust(120, "k"), "Value": "v" * 256} for n in range(50)]},
            "JWTPayloadSizeExceededException",
        ),
    ],
)
def test_what_no_token_is_made_for(server: InProcessServer, issuer: str, changed: dict[str, Any], code: str) -> None:
    token = server.client("sts").get_web_identity_token
    assert refused(token, **{"Audience": ["a"], "SigningAlgorithm": "ES384"} | changed) == code


def test_the_payload_has_a_largest_size(server: InProcessServer, issuer: str) -> None:
    token = server.client("sts").get_web_identity_token

    def claims(padding: int) -> dict[str, Any]:
        tags = [{"Key": f"{n}", "Value": "v" * 250} for n in range(18)] + [{"Key": "aws:x", "Value": "reserved"}]
        audiences = [*(["a" * 1000] * 9), "a" * padding]
        return {"Audience": audiences, "SigningAlgorithm": "ES384", "Tags": tags}

    made = token(**claims(1))["WebIdentityToken"]
    least = len(base64.urlsafe_b64decode(made.split(".")[1] + "=="))
    most = token(**claims(1 + 14_984 - least))["WebIdentityToken"]
    assert len(base64.urlsafe_b64decode(most.split(".")[1] + "==")) == 14_984
    assert verified(server, issuer, most)[OWN]["request_tags"]["aws:x"]
    too_large = ("JWTPayloadSizeExceededException", "JWT payload exceeds maximum allowed size")
    assert refusal(token, **claims(2 + 14_984 - least)) == too_large


def test_the_resource_is_the_caller_itself(server: InProcessServer, issuer: str) -> None:
    account = server.client("sts").get_caller_identity()["Account"]
    itself = f"arn:aws:sts::{account}:self"
    asked = {"Audience": ["a"], "SigningAlgorithm": "ES384"}
    key = user(server, "dora", "iam:GetUser")
    token = server.client("sts", *key).get_web_identity_token
    assert f"sts:GetWebIdentityToken on resource: {itself} because" in refusal(token, **asked)[1]
    statement = {"Effect": "Allow", "Action": "sts:GetWebIdentityToken", "Resource": itself}
    policy = json.dumps({"Version": "2012-10-17", "Statement": statement})
    server.client("iam").put_user_policy(UserName="dora", PolicyName="self", PolicyDocument=policy)
    assert verified(server, issuer, token(**asked)["WebIdentityToken"])
    tagged = refusal(token, **asked, Tags=[{"Key": "a", "Value": "b"}])
    assert f"sts:TagGetWebIdentityToken on resource: {itself} because" in tagged[1]


def test_federated_users_have_none(server: InProcessServer, issuer: str) -> None:
    sts = server.client("sts", *user(server, "emil", "sts:*"))
    given = sts.get_federation_token(Name="frieda")["Credentials"]
    keys = given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]
    token = server.client("sts", *keys).get_web_identity_token
    expected = ("AccessDenied", "GetWebIdentityToken does not support federated user sessions")
    assert refusal(token, Audience=["a"], SigningAlgorithm="ES384") == expected


def test_a_token_does_not_outlive_the_session_that_asks(server: InProcessServer, issuer: str) -> None:
    trust = {"Effect": "Allow", "Principal": {"AWS": issuer and server.client("sts").get_caller_identity()["Account"]}}
    iam = server.client("iam")
    document = json.dumps({"Version": "2012-10-17", "Statement": {**trust, "Action": "sts:AssumeRole"}})
    arn = iam.create_role(RoleName="job", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    allow = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:*", "Resource": "*"}}
    iam.put_role_policy(RoleName="job", PolicyName="p", PolicyDocument=json.dumps(allow))
    sts = server.client("sts", *user(server, "carl", "sts:AssumeRole"))
    given = sts.assume_role(RoleArn=arn, RoleSessionName="nightly", DurationSeconds=900)["Credentials"]
    token = server.client(
        "sts", given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]
    ).get_web_identity_token
    made = token(Audience=["a"], SigningAlgorithm="ES384", DurationSeconds=600)
    assert verified(server, issuer, made["WebIdentityToken"])["sub"] == arn
    longer = {"Audience": ["a"], "SigningAlgorithm": "ES384", "DurationSeconds": 1000}
    expected = "Requested token expiry time must be before the original session's expiry time."
    assert refusal(token, **longer) == ("SessionDurationEscalationException", expected)


def test_there_are_no_other_pages(server: InProcessServer, issuer: str) -> None:
    for path in ("", "/", "/.well-known/other", "/../x/.well-known/jwks.json"):
        assert status_of(f"{server.endpoint}{issuer.removeprefix(PUBLIC_URL)}{path}") == 404
    assert status_of(f"{server.endpoint}/_carnet/issuers/other/.well-known/jwks.json") == 404


def test_disabled_and_enabled_again_it_has_new_keys_and_the_same_name(server: InProcessServer, issuer: str) -> None:
    iam, token = server.client("iam"), server.client("sts").get_web_identity_token
    asked = {"Audience": ["a"], "SigningAlgorithm": "ES384"}
    account = server.client("sts").get_caller_identity()["Account"]
    told = "Outbound identity federation is {} for account " + account
    assert refusal(iam.enable_outbound_web_identity_federation) == ("FeatureEnabled", told.format("already enabled"))
    assert iam.get_outbound_web_identity_federation_info()["IssuerIdentifier"] == issuer
    old = token(**asked)["WebIdentityToken"]
    before = {key["kid"] for key in document(server, issuer, "jwks.json")["keys"]}
    iam.disable_outbound_web_identity_federation()
    assert refusal(iam.disable_outbound_web_identity_federation) == ("FeatureDisabled", told.format("already disabled"))
    assert refusal(iam.get_outbound_web_identity_federation_info) == ("FeatureDisabled", told.format("disabled"))
    disabled = ("OutboundWebIdentityFederationDisabledException", "OutboundWebIdentityFederation is disabled.")
    assert refusal(token, **asked) == disabled
    assert refused(token, **asked | {"SigningAlgorithm": "HS256"}) == "ValidationError"
    verified(server, issuer, old)
    assert iam.enable_outbound_web_identity_federation()["IssuerIdentifier"] == issuer
    verified(server, issuer, old)
    verified(server, issuer, token(**asked)["WebIdentityToken"])
    assert len(before & {key["kid"] for key in document(server, issuer, "jwks.json")["keys"]}) == 2
    server.clock.advance(86_401)
    try:
        assert not before & {key["kid"] for key in document(server, issuer, "jwks.json")["keys"]}
    finally:
        server.clock.advance(-86_401)  # the other tests, which may come after, sign with the present time
    assert "d" not in json.dumps([list(key) for key in document(server, issuer, "jwks.json")["keys"]]).split('"')
