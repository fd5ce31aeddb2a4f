"""`aws login`: consent in a browser, then credentials for the program that has asked."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from botocore.exceptions import ClientError

from carnet.entities.browser_session import BrowserSession
from carnet.entities.entity import name_key
from carnet.entities.oauth_session import LONGEST_CODE, OAuthSession
from carnet.entities.user import User
from tests.attacks.wire import audit
from tests.bearer.proofs import Prover
from tests.console.browsing import Browser
from tests.console.conftest import Site
from tests.services.iam.documents import allow
from tests.services.signin.asking import sign_in_client
from tests.services.sso_oidc.people import CHALLENGE, VERIFIER

REDIRECT = "http://127.0.0.1:51234/oauth/callback"
SAME, CROSS = (f"arn:aws:signin:::devtools/{kind}-device" for kind in ("same", "cross"))
ALLOWED = allow("signin:AuthorizeOAuth2Access", "signin:CreateOAuth2Token", "iam:GetUser")
DENIED = {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "signin:*", "Resource": "*"}}


class Program:
    """The AWS CLI, which asks a user for leave."""

    def __init__(self, site: Site, client: str = SAME, redirect: str = REDIRECT, **policy: Any) -> None:
        self.site, self.client, self.redirect = site, client, redirect
        self.prover = Prover()
        self.user = site.user()
        self.allow(policy or ALLOWED)
        self.browser = site.browser
        assert site.sign_in(self.browser, self.user)["next"] == "done"

    def allow(self, policy: dict[str, Any]) -> None:
        self.site.iam.put_user_policy(UserName=self.user, PolicyName="p", PolicyDocument=json.dumps(policy))

    def query(self, **changed: str) -> str:
        return urlencode(
            {
                "response_type": "code",
                "client_id": self.client,
                "state": "the-state",
                "code_challenge_method": "SHA-256",
                "scope": "openid",
                "redirect_uri": self.redirect,
                "code_challenge": CHALLENGE,
            }
            | changed
        )

    def approve(self, answer: str = "allow", **changed: str) -> Any:
        path = f"/v1/authorize?{self.query(**changed)}"
        given = {"kind": "login", "query": self.query(**changed), "answer": answer}
        return self.browser.ask("POST", "/console/approve", given, x_carnet_csrf=self.browser.csrf(path))

    def code(self) -> str:
        page = self.approve()
        assert page.status == 200, page.text
        to: str = page.told["to"]
        assert to.startswith(f"{self.redirect}?")
        fields = parse_qs(urlsplit(to).query)
        assert fields["state"] == ["the-state"]
        return fields["code"][0]

    def token(self, prover: Prover | None = None, proof: str = "", **given: str) -> Any:
        """What CreateOAuth2Token answers."""
        url = f"http://{self.browser.host}/v1/token"
        made = proof or (prover or self.prover).proof(url, self.site.server.clock())
        page = Browser(self.site.server).ask(
            "POST", "/v1/token", {"clientId": self.client, **given}, dpop=made, origin="", sec_fetch_site=""
        )
        return page.status, page.told

    def redeem(self, code: str, **changed: str) -> Any:
        given: dict[str, Any] = {
            "grantType": "authorization_code",
            "redirectUri": self.redirect,
            "codeVerifier": VERIFIER,
        } | changed
        return self.token(code=code, **given)

    def refresh(self, token: str, **changed: Any) -> Any:
        return self.token(grantType="refresh_token", refreshToken=token, **changed)

    def begun(self) -> dict[str, Any]:
        status, told = self.redeem(self.code())
        assert status == 200, told
        result: dict[str, Any] = told
        return result


@pytest.fixture
def program(site: Site) -> Program:
    return Program(site)


def test_a_program_gets_credentials_of_the_user(site: Site, program: Program) -> None:
    told = program.begun()
    assert (told["tokenType"], told["expiresIn"]) == ("aws_sigv4", 900)
    access = told["accessToken"]
    keys = {"key": access["accessKeyId"], "secret": access["secretAccessKey"], "token": access["sessionToken"]}
    arn = f"arn:aws:iam::{site.account}:user/{program.user}"
    assert site.server.client("sts", **keys).get_caller_identity()["Arn"] == arn
    assert site.server.client("iam", **keys).get_user()["User"]["UserName"] == program.user
    claims = json.loads(base64.urlsafe_b64decode(told["idToken"].split(".")[1] + "=="))
    assert (claims["sub"], claims["aud"]) == (arn, SAME)


def test_the_credentials_assume_roles_and_make_no_longer_ones(site: Site, program: Program) -> None:
    program.allow(allow("signin:*", "sts:*"))
    access = program.begun()["accessToken"]
    sts = site.server.client("sts", access["accessKeyId"], access["secretAccessKey"], access["sessionToken"])
    trust = {"Effect": "Allow", "Principal": {"AWS": site.account}, "Action": "sts:AssumeRole"}
    name = f"role-{program.user}"
    document = json.dumps({"Version": "2012-10-17", "Statement": trust})
    role = site.iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]
    assert sts.assume_role(RoleArn=role["Arn"], RoleSessionName="session")["Credentials"]
    with pytest.raises(ClientError, match="Cannot call GetSessionToken with session credentials"):
        sts.get_session_token()


@pytest.mark.parametrize("client", [SAME, CROSS])
def test_a_code_ends_with_the_browser_that_was_signed_out_from_elsewhere(site: Site, client: str) -> None:
    """Whoever holds a stolen browser keeps no code back for a session that nobody knows of."""
    program = Program(site, client, REDIRECT if client == SAME else "http://127.0.0.1:4747/v1/sessions/confirmation")
    code = carried_code(program)
    view = site.server.installation.directory.snapshot.accounts[site.account]
    user = view.of(User).named(name_key(program.user))
    assert user is not None
    (stolen,) = view.of(BrowserSession).referring("holder", user.id)
    other = site.browser
    assert site.sign_in(other, program.user)["next"] == "done"
    ended = other.ask("DELETE", f"/console/sessions/{stolen.id}", x_carnet_csrf=other.csrf())
    assert ended.status == 200
    status, told = program.redeem(code)
    assert (status, told["error"]) == (400, "AUTHCODE_EXPIRED")


def carried_code(program: Program) -> str:
    """The code, which on another machine a person types."""
    if program.client == SAME:
        return program.code()
    return parse_qs(base64.b64decode(program.approve().told["message"]).decode())["code"][0]


def test_the_page_says_who_asks_and_sends_nobody_anywhere(site: Site, program: Program) -> None:
    page = program.browser.get(f"/v1/authorize?{program.query()}")
    assert page.status == 200
    assert REDIRECT in page.text
    assert program.user in page.text
    assert (page.header("x-frame-options"), page.header("referrer-policy")) == ("DENY", "no-referrer")
    assert "frame-ancestors 'none'" in (page.header("content-security-policy") or "")


def test_who_has_not_signed_in_signs_in_first(site: Site, program: Program) -> None:
    page = site.browser.get(f"/v1/authorize?{program.query()}")
    assert page.status == 303
    assert (page.header("location") or "").startswith("/console/sign-in?to=%2Fv1%2Fauthorize%3F")


def test_nobody_consents_from_another_page(site: Site, program: Program) -> None:
    query, csrf = program.query(), program.browser.csrf()
    given = {"kind": "login", "query": query, "answer": "allow"}
    for headers in (
        {},
        {"x_carnet_csrf": "0" * 64},
        {"x_carnet_csrf": csrf, "origin": "http://evil.example"},
        {"x_carnet_csrf": csrf, "origin": ""},
        {"x_carnet_csrf": csrf, "sec_fetch_site": "cross-site"},
    ):
        page = program.browser.ask("POST", "/console/approve", given, **headers)
        assert (page.status, page.told["code"]) == (403, "CrossSiteRequest")
    stranger = site.browser.ask("POST", "/console/approve", given, x_carnet_csrf=csrf)
    assert (stranger.status, stranger.told["code"]) == (401, "SignedOut")


def test_a_refusal_is_told(program: Program) -> None:
    assert program.approve("deny").told == {"to": f"{REDIRECT}?error=access_denied&state=the-state"}


@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": "x"},
        {"redirect_uri": "http://evil.example/oauth/callback"},
        {"redirect_uri": "http://127.0.0.1.evil.example/oauth/callback"},
        {"redirect_uri": "http://localhost:4747/v1/sessions/confirmation?x=1"},
        {"response_type": "token"},
        {"scope": "email"},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": "S256"},
        {"code_challenge": "x"},
        {"state": ""},
        {"state": "a\r\nb"},
    ],
)
def test_other_questions_are_not_asked(program: Program, changed: dict[str, str]) -> None:
    page = program.browser.get(f"/v1/authorize?{program.query(**changed)}")
    assert (page.status, page.header("location")) == (400, None)
    given = {"kind": "login", "query": program.query(**changed), "answer": "allow"}
    page = program.browser.ask("POST", "/console/approve", given, x_carnet_csrf=program.browser.csrf())
    assert page.status == 400


def test_a_field_that_is_there_twice_is_not_read(program: Program) -> None:
    assert program.browser.get(f"/v1/authorize?{program.query()}&state=other").status == 400


def test_on_another_machine_the_person_carries_the_code(site: Site) -> None:
    program = Program(site, CROSS, "http://127.0.0.1:4747/v1/sessions/confirmation")
    carried = parse_qs(base64.b64decode(program.approve().told["message"]).decode())
    assert carried["state"] == ["the-state"]
    site.later(299)
    status, told = program.redeem(carried["code"][0])
    assert status == 200
    assert json.loads(base64.urlsafe_b64decode(told["idToken"].split(".")[1] + "=="))["aud"] == CROSS


def refused(answer: Any, error: str) -> None:
    status, told = answer
    assert (status, told["error"]) == (400, error)


def test_a_code_lives_for_a_minute(site: Site, program: Program) -> None:
    code = program.code()
    site.later(60)
    refused(program.redeem(code), "AUTHCODE_EXPIRED")


def test_a_code_that_is_used_twice_ends_the_session(program: Program) -> None:
    code = program.code()
    _, told = program.redeem(code)
    refused(program.redeem(code), "AUTHCODE_EXPIRED")
    refused(program.refresh(told["refreshToken"]), "TOKEN_EXPIRED")


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"codeVerifier": "w" * 43}, "INVALID_REQUEST"),
        ({"redirectUri": "http://127.0.0.1:1/oauth/callback"}, "AUTHCODE_EXPIRED"),
        ({"clientId": CROSS}, "AUTHCODE_EXPIRED"),
    ],
)
def test_a_code_is_bound(program: Program, changed: dict[str, str], error: str) -> None:
    code = program.code()
    refused(program.redeem(code, **changed), error)
    assert program.redeem(code)[0] == 200


def test_tokens_are_refreshed_as_long_as_the_session_lasts(site: Site, program: Program) -> None:
    told = program.begun()
    for _ in range(2):
        site.later(899)
        status, told = program.refresh(told["refreshToken"])
        assert (status, "idToken" in told) == (200, False)
    site.later(12 * 3600)
    refused(program.refresh(told["refreshToken"]), "TOKEN_EXPIRED")


def test_a_refresh_token_has_one_successor_and_ends_the_session_afterwards(site: Site, program: Program) -> None:
    first = program.begun()["refreshToken"]
    _, second = program.refresh(first)
    assert program.refresh(first)[0] == 200
    site.later(61)
    refused(program.refresh(first), "TOKEN_EXPIRED")
    refused(program.refresh(second["refreshToken"]), "TOKEN_EXPIRED")


def test_a_refresh_token_is_worth_nothing_without_the_key(program: Program) -> None:
    first = program.begun()["refreshToken"]
    _, second = program.refresh(first)
    for token in (first, second["refreshToken"]):
        refused(program.refresh(token, prover=Prover()), "TOKEN_EXPIRED")
    assert program.refresh(second["refreshToken"])[0] == 200


def test_a_proof_counts_once(site: Site, program: Program) -> None:
    token = program.begun()["refreshToken"]
    proof = program.prover.proof(f"http://{program.browser.host}/v1/token", site.server.clock())
    status, told = program.refresh(token, proof=proof)
    assert status == 200
    for again in (token, told["refreshToken"]):
        refused(program.refresh(again, proof=proof), "INVALID_REQUEST")
    assert program.refresh(told["refreshToken"])[0] == 200


def test_a_proof_is_needed(program: Program) -> None:
    status, told = program.token(proof="x", grantType="refresh_token", refreshToken="x")
    assert (status, told["message"]) == (400, "Invalid DPoP proof: it is no JWT.")


def test_who_is_not_allowed_gets_no_code(site: Site) -> None:
    page = Program(site, **allow("iam:GetUser")).approve()
    assert (page.status, "signin:AuthorizeOAuth2Access" in page.told["message"]) == (403, True)


def test_a_deny_ends_it_at_the_next_refresh(program: Program) -> None:
    told = program.begun()
    program.allow(DENIED)
    refused(program.refresh(told["refreshToken"]), "INSUFFICIENT_PERMISSIONS")
    program.allow(ALLOWED)
    assert program.refresh(told["refreshToken"])[0] == 200


def test_a_changed_password_ends_it(site: Site, program: Program) -> None:
    told = program.begun()
    site.later(1)
    site.iam.update_login_profile(UserName=program.user, Password="Another-horse-2")
    refused(program.refresh(told["refreshToken"]), "USER_CREDENTIALS_CHANGED")


def test_a_deleted_user_ends_it(site: Site, program: Program) -> None:
    code, told = program.code(), program.begun()
    site.iam.delete_login_profile(UserName=program.user)
    refused(program.redeem(code), "USER_CREDENTIALS_CHANGED")
    site.iam.delete_user_policy(UserName=program.user, PolicyName="p")
    site.iam.delete_user(UserName=program.user)
    refused(program.refresh(told["refreshToken"]), "TOKEN_EXPIRED")


def test_the_mfa_that_was_given_counts_and_its_device_binds(site: Site, program: Program) -> None:
    serial, seed = site.app(program.user)
    program.browser = site.browser
    flow = site.sign_in(program.browser, program.user)["flow"]
    site.later()
    assert program.browser.step("code", flow=flow, code=site.code(seed)).told["next"] == "done"
    only_mfa = {"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}, "Resource": "*", "Effect": "Allow"}
    program.allow({"Version": "2012-10-17", "Statement": {**only_mfa, "Action": "signin:*"}})
    told = program.begun()
    site.iam.deactivate_mfa_device(UserName=program.user, SerialNumber=serial)
    refused(program.refresh(told["refreshToken"]), "USER_CREDENTIALS_CHANGED")


def test_nothing_of_it_is_in_the_log_or_the_store(site: Site, program: Program) -> None:
    code = program.code()
    _, told = program.redeem(code)
    written = json.dumps(audit(site.server)[-20:])
    kept = repr(list(site.server.installation.directory.snapshot.accounts[site.account].of(OAuthSession)))
    for secret in (code, told["refreshToken"], told["idToken"], told["accessToken"]["secretAccessKey"], VERIFIER):
        assert secret not in written
        assert secret not in kept


def signin(site: Site, *keys: str) -> Any:
    """AWS Sign-In of the site."""
    return sign_in_client(site.server, *keys)


def names(answer: Any, member: str = "items") -> list[str]:
    return [one["sessionArn"] for one in answer[member]]


@pytest.fixture
def mine(site: Site, program: Program) -> Any:
    """AWS Sign-In, asked with the credentials of the program."""
    program.allow(allow("signin:*"))
    access = program.begun()["accessToken"]
    return signin(site, access["accessKeyId"], access["secretAccessKey"], access["sessionToken"])


def test_a_principal_sees_its_sessions(site: Site, program: Program, mine: Any) -> None:
    (one,) = mine.list_sessions()["items"]
    arn = f"arn:aws:iam::{site.account}:user/{program.user}"
    assert (one["principalArn"], one["status"], one["clientId"]) == (arn, "ACTIVE", SAME)
    assert one["sessionArn"].startswith(f"arn:aws:signin:us-east-1:{site.account}:session/")
    assert one["expiresAt"] - one["issuedAt"] == 12 * 3600
    told = mine.get_session(sessionArn=one["sessionArn"])
    assert {name: told[name] for name in one} == one
    assert told["lastUsedAt"] == one["issuedAt"]
    site.later(12 * 3600)
    assert names(signin(site).list_sessions(principalArn=arn)) == []


def test_sessions_are_filtered_and_come_in_pages(site: Site, program: Program, mine: Any) -> None:
    site.later(10)
    program.begun()
    first, second = mine.list_sessions()["items"]
    assert names(mine.list_sessions(issuedAfter=second["issuedAt"])) == [second["sessionArn"]]
    assert names(mine.list_sessions(issuedBefore=second["issuedAt"])) == [first["sessionArn"]]
    assert names(mine.list_sessions(clientId=CROSS)) == []
    page = mine.list_sessions(maxResults=1)
    assert names(page) == [first["sessionArn"]]
    assert names(mine.list_sessions(maxResults=1, nextToken=page["nextToken"])) == [second["sessionArn"]]
    with pytest.raises(ClientError, match="ValidationException"):
        mine.list_sessions(nextToken="x")


def test_whoever_may_sees_and_ends_those_of_others(site: Site, program: Program) -> None:
    told = program.begun()
    arn = f"arn:aws:iam::{site.account}:user/{program.user}"
    root = signin(site)
    assert names(root.list_sessions()) == []
    (mine,) = names(root.list_sessions(principalArn=arn))
    assert mine in names(root.list_sessions(principalArn=f"arn:aws:iam::{site.account}:*"))
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        root.get_session(sessionArn=mine)
    left = root.batch_revoke_sessions(sessionArns=[mine])
    assert (names(left, "revokedSessions"), left["errors"][0]["code"]) == ([], "ResourceNotFoundException")
    assert program.refresh(told["refreshToken"])[0] == 200
    for _ in range(2):
        assert names(root.batch_revoke_sessions(principalArn=arn, sessionArns=[mine]), "revokedSessions") == [mine]
    refused(program.refresh(told["refreshToken"]), "TOKEN_EXPIRED")
    assert names(root.list_sessions(principalArn=arn, status="ACTIVE")) == []
    assert names(root.list_sessions(principalArn=arn, status="REVOKED")) == [mine]


def test_sessions_of_another_account_are_not_asked_for(site: Site) -> None:
    root = signin(site)
    with pytest.raises(ClientError, match="ValidationException"):
        root.list_sessions(principalArn="arn:aws:iam::999999999999:*")
    keys = site.iam.create_access_key(UserName=site.user())["AccessKey"]
    nobody = signin(site, keys["AccessKeyId"], keys["SecretAccessKey"])
    for ask in (nobody.list_sessions, lambda: nobody.batch_revoke_sessions(sessionArns=["x"])):
        with pytest.raises(ClientError, match="AccessDenied"):
            ask()


def test_refresh_tokens_are_introspected_and_revoked(site: Site, program: Program) -> None:
    root, token = signin(site), program.begun()["refreshToken"]
    told = root.introspect_oauth2_token_with_iam(token=token)
    assert (told["active"], told["tokenType"], told["accountId"]) == (True, "refresh_token", site.account)
    assert told["sub"] == f"arn:aws:iam::{site.account}:user/{program.user}"
    _, next_one = program.refresh(token)
    root.revoke_oauth2_token_with_iam(token=token)
    refused(program.refresh(next_one["refreshToken"]), "TOKEN_EXPIRED")
    for text in (token, next_one["refreshToken"], "ASOR" + "A" * 60, "ASOAx"):
        assert root.introspect_oauth2_token_with_iam(token=text)["active"] is False
    assert root.revoke_oauth2_token_with_iam(token="ASOR" + "A" * 60)["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_tokens_for_services_are_made_by_signed_requests(site: Site, program: Program) -> None:
    program.allow(allow("signin:CreateOAuth2Token", "signin:CreateBearerToken"))
    access = program_keys(site, program)
    asked = {"grantType": "client_credentials", "resource": "aws-mcp.amazonaws.com"}
    made = [access.create_oauth2_token_with_iam(**asked), access.create_bearer_token(**asked, durationSeconds=300)]
    for told in made:
        claims = signin(site).introspect_oauth2_token_with_iam(token=told["accessToken"])
        assert claims["sub"] == f"arn:aws:iam::{site.account}:user/{program.user}"
    assert all(told["accessToken"] not in json.dumps(audit(site.server)[-20:]) for told in made)
    with pytest.raises(ClientError, match="ValidationException"):
        access.create_bearer_token(**asked, durationSeconds=43_201)
    with pytest.raises(ClientError, match="ValidationException"):
        access.create_oauth2_token_with_iam(**asked | {"resource": "mcp.example.com"})


def program_keys(site: Site, program: Program) -> Any:
    """AWS Sign-In, asked with an access key of the program's user."""
    key = site.iam.create_access_key(UserName=program.user)["AccessKey"]
    return signin(site, key["AccessKeyId"], key["SecretAccessKey"])


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("signin:OAuthClientId", SAME),
        ("signin:OAuthRedirectUri", "http://127.0.0.1:*"),
        ("signin:OAuthGrantType", "authorization_code"),
        ("signin:OAuthClientAuthentication", "none"),
    ],
)
def test_policies_hold_for_clients_grants_and_redirects(program: Program, key: str, value: str) -> None:
    consent = key in ("signin:OAuthClientId", "signin:OAuthRedirectUri")
    program.allow(where(key, value, consent=consent))
    _, told = program.redeem(program.code())
    program.allow(where(key, "refresh_token" if key == "signin:OAuthGrantType" else value, consent=consent))
    assert program.refresh(told["refreshToken"])[0] == 200
    program.allow(where(key, "other", consent=consent))
    if consent:
        assert program.approve().status == 403
    else:
        refused(program.redeem(program.code()), "INSUFFICIENT_PERMISSIONS")


def where(key: str, value: str, *, consent: bool) -> dict[str, Any]:
    """What allows `aws login` for that value alone; `consent`: its beginning, too."""
    restricted = {"Effect": "Allow", "Resource": "*", "Condition": {"StringLike": {key: value}}}
    create = {**restricted, "Action": "signin:CreateOAuth2Token"}
    authorize = {"Effect": "Allow", "Resource": "*"} if not consent else restricted
    return {"Version": "2012-10-17", "Statement": [create, {**authorize, "Action": "signin:AuthorizeOAuth2Access"}]}


def test_an_old_refresh_token_says_nothing_and_revokes_nothing(program: Program, site: Site) -> None:
    root, token = signin(site), program.begun()["refreshToken"]
    _, second = program.refresh(token)
    _, third = program.refresh(second["refreshToken"])
    assert root.introspect_oauth2_token_with_iam(token=token)["active"] is False
    root.revoke_oauth2_token_with_iam(token=token)
    assert program.refresh(third["refreshToken"])[0] == 200


def test_a_session_has_so_many_proofs_at_once(site: Site, program: Program) -> None:
    told = program.begun()
    for _ in range(31):
        status, told = program.refresh(told["refreshToken"])
        assert status == 200
    for wait in (0, 599):
        site.later(wait)
        status, answer = program.refresh(told["refreshToken"])
        assert (status, answer["error"]) == (429, "rate_exceeded")
    site.later(1)
    assert program.refresh(told["refreshToken"])[0] == 200


def test_who_signs_in_again_and_again_fills_no_store(
    site: Site, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("carnet.services.oauth_sessions.MOST_SESSIONS", 2)
    tokens = []
    for _ in range(2):
        tokens.append(program.begun()["refreshToken"])
        site.later(1)
    code = program.code()
    assert program.redeem(code) == (429, {"error": "rate_exceeded", "message": "Rate exceeded"})
    site.later(LONGEST_CODE.total_seconds())
    tokens.append(program.begun()["refreshToken"])
    assert [program.refresh(each)[0] for each in tokens] == [400, 200, 200]
