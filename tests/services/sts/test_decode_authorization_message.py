"""Encoded messages of denials: what they hold, and for whom they open."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from carnet.access.authorization_message import MOST_CHARACTERS, encoded
from carnet.access.authorize import Check, Decided, authorize
from carnet.access.gather import policies_of
from carnet.policy.request import Context
from tests.services.iam.documents import allow, deny
from tests.services.world import Caller, ServiceError, World

INSTANCE = "arn:aws:ec2:us-east-1:111122223333:instance/*"
SECRET = "AQuiteSecretNameOfAStatement"
MAY = allow("sts:DecodeAuthorizationMessage")


def denial(world: World, caller: Caller, **keys: Any) -> Decided:
    """What is decided of RunInstances."""
    verified = world.principal(caller)
    view = world.snapshot.accounts[verified.principal.account]
    check = Check(action="ec2:RunInstances", resource=INSTANCE, resource_account=verified.principal.account, keys=keys)
    engine = world.installation.execution.parts.engine
    context = Context(request={"aws:SourceIp": "192.0.2.1"})
    carried = policies_of(view, verified.credential)
    return authorize(engine, world.snapshot, verified.principal, carried, context, check)


def message(world: World, decided: Decided) -> str:
    return encoded(world.installation.keyring, decided, world.clock())


def read(world: World, caller: Caller, text: str) -> dict[str, Any]:
    answer = world.call(caller, "DecodeAuthorizationMessage", service="sts", EncodedMessage=text)
    told: dict[str, Any] = json.loads(answer["DecodedMessage"])
    return told


def refused(world: World, caller: Caller, text: str) -> tuple[str, str]:
    with pytest.raises(ServiceError) as refusal:
        read(world, caller, text)
    return refusal.value.code, refusal.value.message


INVALID = ("InvalidAuthorizationMessageException", "Message is not valid")


def test_an_implicit_deny(world: World) -> None:
    alice = world.user("alice", [MAY])
    principal = world.principal(alice).principal
    assert read(world, alice, message(world, denial(world, alice, **{"aws:TagKeys": ("a", "b")}))) == {
        "allowed": False,
        "explicitDeny": False,
        "matchedStatements": {"items": []},
        "failures": {"items": []},
        "context": {
            "principal": {"id": principal.id, "name": "alice", "arn": principal.arn},
            "action": "ec2:RunInstances",
            "resource": INSTANCE,
            "conditions": {
                "items": [
                    {"key": "aws:ResourceAccount", "values": {"items": [{"value": principal.account}]}},
                    {"key": "aws:SourceIp", "values": {"items": [{"value": "192.0.2.1"}]}},
                    {"key": "aws:TagKeys", "values": {"items": [{"value": "a"}, {"value": "b"}]}},
                ]
            },
        },
    }


def test_an_explicit_deny_shows_the_statement(world: World) -> None:
    forbidden = deny("ec2:Run*", condition={"StringLike": {"aws:SourceIp": ["192.*", "198.*"]}})
    forbidden["Statement"][0]["Sid"] = "NoInstances"
    alice = world.user("alice", [MAY, allow("ec2:*"), forbidden])
    told = read(world, alice, message(world, denial(world, alice)))
    assert told["explicitDeny"] is True
    assert told["matchedStatements"]["items"] == [
        {
            "statementId": "NoInstances",
            "effect": "DENY",
            "principals": {"items": [{"value": world.principal(alice).principal.id}]},
            "principalGroups": {"items": []},
            "actions": {"items": [{"value": "ec2:Run*"}]},
            "resources": {"items": [{"value": "*"}]},
            "conditions": {
                "items": [
                    {"key": "aws:SourceIp", "values": {"items": [{"value": "192.*"}, {"value": "198.*"}]}},
                ]
            },
        }
    ]


class TestForWhomItOpens:
    def test_only_who_is_allowed(self, world: World) -> None:
        alice = world.user("alice")
        text = message(world, denial(world, alice))
        assert refused(world, alice, text)[0] == "AccessDenied"
        assert read(world, world.user("auditor", [MAY]), text)["allowed"] is False

    def test_nobody_of_another_account(self, world: World) -> None:
        text = message(world, denial(world, world.user("alice")))
        assert refused(world, world.account(), text) == INVALID
        assert read(world, world.root, text)

    def test_for_a_day(self, world: World) -> None:
        text = message(world, denial(world, world.user("alice")))
        world.clock.advance(86_399)
        assert read(world, world.root, text)
        world.clock.advance(1)
        assert refused(world, world.root, text) == INVALID

    @pytest.mark.parametrize(
        "change", [lambda text: text[:-4], lambda text: f"{text}\n", lambda text: "x", lambda text: "é"]
    )
    def test_not_if_it_was_altered(self, world: World, change: Any) -> None:
        text = message(world, denial(world, world.user("alice")))
        assert refused(world, world.root, change(text)) == INVALID


class TestLength:
    def test_a_long_message_leaves_out_what_it_must(self, world: World) -> None:
        noise = random.Random(1)
        values = ["".join(noise.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=200)) for _ in range(80)]
        alice = world.user("alice", [MAY])
        long_keys = {f"aws:RequestTag/{number}": value for number, value in enumerate(values)}
        text = message(world, denial(world, alice, **long_keys))
        assert len(text) <= MOST_CHARACTERS
        told = read(world, alice, text)
        assert told["context"]["action"] == "ec2:RunInstances"
        assert told["context"]["conditions"]["items"] == []

    def test_what_a_caller_writes_does_not_tell_what_policies_say(self, world: World) -> None:
        """A guess that is right does not make the message shorter than one of the same kind that is wrong."""
        forbidden = deny("ec2:RunInstances", condition={"StringLike": {"aws:SourceIp": "192.*"}})
        forbidden["Statement"][0]["Sid"] = SECRET
        alice = world.user("alice", [MAY, forbidden])
        guesses = (SECRET, SECRET[::-1])
        right, wrong = (len(message(world, denial(world, alice, **{"aws:UserAgent": guess}))) for guess in guesses)
        assert abs(right - wrong) <= 8
