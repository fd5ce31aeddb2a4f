"""What is written once is written right, in every protocol."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from carnet.base.fragment import Fragment
from carnet.models import Operation, operation
from carnet.protocols.write import write
from tests.wire.client import parsed

MOMENT = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
USER = {"UserName": "a&b", "Path": None, "CreateDate": MOMENT, "Tags": [{"Key": "k", "Value": "<"}]}
ACCOUNT = {"Id": "123456789012", "JoinedTimestamp": MOMENT, "Name": "Größe"}
CASES = [
    (operation("iam", "ListUsers"), {"Users": [USER, USER], "IsTruncated": False}, "Users"),
    (operation("organizations", "ListAccounts"), {"Accounts": [ACCOUNT, ACCOUNT]}, "Accounts"),
    (operation("sso", "ListAccounts"), {"accountList": [{"accountId": "1", "accountName": "x"}]}, "accountList"),
]


class Counted(Mapping[str, Any]):
    """Members that know how often they were looked through."""

    def __init__(self, members: Mapping[str, Any]) -> None:
        self._members = members
        self.looks = 0

    def __getitem__(self, name: str) -> Any:
        return self._members[name]

    def __iter__(self) -> Iterator[str]:
        self.looks += 1
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)


@pytest.mark.parametrize(("of", "answer", "member"), CASES, ids=lambda value: getattr(value, "name", ""))
def test_an_answer_of_fragments_is_the_answer_of_their_members(
    of: Operation, answer: dict[str, Any], member: str
) -> None:
    plain = write(of, answer, "id")
    nested = answer | {member: [Fragment(item) for item in answer[member]]}
    for made in (nested, Fragment(answer), Fragment(nested)):
        first, again = write(of, made, "id"), write(of, made, "id")
        assert first == again == plain
        assert parsed(of.service, again, of.output) == parsed(of.service, plain, of.output)


@pytest.mark.parametrize(("of", "answer", "member"), CASES, ids=lambda value: getattr(value, "name", ""))
def test_a_fragment_is_written_once(of: Operation, answer: dict[str, Any], member: str) -> None:
    counted = Counted(answer[member][0])
    fragment = Fragment(counted)
    for request_id in ("1", "2", "3"):
        write(of, {member: [fragment, fragment]}, request_id)
    assert counted.looks == 1


def test_a_fragment_that_is_not_of_the_shape_fails_each_time() -> None:
    wrong = Fragment({"Nope": "x"})
    for _ in range(2):
        with pytest.raises(LookupError):
            write(operation("iam", "GetUser"), {"User": wrong}, "id")


def test_more_members_make_a_structure_that_is_written_anew() -> None:
    fragment = Fragment({"UserName": "a"})
    write(operation("iam", "GetUser"), {"User": fragment}, "id")
    more = fragment | {"Path": "/"}
    assert b"<Path>/</Path>" in write(operation("iam", "GetUser"), {"User": more}, "id").body
    assert dict(fragment) == {"UserName": "a"}
    assert "Path" not in fragment
