"""LookupEvents, as boto3 asks for it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from carnet.audit import history
from carnet.base.faults import Refused
from carnet.services.cloudtrail import lookup_events
from carnet.services.cloudtrail.lookup_events import Pace
from tests.attacks.wire import audit
from tests.server.in_process import InProcessServer, in_process_server

NOW = datetime(2026, 1, 2, tzinfo=UTC)
BY_NAME = {"AttributeKey": "EventName", "AttributeValue": "CreateUser"}


@pytest.fixture
def server(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(lookup_events, "_INTERVAL", timedelta(0))
    with in_process_server(tmp_path) as running:
        yield running


@pytest.fixture
def iam(server: InProcessServer) -> Any:
    made = server.client("iam")
    for name in ("alice", "bob", "carol"):
        made.create_user(UserName=name)
    return made


def user(server: InProcessServer, iam: Any, *actions: str) -> Any:
    """A CloudTrail client of a user who may do that."""
    iam.create_user(UserName="auditor")
    statement = {"Effect": "Allow", "Action": list(actions) or "x:Nothing", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": statement})
    iam.put_user_policy(UserName="auditor", PolicyName="p", PolicyDocument=document)
    key = iam.create_access_key(UserName="auditor")["AccessKey"]
    return server.client("cloudtrail", key["AccessKeyId"], key["SecretAccessKey"])


def names(answer: Any) -> list[tuple[str, str]]:
    return [(event["EventName"], event["Resources"][1]["ResourceName"]) for event in answer["Events"]]


def refused(client: Any, **given: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as problem:
        client.lookup_events(**given)
    error = problem.value.response["Error"]
    return error["Code"], error["Message"]


def test_the_calls_of_the_account_are_told_the_newest_first(server: InProcessServer, iam: Any) -> None:
    answer = server.client("cloudtrail").lookup_events()
    assert names(answer) == [("CreateUser", name) for name in ("carol", "bob", "alice")]
    event = answer["Events"][0]
    record = json.loads(event["CloudTrailEvent"])
    assert event["EventId"] == record["eventID"]
    assert event["EventTime"] == datetime.fromisoformat(record["eventTime"])
    assert (event["EventSource"], event["ReadOnly"], event["Username"]) == ("iam.amazonaws.com", "false", "root")
    assert event["AccessKeyId"] == server.root.access_key_id
    assert event["Resources"][1] == {"ResourceType": "AWS::IAM::User", "ResourceName": "carol"}
    assert record["requestParameters"] == {"userName": "carol"}
    assert "NextToken" not in answer


@pytest.mark.parametrize(
    ("key", "value", "found"),
    [
        ("EventName", "CreateUser", 3),
        ("EventName", "DeleteUser", 0),
        ("ResourceName", "bob", 1),
        ("ResourceType", "AWS::IAM::User", 3),
        ("ReadOnly", "true", 0),
        ("Username", "root", 3),
        ("EventSource", "iam.amazonaws.com", 3),
    ],
)
def test_an_attribute_selects(server: InProcessServer, iam: Any, key: str, value: str, found: int) -> None:
    asked = [{"AttributeKey": key, "AttributeValue": value}]
    assert len(server.client("cloudtrail").lookup_events(LookupAttributes=asked)["Events"]) == found


def test_boto3_pages_through_all_of_them(server: InProcessServer, iam: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history.EventHistory.page, "__kwdefaults__", {"most_bytes": 1_500})
    for _ in range(5):
        iam.list_users()
    pages = server.client("cloudtrail").get_paginator("lookup_events").paginate(LookupAttributes=[BY_NAME])
    told = [names(page) for page in pages]
    assert [name for page in told for name in page] == [("CreateUser", name) for name in ("carol", "bob", "alice")]
    assert [] in told


def test_another_account_is_told_nothing_of_it(server: InProcessServer, iam: Any) -> None:
    from carnet.services.accounts import NewAccounts, create_accounts

    installation = server.installation
    (other,) = create_accounts(
        installation.store,
        installation.keyring,
        installation.ids,
        NewAccounts(names=("other",), emails=("o@example.com",), partition="aws"),
        now=installation.clock(),
    )
    installation.directory.catch_up()
    client = server.client("cloudtrail", other.access_key_id, other.secret_access_key)
    token = server.client("cloudtrail").lookup_events(MaxResults=1)["NextToken"]
    assert client.lookup_events()["Events"] == []
    assert refused(client, NextToken=token)[0] == "InvalidNextTokenException"


def test_policies_decide(server: InProcessServer, iam: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history.EventHistory, "page", None)  # nothing is read for whom it is not allowed
    code, message = refused(user(server, iam))
    assert code == "AccessDeniedException"
    assert "is not authorized to perform: cloudtrail:LookupEvents because no identity-based policy" in message.replace(
        " on resource: *", ""
    )


def test_whom_policies_allow_is_told(server: InProcessServer, iam: Any) -> None:
    assert len(user(server, iam, "cloudtrail:LookupEvents").lookup_events()["Events"]) == 6


def test_statements_of_policies_are_not_told(server: InProcessServer, iam: Any) -> None:
    assert audit(server)[-1]["additionalEventData"]["decisions"]
    for event in server.client("cloudtrail").lookup_events()["Events"]:
        assert list(json.loads(event["CloudTrailEvent"])["additionalEventData"]) == ["decisionId"]


def test_events_are_told_in_their_region(server: InProcessServer, iam: Any) -> None:
    server.client("sts", region="eu-west-1").get_caller_identity()
    events = server.client("cloudtrail", region="eu-west-1").lookup_events()["Events"]
    assert [event["EventName"] for event in events] == ["GetCallerIdentity"]


def test_nothing_older_than_90_days_is_told(server: InProcessServer, iam: Any) -> None:
    server.clock.advance(89 * 86_400)
    client = server.client("cloudtrail")
    assert len(_signed_then(server, client)) == 3
    server.clock.advance(2 * 86_400)
    assert not any(name == "CreateUser" for name, _ in _signed_then(server, client))


def test_what_is_asked_of_the_log_is_bounded(server: InProcessServer, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[history.Query, int]] = []
    page = history.EventHistory.page

    def seen(self: history.EventHistory, query: history.Query, count: int, *more: Any) -> history.EventPage:
        asked.append((query, count))
        return page(self, query, count, *more)

    monkeypatch.setattr(history.EventHistory, "page", seen)
    client, now = server.client("cloudtrail"), server.clock()
    client.lookup_events()
    client.lookup_events(StartTime=now - timedelta(days=200), MaxResults=7)
    assert [count for _, count in asked] == [50, 7]
    for query, _ in asked:
        assert query.since is not None
        assert abs(query.since - (now - timedelta(days=90))) < timedelta(minutes=10)


def _signed_then(server: InProcessServer, client: Any) -> list[tuple[str, str]]:
    """What is told at the server's time, which is that of the signature too."""
    found = server.installation.execution.parts.history.page(
        history.Query(account=server.root.account, since=server.clock() - timedelta(days=90)), 50
    )
    return [(event["eventName"], "") for event in found.events]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"LookupAttributes": [BY_NAME] * 2}, "InvalidLookupAttributesException"),
        ({"StartTime": NOW, "EndTime": NOW - timedelta(seconds=1)}, "InvalidTimeRangeException"),
        ({"NextToken": "x"}, "InvalidNextTokenException"),
        ({"NextToken": "AAAA"}, "InvalidNextTokenException"),
        ({"MaxResults": 51}, "ValidationException"),
        ({"LookupAttributes": [{"AttributeKey": "Nothing", "AttributeValue": "a"}]}, "ValidationException"),
    ],
)
def test_what_cannot_be_looked_up(server: InProcessServer, given: Any, code: str) -> None:
    client = server.client("cloudtrail")
    assert refused(client, **given)[0] == code


def test_times_of_one_moment_are_a_range(server: InProcessServer) -> None:
    assert server.client("cloudtrail").lookup_events(StartTime=NOW, EndTime=NOW)["Events"] == []


def test_there_are_no_insights(server: InProcessServer, iam: Any) -> None:
    assert server.client("cloudtrail").lookup_events(EventCategory="insight")["Events"] == []


def test_a_token_is_of_a_request_with_the_same_parameters(server: InProcessServer, iam: Any) -> None:
    client = server.client("cloudtrail")
    token = client.lookup_events(MaxResults=1)["NextToken"]
    assert len(client.lookup_events(MaxResults=2, NextToken=token)["Events"]) == 2
    assert refused(client, LookupAttributes=[BY_NAME], NextToken=token)[0] == "InvalidNextTokenException"


def test_an_account_may_ask_twice_a_second() -> None:
    pace = Pace()
    pace.keep("1", NOW)
    pace.keep("1", NOW)
    pace.keep("2", NOW)
    with pytest.raises(Refused, match="Rate exceeded"):
        pace.keep("1", NOW)
    with pytest.raises(Refused):
        pace.keep("1", NOW + timedelta(seconds=0.4))
    pace.keep("1", NOW + timedelta(seconds=0.5))
    pace.keep("1", NOW + timedelta(seconds=60))


def test_accounts_that_ask_no_more_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookup_events, "_MANY_ACCOUNTS", 3)
    pace = Pace()
    for number in range(10):
        pace.keep(str(number), NOW + timedelta(minutes=number))
        assert len(pace._next) <= 3
