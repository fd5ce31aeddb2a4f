"""`carnet audit`: the audit events in the data directory, or of a server that is asked."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from carnet.assembly.settings import Settings
from carnet.base.timestamps import iso_seconds
from carnet.cli.endpoint import endpoint_option, server_to_ask
from carnet.cli.groups import CommandGroup
from carnet.cli.options import installation_options, told_plainly

if TYPE_CHECKING:
    from carnet.audit.event_lines import Event
    from carnet.audit.history import EventHistory, Query
    from carnet.cli.own_api import OwnApi

# What reads the log is imported when a command is run: neither help nor completion needs it.

_FORMS = ("text", "json", "event")
_PUBLIC_KEY_BYTES = 32
_MOST_ON_A_PAGE = 1_000
_NOTHING = "No event was found."
"""Not on the standard output, which scripts read."""
_TIMES = ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ")


@click.group(cls=CommandGroup)
def audit() -> None:
    """Look at the audit events of calls, and write them as CloudTrail does."""


def _output_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--output",
        type=click.Choice(_FORMS),
        default="text",
        show_default=True,
        help="A line for people, a short JSON object, or the whole event.",
    )(command)


def _selection_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options that say which events are wanted."""
    for add in (
        click.option("--until", type=click.DateTime(_TIMES), help="No later than this time, in UTC."),
        click.option("--since", type=click.DateTime(_TIMES), help="No earlier than this time, in UTC."),
        click.option("--account", help="Of this account only."),
    ):
        command = add(command)
    return command


@audit.command()
@click.option("-n", "--lines", type=click.IntRange(0, 1_000_000), default=10, show_default=True, help="How many.")
@click.option("-f", "--follow", is_flag=True, help="Go on with events as they happen, until Ctrl-C.")
@click.option("--account", help="Of this account only.")
@_output_option
@endpoint_option
@installation_options
@told_plainly
def tail(lines: int, follow: bool, account: str | None, output: str, endpoint_url: str | None, **settings: Any) -> None:
    """Print the last events.

    They are read in the data directory; if none are there and AWS_ENDPOINT_URL is set, that server is asked.
    """
    from carnet.audit.history import Query
    from carnet.audit.reading import follow as lines_to_come
    from carnet.audit.reading import parsed
    from carnet.cli.following import show_until_ctrl_c

    api = _server(endpoint_url, settings)
    query, show = Query(account=account), _show(output)
    last = list(_events(api, settings, query, lines))
    for event in reversed(last):
        click.echo(show(event))
    if lines and not (last or follow):
        click.echo(_NOTHING, err=True)
    if follow and api is not None:
        _follow_told(api, account, show, last[0]["eventID"] if last else None)
    elif follow:
        to_come = (parsed(line) for line in lines_to_come(Settings(**settings).audit_file))
        show_until_ctrl_c(
            show(event) for event in to_come if event is not None and "eventID" in event and query.matches(event)
        )


@audit.command()
@click.option("--event-name", help="Operation, as CreateUser.")
@click.option("--event-source", help="Service, as iam.amazonaws.com.")
@click.option("--event-id", help="Id of an event.")
@click.option("--username", help="Name of a user or of a session; root.")
@click.option("--access-key-id", help="Id of an access key.")
@click.option("--resource-name", help="Name or ARN of what a call was about.")
@click.option("--resource-type", help="Its type, as AWS::IAM::User.")
@click.option("--read-only", type=click.Choice(("true", "false")), help="Whether it only read.")
@click.option("--failed", is_flag=True, help="Only calls that were refused or failed.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="How many at most.")
@_selection_options
@_output_option
@endpoint_option
@installation_options
@told_plainly
def search(limit: int, output: str, endpoint_url: str | None, **given: Any) -> None:
    """Find events by their attributes, the newest first; that none was found is told on the standard error.

    They are looked for in the data directory; if none are there and AWS_ENDPOINT_URL is set, that server is asked.
    """
    query = _query(given)
    show = _show(output)
    nothing = True
    for event in _events(_server(endpoint_url, given), given, query, limit):
        click.echo(show(event))
        nothing = False
    if nothing:
        click.echo(_NOTHING, err=True)


@audit.command()
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@_selection_options
@installation_options
@told_plainly
def export(directory: Path, **given: Any) -> None:
    """Write events below DIRECTORY as CloudTrail writes them into a bucket, for tools that read that.

    A file that is there already is left as it is: the same events have the same name. Events of callers who proved no
    account are in no file.
    """
    from carnet.audit.cloudtrail_files import write_files
    from carnet.cli.problem import naming

    query = _query(given)
    with naming(directory):
        told = write_files(directory, _history(given).all(query))
    click.echo(f"{told.files} files with {told.events} events; {told.without_account} events are of no account.")


def _public_keys(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    """Raises BadParameter for what is no key: a log would be called altered of which nothing is known."""
    for key in given:
        try:
            fits = len(base64.b64decode(key, validate=True)) == _PUBLIC_KEY_BYTES
        except ValueError:
            fits = False
        if not fits:
            raise click.BadParameter(f"{key!r} is no public key as this command shows it, 32 bytes in base64.")
    return given


@audit.command()
@click.option(
    "--checkpoints",
    "told",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File with checkpoints that were kept elsewhere, a syslog for example. May be given several times.",
)
@click.option(
    "--key",
    multiple=True,
    callback=_public_keys,
    help="Public key of checkpoints, in base64, instead of the installation's. May be given several times.",
)
@click.option("--from", "since", type=click.DateTime(_TIMES), help="The files with events since this time, in UTC.")
@click.option("--to", "until", type=click.DateTime(_TIMES), help="The files with events up to this time, in UTC.")
@click.option("--changes", is_flag=True, help="Look through the change log of the store, too.")
@installation_options
@told_plainly
def verify(
    told: tuple[Path, ...],
    key: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    changes: bool,
    **settings: Any,
) -> None:
    """Look whether the audit log is as it was written.

    The first line that was altered, removed, added or moved is named, and the exit code is 1. That the end was cut off
    is seen by the checkpoints, best by those that were kept elsewhere.
    """
    from carnet.audit.checkpoints import read_checkpoints
    from carnet.audit.segments import Segments
    from carnet.audit.verification import Broken, verify, within

    configured = Settings(**settings)
    files = Segments(configured.audit_file).newest_first()[::-1]
    if not files:
        raise click.ClickException(f"There is no audit log at {configured.audit_file}.")
    if changes or not key:
        key = _verify_state(configured, key, changes=changes)
    beside = [configured.checkpoints_file] if configured.checkpoints_file.exists() else []
    checkpoints = [each for path in (*beside, *told) for each in read_checkpoints(_text_lines(path))]
    chosen = within(files, *(None if at is None else iso_seconds(at.replace(tzinfo=UTC)) for at in (since, until)))
    try:
        found = verify(chosen, checkpoints, frozenset(key), whole=len(chosen) == len(files))
    except Broken as problem:
        raise click.ClickException(str(problem)) from problem
    for log, last in found.last.items():
        click.echo(f"Records {found.first[log]} to {last.number} of the log {log} are as they were written.")
    if found.unchained:
        click.echo(f"Nothing can be said of {found.unchained} lines before them: they are of an earlier release.")
    if found.torn:
        click.echo(f"{found.torn} lines were left unfinished by a crash, and the log says so.")
    click.echo(f"{found.checkpoints} checkpoints agree; they are signed by the key {', '.join(key)}.")


def _verify_state(settings: Settings, key: tuple[str, ...], *, changes: bool) -> tuple[str, ...]:
    """The public keys that are given, or else the installation's; with `changes`, looks through its change log, too.

    Raises ClickException if a row of that is not as it was written.
    """
    from carnet.assembly.state import open_state
    from carnet.audit.checkpoints import own_public_keys

    broken: str | None = None
    with open_state(settings) as state:
        key = key or own_public_keys(state.keyring)
        if changes:
            rows, broken = state.store.verify_changes()
            click.echo(f"{rows} rows of the change log are as they were written.")
    if broken is not None:
        raise click.ClickException(f"The change log: {broken}.")
    return key


def _text_lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8", errors="replace") as file:
        yield from file


def _query(given: dict[str, Any]) -> Query:
    """The selection; what it is made of is taken out of `given`, which keeps the installation's options."""
    from carnet.audit.history import ATTRIBUTES, Query

    options = {name: "".join("_" + c.lower() if c.isupper() else c for c in name)[1:] for name in ATTRIBUTES}
    attributes = {name: value for name, option in options.items() if (value := given.pop(option, None)) is not None}
    since, until = (_in_utc(given.pop(name)) for name in ("since", "until"))
    return Query(
        account=given.pop("account"),
        attributes=attributes,
        since=since,
        until=until,
        failed=given.pop("failed", False),
    )


def _in_utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment is not None else None


def _server(endpoint_url: str | None, settings: dict[str, Any]) -> OwnApi | None:
    from carnet.audit.segments import Segments

    return server_to_ask(endpoint_url, at_hand=bool(Segments(Settings(**settings).audit_file).newest_first()))


def _events(api: OwnApi | None, settings: dict[str, Any], query: Query, count: int) -> Iterator[Event]:
    """At most so many events, the newest first: those that the server tells, if there is one."""
    return islice(_history(settings).all(query) if api is None else _told_events(api, query, count), count)


def _told_events(api: OwnApi, query: Query, count: int) -> Iterator[Event]:
    asked = {name[0].lower() + name[1:]: value for name, value in query.attributes.items()}
    asked |= {"account": query.account} if query.account is not None else {}
    asked |= {"since": iso_seconds(query.since)} if query.since is not None else {}
    asked |= {"until": iso_seconds(query.until)} if query.until is not None else {}
    asked |= {"failed": "true"} if query.failed else {}
    after: dict[str, str] = {}
    while count > 0:
        limit = min(count, _MOST_ON_A_PAGE)
        page = api.get("events", {**asked, **after, "limit": str(limit)}, events=list)
        yield from page["events"]
        if "next" not in page:
            return
        count -= len(page["events"])
        after = {"after": page["next"]}


def _follow_told(api: OwnApi, account: str | None, show: Callable[[Event], str], after: str | None) -> None:
    """What comes after the event `after`, but for the events of asking: each would be followed by another one."""
    from carnet.audit.history import Query
    from carnet.base.arns import OWN_SERVICE
    from carnet.cli.following import Told, followed, show_until_ctrl_c

    def told_of(event: Event) -> str | None:
        return None if (event["eventSource"], event["eventName"]) == (OWN_SERVICE, "ListEvents") else show(event)

    def ask(since: datetime) -> list[Told]:
        events = _told_events(api, Query(account=account, since=since), _MOST_ON_A_PAGE)
        return [Told(event["eventID"], event["eventTime"], told_of(event)) for event in events]

    show_until_ctrl_c(followed(ask, after))


def _history(settings: dict[str, Any]) -> EventHistory:
    from carnet.audit.history import EventHistory
    from carnet.audit.logs import FileLog
    from carnet.audit.segments import Segments

    path = Settings(**settings).audit_file
    if not Segments(path).newest_first():
        raise click.ClickException(f"No event is recorded at {path}; --data-dir names another installation.")
    return EventHistory(FileLog(path))


def _show(output: str) -> Callable[[Event], str]:
    import orjson

    from carnet.audit.event_lines import as_json, as_text

    return {"text": as_text, "json": as_json, "event": lambda event: orjson.dumps(event).decode()}[output]
