"""Cases read one after another say what each says alone."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from msgspec.structs import fields

from carnet.policy.case import Case, read_case
from carnet.policy.case_reader import CaseReader
from carnet.policy.document import Policy
from carnet.policy.policies import Policies, ResourcePolicy

ALLOW = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
PUBLIC = {"Version": "2012-10-17", "Statement": [{**ALLOW["Statement"][0], "Principal": "*"}]}  # type: ignore[dict-item]
TRUST = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "111122223333"}},
}
EVERY = {
    "identity": [ALLOW, ALLOW],
    "boundary": ALLOW,
    "session": [ALLOW],
    "resource": [PUBLIC, {"policy": PUBLIC, "account": "444455556666"}],
    "endpoint": [PUBLIC],
    "scp": [[ALLOW], [ALLOW, ALLOW]],
    "rcp": [[PUBLIC]],
}


def case(policies: Any, /, **request: Any) -> dict[str, Any]:
    asked = {"principal": "arn:aws:iam::111122223333:user/alice", "action": "s3:GetObject", "resource": "*"} | request
    return {"request": asked, "policies": policies, "expect": "allowed"}


def assume(policies: Any) -> dict[str, Any]:
    return case(policies, action="sts:AssumeRole", resource="arn:aws:iam::111122223333:role/reader")


def flat(value: Any) -> list[Policy]:
    """The policies of a layer, or of all layers."""
    if isinstance(value, Policies):
        return [policy for field in fields(value) for policy in flat(getattr(value, field.name))]
    if isinstance(value, tuple):
        return [policy for each in value for policy in flat(each)]
    if isinstance(value, ResourcePolicy):
        return flat(value.policy)
    return [value] if isinstance(value, Policy) else []


def said(case: Case) -> list[tuple[str, str, str]]:
    return [(policy.source, policy.grammar, policy.text) for policy in flat(case.policies)]


@pytest.mark.parametrize(
    "data",
    [
        case(EVERY),
        case({}),
        case({"session": [], "boundary": None, "resource": None}),
        case({"session": None}),
        assume({"resource": TRUST}),
        {"request": case({})["request"]},
    ],
)
def test_a_case_reads_as_it_does_alone(data: dict[str, Any]) -> None:
    reader = CaseReader()
    alone = read_case(data)
    for _ in range(2):
        found = reader.read(copy.deepcopy(data))
        assert said(found) == said(alone)
        assert (found.request, found.verdict, found.layer) == (alone.request, alone.verdict, alone.layer)
        assert (found.policies.session is None) is (alone.policies.session is None)
        assert found.policies.trust is alone.policies.trust


def test_policies_written_alike_are_one_object() -> None:
    first, second = CaseReader().read_all([case(EVERY), case(copy.deepcopy(EVERY), action="ec2:RunInstances")])
    assert len(flat(first.policies)) == 11
    assert all(one is other for one, other in zip(flat(first.policies), flat(second.policies), strict=True))
    assert first.request.action != second.request.action


def test_each_kind_is_shared_by_itself() -> None:
    first, second = CaseReader().read_all([case(EVERY), case({**EVERY, "identity": [PUBLIC | ALLOW | {"Id": "x"}]})])
    assert first.policies.boundary is second.policies.boundary
    assert first.policies.identity[0] is not second.policies.identity[0]


def test_a_trust_policy_is_not_taken_for_one_of_another_resource() -> None:
    reader = CaseReader()
    assert reader.read(assume({"resource": TRUST})).policies.trust
    with pytest.raises(ValueError, match=r"^case\.policies\.resource\.Statement\.Action: "):
        reader.read(case({"resource": {**TRUST, "Statement": {**TRUST["Statement"], "Action": 1}}}))  # type: ignore[dict-item]
    with pytest.raises(ValueError, match=r"^case\.policies\.resource\.Statement\[0\]\.Resource: "):
        reader.read(assume({"resource": PUBLIC}))


def test_text_that_differs_from_an_object_only_by_its_type_is_not_taken_for_it() -> None:
    reader = CaseReader()
    assert reader.read(case({"boundary": ALLOW})).policies.boundary is not None
    unnamed: dict[Any, Any] = {**ALLOW, None: 1}
    for wrong in (json.loads(json.dumps(ALLOW).replace('"*"', "1")), [ALLOW], unnamed):
        with pytest.raises(ValueError, match=r"^case\.policies\.boundary"):
            reader.read(case({"boundary": wrong}))


def test_only_text_has_places() -> None:
    text, public = json.dumps(ALLOW, indent=1), json.dumps(PUBLIC, indent=1)
    found = CaseReader().read(
        case({"identity": [ALLOW, text], "boundary": text, "resource": {"policy": public}, "scp": [[ALLOW], [text]]})
    )
    places = {policy.source: (ref.line, ref.column) for policy in flat(found.policies) for ref in _refs(policy)}
    assert places == {
        "identity[0]": (0, 0),
        "identity[1]": (4, 3),
        "boundary": (4, 3),
        "resource": (4, 3),
        "scp[0][0]": (0, 0),
        "scp[1][0]": (4, 3),
    }


def _refs(policy: Policy) -> list[Any]:
    return [statement.ref for statement in policy.statements]


@pytest.mark.parametrize(
    "data", [None, "case", 1, [1], {}, {"request": []}, case([]), case({"other": 1}), case({3: 1})]
)
def test_what_is_no_case_is_refused_in_the_same_words(data: Any) -> None:
    with pytest.raises(ValueError, match=r"^(case|the file)") as alone:
        read_case(data if not isinstance(data, list) else data[0])
    with pytest.raises(ValueError, match=r"^(case|the file)") as found:
        CaseReader().read(data if not isinstance(data, list) else data[0])
    assert str(found.value) == str(alone.value)
