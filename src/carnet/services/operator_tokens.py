"""Makes and revokes operator tokens, for the operator on the machine of an installation (`carnet operator-token`)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from carnet.base.faults import Missing
from carnet.base.ids import Ids
from carnet.base.timestamps import iso_seconds
from carnet.entities.operator_token import (
    TOKEN_RULE,
    OperatorScope,
    OperatorToken,
    token_digest,
    token_text,
)
from carnet.entities.token_form import TOKEN_BYTES
from carnet.services.operator_event import operator_event
from carnet.services.transaction import OperatorCall
from carnet.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOperatorToken:
    """A token that is stored, and its text, which is shown once."""

    token: OperatorToken
    text: str = field(repr=False)


def create_operator_token(
    store: Store,
    ids: Ids,
    *,
    name: str,
    scopes: Iterable[OperatorScope],
    lifetime: timedelta,
    now: datetime,
    given: str | None = None,
) -> NewOperatorToken:
    """Make a token for some scopes, valid from now on for `lifetime`.

    `given` is its text, if the operator chooses it. Raises ValueError for a given text that does not have the form of a
    token.
    """
    text = token_text(ids.random(TOKEN_BYTES)) if given is None else given
    digest = token_digest(text)
    if digest is None:
        raise ValueError(TOKEN_RULE)
    token = OperatorToken(
        id=ids.operator_token(),
        name=name,
        digest=digest,
        scopes=tuple(sorted({scope.value for scope in scopes})),
        created=now,
        expires=now + lifetime,
    )
    with store.write() as unit:
        unit.add(token)
        unit.audit(operator_event("CreateOperatorToken", _token_members(token), now))
    return NewOperatorToken(token=token, text=text)


def revoke_operator_token(call: OperatorCall, *, token_id: str) -> OperatorToken:
    """Revoke a token. When this returns, no change is made with it any more. Raises Missing."""
    with call.transaction() as transaction:
        token = transaction.snapshot.installation.of(OperatorToken).get(token_id)
        if token is None:
            raise Missing(f"There is no operator token {token_id}.")
        transaction.unit.remove(token)
        transaction.unit.audit(operator_event("RevokeOperatorToken", _token_members(token), call.now))
    return token


def _token_members(token: OperatorToken) -> dict[str, object]:
    return {
        "operatorTokenId": token.id,
        "name": token.name,
        "scopes": list(token.scopes),
        "expires": iso_seconds(token.expires),
    }
