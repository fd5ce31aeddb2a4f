"""What Okta, Microsoft Entra, OneLogin and JumpCloud send when people and groups change, in both modes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from carnet.scim.schemas import ENTERPRISE_SCHEMA, GROUP_SCHEMA, USER_SCHEMA
from tests.scim.provisioner import Provisioner

MANAGER = f"{ENTERPRISE_SCHEMA}:manager"
WORK = 'emails[type eq "work"]'
MAIL = "new@{name}.example"


@pytest.fixture(params=["v2", "rfc/v2"])
def provider(scim: Provisioner, request: pytest.FixtureRequest) -> Provisioner:
    return scim.speaking(request.param)


def person(provider: Provisioner, name: str, **more: Any) -> str:
    return provider.user(name, schemas=[USER_SCHEMA, ENTERPRISE_SCHEMA], **more)


def filled(given: Any, name: str) -> Any:
    """What is sent, for somebody of that name: no two people have one address."""
    if isinstance(given, Mapping):
        return {key: filled(each, name) for key, each in given.items()}
    return given.replace("{name}", name) if isinstance(given, str) else given


@pytest.mark.parametrize(
    ("operation", "told"),
    [
        # Okta, OneLogin and JumpCloud name no path.
        ({"op": "replace", "value": {"active": False}}, {"active": False}),
        ({"op": "replace", "value": {"active": "false"}}, {"active": False}),
        (
            {"op": "replace", "value": {"name": {"givenName": "A", "familyName": "B"}, "displayName": "A B"}},
            {"name": {"givenName": "A", "familyName": "B"}, "displayName": "A B"},
        ),
        # Entra: capital letters, truths as text, and `Add` also for what is there.
        ({"op": "Replace", "path": "active", "value": "False"}, {"active": False}),
        ({"op": "Add", "path": "title", "value": "Dr."}, {"title": "Dr."}),
        ({"op": "Remove", "path": "title"}, {"title": None}),
        ({"op": "Replace", "path": "title", "value": None}, {"title": None}),
        ({"op": "Add", "path": f"{WORK}.value", "value": MAIL}, {"emails": [{"type": "work", "value": MAIL}]}),
        ({"op": "Replace", "path": f"{WORK}.value", "value": MAIL}, {"emails": [{"type": "work", "value": MAIL}]}),
        ({"op": "Remove", "path": WORK}, {"emails": None}),
        ({"op": "Remove", "path": 'phoneNumbers[type eq "mobile"].value'}, {"phoneNumbers": None}),
        (
            {"op": "Add", "path": 'addresses[type eq "work"].country', "value": "DE"},
            {"addresses": [{"type": "work", "country": "DE"}]},
        ),
        (
            {"op": "Add", "path": 'roles[primary eq "True"].value', "value": "r"},
            {"roles": [{"primary": True, "value": "r"}]},
        ),
        # Entra with its feature flag `aadOptscim062020`: dots and URIs in a value without a path.
        (
            {"op": "Replace", "value": {"name.givenName": "A", f"{ENTERPRISE_SCHEMA}:department": "D"}},
            {"name": {"givenName": "A", "familyName": "Doe"}, ENTERPRISE_SCHEMA: {"department": "D"}},
        ),
        (
            {"op": "Replace", "value": {f"{WORK}.value": MAIL}},
            {"emails": [{"type": "work", "value": MAIL}]},
        ),
        # Entra says who the manager is in three ways.
        ({"op": "Add", "path": MANAGER, "value": "boss"}, {ENTERPRISE_SCHEMA: {"manager": {"value": "boss"}}}),
        (
            {"op": "Add", "path": MANAGER, "value": [{"value": "boss"}]},
            {ENTERPRISE_SCHEMA: {"manager": {"value": "boss"}}},
        ),
        (
            {"op": "Add", "path": f"{MANAGER}.value", "value": "boss"},
            {ENTERPRISE_SCHEMA: {"manager": {"value": "boss"}}},
        ),
        ({"op": "Remove", "path": MANAGER}, {ENTERPRISE_SCHEMA: None}),
    ],
    ids=str,
)
def test_people_change(provider: Provisioner, name: str, operation: dict[str, Any], told: dict[str, Any]) -> None:
    mail = {"type": "work", "value": f"old@{name}.example"}
    path = f"Users/{person(provider, name, title='Mr.', emails=[mail])}"
    changed = provider.patch(path, filled(operation, name))
    assert changed.status == 200, changed
    told = {
        key: [filled(each, name) for each in value] if isinstance(value, list) else value for key, value in told.items()
    }
    for shown in (changed.members, provider("GET", path).members):
        assert {key: shown.get(key) for key in told} == told


def test_members_come_and_go(provider: Provisioner, name: str) -> None:
    one, two = person(provider, name), person(provider, f"{name}-2")
    group = provider.group(name, schemas=[GROUP_SCHEMA])
    rfc = provider.speaking("rfc/v2")
    of_one = f'members[value eq "{one}"]'
    for operation, left in (
        ({"op": "Add", "path": "members", "value": [{"$ref": None, "value": one}]}, {one}),  # Entra
        ({"op": "Remove", "path": "members", "value": [{"$ref": None, "value": one}]}, set()),
        ({"op": "add", "path": "members", "value": [{"value": one, "display": "one@example.com"}]}, {one}),  # Okta
        ({"op": "add", "path": "members", "value": [{"value": one, "display": "renamed"}, {"value": two}]}, {one, two}),
        ({"op": "remove", "path": of_one}, {two}),
        ({"op": "remove", "path": of_one}, {two}),  # once more, since the first answer was lost
        ({"op": "replace", "value": {"id": group, "displayName": f"{name}-new"}}, {two}),
        ({"op": "add", "path": "members", "value": [{"value": one, "type": "User"}]}, {one, two}),  # JumpCloud
        ({"op": "Replace", "path": "displayName", "value": f"{name}-newer"}, {one, two}),  # Entra
    ):
        assert provider.patch(f"Groups/{group}", operation).status == 204
        assert {each["value"] for each in rfc("GET", f"Groups/{group}").members.get("members", ())} == left
    assert rfc("GET", f"Groups/{group}").members["displayName"] == f"{name}-newer"


def test_all_members_are_replaced_where_the_rfc_is_spoken(scim: Provisioner, name: str) -> None:
    one, two = scim.user(name), scim.user(f"{name}-2")
    path = f"Groups/{scim.group(name, members=[{'value': one}])}"
    okta = {"op": "replace", "path": "members", "value": [{"value": two, "display": "two@example.com"}]}
    assert scim.patch(path, okta).members["detail"] == "Replacing group memberships is not supported"
    for operation in (okta, {"op": "remove", "path": "members", "value": []}):
        rfc = scim.speaking("rfc/v2")
        assert rfc.patch(path, operation).status == 204
        assert [each["value"] for each in rfc("GET", path).members["members"]] == [two]


@pytest.mark.parametrize("value", [[], [{"value": "a"}, {"value": "b"}], 5, True])
def test_a_manager_is_one_person(provider: Provisioner, name: str, value: Any) -> None:
    path = f"Users/{person(provider, name)}"
    before = provider("GET", path).members
    told = provider.patch(path, {"op": "Add", "path": MANAGER, "value": value})
    assert (told.status, provider("GET", path).members) == (400, before)
