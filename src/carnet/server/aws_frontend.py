"""The frontend of the AWS APIs: hands each request to the part that answers it."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from carnet.base.http import HttpRequest
from carnet.directory.follower import Later
from carnet.server.app import AwsApi
from carnet.server.first_page import is_first_page
from carnet.server.frontend import Frontend
from carnet.server.health import Health
from carnet.server.issuer_pages import IssuerPages
from carnet.server.limits import BodyBudget
from carnet.server.listening.connections import Connections
from carnet.server.outbox import Answer, Outbox
from carnet.server.own_api.steps import OwnApi
from carnet.server.own_pages import OwnPages
from carnet.server.own_paths import HEALTH_PATH, OLD_HEALTH_PATH, READY_PATH
from carnet.server.own_routes import OwnRoutes
from carnet.server.read_your_writes import REVISION, Revisions


class AwsFrontend(Frontend):
    """Answers requests for Carnet's own API, pages and other routes; hands all others to the AWS APIs, and to Amazon S3
    if an upstream serves it."""

    def __init__(
        self,
        api: AwsApi,
        own_api: OwnApi,
        health: Health,
        outbox: Outbox,
        issuers: IssuerPages,
        revisions: Revisions,
        *,
        routes: Sequence[OwnRoutes] = (),
        on_start: Callable[[Later], None],
        on_stop: Callable[[], None],
        bodies: BodyBudget | None = None,
        connections: Connections | None = None,
    ) -> None:
        super().__init__(outbox, on_start=on_start, on_stop=on_stop, bodies=bodies, connections=connections)
        self._api = api
        self.streaming = api.streaming
        self._own_api = own_api
        self._routes = routes
        self._revisions = revisions
        self._own = OwnPages(
            {
                HEALTH_PATH: health.respond,
                OLD_HEALTH_PATH: health.respond,
                READY_PATH: lambda _: health.ready(is_open=self.is_open),
            },
            issuers,
        )

    def answer(self, request: HttpRequest) -> Answer | Coroutine[Any, Any, Answer]:
        if request.path != "/" or (request.method != "POST" and is_first_page(request)):
            if self._own_api.takes(request):
                return self._in_time(self._own_api, request)
            for each in self._routes:
                if each.takes(request):
                    return each.respond(request)
            own = self._own.respond(request)
            if own is not None:
                return Answer(response=own)
        return self._in_time(self._api, request)

    def _in_time(self, api: AwsApi | OwnApi, request: HttpRequest) -> Answer | Coroutine[Any, Any, Answer]:
        """The answer; if the request carries a revision, once this process has reached it."""
        return self._later(api, request) if REVISION in request.first else api.respond(request)

    async def _later(self, api: AwsApi | OwnApi, request: HttpRequest) -> Answer:
        answer = api.respond(request, await self._revisions.wait(request, api.account_of))
        return await answer if isinstance(answer, Coroutine) else answer
