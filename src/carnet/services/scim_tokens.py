"""Creates and deletes SCIM access tokens. AWS offers this in its console only.

https://docs.aws.amazon.com/singlesignon/latest/userguide/provision-automatically.html#how-to-with-scim
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from carnet.base.faults import Missing, TooMany
from carnet.base.timestamps import iso_seconds
from carnet.directory.identity_center import instance_of_store
from carnet.directory.snapshot import Snapshot
from carnet.entities.identity_center_instance import Instance
from carnet.entities.scim_token import LIFETIME, MOST_TOKENS, SCIM_TOKEN, ScimToken
from carnet.entities.token_form import TOKEN_BYTES
from carnet.services.operator_event import operator_event
from carnet.services.transaction import OperatorCall, Transaction
from carnet.store.unit_of_work import Unit

if TYPE_CHECKING:
    from carnet.directory.directory import Directory
    from carnet.directory.last_used import LastUsed


@dataclass(frozen=True, slots=True, kw_only=True)
class NewScimToken:
    """A stored token, and its text, which is shown once."""

    kept: ScimToken
    text: str = field(repr=False)


def tokens_of(snapshot: Snapshot, instance: Instance) -> tuple[ScimToken, ...]:
    """The tokens of an instance's identity store, oldest first, with expired ones."""
    return snapshot.accounts[instance.account].of(ScimToken).sorted()


def new_token(transaction: Transaction, *, identity_store: str) -> NewScimToken:
    """Create a token that is valid for a year. Raises Missing, TooMany. The caller writes the audit event."""
    snapshot, ids, now = transaction.snapshot, transaction.ids, transaction.now
    instance = _instance(snapshot, identity_store)
    if len(tokens_of(snapshot, instance)) >= MOST_TOKENS:
        raise TooMany(f"The identity store {identity_store} has {MOST_TOKENS} SCIM tokens. Delete one of them.")
    text = SCIM_TOKEN.text(ids.random(TOKEN_BYTES))
    digest = SCIM_TOKEN.digest(text)
    assert digest is not None, "it has the form of a token"
    kept = ScimToken(
        id=ids.uuid(),
        account=instance.account,
        identity_store=identity_store,
        digest=digest,
        created=now,
        expires=now + LIFETIME,
    )
    transaction.unit.add(kept)
    return NewScimToken(kept=kept, text=text)


def create_here(call: OperatorCall, *, identity_store: str) -> NewScimToken:
    """The same as the operator of the installation, in a change of its own."""
    with call.transaction() as transaction:
        new = new_token(transaction, identity_store=identity_store)
        transaction.unit.audit(operator_event("CreateScimToken", told(new.kept), call.now))
    return new


def delete_token(unit: Unit, snapshot: Snapshot, *, identity_store: str, token: str) -> ScimToken:
    """Delete a token, which is invalid from then on. Raises Missing. The caller writes the audit event."""
    kept = snapshot.accounts[_instance(snapshot, identity_store).account].of(ScimToken).get(token)
    if kept is None:
        raise Missing(f"The identity store {identity_store} has no SCIM token {token}.")
    unit.remove(kept)
    return kept


def delete_here(call: OperatorCall, *, identity_store: str, token: str) -> None:
    """The same as the operator of the installation, in a change of its own."""
    with call.transaction() as transaction:
        kept = delete_token(transaction.unit, transaction.snapshot, identity_store=identity_store, token=token)
        transaction.unit.audit(operator_event("DeleteScimToken", told(kept), call.now))


def list_here(directory: Directory, *, identity_store: str) -> tuple[ScimToken, ...]:
    """The tokens of an identity store, as `tokens_of`. Raises Missing."""
    return tokens_of(directory.snapshot, _instance(directory.snapshot, identity_store))


def listed(token: ScimToken, last_used: LastUsed) -> dict[str, object]:
    """The members of a token in a list, with the time of its last use."""
    use = last_used.key(token.id)
    return {**told(token), "lastUsed": None if use is None else iso_seconds(use.when)}


def told(token: ScimToken) -> dict[str, object]:
    """The members of a token in answers and in the audit log."""
    return {
        "id": token.id,
        "identityStoreId": token.identity_store,
        "created": iso_seconds(token.created),
        "expires": iso_seconds(token.expires),
    }


def _instance(snapshot: Snapshot, identity_store: str) -> Instance:
    instance = instance_of_store(snapshot, identity_store)
    if instance is None:
        raise Missing(f"There is no identity store {identity_store}.")
    return instance
