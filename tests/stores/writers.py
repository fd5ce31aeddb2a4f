"""What other processes do to a database in these tests."""

from __future__ import annotations

import time
from itertools import count
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event

from carnet.store.store import Store
from tests.stores.entities import a_group, a_user


def open_and_close(url: str) -> None:
    Store.open(url).close()


def add_users(url: str, first: int, count: int) -> None:
    """Add `count` users numbered from `first`, each in a write of its own."""
    store = Store.open(url)
    for number in range(first, first + count):
        with store.write() as unit:
            unit.add(a_user(number))
            unit.audit({"number": number})
    store.close()


def move_together(url: str, rounds: int, enough: Event | None = None) -> None:
    """Give user 1 and group 1 the same new path, in one write, again and again: so often, and until it is enough."""
    store = Store.open(url)
    for number in count():
        if number >= rounds and (enough is None or enough.is_set()):
            break
        with store.write() as unit:
            unit.save(a_user(1, path=f"/{number}/"))
            unit.save(a_group(1, path=f"/{number}/"))
    store.close()


def write_when_told(url: str, orders: Connection) -> None:
    """For each number received, write it as user 1's path and answer with the moment after the commit."""
    store = Store.open(url)
    orders.send("ready")
    while (number := orders.recv()) is not None:
        with store.write() as unit:
            unit.save(a_user(1, path=f"/{number}/"))
        orders.send(time.monotonic())
    store.close()
