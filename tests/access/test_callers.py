"""What a caller carries along: its account, its policies and its condition keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from msgspec import structs

from carnet.access.documents import nothing_allowed
from carnet.access.gather import policies_of
from carnet.access.request_context import caller_context
from carnet.directory.account_view import AccountView
from carnet.directory.snapshot import Snapshot
from carnet.entities.account import Account
from carnet.entities.group import Group
from carnet.entities.role import Role
from carnet.entities.user import User
from carnet.identity.caller import AUTHENTICATOR, NOBODY, Anonymous, Verified
from carnet.identity.credential import Credential
from carnet.identity.principals import (
    ASSUMED_ROLE,
    anonymous_keys,
    principal_keys,
    role_session_principal,
    user_principal,
)
from carnet.keyring.session_claims import SessionClaims
from carnet.policy.request import Value
from tests.directory.snapshots import snapshot_of
from tests.services.iam.documents import allow, text
from tests.services.world import START
from tests.wire.client import http_request

ACCOUNT = Account(id="111122223333", name="first", email="root@example.com", created=START)
GROUP = Group(
    id="AGPAAAAAAAAAAAAAAAAAA", account=ACCOUNT.id, name="readers", created=START, inline={"read": text(allow("s3:*"))}
)
ALICE = User(
    id="AIDAAAAAAAAAAAAAAAAAA",
    account=ACCOUNT.id,
    name="alice",
    created=START,
    groups=(GROUP.id,),
    inline={"own": text(allow("iam:*"))},
)
ROLE = Role(id="AROAAAAAAAAAAAAAAAAAA", account=ACCOUNT.id, name="worker", created=START, trust="{}")
CLAIMS = SessionClaims(
    kind=ASSUMED_ROLE,
    account=ACCOUNT.id,
    principal_id=ROLE.id,
    session_name="nightly",
    issued_ms=int(START.timestamp() * 1000),
    expires_ms=int(START.timestamp() * 1000) + 3_600_000,
    token_id="t",
)
HERS = Credential(key_id="AKIAALICE", secret="s", principal=user_principal(ALICE))


def of_session(claims: SessionClaims) -> Credential:
    return Credential(key_id="ASIA", secret="s", principal=role_session_principal(ROLE, "nightly"), session=claims)


def verified(credential: Credential) -> Verified:
    return Verified(AUTHENTICATOR, credential=credential, region="us-east-1", service="iam", presigned=False)


def caller_keys(view: AccountView, caller: Verified, now: datetime) -> Mapping[str, Value]:
    keys = principal_keys(view, caller.credential, None)
    return caller_context(keys, caller, http_request(), now).principal


def sources(snapshot: Snapshot) -> list[str]:
    return [policy.source for policy in policies_of(snapshot.accounts[ACCOUNT.id], HERS).identity]


def test_a_user_has_the_policies_of_its_groups_and_none_of_a_group_that_is_gone() -> None:
    assert sources(snapshot_of(ACCOUNT, ALICE, GROUP)) == ["user/alice/own", "group/readers/read"]
    assert sources(snapshot_of(ACCOUNT, ALICE)) == ["user/alice/own"]


def test_an_attached_policy_that_is_gone_allows_nothing() -> None:
    reading, gone = "arn:aws:iam::aws:policy/ReadOnlyAccess", f"arn:aws:iam::{ACCOUNT.id}:policy/gone"
    attached = replace(ALICE, groups=(), inline={}, attached=(reading, gone))
    view = snapshot_of(ACCOUNT, attached).accounts[ACCOUNT.id]
    known, missing = policies_of(view, HERS).identity
    assert known.source == reading
    assert missing is nothing_allowed()


def test_a_user_who_is_gone_has_no_policies() -> None:
    assert sources(snapshot_of(ACCOUNT, GROUP)) == []


def test_the_keys_of_nobody_in_particular() -> None:
    assert Anonymous().principal is NOBODY
    assert anonymous_keys() == {
        "aws:PrincipalType": "Anonymous",
        "aws:PrincipalIsAWSService": "false",
        "aws:userid": "anonymous",
    }


@pytest.mark.parametrize(("seconds", "age"), [(-1, "0"), (0, "0"), (1, "1"), (3_599.9, "3599")])
def test_the_age_of_mfa_counts_from_when_it_was_given(seconds: float, age: str) -> None:
    view = snapshot_of(ACCOUNT, ROLE).accounts[ACCOUNT.id]
    with_mfa = verified(of_session(structs.replace(CLAIMS, mfa_ms=CLAIMS.issued_ms)))
    keys = caller_keys(view, with_mfa, START + timedelta(seconds=seconds))
    assert (keys["aws:MultiFactorAuthPresent"], keys["aws:MultiFactorAuthAge"]) == ("true", age)


def test_a_session_without_mfa_says_so_and_a_long_term_key_says_nothing() -> None:
    view = snapshot_of(ACCOUNT, ROLE, ALICE, GROUP).accounts[ACCOUNT.id]
    session = caller_keys(view, verified(of_session(CLAIMS)), START)
    assert session["aws:MultiFactorAuthPresent"] == "false"
    assert "aws:MultiFactorAuthAge" not in session
    mfa = {"aws:MultiFactorAuthPresent", "aws:MultiFactorAuthAge"}
    assert mfa.isdisjoint(caller_keys(view, verified(HERS), START))


def test_a_federated_session_names_its_provider() -> None:
    view = snapshot_of(ACCOUNT, ROLE).accounts[ACCOUNT.id]
    provider = f"arn:aws:iam::{ACCOUNT.id}:saml-provider/corp"
    federated = verified(of_session(structs.replace(CLAIMS, provider=provider)))
    assert caller_keys(view, federated, START)["aws:FederatedProvider"] == provider
    assert "aws:FederatedProvider" not in caller_keys(view, verified(of_session(CLAIMS)), START)
