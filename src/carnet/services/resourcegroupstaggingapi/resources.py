"""GetResources, GetTagKeys, GetTagValues: what is tagged, and with what.

Only what has tags now is told of: nobody remembers here that a resource once had some.
https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from carnet.base.faults import Invalid
from carnet.entities.entity import Tags, tag_list
from carnet.models import GLOBAL_REGIONS
from carnet.services.operation import Answer, Call, account_wide
from carnet.services.paging import Page, page, sort_token
from carnet.services.resourcegroupstaggingapi import sentences
from carnet.services.resourcegroupstaggingapi.service import tagging
from carnet.services.tagged_kinds import tagged_kinds

_RESOURCES_PER_PAGE = (1, 100)
_TAGS_PER_PAGE = (100, 500)
_TYPE_FILTERS = 100
_FILTERS = ("TagFilters", "ResourceTypeFilters", "ResourcesPerPage", "TagsPerPage", "PaginationToken")
"""What cannot be given beside a list of ARNs."""
_COMPLIANT = {"ComplianceStatus": True, "NoncompliantKeys": (), "KeysWithNoncompliantValues": ()}
"""No tag policy is in effect, so that every resource complies with it."""


class Tagged(NamedTuple):
    """One resource with tags."""

    arn: str
    type: str
    tags: Tags


Passes = Callable[[Tagged], bool]


@tagging.read("GetResources", on=account_wide)
def get_resources(call: Call, given: Mapping[str, Any]) -> Answer:
    """The tagged resources that pass every filter, with their tags, by ARN."""
    _check(given)
    compliance = {"ComplianceDetails": _COMPLIANT} if given.get("IncludeComplianceDetails") else {}
    passes = _filters(given)
    found = _page_by_tags(call, _tagged_resources(call), given, lambda one: all(each(one) for each in passes))
    told = [{"ResourceARN": one.arn, "Tags": tag_list(one.tags), **compliance} for one in found.items]
    return {"ResourceTagMappingList": told, "PaginationToken": found.marker or ""}


@tagging.read("GetTagKeys", on=account_wide)
def get_tag_keys(call: Call, given: Mapping[str, Any]) -> Answer:
    """Every key that some resource is tagged with."""
    return _words(call, "GetTagKeys", "TagKeys", given, (key for one in _tagged_resources(call) for key in one.tags))


@tagging.read("GetTagValues", on=account_wide)
def get_tag_values(call: Call, given: Mapping[str, Any]) -> Answer:
    """Every value that some resource has under one key."""
    values = (one.tags[given["Key"]] for one in _tagged_resources(call) if given["Key"] in one.tags)
    return _words(call, "GetTagValues", "TagValues", given, values)


def _words(call: Call, operation: str, member: str, given: Mapping[str, Any], words: Iterable[str]) -> Answer:
    found = page(call.paging, operation, sorted(set(words), key=sort_token), _without_empty_token(given), key=str)
    return {member: list(found.items), "PaginationToken": found.marker or ""}


def _tagged_resources(call: Call) -> Sequence[Tagged]:
    """The tagged resources of the account, by ARN, if the request is for the Region that tells of them.

    Resources that belong to no Region are told of in the one Region of their service.
    """
    kinds = [
        kind for kind in tagged_kinds() if kind.listed and _region_of(kind.service.name, call) == call.caller.region
    ]
    collections = [call.view.of(kind.entity) for kind in kinds]
    return call.view.memo.lasting(
        (Tagged, *(kind.type for kind in kinds)),
        tuple(collections),
        lambda: sorted(
            (
                Tagged(entity.arn, kind.type, entity.tags)
                for kind, entities in zip(kinds, collections, strict=True)
                for entity in entities.sorted()
                if entity.tags
            ),
            key=lambda one: sort_token(one.arn),
        ),
    )


def _region_of(service: str, call: Call) -> str:
    return GLOBAL_REGIONS.get(service, {}).get(call.partition, call.caller.region)


def _page_by_tags(call: Call, tagged: Sequence[Tagged], given: Mapping[str, Any], passes: Passes) -> Page[Tagged]:
    """A page of resources which have no more tags together than TagsPerPage says; one without tags counts as one."""

    def paged(limits: Mapping[str, int]) -> Page[Tagged]:
        asked = {**_without_empty_token(given), **limits}
        return page(call.paging, "GetResources", tagged, asked, key=lambda one: one.arn, matching=passes)

    found = paged({} if "ResourceARNList" not in given else {call.paging.limit: len(given["ResourceARNList"])})
    room, fitting = given.get("TagsPerPage"), 0
    if room is None:
        return found
    for one in found.items:
        room -= max(1, len(one.tags))
        if room < 0:
            break
        fitting += 1
    return found if fitting == len(found.items) else paged({call.paging.limit: fitting})


def _without_empty_token(given: Mapping[str, Any]) -> dict[str, Any]:
    """The input without an empty token, which asks for the first page."""
    return {name: value for name, value in given.items() if name != "PaginationToken" or value}


def _filters(given: Mapping[str, Any]) -> list[Passes]:
    passes = [_by_tag(one) for one in given.get("TagFilters", ())]
    if types := given.get("ResourceTypeFilters"):
        wanted = frozenset(types)
        passes.append(lambda one: one.type in wanted or one.type.partition(":")[0] in wanted)
    if "ResourceARNList" in given:
        arns = frozenset(given["ResourceARNList"])
        passes.append(lambda one: one.arn in arns)
    if given.get("ExcludeCompliantResources"):
        passes.append(lambda _: False)
    return passes


def _by_tag(given: Mapping[str, Any]) -> Passes:
    key, values = given.get("Key"), frozenset(given.get("Values", ()))
    if key is None:
        raise Invalid(sentences.TAG_FILTER_KEY)
    return lambda one: key in one.tags and (not values or one.tags[key] in values)


def _check(given: Mapping[str, Any]) -> None:
    """Raise Invalid for what the model lets through and the API's description does not."""
    for name, (least, most) in (("ResourcesPerPage", _RESOURCES_PER_PAGE), ("TagsPerPage", _TAGS_PER_PAGE)):
        if not least <= given.get(name, least) <= most:
            raise Invalid(sentences.out_of_range(name, least, most))
    if "ResourceARNList" in given and (beside := [name for name in _FILTERS if name in given]):
        raise Invalid(sentences.not_beside_arns(beside[0]))
    if len(given.get("ResourceTypeFilters", ())) > _TYPE_FILTERS:
        raise Invalid(sentences.TOO_MANY_TYPES)
    if given.get("ExcludeCompliantResources") and not given.get("IncludeComplianceDetails"):
        raise Invalid(sentences.EXCLUDES_WITHOUT_DETAILS)
