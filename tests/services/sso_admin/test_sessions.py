"""Sessions of provisioned roles: who gets one, what it may do, and when it ends."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from carnet.base.faults import Denied, Invalid
from carnet.directory.assignments import assigned_to
from carnet.directory.identity_center import person as person_of
from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.entities.instance_settings import InstanceSettings
from carnet.services.portal_sessions import portal_session
from tests.services.iam.documents import allow, trust
from tests.services.organizations.policies import a_policy, attach
from tests.services.sso_admin.center import ADMINISTRATOR, READ_ONLY, Center
from tests.services.world import Caller, ServiceError

NO_ACCESS = "No access"


def _account(center: Center) -> str:
    return center.estate.account_of(center.estate.member())


def session_of(center: Center, user: str, account: str, name: str, **given: Any) -> Caller:
    """The person's session of a permission set. Raises Denied if nothing is assigned."""
    world, person = center.world, person_of(center.world.snapshot, user)
    found = [] if person is None else assigned_to(world.snapshot, person)
    wanted = (account, name)
    assigned = next((each for each in found if (each.target.account.id, each.permission_set.name) == wanted), None)
    if assigned is None or person is None:
        raise Denied(NO_ACCESS)
    parts = world.installation.execution.parts
    issued = portal_session(world.snapshot, parts, person, assigned, world.clock(), **given).credentials
    return Caller(issued.access_key_id, issued.secret_access_key, issued.session_token)


def identity(center: Center, caller: Caller) -> dict[str, Any]:
    return center.world.call(caller, "GetCallerIdentity", service="sts")


def test_a_session_is_of_the_role_under_the_person_s_name(center: Center) -> None:
    account, user = _account(center), center.user("ann@example.com")
    center.assign(center.permission_set("Named", READ_ONLY, SessionDuration="PT2H"), account, user)
    caller, role = session_of(center, user, account, "Named"), center.role(account)
    told = identity(center, caller)
    assert told["Arn"] == f"arn:aws:sts::{account}:assumed-role/{role.name}/ann@example.com"
    assert told["UserId"] == f"{role.id}:ann@example.com"
    center.world.call(caller, "ListUsers")
    with pytest.raises(ServiceError, match="AccessDenied"):
        center.world.call(caller, "CreateUser", UserName="no")


def test_it_lives_as_long_as_was_provisioned(own_center: Center) -> None:
    center = own_center
    account, user, arn = _account(center), center.user(), center.permission_set("Long", SessionDuration="PT2H")
    center.assign(arn, account, user)
    center.call("UpdatePermissionSet", PermissionSetArn=arn, SessionDuration="PT12H")
    caller = session_of(center, user, account, "Long")
    center.world.clock.advance(2 * 3600 - 1)
    identity(center, caller)
    center.world.clock.advance(1)
    with pytest.raises(ServiceError, match="ExpiredToken"):
        identity(center, caller)


def test_accounts_and_permission_sets_of_a_person(center: Center) -> None:
    one, other, user = _account(center), _account(center), center.user("lists")
    group = center.group(user, name="lists")
    first, second = center.permission_set("Lists-B"), center.permission_set("Lists-A")
    center.assign(first, one, user)
    center.assign(first, one, group, "GROUP")
    center.assign(second, one, group, "GROUP")
    center.assign(second, other, group, "GROUP")
    person = person_of(center.world.snapshot, user)
    assert person is not None
    found = [(each.target.account.id, each.permission_set.name) for each in assigned_to(center.world.snapshot, person)]
    assert sorted(found) == sorted([(one, "Lists-A"), (one, "Lists-B"), (other, "Lists-A")])


@pytest.mark.parametrize("ended", ["assignment", "person disabled", "person gone", "group left", "member gone"])
def test_a_session_ends_with_what_it_rests_on(center: Center, ended: str) -> None:
    """Attack 16. The role stays: somebody else has it, too."""
    name = f"Ends-{ended.replace(' ', '-')}"
    member = center.estate.member()
    account, user, other = center.estate.account_of(member), center.user(name), center.user(f"{name}-other")
    group = center.group(other, name=name)
    membership = center.membership(group, user)
    center.save(membership, new=True)
    arn = center.permission_set(name, READ_ONLY)
    center.assign(arn, account, other)
    if ended == "group left":
        center.assign(arn, account, group, "GROUP")
    else:
        center.assign(arn, account, user)
    caller, stays = session_of(center, user, account, name), session_of(center, other, account, name)
    identity(center, caller)
    person = center.world.snapshot.accounts[center.instance.account].of(IdentityStoreUser).by_id[user]
    match ended:
        case "assignment":
            center.unassign(arn, account, user)
        case "person disabled":
            center.save(replace(person, enabled=False))
        case "person gone":
            center.remove(membership)
            center.remove(person)
        case "group left":
            center.remove(membership)
        case "member gone":
            center.estate.call("RemoveAccountFromOrganization", AccountId=account)
    with pytest.raises(ServiceError, match="InvalidClientTokenId"):
        identity(center, caller)
    with pytest.raises(Denied, match=NO_ACCESS):
        session_of(center, user, account, name)
    if ended != "member gone":
        identity(center, stays)


def test_what_is_not_assigned_is_not_given(center: Center) -> None:
    """Attack 15."""
    account, user = _account(center), center.user("unassigned")
    center.assign(center.permission_set("Mine"), account, user)
    center.assign(center.permission_set("Theirs", ADMINISTRATOR), account, center.user("they"))
    for target, name in ((account, "Theirs"), (account, "mine"), (_account(center), "Mine"), ("999999999999", "Mine")):
        with pytest.raises(Denied, match=NO_ACCESS):
            session_of(center, user, target, name)


def test_a_role_that_is_made_again_is_another(center: Center) -> None:
    account, user, arn = _account(center), center.user("again"), center.permission_set("Again")
    center.assign(arn, account, user)
    caller = session_of(center, user, account, "Again")
    center.unassign(arn, account, user)
    center.assign(arn, account, user)
    with pytest.raises(ServiceError, match="InvalidClientTokenId"):
        identity(center, caller)


@pytest.mark.parametrize("name", ["../", "a b", "x" * 65, "x", "å@example.com"])
def test_a_user_name_that_is_no_session_name_gets_none(center: Center, name: str) -> None:
    """Attack 27."""
    account, user = _account(center), center.user(name)
    center.assign(center.permission_set(f"Name{len(name)}-{ord(name[0])}"), account, user)
    with pytest.raises(Invalid, match="The user name must have"):
        session_of(center, user, account, f"Name{len(name)}-{ord(name[0])}")


def test_service_control_policies_bind_it(center: Center) -> None:
    account, user = _account(center), center.user("bound")
    center.assign(center.permission_set("Bound", ADMINISTRATOR), account, user)
    caller = session_of(center, user, account, "Bound")
    center.world.call(caller, "ListUsers")
    denying = '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"iam:ListUsers","Resource":"*"}}'
    attach(center.estate, a_policy(center.estate, "bound", content=denying), account)
    with pytest.raises(ServiceError, match="with an explicit deny in a service control policy"):
        center.world.call(caller, "ListUsers")


def test_the_guardrail_of_the_guide_asks_everybody_else_for_mfa(center: Center) -> None:
    """People have given MFA at the portal, and their sessions do not say so: the policy in docs/single-sign-on.md."""
    page = Path("docs/single-sign-on.md").read_text()
    (policy,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    member = center.estate.member()
    account, user, world = center.estate.account_of(member), center.user("guarded"), center.world
    center.assign(center.permission_set("Guarded", ADMINISTRATOR), account, user)
    person, alice = session_of(center, user, account, "Guarded"), world.user("alice", [allow("*")], root=member)
    trusted = trust(f"arn:aws:iam::{account}:root")
    name = "AWSReserved_SSO_Guarded_0123456789abcdef"
    role = world.call(member, "CreateRole", RoleName=name, AssumeRolePolicyDocument=trusted)["Role"]["Arn"]
    world.call(member, "AttachRolePolicy", RoleName=name, PolicyArn=ADMINISTRATOR)
    imitation = world.session(world.call(alice, "AssumeRole", service="sts", RoleArn=role, RoleSessionName="guarded"))
    for caller in (person, alice, imitation):
        world.call(caller, "ListUsers")
    attach(center.estate, a_policy(center.estate, "mfa", content=policy), account)
    world.call(person, "ListUsers")
    for caller in (alice, imitation):
        with pytest.raises(ServiceError, match="with an explicit deny in a service control policy"):
            world.call(caller, "ListUsers")


def _with_attributes(center: Center, sources: dict[str, str]) -> None:
    settings = InstanceSettings(id=center.instance.id, account=center.instance.account, attributes=sources)
    known = center.world.snapshot.accounts[center.instance.account].of(InstanceSettings).get(center.instance.id)
    center.save(settings, new=known is None)


@dataclass(frozen=True, slots=True)
class Abac:
    """A person who has a permission set in an account."""

    center: Center
    account: str
    user: str
    user_name: str

    def person(self, attributes: dict[str, Any]) -> str:
        """The person's id, when it has these attributes."""
        people = self.center.world.snapshot.accounts[self.center.instance.account].of(IdentityStoreUser)
        self.center.save(replace(people.by_id[self.user], attributes=attributes))
        return self.user


@pytest.fixture(scope="module")
def abac(center: Center) -> Abac:
    account, user = _account(center), center.user("abac")
    center.assign(center.permission_set("Abac"), account, user)
    return Abac(center, account, user, "abac")


ATTRIBUTES = {
    "Name": {"GivenName": "Ann"},
    "Emails": [{"Value": "a@b.example", "Primary": True}, {"Value": "c@d.example"}],
    "PhoneNumbers": [{"Value": "1", "Primary": True}, {"Value": "2", "Type": "Work"}],
    "Addresses": [{"Country": "Sweden"}],
    "Extensions": {"aws:identitystore:enterprise": {"department": "engines"}},
}


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("${path:userName}", None),
        ("${path:name.givenName}", "Ann"),
        ("${path:emails[primary eq true].value}", "a@b.example"),
        ("${path:addresses[primary eq true].country}", "Sweden"),
        ('${path:phoneNumbers[type eq "work"].value}', "2"),
        ('${path:addresses[type eq "work"].country}', None),
        ("${path:enterprise.department}", "engines"),
        ("${path:displayName}", None),
        ("${path:no.such}", None),
    ],
)
def test_attributes_become_session_tags(abac: Abac, source: str, value: str | None) -> None:
    center, user = abac.center, abac.person(ATTRIBUTES)
    _with_attributes(center, {"Key": source})
    caller = session_of(center, user, abac.account, "Abac", attributes={"Key": "of an assertion", "Other": "o"})
    session = center.world.principal(caller).credential.session
    assert session is not None
    known = abac.user_name if source == "${path:userName}" else value
    assert session.tags == {"Key": known or "of an assertion", "Other": "o"}


@pytest.mark.parametrize("value", ["x" * 257, "a*", "${aws:username}", "a\nb"])
def test_an_attribute_that_no_tag_may_have_gives_no_session(abac: Abac, value: str) -> None:
    """Attack 26: it is not left out, as a policy may deny by it."""
    user = abac.person({"DisplayName": value})
    _with_attributes(abac.center, {"Name": "${path:displayName}"})
    with pytest.raises(Invalid, match="The attribute Name"):
        session_of(abac.center, user, abac.account, "Abac")


def test_nothing_is_said_of_mfa(center: Center) -> None:
    account, user = _account(center), center.user("mfa")
    arn = center.permission_set("Mfa")
    inline = (
        '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:ListUsers","Resource":"*",'
        '"Condition":{"Null":{"aws:MultiFactorAuthPresent":"true"}}}}'
    )
    center.call("PutInlinePolicyToPermissionSet", PermissionSetArn=arn, InlinePolicy=inline)
    center.assign(arn, account, user)
    center.world.call(session_of(center, user, account, "Mfa"), "ListUsers")
