"""Callers who prove themselves by an access token or a cookie, at operations that ask for just that."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from carnet.base.faults import FAULTS, Denied
from carnet.base.http import HttpRequest
from carnet.directory.directory import Directory
from carnet.directory.snapshot import Snapshot
from carnet.identity.auth_failure import AuthFailure
from carnet.identity.authenticate import Authenticate, Authenticator
from carnet.identity.caller import (
    BEARER_AUTHENTICATOR,
    COOKIE_AUTHENTICATOR,
    Bearer,
    IdentityCenterUser,
    SignedIn,
)
from carnet.identity.credentials import Credentials
from carnet.models import service
from carnet.services.operation import (
    Answer,
    BearerCall,
    BearerWriteCall,
    Parts,
    WriteCall,
    anybody,
)
from carnet.services.preparing import Pool, Preparation
from carnet.services.registry import SERVICES
from carnet.services.service import MakeAuthenticator, Service
from tests.attacks.wire import audit
from tests.server.in_process import InProcessServer, in_process_server
from tests.server.test_callers import own, public
from tests.services.iam.documents import allow
from tests.sigv4.signing import sign

CODES = dict.fromkeys(FAULTS, "InvalidRequestException") | {Denied: "UnauthorizedException"}
HEADER = "x-amz-sso_bearer_token"
GOOD, WRONG = "the-token-of-ann", "another-token"
ANN = IdentityCenterUser(
    account="111122223333",
    identity_store_arn="arn:aws:identitystore::111122223333:identitystore/d-1234567890",
    user_id="44e894e8-80c1-707f-60e3-3ba6510dfac1",
    credential_id="token-1",
)
UNKNOWN = "Session token not found or invalid"
LIST, LOGOUT, ROLES = ("GET", "/assignment/accounts"), ("POST", "/logout"), ("GET", "/assignment/roles?account_id=1")


@dataclass
class Tokens:
    """The access tokens that there are, and those that are still good when a change takes its turn."""

    held: dict[str, IdentityCenterUser] = field(default_factory=lambda: {GOOD: ANN})
    good: set[str] = field(default_factory=lambda: {GOOD})
    prepared: int = 0

    def verify(self, request: HttpRequest, *, service: str, now: datetime, **parts: object) -> Bearer:
        token = request.header(HEADER) or ""
        user = self.held.get(token)
        if user is None:
            raise AuthFailure("UnauthorizedException", UNKNOWN)

        def find(snapshot: Snapshot) -> IdentityCenterUser | None:
            return user if token in self.good else None

        return Bearer(BEARER_AUTHENTICATOR, user=user, find=find, region="eu-west-1")

    def authenticator(self, directory: Directory, credentials: Credentials, parts: Parts) -> Authenticator:
        return self.verify

    def prepare(self, call: BearerCall, given: object) -> None:
        self.prepared += 1


def portal(tokens: Tokens, brings: Mapping[Authenticate, MakeAuthenticator]) -> Service:
    """A made-up portal: a read that the token is enough for, a change, and a read that a policy decides."""
    made = Service("sso", fault_codes=CODES, authenticators=brings)

    @made.read("ListAccounts", on=anybody, authenticate=Authenticate.BEARER)
    def list_accounts(call: BearerCall, given: Any) -> Answer:
        return {"accountList": [{"accountId": call.caller.user.account, "accountName": call.caller.user.user_id}]}

    @made.write("Logout", on=anybody, authenticate=Authenticate.BEARER)
    def logout(call: BearerWriteCall, given: Any) -> Answer:
        return {}

    prepare = Preparation(pool=Pool(name="tokens", size=1, waiting=1, seconds=5), work=tokens.prepare)

    @made.read("ListAccountRoles", on=public, authenticate=Authenticate.BEARER, prepare=prepare)
    def list_account_roles(call: BearerCall, given: Any) -> Answer:
        pytest.fail("no policy allows it")

    return made


def console(brings: Mapping[Authenticate, MakeAuthenticator]) -> Service:
    """A made-up service whose callers have signed in: the cookie is an access key id."""
    made = Service("sso-oidc", fault_codes=CODES | {Denied: "AccessDeniedException"}, authenticators=brings)

    @made.write("RegisterClient", on=own, authenticate=Authenticate.COOKIE)
    def register_client(call: WriteCall, given: Any) -> Answer:
        assert isinstance(call.caller, SignedIn)
        return {"clientId": call.caller.principal.arn, "clientSecret": call.account}

    return made


def cookie_authenticator(directory: Directory, credentials: Credentials, parts: Parts) -> Authenticator:
    def authenticate(request: HttpRequest, *, service: str, now: datetime) -> SignedIn:
        credential = credentials.find(request.header("cookie") or "", None)
        if credential is None:
            raise AuthFailure("UnauthorizedClientException", "You are not signed in.")
        return SignedIn(COOKIE_AUTHENTICATOR, credential=credential)

    return authenticate


COOKIES: Mapping[Authenticate, MakeAuthenticator] = {Authenticate.COOKIE: cookie_authenticator}


@dataclass(frozen=True)
class Told:
    """An answer: its status, the code of its error, its body."""

    status: int
    code: str
    body: Any


def ask(
    server: InProcessServer, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes = b""
) -> Told:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=30)
    try:
        connection.request(method, target, body, headers or {})
        answer = connection.getresponse()
        content = answer.read()
    finally:
        connection.close()
    text = content.decode()
    parsed = json.loads(text) if text.startswith("{") else text
    return Told(status=answer.status, code=answer.headers.get("x-amzn-ErrorType", ""), body=parsed)


def signed(server: InProcessServer, method: str, target: str, headers: Mapping[str, str] | None = None) -> Told:
    """Ask with the root user's signature over what the portal is asked."""
    request = sign(
        method,
        server.endpoint + target,
        b"",
        headers or {},
        service=service("sso").signing_name,
        at=server.clock(),
        key_id=server.root.access_key_id,
        secret=server.root.secret_access_key,
    )
    return ask(server, method, target, dict(request.headers))


@pytest.fixture
def tokens() -> Tokens:
    return Tokens()


@pytest.fixture
def server(tmp_path: Path, tokens: Tokens, monkeypatch: pytest.MonkeyPatch) -> Iterator[InProcessServer]:
    brought = portal(tokens, {})
    monkeypatch.setattr("carnet.bearer.access_token.verify", tokens.verify)
    monkeypatch.setattr("carnet.assembly.worker.SERVICES", {**SERVICES, "sso": brought, "sso-oidc": console(COOKIES)})
    with in_process_server(tmp_path) as running:
        yield running


def test_a_client_with_the_right_token_is_answered(server: InProcessServer) -> None:
    answer = server.client("sso").list_accounts(accessToken=GOOD)
    assert answer["accountList"] == [{"accountId": ANN.account, "accountName": ANN.user_id}]
    event = audit(server)[-1]
    assert event["userIdentity"] == {
        "type": "IdentityCenterUser",
        "accountId": ANN.account,
        "onBehalfOf": {"userId": ANN.user_id, "identityStoreArn": ANN.identity_store_arn},
        "credentialId": ANN.credential_id,
    }
    assert (event["awsRegion"], event["recipientAccountId"]) == ("eu-west-1", ANN.account)
    assert event["requestParameters"]["accessToken"] != GOOD
    assert GOOD not in json.dumps(event)


@pytest.mark.parametrize("headers", [{HEADER: WRONG}, {HEADER: ""}, {}])
@pytest.mark.parametrize("asked", [LIST, LOGOUT])
def test_nobody_else_is_answered(server: InProcessServer, asked: tuple[str, str], headers: dict[str, str]) -> None:
    told = ask(server, *asked, headers)
    assert (told.status, told.code, told.body) == (401, "UnauthorizedException", {"message": UNKNOWN})
    event = audit(server)[-1]
    assert event["userIdentity"] == {"type": "Unknown", "accessKeyId": None}
    assert WRONG not in json.dumps(event)


def test_a_signature_is_no_token(server: InProcessServer) -> None:
    told = signed(server, *LIST)
    assert (told.status, told.code) == (401, "UnauthorizedException")


@pytest.mark.parametrize(("token", "status"), [(GOOD, 200), (WRONG, 401)])
def test_where_a_token_is_asked_for_it_alone_counts(server: InProcessServer, token: str, status: int) -> None:
    assert signed(server, *LIST, headers={HEADER: token}).status == status
    identity = audit(server)[-1]["userIdentity"]
    assert identity["type"] == ("IdentityCenterUser" if status == 200 else "Unknown")


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({HEADER: GOOD}, "MissingAuthenticationToken"),
        ({"Authorization": f"Bearer {GOOD}"}, "IncompleteSignature"),
    ],
)
def test_a_token_is_no_signature(server: InProcessServer, headers: dict[str, str], code: str) -> None:
    told = ask(server, "GET", "/?Action=ListUsers&Version=2010-05-08", headers)
    assert f"<Code>{code}</Code>" in told.body
    assert GOOD not in told.body + json.dumps(audit(server)[-1])


def test_a_token_beside_a_signature_changes_nothing(server: InProcessServer) -> None:
    target = "/?Action=ListUsers&Version=2010-05-08"
    request = sign(
        "GET",
        server.endpoint + target,
        b"",
        {HEADER: GOOD},
        at=server.clock(),
        key_id=server.root.access_key_id,
        secret=server.root.secret_access_key,
    )
    assert ask(server, "GET", target, dict(request.headers)).status == 200
    assert audit(server)[-1]["userIdentity"]["type"] == "Root"


def test_a_token_that_is_taken_back_makes_no_change_any_more(server: InProcessServer, tokens: Tokens) -> None:
    assert ask(server, *LOGOUT, {HEADER: GOOD}).status == 200
    tokens.good.clear()
    told = ask(server, *LOGOUT, {HEADER: GOOD})
    assert (told.status, told.code) == (403, "UnrecognizedClientException")


def test_policies_allow_a_token_what_they_allow_everybody(server: InProcessServer, tokens: Tokens) -> None:
    told = ask(server, *ROLES, {HEADER: GOOD})
    assert (told.status, told.code, tokens.prepared) == (401, "UnauthorizedException", 0)
    (decided,) = audit(server)[-1]["additionalEventData"]["decisions"]
    assert decided["verdict"] == "implicitDeny"


def test_an_operation_without_its_authenticator_answers_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("carnet.assembly.worker.SERVICES", {"sso-oidc": console({})})
    with in_process_server(tmp_path) as server:
        told = register(server, "cookie")
        assert (told.status, told.code) == (400, "NotImplementedException")
        assert told.body == {"message": "Carnet does not offer sso-oidc:RegisterClient yet."}


def test_two_authenticators_of_one_proof_are_refused(
    tmp_path: Path, tokens: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    brings = {Authenticate.SIGV4: tokens.authenticator}
    monkeypatch.setattr("carnet.assembly.worker.SERVICES", {"sso": portal(tokens, brings)})
    with pytest.raises(ValueError, match="sso brings a second authenticator"), in_process_server(tmp_path):
        pytest.fail("it started")


def register(server: InProcessServer, cookie: str) -> Told:
    body = json.dumps({"clientName": "a", "clientType": "public"}).encode()
    headers = {"Cookie": cookie, "Content-Type": "application/json"}
    return ask(server, "POST", "/client/register", headers, body)


def test_who_has_signed_in_is_decided_by_the_policies_of_the_account(server: InProcessServer) -> None:
    iam = server.client("iam")
    iam.create_user(UserName="ann")
    key = iam.create_access_key(UserName="ann")["AccessKey"]["AccessKeyId"]
    assert register(server, key).code == "AccessDeniedException"
    iam.put_user_policy(UserName="ann", PolicyName="p", PolicyDocument=json.dumps(allow("sso-oauth:*")))
    told = register(server, key)
    assert (told.status, told.body["clientId"].rpartition("/")[2]) == (200, "ann")
    event = audit(server)[-1]
    assert (event["userIdentity"]["userName"], event["sessionCredentialFromConsole"]) == ("ann", "true")
    iam.delete_access_key(UserName="ann", AccessKeyId=key)
    told = register(server, key)
    assert (told.status, told.code) == (400, "UnauthorizedClientException")


@pytest.mark.parametrize(
    ("of", "operation", "authenticate"),
    [
        ("sso", "ListAccounts", Authenticate.SIGV4),
        ("sso", "ListAccounts", Authenticate.ANONYMOUS),
        ("sso", "ListAccounts", Authenticate.COOKIE),
        ("iam", "ListUsers", Authenticate.BEARER),
        ("iam", "ListUsers", Authenticate.COOKIE),
    ],
)
def test_the_model_says_the_same(of: str, operation: str, authenticate: Authenticate) -> None:
    made = Service(of, fault_codes=CODES)
    with pytest.raises(ValueError, match="says otherwise"):
        made.read(operation, on=own, authenticate=authenticate)(lambda call, given: {})


def test_what_the_signed_in_ask_is_decided() -> None:
    made = Service("sso-oidc", fault_codes=CODES)
    with pytest.raises(ValueError, match="nothing decides"):
        made.read("CreateToken", on=anybody, authenticate=Authenticate.COOKIE)(lambda call, given: {})
