"""From which accounts each operation may be called, whatever the policies there allow.

https://docs.aws.amazon.com/organizations/latest/APIReference/action-reference.html
"""

from __future__ import annotations

from typing import NamedTuple

import pytest

from carnet.services.organizations.service import organizations
from tests.services.inputs import SharedWorlds, given
from tests.services.organizations.estate import SERVICE, Estate
from tests.services.world import Caller, ServiceError

FROM_EVERYWHERE = frozenset(("CreateOrganization", "ListHandshakesForAccount"))
FROM_MEMBERS = frozenset(("DescribeOrganization", "LeaveOrganization"))
OF_PARTIES = frozenset(("AcceptHandshake", "CancelHandshake", "DeclineHandshake", "DescribeHandshake"))
"""For those who have sent or received the handshake."""
FROM_DELEGATED_ADMINISTRATORS = frozenset(
    (
        "DescribeAccount",
        "DescribeCreateAccountStatus",
        "DescribeEffectivePolicy",
        "DescribeOrganizationalUnit",
        "DescribePolicy",
        "DescribeResourcePolicy",
        "ListAWSServiceAccessForOrganization",
        "ListAccounts",
        "ListAccountsForParent",
        "ListAccountsWithInvalidEffectivePolicy",
        "ListChildren",
        "ListCreateAccountStatus",
        "ListDelegatedAdministrators",
        "ListDelegatedServicesForAccount",
        "ListEffectivePolicyValidationErrors",
        "ListHandshakesForOrganization",
        "ListOrganizationalUnitsForParent",
        "ListParents",
        "ListPolicies",
        "ListPoliciesForTarget",
        "ListRoots",
        "ListTagsForResource",
        "ListTargetsForPolicy",
    )
)
FROM_THE_MANAGEMENT_ACCOUNT = frozenset(organizations.operations) - (
    FROM_EVERYWHERE | FROM_MEMBERS | OF_PARTIES | FROM_DELEGATED_ADMINISTRATORS
)
"""All others: a new operation is shown to be refused, until it is named above."""


class Callers(NamedTuple):
    """Root users: of a member, of a delegated administrator, and of an account in no organization."""

    estate: Estate
    inputs: dict[str, dict[str, object]]
    member: Caller
    delegate: Caller
    stranger: Caller

    def told(self, caller: Caller, operation: str) -> str:
        """The error; empty if there is none, or none of those who may call."""
        try:
            self.estate.call_as(caller, operation, **self.inputs[operation])
        except ServiceError as refusal:
            if refusal.code in ("AccessDeniedException", "AWSOrganizationsNotInUseException"):
                return f"{refusal.code}: {refusal.message}"
        return ""


@pytest.fixture(scope="module")
def callers(shared_worlds: SharedWorlds) -> Callers:
    operations = organizations.operations
    world = shared_worlds.of(operations["ListRoots"])
    inputs = {name: given(world, operation) for name, operation in operations.items()}
    inputs["DescribeCreateAccountStatus"] = {"CreateAccountRequestId": f"car-{'0' * 32}"}
    told = world.call(world.root, "DescribeOrganization", service=SERVICE)["Organization"]
    root = world.call(world.root, "ListRoots", service=SERVICE)["Roots"][0]
    estate = Estate(world=world, organization=told["Id"], root=root["Id"])
    estate.call("DeleteResourcePolicy")  # which lets members do more
    member, delegate, service = estate.member(), estate.member(), "config.amazonaws.com"
    estate.call("EnableAWSServiceAccess", ServicePrincipal=service)
    estate.call("RegisterDelegatedAdministrator", AccountId=estate.account_of(delegate), ServicePrincipal=service)
    return Callers(estate, inputs, member, delegate, world.account())


DENIED = "AccessDeniedException: You don't have permissions to access this resource."
NOT_IN_USE = "AWSOrganizationsNotInUseException: Your account is not a member of an organization."


@pytest.mark.parametrize("operation", sorted(FROM_DELEGATED_ADMINISTRATORS | FROM_THE_MANAGEMENT_ACCOUNT))
def test_members_and_delegated_administrators_are_refused(callers: Callers, operation: str) -> None:
    assert callers.told(callers.member, operation) == DENIED
    reads = operation in FROM_DELEGATED_ADMINISTRATORS
    assert callers.told(callers.delegate, operation) == ("" if reads else DENIED)
    assert callers.told(callers.stranger, operation) == NOT_IN_USE


@pytest.mark.parametrize("operation", sorted(OF_PARTIES))
def test_who_is_no_party_finds_no_handshake(callers: Callers, operation: str) -> None:
    """A delegated administrator sees what the organization has sent, and does nothing with it."""
    for caller in (callers.member, callers.stranger):
        with pytest.raises(ServiceError, match="HandshakeNotFoundException"):
            callers.estate.call_as(caller, operation, **callers.inputs[operation])
    expected = "" if operation == "DescribeHandshake" else DENIED
    assert callers.told(callers.delegate, operation) == expected


@pytest.mark.parametrize("operation", sorted(FROM_MEMBERS))
def test_members_alone_have_an_organization(callers: Callers, operation: str) -> None:
    assert callers.told(callers.stranger, operation) == NOT_IN_USE
    member = callers.estate.member()
    assert callers.estate.call_as(member, operation) is not None
