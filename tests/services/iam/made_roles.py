"""Roles for tests."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from carnet.entities.role import Role
from tests.services.world import World

EC2 = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Principal": {"Service": "ec2.amazonaws.com"},
            "Action": "sts:AssumeRole",
        },
    }
)


def create(world: World, name: str = "worker", **given: Any) -> dict[str, Any]:
    role: dict[str, Any] = world.call(
        world.root, "CreateRole", **{"RoleName": name, "AssumeRolePolicyDocument": EC2} | given
    )["Role"]
    return role


def make_service_linked(world: World, name: str) -> None:
    """Turn a role into a service-linked one, with whatever else it has."""
    view = world.snapshot.account(world.account_id)
    assert view is not None
    role = view.of(Role).named(name)
    assert role is not None
    with world.installation.store.write() as unit:
        unit.save(replace(role, linked_service="ecs.amazonaws.com"))
    world.installation.directory.catch_up()
