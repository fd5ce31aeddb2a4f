"""What a machine remembers of the data keys: how far each ring has come, in a file beside its logs.

A database, or a part of it, that is put back as it was says nothing of it by itself. This file does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from carnet.assembly.settings import Settings
from carnet.base.whole_file import whole_file
from carnet.keyring.errors import KeyringError
from carnet.keyring.keyring import Keyring

Reached = Mapping[str, tuple[int, int]]
"""Purpose to the floor of its ring and the number of its primary key."""


def check_seen(settings: Settings, keyring: Keyring) -> None:
    """Raises KeyringError if a ring is behind where this machine has seen it, or if the memory cannot be read."""
    seen = _read_seen(settings.seen_keys)
    behind = [purpose for purpose, reached in keyring.reached.items() if _is_behind(reached, seen.get(purpose))]
    if behind:
        raise KeyringError(
            f"The data keys for {', '.join(behind)} are older than those that {settings.seen_keys} remembers: the "
            "store, or a part of it, was put back as it was. If you put it back, carnet restore --as-found accepts it."
        )


def remember(settings: Settings, keyring: Keyring) -> None:
    """Keep how far the rings have come. It is written when they have come further, durably, whole or not at all."""
    if settings.dev:
        return
    path = settings.seen_keys
    seen = _read_seen(path)
    # Another process of this machine may be further.
    furthest = {**seen, **{purpose.value: _furthest(at, seen.get(purpose)) for purpose, at in keyring.reached.items()}}
    if furthest != seen:
        with whole_file(path) as file:
            file.write(json.dumps(furthest).encode())


def forget_seen(settings: Settings) -> None:
    """The store is another one from now on, and the operator says so."""
    settings.seen_keys.unlink(missing_ok=True)


def _furthest(reached: tuple[int, int], seen: tuple[int, int] | None) -> tuple[int, int]:
    return reached if seen is None else (max(reached[0], seen[0]), max(reached[1], seen[1]))


def _is_behind(reached: tuple[int, int], seen: tuple[int, int] | None) -> bool:
    return seen is not None and any(now < then for now, then in zip(reached, seen, strict=True))


def _read_seen(path: Path) -> Reached:
    try:
        written = json.loads(path.read_text(encoding="utf-8"))
        return {purpose: (int(floor), int(number)) for purpose, (floor, number) in written.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, AttributeError) as problem:
        raise KeyringError(f"{path}, which remembers the data keys, cannot be read: remove it.") from problem
