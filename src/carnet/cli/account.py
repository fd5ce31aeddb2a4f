"""`carnet account`: the accounts of an installation, which AWS has no API for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from carnet.assembly.settings import Settings
from carnet.cli.groups import CommandGroup
from carnet.cli.options import installation_options, told_plainly
from carnet.entities.account import (
    EMAIL_RULE,
    ID_RULE,
    NAME_RULE,
    Account,
    is_account_email,
    is_account_id,
    is_account_name,
)

if TYPE_CHECKING:
    from carnet.services.accounts import RootKey

# What opens the store is imported when a command is run: neither help nor completion needs SQL.

_MOST_AT_ONCE = 100_000


@click.group(cls=CommandGroup)
def account() -> None:
    """Make accounts and look after their root keys, also beside a running server."""


@account.command()
@click.option("--count", type=click.IntRange(1, _MOST_AT_ONCE), help="How many; the answer is then a list.")
@click.option("--name", default="account", show_default=True, help="Name; with --count, numbers are added.")
@click.option(
    "--email",
    default="root@example.com",
    show_default=True,
    help="Email address of the root user; with --count, numbers are added as +N.",
)
@click.option("--id", "account_id", help="Id of the account, 12 digits; not with --count.  [default: a new one]")
@click.option("--output", type=click.Choice(("text", "json")), default="text", show_default=True)
@installation_options
@told_plainly
def create(count: int | None, name: str, email: str, account_id: str | None, output: str, **settings: Any) -> None:
    """Make stand-alone accounts, each with a root access key that works at once."""
    names, emails = _numbered(name, count), _emails(email, count)
    _check(names, emails)
    _check_id(account_id, count)
    from carnet.assembly.state import open_state
    from carnet.services.accounts import create_accounts

    with open_state(Settings(**settings)) as state:
        made = create_accounts(
            state.store,
            state.keyring,
            state.ids,
            names=names,
            emails=emails,
            account_ids=() if account_id is None else (account_id,),
            partition=state.settings.partition,
            now=state.clock(),
        )
    _show(made, output, several=count is not None)


@account.command("root-key")
@click.argument("account_id", metavar="ACCOUNT")
@click.option("--output", type=click.Choice(("text", "json")), default="text", show_default=True)
@installation_options
@told_plainly
def root_key(account_id: str, output: str, **settings: Any) -> None:
    """Replace the root access keys of ACCOUNT by a new one. The old ones stop working."""
    from carnet.assembly.state import open_state
    from carnet.directory.directory import Directory
    from carnet.services.accounts import replace_root_keys

    with open_state(Settings(**settings)) as state:
        made = replace_root_keys(
            state.store,
            Directory(state.store),
            state.keyring,
            state.ids,
            account=account_id,
            now=state.clock(),
        )
    _show((made,), output, several=False)


@account.command("list")
@click.option("--output", type=click.Choice(("text", "json")), default="text", show_default=True)
@installation_options
@told_plainly
def list_accounts(output: str, **settings: Any) -> None:
    """List the accounts."""
    from carnet.assembly.state import open_state

    with open_state(Settings(**settings)) as state:
        accounts = sorted(state.store.all_of(Account), key=lambda each: each.id)
    if output == "json":
        click.echo(json.dumps([{"AccountId": one.id, "Name": one.name, "Email": one.email} for one in accounts]))
        return
    for one in accounts:
        click.echo(f"{one.id}  {one.name}  {one.email}")


def _check(names: list[str], emails: list[str]) -> None:
    if not all(map(is_account_name, names)):
        raise click.BadParameter(NAME_RULE, param_hint="--name")
    if not all(map(is_account_email, emails)):
        raise click.BadParameter(EMAIL_RULE, param_hint="--email")


def _check_id(account_id: str | None, count: int | None) -> None:
    if account_id is None:
        return
    if count is not None:
        raise click.UsageError("--id gives the id of one account, so it does not go with --count.")
    if not is_account_id(account_id):
        raise click.BadParameter(ID_RULE, param_hint="--id")


def _numbered(name: str, count: int | None) -> list[str]:
    return [name] if count is None else [f"{name}-{number}" for number in range(1, count + 1)]


def _emails(email: str, count: int | None) -> list[str]:
    local, at, domain = email.partition("@")
    return [f"{part}{at}{domain}" for part in _plussed(local, count)]


def _plussed(local: str, count: int | None) -> list[str]:
    return [local] if count is None else [f"{local}+{number}" for number in range(1, count + 1)]


def _show(keys: tuple[RootKey, ...], output: str, *, several: bool) -> None:
    if output == "text":
        for key in keys:
            click.echo(f"{key.account}  {key.access_key_id}  {key.secret_access_key}")
        return
    shown = [
        {"AccountId": key.account, "AccessKeyId": key.access_key_id, "SecretAccessKey": key.secret_access_key}
        for key in keys
    ]
    click.echo(json.dumps(shown if several else shown[0], indent=2))
