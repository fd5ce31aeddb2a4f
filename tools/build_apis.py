"""Makes the data file of `carnet.catalog.apis` from botocore's models and the catalogue of actions.

    python tools/build_apis.py

Run this after `build_catalog.py`, and when the pin below is changed. The same pin gives the same file.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZipFile

# The tools are run as files, and are imported by their tests.
sys.path.insert(0, str(Path(__file__).parent.parent))

from carnet.catalog import actions, apis
from carnet.catalog.actions import AccessLevel, Action
from carnet.catalog.archive import Source
from tools.build_catalog import DATA, compact, download, pack, replace

BOTOCORE = Source(
    name="botocore",
    version="1.44.8",
    sha256="76342a76c338701db80dcb8afe1c9bd079283d6fffbb9d881442abb02a215043",
    license="Apache-2.0",
    dated=None,
    gives="signing names, protocols, operations and where their inputs stand in a request",
)

OTHER_PREFIXES = {
    "cloudcontrol": "cloudformation",
    "iot-data": "iot",
    "iot-jobs-data": "iotjobsdata",
    "iotsecuretunneling": "iot",
    "mturk": "mechanicalturk",
    "resourcegroupstaggingapi": "tag",
}
"""Services whose actions begin with no name that the model tells; as the Service Authorization Reference says."""

NOT_BY_NAME = {
    # arn:aws:secretsmanager:...:secret:NAME-AbCdEf
    "secretsmanager": "six characters follow the name of a secret in its ARN",
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
    "logs": "the ARN of a log group ends with :* in some operations",
}
"""Prefixes of actions whose ARNs hold more than the member of the same name, and why. What is an ARN already counts."""

QUALIFIER = "qualifier"
"""A member that becomes a part of the ARN that another one names.

https://docs.aws.amazon.com/lambda/latest/dg/access-control-resources.html
"""

READING = {AccessLevel.LIST, AccessLevel.READ}
GIVEN = ("Partition", "Region", "Account")
VARIABLE = re.compile(r"\$\{(\w+)\}", re.ASCII)
MODEL = re.compile(r"botocore/data/([^/]+)/([^/]+)/service-2\.json\.gz")


def main() -> None:
    with TemporaryDirectory() as folder:
        wheels = download(Path(folder), (BOTOCORE,))
        with ZipFile(wheels[BOTOCORE.name]) as botocore:
            members = dict(api_members(dict(models(botocore))))
    replace(DATA / apis.DATA.name, pack((BOTOCORE, *actions.DATA.archive.sources), members))


def models(botocore: ZipFile) -> Iterator[tuple[str, Any]]:
    """The newest model of each service."""
    newest: dict[str, str] = {}
    for file in botocore.namelist():
        found = MODEL.fullmatch(file)
        if found is not None:
            newest[found[1]] = max(newest.get(found[1], ""), found[2])
    for name, version in sorted(newest.items()):
        yield name, json.loads(gzip.decompress(botocore.read(f"botocore/data/{name}/{version}/service-2.json.gz")))


def api_members(described: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    """The index, and one member for each service."""
    rows = []
    for name, model in described.items():
        metadata = model["metadata"]
        protocols = metadata.get("protocols") or [metadata["protocol"]]
        unsigned = sorted(operation for operation, row in model["operations"].items() if not is_signed(row))
        names = (name, signing_name(metadata), protocols, metadata.get("targetPrefix", ""), metadata["apiVersion"])
        rows.append([*names, unsigned])
        yield apis.API_MEMBER + name, compact(api(name, model))
    yield apis.INDEX_MEMBER, compact(rows)


def signing_name(metadata: Mapping[str, str]) -> str:
    return metadata.get("signingName") or metadata["endpointPrefix"]


def api(name: str, model: Any) -> dict[str, object]:
    """A service as `carnet.catalog.apis` reads it."""
    prefix = action_prefix(name, model["metadata"])
    service = actions.service(prefix) if prefix is not None else None
    arns: dict[str, int] = {}
    operations = {}
    for operation, described in sorted(model["operations"].items()):
        action = service.action(operation) if service is not None else None
        places = member_places(model, described)
        permission = None
        if action is not None and action.name == operation:
            permission = permission_row(action, places, arns)
        wanted = used_members(permission)
        http = described["http"]
        operations[operation] = [
            http["method"],
            http["requestUri"],
            required_in_head(model, described),
            permission,
            {member: place for member, place in places.items() if member in wanted},
        ]
    return {"arns": list(arns), "operations": operations}


def action_prefix(name: str, metadata: Mapping[str, str]) -> str | None:
    """What stands before the colon of the service's actions; None if the catalogue has no such service."""
    candidates = (OTHER_PREFIXES.get(name), signing_name(metadata), metadata["endpointPrefix"], name)
    return next((one for one in candidates if one is not None and actions.service(one) is not None), None)


def is_signed(operation: Any) -> bool:
    """https://smithy.io/2.0/spec/authentication-traits.html"""
    return operation.get("authtype") != "none" and "smithy.api#noAuth" not in operation.get("auth", ())


def required_in_head(model: Any, operation: Any) -> list[tuple[str, str]]:
    """What tells operations with the same method and path apart: the parameters and headers that one must have."""
    shape = model["shapes"][operation["input"]["shape"]] if "input" in operation else {}
    members = [shape["members"][name] | {"name": name} for name in shape.get("required", ())]
    return [
        (member["location"], member.get("locationName", member["name"]))
        for member in members
        if member.get("location") in ("querystring", "header")
    ]


def member_places(model: Any, operation: Any) -> dict[str, tuple[str, str]]:
    """Where the members of the input stand that hold text; only those of the body's first level."""
    shapes, metadata = model["shapes"], model["metadata"]
    shape = shapes[operation["input"]["shape"]] if "input" in operation else {}
    places = {}
    for member, described in shape.get("members", {}).items():
        location = described.get("location", "body")
        if shapes[described["shape"]]["type"] != "string" or location == "headers" or described.get("jsonvalue"):
            continue
        if location == "body" and (shape.get("payload") or metadata["protocol"] == "rest-xml"):
            continue
        places[member] = (location, wire_name(member, described, metadata["protocol"]))
    return places


def wire_name(member: str, described: Mapping[str, Any], protocol: str) -> str:
    name = str(described.get("locationName", member))
    if protocol != "ec2":
        return name
    # https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html#query-key-resolution
    return str(described.get("queryName") or name[:1].upper() + name[1:])


def permission_row(action: Action, places: Mapping[str, Any], arns: dict[str, int]) -> list[object]:
    types = [resource.type for resource in action.resource_types]
    read_only = int({*action.access_levels} <= READING)
    numbers = [arns.setdefault(kind.arn, len(arns)) for kind in types]
    if not types or any(member.lower() == QUALIFIER for member in places):
        return [action.service, read_only, numbers, [], []]
    named = [(number, named_by(kind.arn, places)) for number, kind in zip(numbers, types, strict=True)]
    complete = action.service not in NOT_BY_NAME and all(members is not None for _, members in named)
    # What takes a name often takes an ARN in its place.
    last = {list(members.values())[-1] for _, members in named if members}
    names = {arn_name(kind.name) for kind in types} | {"arn", "resourcearn"}
    arn_members = [member for member in places if member.lower() in names or member in last]
    return [action.service, read_only, numbers, named if complete else [], arn_members]


def named_by(arn: str, places: Mapping[str, Any]) -> dict[str, str] | None:
    """The pattern's variables to members of the same name, but for the case of the first letter; None if one has none.

    A pattern with a wildcard names no one resource.
    """
    if "*" in arn:
        return None
    members = {member[:1].upper() + member[1:]: member for member in places}
    variables = [name for name in VARIABLE.findall(arn) if name not in GIVEN]
    found = {name: members.get(name[:1].upper() + name[1:]) for name in variables}
    return {name: member for name, member in found.items() if member} if None not in found.values() else None


def arn_name(resource_type: str) -> str:
    """`state-machine` to `statemachinearn`."""
    return re.sub(r"[^a-z0-9]", "", resource_type.lower()) + "arn"


def used_members(permission: list[Any] | None) -> set[str]:
    if permission is None:
        return set()
    _, _, _, named, arn_members = permission
    return {*arn_members, *(member for _, members in named for member in members.values())}


if __name__ == "__main__":
    main()
