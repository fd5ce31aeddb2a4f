"""Outbound web identity federation is enabled once; its tokens and documents: tests/server/test_outbound_federation."""

from __future__ import annotations

import pytest

from carnet.entities.outbound_federation import OutboundFederation
from carnet.services.iam import outbound_federation
from tests.services.iam.expect import refused
from tests.services.meanwhile import happens_meanwhile
from tests.services.world import ServiceError, World

ENABLE = "EnableOutboundWebIdentityFederation"


@pytest.mark.parametrize("before", [(), (ENABLE, "DisableOutboundWebIdentityFederation")])
def test_of_two_who_enable_it_at_once_one_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch, before: tuple[str, ...]
) -> None:
    for operation in before:
        world.call(world.root, operation)
    made: list[OutboundFederation] = []

    def enabled() -> None:
        world.call(world.root, ENABLE)
        made.append(federation(world))

    happens_meanwhile(monkeypatch, enabled)
    with pytest.raises(ServiceError, match="FeatureEnabled"):
        world.call(world.root, ENABLE)
    assert made == [federation(world)]


def test_no_keys_are_made_for_who_has_them(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.call(world.root, ENABLE)
    monkeypatch.setattr(outbound_federation, "new_signing_key", None)
    assert refused(world, world.root, ENABLE)[0] == "FeatureEnabled"


def federation(world: World) -> OutboundFederation:
    return world.snapshot.accounts[world.account_id].of(OutboundFederation).by_id[world.account_id]
