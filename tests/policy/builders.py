"""Short ways to write policies, principals and requests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from carnet.policy.decision import Layer
from carnet.policy.document import Grammar, Policy, parse
from carnet.policy.policies import ResourcePolicy
from carnet.policy.request import Context, Principal, PrincipalKind, Request, Value

ACCOUNT, OTHER = "111111111111", "222222222222"
BUCKET = "arn:aws:s3:::reports"
OBJECT = f"{BUCKET}/2026/january.csv"

ALICE = Principal(
    kind=PrincipalKind.USER, arn=f"arn:aws:iam::{ACCOUNT}:user/alice", account=ACCOUNT, id="AIDA" + "A" * 17
)
ROOT = Principal(kind=PrincipalKind.ROOT, arn=f"arn:aws:iam::{ACCOUNT}:root", account=ACCOUNT, id=ACCOUNT)
SESSION = Principal(
    kind=PrincipalKind.ROLE_SESSION,
    arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/Reader/work",
    account=ACCOUNT,
    id="AROA" + "A" * 17 + ":work",
    role_arn=f"arn:aws:iam::{ACCOUNT}:role/team/Reader",
    role_id="AROA" + "A" * 17,
)
FEDERATED = Principal(
    kind=PrincipalKind.FEDERATED_USER,
    arn=f"arn:aws:sts::{ACCOUNT}:federated-user/bob",
    account=ACCOUNT,
    id=f"{ACCOUNT}:bob",
    user_arn=f"arn:aws:iam::{ACCOUNT}:user/bob",
    user_id="AIDA" + "B" * 17,
)
SERVICE = Principal(kind=PrincipalKind.SERVICE, provider="lambda.amazonaws.com")
ANONYMOUS = Principal(kind=PrincipalKind.ANONYMOUS)
WEB_IDENTITY = Principal(kind=PrincipalKind.WEB_IDENTITY, provider="accounts.google.com")


def statement(effect: str, /, **elements: Any) -> dict[str, Any]:
    """A statement about every action on everything, save what `elements` says."""
    whole = {"Effect": effect, **elements}
    if "NotAction" not in whole:
        whole.setdefault("Action", "*")
    if "NotResource" not in whole:
        whole.setdefault("Resource", "*")
    return {name: value for name, value in whole.items() if value is not None}


def allow(**elements: Any) -> dict[str, Any]:
    return statement("Allow", **elements)


def deny(**elements: Any) -> dict[str, Any]:
    return statement("Deny", **elements)


def document(*statements: Mapping[str, Any], version: str | None = "2012-10-17") -> str:
    head = {} if version is None else {"Version": version}
    return json.dumps({**head, "Statement": list(statements)})


def policy(
    *statements: Mapping[str, Any],
    grammar: Grammar = Grammar.IDENTITY,
    version: str | None = "2012-10-17",
    source: str = "test",
    principal_ids: Mapping[str, str] | None = None,
) -> Policy:
    return parse(document(*statements, version=version), grammar, source=source, principal_ids=principal_ids)


def resource_policy(
    *statements: Mapping[str, Any], account: str = "", source: str = "bucket policy"
) -> tuple[ResourcePolicy, ...]:
    return (ResourcePolicy(policy=policy(*statements, grammar=Grammar.RESOURCE, source=source), account=account),)


def trust_policy(*principals: Any, action: str = "sts:AssumeRole") -> tuple[ResourcePolicy, ...]:
    statements = [allow(Principal=principal, Action=action, Resource=None) for principal in principals]
    return (ResourcePolicy(policy=policy(*statements, grammar=Grammar.TRUST, source="role"), layer=Layer.TRUST),)


NO_TRUST = (ResourcePolicy(policy=None, layer=Layer.TRUST),)
"""Of a role that is to be assumed and is not there."""


def request(
    principal: Principal = ALICE,
    action: str = "s3:GetObject",
    resource: str = OBJECT,
    resource_account: str = "",
    *,
    keys: Mapping[str, Value] | None = None,
) -> Request:
    return Request(
        principal=principal,
        action=action,
        resource=resource,
        resource_account=resource_account,
        context=context(keys or {}),
    )


def context(keys: Mapping[str, Value]) -> Context:
    """The keys in every namespace at once, for tests that are not about namespaces."""
    return Context(principal=keys, request=keys, resource=keys)
