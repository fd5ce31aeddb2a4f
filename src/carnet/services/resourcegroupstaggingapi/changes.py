"""TagResources and UntagResources: each resource is changed, or not, by itself.

The caller needs this service's permission, and for each resource that of the resource's own service (iam:TagPolicy).
https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_TagResources.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from msgspec import structs

from carnet import models
from carnet.base.arns import Arn, parse_arn
from carnet.base.faults import Denied, Fault, Invalid, Missing, Unavailable
from carnet.entities.entity import tag_list
from carnet.services.operation import Answer, Call, Operation, WriteCall, account_wide
from carnet.services.resourcegroupstaggingapi import sentences
from carnet.services.resourcegroupstaggingapi.service import tagging
from carnet.services.tagged_kinds import TaggedKind, kind_of
from carnet.services.target import Target

_FORBIDDEN = 403
_BAD_REQUEST = 400


@tagging.write("TagResources", on=account_wide)
def tag_resources(call: WriteCall, given: Mapping[str, Any]) -> Answer:
    """Set tags on every resource named, as far as the caller may and the resource's service takes them."""
    tags: Mapping[str, str] = given["Tags"]
    input_tags = {"Tags": tag_list(tags)}

    def tag(kind: TaggedKind, arn: Arn) -> None:
        kind.check(tags)
        _perform(call, kind, kind.tag, arn, input_tags)

    return _each(given, tag)


@tagging.write("UntagResources", on=account_wide)
def untag_resources(call: WriteCall, given: Mapping[str, Any]) -> Answer:
    """Remove the tags of some keys from every resource named, as far as the caller may."""
    keys = {"TagKeys": list(given["TagKeys"])}
    return _each(given, lambda kind, arn: _perform(call, kind, kind.untag, arn, keys))


def _each(given: Mapping[str, Any], change: Callable[[TaggedKind, Arn], None]) -> Answer:
    """Change every resource; those that could not be changed are told. Raises Invalid for what is no ARN."""
    failed: dict[str, dict[str, object]] = {}
    for text, arn in [(text, _parse_arn(text)) for text in dict.fromkeys(given["ResourceARNList"])]:
        kind = kind_of(arn)
        if kind is None:
            failed[text] = _failure("InvalidParameterException", _BAD_REQUEST, sentences.not_taggable(text))
            continue
        try:
            change(kind, arn)
        except Unavailable:
            raise
        except Fault as fault:
            failed[text] = _failure_of(kind, fault)
    return {"FailedResourcesMap": failed}


def _parse_arn(text: str) -> Arn:
    arn = parse_arn(text)
    if arn is None:
        raise Invalid(sentences.no_arn(text))
    return arn


def _perform(call: WriteCall, kind: TaggedKind, operation: Operation, arn: Arn, given: Mapping[str, Any]) -> None:
    """Carry out the operation of the resource's own service, whose permission, condition keys and quotas hold.

    What does not exist is decided by its ARN, so that only who may tag it learns that it is not there.
    """
    entity = kind.find(call.view, str(arn))
    naming = kind.naming(entity) if entity is not None else {}
    own = operation if entity is not None else replace(operation, on=_nothing_at(arn))
    as_its_own = structs.replace(call, own_quotas=operation.quotas, paging=operation.paging)
    own.perform(as_its_own, {**naming, **given}, call.decided)


def _nothing_at(arn: Arn) -> Callable[[Call, Any], Target[()]]:
    missing = Target[()](arn=str(arn), account=arn.account, found=Missing(sentences.resource_missing(str(arn))))
    return lambda call, given: missing


def _failure_of(kind: TaggedKind, fault: Fault) -> dict[str, object]:
    """What the resource's service says, as the API tells it of one resource."""
    code = kind.service.code(fault)
    modelled = models.service(kind.service.name).errors.get(code)
    if modelled is not None:
        return _failure(code, modelled.status, fault.message)
    return _failure(code, _FORBIDDEN if isinstance(fault, Denied) else _BAD_REQUEST, fault.message)


def _failure(code: str, status: int, message: str) -> dict[str, object]:
    return {"ErrorCode": code, "StatusCode": status, "ErrorMessage": message}
