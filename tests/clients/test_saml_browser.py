"""A real browser goes from an identity provider to the access portal, and from there to an application (SAML 2.0)."""

from __future__ import annotations

import base64
import json
import secrets
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import boto3
import pytest
from lxml import etree

from tests.clients.running import RunningServer, running_server
from tests.clients.test_browser import browser, toured
from tests.saml import idp

WHO, WIKI = "mary@example.com", "Wiki"
MINUTE = timedelta(minutes=1)
_POST = """<!doctype html><body onload="document.forms[0].submit()"><form method="post" action="{to}">
<input type="hidden" name="SAMLResponse" value="{response}">
<input type="hidden" name="RelayState" value="{relay}"></form>"""


class Elsewhere(BaseHTTPRequestHandler):
    """Another site: an identity provider at /sso, who knows Mary, and an application at /acs."""

    received: list[dict[str, str]]

    def do_GET(self) -> None:
        if not self.path.startswith("/sso"):
            self._show("")  # the picture that browsers ask for
            return
        fields = dict(parse_qsl(urlsplit(self.path).query))
        self._vouch(zlib.decompress(base64.b64decode(fields["SAMLRequest"]), wbits=-15), fields["RelayState"])

    def _vouch(self, asked: bytes, relay_state: str) -> None:
        request = etree.fromstring(asked)
        now, acs = datetime.now(UTC), str(request.get("AssertionConsumerServiceURL"))
        answer = idp.Answer(
            id=f"_{secrets.token_hex(8)}",
            destination=acs,
            recipient=acs,
            audiences=(str(request[0].text),),
            name=WHO,
            issued=now,
            confirmed_until=now + 5 * MINUTE,
            not_before=now - MINUTE,
            not_on_or_after=now + 5 * MINUTE,
            in_response_to=request.get("ID"),
        )
        shown = _POST.format(to=escape(acs), response=idp.post(answer), relay=escape(relay_state))
        self._show(shown)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        fields = dict(parse_qsl(body))
        if self.path == "/sso":
            self._vouch(base64.b64decode(fields["SAMLRequest"]), fields["RelayState"])
            return
        self.received.append(fields)
        self._show("<!doctype html><body>You are in.")

    def _show(self, page: str) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(page.encode())

    def log_message(self, *args: object) -> None:
        """Nothing."""


@contextmanager
def elsewhere() -> Iterator[tuple[str, list[dict[str, str]]]]:
    """The address of the other site, and what was posted to its application."""
    received: list[dict[str, str]] = []
    handler = type("Receiving", (Elsewhere,), {"received": received})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", received
        server.shutdown()


@pytest.mark.parametrize("binding", ["redirect", "post"])
def test_from_an_identity_provider_to_the_portal_and_on_to_an_application(tmp_path: Path, binding: str) -> None:
    browser()
    with elsewhere() as (site, received), running_server(tmp_path / "data") as server:
        server.carnet("sso", "enable", "--account", server.account_id)
        metadata = tmp_path / "metadata.xml"
        url = f"{site}/sso"
        metadata.write_text(idp.metadata(redirect=url) if binding == "redirect" else idp.metadata(post=url))
        server.carnet("sso", "identity-source", "key", "add")
        server.carnet("sso", "identity-source", "external", str(metadata))
        words = ("--acs-url", f"{site}/acs", "--audience", f"{site}/wiki")
        (wiki,) = json.loads(server.carnet("sso", "saml-application", "create", WIKI, *words))["applications"]
        person_who_may_use(server, wiki["applicationArn"])
        seen = toured("saml_tour", server, {"elsewhere": site, "application": WIKI})
    assert seen["arrived"] == "You are in."
    assert seen["errors"] == []
    assert WHO in base64.b64decode(received[0]["SAMLResponse"]).decode()


def person_who_may_use(server: RunningServer, application: str) -> None:
    given = dict(server.environment)
    session = boto3.Session(given["AWS_ACCESS_KEY_ID"], given["AWS_SECRET_ACCESS_KEY"], region_name="us-east-1")
    admin, store = (session.client(name, endpoint_url=server.endpoint) for name in ("sso-admin", "identitystore"))
    identity_store = admin.list_instances()["Instances"][0]["IdentityStoreId"]
    person = store.create_user(
        IdentityStoreId=identity_store,
        UserName=WHO,
        DisplayName="Mary",
        Name={"GivenName": "Mary", "FamilyName": "Major"},
        Emails=[{"Value": WHO, "Primary": True}],
    )["UserId"]
    admin.create_application_assignment(ApplicationArn=application, PrincipalId=person, PrincipalType="USER")
