"""Worlds for the property tests: policies of every type, principals, and requests that are near the policies.

A world is made by a `random.Random`. Hypothesis lends one that it can shrink; the fuzzer brings one of its own.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, TypeVar

from hypothesis import strategies as st
from msgspec.structs import replace

from carnet.policy.decision import Layer
from carnet.policy.document import Grammar, Policy, parse
from carnet.policy.policies import Levels, Policies, ResourcePolicy
from carnet.policy.request import Context, Principal, PrincipalKind, Request, Value
from tests.policy.builders import (
    ACCOUNT,
    ALICE,
    ANONYMOUS,
    FEDERATED,
    OTHER,
    ROOT,
    SERVICE,
    SESSION,
    WEB_IDENTITY,
)

T = TypeVar("T")

STRANGER = Principal(kind=PrincipalKind.USER, arn=f"arn:aws:iam::{OTHER}:user/zoe", account=OTHER, id="AIDA" + "Z" * 17)
SERVICE_LINKED = replace(SESSION, service_linked=True)
SAML = Principal(kind=PrincipalKind.SAML, provider=f"arn:aws:iam::{ACCOUNT}:saml-provider/ADFS")
CANONICAL = replace(ALICE, canonical_user="a" * 64)
PRINCIPALS = (ALICE, ALICE, ALICE, SESSION, SESSION, SESSION, CANONICAL, STRANGER, ROOT, FEDERATED, SERVICE_LINKED)
OUTSIDERS = (SERVICE, ANONYMOUS, WEB_IDENTITY, SAML)

ACTIONS = (
    "s3:GetObject",
    "s3:GetObject",
    "s3:GetObjectTagging",
    "s3:PutObject",
    "S3:getobject",
    "ec2:RunInstances",
    "kms:Decrypt",
    "kms:Decrypt",
    "kms:RetireGrant",
    "sts:AssumeRole",
    "sts:AssumeRole",
    "sts:AssumeRole",
    "sts:GetCallerIdentity",
    "iam:PassRole",
)
ACTION_PATTERNS = (
    "*",
    "s3:*",
    "s3:Get*",
    "S3:GETOBJECT",
    "s3:?etObject*",
    "s3:*Object",
    "kms:*",
    "sts:*",
)

LOOSE_ACTIONS = ("*:GetObject", "*:Get*")
"""What IAM itself refuses and other policies may hold."""

TRUST_ACTIONS = ("sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML", "sts:TagSession")

OBJECTS = (
    "arn:aws:s3:::reports/2026/january.csv",
    "arn:aws:s3:::reports/home/alice/notes.txt",
    "arn:aws:s3:::reports/home/blue/notes.txt",
    "arn:aws:s3:::reports",
)
CROSSED = (
    "arn:aws:s3:eu:b:reports/2026/x:january.csv",
    "arn:aws:s3::x:2026/a::reports/home/alice:1",
    "arn:aws:s3:" + ":reports/:2026/" * 6,
)
"""What only a `*` that crosses colons describes."""
RESOURCES = {
    "s3": OBJECTS,
    "ec2": (f"arn:aws:ec2:eu-west-1:{ACCOUNT}:instance/i-1",),
    "kms": (f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1", f"arn:aws:kms:eu-west-1:{ACCOUNT}:alias/1"),
    "sts": (f"arn:aws:iam::{ACCOUNT}:role/team/Reader",),
    "iam": (f"arn:aws:iam::{ACCOUNT}:role/team/Reader",),
}
RESOURCE_PATTERNS = (
    "arn:aws:s3:::*",
    "arn:aws:s3:::reports/*",
    "arn:aws:s3:::reports*",
    "arn:aws:s3:::reports/2026/*",
    "arn:aws:s3:::*/january.csv",
    "arn:aws:s3:::*home*notes*",
    "arn:aws:s3:::reports/home/?????/*",
    "arn:aws:s3:*:*:reports/*",
    "arn:aws:kms:*:key/*:*",
    "arn:aws:ec2:eu-*-1:1*:instance/i-?",
    "arn:aws:ec2:e?-*:1*:*i-1",
    "arn:aws:s3:::reports/home/${aws:username}/*",
    "arn:aws:s3:::reports/home/${aws:PrincipalTag/team}/*",
    "arn:aws:s3:::reports/home/${aws:PrincipalTag/absent, 'alice'}/*",
    "arn:aws:s3:::reports/${s3:prefix}*",
    "arn:aws:s3:::reports/${s3:prefix}/${aws:username}/*",
    "arn:aws:s3:::reports/${aws:TagKeys}/*",
    "arn:aws:s3:::reports/${*}/*",
    "arn:aws:s3:::reports/2026/january.csv:*",
    "arn:aws:s3:::",
)

INCOMPLETE_PATTERNS = (*RESOURCE_PATTERNS, "arn:aws:s3", "arn:aws:kms:eu-*", "arn:aws:iam", "arn:aws:ec2:*:1*")
"""What identity-based policies may hold, too: what is missing is completed."""

LOOSE_PATTERNS = (
    "arn:*:*:*:*:*",
    "arn:aws:s3:*:reports/*:*",
    "arn:aws:s3*:2026/*:*:*",
    "arn:aws:s3:*:r*s/*:?*:2*6/*",
    "arn:aws:s?:*:*:?eports*:*:*1",
    "arn:*:reports/*:*:*:*",
    "arn:aws:?3:::reports/*.csv",
    "arn:aws*:s*:::*/2026/*",
)
"""What IAM itself refuses and resource-based policies may hold."""

Keys = dict[str, tuple[Value, ...]]

PRINCIPAL_KEYS: Keys = {
    "aws:username": ("alice", "bob", "*"),
    "aws:PrincipalTag/team": ("blue", "red", "b*", "", ("blue",)),
    "aws:PrincipalArn": (ALICE.arn, SESSION.role_arn),
    "aws:MultiFactorAuthPresent": ("true", "FALSE", "perhaps"),
    "aws:MultiFactorAuthAge": ("10", "3600", "9" * 30),
    "aws:PrincipalOrgPaths": (("o-1/r-1/ou-1/",), ("o-1/r-1/ou-1/", "o-2/r-2/"), ()),
}
REQUEST_KEYS: Keys = {
    "aws:SourceIp": ("10.1.2.3", "10.200.0.1", "::ffff:10.1.2.3", "2001:db8::1", "nowhere", ("10.1.2.3",)),
    "aws:RequestTag/team": ("blue", "red", "BLUE", ("blue", "red")),
    "aws:TagKeys": (("team",), ("team", "owner"), ("owner",), (), ("",), ("", "team"), "team", ""),
    "aws:CurrentTime": ("2026-01-02T00:00:00Z", "1767225600", "later"),
    "idp.example.com:amr": (("mfa",), ("mfa", "pwd"), "mfa"),
    "s3:prefix": ("home", "2026", "h?me"),
    "s3:max-keys": ("10", "10.0", "100", "many", ("10",)),
    "aws:SecureTransport": ("true", "false"),
}
RESOURCE_KEYS: Keys = {
    "aws:ResourceTag/owner": ("alice", "blue", "BLUE"),
    "aws:ResourceAccount": (ACCOUNT, OTHER),
    "s3:ExistingObjectTag/team": ("blue", "red"),
}
ALL_KEYS = PRINCIPAL_KEYS | REQUEST_KEYS | RESOURCE_KEYS

QUANTIFIERS = ("", "", "", "", "", "ForAllValues:", "ForAnyValue:")
TEXT_OPERATORS = (
    "StringEquals",
    "StringEquals",
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
)
TEXT_VALUES = (
    "alice",
    "blue",
    "red",
    "*",
    "b*",
    "?lue",
    "team",
    "home",
    "${aws:username}",
    "${aws:PrincipalTag/team}",
    "${aws:PrincipalTag/absent}",
    "${aws:PrincipalTag/absent, 'blue'}",
    "${s3:prefix}",
    "${aws:TagKeys}",
    "${*}",
)
TYPED: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "aws:SourceIp": (
        ("IpAddress", "IpAddress", "NotIpAddress"),
        ("10.0.0.0/9", "10.1.0.0/16", "10.1.2.3", "10.128.0.0/9", "2001:db8::/32", "::ffff:a00:0/104"),
    ),
    "aws:PrincipalArn": (
        ("ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"),
        (ALICE.arn, f"arn:aws:iam::{ACCOUNT}:*", "arn:aws:iam::*:user/${aws:username}", "arn:aws:iam:*:*:alice", "*"),
    ),
    "aws:MultiFactorAuthPresent": (("Bool", "Bool", "Null"), ("true", "false", "True")),
    "aws:SecureTransport": (("Bool",), ("true", "false")),
    "aws:MultiFactorAuthAge": (
        ("NumericLessThan", "NumericGreaterThanEquals", "NumericEquals", "NumericNotEquals"),
        ("60", "10", "1e3"),
    ),
    "s3:max-keys": (("NumericEquals", "NumericLessThanEquals", "NumericGreaterThan"), ("10", "50", "1E1")),
    "aws:CurrentTime": (
        ("DateLessThan", "DateGreaterThan", "DateEquals", "DateNotEquals"),
        ("2026-01-01T12:00:00Z", "2026-01-01", "1767225600", "2027"),
    ),
}
PRINCIPAL_VALUES: tuple[Any, ...] = (
    "*",
    "*",
    {"AWS": "*"},
    {"AWS": ALICE.arn},
    {"AWS": [ALICE.arn, STRANGER.arn]},
    {"AWS": SESSION.arn},
    {"AWS": SESSION.role_arn},
    {"AWS": [SESSION.role_arn, ACCOUNT]},
    {"AWS": [SESSION.role_arn, SESSION.arn, ACCOUNT]},
    {"AWS": ACCOUNT},
    {"AWS": ROOT.arn},
    {"AWS": f"arn:aws:iam::{OTHER}:root"},
    {"AWS": ALICE.id},
    {"AWS": FEDERATED.arn},
    {"AWS": FEDERATED.user_arn},
    {"AWS": [FEDERATED.user_id, ALICE.arn]},
    {"Service": SERVICE.provider},
    {"Federated": WEB_IDENTITY.provider},
    {"Federated": SAML.provider, "Service": [SERVICE.provider, "ec2.amazonaws.com"]},
    {"CanonicalUser": CANONICAL.canonical_user},
)
BINDINGS: tuple[dict[str, str], ...] = (
    {},
    {},
    {ALICE.arn: ALICE.id},
    {FEDERATED.user_arn: FEDERATED.user_id},
    {FEDERATED.user_arn: "AIDA" + "Q" * 17},
    {ALICE.arn: "AIDA" + "Q" * 17, SESSION.role_arn: SESSION.role_id},
)


@dataclass(frozen=True, kw_only=True)
class World:
    """Policies and questions to them."""

    policies: Policies
    requests: tuple[Request, ...]


def worlds(*, requests: int = 12) -> st.SearchStrategy[World]:
    """Worlds with so many requests each."""
    return st.randoms(use_true_random=False).map(lambda random: Maker(random).world(requests))


class Maker:
    """Makes worlds of a source of chance."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def world(self, requests: int) -> World:
        """Policies, and requests that differ from one another in little."""
        service = self._pick(("s3", "s3", "s3", "s3", "kms", "sts", "ec2", "iam"))
        policies = self.policies(service)
        first = self.request(service)
        made = [first]
        while len(made) < requests:
            made.append(self._near(self._pick(made), service))
        return World(policies=policies, requests=tuple(made))

    def policies(self, service: str) -> Policies:
        """Policies of every type, most of them about one service."""
        trust = service == "sts" and self._chance(0.7)
        return Policies(
            identity=self._several(Grammar.IDENTITY, service, most=4, least=1),
            boundary=self._policy(Grammar.BOUNDARY, service, 0.85) if self._chance(0.25) else None,
            session=self._several(Grammar.SESSION, service, most=2) if self._chance(0.25) else None,
            scope_down=self._several(Grammar.SESSION, service, most=2, ease=0.9) if self._chance(0.2) else (),
            resource=self._resource(trust, service),
            endpoint=self._several(Grammar.ENDPOINT, service, most=1, ease=0.9) if self._chance(0.2) else (),
            scp=self._levels(Grammar.SCP, service) if self._chance(0.3) else (),
            rcp=self._levels(Grammar.RCP, service) if self._chance(0.25) else (),
        )

    def request(self, service: str) -> Request:
        """A request that policies about the service are likely to cover."""
        actions = tuple(action for action in ACTIONS if action.lower().startswith(service))
        return Request(
            principal=self._pick(OUTSIDERS if self._chance(0.08) else PRINCIPALS),
            action=self._pick(actions) if self._chance(0.95) else self._pick(ACTIONS),
            resource=self._resource_name(service),
            resource_account=self._pick(("", "", ACCOUNT, ACCOUNT, ACCOUNT, ACCOUNT, OTHER)),
            context=Context(
                principal=self._keys(PRINCIPAL_KEYS),
                request=self._keys(REQUEST_KEYS),
                resource=self._keys(RESOURCE_KEYS),
            ),
        )

    def _near(self, request: Request, service: str) -> Request:
        other = self.request(service)
        part = self._pick(("principal", "action", "resource", "context", "context", "resource_account"))
        return replace(request, **{part: getattr(other, part)})

    def _resource_name(self, service: str) -> str:
        if self._chance(0.04):
            return self._pick(("*", "", "arn:aws:s3", "arn:aws:s3:::reports/2026/january.csv:x", *CROSSED))
        return self._pick(RESOURCES[service])

    def _keys(self, known: Keys) -> dict[str, Value]:
        keys: dict[str, Value] = {}
        for key, values in known.items():
            if self._chance(0.7):
                keys[self._spelled(key)] = self._pick(values)
        if self._chance(0.05):
            # A key of another namespace, which must not stand in for the real one.
            stray = self._pick(tuple(ALL_KEYS))
            keys[stray] = self._pick(ALL_KEYS[stray])
        return keys

    def _spelled(self, key: str) -> str:
        return self._pick((key.lower(), key.upper())) if self._chance(0.04) else key

    def _levels(self, grammar: Grammar, service: str) -> Levels:
        return tuple(
            self._several(grammar, service, most=2, least=1, ease=0.93) for _ in range(self._random.randint(1, 3))
        )

    def _several(
        self, grammar: Grammar, service: str, *, most: int, least: int = 0, ease: float = 0.4
    ) -> tuple[Policy, ...]:
        least = 0 if self._chance(0.03) else least
        return tuple(self._policy(grammar, service, ease) for _ in range(self._random.randint(least, max(most, least))))

    def _resource(self, trust: bool, service: str) -> tuple[ResourcePolicy, ...]:
        count = self._pick((0, 0, 0, 0, 1, 1, 1, 2))
        found = [self._resource_policy(trust, service) for _ in range(count)]
        if trust and not any(one.layer is Layer.TRUST for one in found):
            found.append(ResourcePolicy(policy=None, layer=Layer.TRUST))
        return tuple(found)

    def _resource_policy(self, trust: bool, service: str) -> ResourcePolicy:
        layer = Layer.TRUST if trust and self._chance(0.8) else Layer.RESOURCE
        grammar = Grammar.TRUST if layer is Layer.TRUST else Grammar.RESOURCE
        account = self._pick(("", "", "", ACCOUNT, ACCOUNT, OTHER))
        return ResourcePolicy(policy=self._policy(grammar, service, 0.3), layer=layer, account=account)

    def _policy(self, grammar: Grammar, service: str, ease: float) -> Policy:
        """A policy; `ease` is how likely its statements are to allow everything."""
        statements = [self._statement(grammar, service, ease) for _ in range(self._random.randint(1, 4))]
        if grammar is Grammar.IDENTITY and self._chance(0.05):
            statements += [self._crowd(number) for number in range(20)]
        version = "2012-10-17" if grammar in _ONLY_2012 or self._chance(0.93) else "2008-10-17"
        text = json.dumps({"Version": version, "Statement": statements})
        bindings = self._pick(BINDINGS) if grammar in _NAMING else {}
        return parse(text, grammar, source=f"{grammar}-{self._random.randint(1, 9)}", principal_ids=bindings)

    def _crowd(self, number: int) -> dict[str, Any]:
        """One of many statements which neither action nor the beginning of the resource tells apart."""
        statement: dict[str, Any] = {"Effect": "Deny" if number % 7 == 0 else "Allow", "Action": "s3:*"}
        if number % 2:
            values = [self._pick(("blue", "red", "BLUE")), f"v{number}"]
            return statement | {"Resource": "*", "Condition": {"StringEquals": {"aws:RequestTag/team": values}}}
        chunk = self._pick(("january", "alice", "notes", f"b{number}x"))
        return statement | {"Resource": [f"arn:aws:s3:::*{chunk}*/*", f"arn:aws:s3:::*/{chunk}*"]}

    def _statement(self, grammar: Grammar, service: str, ease: float) -> dict[str, Any]:
        deny = self._chance(0.21)
        if grammar is Grammar.RCP:
            deny = not self._chance(ease)
        statement: dict[str, Any] = {"Effect": "Deny" if deny else "Allow"}
        if grammar in _NAMING:
            negated = grammar in _NEGATABLE and deny and self._chance(0.3)
            statement["NotPrincipal" if negated else "Principal"] = self._principal(grammar, negated)
        if not deny and (grammar is Grammar.RCP or self._chance(ease)):
            statement["Action"] = TRUST_ACTIONS if grammar is Grammar.TRUST else "*"
            return statement | ({} if grammar is Grammar.TRUST else {"Resource": "*"})
        statement |= self._actions(grammar, service)
        if grammar is not Grammar.TRUST:
            statement |= self._resources(_PATTERNS.get(grammar, RESOURCE_PATTERNS))
        conditions = self._conditions(likely=0.75 if deny else 0.4)
        return statement | ({"Condition": conditions} if conditions else {})

    def _principal(self, grammar: Grammar, negated: bool) -> Any:
        if grammar is Grammar.RCP:
            return "*"
        if negated or grammar is Grammar.TRUST:
            return self._pick(tuple(value for value in PRINCIPAL_VALUES if value != "*"))
        return self._pick(PRINCIPAL_VALUES)

    def _actions(self, grammar: Grammar, service: str) -> dict[str, Any]:
        if grammar is Grammar.TRUST:
            return {"Action": self._pick(("sts:AssumeRole", "sts:AssumeRole", "sts:TagSession"))}
        patterns = ACTION_PATTERNS if grammar in _OF_IAM else (*ACTION_PATTERNS, *LOOSE_ACTIONS)
        near = tuple(action for action in ACTIONS if action.lower().startswith(service))
        values = [self._pick((*near, f"{service}:*", *patterns)) for _ in range(self._random.randint(1, 2))]
        if grammar is Grammar.RCP:
            return {"Action": [value for value in values if value != "*"] or "s3:*"}
        if self._chance(0.08):
            return {"NotAction": [value for value in values if value != "*"] or "iam:*"}
        return {"Action": values}

    def _resources(self, patterns: Sequence[str]) -> dict[str, Any]:
        if self._chance(0.3):
            return {"Resource": "*"}
        near = tuple(resource for resources in RESOURCES.values() for resource in resources)
        pools: tuple[Sequence[str], ...] = (RESOURCE_PATTERNS, patterns, OBJECTS, near)
        values = [self._pick(self._pick(pools)) for _ in range(self._random.randint(1, 2))]
        return {"NotResource" if self._chance(0.12) else "Resource": values}

    def _conditions(self, *, likely: float) -> dict[str, dict[str, Any]]:
        conditions: dict[str, dict[str, Any]] = {}
        while self._chance(likely) and len(conditions) < 3:
            key = self._pick(tuple(ALL_KEYS))
            operator, values = self._typed(key) if key in TYPED and self._chance(0.8) else self._text(key)
            conditions.setdefault(operator, {})[self._spelled(key)] = values
        return conditions

    def _typed(self, key: str) -> tuple[str, list[str]]:
        operators, values = TYPED[key]
        operator = self._pick(operators)
        if operator == "Null":
            return self._null()
        return self._decorated(operator), [self._pick(values) for _ in range(self._random.randint(1, 3))]

    def _text(self, key: str) -> tuple[str, list[str]]:
        if self._chance(0.06):
            return self._null()
        near = tuple(value for value in ALL_KEYS[key] if isinstance(value, str)) or TEXT_VALUES
        values = [self._pick(self._pick((near, TEXT_VALUES))) for _ in range(self._random.randint(1, 3))]
        return self._decorated(self._pick(TEXT_OPERATORS)), values

    def _null(self) -> tuple[str, list[str]]:
        return f"{self._pick(QUANTIFIERS)}Null", [self._pick(("true", "false"))]

    def _decorated(self, operator: str) -> str:
        return self._pick(QUANTIFIERS) + operator + ("IfExists" if self._chance(0.15) else "")

    def _pick(self, values: Sequence[T]) -> T:
        return values[self._random.randrange(len(values))]

    def _chance(self, likelihood: float) -> bool:
        return self._random.random() < likelihood


_OF_IAM = (Grammar.IDENTITY, Grammar.BOUNDARY, Grammar.SESSION)
_ONLY_2012 = (Grammar.SCP, Grammar.RCP)
_NAMING = (Grammar.RESOURCE, Grammar.TRUST, Grammar.ENDPOINT, Grammar.RCP)
_NEGATABLE = (Grammar.RESOURCE, Grammar.ENDPOINT)
_PATTERNS = {
    Grammar.IDENTITY: INCOMPLETE_PATTERNS,
    Grammar.BOUNDARY: INCOMPLETE_PATTERNS,
    **dict.fromkeys(_NEGATABLE, LOOSE_PATTERNS),
}
