"""Tokens that an account issues, and the documents by which others verify them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from botocore.exceptions import ClientError
from joserfc import jwt
from joserfc.jwk import KeySet

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


def refused(call: Any, **given: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**given)
    return str(caught.value.response["Error"]["Code"])


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
    assert claims["exp"] == answer["Expiration"].timestamp()
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
    assert refused(token, **longer) == "SessionDurationEscalationException"


def test_there_are_no_other_pages(server: InProcessServer, issuer: str) -> None:
    for path in ("", "/", "/.well-known/other", "/../x/.well-known/jwks.json"):
        with pytest.raises(HTTPError, match="404"):
            urlopen(f"{server.endpoint}{issuer.removeprefix(PUBLIC_URL)}{path}")
    with pytest.raises(HTTPError, match="404"):
        urlopen(f"{server.endpoint}/_carnet/issuers/other/.well-known/jwks.json")


def test_disabled_and_enabled_again_it_has_new_keys_and_the_same_name(server: InProcessServer, issuer: str) -> None:
    iam, token = server.client("iam"), server.client("sts").get_web_identity_token
    asked = {"Audience": ["a"], "SigningAlgorithm": "ES384"}
    assert refused(iam.enable_outbound_web_identity_federation) == "FeatureEnabled"
    assert iam.get_outbound_web_identity_federation_info()["IssuerIdentifier"] == issuer
    old = token(**asked)["WebIdentityToken"]
    before = {key["kid"] for key in document(server, issuer, "jwks.json")["keys"]}
    iam.disable_outbound_web_identity_federation()
    assert refused(iam.disable_outbound_web_identity_federation) == "FeatureDisabled"
    assert refused(iam.get_outbound_web_identity_federation_info) == "FeatureDisabled"
    assert refused(token, **asked) == "OutboundWebIdentityFederationDisabledException"
    verified(server, issuer, old)
    assert iam.enable_outbound_web_identity_federation()["IssuerIdentifier"] == issuer
    verified(server, issuer, old)
    verified(server, issuer, token(**asked)["WebIdentityToken"])
    assert len(before & {key["kid"] for key in document(server, issuer, "jwks.json")["keys"]}) == 2
    server.clock.advance(86_401)
    assert not before & {key["kid"] for key in document(server, issuer, "jwks.json")["keys"]}
    assert "d" not in json.dumps([list(key) for key in document(server, issuer, "jwks.json")["keys"]]).split('"')
