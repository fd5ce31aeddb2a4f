"""`carnet policy`: the policy language by itself, without an installation."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import click

from carnet.cli.case_file import read_case_file
from carnet.cli.groups import CommandGroup
from carnet.cli.options import told_plainly
from carnet.policy.case import Case
from carnet.policy.case_reader import CaseReader
from carnet.policy.decide import decide
from carnet.policy.decision import Decision, Layer, StatementRef, Verdict
from carnet.policy.trace import Trace, ref_as_dict
from carnet.policy.trace import explain as explained

_STDIN = "-"


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
@told_plainly
def simulate(name: str, explain: bool, output: str) -> None:
    """Decide the cases of a file.

    Exit code 1 if a case is not decided as it expects, 2 if the file is no file of cases.
    """
    with _collector_paused():
        answers = [_answer(title, case, explain=explain) for title, case in _cases(name)]
    if output == "json":
        click.echo(_json_lines(answer.as_dict() for answer in answers))
    else:
        click.echo("\n".join(answer.render() for answer in answers))
    surprises = [answer.surprise() for answer in answers if not answer.as_expected]
    if surprises:
        raise click.ClickException("\n".join((f"not as expected ({len(surprises)} of {len(answers)}):", *surprises)))


class BadInput(click.ClickException):
    """What was to be read cannot be read: no answer, rather than an unexpected one."""

    exit_code = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What was decided of one case."""

    title: str
    case: Case
    decision: Decision
    trace: Trace | None

    @property
    def as_expected(self) -> bool:
        return self.case.verdict in (None, self.decision.verdict) and self.case.layer in (None, self.decision.layer)

    def surprise(self) -> str:
        expected = _outcome(self.case.verdict, self.case.layer)
        return f"{self.title}: expected {expected}, was {_outcome(self.decision.verdict, self.decision.layer)}"

    def as_dict(self) -> dict[str, Any]:
        if self.trace is not None:
            return self.trace.as_dict()
        return {
            "verdict": self.decision.verdict.value,
            "layer": None if self.decision.layer is None else self.decision.layer.value,
            "statements": [ref_as_dict(ref) for ref in self.decision.statements],
        }

    def render(self) -> str:
        if self.trace is not None:
            return f"{self.title}: {self.trace.render()}"
        outcome = _outcome(self.decision.verdict, self.decision.layer)
        return "\n".join((f"{self.title}: {outcome}", *map(_place, self.decision.statements)))


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Thousands of cases are millions of objects and no garbage: searching them for cycles would take half the time."""
    paused = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if paused:
            gc.enable()


def _cases(name: str) -> Iterator[tuple[str, Case]]:
    """Each case with the words for it in what is told; raises BadInput that begins with the file's name."""
    try:
        with click.open_file(name, "rb") as file:
            data = read_case_file(file.read(), name)
        cases = CaseReader().read_all(data)
    except OSError as problem:
        raise BadInput(f"{name}: {problem.strerror}") from problem
    except ValueError as problem:
        raise BadInput(f"{'standard input' if name == _STDIN else name}: {problem}") from problem
    for number, case in enumerate(cases):
        path = f"case[{number}]" if isinstance(data, list) else "case"
        yield f"{path} {case.name!r}" if case.name else path, case


def _answer(title: str, case: Case, *, explain: bool) -> _Answer:
    trace = explained(case.request, case.policies) if explain else None
    decision = decide(case.request, case.policies) if trace is None else trace.decision
    return _Answer(title=title, case=case, decision=decision, trace=trace)


def _json_lines(values: Iterable[dict[str, Any]]) -> str:
    """A JSON list with each value on a line of its own."""
    return "[" + ",\n".join(map(json.dumps, values)) + "]"


def _outcome(verdict: Verdict | None, layer: Layer | None) -> str:
    by = f"by {layer}" if layer is not None else ""
    return f"{verdict or ''} {by}".strip()


def _place(ref: StatementRef) -> str:
    sid = f" ({ref.sid})" if ref.sid else ""
    place = f" at {ref.line}:{ref.column}" if ref.line else ""
    return f"  {ref.policy} statement {ref.index}{sid}{place}"
