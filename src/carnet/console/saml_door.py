"""The door of SAML 2.0: what identity providers read of an instance, and where they post what they say of people.

https://docs.oasis-open.org/security/saml/v2.0/saml-bindings-2.0-os.pdf (3.5)
"""

from __future__ import annotations

import re

from carnet.base.http import HttpRequest, HttpResponse, RequestHead
from carnet.console.given import LONGEST_RESPONSE
from carnet.console.headers import NOT_KEPT, SAFETY
from carnet.console.navigation import elsewhere
from carnet.console.pages import page
from carnet.console.parts import ConsoleParts
from carnet.console.provider_sign_in import begin_again, source_of
from carnet.console.unreachable import in_the_clear
from carnet.directory.identity_center import instance_of_store
from carnet.protocols.form import once_each, read_form
from carnet.protocols.unreadable import Unreadable
from carnet.server.outbox import Answer
from carnet.services.identity_source import service_provider

_PATH = re.compile(r"/saml/(metadata|acs)/(d-[0-9a-f]{10})", re.ASCII)
_METADATA = ("content-type", "application/samlmetadata+xml")


class SamlDoor:
    """Answers below /saml/."""

    def __init__(self, parts: ConsoleParts) -> None:
        self._parts = parts

    def takes(self, head: RequestHead) -> bool:
        return _PATH.fullmatch(head.path) is not None

    def respond(self, http: HttpRequest) -> Answer:
        if not self._parts.origin.is_safe(http):
            return Answer(response=in_the_clear())
        found = _PATH.fullmatch(http.path)
        assert found is not None, "the door takes nothing else"
        kind, store = found.groups()
        return Answer(response=self._metadata(http, store) if kind == "metadata" else self._consume(http, store))

    def _metadata(self, http: HttpRequest, store: str) -> HttpResponse:
        """What an identity provider is told of an instance: it is no secret."""
        from carnet.saml.service_provider import service_provider_metadata

        if http.method not in ("GET", "HEAD"):
            return _sorry(405, "This is read with GET.")
        if instance_of_store(self._parts.execution.directory.snapshot, store) is None:
            return _sorry(404, "There is no such identity store.")
        own = service_provider(self._parts.origin.url, store)
        text = service_provider_metadata(own.entity_id, own.acs_url)
        return HttpResponse(status=200, headers=(_METADATA, NOT_KEPT, *SAFETY), body=text.encode())

    def _consume(self, http: HttpRequest, store: str) -> HttpResponse:
        """The page that sends the response once more, from this origin.

        INVARIANT: nothing is read of the response here, and nobody is signed in: with what another site's page posts,
        browsers send no cookie that tells who has asked for it.
        """
        if (other := elsewhere(self._parts.origin, http)) is not None:
            return other
        if http.method != "POST":
            return _sorry(405, "Identity providers post here. Sign in at the access portal.")
        if source_of(self._parts.execution.directory.snapshot, store) is None:
            return _sorry(404, "There is no identity store here whose people sign in with an identity provider.")
        try:
            fields = once_each(read_form(http.body)) if len(http.body) <= 2 * LONGEST_RESPONSE else {}
        except Unreadable:
            fields = {}
        response = "".join(fields.get("SAMLResponse", "").split())
        if not 1 <= len(response) <= LONGEST_RESPONSE:
            return _sorry(400, "There is no SAML response here that can be read.")
        return page(
            "assertion.html", response=response, relay_state=fields.get("RelayState", ""), again=begin_again(store)
        )


def _sorry(status: int, sentence: str) -> HttpResponse:
    return page("refused.html", status=status, title="Sorry", sentence=sentence)
