"""Amazon SQS: queues by their URLs, whatever host these name, and the operations that other accounts never may.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import Any

from carnet.base.arns import ACCOUNT_ID
from carnet.base.bounded_json import loads
from carnet.catalog.operations import ResourceRule
from carnet.gateway.checks.check import Asked, Check, Refused, Scope, Sought, SoughtBy, invalid
from carnet.gateway.checks.hand import Hand
from carnet.gateway.checks.members import needed, structure, text
from carnet.gateway.checks.naming import ARN, Named
from carnet.gateway.checks.table import from_table

QUEUE = "queue"
_NAME = r"[A-Za-z0-9_-]{1,80}(?:\.fifo)?"
_QUEUE_NAME = re.compile(_NAME, re.ASCII)
_LONGEST_NAME = 80
"""The longest name of a new queue, with its suffix."""
_NO_NAME = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
_NO_FIFO_NAME = (
    "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo "
    "suffix and be 1 to 80 in length"
)
_URL = re.compile(rf"https?://[A-Za-z0-9._:\[\]-]{{1,255}}/([0-9]{{12}})/({_NAME})", re.ASCII)
_ARN = re.compile(rf"arn:([a-z-]+):sqs:([a-z0-9-]+):([0-9]{{12}}):({_NAME})", re.ASCII)
_LONGEST_HANDLE = 4_096

OWN_ACCOUNT_ONLY = frozenset(
    (
        *("AddPermission", "CancelMessageMoveTask", "CreateQueue", "DeleteQueue", "ListMessageMoveTasks", "ListQueues"),
        *("ListQueueTags", "RemovePermission", "SetQueueAttributes", "StartMessageMoveTask", "TagQueue", "UntagQueue"),
    )
)
"""https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-customer-managed-policy-examples.html"""


def queue_arn(scope: Scope, account: str, name: str) -> str:
    return f"{ARN}{scope.partition}:sqs:{scope.region}:{account}:{name}"


def _queue(scope: Scope, account: str, name: str) -> Named:
    return Named(type=QUEUE, resource=queue_arn(scope, account, name), account=account)


def _queue_named(rule: ResourceRule, values: Mapping[str, str], scope: Scope) -> Named:
    """By the path of its URL: account and name. The host is a gateway's, an upstream's, or AWS's."""
    given = next(iter(values.values()))
    if url := _URL.fullmatch(given):
        return _queue(scope, url[1], url[2])
    if not _QUEUE_NAME.fullmatch(given):
        raise Refused("QueueDoesNotExist", f"{given[:100]!r} is not the URL of a queue.")
    return _queue(scope, scope.account, given)


def _queue_of_arn(rule: ResourceRule, arn: str, scope: Scope) -> Named | None:
    found = _ARN.fullmatch(arn)
    if found is None or (found[1], found[2]) != (scope.partition, scope.region):
        return None
    return _queue(scope, found[3], found[4])


def _only_own_queue(asked: Asked) -> Iterator[Check]:
    """Other accounts cannot be given these, whatever the queue's policy says."""
    for check in from_table(asked, HAND):
        if check.account != asked.scope.account:
            raise Refused("AccessDenied", f"Access to the resource {check.resource} is denied.")
        yield check


def _create_queue(asked: Asked) -> Iterator[Check]:
    name = text(asked.members, "QueueName") or ""
    if len(name) > _LONGEST_NAME or not _QUEUE_NAME.fullmatch(name):
        fifo = structure(asked.members, "Attributes").get("FifoQueue") == "true"
        raise Refused("InvalidParameterValue", _NO_FIFO_NAME if fifo else _NO_NAME)
    yield from (checks := tuple(_only_own_queue(asked)))
    if asked.members.get("tags"):
        yield Check(action="sqs:TagQueue", resource=checks[0].resource, account=checks[0].account, type=QUEUE)


def _get_queue_url(asked: Asked) -> Iterator[Check]:
    owner = text(asked.members, "QueueOwnerAWSAccountId") or asked.scope.account
    name = needed(asked.members, "QueueName")
    if not ACCOUNT_ID.fullmatch(owner) or not _QUEUE_NAME.fullmatch(name):
        raise Refused("QueueDoesNotExist", "The specified queue does not exist.")
    yield _on(asked, "GetQueueUrl", _queue(asked.scope, owner, name))


def _start_move_task(asked: Asked) -> Iterator[Check]:
    """From a dead-letter queue to one queue, or, if none is named, to all that its messages came from.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html
    """
    source = next(iter(_only_own_queue(asked)))
    yield source
    for action in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes"):
        yield Check(action=f"sqs:{action}", resource=source.resource, account=source.account, type=QUEUE)
    given = text(asked.members, "DestinationArn")
    if given is None:
        assert isinstance(source.resource, str), "queues are named by their ARNs"
        sought = Sought(by=SoughtBy.DEAD_LETTER_SOURCES, text=source.resource)
        yield Check(action="sqs:SendMessage", resource=sought, account=source.account, type=QUEUE)
        return
    found = _ARN.fullmatch(given)
    if found is None or (found[1], found[2]) != (asked.scope.partition, asked.scope.region):
        raise invalid("DestinationArn is not the ARN of a queue.")
    yield _on(asked, "SendMessage", _queue(asked.scope, found[3], found[4]))


def _cancel_move_task(asked: Asked) -> Iterator[Check]:
    """A handle is base64 of JSON, which holds the ARN of the queue that messages are moved from."""
    source = _source_of(needed(asked.members, "TaskHandle"))
    found = _ARN.fullmatch(source) if isinstance(source, str) else None
    if found is None or (found[1], found[2], found[3]) != (
        asked.scope.partition,
        asked.scope.region,
        asked.scope.account,
    ):
        raise Refused("ResourceNotFound", "Task does not exist.")
    yield _on(asked, "CancelMessageMoveTask", _queue(asked.scope, found[3], found[4]))


def _source_of(handle: str) -> object:
    if len(handle) > _LONGEST_HANDLE:
        return None
    try:
        told: Any = loads(b64decode(handle, validate=True))
    except ValueError:
        return None
    return told.get("sourceArn") if isinstance(told, dict) else None


def _on(asked: Asked, action: str, queue: Named) -> Check:
    return Check(action=f"sqs:{action}", resource=queue.resource, account=queue.account, type=QUEUE)


def _no_queue(asked: Asked, action: str) -> Check:
    """An action on no queue is decided on the ARN without a name, as recorded from AWS."""
    return Check(action=action, resource=queue_arn(asked.scope, asked.scope.account, ""), account=asked.scope.account)


HAND = Hand(
    operations={
        **dict.fromkeys(OWN_ACCOUNT_ONLY, _only_own_queue),
        "CancelMessageMoveTask": _cancel_move_task,
        "CreateQueue": _create_queue,
        "GetQueueUrl": _get_queue_url,
        "StartMessageMoveTask": _start_move_task,
    },
    names={QUEUE: _queue_named},
    arns={QUEUE: _queue_of_arn},
    invalid="InvalidParameterValue",
    on_nothing=_no_queue,
)
