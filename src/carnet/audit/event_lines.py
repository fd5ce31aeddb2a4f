"""One line for one call, for those who watch: on the terminal of `carnet serve`, and of `carnet audit`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from carnet.base.printable import printable

Event = Mapping[str, Any]

_DENIAL = re.compile(r"AccessDenied(?:Exception)?|(?:Client\.)?UnauthorizedOperation")
"""The errors of denied calls, for events that do not tell what was decided (`cloudtrail_files.record_of`)."""
_NOBODY = {"Unknown": "unknown", "Operator": "operator", "AWSAccount": "anonymous"}


def as_text(event: Event) -> str:
    """`12:00:05Z allowed  iam:CreateUser  111122223333:user/alice  4e2c...`, and what went wrong otherwise."""
    time = f"{event['eventTime'][11:19]}Z"
    line = f"{time}  {outcome(event):<7}  {action(event):<30}  {who(event):<36}  {event['requestID']}"
    return printable(f"{line}  {event['errorCode']}" if "errorCode" in event else line)


def as_json(event: Event) -> str:
    """The same, and the address, as one JSON object."""
    told = {
        "time": event["eventTime"],
        "outcome": outcome(event),
        "action": action(event),
        "account": event["recipientAccountId"],
        "who": (event["userIdentity"] or {}).get("arn"),
        "sourceIPAddress": event["sourceIPAddress"],
        "decisionId": event["requestID"],
        "error": event.get("errorCode"),
    }
    return orjson.dumps(told).decode()


def decisions(event: Event) -> Sequence[Event]:
    """What policies decided of the call: action, resource, verdict, layer and statements of each check."""
    found: Sequence[Event] = (event.get("additionalEventData") or {}).get("decisions", ())
    return found


def outcome(event: Event) -> str:
    """`allowed` or `denied`, whatever came of it then; `refused` before that was decided."""
    made = decisions(event)
    if made:
        return "allowed" if made[-1]["verdict"] == "allowed" else "denied"
    if "errorCode" not in event:
        return "allowed"
    hidden = "decisions" not in (event.get("additionalEventData") or {})
    return "denied" if hidden and _DENIAL.fullmatch(event["errorCode"]) else "refused"


def action(event: Event) -> str:
    """The action that was decided, `iam:CreateUser`; else the operation as far as it is known."""
    made = decisions(event)
    if made:
        name: str = made[-1]["action"]
        return name
    source, operation = event["eventSource"], event["eventName"]
    return f"{source.partition('.')[0]}:{operation}" if source and operation else "-"


def who(event: Event) -> str:
    """`111122223333:user/alice`, or what else is known of the caller: of what a service does by itself, the service."""
    identity = event["userIdentity"] or {}
    arn: str | None = identity.get("arn")
    if arn is not None:
        return ":".join(arn.split(":", 5)[4:])
    return identity.get("accessKeyId") or identity.get("invokedBy") or _NOBODY.get(identity.get("type", ""), "unknown")
