"""`carnet explain`: why a call was denied."""

from __future__ import annotations

import json
from typing import Any

import click

from carnet.assembly.settings import Settings
from carnet.cli.options import installation_options, told_plainly


@click.command()
@click.argument("decision_id", metavar="DECISION-ID")
@click.option("--output", type=click.Choice(("text", "json")), default="text", show_default=True)
@installation_options
@told_plainly
def explain(decision_id: str, output: str, **settings: Any) -> None:
    """Print the trace of a denial: layers, policies, statements, conditions.

    DECISION-ID is the request id that the denied caller was shown; audit events carry it as decisionId.
    """
    log = Settings(**settings).decisions_file
    if not log.exists():
        raise click.ClickException(f"No denial is recorded at {log}; --data-dir names another installation.")
    from carnet.audit.explanations import explain_decision  # not for help and completion

    trace = explain_decision(log, decision_id)
    if trace is None:
        raise click.ClickException(f"No denial {decision_id} is recorded here.")
    click.echo(json.dumps(trace.as_dict(), indent=2) if output == "json" else trace.render())
