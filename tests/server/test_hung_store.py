"""A database that hangs: what needs it besides changes is refused, and what does not is done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.entities.operator_token import OperatorScope
from tests.attacks.wire import Holder
from tests.console.browsing import Browser
from tests.mail.post_office import PostOffice, post_office
from tests.policy.long_policies import APART, put_under_long_policies, watch_reading
from tests.server.in_process import InProcessServer, in_process_server
from tests.server.own_api.calling import ACCOUNTS, call, operator_token, signed_call
from tests.services.signin.asking import sign_in_client
from tests.stores.postgresql import PostgresqlServer, running_server, soon_silent

PASSWORD = "Correct-horse-1"


@pytest.fixture
def database() -> Iterator[PostgresqlServer]:
    yield from running_server()


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with post_office() as office:
        yield office


@pytest.fixture
def server(tmp_path: Path, database: PostgresqlServer, office: PostOffice) -> Iterator[InProcessServer]:
    """It goes on with a database that hangs no longer when the test ends."""
    with in_process_server(
        tmp_path,
        database_url=soon_silent(database.new_database(patient=False)),
        password_hash_kib=8,
        smtp_url=office.url,
        mail_from="a@b.example",
    ) as running:
        yield running
        database.go_on()


def test_long_policies_are_read_meanwhile(
    server: InProcessServer, database: PostgresqlServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    iam = server.client("iam")
    iam.create_user(UserName="alice")
    put_under_long_policies(iam, "alice")
    alice = Holder.of(iam.create_access_key(UserName="alice")["AccessKey"])
    read = watch_reading(monkeypatch)
    database.hang()
    assert signed_call(server, alice, "/_carnet/v1/status").status == 200
    assert any(thread.startswith(APART) for thread in read)
    assert server.client("iam", alice.key_id, alice.secret).get_user()["User"]["UserName"] == "alice"


def test_nobody_signs_in_meanwhile(server: InProcessServer, database: PostgresqlServer) -> None:
    """Attempts are counted in the store before a password is looked at, so none is looked at."""
    iam = server.client("iam")
    iam.create_user(UserName="alice")
    iam.create_login_profile(UserName="alice", Password=PASSWORD)
    browser, who = Browser(server), {"account": server.root.account, "name": "alice"}
    database.hang()
    for password in (PASSWORD, "wrong"):
        page = browser.sign_in(**who, password=password)
        assert (page.status, page.told["code"]) == (503, "ServiceUnavailable")
    assert not browser.is_signed_in()


def test_no_mail_is_sent_meanwhile(server: InProcessServer, database: PostgresqlServer, office: PostOffice) -> None:
    """It would name a link that no store knows."""
    now, base = server.clock(), f"{ACCOUNTS}/{server.root.account}/identity-center"
    operator = operator_token(server, OperatorScope.PEOPLE_RESET, OperatorScope.ACCOUNTS_WRITE).text
    assert call(server, base, token=operator, method="POST", given={}).status == 201
    mary = IdentityStoreUser(
        id="0123456789-1",
        account=server.root.account,
        identity_store="d-0123456789",
        user_name="Mary",
        attributes={"Emails": [{"Value": "mary@example.com"}]},
        created=now,
        created_by="test",
        updated=now,
        updated_by="test",
    )
    with server.installation.store.write() as unit:
        unit.add(mary)
    server.installation.directory.catch_up()
    database.hang()
    path = f"{base}/mailed-invitations"
    refused = call(server, path, token=operator, method="POST", given={"user": "mary"})
    assert (refused.status, refused.code) == (503, "ServiceUnavailable")
    assert office.mails == []


def test_tokens_of_sign_in_are_made_and_introspected_meanwhile(
    server: InProcessServer, database: PostgresqlServer
) -> None:
    """What is in them needs no store; who revokes one is told that nothing was changed."""
    client = sign_in_client(server)
    asked = {"grantType": "client_credentials", "resource": "aws-mcp.amazonaws.com"}
    before = client.create_bearer_token(**asked)["accessToken"]
    database.hang()
    for token in (before, client.create_bearer_token(**asked)["accessToken"]):
        assert client.introspect_oauth2_token_with_iam(token=token)["sub"] == f"arn:aws:iam::{server.root.account}:root"
    with pytest.raises(ClientError, match="ServiceUnavailable"):
        client.revoke_oauth2_token_with_iam(token="ASOR" + "A" * 60)
