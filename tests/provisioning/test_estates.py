"""An organization is imported from a document, exported, and imported again without a change."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from carnet.entities.access_key import AccessKey
from carnet.entities.account import Account
from carnet.policy.case_members import Misread
from carnet.provisioning.estates import application
from carnet.provisioning.estates.answers import assembled
from carnet.provisioning.estates.application import Importing, Item, planned
from carnet.provisioning.estates.changes import entries_of
from carnet.provisioning.estates.document import read_estate
from carnet.provisioning.estates.export import exported_organization
from carnet.provisioning.estates.tree import drawn
from carnet.provisioning.plan import Verdict
from tests.services.world import World

SCP = '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"s3:*","Resource":"*"}}'
MANAGEMENT, MEMBER = "111111111111", "222222222222"
ESTATE: dict[str, Any] = {
    "Organization": {"Id": "o-exampleorg1", "MasterAccountId": MANAGEMENT, "FeatureSet": "ALL"},
    "Roots": [
        {
            "Id": "r-ab12",
            "Name": "Root",
            "PolicyTypes": [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}],
            "Tags": [{"Key": "of", "Value": "root"}],
        }
    ],
    "OrganizationalUnits": [
        {"Id": "ou-ab12-11111111", "Name": "Workloads", "ParentId": "r-ab12", "Tags": [{"Key": "a", "Value": "b"}]},
        {"Id": "ou-ab12-22222222", "Name": "Prod", "ParentId": "ou-ab12-11111111", "Tags": []},
    ],
    "Accounts": [
        {
            "Id": MANAGEMENT,
            "Name": "management",
            "Email": "m@example.com",
            "ParentId": "r-ab12",
            "State": "ACTIVE",
            "JoinedMethod": "INVITED",
            "Tags": [],
        },
        {
            "Id": MEMBER,
            "Name": "shop",
            "Email": "s@example.com",
            "ParentId": "ou-ab12-22222222",
            "State": "ACTIVE",
            "JoinedMethod": "CREATED",
            "Tags": [{"Key": "of", "Value": "account"}],
        },
    ],
    "Policies": [
        {
            "Id": "p-12345678",
            "Type": "SERVICE_CONTROL_POLICY",
            "Name": "no-s3",
            "Description": "",
            "Content": SCP,
            "Tags": [{"Key": "of", "Value": "policy"}],
        }
    ],
    "Attachments": [
        *(
            {"PolicyId": "p-FullAWSAccess", "TargetId": target}
            for target in ("r-ab12", MANAGEMENT, "ou-ab12-11111111", "ou-ab12-22222222", MEMBER)
        ),
        {"PolicyId": "p-12345678", "TargetId": "ou-ab12-11111111"},
    ],
    "DelegatedAdministrators": [{"Id": MEMBER, "ServicePrincipals": ["guardduty.amazonaws.com"]}],
    "EnabledServicePrincipals": [{"ServicePrincipal": "guardduty.amazonaws.com"}],
    "ResourcePolicy": {"Content": SCP},
}


def plan_of(world: World, data: object) -> tuple[Item, ...]:
    here = world.installation
    entries = entries_of(read_estate(data), world.snapshot, here.ids, partition="aws", now=world.clock())
    return planned(entries, world.snapshot)


def importing(world: World, *, root_keys: bool = False) -> Importing:
    here = world.installation
    return Importing(
        store=here.store,
        directory=here.directory,
        keyring=here.keyring,
        ids=here.ids,
        now=world.clock(),
        root_keys=root_keys,
    )


def imported(world: World, data: object) -> dict[str, Verdict]:
    items = plan_of(world, data)
    importing(world).apply(items)
    world.installation.directory.catch_up()
    return {item.entry.name or item.entry.word: item.verdict for item in items}


def exported(world: World, organization: str = "o-exampleorg1") -> dict[str, Any]:
    return exported_organization(world.snapshot, world.snapshot.organizations[organization])


def changed(**members: Any) -> dict[str, Any]:
    return {**deepcopy(ESTATE), **members}


def test_it_is_made_with_its_ids_and_exported_as_it_was_imported(world: World) -> None:
    assert set(imported(world, ESTATE).values()) == {Verdict.CREATE}
    told = exported(world)
    attachments = told.pop("Attachments")
    assert told == {name: value for name, value in ESTATE.items() if name != "Attachments"}
    assert sorted(map(str, attachments)) == sorted(map(str, ESTATE["Attachments"]))
    assert set(imported(world, exported(world)).values()) == {Verdict.UNCHANGED}
    assert world.snapshot.accounts[MEMBER].of(AccessKey).sorted() == ()


def test_the_order_in_which_policy_types_were_enabled_is_no_change(world: World) -> None:
    imported(world, ESTATE)
    organization = world.snapshot.organizations["o-exampleorg1"].organization
    enabled = ("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY")
    with world.installation.store.write() as unit:
        unit.save(replace(organization, policy_types=enabled))
    world.installation.directory.catch_up()
    assert set(imported(world, exported(world)).values()) == {Verdict.UNCHANGED}
    fewer = exported(world)
    del fewer["Roots"][0]["PolicyTypes"][0]
    assert imported(world, fewer)["organization"] is Verdict.UPDATE
    assert world.snapshot.organizations["o-exampleorg1"].organization.policy_types == enabled[1:]


def test_one_of_consolidated_billing_stays_so(world: World) -> None:
    data = changed(
        Organization={**ESTATE["Organization"], "FeatureSet": "CONSOLIDATED_BILLING"},
        Roots=[{**ESTATE["Roots"][0], "PolicyTypes": []}],
        **{name: [] for name in ("Policies", "Attachments", "DelegatedAdministrators", "EnabledServicePrincipals")},
    )
    del data["ResourcePolicy"]
    imported(world, data)
    assert exported(world) == data


def test_root_keys_are_made_if_asked(world: World) -> None:
    keys = importing(world, root_keys=True).apply(plan_of(world, ESTATE))
    assert [key.account for key in keys] == [MANAGEMENT, MEMBER]
    world.installation.directory.catch_up()
    assert keys[1].access_key_id in world.snapshot.accounts[MEMBER].of(AccessKey).by_id


def test_what_differs_is_changed_and_the_rest_stays(world: World) -> None:
    imported(world, ESTATE)
    data = changed(Attachments=ESTATE["Attachments"][:-1])
    data["OrganizationalUnits"][1]["ParentId"] = "r-ab12"
    data["Accounts"][1] |= {"State": "CLOSED", "Name": "store"}
    assert imported(world, data) == {
        "no-s3": Verdict.UNCHANGED,
        "organization": Verdict.UNCHANGED,
        "Workloads": Verdict.UPDATE,
        "Prod": Verdict.UPDATE,
        "store": Verdict.UPDATE,
    }
    told = exported(world)
    assert told["Accounts"][1]["State"] == "CLOSED"
    assert len(told["Attachments"]) == 5
    data["Accounts"][1]["State"] = "ACTIVE"
    imported(world, data)
    assert exported(world)["Accounts"][1]["State"] == "ACTIVE"


def test_full_access_is_detached_only_if_the_document_says_so(world: World) -> None:
    imported(world, ESTATE)
    scp = {"PolicyId": "p-12345678", "TargetId": MEMBER}
    without = [one for one in ESTATE["Attachments"] if one["TargetId"] != MEMBER]
    imported(world, changed(Attachments=[*without, scp]))
    assert {"PolicyId": "p-FullAWSAccess", "TargetId": MEMBER} not in exported(world)["Attachments"]
    with pytest.raises(Misread, match=f"has no SCP for {MEMBER}, and each has one"):
        read_estate(changed(Attachments=without))
    silent = changed()
    del silent["Attachments"]
    assert set(imported(world, silent).values()) == {Verdict.UNCHANGED}


def test_ids_in_use_are_drawn_anew_and_found_again(world: World) -> None:
    imported(world, ESTATE)
    text = json.dumps(ESTATE).replace(MANAGEMENT, "333333333333").replace(MEMBER, "444444444444")
    other = json.loads(text)
    assert set(imported(world, other).values()) == {Verdict.CREATE}
    assert set(imported(world, other).values()) == {Verdict.UNCHANGED}
    (second,) = set(world.snapshot.organizations) - {"o-exampleorg1"}
    told = exported(world, second)
    assert not {one["Id"] for one in told["OrganizationalUnits"]} & {"ou-ab12-11111111", "ou-ab12-22222222"}
    assert [one["Name"] for one in told["OrganizationalUnits"]] == ["Workloads", "Prod"]


def test_an_account_of_another_organization_is_named_and_the_rest_is_made(world: World) -> None:
    imported(world, ESTATE)
    other = json.loads(json.dumps(ESTATE).replace(MANAGEMENT, "333333333333"))
    items = plan_of(world, other)
    importing(world).apply(items)
    world.installation.directory.catch_up()
    assert [(item.entry.id, item.problem) for item in items if item.verdict is Verdict.CANNOT] == [
        (MEMBER, "It is in the organization o-exampleorg1.")
    ]
    assert exported(world)["Accounts"][1]["Id"] == MEMBER


@pytest.mark.parametrize(
    ("members", "problem"),
    [
        ({"Roots": []}, r"\.Roots must hold one root; it holds 0"),
        ({"Organization": {"MasterAccountId": "999999999999"}}, "which is none of .Accounts"),
        ({"Attachments": [{"PolicyId": "p-none1234", "TargetId": "r-ab12"}]}, "which is none of .Policies"),
        ({"Attachments": [{"PolicyId": "p-12345678", "TargetId": "r-none"}]}, "no root, unit or account here"),
        ({"OrganizationalUnits": [{"Id": "ou-ab12-11111111", "Name": "x", "ParentId": "r-other"}]}, "is not within 5"),
        ({"Policies": [{**ESTATE["Policies"][0], "Content": "{}"}]}, "is no SERVICE_CONTROL_POLICY"),
        ({"Policies": [{**ESTATE["Policies"][0], "Id": "x"}]}, "cannot be 'x': it must match"),
        ({"Unknown": 1}, "unknown member 'Unknown'"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(members: dict[str, Any], problem: str) -> None:
    with pytest.raises(Misread, match=problem):
        read_estate(changed(**members))


@pytest.mark.parametrize(("levels", "fits"), [(5, True), (6, False)])
def test_units_are_five_levels_deep_at_most(levels: int, fits: bool) -> None:
    ids = ["r-ab12", *(f"ou-ab12-{number}1111111" for number in range(levels))]
    units = [{"Id": id_, "Name": "u", "ParentId": parent} for parent, id_ in pairwise(ids)]
    data = changed(OrganizationalUnits=units)
    data["Accounts"][1]["ParentId"] = "r-ab12"
    del data["Attachments"]
    if fits:
        assert len(read_estate(data).units) == levels
        return
    with pytest.raises(Misread, match="is not within 5 levels"):
        read_estate(data)


def test_chunks_are_bounded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application, "_CHUNK", 2)
    monkeypatch.setattr(application, "_PAUSE_SECONDS", 0)
    told: list[tuple[int, int]] = []
    importing(world).apply(plan_of(world, ESTATE), lambda *done: told.append(done))
    assert told == [(2, 5), (4, 5), (5, 5)]


@pytest.mark.parametrize("chunks_before", [0, 1])
def test_what_others_write_after_the_plan_is_seen(
    world: World, monkeypatch: pytest.MonkeyPatch, chunks_before: int
) -> None:
    """Somebody else makes the member's account, in no organization, under another name."""
    monkeypatch.setattr(application, "_CHUNK", 2)
    monkeypatch.setattr(application, "_PAUSE_SECONDS", 0)
    store = world.installation.store

    def write_beside(*_: int) -> None:
        if world.installation.directory.catch_up().account(MEMBER) is None:
            with store.write() as unit:
                account = Account(id=MEMBER, partition="aws", name="x", email="x@example.com", created=world.clock())
                unit.add(account)

    items = plan_of(world, ESTATE)
    if not chunks_before:
        write_beside()
    importing(world).apply(items, write_beside)
    world.installation.directory.catch_up()
    assert exported(world)["Accounts"][1]["Name"] == "shop"
    assert set(imported(world, ESTATE).values()) == {Verdict.UNCHANGED}


def test_answers_of_the_aws_cli_are_put_together(world: World, tmp_path: Path) -> None:
    folder = tmp_path / "estate"

    def answer(name: str, **members: Any) -> None:
        file = folder / f"{name}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(members))

    def without(one: dict[str, Any], *names: str) -> dict[str, Any]:
        return {name: value for name, value in one.items() if name not in ("Tags", *names)}

    answer("describe-organization", Organization=ESTATE["Organization"])
    answer("list-roots", Roots=[without(one) for one in ESTATE["Roots"]])
    for parent in ("r-ab12", "ou-ab12-11111111", "ou-ab12-22222222"):
        units = [without(one, "ParentId") for one in ESTATE["OrganizationalUnits"] if one["ParentId"] == parent]
        accounts = [without(one, "ParentId") for one in ESTATE["Accounts"] if one["ParentId"] == parent]
        answer(f"list-organizational-units-for-parent/{parent}", OrganizationalUnits=units)
        answer(f"list-accounts-for-parent/{parent}", Accounts=accounts)
    summary = without(ESTATE["Policies"][0], "Content") | {"AwsManaged": False}
    answer("describe-policy/p-12345678", Policy={"PolicySummary": summary, "Content": SCP})
    for policy in ("p-12345678", "p-FullAWSAccess"):
        targets = [without(one, "PolicyId") for one in ESTATE["Attachments"] if one["PolicyId"] == policy]
        answer(f"list-targets-for-policy/{policy}", Targets=targets)
    answer(f"list-delegated-services-for-account/{MEMBER}", DelegatedServices=ESTATE["EnabledServicePrincipals"])
    answer("list-aws-service-access-for-organization", EnabledServicePrincipals=ESTATE["EnabledServicePrincipals"])
    answer("describe-resource-policy", ResourcePolicy={**ESTATE["ResourcePolicy"], "ResourcePolicySummary": {}})
    for kind in ("Roots", "OrganizationalUnits", "Accounts", "Policies"):
        for one in ESTATE[kind]:
            answer(f"list-tags-for-resource/{one['Id']}", Tags=one["Tags"])
    imported(world, assembled(folder, lambda file: json.loads(file.read_text())))
    assert set(imported(world, ESTATE).values()) == {Verdict.UNCHANGED}
    (folder / "list-roots.json").unlink()
    with pytest.raises(Misread, match=r"list-roots\.json is missing in the folder"):
        assembled(folder, lambda file: json.loads(file.read_text()))


def test_the_tree_shows_accounts_and_policies_at_each_level(world: World) -> None:
    imported(world, ESTATE)
    assert list(drawn(world.snapshot, world.snapshot.organizations["o-exampleorg1"])) == [
        f"o-exampleorg1  management account {MANAGEMENT}, policy types: SERVICE_CONTROL_POLICY",
        "Root (r-ab12)  [FullAWSAccess]",
        f"├── management ({MANAGEMENT})  [FullAWSAccess]",
        "└── Workloads (ou-ab12-11111111)  [FullAWSAccess, no-s3]",
        "    └── Prod (ou-ab12-22222222)  [FullAWSAccess]",
        f"        └── shop ({MEMBER})  [FullAWSAccess]",
    ]


def test_what_is_in_a_unit_is_shown_by_name_whatever_the_ids_are(world: World) -> None:
    data = changed()
    for number, name in enumerate(("zeta", "alpha")):
        data["OrganizationalUnits"].append({"Id": f"ou-ab12-0000000{number}", "Name": name, "ParentId": "r-ab12"})
    del data["Attachments"]
    imported(world, data)
    lines = list(drawn(world.snapshot, world.snapshot.organizations["o-exampleorg1"]))
    places = [line.split()[1] for line in lines if line.startswith(("├", "└"))]
    assert places == ["management", "Workloads", "alpha", "zeta"]


def test_the_tree_shows_what_is_closed_and_no_control_characters(world: World) -> None:
    data = changed()
    data["OrganizationalUnits"][1]["Name"] = "Prod\x1b[2J"
    data["Accounts"][1]["State"] = "CLOSED"
    imported(world, data)
    lines = list(drawn(world.snapshot, world.snapshot.organizations["o-exampleorg1"]))
    assert lines[-1].endswith(f"shop, closed ({MEMBER})  [FullAWSAccess]")
    assert not any("\x1b" in line for line in lines)
