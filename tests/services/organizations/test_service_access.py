from __future__ import annotations

from datetime import timedelta

import pytest

from tests.services.organizations.estate import Estate, an_estate
from tests.services.world import START, ServiceError, World

CONFIG = "config.amazonaws.com"
SECOND = timedelta(seconds=1)


def _delegated(estate: Estate) -> dict[str, str]:
    """The input of a member that is registered for CONFIG."""
    estate.call("EnableAWSServiceAccess", ServicePrincipal=CONFIG)
    given = {"AccountId": estate.account_of(estate.member()), "ServicePrincipal": CONFIG}
    estate.call("RegisterDelegatedAdministrator", **given)
    return given


def test_trusted_services_are_listed_with_when_they_were_enabled(estate: Estate) -> None:
    for service in (CONFIG, "access-analyzer.amazonaws.com", CONFIG):
        estate.call("EnableAWSServiceAccess", ServicePrincipal=service)
        estate.world.clock.advance(1)
    assert estate.call("ListAWSServiceAccessForOrganization")["EnabledServicePrincipals"] == [
        {"ServicePrincipal": "access-analyzer.amazonaws.com", "DateEnabled": START + SECOND},
        {"ServicePrincipal": CONFIG, "DateEnabled": START},
    ]
    estate.call("DisableAWSServiceAccess", ServicePrincipal=CONFIG)
    listed = estate.call("ListAWSServiceAccessForOrganization")["EnabledServicePrincipals"]
    assert [one["ServicePrincipal"] for one in listed] == ["access-analyzer.amazonaws.com"]


def test_security_hub_is_trusted_as_long_as_its_policy_type_is_enabled(estate: Estate) -> None:
    service, policy_type = "securityhub.amazonaws.com", "SECURITYHUB_POLICY"
    given = {"RootId": estate.root, "PolicyType": policy_type}
    with pytest.raises(ServiceError, match="ConstraintViolationException") as refused:
        estate.call("EnablePolicyType", **given)
    assert refused.value.members == {"Reason": "SERVICE_ACCESS_NOT_ENABLED"}
    estate.call("EnableAWSServiceAccess", ServicePrincipal=service)
    estate.call("EnablePolicyType", **given)
    with pytest.raises(ServiceError, match="ConstraintViolationException") as refused:
        estate.call("DisableAWSServiceAccess", ServicePrincipal=service)
    assert refused.value.members == {"Reason": "POLICY_TYPE_ENABLED_FOR_THIS_SERVICE"}
    estate.call("DisablePolicyType", **given)
    estate.call("DisableAWSServiceAccess", ServicePrincipal=service)


def test_only_services_of_aws_are_trusted(estate: Estate) -> None:
    with pytest.raises(ServiceError, match="InvalidInputException: You specified an unrecognized service principal"):
        estate.call("EnableAWSServiceAccess", ServicePrincipal="nobody.example.com")


def test_billing_alone_trusts_no_service(world: World) -> None:
    with pytest.raises(ServiceError, match="ConstraintViolationException"):
        an_estate(world, FeatureSet="CONSOLIDATED_BILLING").call("EnableAWSServiceAccess", ServicePrincipal=CONFIG)


def test_a_delegated_administrator_is_listed_and_reads_the_organization(estate: Estate) -> None:
    estate.call("EnableAWSServiceAccess", ServicePrincipal=CONFIG)
    member = estate.member()
    given = {"AccountId": estate.account_of(member), "ServicePrincipal": CONFIG}
    with pytest.raises(ServiceError, match="You don't have permissions"):
        estate.call_as(member, "ListAccounts")
    estate.call("RegisterDelegatedAdministrator", **given)
    assert len(estate.call_as(member, "ListAccounts")["Accounts"]) == 2
    (shown,) = estate.call("ListDelegatedAdministrators", ServicePrincipal=CONFIG)["DelegatedAdministrators"]
    assert (shown["Id"], shown["DelegationEnabledDate"]) == (given["AccountId"], START)
    assert estate.call("ListDelegatedAdministrators")["DelegatedAdministrators"] == [shown]
    assert (
        estate.call("ListDelegatedAdministrators", ServicePrincipal="ram.amazonaws.com")["DelegatedAdministrators"]
        == []
    )
    assert estate.call("ListDelegatedServicesForAccount", AccountId=given["AccountId"])["DelegatedServices"] == [
        {"ServicePrincipal": CONFIG, "DelegationEnabledDate": START}
    ]
    with pytest.raises(ServiceError, match="You don't have permissions"):
        estate.call_as(member, "CreateOrganizationalUnit", ParentId=estate.root, Name="mine")
    estate.call("DeregisterDelegatedAdministrator", **given)
    with pytest.raises(ServiceError, match="You don't have permissions"):
        estate.call_as(member, "ListAccounts")


def test_who_can_be_no_delegated_administrator(estate: Estate) -> None:
    member = estate.account_of(estate.member())
    with pytest.raises(ServiceError, match="ConstraintViolationException: You must enable service access"):
        estate.call("RegisterDelegatedAdministrator", AccountId=member, ServicePrincipal=CONFIG)
    estate.call("EnableAWSServiceAccess", ServicePrincipal=CONFIG)
    with pytest.raises(ServiceError, match="ConstraintViolationException: You cannot register the management account"):
        estate.call("RegisterDelegatedAdministrator", AccountId=estate.world.account_id, ServicePrincipal=CONFIG)
    with pytest.raises(ServiceError, match="AccountNotFoundException"):
        estate.call("RegisterDelegatedAdministrator", AccountId="000000000000", ServicePrincipal=CONFIG)
    with pytest.raises(ServiceError, match="AccountNotRegisteredException"):
        estate.call("DeregisterDelegatedAdministrator", AccountId=member, ServicePrincipal=CONFIG)
    with pytest.raises(ServiceError, match="AccountNotRegisteredException"):
        estate.call("ListDelegatedServicesForAccount", AccountId=member)


def test_an_account_that_is_closed_administers_nothing(estate: Estate) -> None:
    member = estate.account_of(estate.member())
    estate.call("EnableAWSServiceAccess", ServicePrincipal=CONFIG)
    estate.call("CloseAccount", AccountId=member)
    with pytest.raises(ServiceError, match="ConstraintViolationException") as refused:
        estate.call("RegisterDelegatedAdministrator", AccountId=member, ServicePrincipal=CONFIG)
    assert refused.value.members == {"Reason": "CANNOT_REGISTER_SUSPENDED_ACCOUNT_AS_DELEGATED_ADMINISTRATOR"}


def test_an_account_is_registered_once_for_a_service(estate: Estate) -> None:
    given = _delegated(estate)
    with pytest.raises(ServiceError, match="AccountAlreadyRegisteredException"):
        estate.call("RegisterDelegatedAdministrator", **given)


@pytest.mark.parametrize(
    ("service", "most"),
    [
        (CONFIG, 3),
        ("config-multiaccountsetup.amazonaws.com", 3),
        ("cloudtrail.amazonaws.com", 3),
        ("member.org.stacksets.cloudformation.amazonaws.com", 5),
        ("sso.amazonaws.com", 1),
        ("access-analyzer.amazonaws.com", 1),
    ],
)
def test_a_service_has_so_many_administrators(estate: Estate, service: str, most: int) -> None:
    estate.call("EnableAWSServiceAccess", ServicePrincipal=service)
    accounts = [estate.account_of(estate.member()) for _ in range(most + 1)]
    for account in accounts[:-1]:
        estate.call("RegisterDelegatedAdministrator", AccountId=account, ServicePrincipal=service)
    one_more = {"AccountId": accounts[-1], "ServicePrincipal": service}
    with pytest.raises(ServiceError, match="more delegated administrators than allowed") as refused:
        estate.call("RegisterDelegatedAdministrator", **one_more)
    assert refused.value.members == {"Reason": "MAX_DELEGATED_ADMINISTRATORS_FOR_SERVICE_LIMIT_EXCEEDED"}
    estate.call("DeregisterDelegatedAdministrator", AccountId=accounts[0], ServicePrincipal=service)
    estate.call("RegisterDelegatedAdministrator", **one_more)


def test_a_service_with_an_administrator_stays_trusted(estate: Estate) -> None:
    given = _delegated(estate)
    with pytest.raises(ServiceError, match="ConstraintViolationException: Deregister every delegated administrator"):
        estate.call("DisableAWSServiceAccess", ServicePrincipal=CONFIG)
    estate.call("DeregisterDelegatedAdministrator", **given)
    estate.call("DisableAWSServiceAccess", ServicePrincipal=CONFIG)


def test_a_policy_can_limit_the_service(estate: Estate) -> None:
    statement = {
        "Effect": "Allow",
        "Action": "organizations:EnableAWSServiceAccess",
        "Resource": "*",
        "Condition": {"StringEquals": {"organizations:ServicePrincipal": CONFIG}},
    }
    caller = estate.world.user("limited", [{"Version": "2012-10-17", "Statement": statement}])
    estate.call_as(caller, "EnableAWSServiceAccess", ServicePrincipal=CONFIG)
    with pytest.raises(ServiceError, match="is not authorized to perform"):
        estate.call_as(caller, "EnableAWSServiceAccess", ServicePrincipal="ram.amazonaws.com")
