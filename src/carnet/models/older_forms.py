"""Services that AWS has given a new protocol, as their older clients still speak to them: by the query protocol.

The present models do not have the names of that protocol any more; they stand here.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-making-api-requests-xml.html
https://smithy.io/2.0/aws/protocols/aws-query-protocol.html#aws-protocols-awsquerycompatible-trait
"""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

from carnet.models.load import ATTRIBUTES_OF_MESSAGES, forwarded, full_description
from carnet.models.service import Operation, Service

OLDER_FORMS = frozenset(("sqs",))
"""The services that have one, by botocore's names."""

_NAMESPACE = "http://queue.amazonaws.com/doc/2012-11-05/"
_ITEMS = {
    ATTRIBUTES_OF_MESSAGES: "AttributeName",
    "AWSAccountIdList": "AWSAccountId",
    "ActionNameList": "ActionName",
    "AttributeNameList": "AttributeName",
    "BatchResultErrorEntryList": "BatchResultErrorEntry",
    "BinaryList": "BinaryListValue",
    "ChangeMessageVisibilityBatchRequestEntryList": "ChangeMessageVisibilityBatchRequestEntry",
    "ChangeMessageVisibilityBatchResultEntryList": "ChangeMessageVisibilityBatchResultEntry",
    "DeleteMessageBatchRequestEntryList": "DeleteMessageBatchRequestEntry",
    "DeleteMessageBatchResultEntryList": "DeleteMessageBatchResultEntry",
    "ListMessageMoveTasksResultEntryList": "ListMessageMoveTasksResultEntry",
    "MessageAttributeNameList": "MessageAttributeName",
    "MessageList": "Message",
    "MessageSystemAttributeList": "MessageSystemAttributeName",
    "QueueUrlList": "QueueUrl",
    "SendMessageBatchRequestEntryList": "SendMessageBatchRequestEntry",
    "SendMessageBatchResultEntryList": "SendMessageBatchResultEntry",
    "StringList": "StringListValue",
    "TagKeyList": "TagKey",
}
"""Lists, and what each of their items is called on the wire."""
_PAIRS = {
    "MessageBodyAttributeMap": ("MessageAttribute", "Name"),
    "MessageBodySystemAttributeMap": ("MessageSystemAttribute", "Name"),
    "MessageSystemAttributeMap": ("Attribute", "Name"),
    "QueueAttributeMap": ("Attribute", "Name"),
    "TagMap": ("Tag", "Key"),
}
"""Maps, what each of their pairs is called, and its key in it. The value is called Value."""
_OF_QUEUES = "AWS.SimpleQueueService."
_CODES = {
    **{
        name: (_OF_QUEUES + name, 400)
        for name in (
            *("BatchEntryIdsNotDistinct", "BatchRequestTooLong", "EmptyBatchRequest", "InvalidBatchEntryId"),
            *("MessageNotInflight", "QueueDeletedRecently", "TooManyEntriesInBatchRequest", "UnsupportedOperation"),
        )
    },
    "OverLimit": ("OverLimit", 403),
    "PurgeQueueInProgress": (_OF_QUEUES + "PurgeQueueInProgress", 403),
    "QueueDoesNotExist": (_OF_QUEUES + "NonExistentQueue", 400),
    "QueueNameExists": ("QueueAlreadyExists", 400),
    "ResourceNotFoundException": ("ResourceNotFoundException", 404),
}
"""Errors to their code and status; those of the others are as the model has them."""


@cache
def older_form(name: str) -> Service:
    """A service by the query protocol; LookupError for one that has no such form."""
    if name not in OLDER_FORMS:
        raise LookupError(f"{name} has one protocol")
    description = copy.deepcopy(full_description(name))
    metadata = {
        key: value for key, value in description["metadata"].items() if key not in ("protocols", "targetPrefix")
    }
    description["metadata"] = {**metadata, "protocol": "query", "xmlNamespace": _NAMESPACE}
    _name_members(description["shapes"])
    return Service.of(name, description)


def _name_members(shapes: dict[str, Any]) -> None:
    for shape, name in _ITEMS.items():
        shapes[shape]["member"]["locationName"] = name
    for shape, (pair, key) in _PAIRS.items():
        shapes[shape]["locationName"] = pair
        shapes[shape]["key"]["locationName"], shapes[shape]["value"]["locationName"] = key, "Value"
    for shape, (code, status) in _CODES.items():
        shapes[shape]["error"] = {"code": code, "httpStatusCode": status}


def present_form(operation: Operation) -> Operation:
    """The operation in the protocol that the service has now, in which upstreams are asked."""
    if operation.service.name not in OLDER_FORMS:
        return operation
    return forwarded(operation.service.name).operations[operation.name]
