"""Every paginator that boto3 has for Organizations, over an organization that has two of everything."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.loaders import create_loader

from carnet.services.accounts import NewAccounts, create_accounts
from tests.server.in_process import InProcessServer, in_process_server

PAGINATORS = create_loader().load_service_model("organizations", "paginators-1")["pagination"]
TAGS = [{"Key": key, "Value": "v"} for key in ("a", "b")]
PLANS = {"plans": {name: {"regions": {"@@assign": ["us-east-1"]}} for name in ("Daily", "Weekly")}}
"""Without rules and selections, so that what is in effect is not valid."""
SERVICES = ("config.amazonaws.com", "ram.amazonaws.com")
ONE_PAGE = {"ListRoots", "ListParents", "ListTagsForResource"}
"""There is one root, and one parent; and the tags of a resource are asked for without a limit."""
EMPTY = {"ListHandshakesForAccount"}
"""Nobody asks the management account."""


def _scp(number: int) -> str:
    statement = {"Effect": "Deny", "Action": f"s3:Delete{number}*", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessServer]:
    with in_process_server(tmp_path_factory.mktemp("paginated")) as running:
        yield running


@pytest.fixture(scope="module")
def arguments(server: InProcessServer) -> dict[str, dict[str, Any]]:
    """The input of each operation that has to name something, of what this makes."""
    organizations = server.client("organizations")
    organizations.create_organization()
    root = organizations.list_roots()["Roots"][0]["Id"]
    organizations.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
    unit = organizations.create_organizational_unit(ParentId=root, Name="u0")["OrganizationalUnit"]["Id"]
    policies, members = [], []
    for number in (1, 2):
        organizations.create_organizational_unit(ParentId=unit, Name=f"u{number}")
        asked = organizations.create_account(Email=f"a{number}@example.com", AccountName=f"a{number}")
        status = organizations.describe_create_account_status(
            CreateAccountRequestId=asked["CreateAccountStatus"]["Id"]
        )["CreateAccountStatus"]
        members.append(status["AccountId"])
        organizations.move_account(AccountId=members[-1], SourceParentId=root, DestinationParentId=unit)
        made = organizations.create_policy(
            Name=f"p{number}", Description="", Type="SERVICE_CONTROL_POLICY", Content=_scp(number)
        )
        policies.append(made["Policy"]["PolicySummary"]["Id"])
    for target in (unit, *members):
        organizations.attach_policy(PolicyId=policies[0], TargetId=target)
    organizations.tag_resource(ResourceId=unit, Tags=TAGS)
    for service in SERVICES:
        organizations.enable_aws_service_access(ServicePrincipal=service)
        for member in members:
            organizations.register_delegated_administrator(AccountId=member, ServicePrincipal=service)
    for stranger in _strangers(server):
        organizations.invite_account_to_organization(Target={"Id": stranger, "Type": "ACCOUNT"})
    organizations.enable_policy_type(RootId=root, PolicyType="BACKUP_POLICY")
    backup = organizations.create_policy(Name="half", Description="", Type="BACKUP_POLICY", Content=json.dumps(PLANS))
    organizations.attach_policy(PolicyId=backup["Policy"]["PolicySummary"]["Id"], TargetId=unit)
    return {
        "ListAccountsForParent": {"ParentId": unit},
        "ListAccountsWithInvalidEffectivePolicy": {"PolicyType": "BACKUP_POLICY"},
        "ListChildren": {"ParentId": unit, "ChildType": "ACCOUNT"},
        "ListDelegatedServicesForAccount": {"AccountId": members[0]},
        "ListEffectivePolicyValidationErrors": {"AccountId": members[0], "PolicyType": "BACKUP_POLICY"},
        "ListOrganizationalUnitsForParent": {"ParentId": unit},
        "ListParents": {"ChildId": unit},
        "ListPolicies": {"Filter": "SERVICE_CONTROL_POLICY"},
        "ListPoliciesForTarget": {"TargetId": unit, "Filter": "SERVICE_CONTROL_POLICY"},
        "ListTagsForResource": {"ResourceId": unit},
        "ListTargetsForPolicy": {"PolicyId": policies[0]},
    }


def _strangers(server: InProcessServer) -> list[str]:
    """Two accounts that are in no organization."""
    parts = server.installation
    made = create_accounts(
        parts.store,
        parts.keyring,
        parts.ids,
        NewAccounts(names=("s1", "s2"), emails=("s1@example.com", "s2@example.com"), partition="aws"),
        now=server.clock(),
    )
    parts.directory.catch_up()
    return [key.account for key in made]


@pytest.mark.parametrize("name", sorted(PAGINATORS))
def test_pages_of_one_are_together_what_one_call_lists(
    server: InProcessServer, arguments: dict[str, dict[str, Any]], name: str
) -> None:
    client = server.client("organizations")
    method = next(method for method, operation in client.meta.method_to_api_mapping.items() if operation == name)
    given = arguments.get(name, {})
    (key,) = client.get_paginator(method).result_keys
    size = {"PageSize": 1} if "limit_key" in PAGINATORS[name] else {}
    pages = list(client.get_paginator(method).paginate(**given, PaginationConfig=size))
    whole = getattr(client, method)(**given)
    assert [one for page in pages for one in page.get(key.expression, [])] == whole[key.expression]
    assert "NextToken" not in whole
    assert ["NextToken" in page for page in pages] == [True] * (len(pages) - 1) + [False]
    assert (len(pages) == 1) == (name in ONE_PAGE | EMPTY)
    assert bool(whole[key.expression]) == (name not in EMPTY)
