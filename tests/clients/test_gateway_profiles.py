"""The shipped profiles of stores that can be started here, measured again: a newer release may do something else."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from carnet.gateway.upstreams.profile import read_profile, shipped_profiles
from tests.clients.test_gateway_s3 import moto, seaweedfs
from tests.starting.forked import carnet

_SECONDS = 600


@pytest.mark.parametrize("name", ["seaweedfs", "moto"])
def test_a_shipped_profile_is_what_the_store_does(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """INVARIANT: nothing is sent to a store that it does not do, and it is asked for all that it does."""
    store: AbstractContextManager[tuple[str, dict[str, str]]] = seaweedfs(tmp_path) if name == "seaweedfs" else moto()
    written = tmp_path / "measured.json"
    with store as (upstream, own):
        for variable, value in own.items():
            monkeypatch.setenv(variable, value)
        url = upstream.partition("=")[2]
        done = carnet("gateway", "probe", url, "--name", name, "--output", str(written), timeout=_SECONDS)
    assert done.returncode == 0, done.stderr
    measured, shipped = read_profile(written), shipped_profiles()[name]
    assert measured.operations["s3"] == shipped.operations["s3"]
    assert measured.preconditions == shipped.preconditions
    for trait in ("literal_keys", "drops_cut_bodies", "versions", "tells_keys", "customer_keys"):
        assert getattr(measured, trait) is getattr(shipped, trait), trait
