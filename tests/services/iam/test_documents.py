"""Sizes of policy documents, as quotas count them."""

from __future__ import annotations

import pytest
from hypothesis import given as examples
from hypothesis import strategies as st

from carnet.policy.document import counted_size
from carnet.services.iam.documents import MOST_WHITE_SPACE
from tests.services.iam.documents import allow, managed, text, trust
from tests.services.iam.expect import refused, set_quotas
from tests.services.iam.made_roles import create
from tests.services.world import World

DOCUMENT = text(allow("s3:*"))


@examples(words=st.lists(st.text(st.characters(min_codepoint=0x21, max_codepoint=0xFF)), max_size=5))
def test_white_space_does_not_count(words: list[str]) -> None:
    assert counted_size(" \t\r\n".join(words)) == sum(map(len, words))


def test_the_size_of_a_managed_policy_is_limited(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    size = counted_size(DOCUMENT)
    set_quotas(monkeypatch, "CreatePolicy", managed_policy_size=size)
    managed(world, PolicyDocument=DOCUMENT)
    set_quotas(monkeypatch, "CreatePolicy", managed_policy_size=size - 1)
    told = refused(world, world.root, "CreatePolicy", PolicyName="p", PolicyDocument=DOCUMENT)
    assert told == ("LimitExceeded", f"Cannot exceed quota for PolicySize: {size - 1}")


LONGEST = 131_072
"""Characters of a document, with all white space."""


def padded(length: int, document: str = DOCUMENT) -> str:
    """The document, made so long by white space."""
    return document + "\n" * (length - len(document))


def test_white_space_is_not_counted_in_the_longest_document(world: World) -> None:
    arn = managed(world, PolicyDocument=padded(LONGEST))
    world.call(world.root, "CreatePolicyVersion", PolicyArn=arn, PolicyDocument=padded(LONGEST))
    create(world, "role", AssumeRolePolicyDocument=padded(LONGEST, trust(f"arn:aws:iam::{world.account_id}:root")))
    world.call(world.root, "PutRolePolicy", RoleName="role", PolicyName="p", PolicyDocument=padded(LONGEST))


def test_the_inline_policies_of_an_entity_have_a_bound_of_white_space(world: World) -> None:
    world.call(world.root, "CreateUser", UserName="padded")
    half = MOST_WHITE_SPACE // 2 + counted_size(DOCUMENT)
    given = {"UserName": "padded", "PolicyName": "other"}
    world.call(world.root, "PutUserPolicy", UserName="padded", PolicyName="one", PolicyDocument=padded(half))
    world.call(world.root, "PutUserPolicy", **given, PolicyDocument=padded(half))
    told = f"Of the {MOST_WHITE_SPACE + 1} characters of white space, {MOST_WHITE_SPACE} are not counted"
    expected = ("LimitExceeded", f"Maximum policy size of 2048 bytes exceeded for user padded. {told}")
    assert refused(world, world.root, "PutUserPolicy", **given, PolicyDocument=padded(half + 1)) == expected


def test_size_comes_before_grammar(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for most, code in ((100, "MalformedPolicyDocument"), (99, "LimitExceeded")):
        set_quotas(monkeypatch, "CreatePolicy", managed_policy_size=most)
        told = refused(world, world.root, "CreatePolicy", PolicyName="p", PolicyDocument="{" * 100)
        assert told[0] == code


def test_inline_policies_count_together(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    size = counted_size(DOCUMENT)
    world.call(world.root, "CreateUser", UserName="x")
    put = {"UserName": "x", "PolicyDocument": DOCUMENT}
    world.call(world.root, "PutUserPolicy", PolicyName="a", **put)
    set_quotas(monkeypatch, "PutUserPolicy", user_inline_size=2 * size - 1)
    told = refused(world, world.root, "PutUserPolicy", PolicyName="b", **put)
    assert told == ("LimitExceeded", f"Maximum policy size of {2 * size - 1} bytes exceeded for user x")
    set_quotas(monkeypatch, "PutUserPolicy", user_inline_size=2 * size)
    world.call(world.root, "PutUserPolicy", PolicyName="b", **put)


def test_resources_are_of_the_accounts_partition(world: World) -> None:
    """Wherever a document is saved, and in the session policy that a caller sends."""
    foreign = text(allow("s3:*", resource="arn:aws-cn:s3:::b"))
    expected = ("MalformedPolicyDocument", 'Partition "aws-cn" is not valid for resource "arn:aws-cn:s3:::b".')
    world.call(world.root, "CreateUser", UserName="u")
    put = {"UserName": "u", "PolicyName": "p"}
    assert refused(world, world.root, "PutUserPolicy", **put, PolicyDocument=foreign) == expected
    assert refused(world, world.root, "CreatePolicy", PolicyName="p", PolicyDocument=foreign) == expected
    arn = managed(world)
    assert refused(world, world.root, "CreatePolicyVersion", PolicyArn=arn, PolicyDocument=foreign) == expected
    role = create(world, AssumeRolePolicyDocument=trust(f"arn:aws:iam::{world.account_id}:root"))
    alice = world.user("alice", [allow("sts:*")])
    session = {"RoleArn": role["Arn"], "RoleSessionName": "work", "Policy": foreign}
    assert refused(world, alice, "AssumeRole", service="sts", **session) == expected

    china = world.account("aws-cn")
    world.call(china, "CreateUser", UserName="u")
    world.call(china, "PutUserPolicy", **put, PolicyDocument=foreign)
