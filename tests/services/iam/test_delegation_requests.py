"""Delegation requests: who may do what in which state, and what the credentials at their end allow."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from carnet.entities.delegation_request import DelegationRequest
from carnet.identity.trade_in_tokens import trade_in_token
from carnet.services import paging
from carnet.services.iam import delegated_permissions
from tests.services.iam.documents import allow, deny, trust
from tests.services.iam.expect import refused, set_quotas
from tests.services.wire import fits_the_model
from tests.services.world import Caller, World

DAY = 86_400
TEMPLATE = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": ["iam:ListUsers", "iam:CreateUser"], "Resource": "*"},
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::@{bucket}/*"},
    ],
}
BUCKET = {"Name": "bucket", "Values": ["data"], "Type": "string"}


@dataclass
class Delegation:
    """An account that asks, `partner`, and the world's own account, which is asked."""

    world: World
    partner: Caller
    template: str

    def create(self, *, for_anybody: bool = False, **others: Any) -> str:
        given = {
            **({} if for_anybody else {"OwnerAccountId": self.world.account_id}),
            "Description": "Set up",
            "Permissions": {"PolicyTemplateArn": self.template, "Parameters": [BUCKET]},
            "RequestorWorkflowId": "workflow-1",
            "NotificationChannel": "arn:aws:sns:us-east-1:111122223333:topic",
            "SessionDuration": 3600,
        }
        answer = self.world.call(self.partner, "CreateDelegationRequest", **{**given, **others})
        assert fits_the_model("CreateDelegationRequest", answer)
        made: str = answer["DelegationRequestId"]
        return made

    def refused(self, **others: Any) -> tuple[str, str]:
        given = {
            "Description": "Set up",
            "Permissions": {"PolicyTemplateArn": self.template, "Parameters": [BUCKET]},
            "RequestorWorkflowId": "workflow-2",
            "NotificationChannel": "arn:aws:sns:us-east-1:111122223333:topic",
            "SessionDuration": 3600,
        }
        return refused(self.world, self.partner, "CreateDelegationRequest", **{**given, **others})

    def do(self, caller: Caller, request: str, *operations: str, **given: Any) -> None:
        for operation in operations:
            self.world.call(caller, operation, DelegationRequestId=request, **given)

    def got(self, request: str, caller: Caller | None = None) -> dict[str, Any]:
        asked = {"DelegationRequestId": request}
        answer = self.world.call(caller or self.world.root, "GetDelegationRequest", **asked)
        assert fits_the_model("GetDelegationRequest", answer)
        told: dict[str, Any] = answer["DelegationRequest"]
        return told

    def token(self, request: str) -> str:
        found = self.world.snapshot.named(DelegationRequest, request)
        assert found is not None
        return trade_in_token(self.world.installation.keyring, found)

    def exchange(self, token: str, caller: Caller | None = None) -> Caller:
        answer = self.world.call(caller or self.partner, "GetDelegatedAccessToken", service="sts", TradeInToken=token)
        assert fits_the_model("GetDelegatedAccessToken", answer, service="sts")
        return self.world.session(answer)

    def not_exchanged(self, token: str, caller: Caller | None = None) -> str:
        asked = {"service": "sts", "TradeInToken": token}
        return refused(self.world, caller or self.partner, "GetDelegatedAccessToken", **asked)[0]


@pytest.fixture
def delegation(world: World) -> Delegation:
    partner = world.account()
    made = world.call(partner, "CreatePolicy", PolicyName="template", PolicyDocument=json.dumps(TEMPLATE))
    return Delegation(world, partner, made["Policy"]["Arn"])


def test_a_request_is_shown_as_it_was_made(delegation: Delegation) -> None:
    told = delegation.got(delegation.create(RequestMessage="please", RedirectUrl="https://example.com/"))
    assert told["State"] == "UNASSIGNED"
    assert told["ExpirationTime"].timestamp() - told["CreateDate"].timestamp() == DAY
    policy = json.loads(told["PermissionPolicy"])
    assert policy["Statement"][1]["Resource"] == "arn:aws:s3:::data/*"
    assert (told["RequestMessage"], told["SessionDuration"]) == ("please", 3600)
    assert "OwnerId" not in told


def test_the_whole_way_ends_in_credentials_of_the_approver(delegation: Delegation) -> None:
    world = delegation.world
    admin = world.user("admin", [allow("iam:*")])
    request = delegation.create()
    delegation.do(admin, request, "AssociateDelegationRequest")
    arn = f"arn:aws:iam::{world.account_id}:user/admin"
    assert (delegation.got(request)["State"], delegation.got(request)["OwnerId"]) == ("ASSIGNED", arn)
    delegation.do(admin, request, "UpdateDelegationRequest", Notes="for you")
    assert (delegation.got(request)["State"], delegation.got(request)["Notes"]) == ("PENDING_APPROVAL", "for you")
    delegation.do(admin, request, "AcceptDelegationRequest")
    assert (delegation.got(request)["State"], delegation.got(request)["ApproverId"]) == ("ACCEPTED", arn)
    assert delegation.not_exchanged(delegation.token(request)) == "ValidationError"
    delegation.do(admin, request, "SendDelegationToken")
    assert delegation.got(request)["State"] == "FINALIZED"
    session = delegation.exchange(delegation.token(request))
    assert world.call(session, "GetCallerIdentity", service="sts")["Arn"] == arn
    world.call(session, "CreateUser", UserName="made-for-you")
    code, message = refused(world, session, "ListRoles")
    assert (code, "no scope down policy allows" in message) == ("AccessDenied", True)


def test_nobody_delegates_more_than_they_have(delegation: Delegation) -> None:
    world = delegation.world
    small = world.user("small", [allow("iam:*DelegationRequest", "iam:SendDelegationToken", "iam:ListUsers")])
    request = delegation.create()
    delegation.do(small, request, "AssociateDelegationRequest", "AcceptDelegationRequest", "SendDelegationToken")
    session = delegation.exchange(delegation.token(request))
    assert world.call(session, "ListUsers")["Users"]
    assert "no identity-based policy" in refused(world, session, "CreateUser", UserName="x")[1]


def role_of(world: World, *actions: str, **given: str) -> Caller:
    """A session of a new role that may do these."""
    alice = world.user("alice", [allow("sts:AssumeRole")])
    document = trust(world.principal(alice).principal.arn)
    role = world.call(world.root, "CreateRole", RoleName="admin", AssumeRolePolicyDocument=document)["Role"]
    everything = json.dumps(allow(*actions))
    world.call(world.root, "PutRolePolicy", RoleName="admin", PolicyName="all", PolicyDocument=everything)
    asked = {"RoleArn": role["Arn"], "RoleSessionName": "session", **given}
    return world.session(world.call(alice, "AssumeRole", service="sts", **asked))


def test_a_session_delegates_itself_as_it_was(delegation: Delegation) -> None:
    world = delegation.world
    narrow = json.dumps(allow("iam:*DelegationRequest", "iam:SendDelegationToken", "iam:ListUsers", "iam:ListRoles"))
    session = role_of(world, "iam:*", Policy=narrow)
    request = delegation.create()
    delegation.do(session, request, "AssociateDelegationRequest", "AcceptDelegationRequest", "SendDelegationToken")
    delegated = delegation.exchange(delegation.token(request))
    assert world.call(delegated, "ListUsers")["Users"]
    assert "no session policy" in refused(world, delegated, "CreateUser", UserName="x")[1]
    assert "no scope down policy" in refused(world, delegated, "ListRoles")[1]
    world.call(world.root, "DeleteRolePolicy", RoleName="admin", PolicyName="all")
    world.call(world.root, "DeleteRole", RoleName="admin")
    assert delegation.not_exchanged(delegation.token(request)) == "ValidationError"


def everything_template(delegation: Delegation) -> dict[str, Any]:
    """The Permissions of a request for everything."""
    document = json.dumps(allow("*"))
    made = delegation.world.call(delegation.partner, "CreatePolicy", PolicyName="all", PolicyDocument=document)
    return {"PolicyTemplateArn": made["Policy"]["Arn"]}


STEPS = ("AssociateDelegationRequest", "AcceptDelegationRequest", "SendDelegationToken")


def test_what_revokes_older_sessions_ends_what_was_delegated_before(delegation: Delegation) -> None:
    world = delegation.world
    session = role_of(world, "iam:*")
    request = delegation.create()
    delegation.do(session, request, *STEPS)
    world.clock.advance(10)
    assert world.call(delegation.exchange(delegation.token(request)), "ListUsers")["Users"]
    before = {"DateLessThan": {"aws:TokenIssueTime": world.clock().isoformat(timespec="seconds")}}
    older = json.dumps(deny("*", condition=before))
    world.call(world.root, "PutRolePolicy", RoleName="admin", PolicyName="older", PolicyDocument=older)
    world.clock.advance(10)
    again = delegation.exchange(delegation.token(request))
    assert "explicit deny" in refused(world, again, "ListUsers")[1]


def test_what_a_user_delegates_began_with_the_delegation(delegation: Delegation) -> None:
    world = delegation.world
    request = delegation.create()
    delegation.do(world.root, request, *STEPS)
    sent = world.clock()
    world.clock.advance(10)
    claims = world.principal(delegation.exchange(delegation.token(request))).credential.session
    assert claims is not None
    assert claims.issued_ms == int(sent.timestamp() * 1000)


@pytest.mark.parametrize("of_role", [True, False])
def test_delegated_credentials_become_no_others(delegation: Delegation, of_role: bool) -> None:
    """Neither by a role nor by another delegation: both would outlive the one that there is."""
    world = delegation.world
    approver = role_of(world, "*") if of_role else world.user("admin", [allow("*")])
    request = delegation.create(Permissions=everything_template(delegation))
    delegation.do(approver, request, *STEPS)
    delegated = delegation.exchange(delegation.token(request))
    assert world.call(delegated, "GetCallerIdentity", service="sts")["Account"] == world.account_id
    trusting = trust(f"arn:aws:iam::{world.account_id}:root")
    role = world.call(delegated, "CreateRole", RoleName="other", AssumeRolePolicyDocument=trusting)["Role"]
    asked = {"RoleArn": role["Arn"], "RoleSessionName": "session"}
    assert refused(world, delegated, "AssumeRole", service="sts", **asked)[0] == "AccessDenied"
    again = delegation.create(RequestorWorkflowId="workflow-2")
    delegation.do(delegated, again, "AssociateDelegationRequest")
    told = ("InvalidInput", "Delegated credentials cannot accept a delegation request.")
    assert refused(world, delegated, "AcceptDelegationRequest", DelegationRequestId=again) == told


def test_a_token_is_good_for_its_requestor_and_its_time(delegation: Delegation) -> None:
    world = delegation.world
    request = delegation.create(SessionDuration=300)
    steps = ("AssociateDelegationRequest", "AcceptDelegationRequest", "SendDelegationToken")
    delegation.do(world.root, request, *steps)
    token = delegation.token(request)
    assert delegation.not_exchanged(token, world.root) == "ValidationError"
    for forged in ("", "x", f"{request}.", f"{request}.AAAA", f"{request}.é", token[:-4] + "AAA="):
        assert delegation.not_exchanged(forged) == "ValidationError"
    session = delegation.exchange(token)
    world.clock.advance(299)
    assert world.call(session, "ListUsers")["Users"] == []
    world.clock.advance(1)
    assert refused(world, session, "ListUsers")[0] == "ExpiredToken"
    assert delegation.not_exchanged(token) == "ExpiredTradeInTokenException"


@pytest.mark.parametrize(
    ("steps", "wrong"),
    [
        ((), "AcceptDelegationRequest"),
        ((), "UpdateDelegationRequest"),
        ((), "RejectDelegationRequest"),
        ((), "SendDelegationToken"),
        (("AssociateDelegationRequest",), "AssociateDelegationRequest"),
        (("AssociateDelegationRequest",), "SendDelegationToken"),
        (("AssociateDelegationRequest", "AcceptDelegationRequest"), "UpdateDelegationRequest"),
        (("AssociateDelegationRequest", "AcceptDelegationRequest"), "AcceptDelegationRequest"),
        (("AssociateDelegationRequest", "RejectDelegationRequest"), "AcceptDelegationRequest"),
        (("AssociateDelegationRequest", "RejectDelegationRequest"), "RejectDelegationRequest"),
        (
            ("AssociateDelegationRequest", "AcceptDelegationRequest", "SendDelegationToken"),
            "RejectDelegationRequest",
        ),
    ],
)
def test_each_step_has_its_states(delegation: Delegation, steps: tuple[str, ...], wrong: str) -> None:
    request = delegation.create()
    delegation.do(delegation.world.root, request, *steps)
    asked = {"DelegationRequestId": request}
    assert refused(delegation.world, delegation.world.root, wrong, **asked)[0] == "InvalidInput"


def test_an_accepted_request_can_still_be_rejected(delegation: Delegation) -> None:
    request = delegation.create()
    delegation.do(delegation.world.root, request, "AssociateDelegationRequest", "AcceptDelegationRequest")
    delegation.do(delegation.world.root, request, "RejectDelegationRequest", Notes="no")
    told = delegation.got(request)
    assert (told["State"], told["RejectionReason"]) == ("REJECTED", "no")


@pytest.mark.parametrize(("steps", "days"), [((), 1), (("AssociateDelegationRequest",), 7)])
def test_what_nobody_acts_on_expires(delegation: Delegation, steps: tuple[str, ...], days: int) -> None:
    request = delegation.create()
    delegation.do(delegation.world.root, request, *steps)
    delegation.world.clock.advance(days * DAY - 1)
    assert delegation.got(request)["State"] != "EXPIRED"
    delegation.world.clock.advance(1)
    assert delegation.got(request)["State"] == "EXPIRED"
    for operation in ("AssociateDelegationRequest", "AcceptDelegationRequest", "RejectDelegationRequest"):
        asked = {"DelegationRequestId": request}
        assert refused(delegation.world, delegation.world.root, operation, **asked)[0] == "InvalidInput"


def test_a_request_for_an_account_is_no_other_accounts(delegation: Delegation) -> None:
    world = delegation.world
    request, stranger = delegation.create(), delegation.world.account()
    for operation in ("GetDelegationRequest", "AssociateDelegationRequest"):
        expected = ("NoSuchEntity", f"The delegation request with id {request} cannot be found.")
        assert refused(world, stranger, operation, DelegationRequestId=request) == expected
    anybodys = delegation.create(for_anybody=True, RequestorWorkflowId="workflow-3")
    assert delegation.got(anybodys, stranger)["State"] == "UNASSIGNED"
    delegation.do(stranger, anybodys, "AssociateDelegationRequest")
    assert refused(world, world.root, "GetDelegationRequest", DelegationRequestId=anybodys)[0] == "NoSuchEntity"


def test_the_owner_may_see_and_update_it_and_others_need_the_permission(delegation: Delegation) -> None:
    world = delegation.world
    owner = world.user("owner", [allow("iam:AssociateDelegationRequest")])
    request = delegation.create()
    assert refused(world, owner, "GetDelegationRequest", DelegationRequestId=request)[0] == "AccessDenied"
    delegation.do(owner, request, "AssociateDelegationRequest")
    assert delegation.got(request, owner)["State"] == "ASSIGNED"
    delegation.do(owner, request, "UpdateDelegationRequest")
    assert refused(world, owner, "AcceptDelegationRequest", DelegationRequestId=request)[0] == "AccessDenied"
    condition = {"ArnEquals": {"iam:DelegationRequestOwner": f"arn:aws:iam::{world.account_id}:user/owner"}}
    boss = world.user("boss", [allow("iam:*DelegationRequest", condition=condition)])
    delegation.do(boss, request, "AcceptDelegationRequest")


def test_only_the_owner_sends_if_the_requestor_says_so(delegation: Delegation) -> None:
    world = delegation.world
    owner = world.user("owner", [allow("iam:*")])
    request = delegation.create(OnlySendByOwner=True)
    delegation.do(owner, request, "AssociateDelegationRequest")
    delegation.do(world.root, request, "AcceptDelegationRequest")
    assert refused(world, world.root, "SendDelegationToken", DelegationRequestId=request)[0] == "InvalidInput"
    delegation.do(owner, request, "SendDelegationToken")


def test_a_root_user_delegates_for_four_hours_at_most(delegation: Delegation) -> None:
    world = delegation.world
    for number, seconds in enumerate((4 * 3600, 4 * 3600 + 1)):
        request = delegation.create(SessionDuration=seconds, RequestorWorkflowId=f"workflow-{number}")
        delegation.do(world.root, request, "AssociateDelegationRequest")
        if number == 0:
            delegation.do(world.root, request, "AcceptDelegationRequest")
        else:
            asked = {"DelegationRequestId": request}
            assert refused(world, world.root, "AcceptDelegationRequest", **asked)[0] == "InvalidInput"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"NotificationChannel": "https:example"}, "SNS"),
        ({"NotificationChannel": "arn:aws:sqs:us-east-1:111122223333:queue"}, "SNS"),
        ({"Permissions": {"PolicyTemplateArn": "arn:aws:iam::111122223333:policy/no"}}, "does not exist"),
    ],
)
def test_what_is_no_request_is_refused(delegation: Delegation, given: dict[str, Any], told: str) -> None:
    code, message = delegation.refused(**given)
    assert (code, told in message) == ("InvalidInput", True)


@pytest.mark.parametrize(
    "parameters",
    [
        [],
        [BUCKET, BUCKET],
        [BUCKET, {"Name": "other", "Values": ["x"], "Type": "string"}],
        [{**BUCKET, "Values": ["a", "b"]}],
        [{**BUCKET, "Values": []}],
        [{**BUCKET, "Values": ["x" * 2048]}],
    ],
)
def test_parameters_fit_the_template(delegation: Delegation, parameters: list[dict[str, Any]]) -> None:
    permissions = {"PolicyTemplateArn": delegation.template, "Parameters": parameters}
    assert delegation.refused(Permissions=permissions)[0] == "InvalidInput"


def test_a_list_has_all_its_values(delegation: Delegation) -> None:
    document = json.dumps(allow("s3:ListBucket", condition={"StringEquals": {"s3:prefix": "@{Prefixes}"}}))
    made = delegation.world.call(delegation.partner, "CreatePolicy", PolicyName="lists", PolicyDocument=document)
    prefixes = {"Name": "Prefixes", "Values": ["a", "b"], "Type": "stringList"}
    permissions = {"PolicyTemplateArn": made["Policy"]["Arn"], "Parameters": [prefixes]}
    policy = json.loads(delegation.got(delegation.create(Permissions=permissions))["PermissionPolicy"])
    assert "'s3:prefix': ['a', 'b']" in str(policy)


def test_a_value_cannot_add_to_the_policy(delegation: Delegation) -> None:
    escaping = {**BUCKET, "Values": ['x"],"Action":["*'], "Type": "string"}
    request = delegation.create(Permissions={"PolicyTemplateArn": delegation.template, "Parameters": [escaping]})
    statement = json.loads(delegation.got(request)["PermissionPolicy"])["Statement"][1]
    assert statement["Action"] == "s3:GetObject"


@pytest.mark.parametrize(
    ("value", "problem"), [("Get", None), ("Get:", "Actions/Condition can contain only one colon.")]
)
def test_what_is_filled_in_is_a_policy(delegation: Delegation, value: str, problem: str | None) -> None:
    given = {"PolicyName": "filled", "PolicyDocument": json.dumps(allow("s3:@{Verb}Object"))}
    arn = delegation.world.call(delegation.partner, "CreatePolicy", **given)["Policy"]["Arn"]
    verb = {"Name": "Verb", "Values": [value], "Type": "string"}
    permissions = {"PolicyTemplateArn": arn, "Parameters": [verb]}
    if problem is None:
        delegation.create(Permissions=permissions)
    else:
        assert delegation.refused(Permissions=permissions) == ("InvalidInput", problem)


def test_a_workflow_has_one_request_and_an_account_many(
    delegation: Delegation, monkeypatch: pytest.MonkeyPatch
) -> None:
    delegation.create()
    exists = "A delegation request with the workflow id workflow-1 already exists."
    assert delegation.refused(RequestorWorkflowId="workflow-1") == ("EntityAlreadyExists", exists)
    set_quotas(monkeypatch, "CreateDelegationRequest", delegation_requests=1)
    expected = ("LimitExceeded", "Cannot exceed quota for DelegationRequestsPerAccount: 1")
    assert delegation.refused() == expected
    delegation.world.clock.advance(DAY)
    delegation.create()
    assert len(delegation.world.snapshot.installation.of(DelegationRequest)) == 1


def test_owned_requests_are_listed_by_owner(delegation: Delegation) -> None:
    world = delegation.world
    alice = world.user("alice", [allow("iam:*")])
    requests = [delegation.create(RequestorWorkflowId=f"workflow-{number}") for number in range(3)]
    delegation.do(alice, requests[0], "AssociateDelegationRequest")
    delegation.do(world.root, requests[1], "AssociateDelegationRequest")
    first = world.call(world.root, "ListDelegationRequests", MaxItems=1)
    assert fits_the_model("ListDelegationRequests", first)
    assert first["isTruncated"] is True
    rest = world.call(world.root, "ListDelegationRequests", Marker=first["Marker"])
    listed = [one["DelegationRequestId"] for one in (*first["DelegationRequests"], *rest["DelegationRequests"])]
    assert listed == sorted(requests[:2])
    arn = f"arn:aws:iam::{world.account_id}:user/alice"
    (own,) = world.call(world.root, "ListDelegationRequests", OwnerId=arn)["DelegationRequests"]
    assert own["DelegationRequestId"] == requests[0]


def test_the_list_tells_all_that_is_known_of_a_request(delegation: Delegation) -> None:
    world = delegation.world
    asked: dict[str, Any] = {"RequestMessage": "please", "RedirectUrl": "https://partner.example.com/back"}
    granted = delegation.create(**asked)
    delegation.do(world.root, granted, "AssociateDelegationRequest")
    delegation.do(world.root, granted, "UpdateDelegationRequest", Notes="looks good")
    delegation.do(world.root, granted, "AcceptDelegationRequest")
    refused_ = delegation.create(RequestorWorkflowId="workflow-2")
    delegation.do(world.root, refused_, "AssociateDelegationRequest")
    delegation.do(world.root, refused_, "RejectDelegationRequest", Notes="too much")
    listed = world.call(world.root, "ListDelegationRequests")["DelegationRequests"]
    told = {one["DelegationRequestId"]: one for one in listed}
    optional = ("RequestMessage", "RedirectUrl", "Notes", "ApproverId", "RejectionReason")
    arn = f"arn:aws:iam::{world.account_id}:root"
    assert [told[granted].get(name) for name in optional] == [*asked.values(), "looks good", arn, None]
    assert [told[refused_].get(name) for name in optional] == [None, None, None, None, "too much"]


@pytest.mark.parametrize(
    ("actions", "result"), [(("iam:*", "s3:*"), "ALLOWED"), (("iam:Get*",), "DENIED"), (("iam:*",), "DENIED")]
)
def test_the_callers_permissions_are_held_against_it(
    delegation: Delegation, actions: tuple[str, ...], result: str
) -> None:
    caller = delegation.world.user("caller", [allow(*actions)])
    asked: dict[str, Any] = {"DelegationRequestId": delegation.create(), "DelegationPermissionCheck": True}
    answer = delegation.world.call(caller, "GetDelegationRequest", **asked)
    assert (answer["PermissionCheckStatus"], answer["PermissionCheckResult"]) == ("COMPLETE", result)


@pytest.mark.parametrize(("most", "result"), [(3, "ALLOWED"), (2, "UNSURE")])
def test_so_many_permissions_are_held_against_it_and_no_more(
    delegation: Delegation, monkeypatch: pytest.MonkeyPatch, most: int, result: str
) -> None:
    monkeypatch.setattr(delegated_permissions, "_MOST_QUESTIONS", most)
    asked: dict[str, Any] = {"DelegationRequestId": delegation.create(), "DelegationPermissionCheck": True}
    answer = delegation.world.call(delegation.world.root, "GetDelegationRequest", **asked)
    assert answer["PermissionCheckResult"] == result


def test_a_summary_says_what_is_asked_for(delegation: Delegation) -> None:
    world = delegation.world
    arn = f"arn:aws:iam::{world.account_id}:delegation-request/{delegation.create()}"
    answer = world.call(world.root, "GetHumanReadableSummary", EntityArn=arn, Locale="en-US")
    assert fits_the_model("GetHumanReadableSummary", answer)
    assert answer["SummaryState"] == "AVAILABLE"
    assert "It allows iam:ListUsers, iam:CreateUser on *." in answer["SummaryContent"]
    assert world.call(world.root, "GetHumanReadableSummary", EntityArn=arn, Locale="de")["SummaryState"] == (
        "NOT_SUPPORTED"
    )
    other = {"EntityArn": f"arn:aws:iam::{world.account_id}:user/alice"}
    assert refused(world, world.root, "GetHumanReadableSummary", **other)[0] == "InvalidInput"


def test_a_boundary_that_roles_must_have_is_told(delegation: Delegation) -> None:
    boundary = "arn:aws:iam::aws:policy/PowerUserAccess"
    condition = {"StringEquals": {"iam:PermissionsBoundary": boundary}}
    document = json.dumps(allow("iam:CreateRole", condition=condition))
    made = delegation.world.call(delegation.partner, "CreatePolicy", PolicyName="roles", PolicyDocument=document)
    request = delegation.create(Permissions={"PolicyTemplateArn": made["Policy"]["Arn"]})
    assert delegation.got(request)["RolePermissionRestrictionArns"] == [boundary]


def test_an_account_made_again_under_its_id_inherits_no_request(delegation: Delegation) -> None:
    world = delegation.world
    request = delegation.create()
    delegation.do(world.root, request, "AssociateDelegationRequest")
    account = world.snapshot.accounts[world.account_id].account
    changed(world, replace(account, created=account.created + timedelta(days=1)))
    assert refused(world, world.root, "GetDelegationRequest", DelegationRequestId=request)[0] == "NoSuchEntity"


def test_nor_do_tokens_become_credentials_of_it(delegation: Delegation) -> None:
    world = delegation.world
    request = delegation.create()
    delegation.do(world.root, request, *STEPS)
    account = world.snapshot.accounts[world.account_id].account
    changed(world, replace(account, created=account.created + timedelta(days=1)))
    assert delegation.not_exchanged(delegation.token(request)) == "ValidationError"


def test_a_federated_user_accepts_no_request(delegation: Delegation) -> None:
    world = delegation.world
    alice, request = world.user("alice", [allow("*")]), delegation.create()
    delegation.do(world.root, request, "AssociateDelegationRequest")
    made = world.call(alice, "GetFederationToken", service="sts", Name="bob", Policy=json.dumps(allow("*")))
    told = refused(world, world.session(made), "AcceptDelegationRequest", DelegationRequestId=request)
    assert told[0] == "InvalidClientTokenId"


@pytest.mark.parametrize("kept", [None, b"", b"\x00"])
def test_a_token_of_whom_nothing_is_known_is_good_for_nothing(delegation: Delegation, kept: bytes | None) -> None:
    """As a node of another release may have left it: with no approver, or a session that is not read here."""
    world = delegation.world
    request = delegation.create()
    delegation.do(world.root, request, *STEPS)
    found = world.snapshot.named(DelegationRequest, request)
    assert found is not None
    assert found.approver is not None
    token = delegation.token(request)
    approver = None if kept is None else replace(found.approver, session=kept)
    changed(world, replace(found, approver=approver))
    assert delegation.not_exchanged(token) == "ValidationError"
    changed(world, found)
    delegation.exchange(token)


def changed(world: World, entity: object) -> None:
    """Save it as no operation does."""
    with world.installation.store.write() as unit:
        unit.save(entity)
    world.installation.directory.catch_up()


def test_a_page_of_requests_ends_before_their_policies_are_too_long(
    delegation: Delegation, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = delegation.world
    requests = [delegation.create(RequestorWorkflowId=f"long-{number}") for number in range(3)]
    for request in requests:
        delegation.do(world.root, request, "AssociateDelegationRequest")
    length = len(delegation.got(requests[0])["PermissionPolicy"])
    monkeypatch.setattr(paging, "PAGE_CHARACTERS", 3 * length - 1)
    first = world.call(world.root, "ListDelegationRequests", MaxItems=1000)
    assert (len(first["DelegationRequests"]), first["isTruncated"]) == (2, True)
    rest = world.call(world.root, "ListDelegationRequests", Marker=first["Marker"])
    assert (len(rest["DelegationRequests"]), rest["isTruncated"]) == (1, False)
