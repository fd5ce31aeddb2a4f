"""IAM Identity Center is switched on over HTTP."""

from __future__ import annotations

from carnet.entities.operator_token import OperatorScope
from tests.attacks.wire import audit
from tests.saml import idp
from tests.server.in_process import InProcessServer
from tests.server.own_api.calling import ACCOUNTS, call, operator_token


def test_an_operator_enables_it_once(server: InProcessServer) -> None:
    token = operator_token(server, OperatorScope.ACCOUNTS_READ, OperatorScope.ACCOUNTS_WRITE).text
    account = call(server, ACCOUNTS, token=token).members["accounts"][0]["id"]
    path = f"{ACCOUNTS}/{account}/identity-center"
    made = call(server, path, token=token, method="POST", given={"region": "eu-west-1"})
    assert made.status == 201
    assert made.members["startUrl"] == f"https://{made.members['identityStoreId']}.awsapps.com/start"
    event = audit(server)[-1]
    assert (event["eventName"], event["responseElements"]) == ("EnableIdentityCenter", made.members)
    again = call(server, path, token=token, method="POST", given={})
    assert (again.status, again.code) == (409, "AlreadyExists")
    refused = call(server, path, token=token, method="POST", given={"region": "mars"})
    assert (refused.status, refused.code) == (400, "InvalidRequest")


def test_a_token_that_only_reads_does_not(server: InProcessServer) -> None:
    token = operator_token(server, OperatorScope.ACCOUNTS_READ).text
    account = call(server, ACCOUNTS, token=token).members["accounts"][0]["id"]
    path = f"{ACCOUNTS}/{account}/identity-center"
    assert call(server, path, token=token, method="POST", given={}).status == 403


def test_the_identity_source_is_shown_and_changed(server: InProcessServer) -> None:
    account = server.root.account
    path = f"{ACCOUNTS}/{account}/identity-center/identity-source"
    token = operator_token(server, OperatorScope.ACCOUNTS_WRITE, OperatorScope.ACCOUNTS_READ).text
    assert call(server, path, token=token).status == 404
    call(server, f"{ACCOUNTS}/{account}/identity-center", token=token, method="POST", given={})
    shown = call(server, path, token=token).members
    assert shown["acsUrl"] == f"/saml/acs/{shown['identityStoreId']}"
    given = {"metadata": idp.metadata(redirect="https://idp.example.com/sso")}
    assert call(server, path, token=token, method="PUT", given=given).status == 200
    assert call(server, path, token=token).members["providerIssuer"] == idp.ISSUER
    event = audit(server)[-2]
    assert event["eventName"] == "UseExternalIdentityProvider"
    assert "EntityDescriptor" not in str(event)
    bad = call(server, path, token=token, method="PUT", given={"metadata": "<a/>"})
    assert (bad.status, bad.code) == (400, "InvalidRequest")
    assert call(server, path, token=token, method="DELETE").status == 200
    assert call(server, path, token=token).members["identitySource"] == "IDENTITY_CENTER_DIRECTORY"
