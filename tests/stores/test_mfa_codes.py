"""MFA codes that are given at once on several nodes of one store."""

from __future__ import annotations

import threading
from copy import copy
from pathlib import Path

from carnet.assembly.installation import open_installation
from carnet.assembly.settings import Settings
from tests.services.iam.phones import Phone, enabled_phone
from tests.services.world import Caller, ServiceError, TurnableClock, World


def test_one_right_code_counts_once_and_guesses_do_not_outrun_the_count(database: str, tmp_path: Path) -> None:
    settings, clock = Settings(data_dir=tmp_path / "data", database_url=database), TurnableClock()
    with (
        open_installation(settings, create=True, clock=clock) as first,
        open_installation(settings, clock=clock) as second,
    ):
        one = World(first, clock)
        alice = one.user("alice")
        phone = enabled_phone(one, "alice")
        other = copy(one)
        other.installation = second
        second.directory.catch_up()
        assert _at_once((one, other), alice, phone, [phone.code(1)] * 6) == 1
        assert _failures(one, phone) == 5
        clock.advance(3600)
        one.call(one.root, "ResyncMFADevice", UserName="alice", SerialNumber=phone.serial, **phone.pair())
        second.directory.catch_up()
        assert _at_once((one, other), alice, phone, [phone.wrong()] * 20) == 0
        assert _failures(one, phone) == 5


def _failures(world: World, phone: Phone) -> int:
    world.installation.directory.catch_up()
    device = world.snapshot.accounts[world.account_id].mfa_device(phone.serial)
    assert device is not None
    return device.failures


def _at_once(nodes: tuple[World, ...], caller: Caller, phone: Phone, codes: list[str]) -> int:
    """How many of the codes were right, each given in a thread of its own, on one node after the other."""
    right: list[Caller] = []
    refusals: list[str] = []

    def give(node: World, code: str) -> None:
        try:
            given = {"SerialNumber": phone.serial, "TokenCode": code}
            right.append(node.session(node.call(caller, "GetSessionToken", service="sts", **given)))
        except ServiceError as problem:
            refusals.append(problem.message)

    threads = [
        threading.Thread(target=give, args=(nodes[number % len(nodes)], code)) for number, code in enumerate(codes)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(right) + len(refusals) == len(codes)
    assert all("MultiFactorAuthentication failed" in message for message in refusals)
    return len(right)
