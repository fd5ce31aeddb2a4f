"""Sessions of federated users, which carry the policies of the user who asked for them."""

from __future__ import annotations

from carnet.access.gather import policies_of
from carnet.identity.credential import Credential
from carnet.identity.principals import FEDERATED_USER, session_principal
from carnet.keyring.session_claims import SessionClaims
from tests.services.world import World

LIST = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*"}}


def federated(world: World, holder: str) -> Credential:
    claims = SessionClaims(
        kind=FEDERATED_USER,
        account=world.account_id,
        principal_id=holder,
        session_name="bob",
        issued_ms=0,
        expires_ms=1,
        token_id="t",
    )
    principal = session_principal(world.snapshot.accounts[world.account_id], claims)
    assert principal is not None
    return Credential(key_id="ASIA", secret="s", principal=principal, session=claims)


def test_a_federated_user_has_the_policies_of_its_user_and_may_be_named_by_it(world: World) -> None:
    alice = world.principal(world.user("alice", [LIST])).credential
    view = world.snapshot.accounts[world.account_id]
    session = federated(world, alice.principal.id)
    assert session.principal.issuer_arn == alice.principal.arn
    assert policies_of(view, session).identity == policies_of(view, alice).identity != ()


def test_a_federated_user_of_root_has_no_policies(world: World) -> None:
    session = federated(world, world.account_id)
    assert session.principal.issuer_arn == ""
    assert policies_of(world.snapshot.accounts[world.account_id], session).identity == ()
