"""Events are found by what CloudTrail finds them by, a page at a time."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from carnet.audit.history import ATTRIBUTES, EventHistory, Query, resources
from carnet.audit.json_line import line_of
from carnet.audit.logs import FileLog, Log, MemoryLog
from carnet.base.timestamps import iso_seconds

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
MINE, OTHER = "111122223333", "444455556666"


def event(number: int, *, account: str | None = MINE, name: str = "alice", **more: Any) -> dict[str, Any]:
    arn = f"arn:aws:iam::{account}:user/path/{name}"
    return {
        "userIdentity": {"type": "IAMUser", "arn": arn, "userName": name, "accessKeyId": f"AKIA{name}"},
        "eventTime": iso_seconds(NOW + timedelta(minutes=number)),
        "eventSource": "iam.amazonaws.com",
        "eventName": "CreateUser",
        "awsRegion": "us-east-1",
        "additionalEventData": {"decisions": [{"action": "iam:CreateUser", "resource": arn, "verdict": "allowed"}]},
        "eventID": f"e-{number}",
        "readOnly": False,
        "recipientAccountId": account,
        **more,
    }


@pytest.fixture(params=["file", "memory"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Log:
    return FileLog(tmp_path / "audit.jsonl") if request.param == "file" else MemoryLog()


def written(log: Log, *events: dict[str, Any]) -> EventHistory:
    lines = log.open()
    lines.write(b"".join(map(line_of, events)))
    lines.close()
    return EventHistory(log)


def ids(history: EventHistory, **given: Any) -> list[str]:
    return [one["eventID"] for one in history.all(Query(**given))]


def test_each_account_finds_its_own_the_newest_first(log: Log) -> None:
    history = written(log, event(1), event(2, account=OTHER), event(3), event(4, account=None))
    assert ids(history, account=MINE) == ["e-3", "e-1"]
    assert ids(history) == ["e-4", "e-3", "e-2", "e-1"]


def test_an_account_is_not_found_by_what_a_caller_wrote(log: Log) -> None:
    text = f'"recipientAccountId":"{MINE}"'
    named = {"recipientAccountId": MINE}
    history = written(log, event(1, account=OTHER, userAgent=text), event(2, account=OTHER, requestParameters=named))
    assert ids(history, account=MINE) == []


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("AccessKeyId", "AKIAalice", "AKIA"),
        ("EventId", "e-1", "e-"),
        ("EventName", "CreateUser", "Create"),
        ("EventSource", "iam.amazonaws.com", "iam"),
        ("ReadOnly", "false", "true"),
        ("ResourceName", "alice", "path"),
        ("ResourceName", f"arn:aws:iam::{MINE}:user/path/alice", "user/path/alice"),
        ("ResourceType", "AWS::IAM::User", "AWS::IAM::Role"),
        ("Username", "alice", "ali"),
    ],
)
def test_each_attribute_finds_what_is_exactly_so(log: Log, name: str, right: str, wrong: str) -> None:
    history = written(log, event(1), event(2, account=OTHER, name="b", eventName="x", eventSource="y", readOnly=True))
    assert ids(history, account=MINE, attributes={name: right}) == ["e-1"]
    assert ids(history, account=MINE, attributes={name: wrong}) == []
    assert name in ATTRIBUTES


def test_names_that_json_escapes_are_found(log: Log) -> None:
    history = written(log, event(1, name='a"\u2028\x7fé'))
    assert ids(history, attributes={"ResourceName": 'a"\u2028\x7fé'}) == ["e-1"]


def test_the_root_user_and_sessions_have_names(log: Log) -> None:
    root = event(1) | {"userIdentity": {"type": "Root", "arn": f"arn:aws:iam::{MINE}:root"}}
    arn = f"arn:aws:sts::{MINE}:assumed-role/worker/night"
    history = written(log, root, event(2) | {"userIdentity": {"type": "AssumedRole", "arn": arn}})
    assert ids(history, attributes={"Username": "root"}) == ["e-1"]
    assert ids(history, attributes={"Username": "night"}) == ["e-2"]


def test_instance_profiles_have_cloudtrail_s_type() -> None:
    arn = f"arn:aws:iam::{MINE}:instance-profile/web"
    decided = {"decisions": [{"resource": arn}, {"resource": "*"}, {"resource": f"arn:aws:iam::{MINE}:root"}]}
    assert resources({"additionalEventData": decided}) == [
        ("AWS::IAM::InstanceProfile", arn),
        ("AWS::IAM::InstanceProfile", "web"),
    ]


def test_times_are_within_both_ends(log: Log) -> None:
    history = written(log, *map(event, range(1, 6)))
    since, until = NOW + timedelta(minutes=2), NOW + timedelta(minutes=4)
    assert ids(history, since=since, until=until) == ["e-4", "e-3", "e-2"]


def test_nothing_is_read_behind_what_is_too_old(log: Log) -> None:
    history = written(log, event(1), event(10), event(20), event(21))
    page = history.page(Query(since=NOW + timedelta(minutes=20)), 50)
    assert [one["eventID"] for one in page.events] == ["e-21", "e-20"]
    late = written(log, event(22), event(18), event(23))
    assert ids(late, since=NOW + timedelta(minutes=20))[:2] == ["e-23", "e-22"]


def test_pages_follow_each_other_while_more_is_written(log: Log) -> None:
    history = written(log, *map(event, range(5)))
    first = history.page(Query(account=MINE), 2)
    written(log, event(9))
    second = history.page(Query(account=MINE), 2, first.next)
    third = history.page(Query(account=MINE), 2, second.next)
    assert [one["eventID"] for page in (first, second, third) for one in page.events] == [
        "e-4",
        "e-3",
        "e-2",
        "e-1",
        "e-0",
    ]
    assert third.next is None


def test_pages_go_on_in_a_file_that_was_rolled_meanwhile(tmp_path: Path) -> None:
    log = FileLog(tmp_path / "audit.jsonl")
    history = written(log, *map(event, range(3)))
    first = history.page(Query(), 1)
    log.path.rename(tmp_path / "audit-20260102T030405.000006Z.jsonl")
    written(log, *map(event, range(3, 6)))
    assert [one["eventID"] for one in history.page(Query(), 9, first.next).events] == ["e-1", "e-0"]


def test_a_page_reads_no_more_than_it_may(log: Log) -> None:
    history = written(log, event(1), *(event(number, account=OTHER) for number in range(2, 200)))
    pages = [history.page(Query(account=MINE), 50, most_bytes=10_000)]
    while (start := pages[-1].next) is not None:
        pages.append(history.page(Query(account=MINE), 50, start, most_bytes=10_000))
    assert pages[0].events == ()
    assert [one["eventID"] for one in pages[-1].events] == ["e-1"]
    assert 5 < len(pages) < 20


@pytest.mark.parametrize("start", ["", "x", "x:y", "x:1", ":", "0" * 5000, "../../etc/passwd:0"])
def test_a_place_that_nobody_told_is_refused(log: Log, start: str) -> None:
    with pytest.raises(LookupError):
        written(log, event(1)).page(Query(), 1, start)


@pytest.mark.parametrize("position", ["-1", "1e9", "٣", "9" * 5000])
def test_a_position_that_is_none_is_refused(tmp_path: Path, position: str) -> None:
    history = written(FileLog(tmp_path / "audit.jsonl"), event(1), event(2))
    told = history.page(Query(), 1).next
    assert told is not None
    with pytest.raises(LookupError):
        history.page(Query(), 1, f"{told.partition(':')[0]}:{position}")


def test_a_made_up_position_shows_nothing_of_another_account(tmp_path: Path) -> None:
    log = FileLog(tmp_path / "audit.jsonl")
    bait = json.dumps(event(7)).replace(" ", "")
    history = written(log, event(1, account=OTHER, userAgent=bait), event(2))
    told = history.page(Query(), 1).next
    assert told is not None
    for position in range(log.path.stat().st_size):
        page = history.page(Query(account=MINE), 9, f"{told.partition(':')[0]}:{position}")
        assert [one["eventID"] for one in page.events] in ([], ["e-2"])


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("AccessKeyId", "AKIAalice"),
        ("EventId", "e-1"),
        ("EventName", "CreateUser"),
        ("EventSource", "iam.amazonaws.com"),
        ("ReadOnly", "false"),
        ("ResourceName", "alice"),
        ("ResourceType", "AWS::IAM::User"),
        ("Username", "alice"),
    ],
)
def test_a_value_is_looked_for_in_its_attribute_alone(attribute: str, value: str) -> None:
    """It may stand elsewhere in the event, where a caller has written it, such as in the user agent."""
    one = event(1, userAgent="true elsewhere")
    assert Query(attributes={attribute: value}).matches(one)
    for other in ("true", "elsewhere"):
        assert not Query(attributes={attribute: other}).matches(one)
