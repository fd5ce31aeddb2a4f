"""What another SCP or RCP would have done: the question as an operator puts it, and the answer for people."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import click

from carnet.assembly.installation import Installation
from carnet.audit.reading import backwards
from carnet.audit.segments import Segments
from carnet.audit.what_if import Edit, WhatIf, edited, what_if
from carnet.base.faults import Malformed
from carnet.base.printable import printable
from carnet.cli.linted_file import BadInput
from carnet.directory.organization_view import OrganizationView
from carnet.entities.organization_policy import GRAMMARS, OrganizationPolicy, PolicyType
from carnet.policy.document import parse

_SINCE = re.compile(r"([1-9][0-9]{0,5})([mhd])", re.ASCII)
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def asked(
    installation: Installation,
    view: OrganizationView,
    *,
    target: str,
    file: str | None,
    type_: str,
    detach: str | None,
    since: str,
) -> WhatIf:
    """Raises BadInput for a file that is no such policy, BadParameter for `since`, Missing for an unknown target."""
    attach = _policy(file, PolicyType(type_), view.scope.id) if file is not None else None
    moment = installation.clock() - _span(since)
    before = installation.directory.snapshot
    edit = Edit(organization=view.scope.id, target=target, attach=attach, detach=detach)
    after = edited(before, edit)
    log = Segments(installation.settings.decisions_file)
    if not log.newest_first():
        raise click.ClickException(f"No decision is recorded at {log.path}; --data-dir names another installation.")
    logs = (backwards(path) for path in log.newest_first())
    return what_if(logs, moment, before, after, organization=view.scope.id)


def rendered(told: WhatIf) -> str:
    """The answer for people: a line for each principal, action and deciding statement."""
    return "\n".join(_lines(told))


def _lines(told: WhatIf) -> Iterator[str]:
    for one, calls in told.sorted():
        word = "newly allowed" if one.allowed else "newly denied"
        reason = f"{'denied until now' if one.allowed else 'denied'} by: {one.statement}"
        yield printable(f"{word}  {calls} x {one.action}  {one.principal}  {reason}")
    changed = sum(told.differences.values())
    yield f"{told.decided} calls were decided again, {changed} of them otherwise."
    if told.gone:
        yield f"{told.gone} calls were not: their policies or accounts are gone."
    if told.hidden:
        yield f"{told.hidden} calls were not: they depended on a value that the log hides."


def _span(since: str) -> timedelta:
    found = _SINCE.fullmatch(since)
    if found is None:
        raise click.BadParameter(f"{since!r} is no time span: 90m, 24h, 7d.", param_hint="--since")
    return int(found[1]) * _UNITS[found[2]]


def _policy(file: str, type_: PolicyType, organization: str) -> OrganizationPolicy:
    try:
        with click.open_file(file, "r", encoding="utf-8-sig") as opened:
            content = opened.read()
        parse(content, GRAMMARS[type_])
    except OSError as problem:
        raise BadInput(f"{file}: {problem.strerror}") from problem
    except UnicodeDecodeError as problem:
        raise BadInput(f"{file}: it is no UTF-8 text") from problem
    except Malformed as problem:
        raise BadInput(f"{file}: it is no {type_}: {problem.message}") from problem
    return OrganizationPolicy(id="p-whatif0000", organization=organization, type=type_, name=file, content=content)
