"""Where the events of a bucket are to be delivered: refused if Amazon S3 could not deliver them.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from carnet.access.authorize import Decided
from carnet.access.request_context import request_keys
from carnet.access.service_access import Source
from carnet.gateway.acting_services import decided_for, delivery
from carnet.gateway.checks.check import Members
from carnet.gateway.checks.check import Refused as NotRead
from carnet.gateway.checks.members import needed, structure, structures
from carnet.gateway.checks.services.s3_names import bucket_arn
from carnet.gateway.s3.call import S3Call
from carnet.gateway.s3.faults import S3Fault
from carnet.gateway.s3.notification_keys import USES, key_of
from carnet.gateway.s3_sentences import XML_MALFORMED
from carnet.policy.request import Values
from carnet.services.execution import Execution

PUTS = "PutBucketNotificationConfiguration"
_S3 = "s3.amazonaws.com"
_DESTINATIONS = {
    "QueueConfigurations": ("QueueArn", "sqs", "queue"),
    "TopicConfigurations": ("TopicArn", "sns", "topic"),
    "LambdaFunctionConfigurations": ("LambdaFunctionArn", "lambda", "function"),
}
_SENTENCES = {
    "lambda": "Not authorized to invoke function [{}]",
    "sns": "Permissions on the destination topic do not allow S3 to publish notifications from this bucket",
    "sqs": "Permissions on the destination queue do not allow S3 to publish notifications from this bucket",
}
_MOST = 100
"""The most notification configurations of one bucket.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html"""


async def refuse_undelivered(execution: Execution, call: S3Call) -> None:
    """Raises S3Fault if a destination, or the key that encrypts it, does not let Amazon S3 in for the bucket.

    So does AWS. INVARIANT: nothing is sent before. Raises as `key_of`.
    If the request skips the check (`x-amz-skip-destination-validation`), it is made nevertheless, and the audit event
    has the result.
    """
    if call.operation.name != PUTS:
        return
    skipped = call.given.get("SkipDestinationValidation") is True
    for kind, arn in _destinations(call.given):
        decided = await call.deciding(partial(_decide, execution, call, arn))
        if decided is None or decided.request.resource.split(":")[2] != kind[0]:
            raise _invalid(arn, f"The ARN is not that of a destination {kind[1]}")
        call.deliveries.append(decided)
        allowed = decided.decision.allowed and await _uses_key(execution, call, arn)
        if not allowed and not skipped:
            raise _invalid(arn, _SENTENCES[kind[0]].format(arn))


async def _uses_key(execution: Execution, call: S3Call, arn: str) -> bool:
    """Whether Amazon S3 may use the key that encrypts a destination, if one does. Raises as `key_of`."""
    key = await key_of(call, arn)
    if key is None:
        return True
    if not key.arn:
        return False
    for action in USES:
        decided = await call.deciding(partial(_decide_key, execution, call, action, key.arn))
        call.deliveries.append(decided)
        if not decided.decision.allowed:
            return False
    return True


def _destinations(given: Members) -> Iterator[tuple[tuple[str, str], str]]:
    """The service and the kind of each, and its ARN. Raises S3Fault."""
    configuration, count = structure(given, "NotificationConfiguration"), 0
    try:
        for name, (member, *kind) in _DESTINATIONS.items():
            for one in structures(configuration, name):
                count += 1
                if count > _MOST:
                    raise S3Fault("InvalidArgument", f"A bucket has at most {_MOST} notification configurations.")
                yield (kind[0], kind[1]), needed(one, member)
    except NotRead:
        raise S3Fault("MalformedXML", XML_MALFORMED) from None


def _decide(execution: Execution, call: S3Call, arn: str) -> Decided | None:
    return delivery(execution, _S3, _source(call), arn, _request(call))


def _decide_key(execution: Execution, call: S3Call, action: str, key: str) -> Decided:
    return decided_for(execution, _S3, _source(call), action, key, _request(call))


def _source(call: S3Call) -> Source:
    return Source(account=call.owner, arn=bucket_arn(call.scope.partition, call.bucket or ""))


def _request(call: S3Call) -> Values:
    return request_keys(call.arrived.http, call.scope.region, call.arrived.time)


def _invalid(arn: str, why: str) -> S3Fault:
    return S3Fault(
        "InvalidArgument",
        "Unable to validate the following destination configurations",
        {"ArgumentName": arn[:2048], "ArgumentValue": why[:4096]},
    )
