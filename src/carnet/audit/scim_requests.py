"""The log of requests by SCIM: what provisioners asked for, and what came of it. It is read from the audit log."""

from __future__ import annotations

from typing import Any

from carnet.audit.event_lines import Event
from carnet.audit.history import EventHistory, Query

PROVISIONER = "Scim"
"""The type of their identity in events."""


def scim_requests(
    history: EventHistory, account: str, *, count: int, after: str | None, failed: bool
) -> dict[str, Any]:
    """A page of the requests for the identity store of an account, the newest first, as `EventHistory.page`.

    Raises LookupError for a page that there is not. No values are told, as events have none.
    """
    page = history.page(Query(account=account, caller_type=PROVISIONER, failed=failed), count, after)
    told: dict[str, Any] = {"requests": list(map(_request, page.events))}
    return told | ({"next": page.next} if page.next is not None else {})


def _request(event: Event) -> dict[str, Any]:
    asked, made = event["requestParameters"] or {}, event["responseElements"] or {}
    return {
        "time": event["eventTime"],
        "request": event["eventName"],
        "mode": asked.get("mode"),
        "resource": asked.get("id") or made.get("id"),
        "tokenId": event["userIdentity"]["credentialId"],
        "sourceIp": event["sourceIPAddress"],
        "error": event.get("errorCode"),
        "message": event.get("errorMessage"),
        "requestId": event["requestID"],
    }
