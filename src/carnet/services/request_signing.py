"""How the authentication requests of an instance to its external identity provider are signed.

An instance with keys signs every request by the first of them, and its metadata has the certificates of all. So a key
is replaced in three steps: a new key is added, the provider reads the metadata, and then the new key signs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from carnet.base.faults import InUse, Missing
from carnet.base.timestamps import iso_seconds
from carnet.directory.account_view import AccountView
from carnet.directory.identity_center import external_provider, request_signing
from carnet.directory.snapshot import Snapshot
from carnet.entities.external_identity_provider import ExternalIdentityProvider
from carnet.entities.request_signing import RequestSigning
from carnet.entities.saml_signing_key import SamlSigningKeys, check_room, signing_first, without
from carnet.identity.saml_signing_keys import NewKeyPair, sealed_signing_key
from carnet.services.identity_center import owned_instance
from carnet.services.operator_event import operator_event
from carnet.services.preparing import Pool
from carnet.services.transaction import OperatorCall, Transaction
from carnet.store.unit_of_work import Unit

MAKING = Pool(name="request-signing-keys", size=1, waiting=8, seconds=10.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyAction:
    """What is to be done with the keys of an account's instance."""

    account: str
    action: str
    """`add`, `use` or `delete`."""
    key: str = ""
    """The id of the key to use or to delete."""

    def shown(self) -> Mapping[str, object]:
        """The members of the action in the audit log."""
        return {"account": self.account, "action": self.action, **({"keyId": self.key} if self.key else {})}


def add_key(transaction: Transaction, pair: NewKeyPair, *, account: str) -> RequestSigning:
    """Add a key. The first one signs at once. Raises Missing, TooMany."""
    view, instance = owned_instance(transaction.snapshot, account)
    before = request_signing(view)
    keys = before.keys if before is not None else ()
    check_room(keys)
    key = sealed_signing_key(transaction.keyring, transaction.ids, pair, RequestSigning, account, instance.id)
    after = RequestSigning(id=instance.id, account=account, keys=(*keys, key))
    if before is None:
        transaction.unit.add(after)
    else:
        transaction.unit.save(after)
    return after


def sign_with(unit: Unit, snapshot: Snapshot, *, account: str, key: str) -> RequestSigning:
    """Let that key sign from now on. Raises Missing."""
    before = _signing_settings(owned_instance(snapshot, account)[0])
    after = replace(before, keys=signing_first(before.keys, key))
    unit.save(after)
    return after


def remove_key(unit: Unit, snapshot: Snapshot, *, account: str, key: str) -> SamlSigningKeys:
    """Remove a key that does not sign, or the only key: then requests are no longer signed. Returns what is left.

    Raises Missing, and InUse for the key that signs if the identity provider takes only signed requests.
    """
    view, _ = owned_instance(snapshot, account)
    before = _signing_settings(view)
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


def _signing_settings(view: AccountView) -> RequestSigning:
    found = request_signing(view)
    if found is None:
        raise Missing("Nothing signs authentication requests.")
    return found


def _wants_signatures(provider: ExternalIdentityProvider) -> bool:
    from carnet.saml.metadata import parse_metadata

    return provider.issuer in parse_metadata(provider.document).asks_for_signed_requests


def change_here(call: OperatorCall, wanted: KeyAction, pair: NewKeyPair | None) -> None:
    """Change the keys as the operator of the installation, in a change of its own."""
    with call.transaction() as transaction:
        keys = changed(transaction, wanted, pair)
        event = operator_event("ChangeRequestSigningKeys", {**wanted.shown(), "keys": keys}, call.now)
        transaction.unit.audit(event)


def changed(transaction: Transaction, wanted: KeyAction, pair: NewKeyPair | None) -> list[str]:
    """Add the key `pair`, or use or delete one; returns the ids of the keys afterwards. Raises as the action does."""
    unit, snapshot, account = transaction.unit, transaction.snapshot, wanted.account
    if pair is not None:
        after = add_key(transaction, pair, account=account).keys
    elif wanted.action == "use":
        after = sign_with(unit, snapshot, account=account, key=wanted.key).keys
    else:
        after = remove_key(unit, snapshot, account=account, key=wanted.key)
    return [each.id for each in after]
