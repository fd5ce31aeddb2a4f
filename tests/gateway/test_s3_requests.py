"""From the bytes of a request to Amazon S3 to what is decided: what an attacker hides in it is decided, or refused."""

from __future__ import annotations

import pytest

from carnet.base.http import HttpRequest
from carnet.gateway.checks.check import Refusal, Scope
from carnet.gateway.checks.mapping import mapped
from carnet.protocols.s3_input import read_input
from carnet.protocols.s3_routing import route
from carnet.protocols.unreadable import Unreadable

SCOPE = Scope(partition="aws", region="eu-west-1", account="111122223333")


def decided(method: str, target: str, body: bytes = b"", **headers: str) -> list[str] | None:
    """The actions and resources; None if the request is refused."""
    path, _, query = target.partition("?")
    pairs = tuple((name.replace("_", "-"), text) for name, text in headers.items())
    given = HttpRequest(method=method, path=path, query=query, headers=pairs, peer="", secure=False, body=body)
    try:
        routed = route(method, path, query, given.first)
        members = read_input(routed, given) if routed is not None else {}
    except Unreadable:
        return None
    found = mapped("s3", routed.operation, members, SCOPE) if routed is not None else None
    return None if found is None or isinstance(found, Refusal) else [f"{one.action} {one.resource}" for one in found]


def test_what_the_path_hides_is_decided_or_refused() -> None:
    assert decided("GET", "/photos/secret/k") == ["s3:GetObject arn:aws:s3:::photos/secret/k"]
    assert decided("GET", "/photos/secret%2Fk") == ["s3:GetObject arn:aws:s3:::photos/secret/k"]
    assert decided("GET", "/photos/open;/k") == ["s3:GetObject arn:aws:s3:::photos/open;/k"]
    for path in ("//photos/k", "/photos//secret/k", "/photos/open/../secret/k", "/photos/%2e%2e/k", "/photos/a%00b"):
        assert decided("GET", path) is None, path


def test_what_the_query_string_hides_is_decided_or_refused() -> None:
    assert decided("DELETE", "/photos?analytics&id=1") == ["s3:PutAnalyticsConfiguration arn:aws:s3:::photos"]
    assert decided("GET", "/photos?policy") == ["s3:GetBucketPolicy arn:aws:s3:::photos"]
    assert decided("GET", "/photos/k?versionId=v") == ["s3:GetObjectVersion arn:aws:s3:::photos/k"]
    for target in ("/photos/k?acl&tagging", "/photos?prefix=a&prefix=b", "/photos/k?versionId=", "/photos/k?new"):
        assert decided("GET", target) is None, target
    assert decided("PUT", "/photos/k?renameObject", x_amz_rename_source="other") is None


@pytest.mark.parametrize("source", ["/secret/k", "secret%2Fk", "secret/k?versionId=v", "secret/%6B"])
def test_the_source_of_a_copy_is_decided_as_it_is_decoded(source: str) -> None:
    found = decided("PUT", "/photos/k", x_amz_copy_source=source)
    assert found is not None
    assert found[-1] in ("s3:GetObject arn:aws:s3:::secret/k", "s3:GetObjectVersion arn:aws:s3:::secret/k")


def test_a_copy_that_could_be_read_in_two_ways_is_refused() -> None:
    for source in (
        "open/..%2Fsecret/k",
        "open/../secret/k",
        "open//k",
        "secret%5Ck",
        "secret/k?a",
        "%73ecret/k",
        "secret/%ff",
        "secret/k%2",
        "secret/a b",
        "secret/k#f",
        "secret",
        "",
        "secret/k?versionId=",
    ):
        assert decided("PUT", "/photos/k", x_amz_copy_source=source) is None, source


def test_each_key_of_a_batch_is_decided() -> None:
    body = b"<Delete><Object><Key>a</Key></Object><Object><Key>secret/k</Key></Object></Delete>"
    assert decided("POST", "/photos?delete", body) == [
        "s3:DeleteObject arn:aws:s3:::photos/a",
        "s3:DeleteObject arn:aws:s3:::photos/secret/k",
    ]
    assert decided("POST", "/photos?delete", body.replace(b"secret", b"sec<!-- -->ret")) is None
    assert decided("POST", "/photos?delete", body.replace(b"secret", b"open/../secret")) is None
    assert decided("POST", "/photos?delete", b"<!DOCTYPE Delete>" + body) is None
    assert decided("PUT", "/photos/k", x_amz_bypass_governance_retention="true") is None


def test_a_store_that_takes_keys_literally_has_keys_of_every_kind() -> None:
    members = {"Bucket": "photos", "Delete": {"Objects": [{"Key": "a//../b"}]}}
    assert isinstance(mapped("s3", "DeleteObjects", members, SCOPE), Refusal)
    found = mapped("s3", "DeleteObjects", members, SCOPE, literal_keys=True)
    assert not isinstance(found, Refusal)
    assert found[0].resource == "arn:aws:s3:::photos/a//../b"
