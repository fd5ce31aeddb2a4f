"""Laws of the mapping, on requests of every operation: hostile ones, and those that name nothing."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from carnet.catalog import actions
from carnet.catalog.apis import apis
from carnet.catalog.operations import operation_rules, services
from carnet.gateway.checks.check import Check, Refusal, Scope, Sought
from carnet.gateway.checks.common import COMMON
from carnet.gateway.checks.mapping import HANDS, hand_of, listed_keys, mapped
from carnet.gateway.checks.resource_keys import sources_of
from carnet.gateway.checks.table import MOST_CHECKS
from carnet.gateway.s3.arriving import REQUEST_KEYS
from carnet.policy.context_keys import lookup
from carnet.policy.request import Context

SCOPE = Scope(partition="aws", region="eu-west-1", account="111122223333")
UNFILLED = Path(__file__).with_name("unfilled_keys.txt")
BY_HAND = ("dynamodb", "kms", "lambda", "s3", "secretsmanager", "sns", "sqs")
TEXTS = (
    *("", "a", "*", "a/b", "a:b", "../a", "a\0b", "\ud800", "x" * 10_000, "é", "'", '"', "$LATEST", "default", "/"),
    *("alias/a", "alias/", "function:f", "f:1", "arn:", "arn:aws:s3:::b", "arn:aws:s3:::b/k", "+15555550100"),
    *("arn:aws:kms:eu-west-1:444455556666:key/a-b", "arn:aws:kms:eu-west-1:444455556666:alias/a", "a?versionId=b"),
    *("arn:aws:sns:eu-west-1:444455556666:t:0-1", "arn:aws:sqs:eu-west-1:444455556666:q", "b/k?versionId=v"),
    *("http://h/444455556666/q", "http://h/444455556666/q?a=b", "arn:aws:lambda:eu-west-1:444455556666:function:f:1"),
    *("arn:aws:iam::111122223333:role/r", "arn:aws:secretsmanager:eu-west-1:444455556666:secret:s-abcdef"),
    *("arn:aws:dynamodb:eu-west-1:444455556666:table/t11", "arn:aws:dynamodb:eu-west-1:444455556666:table/t11/index/i"),
    *("SELECT * FROM t", 'UPDATE "t" SET a = 1', "a = :b AND #c IN (:d)", "e30=", "a=b&c", "2026-01-01", "%00", "%ff"),
    *("SYMMETRIC_DEFAULT", "arn:aws:events:eu-west-1:444455556666:event-bus/b", "arn:aws:logs:eu-west-1:1:log-group:g"),
)


class Hostile(Mapping[str, Any]):
    """An input that has whatever member is asked for, most often in a form that nobody expects."""

    def __init__(self, luck: random.Random, depth: int = 0) -> None:
        self._luck, self._depth = luck, depth
        self._known: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._known:
            self._known[name] = self._value(self._depth)
        return self._known[name]

    def __contains__(self, name: object) -> bool:
        return self._luck.random() < 0.9

    def get(self, name: str, default: Any = None) -> Any:
        return self[name]

    def __iter__(self) -> Iterator[str]:
        return iter([*self._known, *self._luck.sample(TEXTS, 2)])

    def __len__(self) -> int:
        return len(self._known) + 2

    def _value(self, depth: int) -> Any:
        luck = self._luck
        kinds = ["text"] * 8 + ["none"] * 4 + ["other", "list", "structure"] + ["list", "structure"] * 2 * (depth < 2)
        match luck.choice(kinds):
            case "text":
                return luck.choice(TEXTS)
            case "none":
                return None
            case "list":
                return [self._value(depth + 1) for _ in range(luck.randrange(3))] if depth < 4 else []
            case "structure":
                return Hostile(luck, depth + 1) if depth < 4 else {}
            case _:
                return luck.choice(
                    [True, False, 0, -1, 2.5, b"", b"\x00" * 40, datetime(2026, 1, 1, tzinfo=UTC), object()]
                )


def every_operation() -> list[tuple[str, str]]:
    return [(service, operation) for service in services() for operation in apis().by_name[service].operations]


def test_a_hostile_request_is_refused_or_mapped_and_never_an_error() -> None:
    luck = random.Random(1)
    counts = {"checks": 0, "refused": 0}
    for service, operation in every_operation() * 3:
        found = mapped(service, operation, Hostile(luck), SCOPE)
        if isinstance(found, Refusal):
            counts["refused"] += 1
            assert found.code.isalnum()
            assert found.message
            continue
        counts["checks"] += 1
        assert 0 < len(found) <= MOST_CHECKS
        for check in found:
            assert_sound(check)
    assert min(counts.values()) > 300


@pytest.mark.parametrize("service", BY_HAND)
def test_a_hostile_request_by_hand_is_tried_more_often(service: str) -> None:
    luck = random.Random(service)
    for operation in islice(HANDS[service].operations, 30):
        for _ in range(60):
            found = mapped(service, operation, Hostile(luck), SCOPE)
            assert isinstance(found, Refusal) or all(map(assert_sound, found))


def assert_sound(check: Check) -> bool:
    assert actions.action(check.action) is not None
    assert check.account is None or (len(check.account) == 12 and check.account.isdigit())
    if isinstance(check.resource, Sought):
        assert check.resource.text
    elif check.resource != "*" and not check.resource.startswith("+"):
        assert check.resource.startswith("arn:aws:")
        parts = check.resource.split(":", 5)
        assert parts[3] in ("", "eu-west-1")
        assert parts[4] in ("", check.account)
    context = Context(request=check.keys)
    assert all(lookup(context, key) is not None for key in check.keys)
    return True


def test_a_request_without_members_names_no_resource() -> None:
    """What may be allowed of it is what has none, what is yet to be made, and what is for everything."""
    for service, operation in every_operation():
        found = mapped(service, operation, {}, SCOPE)
        if isinstance(found, Refusal):
            continue
        for check in found:
            assert isinstance(check.resource, str)
            assert check.resource.endswith(("*", "/default", ":app/", f":{SCOPE.account}:")), f"{service}:{operation}"


def test_a_service_that_is_not_known_is_refused() -> None:
    found = mapped("sagemaker", "CreateModel", {}, SCOPE)
    assert isinstance(found, Refusal)
    assert found.code == "NotImplemented"


@pytest.mark.parametrize(("count", "refused"), [(MOST_CHECKS, False), (MOST_CHECKS + 1, True)])
def test_a_request_names_so_many_resources_and_no_more(count: int, refused: bool) -> None:
    members = {"InstanceIds": [f"i-{number}" for number in range(count)]}
    assert isinstance(mapped("ec2", "TerminateInstances", members, SCOPE), Refusal) is refused


def test_keys_that_no_request_fills_are_listed_and_their_list_only_shrinks() -> None:
    """Of the services with rules by hand: what neither requests, nor look-ups, nor connections and signatures tell."""
    unfilled = set()
    for service in BY_HAND:
        for check_action, types in decided_actions(service).items():
            hand = hand_of(check_action)
            known = {*hand.keys, *hand.templates, *COMMON.keys, *COMMON.templates}
            for kind in types:
                keys = [key for key in listed_keys(check_action, kind) if key not in known | TOLD]
                unfilled |= {
                    f"{service} {key}" for key in keys if not any(one.tells(key) for one in sources_of(service))
                }
    assert sorted(unfilled) == UNFILLED.read_text().splitlines()


def decided_actions(service: str) -> dict[str, set[str]]:
    """The actions that a service's operations need, with the types of their resources."""
    prefix = f"{service}:"
    named = {check.action for rule in operation_rules(service).values() for check in rule.checks}
    own = {name for name in named if name.startswith(prefix)} | {
        f"{prefix}{name}" for name in (*EXTRA.get(service, ()), *apis().by_name[service].operations)
    }
    found = {name: actions.action(name) for name in own}
    return {
        name: {"", *(one.type.name for one in action.resource_types)}
        for name, action in found.items()
        if action is not None
    }


TOLD = frozenset(
    (
        *REQUEST_KEYS,
        *("s3:ResourceAccount", "s3:TlsVersion", "s3:ExistingObjectTag/<key>", "kms:ReEncryptOnSameKey"),
        "s3:object-lock-remaining-retention-days",
    )
)
"""What is filled once it is known whose a bucket is, over which connection a request comes, which object it is on."""
EXTRA = {
    "dynamodb": ("ConditionCheckItem", "PartiQLDelete", "PartiQLInsert", "PartiQLSelect", "PartiQLUpdate"),
    "kms": ("ReEncryptTo",),
    "s3": ("BypassGovernanceRetention", "DeleteObjectVersion", "GetObjectVersion", "PutObjectVersionTagging"),
}
