"""Asks AWS, or a server that speaks as AWS does, for commands that work with the profiles of the AWS CLI."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from carnet.base.printable import printable
from carnet.cli.exports import REGION

if TYPE_CHECKING:
    from carnet.cli.aws_files import LongTermKey

_TIMEOUT_SECONDS = 10
_LONGEST_MESSAGE = 1_000


def client(service: str, profile: str, key: LongTermKey) -> Any:
    """A client of botocore with the profile's Region, endpoint and certificates, and with this key.

    botocore takes a while to import, so only what has to ask does.
    """
    import botocore.session
    from botocore.config import Config

    session = botocore.session.Session(profile=profile)
    return session.create_client(
        service,
        region_name=session.get_config_variable("region") or REGION,
        aws_access_key_id=key.access_key_id,
        aws_secret_access_key=key.secret_access_key,
        config=Config(connect_timeout=_TIMEOUT_SECONDS, read_timeout=_TIMEOUT_SECONDS),
    )


@contextmanager
def refusals_told() -> Iterator[None]:
    """Turns what botocore raises into ClickException, in one line."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as problem:
        error = problem.response["Error"]
        said = printable(f"{error['Code']}: {error['Message']}"[:_LONGEST_MESSAGE])
        raise click.ClickException(f"{problem.operation_name} was answered {said}") from problem
    except BotoCoreError as problem:
        raise click.ClickException(printable(str(problem))) from problem
