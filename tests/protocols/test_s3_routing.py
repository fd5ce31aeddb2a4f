"""Requests to Amazon S3: as botocore makes them, and as an attacker does."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.awsrequest import prepare_request_dict
from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape, StructureShape
from botocore.serialize import create_serializer

from carnet.protocols.s3_paths import S3Path, read_path
from carnet.protocols.s3_routing import route
from carnet.protocols.unreadable import Unreadable

LOADER = Loader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
MODEL = ServiceModel(LOADER.load_service_model("s3", "service-2"), "s3")
NOT_ROUTED = {
    *("GetBucketLifecycle", "GetBucketNotification", "PutBucketLifecycle", "PutBucketNotification"),
    *("ListDirectoryBuckets", "WriteGetObjectResponse"),
}


def found(method: str, target: str, headers: dict[str, str] | None = None, *, literal_keys: bool = False) -> str | None:
    path, _, query = target.partition("?")
    routed = route(method, path, query, headers or {}, literal_keys=literal_keys)
    return routed.operation if routed is not None else None


def value(shape: Shape) -> Any:
    match shape.type_name:
        case "string":
            return (getattr(shape, "enum", None) or ["text"])[0]
        case "integer" | "long":
            return 1
        case "boolean":
            return True
        case "timestamp":
            return "2026-01-01T00:00:00Z"
        case "list":
            return [value(shape.member)]  # type: ignore[attr-defined]
        case "map":
            return {"name": "text"}
        case "blob":
            return b""
    assert isinstance(shape, StructureShape)
    return {}


@pytest.mark.parametrize("everything", [False, True])
def test_every_operation_is_found_in_the_request_that_botocore_makes(everything: bool) -> None:
    serializer = create_serializer("rest-xml", include_validation=False)
    for name in MODEL.operation_names:
        if name in NOT_ROUTED:
            continue
        model = MODEL.operation_model(name)
        shape = model.input_shape
        members = shape.members if shape is not None else {}
        wanted = members if everything or shape is None else {one: members[one] for one in shape.required_members}
        given = {member: value(described) for member, described in wanted.items()}
        given |= {key: text for key, text in {"Bucket": "photos", "Key": "a/b c"}.items() if key in given}
        request = serializer.serialize_to_request(given, model)
        prepare_request_dict(request, "http://localhost")
        url = urlsplit(request["url"])
        path = url.path if given.get("Bucket") in (None, *url.path.split("/")) else f"/photos{url.path}"
        headers = {key.lower(): str(text) for key, text in request["headers"].items()}
        routed = route(request["method"], path, url.query, headers)
        assert routed is not None, name
        assert routed.operation == name
        assert routed.path.bucket == given.get("Bucket")
        assert routed.path.key == given.get("Key")


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/photos/k?acl&tagging"),
        ("DELETE", "/photos?analytics"),
        ("DELETE", "/photos?policy&cors"),
        ("DELETE", "/photos?unknown"),
        ("DELETE", "/photos/k?tagging&uploadId=u"),
        ("PUT", "/photos/k?renameObject"),
        ("PUT", "/photos/k?partNumber=1"),
        ("PUT", "/photos?policy=1"),
        ("GET", "/photos?list-type=3"),
        ("GET", "/photos?Policy"),
        ("GET", "/photos/k?versionid=v"),
        ("POST", "/photos"),
        ("PATCH", "/photos/k"),
        ("OPTIONS", "/photos/k"),
        ("POST", "/photos/k?select"),
    ],
)
def test_what_no_operation_has_all_of_is_none(method: str, target: str) -> None:
    assert found(method, target) is None


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/photos?prefix=mine/&prefix=other/"),
        ("GET", "/photos/k?versionId=a&versionId=b"),
        ("GET", "/photos?acl&acl"),
        ("GET", "/photos?prefix=%ff"),
        ("GET", "/photos?prefix=%zz"),
        ("GET", "/photos/k?x-id=DeleteObject"),
    ],
)
def test_what_can_be_read_in_two_ways_is_refused(method: str, target: str) -> None:
    with pytest.raises(Unreadable):
        found(method, target)


@pytest.mark.parametrize(
    ("method", "target", "headers", "operation"),
    [
        ("GET", "/", {}, "ListBuckets"),
        ("GET", "/photos", {}, "ListObjects"),
        ("GET", "/photos/", {}, "ListObjects"),
        ("GET", "/photos?list-type=2&prefix=a+b", {}, "ListObjectsV2"),
        ("GET", "/photos?analytics&id=1", {}, "GetBucketAnalyticsConfiguration"),
        ("DELETE", "/photos?analytics&id=1", {}, "DeleteBucketAnalyticsConfiguration"),
        ("GET", "/photos?analytics=", {}, "ListBucketAnalyticsConfigurations"),
        ("GET", "/photos?lifecycle", {}, "GetBucketLifecycleConfiguration"),
        ("PUT", "/photos/k", {"x-amz-copy-source": "a/b"}, "CopyObject"),
        ("PUT", "/photos/k?partNumber=1&uploadId=u", {}, "UploadPart"),
        ("PUT", "/photos/k?partNumber=1&uploadId=u", {"x-amz-copy-source": "a/b"}, "UploadPartCopy"),
        ("PUT", "/photos/k?renameObject", {"x-amz-rename-source": "a"}, "RenameObject"),
        ("GET", "/photos/k?x-id=GetObject&X-Amz-Signature=a&X-Amz-Expires=1", {}, "GetObject"),
        ("GET", "/photos/k?Version=2006-03-01", {}, "GetObject"),
        ("GET", "/photos?prefix=a&Version=2006-03-01", {}, "ListObjects"),
        ("HEAD", "/photos", {}, "HeadBucket"),
    ],
)
def test_an_operation_is(method: str, target: str, headers: dict[str, str], operation: str) -> None:
    assert found(method, target, headers) == operation


def test_another_version_of_the_api_is_none() -> None:
    assert found("GET", "/photos/k?Version=2010-05-08") is None
    assert found("GET", "/photos/k?version=2006-03-01") is None


def test_fields_are_handed_on() -> None:
    routed = route("GET", "/photos/a%20b", "versionId=v%2B1&x-id=GetObject", {})
    assert routed is not None
    assert routed.query == {"versionId": "v+1"}
    assert routed.path == S3Path(bucket="photos", key="a b")


@pytest.mark.parametrize(
    "path",
    [
        *("//photos/k", "/photos//secret/k", "/photos/a//b", "/photos/./a", "/photos/a/../b", "/photos/.."),
        *("/photos/%2e%2e/b", "/photos/a%2F%2Fb", "/photos/%2Fa", "/photos/a%2f..%2fb", "/photos/a//"),
    ],
)
def test_a_part_of_a_key_that_stores_leave_out_is_refused_but_for_stores_that_do_not(path: str) -> None:
    with pytest.raises(Unreadable):
        read_path(path)
    if not path.startswith("//"):
        assert read_path(path, literal_keys=True).bucket == "photos"


@pytest.mark.parametrize(
    "path",
    [
        *("", "photos", "/photos/%00", "/photos/%0d%0a", "/photos/%ff", "/photos/%", "/ph%6ftos/k", "/photos%2Fk"),
        *("/photos/é", "/photos/a b", "/photos/%C3", "/photos/%c0%af", "/photos/%ed%a0%80"),
    ],
)
@pytest.mark.parametrize("literal_keys", [False, True])
def test_a_path_that_is_not_well_formed_is_refused(path: str, literal_keys: bool) -> None:
    with pytest.raises(Unreadable):
        read_path(path, literal_keys=literal_keys)


@pytest.mark.parametrize(
    ("path", "bucket", "key"),
    [
        ("/", None, None),
        ("/photos", "photos", None),
        ("/photos/", "photos", None),
        ("/photos/a", "photos", "a"),
        ("/photos/a/", "photos", "a/"),
        ("/photos/a%2Fb", "photos", "a/b"),
        ("/photos/a;b", "photos", "a;b"),
        ("/photos/a+b", "photos", "a+b"),
        ("/photos/%2561", "photos", "%61"),
        ("/photos/%C3%A9", "photos", "é"),
        ("/photos/...", "photos", "..."),
    ],
)
def test_a_path_names(path: str, bucket: str | None, key: str | None) -> None:
    assert read_path(path) == S3Path(bucket=bucket, key=key)


@pytest.mark.parametrize("path", ["/photos/a%5cb", "/photos/a%5C%5Cb", "/photos/a%2F%2Fb", "/photos/x/%2e%2e/y"])
def test_what_stores_read_in_two_ways_is_for_those_that_do_not(path: str) -> None:
    with pytest.raises(Unreadable, match="which stores read in different ways"):
        read_path(path)
    assert read_path(path, literal_keys=True).bucket == "photos"
