"""Plans and applies documents in a world."""

from __future__ import annotations

from typing import Any

from carnet.provisioning.application import Applying
from carnet.provisioning.document import Home, read_document
from carnet.provisioning.operator import Operator
from carnet.provisioning.plan import Item, Plan, Verdict, make_plan
from tests.services.world import World

ALLOW = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
DENY = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*"}]}


def trust_of(*principals: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"AWS": list(principals)}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def operator(world: World) -> Operator:
    return Operator(parts=world.installation.execution.parts, partition="aws", now=world.clock())


def planned(world: World, data: object) -> Plan:
    document = read_document(data, Home(partition_of=lambda account: "aws", account=world.account_id))
    return make_plan(document, world.snapshot, operator(world), world.installation.store.types)


def applying(world: World) -> Applying:
    installation = world.installation
    return Applying(store=installation.store, directory=installation.directory, operator=operator(world))


def applied(world: World, data: object) -> Plan:
    """The plan that was carried out, of which nothing is left to do."""
    plan = planned(world, data)
    assert plan.impossible == ()
    applying(world).apply(plan)
    assert {item.verdict for item in planned(world, data).items} <= {Verdict.UNCHANGED}
    return plan


def done(plan: Plan) -> dict[str, list[str]]:
    """The operations for each thing that is not as it was, by its name."""
    told: dict[str, list[str]] = {}
    for item in plan.items:
        if item.steps:
            told.setdefault(item.wanted.name, []).extend(step.name for step in item.steps)
    return told


def problem(world: World, data: object) -> str:
    """Why one thing of the document cannot be done."""
    (item,) = planned(world, data).impossible
    assert isinstance(item, Item)
    return item.problem
