"""`carnet account`: the accounts of an installation, which AWS has no API for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import click

from carnet.assembly.settings import Settings
from carnet.cli.account_files import export_account, import_account
from carnet.cli.endpoint import endpoint_option, server_to_ask
from carnet.cli.groups import CommandGroup
from carnet.cli.options import installation_options, told_plainly
from carnet.cli.progress import progress
from carnet.cli.shown import keys_option, rows_option, show_json, show_keys, show_rows

# What a command works with is imported when it is run: neither help nor completion needs it.

_MOST_AT_ONCE = 100_000


@click.group(cls=CommandGroup)
def account() -> None:
    """Make, list, show and delete accounts, and replace lost root keys, also beside a running server."""


account.add_command(import_account)
account.add_command(export_account)


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
@click.option("--organization", metavar="ID", help="Organization that they are members of.  [default: none]")
@keys_option
@installation_options
@told_plainly
def create(
    count: int | None,
    name: str,
    email: str,
    account_id: str | None,
    organization: str | None,
    output: str,
    **settings: Any,
) -> None:
    """Make accounts, each with a root access key that works at once."""
    names, emails = _numbered_names(name, count), _emails(email, count)
    _check(names, emails)
    _check_id(account_id, count)
    from carnet.assembly.state import open_state
    from carnet.directory.directory import Directory
    from carnet.services.accounts import Joining, NewAccounts, create_accounts

    with open_state(Settings(**settings)) as state, progress("Making accounts") as told:
        joining = Joining(directory=Directory(state.store), organization=organization) if organization else None
        made = create_accounts(
            state.store,
            state.keyring,
            state.ids,
            NewAccounts(
                names=names,
                emails=emails,
                account_ids=() if account_id is None else (account_id,),
                partition=state.settings.partition,
            ),
            now=state.clock(),
            joining=joining,
            told=told,
        )
    show_keys(made, output, several=count is not None, endpoint=_endpoint(state.settings))


@account.command("root-key")
@click.argument("account_id", metavar="ACCOUNT")
@keys_option
@installation_options
@told_plainly
def root_key(account_id: str, output: str, **settings: Any) -> None:
    """Replace the root access keys of ACCOUNT by a new one. The old ones stop working."""
    from carnet.assembly.state import open_state
    from carnet.services.accounts import replace_root_keys

    with open_state(Settings(**settings)) as state:
        made = replace_root_keys(state.operator_call(), account=account_id)
    show_keys((made,), output, several=False, endpoint=_endpoint(state.settings))


@account.command("reset-root")
@click.argument("account_id", metavar="ACCOUNT")
@click.option("--hours", type=click.IntRange(1, 168), default=24, show_default=True, help="How long the token is good.")
@click.option("--remove-mfa", is_flag=True, help="The root user's MFA devices go when the password is set.")
@click.option("--output", type=click.Choice(("text", "json")), default="text", show_default=True)
@endpoint_option
@installation_options
@told_plainly
def reset_root(
    account_id: str, hours: int, remove_mfa: bool, output: str, endpoint_url: str | None, **settings: Any
) -> None:
    """Make a token by which the root user of ACCOUNT sets a password, once."""
    api = server_to_ask(endpoint_url, at_hand=True)
    if api is not None:
        given = {"hours": hours, "removeMfa": remove_mfa}
        made = api.post(f"accounts/{quote(account_id, safe='')}/root-reset", given, token=str, expires=str)
        token, expires, endpoint = made["token"], made["expires"], api.url
    else:
        token, expires, endpoint = _reset_here(account_id, hours, remove_mfa, Settings(**settings))
    if output == "json":
        show_json({"AccountId": account_id, "Token": token, "Expires": expires})
        return
    click.echo(f"This token sets the root password of account {account_id} once, until {expires}:\n{token}")
    click.echo(f"carnet account root-password --endpoint-url {endpoint}")


def _reset_here(account_id: str, hours: int, remove_mfa: bool, settings: Settings) -> tuple[str, str, str]:
    """Token, end of it, and where it is good: the installation of the settings."""
    from carnet.assembly.state import open_state
    from carnet.base.timestamps import iso_seconds
    from carnet.services.root_passwords import reset_root as reset

    with open_state(settings) as state:
        made = reset(state.operator_call(), account=account_id, lifetime=timedelta(hours=hours), remove_mfa=remove_mfa)
    return made.token, iso_seconds(made.reset.expires), _endpoint(state.settings)


@account.command("root-password")
@endpoint_option
@installation_options
@told_plainly
def root_password(endpoint_url: str | None, **settings: Any) -> None:
    """Set a root password by a token of `carnet account reset-root`. Both are asked for, and never shown."""
    api = server_to_ask(endpoint_url, at_hand=True)
    token = click.prompt("Token", hide_input=True).strip()
    password = click.prompt("Password", hide_input=True, confirmation_prompt="The same password again")
    if api is not None:
        done = api.post_unproven("root-password", {"token": token, "password": password}, account=str)
        account_id = done["account"]
    else:
        account_id = _set_here(token, password, Settings(**settings))
    click.echo(f"The root user of account {account_id} has this password now.")


def _set_here(token: str, password: str, settings: Settings) -> str:
    from carnet.assembly.installation import open_installation
    from carnet.services.root_passwords import set_by_token

    with open_installation(settings) as here:
        passwords = here.execution.parts.passwords
        done = set_by_token(here.operator_call(), passwords, token=token, password=password)
    return done.account


@account.command("list")
@rows_option
@installation_options
@told_plainly
def list_accounts(output: str, **settings: Any) -> None:
    """List the accounts."""
    from carnet.assembly.state import open_state
    from carnet.entities.account import Account

    with open_state(Settings(**settings)) as state:
        accounts = sorted(state.store.all_of(Account), key=lambda each: each.id)
    show_rows([{"AccountId": one.id, "Name": one.name, "Email": one.email} for one in accounts], output)


@account.command()
@click.argument("account_id", metavar="ACCOUNT")
@rows_option
@installation_options
@told_plainly
def show(account_id: str, output: str, **settings: Any) -> None:
    """Show an account, and how much is in it; JSON also says of what it has nothing."""
    from carnet.assembly.state import open_state
    from carnet.base.faults import Missing
    from carnet.entities.account import Account
    from carnet.entities.membership import Membership
    from carnet.entities.scope import account_scope

    with open_state(Settings(**settings)) as state:
        found = next((one for one in state.store.all_of(Account) if one.id == account_id), None)
        if found is None:
            raise Missing(f"There is no account {account_id}.")
        closed = next((one.closed for one in state.store.all_of(Membership) if one.account == account_id), None)
        counts = state.store.counts(account_scope(account_id))
    told = {
        "AccountId": found.id,
        "Name": found.name,
        "Email": found.email,
        "Partition": found.partition,
        "Created": found.created.isoformat(timespec="seconds"),
        "Alias": found.alias or "",
        **({} if closed is None else {"Closed": closed.isoformat(timespec="seconds")}),
        **{
            _heading(kind): str(count)
            for kind, count in counts.items()
            if kind != "account" and (count or output == "json")
        },
    }
    if output == "json":
        show_json(told)
        return
    width = max(map(len, told))
    for name, value in told.items():
        click.echo(f"{name:<{width}}  {value}".rstrip())


@account.command()
@click.argument("account_id", metavar="ACCOUNT")
@click.argument("changes", metavar="[NAME=NUMBER | NAME=]...", nargs=-1)
@installation_options
@told_plainly
def quotas(account_id: str, changes: tuple[str, ...], **settings: Any) -> None:
    """Set what ACCOUNT may have instead of AWS's quotas, or take that back (NAME=); show what is set."""
    from carnet.assembly.state import open_state
    from carnet.services.account_quotas import read_quotas, set_quotas

    given: dict[str, int | None] = {}
    for change in changes:
        name, equals, number = change.partition("=")
        try:
            read = read_quotas(change if number or not equals else f"{name}=0")
        except ValueError as problem:
            raise click.BadParameter(str(problem), param_hint="NAME=NUMBER") from problem
        given.update(read if number else dict.fromkeys(read))
    with open_state(Settings(**settings)) as state:
        told = set_quotas(state.operator_call(), account=account_id, changes=given)
    for name, number_set in told.items():
        click.echo(f"{name}={number_set}")


@account.command()
@click.argument("account_id", metavar="ACCOUNT")
@click.option("--yes", is_flag=True, help="Do not ask.")
@installation_options
@told_plainly
def delete(account_id: str, yes: bool, **settings: Any) -> None:
    """Delete ACCOUNT with all that is in it. Its keys and sessions stop working at once."""
    from carnet.assembly.state import open_state
    from carnet.services.account_removal import delete_account

    with open_state(Settings(**settings)) as state:
        if not yes:
            click.confirm(f"Delete account {account_id} and all that is in it?", abort=True)
        removed = delete_account(state.store, account=account_id, now=state.clock())
    click.echo(f"Deleted account {account_id}: {removed} rows.")


@account.command()
@click.argument("account_id", metavar="ACCOUNT")
@installation_options
@told_plainly
def reopen(account_id: str, **settings: Any) -> None:
    """Open ACCOUNT again, which its organization has closed. Its keys and sessions work again."""
    from carnet.assembly.state import open_state
    from carnet.services.accounts import account_event
    from carnet.services.closed_accounts import reopen_account

    with open_state(Settings(**settings)) as state, state.store.write() as unit:
        reopen_account(unit, account_id)
        unit.audit(account_event("ReopenAccount", [account_id], state.clock()))
    click.echo(f"The account {account_id} is open again.")


def _heading(kind: str) -> str:
    """`InstanceProfiles` for `instance profile`, `PasswordsOfAPerson` for `password of a person`."""
    noun, *rest = kind.replace("-", " ").partition(" of ")
    words = f"{_plural(noun)}{''.join(rest)}".split()
    return "".join(word[0].upper() + word[1:] for word in words)


def _plural(noun: str) -> str:
    if noun.endswith("s"):
        return noun
    return f"{noun[:-1]}ies" if noun.endswith("y") and not noun.endswith("key") else f"{noun}s"


def _endpoint(settings: Settings) -> str:
    """Where the server is reached, as the last one that was started has said."""
    from carnet.assembly.public_url import public_url
    from carnet.assembly.running import last_endpoint

    return last_endpoint(settings.data_dir) or public_url(settings)


def _check(names: list[str], emails: list[str]) -> None:
    from carnet.entities.account import EMAIL_RULE, NAME_RULE, is_account_email, is_account_name

    if not all(map(is_account_name, names)):
        raise click.BadParameter(NAME_RULE, param_hint="--name")
    if not all(map(is_account_email, emails)):
        raise click.BadParameter(EMAIL_RULE, param_hint="--email")


def _check_id(account_id: str | None, count: int | None) -> None:
    if account_id is None:
        return
    from carnet.entities.account import ID_RULE, is_account_id

    if count is not None:
        raise click.UsageError("--id gives the id of one account, so it does not go with --count.")
    if not is_account_id(account_id):
        raise click.BadParameter(ID_RULE, param_hint="--id")


def _numbered_names(name: str, count: int | None) -> list[str]:
    return [name] if count is None else [f"{name}-{number}" for number in range(1, count + 1)]


def _emails(email: str, count: int | None) -> list[str]:
    local, at, domain = email.partition("@")
    return [f"{part}{at}{domain}" for part in _numbered_addresses(local, count)]


def _numbered_addresses(local: str, count: int | None) -> list[str]:
    return [local] if count is None else [f"{local}+{number}" for number in range(1, count + 1)]
