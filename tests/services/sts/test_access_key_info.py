from __future__ import annotations

import pytest

from tests.services.world import ServiceError, World


def test_the_id_tells_the_account(world: World) -> None:
    other = world.account()
    answer = world.call(world.root, "GetAccessKeyInfo", service="sts", AccessKeyId=other.key_id)
    assert answer == {"Account": world.principal(other).principal.account}


def test_so_does_the_id_of_temporary_credentials(world: World) -> None:
    session = world.session(world.call(world.root, "GetSessionToken", service="sts"))
    answer = world.call(world.root, "GetAccessKeyInfo", service="sts", AccessKeyId=session.key_id)
    assert answer == {"Account": world.account_id}


@pytest.mark.parametrize("key_id", ["AKIA", "AKIA0000000000000000", "AROAQNZGKIQY56JQ7WML", "AKIAQNZGKIQY56JQ7WMLA"])
def test_what_is_no_key_id_is_refused(world: World, key_id: str) -> None:
    with pytest.raises(ServiceError, match="ValidationError"):
        world.call(world.root, "GetAccessKeyInfo", service="sts", AccessKeyId=key_id)


def test_it_needs_permission(world: World) -> None:
    with pytest.raises(ServiceError, match="sts:GetAccessKeyInfo"):
        world.call(world.user("alice"), "GetAccessKeyInfo", service="sts", AccessKeyId="ASIAQNZGKIQY56JQ7WML")
