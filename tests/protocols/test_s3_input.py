"""The inputs of Amazon S3's operations: what botocore writes is read as it was meant, and nothing else is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.awsrequest import prepare_request_dict
from botocore.loaders import Loader
from botocore.model import ListShape, ServiceModel, Shape, StructureShape
from botocore.serialize import create_serializer

from carnet.base.http import HttpRequest
from carnet.protocols.s3_input import read_input
from carnet.protocols.s3_routing import route
from carnet.protocols.unreadable import Unreadable

LOADER = Loader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
MODEL = ServiceModel(LOADER.load_service_model("s3", "service-2"), "s3")
NOT_ROUTED = {
    *("GetBucketLifecycle", "GetBucketNotification", "PutBucketLifecycle", "PutBucketNotification"),
    *("ListDirectoryBuckets", "WriteGetObjectResponse"),
}


def request(method: str, target: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> HttpRequest:
    path, _, query = target.partition("?")
    pairs = tuple((headers or {}).items())
    return HttpRequest(method=method, path=path, query=query, headers=pairs, peer="192.0.2.1", secure=False, body=body)


def read(given: HttpRequest) -> dict[str, Any]:
    routed = route(given.method, given.path, given.query, given.first)
    assert routed is not None
    return read_input(routed, given)


def value(shape: Shape, depth: int = 0) -> Any:
    match shape.type_name:
        case "string":
            return (getattr(shape, "enum", None) or [" a<b>&\u00e9 "])[0]
        case "integer" | "long":
            return 7
        case "boolean":
            return True
        case "timestamp":
            return datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
        case "map":
            return {"name": "text"}
        case "blob":
            return b""
    if isinstance(shape, ListShape):
        return [value(shape.member, depth + 1)] * 2
    assert isinstance(shape, StructureShape)
    return {name: value(member, depth + 1) for name, member in shape.members.items()} if depth < 9 else {}


def test_what_botocore_writes_is_read() -> None:
    serializer = create_serializer("rest-xml", include_validation=False)
    for name in MODEL.operation_names:
        if name in NOT_ROUTED:
            continue
        model = MODEL.operation_model(name)
        shape = model.input_shape
        if shape is None:
            continue
        given = {member: value(described, 1) for member, described in shape.members.items() if in_body(shape, member)}
        given |= {"Bucket": "photos", "Key": "a/b"} if "Key" in shape.members else {"Bucket": "photos"}
        given |= {
            member: header_value(shape.members[member]) for member in shape.required_members if member not in given
        }
        if "Bucket" not in shape.members:
            del given["Bucket"]
        written = serializer.serialize_to_request(given, model)
        prepare_request_dict(written, "http://localhost")
        url = urlsplit(written["url"])
        path = url.path if "photos" in url.path.split("/") or "Bucket" not in given else f"/photos{url.path}"
        headers = tuple((key.lower(), text(part)) for key, part in written["headers"].items())
        body = written["body"] if isinstance(written["body"], bytes) else b""
        routed = HttpRequest(
            method=written["method"], path=path, query=url.query, headers=headers, peer="", secure=False, body=body
        )
        found = read(routed)
        assert found == {key: part for key, part in given.items() if part != b""}, name


def in_body(shape: StructureShape, member: str) -> bool:
    payload = shape.serialization.get("payload")
    return member == payload or (payload is None and "location" not in shape.members[member].serialization)


def header_value(shape: Shape) -> Any:
    return "a" if shape.type_name == "string" and not getattr(shape, "enum", None) else value(shape, 1)


def text(part: object) -> str:
    return part.decode() if isinstance(part, bytes) else str(part)


DELETE = b'<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Object><Key>a</Key></Object></Delete>'


def test_a_body_is_read_with_its_namespace_or_without() -> None:
    wanted = {"Bucket": "photos", "Delete": {"Objects": [{"Key": "a"}]}}
    assert read(request("POST", "/photos?delete", DELETE)) == wanted
    without = b"<?xml version='1.0'?>\n<Delete>\n <Object>\n  <Key>a</Key>\n </Object>\n</Delete>"
    assert read(request("POST", "/photos?delete", without)) == wanted


@pytest.mark.parametrize(
    "body",
    [
        b"<Delete>",
        b"<Other/>",
        b"\xff",
        b'<Delete xmlns="urn:other"/>',
        b"<!DOCTYPE Delete><Delete/>",
        b'<!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/passwd">]><Delete><Object><Key>&e;</Key></Object></Delete>',
        b"<Delete><Object><Key>se<!-- -->cret</Key></Object></Delete>",
        b"<Delete><Object><Key>se<b/>cret</Key></Object></Delete>",
        b"<Delete><!-- --><Object><Key>a</Key></Object></Delete>",
        b"<Delete><?a b?><Object><Key>a</Key></Object></Delete>",
        b"<Delete><Object><Key>a</Key><Key>b</Key></Object></Delete>",
        b"<Delete><Object><Key>a</Key></Object>text</Delete>",
        b"<Delete><Object><Key>a</Key><Name>b</Name></Object></Delete>",
        b"<Delete><Object><key>a</key></Object></Delete>",
        b'<Delete><Object a="b"><Key>a</Key></Object></Delete>',
        b'<Delete><Object><Key a="b">a</Key></Object></Delete>',
        b'<Delete><Object><o:Key xmlns:o="urn:other">a</o:Key></Object></Delete>',
        b"<Delete><Quiet>maybe</Quiet></Delete>",
    ],
)
def test_a_body_that_could_be_read_in_two_ways_is_refused(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read(request("POST", "/photos?delete", body))


def test_a_list_that_is_not_flattened_is_read_and_holds_nothing_else() -> None:
    body = b"<Tagging><TagSet><Tag><Key>a</Key><Value/></Tag></TagSet></Tagging>"
    assert read(request("PUT", "/photos?tagging", body))["Tagging"] == {"TagSet": [{"Key": "a", "Value": ""}]}
    other = body.replace(b"<Tag>", b"<Tug>").replace(b"</Tag>", b"</Tug>")
    for wrong in (other, body.replace(b"<TagSet>", b'<TagSet a="b">')):
        with pytest.raises(Unreadable):
            read(request("PUT", "/photos?tagging", wrong))


def test_an_attribute_that_the_shape_has_is_read() -> None:
    body = (
        b"<AccessControlPolicy><AccessControlList><Grant>"
        b'<Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"><ID>x</ID></Grantee>'
        b"</Grant></AccessControlList></AccessControlPolicy>"
    )
    grantee = read(request("PUT", "/photos?acl", body))["AccessControlPolicy"]["Grants"][0]["Grantee"]
    assert grantee == {"Type": "CanonicalUser", "ID": "x"}


def test_a_body_never_tells_what_the_path_tells() -> None:
    target = "/photos/k?select&select-type=2"
    body = b"<SelectObjectContentRequest><Expression>e</Expression></SelectObjectContentRequest>"
    assert read(request("POST", target, body)) == {"Bucket": "photos", "Key": "k", "Expression": "e"}
    with pytest.raises(Unreadable):
        read(request("POST", target, body.replace(b"<Expression>", b"<Bucket>other</Bucket><Expression>")))


def test_headers_of_the_operation_and_of_the_signature_are_taken_and_no_others_of_aws() -> None:
    taken = {"x-amz-acl": "private", "x-amz-meta-a": "b", "x-amz-date": "d", "x-amz-checksum-new": "c"}
    found = read(request("PUT", "/photos/k", headers=taken | {"content-type": "t"}))
    assert found == {"Bucket": "photos", "Key": "k", "ACL": "private", "Metadata": {"a": "b"}, "ContentType": "t"}
    for name in ("x-amz-bypass-governance-retention", "x-amz-rename-source", "x-amz-acl-", "x-amz-new"):
        with pytest.raises(Unreadable):
            read(request("PUT", "/photos/k", headers={name: "true"}))
    with pytest.raises(Unreadable):
        read(request("GET", "/photos/k", headers={"x-amz-checksum-crc32": "c"}))


def test_a_header_that_is_given_twice_is_refused() -> None:
    twice = request("PUT", "/photos/k")
    given = HttpRequest(
        method="PUT", path=twice.path, query="", peer="", secure=False, body=b"",
        headers=(("x-amz-acl", "private"), ("x-amz-acl", "public-read")),
    )  # fmt: skip
    with pytest.raises(Unreadable):
        read(given)


def test_a_policy_is_text() -> None:
    assert read(request("PUT", "/photos?policy", b'{"Version":"2012-10-17"}'))["Policy"] == '{"Version":"2012-10-17"}'
    with pytest.raises(Unreadable):
        read(request("PUT", "/photos?policy", b"\xff"))
