"""Ranges of an object are the upstream's to read, as they came, and cost the gateway what the answer has."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.gateway.fake_s3 import Told
from tests.gateway.store import BUCKET, Store, a_store, answered

OBJECT = f"GET /{BUCKET}/k"
UNSATISFIABLE = b"<Error><Code>InvalidRange</Code><Message>The requested range is not satisfiable</Message></Error>"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with a_store(tmp_path_factory.mktemp("ranges")) as made:
        yield made


@pytest.fixture
def store(shared: Store) -> Store:
    shared.renew()
    return shared


@pytest.mark.parametrize(
    "asked",
    [
        "bytes=0-0",
        "bytes=-1",
        "bytes=5-",
        "bytes=0-18446744073709551616",
        "bytes=-99999999999999999999999999999999",
        "bytes=" + "9" * 4000 + "-",
        "bytes=5-2",
        "bytes=" + ",".join(f"{at}-{at}" for at in range(1000)),
        "bytes=" + ",".join(["0-"] * 1000),
        "bytes=" + ",".join(["-1"] * 1000),
        "lines=1-2",
        "bytes",
    ],
)
def test_a_range_goes_on_as_it_came_and_the_answer_comes_back(store: Store, asked: str) -> None:
    store.s3.answers[OBJECT] = Told(status=206, body=b"b", headers={"content-range": "bytes 1-1/3"})
    answer = store.send("GET", f"/{BUCKET}/k", headers={"range": asked})
    assert (answer.status, answer.body) == (206, b"b")
    assert answer.headers["content-range"] == "bytes 1-1/3"
    assert [(sent.what, sent.headers["range"]) for sent in store.s3.requests] == [(OBJECT, asked)]
    store.s3.answers[OBJECT] = Told(status=416, body=UNSATISFIABLE, headers={"content-range": "bytes */3"})
    refused = store.send("GET", f"/{BUCKET}/k", headers={"range": asked})
    assert (refused.status, refused.code) == (416, "InvalidRange")


def test_ranges_that_fill_a_head_are_too_long(store: Store) -> None:
    asked = "bytes=" + ",".join(["0-"] * 30_000)
    assert store.send("GET", f"/{BUCKET}/k", headers={"range": asked}).status == 431
    assert store.s3.requests == []


def test_a_range_that_is_given_twice_is_refused(store: Store) -> None:
    """Whose first one the gateway would read, and the upstream perhaps the last."""
    given = {"host": store.host, "x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
    given |= store.signature("GET", f"/{BUCKET}/k", given)
    lines = [f"GET /{BUCKET}/k HTTP/1.1", *(f"{name}: {value}" for name, value in given.items())]
    raw = store.server.send("\r\n".join([*lines, "range: bytes=0-0", "range: bytes=1-1", "", ""]).encode())
    assert answered(raw).code == "InvalidRequest"
    assert store.s3.requests == []


def test_parts_of_an_answer_in_several_ranges_are_handed_on_as_they_are(store: Store) -> None:
    body = b"--x\r\ncontent-range: bytes 0-0/3\r\n\r\na\r\n" * 1000 + b"--x--\r\n"
    headers = {"content-type": "multipart/byteranges; boundary=x"}
    store.s3.answers[OBJECT] = Told(status=206, body=body, headers=headers)
    answer = store.send("GET", f"/{BUCKET}/k", headers={"range": "bytes=0-0,2-2"})
    assert (answer.status, answer.body) == (206, body)
    assert answer.headers["content-type"] == headers["content-type"]
