"""`carnet policy`: the policy language by itself, without an installation."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import click

from carnet.base.faults import Malformed
from carnet.base.printable import printable, printable_lines
from carnet.catalog.policy_facts import CatalogFacts
from carnet.cli.case_policies import with_named_policies
from carnet.cli.collector import collector_paused
from carnet.cli.documents_within import documents_within
from carnet.cli.groups import CommandGroup
from carnet.cli.linted_file import BadInput, LintedFile, Warned
from carnet.cli.options import told_plainly
from carnet.policy.case import Case
from carnet.policy.case_documents import document_text
from carnet.policy.case_lint import CaseLinter
from carnet.policy.case_members import Misread
from carnet.policy.case_reader import CaseReader
from carnet.policy.decide import decide
from carnet.policy.decision import Decision, Layer, StatementRef, Verdict
from carnet.policy.document import Grammar, parse
from carnet.policy.lint import Finding, IssueCode, lint
from carnet.policy.trace import Trace, ref_as_dict
from carnet.policy.trace import explain as explained


@click.group(cls=CommandGroup)
def policy() -> None:
    """Ask policies what they decide, without an installation."""


@policy.command()
@click.option(
    "-f",
    "--file",
    "name",
    metavar="FILE",
    required=True,
    type=click.Path(dir_okay=False, allow_dash=True),
    help="One case or a list of cases, JSON or YAML; - reads standard input.",
)
@click.option("--explain", is_flag=True, help="Show every layer, statement and condition.")
@click.option("--output", type=click.Choice(("text", "json")), default="text", show_default=True)
@click.option("--strict", is_flag=True, help="Decide nothing if anything is to be warned of.")
@told_plainly
def simulate(name: str, explain: bool, output: str, strict: bool) -> None:
    """Decide the cases of a file, and warn of what AWS does not have: actions, condition keys, operators for them.

    Exit code 1 if a case is not decided as it expects, 2 if the file is no file of cases, or with --strict if there
    are warnings.
    """
    file = with_named_policies(LintedFile.read(name), name)
    with collector_paused():
        cases = list(_cases(file))
        warnings = [warning for _, _, of_case in cases for warning in of_case]
        if strict and warnings:
            raise BadInput("\n".join(dict.fromkeys(map(str, warnings))))
        answers = [_answer(title, case, explain=explain, warnings=of_case) for title, case, of_case in cases]
    for line in dict.fromkeys(map(str, warnings)):
        click.echo(printable(f"Warning: {line}"), err=True)
    if output == "json":
        click.echo(_json_lines(answer.as_dict() for answer in answers))
    else:
        click.echo(printable_lines("\n".join(answer.render() for answer in answers)))
    surprises = [answer.surprise() for answer in answers if not answer.as_expected]
    if surprises:
        raise click.ClickException("\n".join((f"not as expected ({len(surprises)} of {len(answers)}):", *surprises)))


@policy.command()
@click.argument("names", metavar="FILE...", nargs=-1, required=True, type=click.Path(dir_okay=False, allow_dash=True))
@click.option(
    "--type", "kind", type=click.Choice([each.value for each in Grammar]), default="identity", show_default=True
)
@click.option("--output", type=click.Choice(("text", "json")), default="text", show_default=True)
@told_plainly
def validate(names: tuple[str, ...], kind: str, output: str) -> None:
    """Tell what is wrong with the policy documents of files, JSON or YAML; - reads standard input.

    A file may be a Terraform plan, as `terraform show -json` prints it: its policies are looked at, each as the type
    that its resource says.

    Exit code 1 if anything is wrong, 2 if a file is neither JSON nor YAML, or holds no policy document.
    """
    found: list[Warned] = []
    unread: list[str] = []
    for name in names:
        try:
            for shown, warnings in _looked_at(name, Grammar(kind)):
                found += warnings
                if output == "text":
                    click.echo(printable_lines("\n".join(map(str, warnings)) or f"{shown}: nothing is wrong with it"))
        except BadInput as problem:
            unread.append(problem.message)
    if output == "json" and len(unread) < len(names):
        click.echo(_json_lines(warning.as_dict() for warning in found))
    if unread:
        raise BadInput("\n".join(unread))
    if found:
        raise click.exceptions.Exit(1)


def _looked_at(name: str, grammar: Grammar) -> Iterator[tuple[str, list[Warned]]]:
    """What each document of a file is called, and what is wrong with it; raises BadInput."""
    file = LintedFile.read(name)
    held = list(documents_within(file, grammar))
    for one in held:
        if one.file is None:
            click.echo(printable(f"{one.shown}: Terraform knows it only after apply: not looked at"), err=True)
        else:
            yield one.shown, [one.file.warned(finding) for finding in _findings(one.file.data, one.grammar)]
    if not held:
        raise BadInput(f"{file.shown}: the plan holds no policy document")


def _findings(document: object, grammar: Grammar) -> tuple[Finding, ...]:
    """What the linter finds, or else what AWS would say to the document."""
    found = lint(document, grammar, CatalogFacts())
    try:
        parse(document_text(document), grammar)
    except (TypeError, Malformed) as fault:
        return found or (Finding(code=IssueCode.INVALID_POLICY, path="", message=str(fault)),)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What was decided of one case."""

    title: str
    case: Case
    decision: Decision
    trace: Trace | None
    warnings: tuple[Warned, ...]

    @property
    def as_expected(self) -> bool:
        return self.case.verdict in (None, self.decision.verdict) and self.case.layer in (None, self.decision.layer)

    def surprise(self) -> str:
        expected = _outcome(self.case.verdict, self.case.layer)
        return f"{self.title}: expected {expected}, was {_outcome_of(self.decision)}"

    def as_dict(self) -> dict[str, Any]:
        warnings: dict[str, Any] = {"warnings": [warning.as_dict() for warning in self.warnings]}
        if self.decision.problem:
            warnings["problem"] = self.decision.problem
        if self.trace is not None:
            return self.trace.as_dict() | warnings
        return {
            "verdict": self.decision.verdict.value,
            "layer": None if self.decision.layer is None else self.decision.layer.value,
            "statements": [ref_as_dict(ref) for ref in self.decision.statements],
        } | warnings

    def render(self) -> str:
        if self.trace is not None:
            return f"{self.title}: {self.trace.render()}"
        outcome = _outcome_of(self.decision)
        return "\n".join((f"{self.title}: {outcome}", *map(_place, self.decision.statements)))


def _cases(file: LintedFile) -> Iterator[tuple[str, Case, tuple[Warned, ...]]]:
    """Each case with the words for it in what is told, and what it is warned of; raises BadInput."""
    try:
        cases = CaseReader().read_all(file.data)
    except Misread as problem:
        told = (file.told(fault.path, fault.text, at_name=fault.at_name) for fault in problem.faults)
        raise BadInput("\n".join(told)) from problem
    findings = CaseLinter(CatalogFacts()).check_all(file.data)
    for number, (case, found) in enumerate(zip(cases, findings, strict=True)):
        path = f"case[{number}]" if isinstance(file.data, list) else "case"
        yield f"{path} {case.name!r}" if case.name else path, case, tuple(map(file.warned, found))


def _answer(title: str, case: Case, *, explain: bool, warnings: tuple[Warned, ...]) -> _Answer:
    trace = explained(case.request, case.policies) if explain else None
    decision = decide(case.request, case.policies) if trace is None else trace.decision
    return _Answer(title=title, case=case, decision=decision, trace=trace, warnings=warnings)


def _json_lines(values: Iterable[dict[str, Any]]) -> str:
    """A JSON list with each value on a line of its own."""
    return "[" + ",\n".join(map(json.dumps, values)) + "]"


def _outcome_of(decision: Decision) -> str:
    why = f": {decision.problem}" if decision.problem else ""
    return _outcome(decision.verdict, decision.layer) + why


def _outcome(verdict: Verdict | None, layer: Layer | None) -> str:
    by = f"by {layer}" if layer is not None else ""
    return f"{verdict or ''} {by}".strip()


def _place(ref: StatementRef) -> str:
    sid = f" ({ref.sid})" if ref.sid else ""
    place = f" at {ref.line}:{ref.column}" if ref.line else ""
    return f"  {ref.policy} statement {ref.index}{sid}{place}"
