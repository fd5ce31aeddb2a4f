"""Buckets in host names: `photos.carnet.example` with the path `/k` is `carnet.example` with `/photos/k`.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html#virtual-hosted-style-access
https://docs.aws.amazon.com/AmazonS3/latest/userguide/dual-stack-endpoints.html

INVARIANT: which of the two a host means follows from its name alone, and not from which buckets there are: else who
makes a bucket of the right name would be sent what others have sent to theirs.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from msgspec.structs import replace

from carnet.base.http import RequestHead

_ON_THIS_MACHINE = "localhost"
_REGION = r"[a-z]{2}(?:-[a-z]+)+-[0-9]{1,2}"
_ENDPOINT = rf"s3(?:-fips)?(?:\.dualstack)?(?:[.-]{_REGION})?"
_NO_BUCKET = re.compile(_ENDPOINT, re.ASCII)
"""What stands before a domain in the name of an endpoint for all buckets."""
_OF_AWS = re.compile(rf"(?P<bucket>[a-z0-9.-]+)\.{_ENDPOINT}\.amazonaws\.com(?:\.cn)?", re.ASCII)
_LABELS = re.compile(r"[a-z0-9.-]+", re.ASCII)


def domains(public_url: str) -> tuple[str, ...]:
    """The names below which every name is a bucket's: that of the public URL, and that of this machine."""
    host = urlsplit(public_url).hostname or ""
    return tuple(dict.fromkeys((_ON_THIS_MACHINE, *(() if not host or _is_address(host) else (host,)))))


def in_path_style(head: RequestHead, below: Sequence[str]) -> RequestHead:
    """The head with the bucket of its host, if it has one, in its path. What is signed is the head as it came."""
    host = head.first.get("host", "")
    bucket = _bucket(host.partition(":")[0].lower(), below)
    if bucket is None:
        return head
    headers = tuple((name, value[len(bucket) + 1 :] if name == "host" else value) for name, value in head.headers)
    return replace(head, path=f"/{bucket}{head.path}", headers=headers)


def _bucket(name: str, below: Sequence[str]) -> str | None:
    of_aws = _OF_AWS.fullmatch(name)
    if of_aws is not None:
        return of_aws["bucket"]
    for domain in below:
        before = name.removesuffix(f".{domain}")
        if before != name:
            return before if _LABELS.fullmatch(before) and not _NO_BUCKET.fullmatch(before) else None
    return None


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
