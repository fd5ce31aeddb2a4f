"""Who may call Carnet's own API: operators by the scopes of their tokens, and signed callers by their policies."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from carnet.audit.explanations import explanation
from carnet.audit.reading import backwards
from carnet.audit.segments import Segments
from carnet.base.http import RequestHead
from carnet.bearer import operator_token as bearer
from carnet.directory.snapshot import Snapshot
from carnet.entities.operator_token import OperatorScope
from carnet.identity.caller import OperatorCaller
from carnet.server.own_api.endpoint import Endpoint, Turn
from carnet.server.own_api.table import ENDPOINTS
from carnet.services.operator_tokens import revoke_operator_token
from tests.attacks.wire import Holder, as_bytes, audit, presigned, root_of, send
from tests.server.in_process import InProcessServer
from tests.server.own_api.calling import ACCOUNTS, call, operator_token, signed_call, told

READ, WRITE = OperatorScope.ACCOUNTS_READ, OperatorScope.ACCOUNTS_WRITE
NEW = {"name": "fresh", "email": "fresh@example.com"}
GIVEN: dict[str, object] = {
    "AdoptBuckets": {"upstream": "store"},
    "EnableIdentityCenter": {},
    "UseExternalIdentityProvider": {"metadata": "<a/>"},
    "CreateSamlApplication": {"name": "app", "acsUrls": ["https://app.example/acs"], "audience": "app"},
    "ChangeSamlApplicationKeys": {"action": "use"},
    "ChangeRequestSigningKeys": {"action": "use"},
    "InvitePerson": {"user": "ann"},
    "MailInvitation": {"user": "ann"},
    "CreateScimToken": {},
    "CreateAccount": NEW,
    "ResetRoot": {},
}
"""The bodies of endpoints that take one."""
NO_TOKEN = "There is no such operator token, or it has expired or was revoked."


def user(server: InProcessServer, name: str, *statements: dict[str, Any]) -> Holder:
    iam = server.client("iam")
    iam.create_user(UserName=name)
    if statements:
        document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document)
    return Holder.of(iam.create_access_key(UserName=name)["AccessKey"])


def own(server: InProcessServer) -> str:
    return f"{ACCOUNTS}/{server.root.account}"


def test_a_token_does_what_its_scopes_say(server: InProcessServer) -> None:
    reader, writer = operator_token(server, READ), operator_token(server, WRITE)
    assert call(server, ACCOUNTS, token=reader.text).status == 200
    assert call(server, ACCOUNTS, token=writer.text, method="POST", given=NEW).status == 201
    refused = call(server, ACCOUNTS, token=reader.text, method="POST", given=NEW)
    assert (refused.status, refused.code) == (403, "AccessDenied")
    assert refused.message == f"The operator token {reader.token.id} does not have the scope accounts:write."
    assert call(server, ACCOUNTS, token=writer.text).status == 403


OPERATORS = [endpoint for endpoint in ENDPOINTS if endpoint.scope is not None]


@pytest.mark.parametrize("endpoint", OPERATORS, ids=lambda endpoint: endpoint.name)
def test_every_endpoint_asks_for_its_scope(server: InProcessServer, endpoint: Endpoint) -> None:
    others = operator_token(server, *(scope for scope in OperatorScope if scope is not endpoint.scope))
    path = "/_carnet/v1/" + endpoint.path.format(account=server.root.account, id="x", application="x")
    body = GIVEN.get(endpoint.name)
    refused = call(server, path, token=others.text, method=endpoint.method, given=body)
    assert (refused.status, refused.code) == (403, "AccessDenied")
    assert str(endpoint.scope) in refused.message


def test_a_token_ends(server: InProcessServer) -> None:
    made = operator_token(server, READ, lifetime=timedelta(minutes=5))
    server.clock.advance(120)  # real time goes on besides
    assert call(server, ACCOUNTS, token=made.text).status == 200
    server.clock.advance(180)
    refused = call(server, ACCOUNTS, token=made.text)
    assert (refused.status, refused.code, refused.message) == (401, "InvalidToken", NO_TOKEN)


def test_a_revoked_token_is_good_for_nothing(server: InProcessServer) -> None:
    made, parts = operator_token(server, READ, WRITE), server.installation
    revoke_operator_token(parts.operator_call(), token_id=made.token.id)
    parts.directory.catch_up()
    for method, given in (("GET", None), ("POST", NEW)):
        assert call(server, ACCOUNTS, token=made.text, method=method, given=given).code == "InvalidToken"


def test_a_change_is_not_made_with_a_token_that_was_revoked_before_its_turn(
    server: InProcessServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The token is good when it is verified, and revoked before the writer takes the change."""
    made, parts, verify = operator_token(server, WRITE), server.installation, bearer.verify

    def verified_and_then_revoked(request: RequestHead, *, snapshot: Snapshot, now: datetime) -> OperatorCaller:
        caller = verify(request, snapshot=snapshot, now=now)
        revoke_operator_token(parts.operator_call(), token_id=made.token.id)
        return caller

    monkeypatch.setattr(bearer, "verify", verified_and_then_revoked)
    refused = call(server, ACCOUNTS, token=made.text, method="POST", given=NEW)
    assert (refused.status, refused.code) == (401, "InvalidToken")
    assert len(parts.directory.catch_up().accounts) == 1


@pytest.mark.parametrize(
    "authorization",
    [
        *["Bearer", "Bearer ", "bearer x", "Bearer carnet_ot_" + "0" * 64, "BEARER carnet_ot_", "Bearer \xe9"],
    ],
)
def test_what_is_no_token_opens_nothing(server: InProcessServer, authorization: str) -> None:
    operator_token(server, READ)
    refused = call(server, ACCOUNTS, headers={"authorization": authorization})
    assert (refused.status, refused.code) == (401, "InvalidToken")


def test_another_scheme_is_a_signature_that_is_none(server: InProcessServer) -> None:
    refused = call(server, ACCOUNTS, headers={"authorization": "Basic " + operator_token(server, READ).text})
    assert (refused.status, refused.code) == (403, "IncompleteSignature")


def test_a_second_header_proves_nothing(server: InProcessServer) -> None:
    good = operator_token(server, READ).text
    for other in ("Bearer x", "AWS4-HMAC-SHA256 Credential=x", f"Bearer {good}"):
        assert call(server, ACCOUNTS, token=good, headers={"Authorization": other}).code == "InvalidToken"


def test_nobody_is_told_how_to_prove_himself(server: InProcessServer) -> None:
    refused = call(server, ACCOUNTS)
    assert (refused.status, refused.code) == (401, "MissingAuthenticationToken")
    assert refused.header("www-authenticate") == "bearer"
    assert refused.message == "Give an operator token (Authorization: Bearer ...), or sign for the service carnet."


def test_an_operator_token_opens_no_aws_api(server: InProcessServer) -> None:
    made = operator_token(server, *OperatorScope)
    body = b"Action=ListUsers&Version=2010-05-08"
    raw = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\nauthorization: Bearer "
    answer = send(server, raw + made.text.encode() + b"\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
    assert answer.status == 400
    assert answer.code == "IncompleteSignature"
    assert made.text not in json.dumps(audit(server))


def test_root_asks_about_its_own_account(server: InProcessServer) -> None:
    answer = signed_call(server, root_of(server), own(server))
    assert (answer.status, answer.members["account"]["id"]) == (200, server.root.account)


def test_policies_decide_on_a_signed_caller(server: InProcessServer) -> None:
    arn = f"arn:aws:carnet::{server.root.account}:account"
    allowed = user(server, "ann", {"Effect": "Allow", "Action": "carnet:GetAccount", "Resource": arn})
    elsewhere = user(server, "bob", {"Effect": "Allow", "Action": "carnet:GetAccount", "Resource": arn + "/x"})
    assert signed_call(server, allowed, own(server)).status == 200
    refused = signed_call(server, elsewhere, own(server))
    assert (refused.status, refused.code) == (403, "AccessDenied")
    assert refused.message == (
        f"User: arn:aws:iam::{server.root.account}:user/bob is not authorized to perform: carnet:GetAccount "
        f"on resource: {arn} because no identity-based policy allows the carnet:GetAccount action"
    )


def test_a_denial_can_be_explained(server: InProcessServer) -> None:
    refused = signed_call(server, user(server, "ann"), own(server))
    decision = refused.header("x-amzn-requestid")
    assert decision is not None
    log = Segments(server.installation.settings.decisions_file)
    assert explanation(map(backwards, log.newest_first()), decision) is not None
    (told_of,) = audit(server)[-1]["additionalEventData"]["decisions"]
    assert (told_of["action"], told_of["verdict"]) == ("carnet:GetAccount", "implicitDeny")


def test_a_condition_sees_the_request(server: InProcessServer) -> None:
    from_here = {"IpAddress": {"aws:SourceIp": "127.0.0.1/32"}}
    statement = {"Effect": "Allow", "Action": "carnet:*", "Resource": "*"}
    here = user(server, "ann", statement | {"Condition": from_here})
    elsewhere = user(server, "bob", statement | {"Condition": {"NotIpAddress": from_here["IpAddress"]}})
    assert signed_call(server, here, own(server)).status == 200
    assert signed_call(server, elsewhere, own(server)).status == 403


def test_another_account_is_nobodys_business_whether_it_exists_or_not(server: InProcessServer) -> None:
    made = call(server, ACCOUNTS, token=operator_token(server, WRITE).text, method="POST", given=NEW)
    there, nowhere = (
        signed_call(server, root_of(server), f"{ACCOUNTS}/{account}")
        for account in (made.members["account"]["id"], "111122223333")
    )
    assert (there.status, there.members) == (nowhere.status, nowhere.members)
    assert there.message == f"A signed request is about the caller's own account, {server.root.account}."


OPERATORS_ALONE = [each for each in OPERATORS if each.resource is None and each.check is None]


@pytest.mark.parametrize("endpoint", OPERATORS_ALONE, ids=lambda each: each.name)
def test_what_is_the_operators_no_account_does(server: InProcessServer, endpoint: Endpoint) -> None:
    """Not even the root user, whom no policy of its account limits."""
    path = "/_carnet/v1/" + endpoint.path.format(account=server.root.account, id="x", application="x")
    body = GIVEN.get(endpoint.name)
    refused = signed_call(server, root_of(server), path, method=endpoint.method, given=body)
    assert (refused.status, refused.code) == (403, "AccessDenied")
    assert refused.message == f"{endpoint.name} is for the operator: it takes an operator token."


def test_a_signature_for_another_service_is_none(server: InProcessServer) -> None:
    assert signed_call(server, root_of(server), own(server), service="iam").code == "SignatureDoesNotMatch"


def test_a_refused_signature_shows_in_the_log_what_was_computed(server: InProcessServer) -> None:
    root = root_of(server)
    refused = signed_call(server, Holder(key_id=root.key_id, secret="x" * 40), own(server))
    assert refused.code == "SignatureDoesNotMatch"
    log = server.installation.settings.decisions_file.read_text()
    assert str(refused.header("x-amzn-requestid")) in log


def test_a_presigned_request_is_a_signed_one(server: InProcessServer) -> None:
    request = presigned(server, root_of(server), own(server), service="carnet")
    assert told(send(server, as_bytes(request))).status == 200


def test_a_signed_use_of_a_key_is_remembered(server: InProcessServer) -> None:
    holder = user(server, "ann")
    signed_call(server, holder, own(server))
    used = server.client("iam").get_access_key_last_used(AccessKeyId=holder.key_id)["AccessKeyLastUsed"]
    assert used["ServiceName"] == "carnet"


def test_no_signed_caller_changes_anything() -> None:
    with pytest.raises(ValueError, match="no signed caller"):
        Endpoint(name="X", method="POST", path="x", scope=WRITE, resource="x", body=dict, turn=Turn.IN_TRANSACTION)


def test_every_answer_has_one_event(server: InProcessServer, tmp_path: Path) -> None:
    made = operator_token(server, READ)
    before = len(audit(server))
    call(server, ACCOUNTS, token=made.text)
    call(server, ACCOUNTS, token=made.text, method="POST", given=NEW)
    call(server, ACCOUNTS)
    allowed, refused, unknown = audit(server)[before:]
    identity = {"type": "Operator", "credentialId": made.token.id, "userName": "ci"}
    assert (allowed["userIdentity"], refused["userIdentity"]) == (identity, identity)
    assert unknown["userIdentity"] == {"type": "Unknown", "accessKeyId": None}
    assert [event["eventName"] for event in (allowed, refused, unknown)] == [
        *("ListAccounts", "CreateAccount", "ListAccounts")
    ]
    assert [event.get("errorCode") for event in (allowed, refused, unknown)] == [
        *(None, "AccessDenied", "MissingAuthenticationToken")
    ]
    assert {event["eventSource"] for event in (allowed, refused, unknown)} == {"carnet"}
    assert [event["readOnly"] for event in (allowed, refused)] == [True, False]
    assert refused["requestParameters"] == NEW
    assert made.text not in server.installation.settings.audit_file.read_text()
