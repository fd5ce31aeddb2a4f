"""The audit event of what the operator of an installation does on its own machine, where no request tells of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from carnet.base.arns import OWN_SERVICE
from carnet.base.timestamps import iso_seconds


def operator_event(name: str, parameters: Mapping[str, object], now: datetime) -> dict[str, object]:
    """The event `name`; it is recorded with the change (`UnitOfWork.audit`)."""
    return {
        "eventTime": iso_seconds(now),
        "eventSource": OWN_SERVICE,
        "eventName": name,
        "userIdentity": {"type": "Operator"},
        "requestParameters": dict(parameters),
    }
