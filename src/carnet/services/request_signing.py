"""How the authentication requests of an instance to its external identity provider are signed.

An instance with keys signs every request by the first of them, and its metadata has the certificates of all. So a key
is replaced in three steps: a new key is added, the provider reads the metadata, and then the new key signs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from carnet.base.faults import InUse, Missing
from carnet.base.ids import Ids
from carnet.base.timestamps import iso_seconds
from carnet.directory.account_view import AccountView
from carnet.directory.identity_center import external_provider, request_signing
from carnet.directory.snapshot import Snapshot
from carnet.entities.external_identity_provider import ExternalIdentityProvider
from carnet.entities.request_signing import RequestSigning
from carnet.entities.saml_signing_key import SamlSigningKeys, check_room, signing_first, without
from carnet.identity.saml_signing_keys import NewKeyPair, sealed_signing_key
from carnet.keyring.keyring import Keyring
from carnet.services.identity_center import owned_instance
from carnet.services.operator_event import operator_event
from carnet.services.preparing import Pool
from carnet.store.store import Store
from carnet.store.unit_of_work import Unit

if TYPE_CHECKING:
    from carnet.directory.directory import Directory

MAKING = Pool(name="request-signing-keys", size=1, waiting=8, seconds=10.0)


def add_key(
    unit: Unit, snapshot: Snapshot, keyring: Keyring, ids: Ids, pair: NewKeyPair, *, account: str
) -> RequestSigning:
    """Add a key. The first one signs at once. Raises Missing, TooMany."""
    view, instance = owned_instance(snapshot, account)
    before = request_signing(view)
    keys = before.keys if before is not None else ()
    check_room(keys)
    key = sealed_signing_key(keyring, ids, pair, RequestSigning, account, instance.id)
    after = RequestSigning(id=instance.id, account=account, keys=(*keys, key))
    if before is None:
        unit.add(after)
    else:
        unit.save(after)
    return after


def sign_with(unit: Unit, snapshot: Snapshot, *, account: str, key: str) -> RequestSigning:
    """Let that key sign from now on. Raises Missing."""
    before = _signing(owned_instance(snapshot, account)[0])
    after = replace(before, keys=signing_first(before.keys, key))
    unit.save(after)
    return after


def remove_key(unit: Unit, snapshot: Snapshot, *, account: str, key: str) -> SamlSigningKeys:
    """Remove a key that does not sign, or the only key: then requests are no longer signed. Returns what is left.

    Raises Missing, and InUse for the key that signs if the identity provider takes only signed requests.
    """
    view, _ = owned_instance(snapshot, account)
    before = _signing(view)
    if [each.id for each in before.keys] != [key]:
        after = replace(before, keys=without(before.keys, key))
        unit.save(after)
        return after.keys
    provider = external_provider(view)
    if provider is not None and _wants_signatures(provider):
        raise InUse("The identity provider takes signed authentication requests alone (WantAuthnRequestsSigned).")
    unit.remove(before)
    return ()


def told_of_keys(view: AccountView) -> list[dict[str, object]]:
    """The keys of an account's instance, as administrators see them."""
    signing = request_signing(view)
    return [
        {"keyId": key.id, "signs": number == 0, "expires": iso_seconds(key.expires)}
        for number, key in enumerate(signing.keys if signing is not None else ())
    ]


def _signing(view: AccountView) -> RequestSigning:
    found = request_signing(view)
    if found is None:
        raise Missing("Nothing signs authentication requests.")
    return found


def _wants_signatures(provider: ExternalIdentityProvider) -> bool:
    from carnet.saml.metadata import parse_metadata

    return provider.issuer in parse_metadata(provider.document).asks_for_signed_requests


def change_here(
    store: Store,
    directory: Directory,
    keyring: Keyring,
    ids: Ids,
    pair: NewKeyPair | None,
    *,
    account: str,
    action: str,
    key: str,
    now: datetime,
) -> None:
    """Add a key (`pair`), or `use` or `delete` one, as the operator of the installation, in a change of its own."""
    with store.write() as unit:
        snapshot = directory.catch_up(unit.base)
        keys = changed(unit, snapshot, keyring, ids, pair, account=account, action=action, key=key)
        unit.audit(operator_event("ChangeRequestSigningKeys", {**shown(account, action, key), "keys": keys}, now))


def changed(
    unit: Unit,
    snapshot: Snapshot,
    keyring: Keyring,
    ids: Ids,
    pair: NewKeyPair | None,
    *,
    account: str,
    action: str,
    key: str,
) -> list[str]:
    """Carry out one action on the keys of an instance; returns the ids of the keys afterwards. Raises what the action
    raises."""
    if pair is not None:
        after = add_key(unit, snapshot, keyring, ids, pair, account=account).keys
    elif action == "use":
        after = sign_with(unit, snapshot, account=account, key=key).keys
    else:
        after = remove_key(unit, snapshot, account=account, key=key)
    return [each.id for each in after]


def shown(account: str, action: str, key: str) -> Mapping[str, object]:
    """The members of an action in the audit log."""
    return {"account": account, "action": action, **({"keyId": key} if key else {})}
