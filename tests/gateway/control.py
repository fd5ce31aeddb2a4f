"""Clients of Amazon S3's control API and of access points, of a server whose names lead nowhere."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from tests.gateway.store import Store


def control(store: Store, key: tuple[str, str] | None = None, *, region: str = "us-east-1") -> Any:
    """A client that puts the account in front of the host, as SDKs do."""
    client = store.server.client("s3control", *(key or store.key), region=region, host="localhost")
    return _led_here(store, client)


def through(store: Store, key: tuple[str, str] | None = None, *, region: str = "us-east-1") -> Any:
    """A client that takes the ARN of an access point for a bucket, as SDKs do."""
    return _led_here(store, store.server.client("s3", *(key or store.key), region=region, host="localhost"))


def _led_here(store: Store, client: Any) -> Any:
    """What is sent to a host whose name nobody knows comes here, and has the name in its head."""

    def redirect(request: Any, **_: Any) -> None:
        parts = urlsplit(request.url)
        request.headers["Host"] = parts.netloc
        request.url = parts._replace(netloc=store.host).geturl()

    client.meta.events.register("before-send.*", redirect)
    return client
