"""The options that say which installation a command is about: the same flags and variables for every command."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

import click

from carnet.assembly.settings import Settings, is_service_link, variable
from carnet.base.partitions import PARTITIONS

_DEFAULTS = Settings()
_FILE = click.Path(dir_okay=False, path_type=Path)

Command = Callable[..., Any]


class SettingOption(click.Option):
    """Reads its variable as a setting, unless Kubernetes has set that for a service of Carnet's name."""

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        value = super().resolve_envvar_value(ctx)
        if value is not None and isinstance(self.envvar, str) and is_service_link(self.envvar, value):
            return None
        return value


@contextmanager
def _as_bad_parameter() -> Iterator[None]:
    """What is wrong with a setting, a ValueError, is wrong use of its option."""
    try:
        yield
    except ValueError as problem:
        raise click.BadParameter(str(problem)) from problem


def checkpoints_place(text: str) -> str:
    """The type of an option that says where checkpoints go, too, or nothing."""
    if not text:
        return text
    from carnet.audit.checkpoints import check_elsewhere

    with _as_bad_parameter():
        check_elsewhere(text)
    return text


def url(text: str) -> str:
    """The type of an option that takes a public URL, or nothing."""
    from carnet.assembly.public_url import check_public_url

    with _as_bad_parameter():
        return check_public_url(text) if text else text


def quotas(text: str) -> str:
    """The type of an option that takes quotas, or nothing."""
    if text:
        from carnet.services.account_quotas import read_quotas

        with _as_bad_parameter():
            read_quotas(text)
    return text


def limits(text: str) -> str:
    """The type of an option that says how often callers may call, or nothing."""
    if text:
        from carnet.server.fairness.rates import read_limits

        with _as_bad_parameter():
            read_limits(text)
    return text


def upstreams(context: click.Context, option: click.Parameter, given: tuple[str, ...]) -> str:
    """The callback of an option that takes upstreams: all of them, as the setting has them."""
    text = " ".join(given)
    if text:
        from carnet.gateway.upstreams.configured import UpstreamProblem, read_upstreams

        try:
            read_upstreams(text, os.environ)
        except UpstreamProblem as problem:
            raise click.BadParameter(str(problem)) from problem
    return text


def setting(name: str, describe: str, **attributes: Any) -> Callable[[Command], Command]:
    """A click option for one setting, read from its CARNET_ variable if the flag is not given."""
    default = getattr(_DEFAULTS, name)
    if attributes.get("multiple"):
        default = tuple(default.split())
    return click.option(
        "--" + name.replace("_", "-"),
        name,
        cls=SettingOption,
        envvar=variable(name),
        show_envvar=True,
        default=default,
        show_default=default not in (None, "", False, ()),
        help=describe,
        **attributes,
    )


def smtp_url(text: str) -> str:
    """The type of an option that names a mail server, or nothing."""
    if text:
        from carnet.mail.server import check_smtp_url

        with _as_bad_parameter():
            check_smtp_url(text)
    return text


def mail_options(command: Command) -> Command:
    """Adds the options that say how mail is sent."""
    for add in (
        setting("smtp_password_file", "File of the password for the mail server.", type=_FILE),
        setting("mail_from", "Address that mail comes from.", metavar="ADDRESS"),
        setting(
            "smtp_url", "Mail server: smtp://USER@HOST:587 or smtps://USER@HOST:465.", type=smtp_url, metavar="URL"
        ),
    ):
        command = add(command)
    return command


instance_owner_option: Callable[[Command], Command] = click.option(
    "--account", "account_id", metavar="ID", help="Account that owns the instance.  [default: the only one]"
)
"""Of commands about an instance of IAM Identity Center."""


data_dir_option = setting(
    "data_dir", "Directory of the installation.", type=click.Path(file_okay=False, path_type=Path)
)


def installation_options(command: Command) -> Command:
    """Adds the options that name an installation; the command gets them as keyword arguments."""
    for add in (
        setting(
            "partition",
            f"AWS partition of new accounts: {', '.join(PARTITIONS)}.",
            type=click.Choice(PARTITIONS),
            metavar="PARTITION",
        ),
        setting("master_key_file", "File of the master key.  [default: master.key in the data directory]", type=_FILE),
        setting("database_url", "SQLAlchemy URL of the store.  [default: SQLite in the data directory]"),
        data_dir_option,
    ):
        command = add(command)
    return command


def told_plainly(command: Command) -> Command:
    """Turns what an operator can do something about into one line and exit code 1."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except BrokenPipeError:
            raise  # whoever read the output has seen enough: click then ends without a word
        except Exception as problem:
            from carnet.cli.problem import told  # what it tells apart is imported only if something is wrong

            line = told(problem)
            if line is None:
                raise
            raise click.ClickException(line) from problem

    return run
