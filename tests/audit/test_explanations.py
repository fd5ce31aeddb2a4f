"""Decisions that explain themselves, also after the policies have changed."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

import pytest
from msgspec.structs import fields, replace

from carnet.access.authorize import Check, Decided
from carnet.audit import decisions, log_files
from carnet.audit.decisions import DecidedCall, DecisionLog
from carnet.audit.explanations import DENIED, Explanation, Line, explanation, explanations
from carnet.audit.log_files import JsonLines
from carnet.audit.reading import backwards
from carnet.audit.redaction import HIDDEN
from carnet.base.faults import Unavailable
from carnet.policy.decide import decide
from carnet.policy.decision import Layer
from carnet.policy.document import Grammar, Policy, parse
from carnet.policy.policies import Policies, ResourcePolicy
from carnet.policy.request import Context, Principal, PrincipalKind, Request, Value
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
        attached=("inline in user alice",),
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
        scp_attached=(("Everything, attached to root r-ab12",),),
    )
    context = Context(principal={"aws:PrincipalTag/team": team}, request={"aws:TagKeys": ("a", "b")})
    request = Request(
        principal=ALICE, action="sts:AssumeRole", resource=ROLE, resource_account="111122223333", context=context
    )
    check = Check(action=request.action, resource=ROLE, resource_account="111122223333")
    return Decided(check=check, request=request, policies=policies, decision=decide(request, policies))


def call(decision_id: str, *decided: Decided) -> DecidedCall:
    return DecidedCall(decision_id=decision_id, time=START, decided=decided)


def allowed(keys: dict[str, Value] | None = None) -> Decided:
    """A call that the identity-based policy allows to those who come from the right page."""
    condition = {"StringLike": {"aws:Referer": "https://*signed*"}}
    wanted = policy(Grammar.IDENTITY, "user/alice/q", Action="iam:*", Resource="*", Condition=condition)
    policies = Policies(identity=(wanted,))
    context = Context(request=MappingProxyType(keys or {"aws:Referer": "https://signed.example.com/"}))
    request = Request(principal=ALICE, action="iam:ListUsers", resource="*", context=context)
    check = Check(action=request.action, resource="*", resource_account="111122223333")
    return Decided(check=check, request=request, policies=policies, decision=decide(request, policies))


def explained(path: Path, decision_id: str) -> Explanation:
    found = explanation([backwards(path)], decision_id)
    assert found is not None
    return found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "decisions.jsonl"


def test_a_denial_is_explained_from_the_file_alone(path: Path) -> None:
    log, decided = DecisionLog(JsonLines(path)), denied()
    log.write([call("d-1", decided), call("d-2", denied("green"))])
    log.close()
    first = explained(path, "d-1")
    (trace,) = first.traces
    assert trace.as_dict() == explain(decided.request, decided.policies).as_dict()
    assert trace.decision == decided.decision
    assert (first.decision_id, first.time, first.account) == ("d-1", START.isoformat(), "111122223333")
    assert "red" in first.render()
    assert "green" in explained(path, "d-2").render()


def test_what_callers_write_is_kept_up_to_a_bound(path: Path) -> None:
    long: dict[str, Value] = {"sts:ExternalId": "x" * 2_048, "aws:UserAgent": "y" * 2_049}
    many: dict[str, Value] = {"aws:TagKeys": tuple(str(number) for number in range(3_000))}
    DecisionLog(JsonLines(path)).write([call("d-1", allowed(long)), call("d-2", allowed(many))])
    kept = [line for text in path.read_text().splitlines() if "decision" in (line := json.loads(text))]
    first, second = (line["checks"][0]["request"]["context"]["request"] for line in kept)
    assert first == {**long, "aws:UserAgent": "y" * 2_048 + " (cut)"}
    assert second == {"aws:TagKeys": list(many["aws:TagKeys"])}


def test_a_denial_names_what_is_missing_and_the_statement_that_would_allow_it(path: Path) -> None:
    DecisionLog(JsonLines(path)).write([call("d-1", denied())])
    told = explained(path, "d-1").render()
    assert f"missing: sts:AssumeRole on {ROLE}" in told
    assert "These statements together would allow it:" in told
    assert f"in the role trust policy of {ROLE}" in told
    assert "in the permissions boundary arn:aws:iam::111122223333:policy/b" in told


def test_an_allowed_call_is_explained_with_all_its_checks(path: Path) -> None:
    DecisionLog(JsonLines(path)).write([call("d-1", allowed(), allowed())])
    found = explained(path, "d-1")
    assert (found.allowed, found.remedy, len(found.traces)) == (True, None, 2)
    assert found.render().count("allowed by identity-based policy") == 2
    assert found.as_dict()["verdict"] == "allowed"
    assert [one["verdict"] for one in found.as_dict()["checksBefore"]] == ["allowed"]


def test_of_a_denied_call_the_check_that_denied_it_is_shown(path: Path) -> None:
    DecisionLog(JsonLines(path)).write([call("d-1", allowed(), denied())])
    found = explained(path, "d-1")
    assert not found.allowed
    assert "iam:ListUsers" not in found.render()
    assert found.as_dict()["request"]["action"] == "sts:AssumeRole"


def test_the_newest_denials_come_first(path: Path) -> None:
    log = DecisionLog(JsonLines(path))
    log.write([call("d-1", denied()), call("a-1", allowed()), call("d-2", denied("green")), call("a-2", allowed())])
    found = explanations([backwards(path)], lambda line: not line["allowed"], DENIED, count=5)
    assert [one.decision_id for one in found] == ["d-2", "d-1"]
    assert [one.decision_id for one in explanations([backwards(path)], lambda _: True, count=1)] == ["a-2"]


def test_what_was_decided_before_a_moment_is_neither_told_nor_looked_for(path: Path) -> None:
    """A call that waited is in the log after later ones; a line from long before ends the search."""
    log, seen = DecisionLog(JsonLines(path)), []
    minutes = {"old": -7, "ancient": -6, "new": 0, "waited": -4, "newer": 1}
    log.write([replace(call(name, denied()), time=START + timedelta(minutes=at)) for name, at in minutes.items()])

    def denials(line: Line) -> bool:
        seen.append(line["decision"])
        return True

    found = explanations([backwards(path)], denials, DENIED, count=9, since=START)
    assert [one.decision_id for one in found] == ["newer", "new"]
    assert seen == ["newer", "new"]
    lines = [line for line in backwards(path) if line.startswith(b'{"decision"')]
    assert len(lines) == len(minutes)
    rest = iter(lines)
    explanations([rest], lambda _: False, DENIED, count=9, since=START)
    assert len(list(rest)) == 1, "the oldest is not read any more"


def test_credentials_in_the_address_of_a_referring_page_are_hidden(path: Path) -> None:
    referer = "https://alice:pass@signed.example.com/a?X-Amz-Signature=secret"
    DecisionLog(JsonLines(path)).write([call("d-1", allowed({"aws:Referer": referer}))])
    assert b"secret" not in path.read_bytes()
    assert b"alice:pass" not in path.read_bytes()
    assert f"https://{HIDDEN}@signed.example.com/a?{HIDDEN}" in explained(path, "d-1").render()


def test_a_verdict_that_depended_on_what_is_hidden_is_told_as_it_was(path: Path) -> None:
    DecisionLog(JsonLines(path)).write([call("d-1", allowed({"aws:Referer": "https://example.com/?signed"}))])
    found = explained(path, "d-1")
    assert "The verdict was allowed: it depended on a value that the log hides." in found.render()
    assert found.as_dict()["recordedVerdict"] == "allowed"


def test_everything_that_is_known_of_the_principal_is_kept(path: Path) -> None:
    texts = {one.name: one.name for one in fields(Principal) if one.name not in ("kind", "service_linked")}
    principal = Principal(kind=PrincipalKind.FEDERATED_USER, service_linked=True, **texts)
    decided = denied()
    request = replace(decided.request, principal=principal)
    DecisionLog(JsonLines(path)).write([call("d-1", replace(decided, request=request))])
    assert explained(path, "d-1").traces[0].request.principal == principal


def test_documents_and_sets_of_policies_are_written_once(path: Path) -> None:
    log, same = DecisionLog(JsonLines(path)), allowed()
    for number in range(3):
        log.write([call(f"d-{number}", denied(), same), call(f"e-{number}", same)])
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert sum("document" in line for line in lines) == 6
    assert sum("policies" in line for line in lines) == 2
    assert sum("decision" in line for line in lines) == 6


def test_what_was_forgotten_is_written_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decisions, "_REMEMBERED", 4)
    log = DecisionLog(JsonLines(path))
    for number in range(3):
        log.write([call(f"d-{number}", denied())])
    explained(path, "d-2")
    assert path.read_text().count('{"document"') == 15


def test_what_the_disk_did_not_take_is_written_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = DecisionLog(JsonLines(path))
    with monkeypatch.context() as patched:
        patched.setattr(JsonLines, "write", full)
        with pytest.raises(Unavailable):
            log.write([call("d-1", denied())])
    log.write([call("d-2", denied())])
    explained(path, "d-2")


def test_what_was_in_a_file_that_was_emptied_is_written_again(path: Path) -> None:
    """As an operator does whose disk is full."""
    log = DecisionLog(JsonLines(path))
    log.write([call("d-1", denied())])
    path.write_bytes(b"")
    log.write([call("d-2", denied())])
    log.close()
    assert "alice" in explained(path, "d-2").render()


def full(*_: object) -> None:
    raise Unavailable("The audit log cannot be written.")


def test_texts_of_former_calls_are_not_taken_for_those_of_others(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decisions, "_RECENT", 2)
    log = DecisionLog(JsonLines(path))
    for number in range(8):
        principal = replace(ALICE, id=f"AIDA{number}")
        decided = denied(f"team-{number}")
        request = replace(decided.request, principal=principal)
        log.write([call(f"d-{number}", replace(decided, request=request))])
    for number in range(8):
        (trace,) = explained(path, f"d-{number}").traces
        assert trace.request.principal.id == f"AIDA{number}"
        assert trace.request.context.principal["aws:PrincipalTag/team"] == f"team-{number}"


def test_an_unknown_decision(path: Path) -> None:
    DecisionLog(JsonLines(path)).write([call("d-1", denied())])
    assert explanation([backwards(path)], "d-3") is None


def test_a_call_whose_policies_were_lost_is_not_explained(path: Path) -> None:
    DecisionLog(JsonLines(path)).write([call("d-1", denied())])
    path.write_text("".join(line + "\n" for line in path.read_text().splitlines()[1:]))
    assert explanation([backwards(path)], "d-1") is None


def test_an_unfinished_line_hides_no_other(path: Path) -> None:
    DecisionLog(JsonLines(path)).write([call("d-1", denied())])
    with path.open("a") as file:
        file.write('{"decision":"d-2","ti\n')
    DecisionLog(JsonLines(path)).write([call("d-3", denied())])
    explained(path, "d-1")
    assert explanation([backwards(path)], "d-2") is None
    explained(path, "d-3")


def test_a_file_that_follows_one_that_was_moved_away_explains_itself(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_files, "_LOOK_SECONDS", 0.0)
    moved = path.with_suffix(".1")
    log = DecisionLog(JsonLines(path))
    log.write([call("d-1", denied())])
    path.rename(moved)
    log.write([call("d-2", denied())])
    assert explanation([backwards(path)], "d-1") is None
    for file, decision in ((moved, "d-1"), (path, "d-2")):
        (trace,) = explained(file, decision).traces
        assert trace.decision == denied().decision
    assert explanation([backwards(path), backwards(moved)], "d-1") is not None


def test_a_refused_signature_is_explained_by_what_was_computed(path: Path) -> None:
    log = DecisionLog(JsonLines(path))
    computed = {"canonicalRequest": "POST\n/\x1b[2J", "stringToSign": "AWS4-HMAC-SHA256\n2026"}
    log.record_refused_signature("r-1", START, computed)
    log.write([call("d-1", denied())])
    found = explained(path, "r-1")
    assert found.as_dict() == {
        "decisionId": "r-1",
        "time": START.isoformat(),
        "account": "",
        "allowed": False,
        "refusedSignature": computed,
    }
    assert "the canonical request, as computed here:\n  POST\n  /\\x1b[2J\nthe string to sign" in found.render()
