"""Sessions by an identity provider outlive it, as on AWS; what a late node has made since it was deleted does not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from carnet.entities.ended_key import EndedKey
from tests.oidc import issuer
from tests.oidc.issuer import URL
from tests.services.sts.federation import Federation
from tests.services.sts.test_ended_keys import assumed, late_node, lives
from tests.services.sts.trust import role
from tests.services.world import Caller, World, open_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({URL: issuer.key_set(issuer.private_key("RS256"))}))
    with open_world(tmp_path / "one", oidc_keys_file=keys) as made:
        yield made


@contextmanager
def late(world: World, path: Path) -> Iterator[World]:
    """A node that does not learn of what happens, and reads the keys of the issuer from the same file."""
    with late_node(world, path / "late", oidc_keys_file=path / "keys.json") as node:
        yield node


def provided(world: World) -> str:
    """A provider whose tokens open a role, and its ARN."""
    arn: str = world.call(world.root, "CreateOpenIDConnectProvider", Url=URL, ClientIDList=["app"])[
        "OpenIDConnectProviderArn"
    ]
    return arn


def trusting(world: World, provider: str) -> str:
    action = ["sts:AssumeRoleWithWebIdentity", "sts:TagSession", "sts:SetSourceIdentity"]
    statement = {"Effect": "Allow", "Principal": {"Federated": provider}, "Action": action}
    return role(world, "worker", json.dumps({"Version": "2012-10-17", "Statement": [statement]}))


def by_token(world: World, arn: str) -> Caller:
    token = issuer.signed(issuer.claims(world.clock().timestamp()))
    given: dict[str, Any] = {"RoleArn": arn, "RoleSessionName": "work", "WebIdentityToken": token}
    return world.session(world.unsigned("AssumeRoleWithWebIdentity", **given))


def delete(world: World, provider: str) -> None:
    world.call(world.root, "DeleteOpenIDConnectProvider", OpenIDConnectProviderArn=provider)


def test_what_a_late_node_makes_by_a_deleted_provider_is_refused(world: World, tmp_path: Path) -> None:
    provider = provided(world)
    worker, reader = trusting(world, provider), role(world, "reader")
    with late(world, tmp_path) as node:
        before = by_token(world, worker)
        delete(world, provider)
        world.clock.advance(1)
        first = by_token(node, worker)
        chained = assumed(node, first, reader)
        laundered = [first, chained, assumed(node, chained, reader)]
        assert [lives(node, one) for one in laundered] == [True] * 3
        assert [lives(world, one) for one in laundered] == [False] * 3
        node.installation.directory.catch_up()
        assert [lives(node, one) for one in laundered] == [False] * 3
        assert [lives(one, before) for one in (world, node)] == [True, True]


def test_sessions_of_before_go_on_and_make_further_ones(world: World) -> None:
    provider = provided(world)
    worker, reader = trusting(world, provider), role(world, "reader")
    first = by_token(world, worker)
    chained = assumed(world, first, reader)
    delete(world, provider)
    world.clock.advance(600)
    assert [lives(world, one) for one in (first, chained, assumed(world, chained, reader))] == [True] * 3


def test_a_provider_that_is_made_again_does_not_revive_what_was_made_meanwhile(world: World, tmp_path: Path) -> None:
    provider = provided(world)
    worker = trusting(world, provider)
    with late(world, tmp_path) as node:
        before = by_token(world, worker)
        delete(world, provider)
        world.clock.advance(60)
        meanwhile = by_token(node, worker)
        world.clock.advance(60)
        assert provided(world) == provider
        sessions = (before, meanwhile, by_token(world, worker))
        assert [lives(world, one) for one in sessions] == [True, False, True]
        world.clock.advance(60)
        delete(world, provider)
        assert [lives(world, one) for one in sessions] == [True, False, True]


def test_a_provider_whose_end_nobody_remembers_leaves_no_sessions(world: World) -> None:
    provider = provided(world)
    worker = trusting(world, provider)
    session = by_token(world, worker)
    delete(world, provider)
    with world.installation.store.write() as unit:
        unit.remove(*world.snapshot.accounts[world.account_id].of(EndedKey))
    world.installation.directory.catch_up()
    assert not lives(world, session)


def test_the_same_holds_for_saml(world: World) -> None:
    """An assertion is redeemed in the store, so that no late node takes one."""
    federation = Federation(world)
    reader = role(world, "second")
    first = world.session(federation.assume())
    chained = assumed(world, first, reader)
    world.call(world.root, "DeleteSAMLProvider", SAMLProviderArn=federation.provider)
    world.clock.advance(60)
    assert [lives(world, one) for one in (first, chained, assumed(world, chained, reader))] == [True] * 3
