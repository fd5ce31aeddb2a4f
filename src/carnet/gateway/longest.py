"""The longest requests of the AWS operations that take more than the frontend's usual limit.

The services limit the data itself. A request is longer, because it is JSON or a form: base64 adds a third to bytes,
and an escaped character is up to six times as long.
"""

from __future__ import annotations

from collections.abc import Mapping

from carnet.base.http import RequestHead
from carnet.models import Operation, Service

_MB = 1024 * 1024
_OF_CODE = 70_167_211
_OF_PAYLOAD = 6 * _MB
LONGEST = _OF_CODE
"""The longest body of all operations, in bytes."""
_INVOKES = ("Invoke", "InvokeWithResponseStream")
_EVENT = "Event"
MOST_ZIPPED = 50 * _MB
"""https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

_OF_SERVICES: Mapping[str, Mapping[str, int]] = {
    # https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
    "dynamodb": {"": 16 * _MB},
    # Parts of layers have 20 MB, https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html
    "ecr": {"PutImage": 6 * _MB, "UploadLayerPart": 28 * _MB},
    # https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
    "kinesis": {"PutRecord": 15 * _MB, "PutRecords": 15 * _MB},
    "lambda": {
        "CreateFunction": _OF_CODE,
        **dict.fromkeys(_INVOKES, _OF_PAYLOAD),
        "PublishLayerVersion": _OF_CODE,
        "UpdateFunctionCode": _OF_CODE,
    },
    # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
    "logs": {"PutLogEvents": 6 * _MB},
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
    "sqs": {"": 6 * _MB},
    # https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutInventory.html
    "ssm": {"PutInventory": 6 * _MB},
    # https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html
    "stepfunctions": dict.fromkeys(
        ("CreateStateMachine", "UpdateStateMachine", "ValidateStateMachineDefinition"), 6 * _MB
    ),
}
"""The longest body in bytes, by service and operation; '' stands for all other operations of the service."""


def longest(service: str, operation: str, head: RequestHead) -> int:
    """How many bytes the body may have; 0 if the usual limit applies. `operation` is '' if it is not known before the
    body is read."""
    if operation == "Invoke" and head.header("x-amz-invocation-type") == _EVENT:
        return _MB
    of_service = _OF_SERVICES.get(service, {})
    return of_service.get(operation, of_service.get("", 0))


def too_long(where: Operation | Service, most: int) -> str:
    """AWS Lambda's sentence, which names the operation by its permission."""
    sentence = f"Request must be smaller than {most} bytes"
    if isinstance(where, Service):
        return sentence
    invokes = where.service.name == "lambda" and where.name in _INVOKES
    return f"{sentence} for the {'InvokeFunction' if invokes else where.name} operation"
