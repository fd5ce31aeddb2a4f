"""What aws-vault, Granted and Leapp ask, in their order: people sign in to each by the device flow."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from carnet.entities.identity_center_instance import Instance
from carnet.entities.oauth_session import REGISTERED_FOR
from tests.console.conftest import Site
from tests.console.test_people import instance
from tests.console.test_sso_consent import Person
from tests.services.sso_oidc.people import DEVICE, SCOPE

assert callable(instance), "a fixture"

LEGACY = "sso-portal:*"
"""The scope that Granted, and the AWS CLI of old, registers for: by it, nothing is refreshed."""
EIGHT_HOURS = 8 * 3600
TOOLS: dict[str, dict[str, Any]] = {
    "aws-vault": {"clientName": "aws-vault"},
    "granted": {"clientName": "Granted CLI", "scopes": [LEGACY]},
    "leapp": {"clientName": "leapp"},
}


class Tool:
    """One of them, as a person runs it."""

    def __init__(self, mary: Person, **registration: Any) -> None:
        self.mary = mary
        made = mary.oidc.register_client(clientType="public", **registration)
        self.proof = {"clientId": made["clientId"], "clientSecret": made["clientSecret"]}
        self.expires: int = made["clientSecretExpiresAt"]

    def begin(self) -> dict[str, Any]:
        told: dict[str, Any] = self.mary.oidc.start_device_authorization(
            startUrl=self.mary.instance.start_url, **self.proof
        )
        return told

    def poll(self, begun: dict[str, Any]) -> dict[str, Any]:
        told: dict[str, Any] = self.mary.oidc.create_token(
            grantType=DEVICE, deviceCode=begun["deviceCode"], **self.proof
        )
        return told

    def approved(self) -> dict[str, Any]:
        begun = self.begin()
        with pytest.raises(ClientError, match="AuthorizationPendingException"):
            self.poll(begun)
        to = self.mary.find(begun["userCode"]).told["to"]
        assert self.mary.send({"kind": "device", "found": to.rpartition("=")[2], "answer": "allow"}).status == 200
        return self.poll(begun)


@pytest.fixture(scope="module")
def mary(site: Site, instance: Instance) -> Person:
    made = Person(site, instance)
    for _ in range(3):
        made.assigned()
    return made


@pytest.mark.parametrize("name", TOOLS)
def test_a_tool_gets_credentials_of_every_role(mary: Person, name: str) -> None:
    told = Tool(mary, **TOOLS[name]).approved()
    assert "refreshToken" not in told
    assert told["expiresIn"] == EIGHT_HOURS
    token, portal = told["accessToken"], mary.portal
    (account,) = portal.list_accounts(accessToken=token, maxResults=30)["accountList"]
    found: list[dict[str, str]] = []
    asked = {"accessToken": token, "accountId": account["accountId"], "maxResults": 2}
    page = portal.list_account_roles(**asked)
    while True:
        found += page["roleList"]
        if not page.get("nextToken"):
            break
        page = portal.list_account_roles(**asked, nextToken=page["nextToken"])
    assert len({role["roleName"] for role in found}) == 3
    for role in found:
        given = portal.get_role_credentials(accessToken=token, **role)["roleCredentials"]
        keys = (given["accessKeyId"], given["secretAccessKey"], given["sessionToken"])
        arn = mary.site.server.client("sts", *keys).get_caller_identity()["Arn"]
        assert arn.endswith(f"/{mary.user.user_name}")


def test_what_is_told_by_the_status(site: Site, instance: Instance) -> None:
    """Granted asks its user to request access by 403, and forgets its token by 401."""
    john = Person(site, instance)
    token = Tool(john, **TOOLS["granted"]).approved()["accessToken"]
    asked = {"accountId": john.site.account, "accessToken": token}
    with pytest.raises(ClientError) as raised:
        john.portal.get_role_credentials(roleName="Nobody", **asked)
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    john.portal.logout(accessToken=token)
    with pytest.raises(john.portal.exceptions.UnauthorizedException) as ended:
        john.portal.list_accounts(accessToken=token)
    assert ended.value.response["ResponseMetadata"]["HTTPStatusCode"] == 401


def test_a_registration_is_kept_until_it_ends(site: Site, mary: Person) -> None:
    """aws-vault registers anew by `clientSecretExpiresAt` alone."""
    tool = Tool(mary, **TOOLS["aws-vault"])
    assert tool.expires - int(site.server.clock().timestamp()) <= REGISTERED_FOR.total_seconds()
    assert tool.begin()["deviceCode"]
    assert tool.begin()["deviceCode"], "as often as it likes"


def test_scopes_beside_the_one_of_old(mary: Person) -> None:
    told = Tool(mary, clientName="both", scopes=[LEGACY, SCOPE]).approved()
    assert told["refreshToken"]
    assert mary.portal.list_accounts(accessToken=told["accessToken"])["accountList"]
    other = Tool(mary, clientName="other", scopes=[LEGACY, "codewhisperer:completions"]).approved()
    assert mary.portal.list_accounts(accessToken=other["accessToken"])["accountList"]
    none = Tool(mary, clientName="none", scopes=["codewhisperer:completions"]).approved()
    with pytest.raises(mary.portal.exceptions.UnauthorizedException):
        mary.portal.list_accounts(accessToken=none["accessToken"])
