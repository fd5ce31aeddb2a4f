"""The identity source of an instance of IAM Identity Center, which AWS has in its console alone."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from carnet.entities.operator_token import OperatorScope
from carnet.server.own_api.endpoint import Endpoint, Input, OwnCall, OwnWriteCall, Told, Turn
from carnet.server.own_api.saml_keys import KeyChange, new_key
from carnet.services.identity_source import (
    LONGEST_METADATA,
    READING,
    ReadProvider,
    identity_source,
    read_provider,
    told_of,
    use_directory,
    use_external_provider,
)
from carnet.services.preparing import Preparation
from carnet.services.request_signing import MAKING, KeyAction, changed

_PATH = "accounts/{account}/identity-center/identity-source"


class ExternalProvider(Input, frozen=True, kw_only=True):
    """An identity provider that is to vouch for people."""

    metadata: Annotated[str, Meta(min_length=1, max_length=LONGEST_METADATA)]
    """SAML 2.0 metadata."""


def show(call: OwnCall) -> Told:
    """The identity source, and what an identity provider has to be told; addresses without the server's URL."""
    return identity_source(call.snapshot, call.named_account, "")


def use_provider(call: OwnWriteCall) -> Told:
    """Let an external identity provider vouch for people."""
    assert isinstance(call.prepared, ReadProvider)
    made = use_external_provider(
        call.store, call.snapshot, account=call.named_account, read=call.prepared, now=call.now
    )
    return {"account": made.account, **told_of(made)}


def use_own_directory(call: OwnWriteCall) -> Told:
    """Let people sign in by passwords."""
    use_directory(call.store, call.snapshot, account=call.named_account)
    return {"account": call.named_account}


def change_keys(call: OwnWriteCall) -> Told:
    """Add a key that signs authentication requests, let another one sign, or remove one."""
    given: KeyChange = call.given
    wanted = KeyAction(account=call.named_account, action=given.action, key=given.key_id)
    return {"keys": changed(call.transaction, wanted, call.prepared)}


def _read_provider(call: Any, given: ExternalProvider) -> ReadProvider:
    return read_provider(given.metadata)


ENDPOINTS = (
    Endpoint(
        name="GetIdentitySource",
        method="GET",
        path=_PATH,
        scope=OperatorScope.ACCOUNTS_READ,
        resource=None,
        body=show,
    ),
    Endpoint(
        name="UseExternalIdentityProvider",
        method="PUT",
        path=_PATH,
        scope=OperatorScope.ACCOUNTS_WRITE,
        resource=None,
        body=use_provider,
        turn=Turn.IN_TRANSACTION,
        given=ExternalProvider,
        prepare=Preparation(pool=READING, work=_read_provider),
        secret=frozenset(("metadata",)),
        audited=dict,
    ),
    Endpoint(
        name="UseIdentityCenterDirectory",
        method="DELETE",
        path=_PATH,
        scope=OperatorScope.ACCOUNTS_WRITE,
        resource=None,
        body=use_own_directory,
        turn=Turn.IN_TRANSACTION,
        audited=dict,
    ),
    Endpoint(
        name="ChangeRequestSigningKeys",
        method="POST",
        path=f"{_PATH}/keys",
        scope=OperatorScope.ACCOUNTS_WRITE,
        resource=None,
        body=change_keys,
        turn=Turn.IN_TRANSACTION,
        given=KeyChange,
        prepare=Preparation(pool=MAKING, work=new_key),
        audited=dict,
    ),
)
