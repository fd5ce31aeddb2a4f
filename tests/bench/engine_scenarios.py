"""The scenarios of the engine's benchmark, as IAM policy documents and as requests that are built anew each time.

a: 5 statements. b: 20 policies of 15 statements with 3 conditions each, of which the last statement decides. c: 3,000
statements in 30 policies. d: 3 levels of 5 SCP statements, a boundary of 10, 300 identity statements, a resource policy
of 10. Further: policies that no index by action or resource tells apart.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from carnet.policy.document import Grammar, Policy, parse
from carnet.policy.policies import Policies, ResourcePolicy
from carnet.policy.request import Context, Principal, PrincipalKind, Request, Value

Statement = Mapping[str, Any]
Document = Sequence[Statement]

ACCOUNT = "111111111111"
ALICE = "arn:aws:iam::111111111111:user/alice"
PRINCIPAL_KEYS: Mapping[str, Value] = {
    "aws:PrincipalArn": ALICE,
    "aws:PrincipalAccount": ACCOUNT,
    "aws:PrincipalType": "User",
    "aws:userid": "AIDAAAAAAAAAAAAAAAAAA",
    "aws:username": "alice",
    "aws:PrincipalTag/team": "blue",
}
VERBS = ("Get", "Put", "List", "Delete", "Tag", "Copy", "Move", "Read", "Write", "Scan")
CONDITIONS = {
    "StringEquals": {"aws:RequestTag/team": "blue"},
    "IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "192.168.0.0/16"]},
    "Bool": {"aws:SecureTransport": "true"},
}


@dataclass(frozen=True, kw_only=True)
class Question:
    """One request in plain values, from which each engine's own form of a request is made."""

    action: str
    resource: str
    keys: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """Documents by layer, and a maker of requests that they allow."""

    name: str
    ask: Callable[[Random], Question]
    identity: Sequence[Document]
    boundary: Document = ()
    resource: Document = ()
    scp: Sequence[Document] = field(default=())

    @property
    def statements(self) -> list[Statement]:
        """All statements of all layers."""
        documents = (*self.identity, self.boundary, self.resource, *self.scp)
        return [statement for document in documents for statement in document]

    def policies(self) -> Policies:
        """The documents as policies."""
        return Policies(
            identity=tuple(policy(document, Grammar.IDENTITY) for document in self.identity),
            boundary=policy(self.boundary, Grammar.BOUNDARY) if self.boundary else None,
            resource=(ResourcePolicy(policy=policy(self.resource, Grammar.RESOURCE)),) if self.resource else (),
            scp=tuple((policy(document, Grammar.SCP),) for document in self.scp),
        )


def policy(document: Document, grammar: Grammar) -> Policy:
    """A parsed policy of these statements."""
    return parse(json.dumps({"Version": "2012-10-17", "Statement": list(document)}), grammar, source="bench")


def principal(name: str = "alice") -> Principal:
    """A user, made anew."""
    return Principal(
        kind=PrincipalKind.USER,
        arn=f"arn:aws:iam::{ACCOUNT}:user/{name}",
        account=ACCOUNT,
        id=f"AIDA{name.upper():A>17}",
    )


def request(question: Question, who: Principal) -> Request:
    """The question as a request, no part of which was there before."""
    return Request(
        principal=who,
        action=question.action,
        resource=question.resource,
        resource_account=ACCOUNT,
        context=Context(principal=dict(PRINCIPAL_KEYS), request=dict(question.keys)),
    )


def scenarios() -> list[Scenario]:
    """The scenarios that are compared with the peers."""
    return [_a(), _b(), _c(), _d()]


def many_conditions(count: int) -> Scenario:
    """Statements about the same action and resource, each wanting another value of one request key."""
    statements = [
        _allow("s3:GetObject", "arn:aws:s3:::reports/*", {"StringEquals": {"aws:RequestTag/team": f"v{number}"}})
        for number in range(count)
    ]
    return Scenario(
        name=f"{count:,} conditions",
        ask=lambda random: _question(
            "s3:GetObject", f"arn:aws:s3:::reports/{random.getrandbits(48):x}", team=f"v{random.randrange(count)}"
        ),
        identity=_in_policies(statements),
    )


def many_globs(count: int) -> Scenario:
    """Statements whose resource patterns begin with a wildcard and differ in the middle."""
    statements = [_allow("s3:GetObject", f"arn:aws:s3:::*b{number}x*/data") for number in range(count)]
    return Scenario(
        name=f"{count:,} mid-globs",
        ask=lambda random: _question(
            "s3:GetObject", f"arn:aws:s3:::{random.getrandbits(32):x}-b{random.randrange(count)}x-{ACCOUNT}/data"
        ),
        identity=_in_policies(statements),
    )


def _in_policies(statements: Document) -> Sequence[Document]:
    return [statements[start : start + 100] for start in range(0, len(statements), 100)]


def _a() -> Scenario:
    statements = [
        _allow(["s3:GetObject", "s3:PutObject"], "arn:aws:s3:::reports/*", {"Bool": {"aws:SecureTransport": "true"}}),
        _allow("s3:ListBucket", "arn:aws:s3:::reports"),
        _allow(["ec2:DescribeInstances", "ec2:DescribeTags"], "*"),
        _deny("s3:DeleteObject", "arn:aws:s3:::reports/archive/*"),
        _allow("iam:GetUser", ALICE),
    ]
    return Scenario(
        name="a: 5 statements",
        ask=lambda random: _question("s3:GetObject", f"arn:aws:s3:::reports/2026/{random.getrandbits(48):x}.csv"),
        identity=(statements,),
    )


def _b() -> Scenario:
    documents = [
        [
            _allow(f"s3:{VERBS[verb % 10]}Object{verb}", f"arn:aws:s3:::team-{number}/area-{verb}/*", CONDITIONS)
            for verb in range(15)
        ]
        for number in range(20)
    ]
    return Scenario(
        name="b: 20 policies x 15, 3 conditions",
        ask=lambda random: _question("s3:TagObject14", f"arn:aws:s3:::team-19/area-14/{random.getrandbits(48):x}"),
        identity=documents,
    )


def _c() -> Scenario:
    documents = [[_of_service(number, verb) for verb in range(100)] for number in range(30)]
    return Scenario(
        name="c: 3,000 statements",
        ask=lambda random: _question(
            "svc7:ReadThing7", f"arn:aws:svc7:eu-west-1:{ACCOUNT}:thing/p29/{random.getrandbits(48):x}"
        ),
        identity=documents,
    )


def _of_service(number: int, verb: int) -> Statement:
    """Every tenth statement covers its actions by a wildcard, every twentieth denies."""
    service, action = f"svc{verb % 50}", f"{VERBS[verb % 10]}Thing"
    resource = f"arn:aws:{service}:eu-west-1:{ACCOUNT}:thing/p{number}/*"
    make = _deny if verb % 20 == 19 else _allow
    actions = f"{service}:{action}*" if verb % 10 == 7 else [f"{service}:{action}", f"{service}:{action}{verb}"]
    return make(actions, resource, {"Bool": {"aws:SecureTransport": "true"}})


def _d() -> Scenario:
    everything: list[Statement] = [_allow("*", "*")]
    guards = [_deny(f"svc{number}:*", "*", {"Bool": {"aws:SecureTransport": "false"}}) for number in range(4)]
    identity = [[_of_service(number, verb) for verb in range(15)] for number in range(20)]
    bucket = [_named(_allow("svc7:PutThing", f"arn:aws:svc7:::other-{number}/*"), number) for number in range(10)]
    return Scenario(
        name="d: SCPs, boundary, identity, resource",
        ask=lambda random: _question(
            "svc7:ReadThing7", f"arn:aws:svc7:eu-west-1:{ACCOUNT}:thing/p19/{random.getrandbits(48):x}"
        ),
        identity=identity,
        boundary=[_allow(f"svc{number}:*", "*") for number in range(10)],
        resource=bucket,
        scp=[everything + guards] * 3,
    )


def _named(statement: Statement, number: int) -> Statement:
    return {**statement, "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/u{number}"}}


def _allow(action: str | list[str], resource: str, conditions: Mapping[str, Any] | None = None) -> Statement:
    return _statement("Allow", action, resource, conditions)


def _deny(action: str | list[str], resource: str, conditions: Mapping[str, Any] | None = None) -> Statement:
    return _statement("Deny", action, resource, conditions)


def _statement(effect: str, action: str | list[str], resource: str, conditions: Mapping[str, Any] | None) -> Statement:
    statement = {"Effect": effect, "Action": action, "Resource": resource}
    return statement | ({"Condition": conditions} if conditions else {})


def _question(action: str, resource: str, *, team: str = "blue") -> Question:
    return Question(
        action="".join(action),
        resource=resource,
        keys={"aws:SourceIp": "10.1.2.3", "aws:RequestTag/team": team, "aws:SecureTransport": "true"},
    )
