"""The audit events of Carnet's own HTTP API. They have the form of the others, with `carnet` as their source.

An event is made when a request comes in, and told what becomes known of it on its way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from carnet.access.authorize import Decided
from carnet.audit.events import ANONYMOUS, LONGEST_TEXT, Event, arrival, claimed_key, decision_members, tell_account
from carnet.audit.redaction import HIDDEN, bounded
from carnet.audit.steps import Arrived
from carnet.base.arns import OWN_SERVICE
from carnet.identity.caller import AccountCaller, Anonymous, OperatorCaller


def own_event(arrived: Arrived) -> Event:
    """The event of a request of which nothing is believed yet."""
    return arrival(arrived, ()) | {
        "eventSource": OWN_SERVICE,
        "eventType": "CarnetApiCall",
        "userIdentity": {"type": "Unknown", "accessKeyId": claimed_key(arrived.http)},
    }


def tell_endpoint(event: Event, name: str, *, read_only: bool) -> None:
    """What the request asks for."""
    event |= {"eventName": name, "readOnly": read_only}


def tell_caller(event: Event, caller: AccountCaller | OperatorCaller | Anonymous) -> None:
    """Who makes it. An operator is of no account."""
    if isinstance(caller, OperatorCaller):
        event["userIdentity"] = {"type": "Operator", "credentialId": caller.token.id, "userName": caller.token.name}
    elif isinstance(caller, Anonymous):
        event["userIdentity"] = ANONYMOUS
    else:
        event["awsRegion"] = caller.region or None
        tell_account(event, caller)


def tell_input(event: Event, parameters: Mapping[str, Any], secret: frozenset[str]) -> None:
    """What it gives. INVARIANT: the endpoint says which members of it are secret."""
    shown = {name: HIDDEN if name in secret else value for name, value in parameters.items()}
    event["requestParameters"] = bounded(shown, "requestParameters")


def tell_answer(event: Event, kept: Mapping[str, Any]) -> None:
    """What the log keeps of the answer of a change."""
    event["responseElements"] = bounded(dict(kept), "responseElements")


def tell_decisions(event: Event, decided: Sequence[Decided]) -> None:
    """How the policies of a signed caller decided."""
    event["additionalEventData"] = event["additionalEventData"] | {"decisions": list(map(decision_members, decided))}


def tell_failure(event: Event, code: str, message: str) -> None:
    """Why it was refused, or failed."""
    event |= {"errorCode": code, "errorMessage": message[:LONGEST_TEXT]}
