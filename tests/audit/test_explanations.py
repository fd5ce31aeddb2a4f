"""Denials that explain themselves, also after the policies have changed."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import pytest
from msgspec import structs

from carnet.access.authorize import Check, Decided
from carnet.audit import explanations, log_files
from carnet.audit.explanations import DecisionLog, explain_decision
from carnet.audit.log_files import JsonLines
from carnet.policy.decide import decide
from carnet.policy.decision import Layer
from carnet.policy.document import Grammar, Policy, parse
from carnet.policy.policies import Policies, ResourcePolicy
from carnet.policy.request import Context, Principal, PrincipalKind, Request
from carnet.policy.trace import explain
from tests.services.world import START

ARN = "arn:aws:iam::111122223333:user/alice"
ROLE = "arn:aws:iam::111122223333:role/worker"
ALICE = Principal(kind=PrincipalKind.USER, arn=ARN, account="111122223333", id="AIDAAAAAAAAAAAAAAAAAA")


def policy(grammar: Grammar, source: str, ids: dict[str, str] | None = None, **statement: object) -> Policy:
    document = {"Version": "2012-10-17", "Statement": {"Sid": "One", "Effect": "Allow", **statement}}
    return parse(json.dumps(document, indent=2), grammar, source=source, principal_ids=ids)


def denied(team: str = "red") -> Decided:
    condition = {"StringEquals": {"aws:PrincipalTag/team": "blue"}}
    wanted = policy(Grammar.IDENTITY, "user/alice/p", Action="sts:*", Resource="*", Condition=condition)
    policies = Policies(
        identity=(wanted,),
        boundary=policy(Grammar.IDENTITY, "arn:aws:iam::111122223333:policy/b", Action="s3:*", Resource="*"),
        session=(policy(Grammar.SESSION, "session policy", Action="*", Resource="*"),),
        resource=(
            ResourcePolicy(
                policy=policy(Grammar.TRUST, ROLE, {ARN: "AIDAZ"}, Principal={"AWS": ARN}, Action="sts:AssumeRole"),
                layer=Layer.TRUST,
                account="111122223333",
            ),
            ResourcePolicy(policy=None, layer=Layer.TRUST),
        ),
        scp=((policy(Grammar.SCP, "p-1", Action="*", Resource="*"),),),
    )
    context = Context(principal={"aws:PrincipalTag/team": team}, request={"aws:TagKeys": ("a", "b")})
    request = Request(
        principal=ALICE, action="sts:AssumeRole", resource=ROLE, resource_account="111122223333", context=context
    )
    check = Check(action=request.action, resource=ROLE, resource_account="111122223333")
    return Decided(check=check, request=request, policies=policies, decision=decide(request, policies))


def test_a_denial_is_explained_from_the_file_alone(tmp_path: Path) -> None:
    log, decided = DecisionLog(JsonLines(tmp_path / "denials.jsonl")), denied()
    log.record("d-1", START, decided)
    log.record("d-2", START, denied("green"))
    log.close()
    first = explain_decision(tmp_path / "denials.jsonl", "d-1")
    assert first is not None
    assert first.as_dict() == explain(decided.request, decided.policies).as_dict()
    assert first.decision == decided.decision
    assert "red" in first.render()
    second = explain_decision(tmp_path / "denials.jsonl", "d-2")
    assert second is not None
    assert "green" in second.render()


@pytest.mark.parametrize(("kept", "layer"), [(True, Layer.TRUST), (False, Layer.TRUST), (True, Layer.RESOURCE)])
def test_a_line_that_knows_but_one_policy_of_the_resource_is_read(tmp_path: Path, kept: bool, layer: Layer) -> None:
    path = tmp_path / "denials.jsonl"
    DecisionLog(JsonLines(path)).record("d-1", START, denied())
    *documents, line = [json.loads(line) for line in path.read_text().splitlines()]
    written = line["policies"]["resource"][0]["digest"]
    line["policies"] |= {"resource": written if kept else None, "trust": layer is Layer.TRUST}
    path.write_text("".join(json.dumps(each) + "\n" for each in (*documents, line)))
    trace = explain_decision(path, "d-1")
    assert trace is not None
    assert [one.policies for one in trace.layers if one.layer is layer] == ([(ROLE,)] if kept else [()])


def test_everything_that_is_known_of_the_principal_is_kept(tmp_path: Path) -> None:
    texts = {one.name: one.name for one in fields(Principal) if one.name not in ("kind", "service_linked")}
    principal = Principal(kind=PrincipalKind.FEDERATED_USER, service_linked=True, **texts)
    decided = denied()
    log = DecisionLog(JsonLines(tmp_path / "denials.jsonl"))
    log.record("d-1", START, structs.replace(decided, request=structs.replace(decided.request, principal=principal)))
    line = json.loads((tmp_path / "denials.jsonl").read_text().splitlines()[-1])
    assert explanations._request_of(line["request"]).principal == principal


def test_a_document_is_written_once(tmp_path: Path) -> None:
    log = DecisionLog(JsonLines(tmp_path / "denials.jsonl"))
    for number in range(3):
        log.record(f"d-{number}", START, denied())
    lines = [json.loads(line) for line in (tmp_path / "denials.jsonl").read_text().splitlines()]
    assert sum("document" in line for line in lines) == 5
    assert sum("decision" in line for line in lines) == 3


def test_documents_that_were_forgotten_are_written_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explanations, "_REMEMBERED_DOCUMENTS", 4)
    log = DecisionLog(JsonLines(tmp_path / "denials.jsonl"))
    for number in range(3):
        log.record(f"d-{number}", START, denied())
    assert explain_decision(tmp_path / "denials.jsonl", "d-2") is not None
    assert (tmp_path / "denials.jsonl").read_text().count('"document"') == 10


def test_an_unknown_denial(tmp_path: Path) -> None:
    DecisionLog(JsonLines(tmp_path / "denials.jsonl")).record("d-1", START, denied())
    assert explain_decision(tmp_path / "denials.jsonl", "d-3") is None


def test_an_unfinished_line_hides_no_other(tmp_path: Path) -> None:
    path = tmp_path / "denials.jsonl"
    DecisionLog(JsonLines(path)).record("d-1", START, denied())
    with path.open("a") as file:
        file.write('{"decision": "d-2", "ti\n')
    DecisionLog(JsonLines(path)).record("d-3", START, denied())
    assert explain_decision(path, "d-1") is not None
    assert explain_decision(path, "d-2") is None
    assert explain_decision(path, "d-3") is not None


def test_a_file_that_follows_one_that_was_moved_away_explains_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_files, "_LOOK_SECONDS", 0.0)
    path, moved = tmp_path / "denials.jsonl", tmp_path / "denials.jsonl.1"
    log = DecisionLog(JsonLines(path))
    log.record("d-1", START, denied())
    path.rename(moved)
    log.record("d-2", START, denied())
    assert explain_decision(path, "d-1") is None
    for file, decision in ((moved, "d-1"), (path, "d-2")):
        trace = explain_decision(file, decision)
        assert trace is not None
        assert trace.decision == denied().decision
