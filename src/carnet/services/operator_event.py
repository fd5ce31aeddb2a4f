"""The audit event of what the operator of an installation does on its machine, without a request."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime

from carnet.audit.events import Event, event_without_request
from carnet.base.arns import OWN_SERVICE


def operator_event(name: str, parameters: Mapping[str, object], now: datetime) -> Event:
    """The event `name`; it is recorded with the change (`UnitOfWork.audit`)."""
    return event_without_request(OWN_SERVICE, name, str(uuid.uuid4()), now, dict(parameters))
