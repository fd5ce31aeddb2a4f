"""Tokens for services: made for whoever signs the request for one, and introspected by those who are shown one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.services.iam.documents import allow
from tests.services.sts.trust import ASSUME, assume, role
from tests.services.world import START, Caller, ServiceError, World

MCP, ECR = "aws-mcp.amazonaws.com", "ecr.amazonaws.com"
OF_MCP = f"arn:aws:signin:us-east-1:*:service-principal/{MCP}"
CLIENT = "arn:aws:signin:::client-credentials/sigv4"
BY_CLIENT = {"StringEquals": {"signin:OAuthGrantType": "client_credentials", "signin:OAuthClientId": CLIENT}}
HOUR, HALF_A_DAY = 3600, 43_200


def statement(effect: str, action: str, resource: str = "*", **further: Any) -> dict[str, Any]:
    told = {"Effect": effect, "Action": action, "Resource": resource, **further}
    return {"Version": "2012-10-17", "Statement": told}


def access(world: World, caller: Caller, resource: str = MCP) -> dict[str, Any]:
    return world.call(
        caller, "CreateOAuth2TokenWithIAM", service="signin", grantType="client_credentials", resource=resource
    )


def bearer(world: World, caller: Caller, resource: str = ECR, **given: int) -> dict[str, Any]:
    return world.call(
        caller, "CreateBearerToken", service="signin", grantType="client_credentials", resource=resource, **given
    )


def introspected(world: World, token: str, caller: Caller | None = None) -> dict[str, Any]:
    return world.call(caller or world.root, "IntrospectOAuth2TokenWithIAM", service="signin", token=token)


def test_a_service_learns_whose_an_access_token_is(world: World) -> None:
    alice = world.user("alice", [statement("Allow", "signin:CreateOAuth2Token", OF_MCP, Condition=BY_CLIENT)])
    told = access(world, alice)
    assert (told["tokenType"], told["expiresIn"]) == ("Bearer", HOUR)
    assert told["accessToken"].startswith("ASOA")
    assert len(told["accessToken"]) <= 4096
    made = int(START.timestamp())
    identity = world.call(alice, "GetCallerIdentity", service="sts")
    claims = introspected(world, told["accessToken"])
    assert claims.pop("jti")
    assert claims == {
        "active": True,
        "tokenType": "access_token",
        "clientId": CLIENT,
        "userId": identity["UserId"],
        "sub": identity["Arn"],
        "accountId": identity["Account"],
        "aud": MCP,
        "iss": "signin.amazonaws.com",
        "iat": made,
        "nbf": made,
        "exp": made + HOUR,
    }


def test_the_policies_name_the_service_and_the_grant(world: World) -> None:
    carol = world.user("carol", [allow("signin:CreateOAuth2Token"), statement("Deny", "signin:*", OF_MCP)])
    assert access(world, carol, ECR)
    with pytest.raises(ServiceError, match=f"AccessDenied.*service-principal/{MCP}.*explicit deny"):
        access(world, carol)
    only_browsers = {"StringEquals": {"signin:OAuthGrantType": ["authorization_code", "refresh_token"]}}
    dave = world.user("dave", [statement("Allow", "signin:CreateOAuth2Token", Condition=only_browsers)])
    for ask in (access, bearer):
        with pytest.raises(ServiceError, match="AccessDenied"):
            ask(world, dave)
    assert bearer(world, world.user("erin", [allow("signin:CreateBearerToken")]))


def test_only_services_have_tokens(world: World) -> None:
    for name in ("evil.amazonaws.com", "https://mcp.example.com", "arn:aws:iam::444455556666:role/x", "*"):
        for ask in (access, bearer):
            with pytest.raises(ServiceError, match="ValidationException: The resource must be") as told:
                ask(world, world.root, name)
            assert told.value.members == {"error": "invalid_target"}


@pytest.mark.parametrize(("asked", "seconds"), [({}, HALF_A_DAY), ({"durationSeconds": 300}, 300)])
def test_a_bearer_token_lasts_as_asked(world: World, asked: dict[str, int], seconds: int) -> None:
    told = bearer(world, world.root, ECR, **asked)
    assert told["expiresIn"] == seconds
    world.clock.advance(seconds - 1)
    assert introspected(world, told["accessToken"])["aud"] == ECR
    world.clock.advance(1)
    assert introspected(world, told["accessToken"]) == {"active": False}


def test_no_bearer_token_lasts_longer_than_twelve_hours(world: World) -> None:
    assert bearer(world, world.root, durationSeconds=HALF_A_DAY)["expiresIn"] == HALF_A_DAY
    with pytest.raises(ServiceError, match="ValidationException: The duration must be at most 43200") as told:
        bearer(world, world.root, durationSeconds=HALF_A_DAY + 1)
    assert told.value.members == {"error": "invalid_request"}


def test_a_token_of_a_session_says_which_and_ends_with_it(world: World) -> None:
    arn = role(world, "agent")
    answer = assume(world, world.user("alice", [ASSUME]), arn, name="monday", DurationSeconds=900)
    session = world.session(answer)
    for ask in (access, bearer):
        told = ask(world, session)
        assert told["expiresIn"] == 900
        claims = introspected(world, told["accessToken"])
        assert (claims["sub"], claims["userId"]) == (
            answer["AssumedRoleUser"]["Arn"],
            answer["AssumedRoleUser"]["AssumedRoleId"],
        )


def test_it_is_good_no_longer_once_its_principal_is_gone(world: World) -> None:
    alice = world.user("alice", [allow("signin:*")])
    token = access(world, alice)["accessToken"]
    assert introspected(world, token)["active"]
    world.call(world.root, "DeleteAccessKey", UserName="alice", AccessKeyId=alice.key_id)
    world.call(world.root, "DeleteUserPolicy", UserName="alice", PolicyName="p0")
    world.call(world.root, "DeleteUser", UserName="alice")
    world.user("alice")
    assert introspected(world, token) == {"active": False}


def test_other_accounts_learn_nothing_of_it(world: World) -> None:
    token = access(world, world.root)["accessToken"]
    assert introspected(world, token, world.account()) == {"active": False}
    changed = token[:-2] + ("AA" if token[-2:] != "AA" else "BB")
    assert introspected(world, changed) == {"active": False}


def test_who_introspects_may_be_let_see_tokens_of_one_service_alone(world: World) -> None:
    seen = statement(
        "Allow",
        "signin:IntrospectOAuth2Token",
        OF_MCP,
        Condition={"StringEquals": {"signin:OAuthTokenType": "access_token", "signin:OAuthClientId": CLIENT}},
    )
    service = world.user("the-service", [seen])
    assert introspected(world, access(world, world.root)["accessToken"], service)["active"]
    for other in (access(world, world.root, ECR)["accessToken"], "ASOAnone", "ASORnone"):
        with pytest.raises(ServiceError, match="AccessDenied"):
            introspected(world, other, service)


def test_it_is_no_credential_and_no_other_token(world: World) -> None:
    token = access(world, world.root)["accessToken"]
    world.call(world.root, "RevokeOAuth2TokenWithIAM", service="signin", token="ASOR" + token[4:])
    assert introspected(world, token)["active"]
    assert introspected(world, "ASOR" + token[4:]) == {"active": False}
    with pytest.raises(ServiceError, match="InvalidClientTokenId"):
        world.call(Caller(world.root.key_id, world.root.secret, token), "GetCallerIdentity", service="sts")
