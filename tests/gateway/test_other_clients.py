"""Requests to Amazon S3 as clients write them that are no SDK for Python: one for each shape that was once refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.gateway.store import BUCKET, Store, a_store


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with a_store(tmp_path_factory.mktemp("clients")) as made:
        made.renew()
        yield made


def test_a_slash_in_a_query_string_as_s3fs_sends_it(store: Store) -> None:
    signed = f"/{BUCKET}/?delimiter=%2F&max-keys=1000&prefix=d%2F"
    assert store.send("GET", signed, instead=f"/{BUCKET}/?delimiter=/&max-keys=1000&prefix=d/").status == 200
    assert store.s3.requests[-1].what.startswith("GET /")
    assert "prefix=d%2F" in store.s3.requests[-1].target


@pytest.mark.parametrize(
    ("method", "target"), [("HEAD", f"/{BUCKET}"), ("GET", f"/{BUCKET}/k"), ("PUT", f"/{BUCKET}/k")]
)
def test_the_version_of_the_api_as_the_sdk_for_cpp_tells_it(store: Store, method: str, target: str) -> None:
    store.s3.objects[f"/{BUCKET}/k"] = b"content"
    told = {"x-amz-api-version": "2006-03-01", "amz-sdk-invocation-id": "1", "amz-sdk-request": "attempt=1"}
    assert store.send(method, target, b"x" if method == "PUT" else b"", told).status == 200
    assert not any(name.startswith("x-amz-api") for name in store.s3.requests[-1].headers)
