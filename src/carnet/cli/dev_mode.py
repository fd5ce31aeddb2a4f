"""What `carnet serve --dev` refuses, and what it says of itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from carnet.assembly.settings import Settings, variable
from carnet.cli.exports import export_lines

if TYPE_CHECKING:
    from carnet.assembly.installation import Installation

_ONLY_WITHOUT = ("data_dir", "database_url", "master_key_file", "tls", "workers")
_ONLY_WITH = ("seed", "dev_account_id", "dev_access_key_id", "dev_secret_access_key", "dev_operator_token")
_GIVEN = (ParameterSource.COMMANDLINE, ParameterSource.ENVIRONMENT)

WARNING = "DEVELOPMENT MODE: everything is in memory and gone when this ends, and everybody knows the root key."


def check_dev_mode(settings: Settings, context: click.Context, *, loopback: bool) -> None:
    """Raise UsageError for what does not go together with --dev, or not without it.

    `loopback`: only callers of this machine reach the server.
    """
    if not settings.dev:
        # A variable may stand in the environment for the next --dev; a flag means this start.
        _refuse(context, _ONLY_WITH, (ParameterSource.COMMANDLINE,), "goes with --dev only.")
        return
    if not loopback:
        raise click.UsageError(
            f"--dev serves this machine only, since everybody knows its root key: {settings.host} is not a loopback "
            "address."
        )
    _refuse(context, _ONLY_WITHOUT, _GIVEN, "does not go with --dev, which has one process and keeps all in memory.")
    _check_credentials(settings)


def apply_seed(installation: Installation, seed: Path | None) -> str | None:
    """Apply the seed and say what it has made; None without one. Raises ClickException if a part cannot be done."""
    if seed is None:
        return None
    from carnet.cli.planned import Planned  # which most starts do not need

    planned = Planned.of(installation, str(seed))
    planned.refuse_impossible()
    planned.carry_out()
    return planned.summary(done=True)


def dev_greeting(settings: Settings, endpoint: str, seeded: str | None) -> str:
    """What is printed when the server starts; `seeded` says what the seed has made."""
    return (
        f"Carnet listens at {endpoint}\n"
        f"{WARNING}\n"
        f"{_of_seed(settings, seeded)}"
        f"It has made account {settings.dev_account_id} with its root user:\n\n"
        f"{export_lines(endpoint, settings.dev_access_key_id, settings.dev_secret_access_key)}\n"
    )


def _of_seed(settings: Settings, seeded: str | None) -> str:
    return "" if seeded is None else f"{settings.seed} is applied: {seeded}\n"


def _refuse(context: click.Context, names: tuple[str, ...], sources: tuple[ParameterSource, ...], why: str) -> None:
    for name in names:
        if (source := context.get_parameter_source(name)) in sources:
            flag = "--" + name.replace("_", "-")
            raise click.UsageError(f"{variable(name) if source is ParameterSource.ENVIRONMENT else flag} {why}")


def _check_credentials(settings: Settings) -> None:
    from carnet.entities import access_key, account  # which neither help nor completion needs
    from carnet.entities.operator_token import TOKEN_RULE, token_digest

    if not account.is_account_id(settings.dev_account_id):
        raise click.BadParameter(account.ID_RULE, param_hint="--dev-account-id")
    if not access_key.is_access_key_id(settings.dev_access_key_id):
        raise click.BadParameter(access_key.ID_RULE, param_hint="--dev-access-key-id")
    if not access_key.is_secret_access_key(settings.dev_secret_access_key):
        raise click.BadParameter(access_key.SECRET_RULE, param_hint="--dev-secret-access-key")
    if settings.dev_operator_token and token_digest(settings.dev_operator_token) is None:
        raise click.BadParameter(TOKEN_RULE, param_hint="--dev-operator-token")
