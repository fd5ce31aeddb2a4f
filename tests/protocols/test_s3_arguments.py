"""Arguments of Amazon S3 that have bounds: a value on each side of each, and AWS's sentence."""

from __future__ import annotations

import pytest

from carnet.protocols.s3_arguments import ArgumentRefused, read_arguments
from carnet.protocols.s3_routing import route

_PAGES = {
    "ListObjects": "/b?max-keys=",
    "ListObjectsV2": "/b?list-type=2&max-keys=",
    "ListObjectVersions": "/b?versions&max-keys=",
    "ListMultipartUploads": "/b?uploads&max-uploads=",
    "ListParts": "/b/k?uploadId=u&max-parts=",
    "ListParts from": "/b/k?uploadId=u&part-number-marker=",
}
_NEGATIVE = {
    "ListObjects": "Argument maxKeys must be an integer between 0 and 2147483647",
    "ListObjectsV2": "Argument maxKeys must be an integer between 0 and 2147483647",
    "ListObjectVersions": "max-keys cannot be negative",
    "ListMultipartUploads": "Argument max-uploads must be an integer between 0 and 2147483647",
    "ListParts": "Argument max-parts must be an integer between 0 and 2147483647",
    "ListParts from": "Argument part-number-marker must be an integer between 0 and 2147483647",
}


def read(target: str, method: str = "GET") -> dict[str, str]:
    path, _, query = target.partition("?")
    routed = route(method, path, query, {})
    assert routed is not None
    return dict(read_arguments(routed))


def refused(target: str, method: str = "GET") -> tuple[str, dict[str, str]]:
    with pytest.raises(ArgumentRefused) as caught:
        read(target, method)
    return str(caught.value), caught.value.members


@pytest.mark.parametrize("operation", _PAGES)
def test_the_length_of_a_page(operation: str) -> None:
    target = _PAGES[operation]
    name = target.rstrip("=").replace("?", "&").rpartition("&")[2]
    for value in ("0", "1", "2147483647", "-0"):
        assert read(target + value)[name] == value
    assert name not in read(target), "empty is as not given"
    for value in ("2147483648", "-2147483649", "9" * 30, "abc", "1.5", "0x1", "%20", "1_0", "%D9%A1"):
        message, members = refused(target + value)
        assert message == f"Provided {name} not an integer or within integer range"
        assert members["ArgumentName"] == name
    for value in ("-1", "-2147483648"):
        message, members = refused(target + value)
        assert message == _NEGATIVE[operation]
        assert members == {"ArgumentName": "maxKeys" if name == "max-keys" else name, "ArgumentValue": value}


@pytest.mark.parametrize(("method", "target"), [("PUT", "/b/k?uploadId=u&partNumber="), ("GET", "/b/k?partNumber=")])
def test_the_number_of_a_part(method: str, target: str) -> None:
    for value in ("1", "10000"):
        assert read(target + value, method)["partNumber"] == value
    for value in ("0", "10001", "-1", "", "x", "9" * 30):
        told = "Part number must be an integer between 1 and 10000, inclusive"
        assert refused(target + value, method) == (told, {"ArgumentName": "partNumber", "ArgumentValue": value})


def test_how_keys_are_written() -> None:
    assert read("/b?encoding-type=url") == {"encoding-type": "url"}
    for value in ("", "URL", "foo"):
        told = "Invalid Encoding Method specified in Request"
        members = {"ArgumentName": "encoding-type", "ArgumentValue": value}
        assert refused(f"/b?encoding-type={value}") == (told, members)


def test_other_arguments_are_as_they_were_sent() -> None:
    assert read("/b?list-type=2&prefix=&delimiter=%2F&start-after=") == {
        "prefix": "",
        "delimiter": "/",
        "start-after": "",
    }
    assert read("/b/k") == {}
