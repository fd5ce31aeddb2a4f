"""How each policy comes to a principal, which explanations tell."""

from __future__ import annotations

import json

from carnet.access.gather import policies_of
from tests.services.iam.documents import managed
from tests.services.world import World

ALLOW = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}}


def test_each_policy_is_gathered_with_how_it_is_attached(world: World) -> None:
    alice = world.user("alice", [ALLOW])
    arn = managed(world)
    world.call(world.root, "CreateGroup", GroupName="admins")
    world.call(world.root, "AddUserToGroup", UserName="alice", GroupName="admins")
    world.call(world.root, "AttachUserPolicy", UserName="alice", PolicyArn=arn)
    world.call(world.root, "AttachGroupPolicy", GroupName="admins", PolicyArn=arn)
    world.call(world.root, "PutGroupPolicy", GroupName="admins", PolicyName="g", PolicyDocument=json.dumps(ALLOW))
    view = world.snapshot.accounts[world.account_id]
    policies = policies_of(view, world.principal(alice).credential)
    assert list(zip([policy.source for policy in policies.identity], policies.attached, strict=True)) == [
        ("user/alice/p0", "inline in user alice"),
        (arn, "attached to user alice"),
        ("group/admins/g", "inline in group admins"),
        (arn, "attached to group admins"),
    ]
