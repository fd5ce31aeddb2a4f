"""How `carnet org import` compares with a bare insert of the same rows: `python -m tests.bench.organization_import`.

The organization has 10,000 accounts, 2,000 organizational units in five levels, and 1,000 policies. The import reads
and checks the file, plans it, and writes it with its change log in chunks, between which others may write; the bare
insert has the rows at hand and writes them in one transaction of a database that is set up as the store's is. Ends with
exit code 1 if the import takes more than five times as much of a processor: how long both took says little on a machine
that does other things. Of each, the round in which it took least counts, since other work slows down the one or the
other. Modules are imported before.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, NamedTuple

from click.testing import CliRunner
from sqlalchemy import Table, insert, make_url

from carnet.assembly.installation import open_installation
from carnet.assembly.settings import Settings
from carnet.cli import main as carnet
from carnet.store.databases.sqlite import Sqlite
from carnet.store.entity_types import ENTITY_TYPES
from carnet.store.schema import METADATA
from carnet.store.store import Store

_MOST = 5.0
_LEVELS = 5
_SCP = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]})


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    for name, number in (("accounts", 10_000), ("units", 2_000), ("policies", 1_000), ("rounds", 5)):
        arguments.add_argument(f"--{name}", type=int, default=number)
    given = arguments.parse_args()
    estate = document(given.accounts, given.units, given.policies)
    _round(document(2, 1, 1))
    rounds = [_round(estate) for _ in range(given.rounds)]
    imported, bare = (min(took.processor for took in each) for each in zip(*rounds, strict=True))
    print(f"{imported:.2f} s and {bare:.2f} s at best: {imported / bare:.1f} times, of {_MOST:.0f} that are allowed")
    sys.exit(imported / bare > _MOST)


def document(accounts: int, units: int, policies: int) -> dict[str, Any]:
    """An organization whose units stand in five levels, with accounts in all of them and policies on all units."""
    nodes = ["r-ab12"]
    made: list[dict[str, Any]] = []
    depth = {"r-ab12": 0}
    for number in range(units):
        parent = next(one for one in reversed(nodes[: 1 + number // 2]) if depth[one] < _LEVELS)
        unit = f"ou-ab12-{number:08}"
        nodes.append(unit)
        depth[unit] = depth[parent] + 1
        made.append({"Id": unit, "Name": f"unit {number}", "ParentId": parent})
    members = [
        {
            "Id": f"{100_000_000_000 + number}",
            "Name": f"account {number}",
            "Email": f"a{number}@example.com",
            "ParentId": nodes[number % len(nodes)] if number else "r-ab12",
            "Tags": [{"Key": "team", "Value": f"team {number % 50}"}],
        }
        for number in range(accounts)
    ]
    attached = [{"PolicyId": "p-FullAWSAccess", "TargetId": one} for one in (*nodes, *(each["Id"] for each in members))]
    attached += [
        {"PolicyId": f"p-{number % policies:08}", "TargetId": unit} for number, unit in enumerate(nodes) if policies
    ]
    return {
        "Organization": {"Id": "o-exampleorg1", "MasterAccountId": members[0]["Id"]},
        "Roots": [{"Id": "r-ab12", "PolicyTypes": [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}]}],
        "OrganizationalUnits": made,
        "Accounts": members,
        "Policies": [
            {"Id": f"p-{number:08}", "Type": "SERVICE_CONTROL_POLICY", "Name": f"policy {number}", "Content": _SCP}
            for number in range(policies)
        ],
        "Attachments": attached,
    }


def _round(estate: dict[str, Any]) -> tuple[_Took, _Took]:
    """How long the import took, and the bare insert."""
    with tempfile.TemporaryDirectory() as directory:
        file, data = Path(directory) / "estate.json", Path(directory) / "data"
        file.write_text(json.dumps(estate))
        with open_installation(Settings(data_dir=data), create=True):
            pass
        imported, told = _timed_import(file, data)
        with open_installation(Settings(data_dir=data)) as installation:
            rows = _rows(installation.store)
        bare = _timed_insert(rows, Path(directory) / "bare.db")
    count = sum(map(len, rows.values()))
    print(f"{count} rows: import {imported}, bare insert {bare} ({told})")
    return imported, bare


class _Took(NamedTuple):
    """Seconds, on the clock and of a processor."""

    clock: float
    processor: float

    def __str__(self) -> str:
        return f"{self.clock:.2f} s, {self.processor:.2f} s of a processor"


def _stopwatch() -> Callable[[], _Took]:
    clock, processor = perf_counter(), process_time()
    return lambda: _Took(perf_counter() - clock, process_time() - processor)


def _timed_import(file: Path, data: Path) -> tuple[_Took, str]:
    took = _stopwatch()
    done = CliRunner().invoke(carnet, ["org", "import", str(file), "--data-dir", str(data)])
    seconds = took()
    if done.exit_code:
        sys.exit(done.output[-2_000:])
    return seconds, done.output.splitlines()[-1]


def _rows(store: Store) -> dict[Table, list[dict[str, Any]]]:
    """The rows of all that the store holds, by table, in an order in which they can be inserted."""
    found: dict[Table, list[dict[str, Any]]] = defaultdict(list)
    for type_ in reversed(ENTITY_TYPES.in_order_of_deletion):
        for entity in store.all_of(type_.entity):
            found[type_.table].append(dict(type_.stored(entity).row))
    return found


def _timed_insert(rows: dict[Table, list[dict[str, Any]]], file: Path) -> _Took:
    engine = Sqlite(make_url(f"sqlite:///{file}")).writer
    METADATA.create_all(engine)
    took = _stopwatch()
    with engine.begin() as connection:
        for table, some in rows.items():
            if some:
                connection.execute(insert(table), some)
    seconds = took()
    engine.dispose()
    return seconds


if __name__ == "__main__":
    main()
