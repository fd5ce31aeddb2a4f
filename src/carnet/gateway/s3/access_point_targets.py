"""The access point that a request of the control API names, and what permission is asked for on it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from carnet.directory.account_view import AccountView
from carnet.entities.access_point import AccessPoint, access_point_arn
from carnet.gateway.buckets.tag_sets import read_tags, tag_keys
from carnet.gateway.buckets.through import keys_of, tags_of
from carnet.gateway.checks.check import Check
from carnet.gateway.checks.services.s3_names import ACCESS_POINT
from carnet.gateway.s3.aiming import no_such_access_point
from carnet.gateway.s3.control_call import Asked, Checks
from carnet.gateway.s3.faults import S3Fault, not_implemented
from carnet.policy.request import Value

_WRITTEN = re.compile(r"[a-z0-9.-]{3,50}", re.ASCII)
_TAGS = "Tags"


def on(asked: Asked, action: str, arn: str, keys: Mapping[str, Value]) -> Check:
    """An action on the access point of an ARN; `keys` are the condition keys that tell of it and of the request."""
    known = {**asked.keys, "s3:ResourceAccount": asked.scope.account, **keys}
    return Check(action=f"s3:{action}", resource=arn, account=asked.scope.account, type=ACCESS_POINT, keys=known)


def named(action: str) -> Checks:
    """An action on the access point that a request names, whether or not it exists."""

    def checks(asked: Asked) -> Iterator[Check]:
        point = found_by(asked)
        keys = {} if point is None else {**keys_of(point), **tags_of(point)}
        if _TAGS in asked.members:
            keys |= tag_keys(read_tags(asked.members[_TAGS]))
        if "TagKeys" in asked.members:
            keys["aws:TagKeys"] = tuple(asked.members["TagKeys"])
        yield on(asked, action, arn_of(asked), keys)

    return checks


def arn_of(asked: Asked) -> str:
    """The ARN of the access point in a request. Raises S3Fault if it can be no access point of the account."""
    given = asked.members.get("ResourceArn")
    if given is None:
        name = asked.members["Name"]
        if not _WRITTEN.fullmatch(name):
            raise S3Fault("InvalidURI", "Couldn't parse the specified URI.", {"URI": f"accesspoint/{name}"})
        return access_point_arn(asked.scope.partition, asked.scope.region, asked.scope.account, name)
    beginning, _, name = given.rpartition("/")
    here = access_point_arn(asked.scope.partition, asked.scope.region, asked.scope.account, "")
    if f"{beginning}/" != here or not _WRITTEN.fullmatch(name):
        raise not_implemented("of Amazon S3's control API, tags of buckets and of the Region's access points are kept")
    return str(given)


def view_of(asked: Asked) -> AccountView:
    """The view of the calling account."""
    return asked.snapshot.accounts[asked.scope.account]


def found_by(asked: Asked) -> AccessPoint | None:
    """The access point in a request, if it exists."""
    return view_of(asked).of(AccessPoint).get(arn_of(asked))


def point_of(asked: Asked) -> AccessPoint:
    """The access point in a request. Raises S3Fault if it does not exist."""
    found = found_by(asked)
    if found is None:
        raise no_such_access_point(arn_of(asked).rpartition("/")[2])
    return found
