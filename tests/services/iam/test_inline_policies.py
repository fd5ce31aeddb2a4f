"""Inline policies of users, groups and roles."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import pytest

from carnet.entities.user import User
from carnet.policy.document import counted_size
from tests.services.iam.documents import allow, deny, text, trust
from tests.services.iam.expect import changes_nothing, refused
from tests.services.world import World

DOCUMENT = text(allow("s3:GetObject", resource="arn:aws:s3:::bucket/~a_b-c.d/*"))


class Holder:
    """One entity of a kind that holds policies."""

    def __init__(self, world: World, kind: str) -> None:
        self.world = world
        self.kind = kind
        self.given = {f"{kind}Name": "X"}
        extra = {"AssumeRolePolicyDocument": trust(f"arn:aws:iam::{world.account_id}:root")} if kind == "Role" else {}
        world.call(world.root, f"Create{kind}", **self.given, **extra)

    def call(self, verb: str, **given: Any) -> dict[str, Any]:
        return self.world.call(self.world.root, f"{verb}{self.kind}Policy", **self.given, **given)

    def names(self, **given: Any) -> dict[str, Any]:
        return self.world.call(self.world.root, f"List{self.kind}Policies", **self.given, **given)

    def refused(self, verb: str, **given: Any) -> tuple[str, str]:
        return refused(self.world, self.world.root, f"{verb}{self.kind}Policy", **self.given, **given)


@pytest.fixture(params=["User", "Group", "Role"])
def holder(world: World, request: pytest.FixtureRequest) -> Holder:
    return Holder(world, request.param)


def test_a_policy_comes_back_as_it_was_sent_percent_encoded(holder: Holder) -> None:
    holder.call("Put", PolicyName="p", PolicyDocument=DOCUMENT)
    answer = holder.call("Get", PolicyName="p")
    assert answer.keys() == {f"{holder.kind}Name", "PolicyName", "PolicyDocument"}
    assert answer[f"{holder.kind}Name"] == "X"
    assert unquote(answer["PolicyDocument"]) == DOCUMENT
    assert answer["PolicyDocument"].startswith("%7B%22Version%22%3A%20%22")
    assert "arn%3Aaws%3As3%3A%3A%3Abucket%2F~a_b-c.d%2F%2A" in answer["PolicyDocument"]


def test_the_case_of_a_name_does_not_count_but_stays(holder: Holder) -> None:
    """Who replaces a policy by its name in another case leaves no second one behind that still allows."""
    holder.call("Put", PolicyName="MixedName", PolicyDocument=DOCUMENT)
    holder.call("Put", PolicyName="MIXEDNAME", PolicyDocument=text(deny("s3:*")))
    assert holder.names()["PolicyNames"] == ["MixedName"]
    told = holder.call("Get", PolicyName="mixedname")
    assert (told["PolicyName"], unquote(told["PolicyDocument"])) == ("mixedname", text(deny("s3:*")))
    holder.call("Delete", PolicyName="mIXEDnAME")
    assert holder.names()["PolicyNames"] == []
    assert holder.refused("Delete", PolicyName="MixedName")[0] == "NoSuchEntity"


def test_two_that_were_stored_when_case_counted_are_told_apart(world: World) -> None:
    world.call(world.root, "CreateUser", UserName="old")
    users = world.snapshot.accounts[world.account_id].of(User)
    stored = users.named("old")
    assert stored is not None
    other = text(deny("s3:*"))
    with world.installation.store.write() as unit:
        unit.save(replace(stored, inline={"p": DOCUMENT, "P": other}))
    world.installation.directory.catch_up()
    told = world.call(world.root, "GetUserPolicy", UserName="old", PolicyName="P")["PolicyDocument"]
    assert unquote(told) == other
    world.call(world.root, "DeleteUserPolicy", UserName="old", PolicyName="P")
    assert world.call(world.root, "ListUserPolicies", UserName="old")["PolicyNames"] == ["p"]


def test_a_policy_is_replaced_by_one_of_its_name(holder: Holder) -> None:
    other = text(allow("s3:*"))
    holder.call("Put", PolicyName="p", PolicyDocument=DOCUMENT)
    holder.call("Put", PolicyName="p", PolicyDocument=other)
    assert holder.names()["PolicyNames"] == ["p"]
    assert unquote(holder.call("Get", PolicyName="p")["PolicyDocument"]) == other
    world = holder.world
    changes_nothing(world, world.root, f"Put{holder.kind}Policy", **holder.given, PolicyName="p", PolicyDocument=other)


def test_names_are_listed_one_page_at_a_time(holder: Holder) -> None:
    for name in ("b", "c", "a"):
        holder.call("Put", PolicyName=name, PolicyDocument=DOCUMENT)
    first = holder.names(MaxItems=2)
    assert first["PolicyNames"] == ["a", "b"]
    assert holder.names(Marker=first["Marker"]) == {"PolicyNames": ["c"], "IsTruncated": False}


def test_a_deleted_policy_is_gone(holder: Holder) -> None:
    holder.call("Put", PolicyName="p", PolicyDocument=DOCUMENT)
    holder.call("Delete", PolicyName="p")
    expected = ("NoSuchEntity", f"The {holder.kind.lower()} policy with name p cannot be found.")
    assert holder.refused("Get", PolicyName="p") == expected
    assert holder.refused("Delete", PolicyName="p") == expected


def test_what_is_no_policy_is_malformed(holder: Holder) -> None:
    assert holder.refused("Put", PolicyName="p", PolicyDocument="{")[0] == "MalformedPolicyDocument"
    trusting = trust("arn:aws:iam::111122223333:root")
    assert holder.refused("Put", PolicyName="p", PolicyDocument=trusting)[0] == "MalformedPolicyDocument"


def test_the_policies_of_one_entity_are_limited_together(holder: Holder) -> None:
    most = {"User": 2048, "Group": 5120, "Role": 10240}[holder.kind]
    frame = counted_size(sized(0))
    holder.call("Put", PolicyName="half", PolicyDocument=sized(most // 2 - frame))
    holder.call("Put", PolicyName="other", PolicyDocument=sized(most // 2 - frame))
    assert holder.refused("Put", PolicyName="other", PolicyDocument=sized(most // 2 - frame + 1)) == (
        "LimitExceeded",
        f"Maximum policy size of {most} bytes exceeded for {holder.kind.lower()} X",
    )


def sized(extra: int) -> str:
    """A policy with white space that does not count, and some characters more than `sized(0)`."""
    return text(allow("s3:GetObject", resource="arn:aws:s3:::" + "b" * extra)) + " \t\r\n" * 1000


def test_policies_of_nobody(world: World) -> None:
    for kind in ("User", "Group", "Role"):
        code, message = refused(
            world, world.root, f"Put{kind}Policy", **{f"{kind}Name": "x"}, PolicyName="p", PolicyDocument=DOCUMENT
        )
        assert (code, message) == ("NoSuchEntity", f"The {kind.lower()} with name x cannot be found.")
