"""From which accounts an identity store is read and written, and what policies say of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from carnet.entities.identity_store_group import IdentityStoreGroup
from carnet.entities.identity_store_user import IdentityStoreUser
from tests.services.identitystore.people import NOBODY, Store, a_store
from tests.services.organizations.estate import Estate, an_estate
from tests.services.world import Caller, ServiceError, World

NEW = {"UserName": "mallory", "DisplayName": "m", "Name": {"GivenName": "m", "FamilyName": "m"}}
WRITES: dict[str, dict[str, Any]] = {
    "CreateUser": NEW,
    "UpdateUser": {"UserId": NOBODY, "Operations": [{"AttributePath": "title", "AttributeValue": "x"}]},
    "DeleteUser": {"UserId": NOBODY},
    "CreateGroup": {"DisplayName": "g"},
    "UpdateGroup": {"GroupId": NOBODY, "Operations": [{"AttributePath": "displayName", "AttributeValue": "x"}]},
    "DeleteGroup": {"GroupId": NOBODY},
    "CreateGroupMembership": {"GroupId": NOBODY, "MemberId": {"UserId": NOBODY}},
    "DeleteGroupMembership": {"MembershipId": NOBODY},
    "UpdateIdentityStore": {},
}


@pytest.fixture
def estate(world: World) -> Estate:
    return an_estate(world)


@pytest.fixture
def store(estate: Estate) -> Store:
    return a_store(estate.world)


def allowing(*resources: str, actions: str = "identitystore:*", **elements: object) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": actions, "Resource": list(resources), **elements}
    return {"Version": "2012-10-17", "Statement": statement}


def test_a_member_reads_the_store_and_does_not_write_it(estate: Estate, store: Store) -> None:
    user, member = store.user(), estate.member()
    assert store.call_as(member, "DescribeUser", UserId=user)["UserName"] == "alice"
    listed = dict(estate.world.call(member, "ListIdentityStores", service="identitystore"))
    assert [each["IdentityStoreId"] for each in listed["IdentityStores"]] == [store.id]
    for operation, given in WRITES.items():
        with pytest.raises(ServiceError, match="AccessDeniedException: You do not have sufficient access"):
            store.call_as(member, operation, **given)
    assert len(store.call("ListUsers")["Users"]) == 1


def test_a_delegated_administrator_writes_it_and_one_of_another_service_does_not(estate: Estate, store: Store) -> None:
    for service, allowed in (("config.amazonaws.com", False), ("sso.amazonaws.com", True)):
        member = estate.member()
        estate.call("EnableAWSServiceAccess", ServicePrincipal=service)
        account = estate.account_of(member)
        estate.call("RegisterDelegatedAdministrator", AccountId=account, ServicePrincipal=service)
        if allowed:
            assert store.call_as(member, "CreateUser", **NEW)["UserId"]
        else:
            with pytest.raises(ServiceError, match="AccessDeniedException"):
                store.call_as(member, "CreateUser", **NEW)


def test_a_stranger_finds_no_store(world: World, store: Store) -> None:
    stranger = world.account()
    for operation, given in {**WRITES, "ListUsers": {}, "DescribeIdentityStore": {}}.items():
        with pytest.raises(ServiceError) as refusal:
            store.call_as(stranger, operation, **given)
        assert (refusal.value.code, refusal.value.members) == (
            "ResourceNotFoundException",
            {"ResourceType": "IDENTITY_STORE"},
        )


def test_policies_must_allow_it_on_the_store_and_on_what_it_is_about(world: World, store: Store) -> None:
    alice, bob = store.user(), store.user("bob")
    the_store, one = store.instance.identity_store_arn, f"arn:aws:identitystore:::user/{alice}"

    def denied(caller: Caller, user: str) -> bool:
        try:
            store.call_as(caller, "DescribeUser", UserId=user)
        except ServiceError as refusal:
            return refusal.code == "AccessDeniedException"
        return False

    both = world.user("both", [allowing(the_store, one)])
    assert [denied(both, user) for user in (alice, bob, NOBODY)] == [False, True, True]
    assert denied(world.user("store", [allowing(the_store)]), alice)
    assert denied(world.user("people", [allowing(one)]), alice)
    with pytest.raises(
        ServiceError, match=r"not authorized to perform: identitystore:ListUsers on resource: .*user/\*"
    ):
        store.call_as(both, "ListUsers")
    every = world.user("every", [allowing(the_store, "arn:aws:identitystore:::user/*", actions="identitystore:List*")])
    assert len(store.call_as(every, "ListUsers")["Users"]) == 2


USER, GROUP, OTHER_GROUP, MEMBERSHIP = "user/{user}", "group/{group}", "group/{other}", "membership/{membership}"
ABOUT: dict[str, tuple[dict[str, Any], list[str]]] = {
    "DescribeUser": ({"UserId": "{user}"}, [USER]),
    "UpdateUser": (
        {"UserId": "{user}", "Operations": [{"AttributePath": "title", "AttributeValue": "x"}]},
        [USER],
    ),
    "DeleteUser": ({"UserId": "{user}"}, [USER]),
    "ListUsers": ({}, ["user/*"]),
    "DescribeGroup": ({"GroupId": "{group}"}, [GROUP]),
    "UpdateGroup": (
        {"GroupId": "{group}", "Operations": [{"AttributePath": "description", "AttributeValue": "x"}]},
        [GROUP],
    ),
    "DeleteGroup": ({"GroupId": "{group}"}, [GROUP]),
    "ListGroups": ({}, ["group/*"]),
    "CreateGroupMembership": ({"GroupId": "{other}", "MemberId": {"UserId": "{user}"}}, [OTHER_GROUP, USER]),
    "DescribeGroupMembership": ({"MembershipId": "{membership}"}, [MEMBERSHIP, GROUP, USER]),
    "DeleteGroupMembership": ({"MembershipId": "{membership}"}, [MEMBERSHIP, GROUP, USER]),
    "GetGroupMembershipId": ({"GroupId": "{group}", "MemberId": {"UserId": "{user}"}}, [MEMBERSHIP, GROUP, USER]),
    "ListGroupMemberships": ({"GroupId": "{group}"}, [GROUP, "membership/*"]),
    "ListGroupMembershipsForMember": ({"MemberId": {"UserId": "{user}"}}, [USER, "membership/*"]),
    "IsMemberInGroups": (
        {"MemberId": {"UserId": "{user}"}, "GroupIds": ["{group}", "{other}"]},
        [USER, "membership/*", GROUP, OTHER_GROUP],
    ),
}
"""Operation to its input, and to what the policies have to allow beside the store."""


@pytest.mark.parametrize("operation", ABOUT)
def test_an_operation_must_be_allowed_on_each_thing_that_it_is_about(shared: Store, name: str, operation: str) -> None:
    user, group, other = shared.user(name), shared.group(name), shared.group(f"{name}-2")
    ids = {"user": user, "group": group, "other": other, "membership": shared.member(group, user)}
    given, about = ABOUT[operation]
    needed = [f"arn:aws:identitystore:::{each}".format(**ids) for each in about]
    store_arn = shared.instance.identity_store_arn

    def filled(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: filled(each) for key, each in value.items()}
        return list(map(filled, value)) if isinstance(value, list) else str(value).format(**ids)

    def caller(kind: str, resources: list[str]) -> Caller:
        return shared.world.user(f"{operation}-{kind}", [allowing(*resources)])

    for number, left_out in enumerate([store_arn, *needed]):
        half = caller(str(number), [each for each in (store_arn, *needed) if each != left_out])
        with pytest.raises(ServiceError, match="AccessDeniedException") as refusal:
            shared.call_as(half, operation, **filled(given))
        assert f"identitystore:{operation} on resource: {left_out} " in refusal.value.message
    shared.call_as(caller("all", [store_arn, *needed]), operation, **filled(given))


@pytest.mark.parametrize("kind", ["User", "Group"])
def test_the_issuers_of_external_ids_are_a_condition(store: Store, kind: str) -> None:
    """Who administers those of one provider leaves the others alone."""
    entity: type[IdentityStoreUser | IdentityStoreGroup] = IdentityStoreUser if kind == "User" else IdentityStoreGroup
    ids = [store.user(each) if kind == "User" else store.group(each) for each in ("theirs", "other", "none")]
    installation = store.world.installation
    view = store.world.snapshot.accounts[store.world.account_id]
    with installation.store.write() as unit:
        for key, issuer in zip(ids, ("https://one.example", "https://two.example"), strict=False):
            unit.save(replace(view.of(entity).by_id[key], external_ids={issuer: key}))
    installation.directory.catch_up()
    condition = {"ForAnyValue:StringEquals": {f"identitystore:{kind}ExternalIdIssuers": "https://one.example"}}
    caller = store.world.user("of-one", [allowing("*", Condition=condition)])
    assert store.call_as(caller, f"Describe{kind}", **{f"{kind}Id": ids[0]})
    for operation in (f"Describe{kind}", f"Delete{kind}"):
        for key in ids[1:]:
            with pytest.raises(ServiceError, match="AccessDeniedException"):
                store.call_as(caller, operation, **{f"{kind}Id": key})
    store.call_as(caller, f"Delete{kind}", **{f"{kind}Id": ids[0]})


def test_whether_a_vpc_endpoint_is_required_is_a_condition(store: Store) -> None:
    condition = {"Bool": {"identitystore:VpceAccessRequired": "true"}}
    caller = store.world.user("vpce", [allowing("*", Condition=condition)])
    for required, told in ((False, "AccessDeniedException"), (True, "ValidationException: This server sees no VPCs")):
        with pytest.raises(ServiceError, match=told):
            store.call_as(caller, "UpdateIdentityStore", NetworkConfiguration={"VpceAccessRequired": required})
    with pytest.raises(ServiceError, match="AccessDeniedException"):
        store.call_as(caller, "UpdateIdentityStore")


def test_who_may_act_on_one_person_alone_does_not_learn_who_else_there_is(world: World, store: Store) -> None:
    alice = store.user()
    caller = world.user(
        "asking", [allowing(store.instance.identity_store_arn, f"arn:aws:identitystore:::user/{alice}")]
    )
    for name, told in (("alice", alice), ("nobody", None)):
        identifier = {"UniqueAttribute": {"AttributePath": "userName", "AttributeValue": name}}
        if told is not None:
            assert store.call_as(caller, "GetUserId", AlternateIdentifier=identifier)["UserId"] == told
            continue
        with pytest.raises(ServiceError, match="AccessDeniedException"):
            store.call_as(caller, "GetUserId", AlternateIdentifier=identifier)


def test_the_region_of_the_instance_is_a_condition(world: World, store: Store) -> None:
    for region, allowed in (("eu-west-1", True), ("us-east-1", False)):
        condition = {"StringEquals": {"identitystore:PrimaryRegion": region}}
        caller = world.user(region, [allowing("*", Condition=condition)])
        if allowed:
            assert store.call_as(caller, "ListGroups")["Groups"] == []
        else:
            with pytest.raises(ServiceError, match="AccessDeniedException"):
                store.call_as(caller, "ListGroups")


def test_a_store_may_be_kept_to_some_networks(store: Store) -> None:
    def update(**configuration: object) -> None:
        store.call("UpdateIdentityStore", NetworkConfiguration={"VpceAccessRequired": False, **configuration})

    with pytest.raises(ServiceError, match=r"ValidationException: .* keep this request's own address out"):
        update(ApiAllowSourceIps=["198.51.100.0/24"])
    for refused in ({"VpceAccessRequired": True}, {"ApiRestrictSourceVpcs": ["vpc-12345678"]}):
        with pytest.raises(ServiceError, match="ValidationException: This server sees no VPCs"):
            update(**refused)
    for setting in ("ApiAllowSourceIps", "ScimAllowSourceIps"):
        for wrong in ("192.0.2.0/33", "192.0.2.256", "nowhere"):
            with pytest.raises(ServiceError, match=f"ValidationException: {wrong} is not a valid IP address or CIDR"):
                update(**{setting: ["192.0.2.0/24", wrong]})
    assert "NetworkConfiguration" not in store.call("DescribeIdentityStore")
    update(ApiAllowSourceIps=["192.0.2.0/24"], ScimAllowSourceIps=["198.51.100.7"])
    assert store.call("DescribeIdentityStore") == {
        "IdentityStoreId": store.id,
        "IdentityStoreArn": store.instance.identity_store_arn,
        "NetworkConfiguration": {
            "VpceAccessRequired": False,
            "ApiAllowSourceIps": ["192.0.2.0/24"],
            "ScimAllowSourceIps": ["198.51.100.7"],
        },
    }
    assert store.call("ListUsers")["Users"] == []
    store.call("UpdateIdentityStore")
    assert "NetworkConfiguration" not in store.call("DescribeIdentityStore")


@pytest.mark.parametrize(("address", "allowed"), [("192.0.2.1", True), ("192.0.3.1", False), ("", False)])
def test_an_address_outside_of_the_networks_is_refused(
    store: Store, monkeypatch: pytest.MonkeyPatch, address: str, allowed: bool
) -> None:
    network = {"VpceAccessRequired": False, "ApiAllowSourceIps": ["192.0.2.0/24"]}
    store.call("UpdateIdentityStore", NetworkConfiguration=network)
    monkeypatch.setattr("carnet.services.execution.caller_context", _from(address))
    if allowed:
        assert store.call("ListUsers")["Users"] == []
        return
    for operation in ("ListUsers", "UpdateIdentityStore"):
        with pytest.raises(ServiceError, match="AccessDeniedException: The network configuration"):
            store.call(operation)


def _from(address: str) -> Any:
    from carnet.policy.request import Context

    return lambda *_, **__: Context(request={"aws:SourceIp": address})
