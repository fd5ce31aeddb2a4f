"""Measures an S3 store: which operations it does, and what it makes of paths and of bodies that are cut off.

An operation is listed only if it was seen to do what it should, while an object beside it stayed as it was: a store
that does not know a part of a request does another one, and answers that with success.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from http.client import HTTPException
from typing import Any
from urllib.parse import quote

from botocore.exceptions import BotoCoreError, ClientError
from msgspec import Struct

from carnet.gateway.upstreams.preconditions import PRECONDITIONS, named
from carnet.gateway.upstreams.probe.asking import Upstream
from carnet.gateway.upstreams.probe.s3_customer_keys import CUSTOMER_KEYS, customer_keys
from carnet.gateway.upstreams.probe.s3_exercises import (
    KEYS,
    VERSIONS,
    Ask,
    Exercise,
    attributes,
    buckets,
    keys,
    objects,
    retention,
    setting,
    uploads,
    versions,
)
from carnet.gateway.upstreams.probe.s3_preconditions import preconditions
from carnet.gateway.upstreams.probe.s3_settings import SETTINGS

_UNTOUCHED, _CONTENT = "canary", b"alive"
"""The key and the content of an object that no operation of an exercise is about: one that changes it does too much."""
_UNTIDY = ("a//b", "/a", "./a", "x/../y", "x/./y", "a/", "a\\c")
"""Keys that are literal for Amazon S3, and that a store may make others of."""
_DECLARED, _SENT = 300_000, 100_000
_SETTLES = 0.5
"""Seconds in which a store notices that a connection has ended."""

_CONDITIONS = frozenset(named(operation, one) for operation, members in PRECONDITIONS.items() for one in members)
_COUNT = (objects, uploads, versions)
"""Those that look at all that is in their bucket, in which there may be no such object then."""

Tell = Callable[[str], None]


class S3Measured(Struct, frozen=True, kw_only=True):
    """The result of the measurement."""

    operations: frozenset[str]
    preconditions: frozenset[str]
    versions: bool
    tells_keys: bool
    customer_keys: bool
    literal_keys: bool
    drops_cut_bodies: bool


def measure_s3(upstream: Upstream, tell: Tell) -> S3Measured:
    """Measure, in buckets of its own which it empties and deletes. `tell` hears of each operation that is not done.

    Raises ClientError, BotoCoreError and OSError if not even a bucket can be made.
    """
    ask = partial(upstream.ask, "s3")
    proven: set[str] = set()
    for locked, exercise in _exercises():
        with _temporary_bucket(ask, locked=locked) as bucket, _temporary_bucket(ask) as beside:
            watched = [beside] if exercise in _COUNT or locked else [bucket, beside]
            for each in watched:
                ask("PutObject", Bucket=each, Key=_UNTOUCHED, Body=_CONTENT)
            found = set(_run(exercise, ask, bucket, tell))
            if all(_is_untouched(ask, each) for each in watched):
                proven |= found
            else:
                tell(f"{', '.join(sorted(found)) or 'an operation'}: did something else, too")
    with _temporary_bucket(ask) as bucket:
        return S3Measured(
            operations=frozenset(proven - {KEYS, CUSTOMER_KEYS, VERSIONS} - _CONDITIONS),
            preconditions=frozenset(proven & _CONDITIONS),
            versions=VERSIONS in proven,
            tells_keys=KEYS in proven,
            customer_keys=CUSTOMER_KEYS in proven,
            literal_keys=_takes_literally(upstream, ask, bucket),
            drops_cut_bodies=_drops_cut_bodies(upstream, ask, bucket),
        )


def _exercises() -> Iterator[tuple[bool, Exercise]]:
    of_objects = (objects, attributes, uploads, versions, keys, customer_keys, preconditions)
    yield from ((False, each) for each in (*of_objects, buckets))
    yield True, retention
    yield from ((one.locked, setting(one)) for one in SETTINGS)


def _run(exercise: Exercise, ask: Ask, bucket: str, tell: Tell) -> Iterator[str]:
    try:
        yield from exercise(ask, bucket)
    except (ClientError, BotoCoreError, LookupError, TypeError) as problem:
        tell(str(problem))


def _is_untouched(ask: Ask, bucket: str) -> bool:
    try:
        content: bytes = ask("GetObject", Bucket=bucket, Key=_UNTOUCHED)["Body"].read()
    except (ClientError, BotoCoreError):
        return False
    return content == _CONTENT


@contextmanager
def _temporary_bucket(ask: Ask, *, locked: bool = False) -> Iterator[str]:
    """A new one, which is emptied and deleted in the end, as far as the store lets us."""
    name = f"carnet-probe-{secrets.token_hex(6)}"
    more: dict[str, Any] = {"ObjectLockEnabledForBucket": True} if locked else {}
    ask("CreateBucket", Bucket=name, **more)
    try:
        yield name
    finally:
        _empty(ask, name, {"BypassGovernanceRetention": True} if locked else {})
        with suppress(ClientError, BotoCoreError):
            ask("DeleteBucket", Bucket=name)


def _empty(ask: Ask, bucket: str, forced: Mapping[str, Any]) -> None:
    """Empty the bucket. `forced` are the members that delete locked objects."""
    with suppress(ClientError, BotoCoreError, LookupError):
        ask("PutObjectLegalHold", Bucket=bucket, Key="kept", LegalHold={"Status": "OFF"})
    with suppress(ClientError, BotoCoreError, LookupError):
        listed = ask("ListObjectVersions", Bucket=bucket)
        for one in (*listed.get("Versions", ()), *listed.get("DeleteMarkers", ())):
            with suppress(ClientError, BotoCoreError):
                ask("DeleteObject", Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"], **forced)
    with suppress(ClientError, BotoCoreError, LookupError):
        for one in ask("ListObjectsV2", Bucket=bucket).get("Contents", ()):
            ask("DeleteObject", Bucket=bucket, Key=one["Key"])


def _takes_literally(upstream: Upstream, ask: Ask, bucket: str) -> bool:
    """Whether keys that look like untidy paths stay what they are."""
    try:
        for key in _UNTIDY:
            upstream.raw("PUT", f"/{bucket}/{quote(key)}", headers={"content-length": "0"})
        listed = ask("ListObjectsV2", Bucket=bucket).get("Contents", [])
    except (ClientError, BotoCoreError, HTTPException, OSError):
        return False
    return {one["Key"] for one in listed} == set(_UNTIDY)


def _drops_cut_bodies(upstream: Upstream, ask: Ask, bucket: str) -> bool:
    """Whether nothing is left of a body that ends before its declared length, nor of what it was to replace."""
    try:
        ask("PutObject", Bucket=bucket, Key="cut-over", Body=_CONTENT)
        for key in ("cut", "cut-over"):
            with suppress(BrokenPipeError, ConnectionResetError):
                upstream.cut_off(f"/{bucket}/{key}", _DECLARED, b"x" * _SENT)
        time.sleep(_SETTLES)
        content = ask("GetObject", Bucket=bucket, Key="cut-over")["Body"].read()
        keys = [one["Key"] for one in ask("ListObjectsV2", Bucket=bucket).get("Contents", []) if one["Key"] == "cut"]
    except (ClientError, BotoCoreError, OSError):
        return False
    return bool(content == _CONTENT and not keys)
