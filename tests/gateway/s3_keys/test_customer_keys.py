"""Keys that customers send with a request (SSE-C): which stores are sent them, and how that is measured."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from botocore.exceptions import ClientError

from carnet.gateway.upstreams.probe.s3_customer_keys import CUSTOMER_KEYS, customer_keys
from tests.gateway.fake_s3 import Told
from tests.gateway.store import EVERYTHING, Store, a_store

_NAMED = "x-amz-server-side-encryption-customer"
KEY = {f"{_NAMED}-algorithm": "AES256", f"{_NAMED}-key": "a2V5", f"{_NAMED}-key-md5": "bWQ1"}
OF_SOURCE = {name.replace("x-amz-", "x-amz-copy-source-"): value for name, value in KEY.items()}
COPIED = b"<CopyObjectResult><ETag>e</ETag></CopyObjectResult>"
BLOCKED = (
    b"<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm>"
    b"</ApplyServerSideEncryptionByDefault><BlockedEncryptionTypes><EncryptionType>%s</EncryptionType>"
    b"</BlockedEncryptionTypes></Rule></ServerSideEncryptionConfiguration>"
)


@pytest.fixture(scope="module", params=["moto", "rclone"])
def ignoring(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with a_store(tmp_path_factory.mktemp("s3"), request.param) as made:
        yield made


@pytest.fixture(scope="module")
def sealing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with a_store(tmp_path_factory.mktemp("s3"), "seaweedfs") as made:
        yield made


@pytest.mark.parametrize("given", [KEY, *({name: value} for name, value in KEY.items())])
@pytest.mark.parametrize("method", ["PUT", "GET", "HEAD"])
def test_a_store_that_ignores_the_key_is_sent_none(ignoring: Store, method: str, given: dict[str, str]) -> None:
    """It would keep the object as it is, and a policy may allow the write because of the key alone."""
    ignoring.renew()
    ignoring.s3.objects["/photos/k"] = b"there"
    answer = ignoring.send(method, "/photos/k", headers=given)
    assert answer.status == 501, answer.body
    assert ignoring.s3.requests == []
    assert ignoring.s3.objects["/photos/k"] == b"there"


def test_nor_is_it_asked_to_copy_what_one_has_encrypted(ignoring: Store) -> None:
    ignoring.renew()
    ignoring.s3.answers["PUT /photos/new"] = Told(body=COPIED)
    ignoring.s3.answers["HEAD /photos/k"] = Told(headers={"etag": '"0123456789abcdef0123456789abcdef"'})
    source = {"x-amz-copy-source": "/photos/k"}
    assert ignoring.send("PUT", "/photos/new", headers={**source, **OF_SOURCE}).status == 501
    assert ignoring.send("PUT", "/photos/new", headers={**source, **KEY}).status == 501
    assert [one for one in ignoring.s3.asked if one.startswith("PUT")] == []


def test_a_store_that_encrypts_by_it_is_sent_it(sealing: Store) -> None:
    sealing.renew()
    assert sealing.send("PUT", "/photos/k", headers=KEY).status == 200
    assert sealing.s3.requests[-1].headers.items() >= KEY.items()
    sealing.allow(
        EVERYTHING,
        {
            "Effect": "Deny",
            "Action": "s3:PutObject",
            "Resource": "*",
            "Condition": {"Null": {"s3:x-amz-server-side-encryption-customer-algorithm": "true"}},
        },
    )
    assert sealing.send("PUT", "/photos/k", headers=KEY).status == 200
    assert sealing.send("PUT", "/photos/k").status == 403


def test_no_bucket_is_told_to_block_such_keys(sealing: Store) -> None:
    """The answer would say that they are blocked, and nothing would refuse them."""
    sealing.renew()
    sealing.s3.answers["PUT /photos?encryption"] = Told()
    refused = sealing.send("PUT", "/photos?encryption", BLOCKED % b"SSE-C")
    assert (refused.status, refused.code) == (501, "NotImplemented")
    assert sealing.s3.requests == []
    assert sealing.send("PUT", "/photos?encryption", BLOCKED % b"NONE").status == 200
    assert sealing.s3.asked[-1] == "PUT /photos?encryption"


class Seals:
    """A store that encrypts what some operations make with a customer's key, and keeps what others make as it is."""

    def __init__(self, *operations: str, takes_no_key: bool = True, tells_other_keys: bool = False) -> None:
        self._operations = operations
        self._takes_no_key = takes_no_key
        self._tells_other_keys = tells_other_keys
        self._keys: dict[str, bytes | None] = {}

    def __call__(self, operation: str, **given: Any) -> Any:
        name, key = given["Key"], given.get("SSECustomerKey")
        if operation == "GetObject":
            return {"Body": BytesIO(self._read(name, key))}
        if operation in ("PutObject", "CopyObject", "CreateMultipartUpload"):
            if self._takes_no_key and "SSECustomerAlgorithm" in given and key is None:
                raise _refusal(operation)
            self._keys[name] = key if operation in self._operations else None
        return {"UploadId": "u", "ETag": "e"}

    def _read(self, name: str, key: bytes | None) -> bytes:
        own = self._keys[name]
        if own is None or own == key or (key is not None and self._tells_other_keys):
            return b"sealed"
        raise _refusal("GetObject")


def _refusal(operation: str) -> ClientError:
    return ClientError({"Error": {"Code": "InvalidRequest"}}, operation)


EVERY = ("PutObject", "CopyObject", "CreateMultipartUpload")


def test_the_probe_tells_who_encrypts_from_who_does_not() -> None:
    assert list(customer_keys(Seals(*EVERY), "b")) == [CUSTOMER_KEYS]
    for left_out in EVERY:
        assert list(customer_keys(Seals(*(one for one in EVERY if one != left_out)), "b")) == [], left_out
    assert list(customer_keys(Seals(*EVERY, takes_no_key=False), "b")) == []
    assert list(customer_keys(Seals(*EVERY, tells_other_keys=True), "b")) == []
