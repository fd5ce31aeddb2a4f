"""Makes the extracts of botocore's models in src/carnet/models/data/: some operations and the shapes that they need.

Run it after a renewal of the pin of botocore; tests/models/test_extracts.py tells if it is needed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from carnet.models.load import full_description

EXTRACTS = {"ec2": ("DescribeRegions",)}
"""Service to the operations that Carnet answers of it."""

DATA = Path(__file__).parent.parent / "src/carnet/models/data"


def extract(service: str) -> dict[str, Any]:
    """The model of those operations, without documentation."""
    whole = full_description(service)
    operations = {name: whole["operations"][name] for name in EXTRACTS[service]}
    shapes: dict[str, Any] = {}
    waiting = list(_shapes_in(operations))
    while waiting:
        name = waiting.pop()
        if name not in shapes:
            shapes[name] = whole["shapes"][name]
            waiting += _shapes_in(shapes[name])
    extracted: dict[str, Any] = _undocumented(
        {
            "version": whole["version"],
            "metadata": whole["metadata"],
            "operations": operations,
            "shapes": {name: shapes[name] for name in sorted(shapes)},
        }
    )
    return extracted


def _shapes_in(part: Any) -> Iterator[str]:
    if isinstance(part, Mapping):
        if isinstance(part.get("shape"), str):
            yield part["shape"]
        for below in part.values():
            yield from _shapes_in(below)
    elif isinstance(part, list):
        for below in part:
            yield from _shapes_in(below)


def _undocumented(part: Any) -> Any:
    if isinstance(part, Mapping):
        named = part.items()
        return {
            name: _undocumented(below) for name, below in named if name != "documentation" or not isinstance(below, str)
        }
    return [_undocumented(below) for below in part] if isinstance(part, list) else part


def main() -> None:
    """Write every extract."""
    for service in EXTRACTS:
        (DATA / f"{service}.json").write_text(json.dumps(extract(service), indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
