"""A queue of Amazon SQS in the path of a request, where its older clients name it.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-making-api-requests-xml.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from carnet.base.http import HttpRequest
from carnet.models import OLDER_FORMS, Service
from carnet.protocols.unreadable import Unreadable

_PATH = re.compile(r"(/[0-9]{12}/[A-Za-z0-9_-]{1,80}(?:\.fifo)?)/?", re.ASCII)
_URL = "QueueUrl"


def queue_in(found: Service, request: HttpRequest) -> str | None:
    """The URL of the queue that the path of a request is, if it is one."""
    path = _PATH.fullmatch(request.path) if found.name in OLDER_FORMS else None
    if path is None:
        return None
    return f"{'https' if request.secure else 'http'}://{request.first.get('host', '')}{path[1]}"


def at_queue(in_path: str, fields: Mapping[str, str]) -> dict[str, str]:
    """The parameters with the queue of the path. Raises Unreadable if they name another one."""
    given = fields.get(_URL)
    if given is not None and given.split("/")[-2:] != in_path.split("/")[-2:]:
        raise Unreadable(f"The address {given[:200]} is not valid for this endpoint")
    return {**fields, _URL: in_path}
