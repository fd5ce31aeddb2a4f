"""Outbound web identity federation: whether the account issues tokens that identify its principals.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_EnableOutboundWebIdentityFederation.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from carnet.base.faults import Refused
from carnet.entities.outbound_federation import OutboundFederation, SigningAlgorithm, SigningKey
from carnet.identity.outbound_keys import issuer_url, new_signing_key
from carnet.services.iam import sentences
from carnet.services.iam.service import iam
from carnet.services.operation import Answer, Call, WriteCall, account_wide
from carnet.services.preparing import Pool, Preparation

_Given = Mapping[str, object]
_KEYS = Pool(name="signing-keys", size=1, waiting=16, seconds=5.0)


def _new_keys(call: Call, given: _Given) -> tuple[SigningKey, ...]:
    """A key of each algorithm, for an account that has no signing keys."""
    if (there := _find_federation(call)) is not None and there.enabled:
        raise _enabled_already(call)
    return tuple(new_signing_key(call.parts.keyring, call.ids, call.account, one) for one in SigningAlgorithm)


@iam.write(
    "EnableOutboundWebIdentityFederation",
    on=account_wide,
    prepare=Preparation(pool=_KEYS, work=_new_keys),
)
def enable_outbound_federation(call: WriteCall, given: _Given) -> Answer:
    """Issue tokens from now on, signed with new keys. The issuer stays the same if the account had one before."""
    keys: tuple[SigningKey, ...] = call.prepared
    there = _find_federation(call)
    if there is None:
        made = OutboundFederation(
            account=call.account, issuer=call.ids.uuid(), enabled=True, keys=keys, created=call.now
        )
        call.store.add(made)
        return {"IssuerIdentifier": issuer_url(call.parts.public_url, made)}
    if there.enabled:
        raise _enabled_already(call)
    call.store.save(there.with_keys(keys, call.now))
    return {"IssuerIdentifier": issuer_url(call.parts.public_url, there)}


@iam.write("DisableOutboundWebIdentityFederation", on=account_wide)
def disable_outbound_federation(call: WriteCall, given: _Given) -> Answer:
    """Issue no more tokens. Issued ones stay valid until they expire."""
    call.store.save(replace(_enabled_federation(call, sentences.federation_disabled_already), enabled=False))
    return {}


@iam.read("GetOutboundWebIdentityFederationInfo", on=account_wide)
def get_outbound_federation_info(call: Call, given: _Given) -> Answer:
    """The issuer of the account's tokens."""
    there = _enabled_federation(call, sentences.federation_disabled)
    return {"IssuerIdentifier": issuer_url(call.parts.public_url, there), "JwtVendingEnabled": True}


def _find_federation(call: Call) -> OutboundFederation | None:
    return call.view.of(OutboundFederation).get(call.account)


def _enabled_federation(call: Call, refused: Callable[[str], str]) -> OutboundFederation:
    there = _find_federation(call)
    if there is None or not there.enabled:
        raise Refused("FeatureDisabled", refused(call.account))
    return there


def _enabled_already(call: Call) -> Refused:
    return Refused("FeatureEnabled", sentences.federation_enabled_already(call.account))
