"""Tokens of AWS Sign-In, assertions, and what a token is: nothing is given out and nothing is told without an event."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.attacks.wire import audit
from tests.console.conftest import Site
from tests.console.test_application_sign_in import App, mary
from tests.console.test_login_consent import signin
from tests.console.test_people import instance
from tests.console.test_sso_consent import Person

assert callable(instance), "a fixture"
assert callable(mary), "a fixture"

INTROSPECT = "introspect_oauth2_token_with_iam"
ASKED = {"grantType": "client_credentials", "resource": "aws-mcp.amazonaws.com"}


@pytest.mark.parametrize("operation", ["create_oauth2_token_with_iam", "create_bearer_token", INTROSPECT])
def test_no_token_and_nothing_of_one(site: Site, monkeypatch: pytest.MonkeyPatch, operation: str) -> None:
    client = signin(site)
    token = client.create_bearer_token(**ASKED)["accessToken"]
    before = audit(site.server)
    with monkeypatch.context() as full:
        site.server.refuse_lines(full)
        with pytest.raises(ClientError) as told:
            getattr(client, operation)(**({"token": token} if operation == INTROSPECT else ASKED))
    answer: Any = told.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 503
    assert not {"accessToken", "active", "sub"} & set(answer)
    assert audit(site.server) == before
    assert client.introspect_oauth2_token_with_iam(token=token)["active"]


def test_no_assertion(site: Site, mary: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    app = App(mary)
    before = audit(site.server)
    with monkeypatch.context() as full:
        site.server.refuse_lines(full)
        page = mary.browser.get(app.path, sec_fetch_site="same-origin")
    assert page.status == 503
    assert "SAMLResponse" not in page.text
    assert audit(site.server) == before
    assert mary.browser.get(app.path, sec_fetch_site="same-origin").status == 200
