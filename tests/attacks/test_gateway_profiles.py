"""Attack 1: an upstream that ignores what it does not know of a request would do something else. It is not asked.

Each operation of Amazon S3 is asked for at each kind of upstream, as botocore writes it: `DELETE /b?analytics&id=1` is
the deletion of a bucket to some, `PUT /b/k?renameObject` an upload, `GET /b?policy` a listing.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from botocore.model import ListShape, Shape, StructureShape

from carnet.gateway.s3.arriving import s3_service
from carnet.gateway.s3.own import KEPT_HERE
from carnet.gateway.upstreams.profile import shipped_profiles
from carnet.models import Operation
from carnet.protocols.s3_routing import route
from tests.gateway.fake_s3 import Told
from tests.gateway.store import BUCKET, Store, a_store
from tests.wire.client import serialized

NOT_TOLD_APART = frozenset(
    (
        *("ListDirectoryBuckets", "WriteGetObjectResponse"),
        *("GetBucketLifecycle", "GetBucketNotification", "PutBucketLifecycle", "PutBucketNotification"),
    )
)
"""What is asked of other hosts, and older names of operations."""
OPERATIONS = [one for name, one in s3_service().operations.items() if name not in NOT_TOLD_APART]
LOOK_UPS = frozenset(("HeadObject", "ListObjectVersions", "ListObjectsV2"))
"""What an upstream may be asked before: they change nothing."""
NAMES = {"Bucket": BUCKET, "Key": "k", "CopySource": f"{BUCKET}/k", "RenameSource": "/k", "VersionId": "v"}
OF_SIGNER = ("x-amz-date", "x-amz-content-sha256", "x-amz-security-token")
PROFILES = {name: one.operations["s3"] for name, one in shipped_profiles().items() if "s3" in one.operations}


def least(shape: Shape, name: str = "") -> object:
    """A value with what must be there of it, and no more."""
    if isinstance(shape, StructureShape):
        wanted = [*shape.required_members] or ([next(iter(shape.members))] if shape.is_tagged_union else [])
        return {one: least(shape.members[one], one) for one in wanted}
    if isinstance(shape, ListShape):
        return [least(shape.member)]
    if shape.type_name in ("integer", "long"):
        return 1
    if shape.type_name == "boolean":
        return True
    if shape.type_name == "timestamp":
        return "2026-11-26T00:00:00Z"
    allowed = getattr(shape, "enum", None)
    return allowed[0] if allowed else NAMES.get(name, "x")


def ask(store: Store, operation: Operation) -> int:
    """Ask for an operation as alice, who may do everything. The status of the answer."""
    given = least(operation.input) if operation.input is not None else {}
    assert isinstance(given, dict)
    made = serialized(operation, given)
    target = f"{made.path}?{made.query}" if made.query else made.path
    headers = {name: value for name, value in made.headers if name.startswith("x-amz-") and name not in OF_SIGNER}
    return store.send(made.method, target, made.body, headers).status


@pytest.mark.parametrize("profile", PROFILES)
def test_1_an_upstream_is_asked_for_nothing_that_it_does_not_know(tmp_path: Path, profile: str) -> None:
    listed = PROFILES[profile]
    with a_store(tmp_path, profile) as store:
        for operation in OPERATIONS:
            store.renew()
            store.s3.objects[f"/{BUCKET}/k"] = b"content"
            store.s3.answers[f"DELETE /{BUCKET}"] = Told(status=409)
            status = ask(store, operation)
            sent = [route(one.method, *one.target.partition("?")[::2], one.headers) for one in store.s3.requests]
            names = {one.operation for one in sent if one is not None}
            assert None not in sent, f"{operation.name}: what is sent is an operation of AWS"
            assert names <= {operation.name, *LOOK_UPS}
            assert names <= listed
            if operation.name not in listed | KEPT_HERE:
                assert status >= 400, operation.name
