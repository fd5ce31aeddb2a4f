"""Accounts over HTTP."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import Any

import pytest
from botocore.exceptions import ClientError

from carnet.entities.operator_token import OperatorScope
from carnet.services.accounts import NewAccounts, create_accounts
from tests.attacks.wire import audit
from tests.server.in_process import InProcessServer
from tests.server.own_api.calling import ACCOUNTS, Told, call, operator_token

NEW = {"name": "fresh", "email": "fresh@example.com"}


@pytest.fixture
def token(server: InProcessServer) -> str:
    return operator_token(server, OperatorScope.ACCOUNTS_READ, OperatorScope.ACCOUNTS_WRITE).text


def create(server: InProcessServer, token: str, given: Any) -> Told:
    return call(server, ACCOUNTS, token=token, method="POST", given=given)


def test_a_new_account_has_a_root_key_that_works_at_once(server: InProcessServer, token: str) -> None:
    made = create(server, token, NEW)
    assert (made.status, made.header("cache-control")) == (201, "no-store")
    account, key = made.members["account"], made.members["rootAccessKey"]
    assert account == {
        **NEW,
        "id": account["id"],
        "partition": "aws",
        "created": account["created"],
        "alias": None,
    }
    caller = server.client("sts", key["accessKeyId"], key["secretAccessKey"]).get_caller_identity()
    assert caller["Arn"] == f"arn:aws:iam::{account['id']}:root"
    assert call(server, f"{ACCOUNTS}/{account['id']}", token=token).members == {"account": account}


def test_the_log_and_the_store_know_of_it_without_the_secret(server: InProcessServer, token: str) -> None:
    made = create(server, token, NEW)
    secret = made.members["rootAccessKey"]["secretAccessKey"]
    event = audit(server)[-1]
    assert event["responseElements"] == {
        "account": made.members["account"],
        "rootAccessKey": {"accessKeyId": made.members["rootAccessKey"]["accessKeyId"]},
    }
    with closing(sqlite3.connect(server.installation.settings.data_dir / "carnet.db")) as connection:
        (stored,) = connection.execute("SELECT event FROM audit_events ORDER BY seq DESC LIMIT 1").fetchone()
    assert json.loads(stored) == {**event, "log": server.installation.recorder.log}
    assert secret not in stored
    assert secret not in server.installation.settings.audit_file.read_text()


def test_an_account_may_be_given_its_id_once(server: InProcessServer, token: str) -> None:
    given = {**NEW, "id": "012345678901"}
    made = create(server, token, given)
    assert made.members["account"]["id"] == "012345678901"
    key = made.members["rootAccessKey"]
    caller = server.client("sts", key["accessKeyId"], key["secretAccessKey"]).get_caller_identity()
    assert caller["Account"] == "012345678901"
    refused = create(server, token, given)
    assert (refused.status, refused.code) == (409, "AlreadyExists")
    assert "012345678901" in refused.message


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (b"", "The body is not right: Input data was truncated."),
        (b"{", "The body is not right: Input data was truncated."),
        (b"[]", "The body is not right: Expected `object`, got `array`."),
        (b"[" * 100_000, "The body is not right: Expected `object`, got `array`."),
        (b'{"name": ' + b"[" * 100_000, "The body is not right: Expected `str`, got `array` - at `$.name`."),
        (b'{"x": ' + b"[" * 100_000, "The body is not right: Object contains unknown field `x`."),
        (b'{"name": "\xff"}', "The body is not right: "),
        ({}, "The body is not right: Object missing required field `name`."),
        ({"name": "x"}, "The body is not right: Object missing required field `email`."),
        ({**NEW, "name": 1}, "The body is not right: Expected `str`, got `int` - at `$.name`."),
        ({**NEW, "admin": True}, "The body is not right: Object contains unknown field `admin`."),
        ({**NEW, "id": "1" * 11}, "The id of an account has 12 digits."),
        ({**NEW, "id": ""}, "The id of an account has 12 digits."),
        ({**NEW, "id": "\u0661" * 12}, "The id of an account has 12 digits."),
        ({**NEW, "name": ""}, "The name of an account has 1 to 50 printable ASCII characters."),
        ({**NEW, "name": "x" * 51}, "The name of an account has 1 to 50 printable ASCII characters."),
        ({**NEW, "email": "nobody"}, "The email address of an account has 6 to 64 ASCII characters"),
    ],
)
def test_what_is_not_right_makes_nothing(server: InProcessServer, token: str, given: Any, told: str) -> None:
    refused = create(server, token, given)
    assert (refused.status, refused.code) == (400, "InvalidRequest")
    assert refused.message.startswith(told)
    assert len(server.installation.directory.snapshot.accounts) == 1


def test_pages_follow_each_other(server: InProcessServer, token: str) -> None:
    parts = server.installation
    names = [f"account-{number}" for number in range(5)]
    create_accounts(
        parts.store,
        parts.keyring,
        parts.ids,
        NewAccounts(names=names, emails=["root@example.com"] * 5, partition="aws"),
        now=server.clock(),
    )
    parts.directory.catch_up()
    listed: list[str] = []
    sizes: list[int] = []
    following: str | None = ""
    while following is not None:
        page = call(server, f"{ACCOUNTS}?limit=2&after={following}", token=token).members
        sizes.append(len(page["accounts"]))
        listed += [account["id"] for account in page["accounts"]]
        following = page.get("next")
    assert sizes == [2, 2, 2]
    assert listed == sorted(parts.directory.snapshot.accounts)
    assert call(server, ACCOUNTS, token=token).members.keys() == {"accounts"}


@pytest.mark.parametrize(("limit", "status"), [("1", 200), ("1000", 200), ("0", 400), ("1001", 400), ("x", 400)])
def test_a_page_has_its_limits(server: InProcessServer, token: str, limit: str, status: int) -> None:
    assert call(server, f"{ACCOUNTS}?limit={limit}", token=token).status == status


@pytest.mark.parametrize("query", ["limit=1&limit=2", "limits=1", "limit", "%ff=1", "&".join(["a=1"] * 33)])
def test_a_query_that_is_not_right_is_refused(server: InProcessServer, token: str, query: str) -> None:
    refused = call(server, f"{ACCOUNTS}?{query}", token=token)
    assert (refused.status, refused.code) == (400, "InvalidRequest")


def test_a_deleted_account_is_gone_with_its_key(server: InProcessServer, token: str) -> None:
    made = create(server, token, NEW)
    path, key = f"{ACCOUNTS}/{made.members['account']['id']}", made.members["rootAccessKey"]
    deleted = call(server, path, token=token, method="DELETE")
    assert (deleted.status, deleted.members) == (200, {"id": made.members["account"]["id"], "rows": 2})
    event = audit(server)[-1]
    assert (event["eventName"], event["responseElements"]) == ("DeleteAccount", deleted.members)
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        server.client("sts", key["accessKeyId"], key["secretAccessKey"]).get_caller_identity()
    for method in ("GET", "DELETE"):
        assert call(server, path, token=token, method=method).status == 404


def test_an_account_that_is_closed_is_opened_again(server: InProcessServer, token: str) -> None:
    founder = create(server, token, NEW).members["rootAccessKey"]
    organizations = server.client("organizations", founder["accessKeyId"], founder["secretAccessKey"])
    organization = organizations.create_organization(FeatureSet="ALL")["Organization"]["Id"]
    made = create(server, token, {**NEW, "organization": organization}).members
    account, key = made["account"]["id"], made["rootAccessKey"]
    organizations.close_account(AccountId=account)
    opened = call(server, f"{ACCOUNTS}/{account}/reopen", token=token, method="POST")
    assert (opened.status, opened.members) == (200, {"id": account})
    assert audit(server)[-1]["eventName"] == "ReopenAccount"
    caller = server.client("sts", key["accessKeyId"], key["secretAccessKey"]).get_caller_identity()
    assert caller["Account"] == account
    again = call(server, f"{ACCOUNTS}/{account}/reopen", token=token, method="POST")
    assert (again.status, again.message) == (400, f"The account {account} is not closed.")


def test_an_account_that_is_not_there(server: InProcessServer, token: str) -> None:
    refused = call(server, f"{ACCOUNTS}/111122223333", token=token)
    assert (refused.status, refused.code) == (404, "NotFound")
    assert refused.message == "There is no account 111122223333."


def test_an_account_is_a_member_of_the_organization_that_is_named(server: InProcessServer, token: str) -> None:
    founder = create(server, token, NEW).members["rootAccessKey"]
    client = server.client("organizations", founder["accessKeyId"], founder["secretAccessKey"])
    organization = client.create_organization()["Organization"]["Id"]
    made = create(server, token, {**NEW, "organization": organization})
    assert made.status == 201
    key = made.members["rootAccessKey"]
    member = server.client("organizations", key["accessKeyId"], key["secretAccessKey"])
    assert member.describe_organization()["Organization"]["Id"] == organization
    assert made.members["account"]["id"] in [one["Id"] for one in client.list_accounts()["Accounts"]]
    nowhere = create(server, token, {**NEW, "organization": "o-nothere123"})
    assert (nowhere.status, nowhere.members["message"]) == (404, "There is no organization o-nothere123.")
