"""The permission to tag a resource, for operations that create one with tags.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html
https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from carnet.catalog import actions
from carnet.gateway.checks.check import Asked, Check, Sought, invalid
from carnet.gateway.checks.common import SPECIFICATIONS, has_tags
from carnet.gateway.checks.hand import Hand
from carnet.gateway.checks.members import structures, text
from carnet.gateway.checks.naming import filled_in

_ACTIONS = {
    "ecr": "ecr:TagResource",
    "events": "events:TagResource",
    "kinesis": "kinesis:TagResource",
    "lambda": "lambda:TagResource",
    "logs": "logs:TagResource",
    "ssm": "ssm:AddTagsToResource",
    "stepfunctions": "states:TagResource",
}
"""Services with operations that take tags and are not those of rules by hand."""
_TAGS = ("AddTags", "Tag", "RemoveTags", "Untag")
_OF_A_LOG_GROUP = ":log-stream:"
_EC2 = "ec2"


def tagging(asked: Asked, checks: Sequence[Check]) -> Iterator[Check]:
    """The checks that tags in the request add; none for an operation that is itself about tags."""
    if asked.service == _EC2:
        yield from _of_specifications(asked)
    action = _ACTIONS.get(asked.service)
    if action is None or asked.operation.startswith(_TAGS) or not has_tags(asked):
        return
    if any(check.action == action for check in checks):
        return
    made = checks[0]
    assert not isinstance(made.resource, Sought), "what is made is not looked up"
    resource = made.resource.removesuffix(_OF_A_LOG_GROUP)
    yield Check(action=action, resource=resource, account=made.account, type=made.type)


def _of_specifications(asked: Asked) -> Iterator[Check]:
    """ec2:CreateTags on each type of resource that is to have tags."""
    for specification in structures(asked.members, SPECIFICATIONS):
        if not structures(specification, "Tags"):
            continue
        name = text(specification, "ResourceType") or ""
        service = actions.service(_EC2)
        kind = service.resource_types.get(name) if service is not None else None
        if kind is None:
            raise invalid(f"{name[:100]!r} is not a valid taggable resource type for this operation.")
        arn = filled_in(kind.arn, {}, asked.scope)
        yield Check(action="ec2:CreateTags", resource=arn, account=asked.scope.account, type=name)


EC2 = Hand(
    keys={"ec2:CreateAction": lambda asked, check: asked.operation if asked.operation != "CreateTags" else None},
)
