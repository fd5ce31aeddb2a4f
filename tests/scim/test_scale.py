"""A company of 5,000: pages, filters and changes of its largest group cost what they touch, not what there is."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest

from carnet.directory.identity_center import instance_of_store
from carnet.scim.refusals import Refusal
from carnet.scim.rfc import listing, patching
from carnet.scim.rfc.mode import MOST_MEMBERS
from carnet.scim.schemas import GROUP_SCHEMA, GROUPS
from carnet.services.identitystore.directory_changes import DirectoryChange
from carnet.services.identitystore.quotas import QUOTAS
from tests.scim.provisioner import Provisioner

MANY = 5_000
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


class Company(NamedTuple):
    """Who keeps it, the ids of its people, and its group, in which all are."""

    scim: Provisioner
    people: list[str]
    group: str

    @property
    def rfc(self) -> Provisioner:
        return self.scim.speaking("rfc/v2")

    @property
    def path(self) -> str:
        return f"Groups/{self.group}"

    def members(self) -> set[str]:
        return {each["value"] for each in self.rfc("GET", self.path).members["members"]}


@pytest.fixture(scope="module")
def company(scim: Provisioner) -> Company:
    here = scim.server.installation
    with here.store.write() as unit:
        snapshot = here.directory.catch_up(unit.base)
        instance = instance_of_store(snapshot, scim.tenant)
        assert instance is not None
        view = snapshot.accounts[instance.account]
        change = DirectoryChange(
            store=unit,
            ids=here.ids,
            instance=instance,
            view=view,
            by="test",
            now=scim.server.clock(),
            quotas=QUOTAS,
        )
        people = [change.add_user(f"p{each}", attributes(each)) for each in range(MANY)]
        group = change.add_group("everybody")
        for each in people:
            change.add_member(group, each)
    here.directory.catch_up()
    return Company(scim, [each.id for each in people], group.id)


def attributes(number: int) -> dict[str, Any]:
    name = {"GivenName": "P", "FamilyName": f"F{number}"}
    return {"DisplayName": f"p{number}", "Name": name, "Emails": [{"Value": f"p{number}@example.com"}]}


def searched(provider: Provisioner, where: str, wanted: str) -> list[str]:
    told = provider("GET", f"{where}?filter={quote(wanted)}")
    assert told.status == 200, told
    return [each["id"] for each in told.members["Resources"]]


def test_pages_tell_of_everybody_once(company: Company) -> None:
    by_cursor: list[str] = []
    told = company.scim("GET", "Users?cursor=").members
    while True:
        by_cursor += [each["id"] for each in told["Resources"]]
        if "nextCursor" not in told:
            break
        told = company.scim("GET", f"Users?cursor={quote(told['nextCursor'], safe='')}").members
    by_number = [
        each["id"]
        for start in range(1, MANY + 1, 100)
        for each in company.rfc("GET", f"Users?startIndex={start}&excludedAttributes=groups").members["Resources"]
    ]
    assert sorted(by_number) == sorted(company.people)
    assert sorted(by_cursor) == sorted(company.people)
    assert company.scim("GET", "Users").members["totalResults"] == MANY


def test_filters_that_name_somebody_look_at_nobody_else(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    shown = listing._resource

    def looking(call: Any, parts: Any, one: Any, *, linked: bool) -> dict[str, Any]:
        looked.append(one.id)
        return shown(call, parts, one, linked=linked)

    monkeypatch.setattr(listing, "_resource", looking)
    one = company.people[77]
    for wanted in (
        'userName eq "P77"',
        f'id eq "{one}"',
        'emails.value eq "p77@example.com"',
        'userName eq "p77" and name.familyName sw "f" and not (title pr)',
    ):
        looked.clear()
        assert searched(company.rfc, "Users", wanted) == [one]
        assert set(looked) == {one}, wanted
    for provider in (company.scim, company.rfc):
        assert searched(provider, "Groups", f'members eq "{one}"') == [company.group]
        assert searched(provider, "Users", 'externalId eq "nobody"') == []


def test_other_filters_look_at_so_many(company: Company) -> None:
    """One term for each of 5,000; of as many terms as would look at 20,000 there is no answer."""
    term = 'name.familyName sw "f"'
    page = company.rfc("GET", f"Users?filter={quote(term)}").members
    assert (page["totalResults"], len(page["Resources"])) == (MANY, 100)
    terms = " and ".join([term] * (listing.MOST_LOOKED_AT // MANY + 1))
    refused = company.rfc("GET", f"Users?filter={quote(terms)}")
    assert (refused.status, refused.members["scimType"]) == (400, "tooMany")


@pytest.mark.parametrize("mode", ["v2", "rfc/v2"])
@pytest.mark.parametrize("form", ["value", "filter"])
def test_a_hundred_operations_take_people_out_of_the_largest_group(company: Company, mode: str, form: str) -> None:
    """As Entra sends them: one for each member, in either form; and then they come back."""
    provider, some = company.scim.speaking(mode), company.people[:100]
    gone = [
        {"op": "Remove", "path": "members", "value": [{"value": each}]}
        if form == "value"
        else {"op": "Remove", "path": f'members[value eq "{each}"]'}
        for each in some
    ]
    assert provider.patch(company.path, *gone).status == 204
    assert company.members() == set(company.people[100:])
    back = [{"op": "Add", "path": "members", "value": [{"value": each}]} for each in some]
    assert provider.patch(company.path, *back).status == 204
    assert company.members() == set(company.people)


def test_a_request_changes_so_many_members(company: Company) -> None:
    def replaced(count: int) -> int:
        left = [{"value": each} for each in company.people[: MANY // 2]]
        company.rfc.patch(company.path, {"op": "add", "path": "members", "value": left})
        given = [{"value": each} for each in company.people[count : MANY // 2]]
        return company.rfc.patch(company.path, {"op": "remove", "path": "members", "value": given}).status

    assert replaced(MANY // 2 - MOST_MEMBERS - 1) == 413
    assert company.members() == set(company.people)
    assert replaced(MANY // 2 - MOST_MEMBERS) == 204
    assert len(company.members()) == MANY - MOST_MEMBERS
    assert replaced(MANY // 2) == 204
    assert company.members() == set(company.people)


def test_a_whole_group_that_is_too_long_changes_nothing(company: Company) -> None:
    given = {"schemas": [GROUP_SCHEMA], "displayName": "x", "members": [{"value": each} for each in company.people]}
    assert company.rfc("PUT", company.path, given).status == 413
    assert company.rfc("GET", f"{company.path}?excludedAttributes=members").members["displayName"] == "everybody"


@contextmanager
def counting() -> Iterator[list[int]]:
    """How many functions are called meanwhile."""
    calls = [0]

    def called(frame: FrameType, event: str, _: object) -> None:
        calls[0] += event == "call"

    before = sys.getprofile()
    sys.setprofile(called)
    try:
        yield calls
    finally:
        sys.setprofile(before)


def group_of(members: int) -> dict[str, Any]:
    return {"members": [{"value": f"p{each}", "$ref": f"https://x/p{each}", "type": "User"} for each in range(members)]}


def body(*operations: dict[str, Any]) -> dict[str, Any]:
    return {"schemas": [PATCH], "Operations": list(operations)}


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "add", "path": "members", "value": [{"value": "new"}]},
        {"op": "remove", "path": "members", "value": [{"value": "p1"}]},
        {"op": "remove", "path": 'members[value eq "p1"]'},
    ],
    ids=str,
)
def test_a_change_costs_no_more_in_a_large_group(operation: dict[str, Any]) -> None:
    spent = []
    for members in (50, MANY):
        group = group_of(members)
        with counting() as calls:
            patching.patched(group, body(*[operation] * 50), GROUPS)
        spent.append(calls[0])
    assert spent[1] <= spent[0] + 50, spent


@pytest.mark.parametrize(
    ("operation", "weight"),
    [
        ({"op": "add", "path": "members", "value": [{"value": "p1"}]}, 1),
        ({"op": "remove", "path": 'members[value eq "nobody"]'}, 1),
        ({"op": "remove", "path": 'members[value sw "nobody"]'}, patching._BY_FILTER),
    ],
    ids=str,
)
def test_the_operations_of_a_request_look_at_so_much(
    operation: dict[str, Any], weight: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patching, "_MOST_LOOKED_AT", 30 * weight)
    one = group_of(10)
    again = [operation if operation["op"] == "remove" else {**operation, "value": one["members"][:1]}] * 3
    assert patching.patched(one, body(*again), GROUPS) == one
    with pytest.raises(Refusal, match="look at too many values") as refused:
        patching.patched(one, body(*again, operation), GROUPS)
    assert refused.value.status == 413
