"""The events of what a service does by itself, with or after a call, which CloudTrail calls service events.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/non-api-aws-service-events.html
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from carnet.audit.events import Event, event_without_request


def service_event(
    source: str, name: str, when: datetime, *, account: str, region: str | None, details: Mapping[str, Any]
) -> Event:
    """The event `name` of the service `source` (`organizations.amazonaws.com`), for an account and a Region."""
    return event_without_request(source, name, str(uuid.uuid4()), when, None) | {
        "userIdentity": {"accountId": account, "invokedBy": source},
        "awsRegion": region,
        "sourceIPAddress": source,
        "userAgent": source,
        "eventType": "AwsServiceEvent",
        "recipientAccountId": account,
        "serviceEventDetails": details,
    }
