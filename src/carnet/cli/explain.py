"""`carnet explain`: why calls were denied, or allowed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from carnet.assembly.settings import Settings
from carnet.base.printable import printable, printable_lines
from carnet.cli.endpoint import endpoint_option, server_to_ask
from carnet.cli.options import installation_options, told_plainly

if TYPE_CHECKING:
    from carnet.audit.explanations import Explanation
    from carnet.audit.segments import Segments
    from carnet.cli.own_api import OwnApi

# What reads the log is imported when the command is run: neither help nor completion needs it.

_MOST_OVER_HTTP = 100
_ID = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._:-]{0,127}", re.ASCII)
"""What can be an id in a path."""


@click.command()
@click.argument("decision_id", metavar="[DECISION-ID]", required=False)
@click.option("--last", type=click.IntRange(1, 10_000), help="Explain this many denials, the last one at the end.")
@click.option("--follow", is_flag=True, help="Explain denials as they happen, until Ctrl-C.")
@click.option("--output", type=click.Choice(("text", "json")), default="text", show_default=True)
@endpoint_option
@installation_options
@told_plainly
def explain(
    decision_id: str | None, last: int | None, follow: bool, output: str, endpoint_url: str | None, **settings: Any
) -> None:
    """Say why a call was denied, and what would allow it; without DECISION-ID, the last denial.

    DECISION-ID is the request id that the caller was shown, also that of an allowed call; audit events carry it as
    decisionId.

    It reads the log in the data directory; if none is there and AWS_ENDPOINT_URL is set, it asks that server.
    """
    if sum((decision_id is not None, last is not None, follow)) > 1:
        raise click.UsageError("Give a DECISION-ID, --last or --follow, one of them.")
    from carnet.audit.segments import Segments

    log = Segments(Settings(**settings).decisions_file)
    api = server_to_ask(endpoint_url, at_hand=bool(log.newest_first()))
    if api is not None:
        if follow:
            _follow_told(api, output)
            return
        click.echo(_told_one(api, decision_id, output) if decision_id is not None else _told_last(api, last, output))
        return
    if follow:
        _follow(log, output)
        return
    if not log.newest_first():
        raise click.ClickException(f"No decision is recorded at {log.path}; --data-dir names another installation.")
    if decision_id is not None:
        click.echo(_render_explanation(_one(log, decision_id), output))
        return
    denials = _last(log, last or 1)
    if output == "json" and last is not None:
        click.echo(json.dumps([denial.as_dict() for denial in denials], indent=2))
        return
    click.echo("\n\n".join(_render_explanation(denial, output) for denial in denials))


def _one(log: Segments, decision_id: str) -> Explanation:
    from carnet.audit.explanations import explanation

    found = explanation(_lines(log), decision_id)
    if found is None:
        raise click.ClickException(f"No decision {decision_id} is recorded at {log.path}.")
    return found


def _last(log: Segments, count: int) -> list[Explanation]:
    """The last denials, in their order."""
    from carnet.audit.explanations import DENIED, explanations

    denials = explanations(_lines(log), _is_denied, DENIED, count=count)
    if not denials:
        raise click.ClickException(f"No denial is recorded at {log.path}.")
    return denials[::-1]


def _told_one(api: OwnApi, decision_id: str, output: str) -> str:
    if _ID.fullmatch(decision_id) is None:
        raise click.ClickException(f"No decision {printable(decision_id)} is recorded at {api.where}.")
    told = api.get(f"decisions/{decision_id}", {}, decision=dict, text=str)
    return _render(told["decision"], told["text"], output)


def _told_last(api: OwnApi, last: int | None, output: str) -> str:
    """The last denials that the server knows of, in their order."""
    if last is not None and last > _MOST_OVER_HTTP:
        raise click.UsageError(f"Over HTTP, --last is at most {_MOST_OVER_HTTP}.")
    told = api.get("denials", {"limit": str(last or 1)}, decisions=list, texts=list)
    decisions, texts = told["decisions"], told["texts"]
    if not decisions:
        raise click.ClickException(f"No denial is recorded at {api.where}.")
    if output == "json" and last is not None:
        return json.dumps(decisions[::-1], indent=2)
    return "\n\n".join(_render(*one, output) for one in zip(decisions[::-1], texts[::-1], strict=True))


def _follow_told(api: OwnApi, output: str) -> None:
    from carnet.base.timestamps import iso_seconds
    from carnet.cli.following import Told, followed, show_until_ctrl_c

    def ask(since: datetime) -> list[Told]:
        asked = {"limit": str(_MOST_OVER_HTTP), "since": iso_seconds(since)}
        told = api.get("denials", asked, decisions=list, texts=list)
        both = zip(told["decisions"], told["texts"], strict=True)
        return [Told(one["decisionId"], one["time"], _render_followed(one, text, output)) for one, text in both]

    show_until_ctrl_c(followed(ask))


def _render_followed(decision: object, text: str, output: str) -> str:
    return json.dumps(decision) if output == "json" else f"{_render(decision, text, output)}\n"


def _render(decision: object, text: str, output: str) -> str:
    return json.dumps(decision, indent=2) if output == "json" else printable_lines(text)


def _lines(log: Segments) -> Iterator[Iterator[bytes]]:
    from carnet.audit.reading import backwards

    return (backwards(path) for path in log.newest_first())


def _is_denied(call: Mapping[str, Any]) -> bool:
    return call.get("allowed") is False


def _render_explanation(found: Explanation, output: str) -> str:
    return json.dumps(found.as_dict(), indent=2) if output == "json" else found.render()


def _follow(log: Segments, output: str) -> None:
    from carnet.cli.following import show_until_ctrl_c

    show_until_ctrl_c(
        json.dumps(denial.as_dict()) if output == "json" else f"{denial.render()}\n" for denial in _denials_to_come(log)
    )


def _denials_to_come(log: Segments) -> Iterator[Explanation]:
    from carnet.audit.explanations import DENIED, explanation
    from carnet.audit.reading import follow, parsed

    for line in follow(log.path):
        call = parsed(line) if DENIED in line else None
        if call is not None and _is_denied(call):
            denial = explanation(_lines(log), call["decision"])
            if denial is not None:
                yield denial
