"""Buckets in host names: `photos.carnet.example` with the path `/k` is `carnet.example` with `/photos/k`.

Access points are there, too: `NAME-123456789012`, before `s3-accesspoint.` or in the place of a bucket (`aiming`).

https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html#virtual-hosted-style-access
https://docs.aws.amazon.com/AmazonS3/latest/userguide/dual-stack-endpoints.html

INVARIANT: the name alone says which of the two a host means, and not which buckets exist: otherwise an account could
create a bucket whose name makes it get the requests for the bucket of another.
"""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

from msgspec.structs import replace

from carnet.base.http import RequestHead
from carnet.catalog.regions import REGION_FORM

_ON_THIS_MACHINE = "localhost"
_ENDPOINT = rf"s3(?:-fips)?(?:\.dualstack)?(?:[.-]{REGION_FORM})?"
_OF_POINTS = rf"s3-accesspoint(?:-fips)?(?:\.dualstack)?(?:\.(?P<region>{REGION_FORM}))?"
_NO_BUCKET = re.compile(rf"{_ENDPOINT}|{_OF_POINTS}", re.ASCII)
"""What stands before a domain in the name of an endpoint for all buckets."""
_POINT = re.compile(rf"(?P<label>[a-z0-9-]+)\.{_OF_POINTS}", re.ASCII)
_OF_AWS_POINT = re.compile(rf"(?P<label>[a-z0-9-]+)\.{_OF_POINTS}\.amazonaws\.com(?:\.cn)?", re.ASCII)
_OF_AWS = re.compile(rf"(?P<bucket>[a-z0-9.-]+)\.{_ENDPOINT}\.amazonaws\.com(?:\.cn)?", re.ASCII)
_LABELS = re.compile(r"[a-z0-9.-]+", re.ASCII)


class Label(NamedTuple):
    """The part of a host before the domain."""

    text: str
    is_access_point: bool = False
    """Whether the host is one for access points alone."""
    region: str = ""
    """The Region that the host names, of one for access points."""


def domains(public_url: str) -> tuple[str, ...]:
    """The names below which every name is a bucket's: that of the public URL, and that of this machine."""
    host = urlsplit(public_url).hostname or ""
    return tuple(dict.fromkeys((_ON_THIS_MACHINE, *(() if not host or _is_address(host) else (host,)))))


def in_path_style(head: RequestHead, below: tuple[str, ...]) -> RequestHead:
    """The head with the bucket of its host, if it has one, in its path. What is signed is the head as it came."""
    label = label_of(head, below)
    if label is None:
        return head
    name = label.text
    headers = tuple((key, value[len(name) + 1 :] if key == "host" else value) for key, value in head.headers)
    return replace(head, path=f"/{name}{head.path}", headers=headers)


def label_of(head: RequestHead, below: tuple[str, ...]) -> Label | None:
    """The bucket or the access point that the host of a request names, if it names one."""
    return _label(head.first.get("host", "").partition(":")[0].lower(), below)


@lru_cache(256)
def _label(name: str, below: tuple[str, ...]) -> Label | None:
    if name in below:  # `carnet.localhost` may be the server's own name
        return None
    point = _OF_AWS_POINT.fullmatch(name)
    if point is not None:
        return _of_points(point)
    of_aws = _OF_AWS.fullmatch(name)
    if of_aws is not None:
        return Label(of_aws["bucket"])
    for domain in below:
        before = name.removesuffix(f".{domain}")
        if before != name:
            return _below(before)
    return None


def _below(before: str) -> Label | None:
    point = _POINT.fullmatch(before)
    if point is not None:
        return _of_points(point)
    return Label(before) if _LABELS.fullmatch(before) and not _NO_BUCKET.fullmatch(before) else None


def _of_points(found: re.Match[str]) -> Label:
    return Label(found["label"], is_access_point=True, region=found["region"] or "")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
