"""The URLs of Amazon SQS queues in answers: they get the address by which the client reaches Carnet.

An upstream knows neither that address nor whether it is reached over TLS.
"""

from __future__ import annotations

import json
import re
from typing import Any

from carnet.base.bounded_json import loads
from carnet.base.http import RequestHead
from carnet.models import Operation

_TELLING = frozenset(("CreateQueue", "GetQueueUrl", "ListDeadLetterSourceQueues", "ListQueues"))
_ONE, _SEVERAL = "QueueUrl", ("QueueUrls", "queueUrls")
_ELSEWHERE = re.compile(r"https?://[^/]+(?=/[0-9]{12}/[^/]+\Z)", re.ASCII)


def tells_queues(operation: Operation) -> bool:
    """Whether its answer has URLs of queues."""
    return operation.service.name == "sqs" and operation.name in _TELLING


def at_own_address(head: RequestHead, body: bytes) -> bytes:
    """An answer in JSON, with the URLs of queues as whoever asked can use them. What is no such answer is as it was."""
    host = head.first.get("host", "")
    try:
        told = loads(body)
    except ValueError:
        return body
    if not host or not isinstance(told, dict):
        return body
    here = f"{'https' if head.secure else 'http'}://{host}"
    changed = {name: _with_host(value, here) for name, value in told.items() if name == _ONE or name in _SEVERAL}
    return json.dumps(told | changed).encode() if changed else body


def _with_host(value: Any, here: str) -> Any:
    if isinstance(value, list):
        return [_with_host(one, here) for one in value]
    return _ELSEWHERE.sub(lambda _: here, value) if isinstance(value, str) else value
