"""Buckets of kinds that are not kept here, which SDKs sign for under other names than `s3`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.gateway.control import through
from tests.gateway.store import BUCKET, Store, a_store, refusal

DIRECTORY = "photos--use1-az4--x-s3"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with a_store(tmp_path_factory.mktemp("other-buckets")) as made:
        made.renew()
        yield made


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("get_object", {"Bucket": DIRECTORY, "Key": "k"}),
        ("put_object", {"Bucket": DIRECTORY, "Key": "k", "Body": b"x"}),
        ("create_bucket", {"Bucket": DIRECTORY}),
        ("list_directory_buckets", {}),
    ],
)
def test_a_directory_bucket_is_refused_as_such(store: Store, name: str, given: dict[str, object]) -> None:
    sent = len(store.s3.requests)
    for client in (store.client(), through(store)):
        told = refusal(getattr(client, name), **given)
        assert (told["Code"], told["status"]) == ("NotImplemented", 501)
        assert "Directory buckets are not kept here" in told["Message"]
    assert len(store.s3.requests) == sent


def test_an_access_point_of_object_lambda_is_refused_as_such(store: Store) -> None:
    arn = f"arn:aws:s3-object-lambda:us-east-1:{store.account}:accesspoint/smaller"
    told = refusal(through(store).get_object, Bucket=arn, Key="k")
    assert told["Code"] == "NotImplemented"
    assert told["Message"] == "Access points of S3 Object Lambda are not kept here."


def test_an_access_point_on_outposts_is_refused_as_such(store: Store) -> None:
    """In Amazon S3's XML; the service's own API is told as one that is not offered."""
    answer = store.send("GET", f"/{BUCKET}/k", service="s3-outposts")
    assert (answer.status, answer.code) == (501, "NotImplemented")
    assert b"Access points and buckets on AWS Outposts are not kept here." in answer.body
    told = refusal(store.server.client("s3outposts", *store.key).list_endpoints)
    assert told["Code"] == "DryRunOperationException"
    assert "s3-outposts:ListEndpoints" in told["Message"]


def test_what_is_signed_for_a_directory_bucket_does_not_read_another(store: Store) -> None:
    store.s3.objects[f"/{BUCKET}/k"] = b"content"
    answer = store.send("GET", f"/{BUCKET}/k", service="s3express")
    assert (answer.status, answer.code) == (501, "NotImplemented")


def test_a_directory_bucket_that_is_signed_for_as_another_has_no_good_name(store: Store) -> None:
    answer = store.send("GET", f"/{DIRECTORY}/k")
    assert (answer.status, answer.code) == (400, "InvalidBucketName")
