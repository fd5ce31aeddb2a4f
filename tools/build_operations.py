"""Makes the data file of `carnet.catalog.operations` from botocore's models and the catalogue of actions.

    python tools/build_operations.py

Run this after `build_catalog.py`, and when the pin of `build_apis.py` or a line of operation_rules.txt is changed. The
same pin gives the same file. It prints the operations that it finds no rule for.

An operation needs the action of its name, or of the name that a line of operation_rules.txt gives. Of each type of
resource that AWS lists for the action, the input must have the members that its ARN is made of: one that is called as
the type and holds the ARN, those that are called as the variables of its pattern, or those of a line. AWS lists the
*union* of what an operation may need. INVARIANT: the types of which a request names but one are alternatives, never
conditions that hold together.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from zipfile import ZipFile

# The tools are run as files, and are imported by their tests.
sys.path.insert(0, str(Path(__file__).parent.parent))

from carnet.catalog import actions, operations
from carnet.catalog.actions import Action, ActionResource
from tools.build_apis import BOTOCORE, VARIABLE, action_prefix, arn_name, models
from tools.build_catalog import DATA, compact, download, pack, replace

SERVICES = (
    *("dynamodb", "ec2", "ecr", "events", "kinesis", "kms", "lambda", "logs", "s3", "secretsmanager"),
    *("sns", "sqs", "ssm", "stepfunctions"),
)
RULES = Path(__file__).with_name("operation_rules.txt")
GIVEN = frozenset(("Partition", "Region", "Account"))
COMMON_ARN_MEMBERS = ("arn", "resourcearn")
MAKES = re.compile(r"(Allocate|Copy|Create|Import|Provision|Purchase|Register|Request|Restore|Run|Start)[A-Z]")
"""What makes something whose id is not known before: AWS decides on an ARN that ends with a wildcard.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-supported-iam-actions-resources.html
"""
LISTS = re.compile(r"(BatchGet|Describe|Get|List)[A-Z]")
"""What is for everything if its list of names is not given."""


PASS_ROLE = "iam:PassRole"  # noqa: S105 - the name of an action
DEEPEST = 5
"""Levels of an input in which roles stand."""
ROLE = re.compile(r"(?:[A-Za-z]*Role|role)(Arn|ARN|Name)?")
ROLE_ARN = "arn:${Partition}:iam::${Account}:role/${RoleNameWithPath}"


class Way(NamedTuple):
    """How a request names a resource of one type."""

    type: str
    arn: str
    members: Mapping[str, tuple[str, ...]]
    arn_members: tuple[str, ...]
    is_open: bool

    @property
    def identity(self) -> frozenset[str]:
        """The members that tell which resource of the type it is."""
        variables = own_variables(self.arn)
        last = self.members.get(variables[-1], ()) if variables else ()
        return frozenset((*self.arn_members, *last))


class Check(NamedTuple):
    """One permission: the action (empty: that of the operation's name), and the ways, one of which a request takes."""

    action: str
    ways: tuple[Way, ...]
    required: bool


class Rule(NamedTuple):
    """What is known of an operation."""

    checks: Sequence[Check]
    undecided: Sequence[str]


@dataclass
class Hand:
    """The lines of operation_rules.txt on one service."""

    actions: dict[str, str] = field(default_factory=dict)
    """Operation to action, if it has not the same name."""
    names: dict[str, list[str]] = field(default_factory=dict)
    """`type.Variable`, or `Operation.type.Variable`, to the members that hold it."""
    arns: dict[str, list[str]] = field(default_factory=dict)
    """Type, or `Operation.type`, to the members that hold its ARN."""
    types: dict[str, list[str]] = field(default_factory=dict)
    """Operation to the types that it is decided on, of those that AWS lists; `-` if on `*`."""
    either: dict[str, list[str]] = field(default_factory=dict)
    """Operation to types of which a request names one, although by different members."""
    twins: dict[str, list[str]] = field(default_factory=dict)
    """Type to members that tell a resource of it in a way that no ARN can be made of."""
    undecided: dict[str, list[str]] = field(default_factory=dict)
    """Operation to members on which permissions depend that are not known here."""
    refused: set[str] = field(default_factory=set)
    """Operations whose resources the members tell in a way that is not known here."""
    unpassed: set[str] = field(default_factory=set)
    """Operations whose input names roles that no service is to assume."""
    made: set[str] = field(default_factory=set)
    """`Operation.type`: what an operation makes although its name does not tell, or all of whose kind it may list."""


_LISTS: Mapping[str, Callable[[Hand], dict[str, list[str]]]] = {
    "name": lambda hand: hand.names,
    "arn": lambda hand: hand.arns,
    "types": lambda hand: hand.types,
    "either": lambda hand: hand.either,
    "twin": lambda hand: hand.twins,
    "not": lambda hand: hand.undecided,
}


_SETS: Mapping[str, Callable[[Hand], set[str]]] = {
    "made": lambda hand: hand.made,
    "refused": lambda hand: hand.refused,
    "unpassed": lambda hand: hand.unpassed,
}


def main() -> None:
    with TemporaryDirectory() as folder:
        wheels = download(Path(folder), (BOTOCORE,))
        with ZipFile(wheels[BOTOCORE.name]) as botocore:
            described = {name: model for name, model in models(botocore) if name in SERVICES}
    hand = read_rules(RULES.read_text(encoding="utf-8"))
    found = {name: dict(rules(name, described[name], hand.get(name, Hand()))) for name in SERVICES}
    members = {
        operations.OPERATIONS_MEMBER + name: compact(written(name, described[name], found[name])) for name in SERVICES
    }
    replace(DATA / operations.DATA.name, pack((BOTOCORE, *actions.DATA.archive.sources), members))
    for name in SERVICES:
        missing = sorted(described[name]["operations"].keys() - found[name].keys())
        sys.stdout.write(
            f"{name}: {len(found[name])} of {len(described[name]['operations'])}; not {' '.join(missing)}\n"
        )


def read_rules(text: str) -> dict[str, Hand]:
    """The lines by service. Raises ValueError for a line that is none."""
    found: dict[str, Hand] = {}
    for line in text.splitlines():
        kind, *words = line.partition("#")[0].split() or [""]
        if not kind:
            continue
        service, subject, *rest = (word.replace("_", " ") for word in words)
        hand = found.setdefault(service, Hand())
        if kind == "action" and len(rest) == 1:
            hand.actions[subject] = rest[0]
        elif kind in _LISTS and rest:
            _LISTS[kind](hand).setdefault(subject, []).extend(rest)
        elif kind in _SETS and not rest:
            _SETS[kind](hand).add(subject)
        else:
            raise ValueError(f"not a rule: {line}")
    return found


def rules(name: str, model: Any, hand: Hand) -> Iterator[tuple[str, Rule]]:
    """The operations that have a rule."""
    prefix = action_prefix(name, model["metadata"])
    service = actions.service(prefix or "")
    assert service is not None, f"the catalogue has no actions of {name}"
    for operation, described in sorted(model["operations"].items()):
        action = service.action(hand.actions.get(operation, operation))
        checks = checks_of(operation, action, paths(model, described), hand) if action is not None else None
        if checks is not None and operation not in hand.refused:
            arns, names = passed_roles(operation, paths(model, described, DEEPEST), hand)
            unknown = undecided(operation, checks, model, described, hand)
            yield operation, Rule([*checks, *arns], sorted({*unknown, *names}))


def paths(model: Any, operation: Any, depth: int = 1) -> dict[str, bool]:
    """The members of an input that hold text, as paths, to whether one must be given.

    `TableName`, `InstanceIds[]`, and so many levels further `Entries[].EventBusName` and `Placement.GroupName`.
    """
    shapes = model["shapes"]
    found: dict[str, bool] = {}

    def walk(shape: Any, before: str, depth: int, needed: bool) -> None:
        required = shape.get("required", ())
        for member, described in shape.get("members", {}).items():
            of = shapes[described["shape"]]
            path, must = before + member, needed and member in required
            if of["type"] == "list":
                path, of = path + "[]", shapes[of["member"]["shape"]]
            if of["type"] == "string":
                found[path] = must
            elif of["type"] == "structure" and depth:
                walk(of, path + ".", depth - 1, must)

    if "input" in operation:
        walk(shapes[operation["input"]["shape"]], "", depth, True)
    return found


def checks_of(operation: str, action: Action, given: Mapping[str, bool], hand: Hand) -> list[Check] | None:
    """The permissions that an operation needs; None if its members do not tell the resource of one of them."""
    own = "" if action.name == operation else str(action)
    listed = hand.types.get(operation)
    types = [kind for kind in action.resource_types if listed is None or kind.type.name in listed]
    if not action.resource_types or listed == ["-"]:
        return [Check(own, (), True)]
    ways = {kind.type.name: way(operation, kind, given, hand) for kind in types}
    must = {kind.type.name for kind in types if kind.required}
    known = [way for way in ways.values() if way is not None]
    groups = grouped(known, hand.either.get(operation, ()))
    if not groups or any(ways[name] is None for name in must):
        return None
    only = len(groups) == 1
    return [Check(own, group, only or any(way.type in must for way in group)) for group in groups]


def undecided(operation: str, checks: Iterable[Check], model: Any, described: Any, hand: Hand) -> list[str]:
    """The members with which a request is refused, for they tell more resources than the checks are on."""
    shape = model["shapes"][described["input"]["shape"]] if "input" in described else {}
    given = {*shape.get("members", ()), *paths(model, described, DEEPEST)}
    used = {path for check in checks for way in check.ways for named in way.members.values() for path in named}
    types = {way.type for check in checks for way in check.ways}
    named = hand.undecided.get(operation, [])
    if unknown := {*named} - given:
        raise ValueError(f"{operation} has no member {min(unknown)}")
    members = named + [twin for name in sorted(types) for twin in hand.twins.get(name, [])]
    return sorted({member for member in members if member in given} - used)


def way(operation: str, kind: ActionResource, given: Mapping[str, bool], hand: Hand) -> Way | None:
    """How members of the input name a resource of a type; None if they do not."""
    name, pattern = kind.type.name, kind.type.arn
    top = {path.removesuffix("[]").lower(): path for path in given if "." not in path}

    def named_in(lines: Mapping[str, list[str]], subject: str, spelled: Iterable[str]) -> tuple[str, ...]:
        if (own := lines.get(f"{operation}.{subject}")) is not None:
            return tuple(path for path in own if path in given)
        found = [path for path in lines.get(subject, ()) if path in given]
        found += [path for text in spelled if (path := top.get(text))]
        return tuple(dict.fromkeys(found))

    def naming(variable: str) -> tuple[str, ...]:
        return named_in(hand.names, f"{name}.{variable}", (variable.lower(), variable.lower() + "s"))

    held = named_in(hand.arns, name, (arn_name(name), *COMMON_ARN_MEMBERS, f"{arn_name(name)}s"))
    members = {variable: named for variable in own_variables(pattern) if (named := naming(variable))}
    made = f"{operation}.{name}" in hand.made
    makes = made or (kind.required and bool(MAKES.match(operation)))
    complete = members.keys() >= {*own_variables(pattern)}
    optional = not any(given[path] for path in (*held, *(path for named in members.values() for path in named)))
    lists = bool(LISTS.match(operation)) and any("[]" in path for named in members.values() for path in named)
    if complete or (makes and not held):
        everything = (kind.required or made) and optional and (makes or lists)
        return Way(name, pattern, members, held, everything or not complete)
    return Way(name, pattern, {}, held, False) if held else None


def own_variables(pattern: str) -> list[str]:
    return [name for name in VARIABLE.findall(pattern) if name not in GIVEN]


def grouped(ways: Iterable[Way], either: Sequence[str]) -> list[tuple[Way, ...]]:
    """Ways that share a member are alternatives: the member names one resource, of one type or another."""
    groups: list[list[Way]] = []
    for one in ways:
        same = [group for group in groups if any(alternatives(one, other, either) for other in group)]
        merged = [way for group in same for way in group] + [one]
        groups = [group for group in groups if group not in same] + [merged]
    return [tuple(group) for group in groups]


def alternatives(one: Way, other: Way, either: Sequence[str]) -> bool:
    return bool(one.identity & other.identity) or {one.type, other.type} <= {*either}


def passed_roles(operation: str, given: Iterable[str], hand: Hand) -> tuple[list[Check], list[str]]:
    """iam:PassRole on each role that the input names by its ARN, and the members that name one otherwise.

    AWS does not list which operations need it, so whatever gives a service a role does.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
    """
    if LISTS.match(operation) or operation in hand.unpassed:
        return [], []
    found = [(path, match) for path in given if (match := ROLE.fullmatch(path.rpartition(".")[2]))]
    names = [path for path, match in found if match[1] == "Name" or path.endswith("IamRole")]
    arns = [path for path, _ in found if path not in names]
    return [Check(PASS_ROLE, (Way("role", ROLE_ARN, {}, (path,), False),), False) for path in arns], names


def written(name: str, model: Any, found: Mapping[str, Rule]) -> dict[str, object]:
    """A service as `carnet.catalog.operations` reads it: what occurs twice is written once and numbered."""
    arns: dict[tuple[str, str], int] = {}
    ways: dict[str, int] = {}
    rows: list[object] = []

    def number(way: Way) -> int:
        at = arns.setdefault((way.type, way.arn), len(arns))
        row = [at, way.members, way.arn_members, int(way.is_open)]
        key = repr(row)
        if key not in ways:
            ways[key] = len(rows)
            rows.append(row)
        return ways[key]

    table = {
        operation: [
            [[check.action, [number(way) for way in check.ways], int(check.required)] for check in rule.checks],
            rule.undecided,
        ]
        for operation, rule in found.items()
    }
    prefix = action_prefix(name, model["metadata"])
    return {"prefix": prefix, "arns": list(arns), "resources": rows, "operations": table}


if __name__ == "__main__":
    main()
