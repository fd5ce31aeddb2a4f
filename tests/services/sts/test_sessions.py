from __future__ import annotations

import json
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carnet.base.faults import Refused
from carnet.keyring.session_claims import SessionClaims
from carnet.services.sts.sessions import (
    PACKED_BYTES,
    SessionPolicies,
    SessionTags,
    inherited_tags,
    packed_size,
    session_tags,
)
from tests.services.sts.trust import ALLOW_ALL, ASSUME, assume, role
from tests.services.wire import fits_the_model
from tests.services.world import Caller, ServiceError, World

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
LIST_USERS = json.dumps({"Statement": {"Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*"}})


@pytest.fixture
def alice(world: World) -> Caller:
    return world.user("alice", [ASSUME])


@pytest.fixture
def arn(world: World) -> str:
    return role(world, "reader")


class TestSessionPolicies:
    def test_an_inline_one_narrows_and_never_widens(self, world: World, alice: Caller, arn: str) -> None:
        session = world.session(assume(world, alice, arn, Policy=LIST_USERS))
        assert world.call(session, "ListUsers")
        with pytest.raises(ServiceError, match="no session policy allows the iam:ListRoles action"):
            world.call(session, "ListRoles")

        bare = role(world, "bare", allows=None)
        with pytest.raises(ServiceError, match="AccessDenied"):
            world.call(world.session(assume(world, alice, bare, Policy=json.dumps(ALLOW_ALL))), "ListUsers")

    def test_managed_ones_narrow(self, world: World, alice: Caller, arn: str) -> None:
        session = world.session(assume(world, alice, arn, PolicyArns=[{"arn": READ_ONLY}]))
        assert world.call(session, "ListUsers")
        with pytest.raises(ServiceError, match="no session policy allows"):
            world.call(session, "CreateUser", UserName="bob")

    def test_inline_and_managed_ones_add_up(self, world: World, alice: Caller, arn: str) -> None:
        create = json.dumps({"Statement": {"Effect": "Allow", "Action": "iam:CreateUser", "Resource": "*"}})
        session = world.session(assume(world, alice, arn, Policy=create, PolicyArns=[{"arn": READ_ONLY}]))
        assert world.call(session, "ListUsers")
        assert world.call(session, "CreateUser", UserName="bob")

    def test_a_managed_one_deleted_later_allows_nothing(self, world: World, alice: Caller, arn: str) -> None:
        own = world.call(world.root, "CreatePolicy", PolicyName="all", PolicyDocument=json.dumps(ALLOW_ALL))
        policy = own["Policy"]["Arn"]
        session = world.session(assume(world, alice, arn, PolicyArns=[{"arn": policy}]))
        assert world.call(session, "ListUsers")
        world.call(world.root, "DeletePolicy", PolicyArn=policy)
        with pytest.raises(ServiceError, match="AccessDenied"):
            world.call(session, "ListUsers")

    @pytest.mark.parametrize(
        "document",
        [
            "no json",
            "{}",
            json.dumps(
                {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "iam:ListUsers", "Resource": "*"}}
            ),
        ],
    )
    def test_a_malformed_one_is_refused(self, world: World, alice: Caller, arn: str, document: str) -> None:
        with pytest.raises(ServiceError) as refused:
            assume(world, alice, arn, Policy=document)
        assert refused.value.code == "MalformedPolicyDocument"

    def test_it_may_have_2048_characters(self, world: World, alice: Caller, arn: str) -> None:
        assert assume(world, alice, arn, Policy=LIST_USERS.ljust(2048))
        with pytest.raises(ServiceError) as refused:
            assume(world, alice, arn, Policy=LIST_USERS.ljust(2049))
        assert refused.value.code == "ValidationError"
        assert refused.value.message == (
            f"1 validation error detected: Value '{LIST_USERS.ljust(2049)}' at 'policy' failed to satisfy constraint: "
            "Member must have length less than or equal to 2048"
        )

    def test_there_may_be_ten_managed_ones(self, world: World, alice: Caller, arn: str) -> None:
        ten = [{"arn": READ_ONLY}] * 10
        assert assume(world, alice, arn, PolicyArns=ten)
        with pytest.raises(ServiceError) as refused:
            assume(world, alice, arn, PolicyArns=[*ten, {"arn": READ_ONLY}])
        told = ", ".join([f"{{arn={READ_ONLY}}}"] * 11)
        assert refused.value.message == (
            f"1 validation error detected: Value '[{told}]' at 'policyArns' failed to satisfy constraint: "
            "Member must have length less than or equal to 10"
        )

    @pytest.mark.parametrize("descriptor", [{"arn": "arn:aws:iam::aws:policy/NoSuchPolicy"}, {"arn": "x"}, {}])
    def test_they_have_to_exist(self, world: World, alice: Caller, arn: str, descriptor: dict[str, str]) -> None:
        with pytest.raises(ServiceError, match="ValidationError"):
            assume(world, alice, arn, PolicyArns=[descriptor])


class TestPackedSize:
    def test_it_is_a_percentage_of_what_was_passed(self, world: World, alice: Caller, arn: str) -> None:
        answer = assume(world, alice, arn, Policy=LIST_USERS.ljust(2048))
        assert answer["PackedPolicySize"] == 50

    def test_inherited_tags_count(self, world: World, alice: Caller, arn: str) -> None:
        tags = [{"Key": "k", "Value": "v" * 256}]
        first = assume(world, alice, arn, Tags=tags, TransitiveTagKeys=["k"])
        assert assume(world, world.session(first), arn)["PackedPolicySize"] == first["PackedPolicySize"]

    def test_too_many_tags_are_told_apart(self, world: World, alice: Caller, arn: str) -> None:
        tags = [{"Key": f"key-{number}", "Value": "v" * 256} for number in range(17)]
        with pytest.raises(ServiceError) as refused:
            assume(world, alice, arn, Tags=tags)
        assert refused.value.code == "PackedPolicyTooLarge"
        assert refused.value.message == "Packed size of session tags consumes 109% of allotted space."

    def test_policies_and_tags_together_count(self) -> None:
        policies = SessionPolicies(documents=("d" * 2048,))
        assert packed_size(policies, {"k": "v" * (PACKED_BYTES - 2049)}) == 100
        with pytest.raises(Refused, match="Packed policy consumes 101% of allotted space"):
            packed_size(policies, {"k": "v" * (PACKED_BYTES - 2048)})

    def test_whatever_is_not_too_much_fits_into_a_token(self, world: World, alice: Caller, arn: str) -> None:
        noise = Random(1)
        tags = [
            {"Key": f"{number}{_text(noise, 10)}", "Value": _text(noise, 16)}
            for number in range(50)  # 50 of 80 bytes, none of which compresses
        ]
        given = {"Tags": tags, "TransitiveTagKeys": [tag["Key"] for tag in tags], "SourceIdentity": "s" * 64}
        answer = assume(world, alice, arn, name="n" * 64, **given)
        assert answer["PackedPolicySize"] >= 97
        assert fits_the_model("AssumeRole", answer, service="sts")
        session = world.session(answer)
        again = assume(world, session, arn)
        assert again["PackedPolicySize"] == answer["PackedPolicySize"]
        assert again["SessionTokenUtilization"] < 90


class TestSessionTags:
    @pytest.mark.parametrize(
        ("keys", "transitive", "told"),
        [
            (["team", "Team"], [], "Duplicate tag keys found. Please note that Tag keys are case insensitive."),
            (["aws:team"], [], "System tags cannot be added or updated by requester."),
            (["AWS:team"], [], "System tags cannot be added or updated by requester."),
            (["team"], ["job"], "The specified transitive tag key must be included in the requested tags."),
        ],
    )
    def test_keys_that_cannot_be(self, keys: list[str], transitive: list[str], told: str) -> None:
        with pytest.raises(Refused) as refused:
            session_tags(SessionTags(), [{"Key": key, "Value": ""} for key in keys], transitive)
        assert (refused.value.code, refused.value.message) == ("InvalidParameterValue", told)

    def test_a_transitive_key_takes_the_spelling_of_its_tag(self) -> None:
        tags = session_tags(SessionTags(), [{"Key": "Team", "Value": "a"}], ["team", "TEAM"])
        assert tags == SessionTags(tags={"Team": "a"}, transitive=("Team",))

    def test_the_kelvin_sign_is_no_k(self) -> None:
        tags = session_tags(SessionTags(), [{"Key": "K", "Value": "1"}, {"Key": "\u212a", "Value": "2"}], [])
        assert tags.tags == {"K": "1", "\u212a": "2"}

    @given(st.dictionaries(st.text("abc", min_size=1), st.text("xyz"), max_size=8), st.data())
    def test_what_is_transitive_goes_on_for_ever(self, tags: dict[str, str], data: st.DataObject) -> None:
        keys = data.draw(st.lists(st.sampled_from(sorted(tags)), unique=True) if tags else st.just([]))
        first = session_tags(SessionTags(), [{"Key": key, "Value": value} for key, value in tags.items()], keys)
        handed_down = inherited_tags(_claims(first))
        second = session_tags(handed_down, [], [])
        assert handed_down.tags == {key: tags[key] for key in keys}
        assert inherited_tags(_claims(second)) == handed_down


def _text(noise: Random, length: int) -> str:
    return "".join(chr(noise.randrange(0x4E00, 0x9FA5)) for _ in range(length))


def _claims(tags: SessionTags) -> SessionClaims:
    return SessionClaims(
        kind="assumed-role",
        account="123456789012",
        principal_id="AROAEXAMPLE",
        issued_ms=0,
        expires_ms=1,
        token_id="t",
        tags=tags.tags,
        transitive_tag_keys=tags.transitive,
    )
