"""Begins the rotation of an installation's keys (`carnet keys`).

`identity.resealing` finishes it, in a server or in that command.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from carnet.identity.resealing import stored_keys
from carnet.identity.sealed_kinds import kinds_of
from carnet.jobs.presence import ROTATES, has_master_key
from carnet.keyring.data_keys import KeyState, Purpose, WrappedKey, rewrapped, staged_after
from carnet.keyring.errors import KeyringError
from carnet.keyring.master_key import MasterKey
from carnet.keyring.master_keys import MasterKeys
from carnet.services.operator_event import operator_event
from carnet.store.nodes import Node, read_live
from carnet.store.store import Store


class NodesAreBehind(KeyringError):
    """Not every running server can take part yet."""

    def __init__(self, nodes: Iterable[Node], why: str) -> None:
        super().__init__(f"Running servers {', '.join(f'{node.id} ({node.release})' for node in nodes)} {why}")


def stage_data_keys(
    store: Store, masters: MasterKeys, purposes: Iterable[Purpose], now: datetime
) -> tuple[WrappedKey, ...]:
    """Add the next data key of each purpose that is not being rotated already; returns the keys that were added.

    Raises NodesAreBehind if a running server would not understand them.
    """
    with store.write() as unit:
        keys, live = stored_keys(unit), unit.ask(read_live)
        if behind := _nodes_without(live, ROTATES):
            raise NodesAreBehind(behind, "are of a release that rotates no keys: replace them first.")
        master, _ = masters.opening(keys)
        rings = (keys_of(keys, purpose) for purpose in purposes)
        added = [staged_after(master, ring, now=now) for ring in rings if not is_rotating(ring)]
        for key in added:
            unit.add(key)
        if added:
            unit.audit(operator_event("RotateDataKeys", {"dataKeys": {key.purpose: key.kid for key in added}}, now))
    return tuple(added)


def keys_of(keys: Iterable[WrappedKey], purpose: Purpose) -> tuple[WrappedKey, ...]:
    """The data keys of one purpose."""
    return tuple(key for key in keys if key.purpose == purpose)


def is_rotating(ring: Iterable[WrappedKey]) -> bool:
    """Whether these keys, of one purpose, are being rotated. A rotation does not wait for what callers hold."""
    return any(
        key.state is KeyState.STAGED or (key.state is KeyState.RETIRED and kinds_of(Purpose(key.purpose)))
        for key in ring
    )


def rewrap_data_keys(store: Store, masters: MasterKeys, new: MasterKey, now: datetime) -> int:
    """Wrap every data key with another master key, in one transaction; returns how many, 0 if it was done before.

    Raises NodesAreBehind unless every running server has read it, KeyringError if none of `masters` opens them.
    """
    with store.write() as unit:
        keys, live = stored_keys(unit), unit.ask(read_live)
        master, _ = masters.opening(keys)
        if master.id == new.id:
            return 0
        if behind := _nodes_without(live, has_master_key(new.id)):
            raise NodesAreBehind(behind, "have not read the next master key.")
        for key in keys:
            unit.save(rewrapped(master, new, key))
        unit.audit(operator_event("ReplaceMasterKey", {"from": master.id, "to": new.id}, now))
    return len(keys)


def _nodes_without(nodes: Iterable[Node], feature: str) -> tuple[Node, ...]:
    return tuple(node for node in nodes if feature not in node.features)
