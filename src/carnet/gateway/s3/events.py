"""The audit events of requests to Amazon S3, as CloudTrail has them.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html
"""

from __future__ import annotations

from carnet.audit.events import LONGEST_TEXT, Event, decision_members, failure_event, success_event
from carnet.audit.steps import Parsed
from carnet.gateway.relay import upstream_request_id
from carnet.gateway.s3.call import S3Call
from carnet.gateway.upstreams.modes import tell_mode
from carnet.identity.caller import Anonymous

_Headers = tuple[tuple[str, str], ...]


def done_event(call: S3Call, headers: _Headers, *, sent: int | None) -> Event:
    """The event of a request that the upstream carried out; `sent` is the length of its answer, if it is known."""
    return told(success_event(_parsed_step(call), {}, call.decided), call, headers, sent=sent)


def failed_event(call: S3Call, code: str, message: str, headers: _Headers = (), *, sent: int | None = 0) -> Event:
    """The event of a request that was refused, here or by the upstream."""
    return told(failure_event(_parsed_step(call), code, message, call.decided), call, headers, sent=sent)


def told(event: Event, call: S3Call, headers: _Headers, *, sent: int | None) -> Event:
    """The event, with what it is about."""
    path = call.route.path
    event["requestParameters"] = _parameters(call)
    if path.key is not None:
        event["managementEvent"], event["eventCategory"] = False, "Data"
    event["resources"] = _resources(call)
    event["recipientAccountId"] = call.owner or event["recipientAccountId"]
    event["additionalEventData"] |= {
        "SignatureVersion": None if call.is_anonymous else "SigV4",
        "AuthenticationMethod": _method(call),
        "bytesTransferredIn": call.expected.length,
        "bytesTransferredOut": sent,
    }
    if call.deliveries:
        event["additionalEventData"]["deliveries"] = [decision_members(one) for one in call.deliveries]
    if headers:
        event["additionalEventData"]["upstreamRequestId"] = upstream_request_id(headers)
    return tell_mode(event, call.exchange.settings.mode)


def _parsed_step(call: S3Call) -> Parsed:
    """INVARIANT: what objects hold and what tags say is no log's: the event's parameters are `_parameters`."""
    return Parsed(authenticated=call.step, given={})


def _method(call: S3Call) -> str | None:
    if isinstance(call.caller, Anonymous):
        return None
    return "QueryString" if call.caller.presigned else "AuthHeader"


def _parameters(call: S3Call) -> Event:
    path = call.route.path
    found: Event = {"Host": call.arrived.http.first.get("host", "")[:LONGEST_TEXT]}
    if path.bucket is not None:
        found["bucketName"] = path.bucket
    if path.key is not None:
        found["key"] = path.key
    found |= {name: value[:LONGEST_TEXT] for name, value in call.route.query.items()}
    source = call.given.get("CopySource")
    return found | ({"x-amz-copy-source": source[:LONGEST_TEXT]} if isinstance(source, str) else {})


def _resources(call: S3Call) -> list[Event] | None:
    path = call.route.path
    if path.bucket is None:
        return None
    bucket = f"arn:{call.scope.partition}:s3:::{path.bucket}"
    found: list[Event] = [{"type": "AWS::S3::Bucket", "ARN": bucket, "accountId": call.owner or None}]
    if path.key is not None:
        found.insert(0, {"type": "AWS::S3::Object", "ARN": f"{bucket}/{path.key}"})
    points = [point for point in (call.point, call.of_source) if point is not None]
    return found + [{"type": "AWS::S3::AccessPoint", "ARN": one.arn, "accountId": one.account} for one in points]
