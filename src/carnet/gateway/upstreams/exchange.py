"""Sends an operation to an upstream, for the account whose resources it is about."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from hashlib import md5, sha256
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from carnet.base.clock import Clock
from carnet.base.http import ByteStream, HttpRequest, HttpResponse
from carnet.gateway.aside import Aside
from carnet.gateway.rebuild import Rebuilt, rebuilt
from carnet.gateway.upstreams.configured import UpstreamSettings, for_account
from carnet.gateway.upstreams.connection import UpstreamFailed, UpstreamRequest
from carnet.gateway.upstreams.upstream import Upstream, UpstreamResponse
from carnet.models import Operation, present_form
from carnet.sigv4.payload import UNSIGNED_PAYLOAD
from carnet.sigv4.profile import PROFILES, USUAL
from carnet.sigv4.signing import SigningCredentials, signing_headers

_MOST_LOOKED_UP = 1024 * 1024


class AnotherAccount(Exception):
    """The upstream does not serve the account."""


class NotListed(Exception):
    """The upstream's profile does not list the operation."""


class Content(Struct, frozen=True, kw_only=True):
    """A body that is sent while it arrives."""

    body: ByteStream
    length: int
    """Bytes of it."""


class Asking(Struct, frozen=True, kw_only=True):
    """The account whose resources a request to an upstream is about, and its caller."""

    account: str
    """The account of the resources."""
    region: str
    host: str
    """What the client called this server."""
    caller: str = ""
    """The account that asks, or the network of who has none; '' is Carnet itself."""


_S3 = "s3"
"""The service whose buckets are named in paths alone, and which says that an object is as it was (304)."""
_CLOUDS = ("amazonaws", "localstack", "api.aws")
"""What is in the names that emulators read a service and a Region from."""


class Exchange:
    """One upstream, and how requests to it are made."""

    def __init__(self, settings: UpstreamSettings, clock: Clock) -> None:
        self.settings = settings
        self._clock = clock
        self._upstream = Upstream(settings.url)
        self._own_host = urlsplit(settings.url).netloc

    async def send(
        self,
        operation: Operation,
        given: Mapping[str, Any],
        asking: Asking,
        *,
        content: Content | None = None,
        listed: bool = True,
        aside: Aside | None = None,
    ) -> UpstreamResponse:
        """Send it, signed anew, in the protocol that the service has now.

        `content` is the member of the input that is the whole body, if it is streamed. Raises UpstreamFailed, also for
        a redirect, what the content raises, and before anything is sent NotListed and AnotherAccount, and Unavailable
        if there was no turn `aside`. What is not `listed` is asked by an operator, and changes nothing.
        """
        operation = present_form(operation)
        if listed and not self.settings.does(operation.service.name, operation.name, given):
            raise NotListed(
                f"{self.settings.name} is not known to do {operation.name} as {operation.service.name} does"
            )
        found = for_account(self.settings, asking.account)
        if found is None:
            raise AnotherAccount(f"{self.settings.name} does not stand for account {asking.account}")
        credentials, naming = found
        made = rebuilt(operation, given) if aside is None else await aside.run(rebuilt, operation, given)
        headers = (("host", self._host(operation, asking.host)), *made.headers, *naming)
        response = await self._upstream.exchange(
            UpstreamRequest(
                method=made.method,
                target=f"{made.path}?{made.query}" if made.query else made.path,
                headers=self._sign(operation, made, headers, credentials, asking.region, streamed=content is not None),
                body=made.body if content is None else content.body,
                length=0 if content is None else content.length,
            ),
            asking.caller,
        )
        await _refuse_elsewhere(operation, response)
        return response

    def _host(self, operation: Operation, clients: str) -> str:
        """What the upstream is called.

        INVARIANT: what a client calls this server names neither a bucket nor a service nor a Region to the upstream.
        moto and LocalStack take the first part of `secret.example.com` for the bucket, whatever the path names, and
        `dynamodb.eu-west-1.amazonaws.com` for the service and the Region, whatever is signed.
        """
        is_told = self.settings.clients_host and operation.service.name != _S3
        return clients if is_told and not any(cloud in clients.lower() for cloud in _CLOUDS) else self._own_host

    def _sign(
        self,
        operation: Operation,
        made: Rebuilt,
        headers: tuple[tuple[str, str], ...],
        credentials: SigningCredentials,
        region: str,
        *,
        streamed: bool,
    ) -> tuple[tuple[str, str], ...]:
        """The headers, and those that sign them; of a body that is `streamed` nothing is known yet."""
        signing_name = operation.service.signing_name
        payload = None
        if PROFILES.get(signing_name, USUAL).unsigned_payload:
            payload = UNSIGNED_PAYLOAD if streamed else sha256(made.body).hexdigest()
            headers = (*headers, *_of_checked_body(made.body))
        request = HttpRequest(
            method=made.method,
            path=made.path,
            query=made.query,
            headers=headers,
            body=made.body,
            peer="",
            secure=False,
        )
        signed = signing_headers(
            request, credentials, service=signing_name, region=region, now=self._clock(), payload=payload
        )
        return (*headers, *signed.items())

    async def look_up(
        self,
        operation: Operation,
        given: Mapping[str, Any],
        asking: Asking,
        *,
        listed: bool = True,
    ) -> HttpResponse:
        """Send a request whose answer is small. Raises as `send`."""
        response = await self.send(operation, given, asking, listed=listed)
        body = await response.whole(_MOST_LOOKED_UP)
        return HttpResponse(status=response.status, headers=response.headers, body=body)

    def close(self) -> None:
        """Close the connections that are not in use."""
        self._upstream.close()


async def _refuse_elsewhere(operation: Operation, response: UpstreamResponse) -> None:
    """Raises UpstreamFailed for a redirect.

    INVARIANT: no client, and nothing here, follows an upstream to another host with what was to be decided here.
    """
    is_as_it_was = operation.service.name == _S3 and response.status == HTTPStatus.NOT_MODIFIED
    if HTTPStatus.MULTIPLE_CHOICES <= response.status < HTTPStatus.BAD_REQUEST and not is_as_it_was:
        await response.aclose()
        raise UpstreamFailed("the upstream sends its callers elsewhere", sent=True)


def _of_checked_body(body: bytes) -> tuple[tuple[str, str], ...]:
    """Some operations of Amazon S3 want a checksum of their body, and all of them take one."""
    if not body:
        return ()
    return (("content-md5", base64.b64encode(md5(body, usedforsecurity=False).digest()).decode("ascii")),)
