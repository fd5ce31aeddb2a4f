"""Every way to a session, and every way to take away what it rests on: one node gives it out, another one takes away,
and a third one decides.

A session was given out before, or by a node that had not heard of it: then nothing may come of a key, a provider, an
account or a person that had ended. Whether one of before goes on is AWS's rule, but for people (decision 0071).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import pytest

from carnet.base.timestamps import iso_seconds
from carnet.entities.identity_store_user import IdentityStoreUser
from tests.oidc import issuer
from tests.services.iam.documents import deny
from tests.services.organizations.test_root_access import AUDIT, FEATURES, IAM, changed, organization
from tests.services.sso_admin.center import ADMINISTRATOR, Center, a_center
from tests.services.sso_admin.test_sessions import session_of
from tests.services.sts.test_ended_keys import assumed, late_node
from tests.services.sts.trust import ALLOW_ALL, EVERY_ACTION, role, trusting
from tests.services.world import Caller, ServiceError, World, open_world

Issue: TypeAlias = "Callable[[World], Caller]"
"""Gives out a session at a node."""


class Revocation(NamedTuple):
    """What takes something away, and whether sessions go on of before, and of a node that has not heard of it."""

    act: Callable[[], object]
    before: bool
    late: bool


Revocations: TypeAlias = "dict[str, Revocation]"
Origin: TypeAlias = "Callable[[Places, str], tuple[Issue, Revocations]]"


class Places(NamedTuple):
    """A node that gives out sessions, one that takes away, and one that decides. They have a store in common."""

    giving: World
    revoking: World
    deciding: World
    center: Center

    def member(self) -> tuple[Caller, str]:
        """The root user and the id of a new account of the organization."""
        root = self.center.estate.member()
        return root, self.center.estate.account_of(root)

    def catch_up(self) -> None:
        for node in (self.giving, self.deciding):
            node.installation.directory.catch_up()

    def close(self, account: str) -> Callable[[], object]:
        return lambda: self.center.estate.call("CloseAccount", AccountId=account)


@pytest.fixture
def places(database: str, tmp_path: Path) -> Iterator[Places]:
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({issuer.URL: issuer.key_set(issuer.private_key("RS256"))}))
    with ExitStack() as stack:
        revoking = stack.enter_context(open_world(tmp_path / "revoking", database_url=database, oidc_keys_file=keys))
        giving, deciding = (
            stack.enter_context(late_node(revoking, tmp_path / name, oidc_keys_file=keys))
            for name in ("giving", "deciding")
        )
        yield Places(giving, revoking, deciding, a_center(revoking))


def _key(places: Places, root: Caller, name: str, *, is_the_users: bool = False) -> tuple[Caller, Revocations]:
    """A new user's key. A session is the user's own, or one of a role."""
    world = places.revoking
    caller = world.user(name, [ALLOW_ALL], root=root)
    as_root, key = partial(world.call, root), {"UserName": name, "AccessKeyId": caller.key_id}

    def delete_user() -> None:
        as_root("DeleteAccessKey", **key)
        as_root("DeleteUserPolicy", UserName=name, PolicyName="p0")
        as_root("DeleteUser", UserName=name)

    def older() -> None:
        as_root("PutUserPolicy", UserName=name, PolicyName="older", PolicyDocument=_older(world))

    return caller, {
        "DeleteAccessKey": Revocation(lambda: as_root("DeleteAccessKey", **key), True, False),
        "UpdateAccessKey": Revocation(lambda: as_root("UpdateAccessKey", **key, Status="Inactive"), True, False),
        "DeleteUser": Revocation(delete_user, not is_the_users, False),
        "older sessions of the user": Revocation(older, not is_the_users, True),
    }


def _older(world: World) -> str:
    """AWSRevokeOlderSessions, as the console writes it."""
    before = {"DateLessThan": {"aws:TokenIssueTime": iso_seconds(world.clock.now)}}
    return json.dumps(deny("*", condition=before))


def _role(places: Places, root: Caller, name: str, trust: str) -> tuple[str, Revocations]:
    """A new role, and what ends its sessions."""
    as_root, account = partial(places.revoking.call, root), places.center.estate.account_of(root)
    arn = role(places.revoking, name, trust, root=root)
    nobody = trusting(account, condition={"Bool": {"aws:SecureTransport": "false"}})

    def delete_policy() -> None:
        as_root("DeleteRolePolicy", RoleName=name, PolicyName="own")

    def delete_role() -> None:
        delete_policy()
        as_root("DeleteRole", RoleName=name)

    def older() -> None:
        as_root("PutRolePolicy", RoleName=name, PolicyName="older", PolicyDocument=_older(places.revoking))

    def distrust() -> None:
        as_root("UpdateAssumeRolePolicy", RoleName=name, PolicyDocument=nobody)

    return arn, {
        "DeleteRole": Revocation(delete_role, False, False),
        "DeleteRolePolicy": Revocation(delete_policy, False, False),
        "older sessions of the role": Revocation(older, False, True),
        "UpdateAssumeRolePolicy": Revocation(distrust, True, True),
        "CloseAccount of the role": Revocation(places.close(account), False, False),
    }


def session_token(places: Places, name: str) -> tuple[Issue, Revocations]:
    root, account = places.member()
    caller, revocations = _key(places, root, name, is_the_users=True)
    closed = Revocation(places.close(account), False, False)
    return _answered(caller, "GetSessionToken"), {**revocations, "CloseAccount": closed}


def federated_user(places: Places, name: str) -> tuple[Issue, Revocations]:
    root, account = places.member()
    caller, revocations = _key(places, root, name, is_the_users=True)
    closed = Revocation(places.close(account), False, False)
    issue = _answered(caller, "GetFederationToken", Name=name, Policy=json.dumps(ALLOW_ALL))
    return issue, {**revocations, "CloseAccount": closed}


def _answered(caller: Caller, operation: str, **given: Any) -> Issue:
    return lambda node: node.session(node.call(caller, operation, service="sts", **given))


def assumed_role(places: Places, name: str) -> tuple[Issue, Revocations]:
    """By a user of another account, whose closure ends no session of before."""
    (root, account), (other, _) = places.member(), places.member()
    caller, of_key = _key(places, root, name)
    arn, of_role = _role(places, other, name, trusting(account, actions=EVERY_ACTION))
    closed = Revocation(places.close(account), True, False)
    return lambda node: assumed(node, caller, arn), {**of_key, **of_role, "CloseAccount": closed}


def chained_role(places: Places, name: str) -> tuple[Issue, Revocations]:
    """By a role of another account, which a user of a third one takes. What befalls the first role ends nothing."""
    (root, account), (middle, of_middle), (last, _) = places.member(), places.member(), places.member()
    caller, of_key = _key(places, root, name)
    first, of_first = _role(places, middle, name, trusting(account, actions=EVERY_ACTION))
    second, of_second = _role(places, last, name, trusting(of_middle, actions=EVERY_ACTION))
    of_first = {f"{each}, the first": Revocation(it.act, True, True) for each, it in of_first.items()}
    closed = Revocation(places.close(account), True, False)
    issue: Issue = lambda node: assumed(node, assumed(node, caller, first), second)
    return issue, {**of_key, **of_first, **of_second, "CloseAccount": closed}


def web_identity(places: Places, name: str) -> tuple[Issue, Revocations]:
    root, _ = places.member()
    issue, delete, of_role = _by_provider(places, root, name)
    return issue, {**of_role, "DeleteOpenIDConnectProvider": delete}


def chained_web_identity(places: Places, name: str) -> tuple[Issue, Revocations]:
    (root, account), (other, _) = places.member(), places.member()
    issue, delete, _ = _by_provider(places, root, name)
    arn, of_role = _role(places, other, name, trusting(account, actions=EVERY_ACTION))
    more = {"DeleteOpenIDConnectProvider": delete, "CloseAccount": Revocation(places.close(account), True, False)}
    return lambda node: assumed(node, issue(node), arn), {**of_role, **more}


def _by_provider(places: Places, root: Caller, name: str) -> tuple[Issue, Revocation, Revocations]:
    as_root = partial(places.revoking.call, root)
    made = as_root("CreateOpenIDConnectProvider", Url=issuer.URL, ClientIDList=["app"])
    provider = made["OpenIDConnectProviderArn"]
    actions = ["sts:AssumeRoleWithWebIdentity", "sts:TagSession", "sts:SetSourceIdentity"]
    statement = {"Effect": "Allow", "Principal": {"Federated": provider}, "Action": actions}
    arn, of_role = _role(places, root, name, json.dumps({"Version": "2012-10-17", "Statement": statement}))

    def issue(node: World) -> Caller:
        token = issuer.signed(issuer.claims(node.clock().timestamp()))
        given = {"RoleArn": arn, "RoleSessionName": "work", "WebIdentityToken": token}
        return node.session(node.unsigned("AssumeRoleWithWebIdentity", **given))

    def delete() -> None:
        as_root("DeleteOpenIDConnectProvider", OpenIDConnectProviderArn=provider)

    return issue, Revocation(delete, True, False), of_role


def single_sign_on(places: Places, name: str) -> tuple[Issue, Revocations]:
    """Sessions of people end with their assignments."""
    issue, of_person, of_assignment = _of_person(places, name)
    acts = {**of_person, **of_assignment}
    return issue, {each: Revocation(act, False, False) for each, act in acts.items()}


def chained_single_sign_on(places: Places, name: str) -> tuple[Issue, Revocations]:
    """A role that a person takes by the role of a permission set: it ends with the person, not with the assignment."""
    root, _ = places.member()
    issue, of_person, of_assignment = _of_person(places, name)
    arn = role(places.revoking, name, trusting("*", actions=EVERY_ACTION), root=root)
    return lambda node: assumed(node, issue(node), arn), {
        **{each: Revocation(act, False, False) for each, act in of_person.items()},
        **{each: Revocation(act, True, True) for each, act in of_assignment.items()},
    }


_Acts: TypeAlias = "Mapping[str, Callable[[], object]]"


def _of_person(places: Places, name: str) -> tuple[Issue, _Acts, _Acts]:
    center, (_, account) = places.center, places.member()
    user, permission_set = center.user(name), center.permission_set(name, ADMINISTRATOR)
    center.assign(permission_set, account, user)
    store = center.instance.identity_store

    def disable() -> None:
        people = places.revoking.snapshot.accounts[center.instance.account].of(IdentityStoreUser)
        center.save(replace(people.by_id[user], enabled=False))

    def delete() -> None:
        given = {"IdentityStoreId": store, "UserId": user}
        places.revoking.call(places.revoking.root, "DeleteUser", service="identitystore", **given)

    def delete_set() -> None:
        center.unassign(permission_set, account, user)
        center.call("DeletePermissionSet", PermissionSetArn=permission_set)

    leave = partial(center.estate.call, "RemoveAccountFromOrganization", AccountId=account)
    return (
        lambda node: session_of(replace(center, world=node), user, account, name),
        {"disabled": disable, "DeleteUser": delete},
        {
            "DeleteAccountAssignment": lambda: center.unassign(permission_set, account, user),
            "DeletePermissionSet": delete_set,
            "RemoveAccountFromOrganization": leave,
            "CloseAccount": places.close(account),
        },
    )


def root_of_a_member(places: Places, name: str) -> tuple[Issue, Revocations]:
    """By AssumeRoot."""
    world, estate = places.revoking, places.center.estate
    _, account = places.member()
    trusted = {**organization(estate).trusted_services, IAM: 1}
    changed(estate, replace(organization(estate), trusted_services=trusted))
    for feature in FEATURES:
        world.call(world.root, f"EnableOrganizations{feature}")
    caller, of_key = _key(places, world.root, name)
    issue = _answered(caller, "AssumeRoot", TargetPrincipal=account, TaskPolicyArn={"arn": AUDIT})
    acts: _Acts = {
        "feature": lambda: world.call(world.root, "DisableOrganizationsRootCredentialsManagement"),
        "RemoveAccountFromOrganization": partial(estate.call, "RemoveAccountFromOrganization", AccountId=account),
        "CloseAccount": places.close(account),
    }
    return issue, {**of_key, **{each: Revocation(act, False, False) for each, act in acts.items()}}


ORIGINS: tuple[Origin, ...] = (
    session_token,
    federated_user,
    assumed_role,
    chained_role,
    web_identity,
    chained_web_identity,
    single_sign_on,
    chained_single_sign_on,
    root_of_a_member,
)


_REFUSED = ("InvalidClientTokenId", "AccessDenied", "UnauthorizedOperation")


def goes_on(node: World, caller: Caller) -> bool:
    """Whether the session is good, and may do what all of these may: AssumeRoot's may read of the root user alone."""
    for operation, service in (("GetAccountSummary", "iam"), ("DescribeRegions", "ec2")):
        try:
            node.call(caller, operation, service=service)
        except ServiceError as refusal:
            if refusal.code not in _REFUSED:
                raise
        else:
            return True
    return False


@pytest.mark.parametrize("origin", ORIGINS, ids=lambda origin: origin.__name__)
def test_it_is_refused_where_it_should_be_at_every_node(places: Places, origin: Origin) -> None:
    found, expected, names = {}, {}, [""]
    for number in range(1000):
        issue, revocations = origin(places, f"subject-{number}")
        names = list(revocations)
        if number == len(names):
            break
        act, *expected[names[number]] = revocations[names[number]]
        places.catch_up()
        before = issue(places.giving)
        assert goes_on(places.deciding, before), names[number]
        places.revoking.clock.advance(60)
        act()
        places.revoking.clock.advance(60)
        late = issue(places.giving)
        assert goes_on(places.giving, late), "it has not heard of it"
        places.catch_up()
        answers = [[goes_on(node, one) for one in (before, late)] for node in places[:3]]
        assert answers == [answers[0]] * 3, names[number]
        found[names[number]] = answers[0]
    assert found == expected
