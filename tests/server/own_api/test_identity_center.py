"""IAM Identity Center is switched on over HTTP."""

from __future__ import annotations

from typing import Any

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


def test_keys_that_sign_requests_follow_one_another(server: InProcessServer) -> None:
    account = server.root.account
    path = f"{ACCOUNTS}/{account}/identity-center/identity-source"
    token = operator_token(server, OperatorScope.ACCOUNTS_WRITE, OperatorScope.ACCOUNTS_READ).text

    def change(status: int = 200, **given: str) -> Any:
        answer = call(server, f"{path}/keys", token=token, method="POST", given=given)
        assert answer.status == status, answer.members
        return answer.members.get("keys", answer.members)

    def use(wants_signed: str) -> int:
        given = {"metadata": idp.metadata(redirect="https://idp.example.com/sso", wants_signed=wants_signed)}
        return call(server, path, token=token, method="PUT", given=given).status

    change(404, action="add")
    call(server, f"{ACCOUNTS}/{account}/identity-center", token=token, method="POST", given={})
    change(404, action="use", keyId="x")
    assert use("true") == 400, "nothing signs yet"
    (old,) = change(action="add")
    assert use("1") == 200
    change(409, action="delete", keyId=old)
    assert change(action="add") == [old, (new := change(action="use", keyId=old)[1])]
    change(409, action="add")
    change(409, action="delete", keyId=old)
    assert change(action="use", keyId=new) == [new, old]
    shown = call(server, path, token=token).members["signingKeys"]
    assert [(key["keyId"], key["signs"]) for key in shown] == [(new, True), (old, False)]
    assert change(action="delete", keyId=old) == [new]
    assert use("false") == 200
    assert change(action="delete", keyId=new) == []
    assert use("true") == 400
    assert audit(server)[-2]["eventName"] == "ChangeRequestSigningKeys"


def test_saml_applications_are_made_and_their_keys_replaced(server: InProcessServer) -> None:
    account = server.root.account
    token = operator_token(server, OperatorScope.ACCOUNTS_WRITE, OperatorScope.ACCOUNTS_READ).text
    call(server, f"{ACCOUNTS}/{account}/identity-center", token=token, method="POST", given={})
    path = f"{ACCOUNTS}/{account}/identity-center/saml-applications"
    given = {"name": "Wiki", "acsUrls": ["https://wiki.example/acs"], "audience": "wiki"}
    made = call(server, path, token=token, method="POST", given=given)
    assert made.status == 201
    (shown,) = call(server, path, token=token).members["applications"]
    assert shown["signInUrl"] == f"/saml/assertion/{made.members['applicationId']}"
    assert [key["signs"] for key in shown["keys"]] == [True]
    keys = f"{path}/{made.members['applicationId']}/keys"

    def change(status: int = 200, **given: str) -> list[str]:
        answer = call(server, keys, token=token, method="POST", given=given)
        assert answer.status == status
        found: list[str] = answer.members.get("keys", [])
        return found

    old, new = change(action="add")
    change(409, action="add")
    change(409, action="delete", keyId=old)
    change(404, action="use", keyId="x")
    assert change(action="use", keyId=new) == [new, old]
    assert change(action="delete", keyId=old) == [new]
    change(404, action="delete", keyId=old)
    bad = call(server, path, token=token, method="POST", given={**given, "subject": "${user:password}"})
    assert (bad.status, bad.code) == (400, "InvalidRequest")
    assert call(server, path.replace(account, "000000000000"), token=token).status == 404
