"""`carnet serve --dev` in a process of its own, and clients of it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import boto3

from tests.clients.running import stopping_server
from tests.starting.forked import Carnet

ACCOUNT, KEY, SECRET = "000000000000", "AKIAQAAAAAAADEXAMPLE", "carnet/dev/everybody/knows/me/EXAMPLEKEY"


@contextmanager
def developing(place: Path, *arguments: str, **environment: str) -> Iterator[str]:
    """Serve with --dev in a process that has only `place` to write to; its endpoint."""
    own = {"PATH": os.environ["PATH"], "HOME": str(place), "TMPDIR": str(place)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = Carnet("serve", "--dev", "--port", "0", *arguments, cwd=place, env=own | environment, **pipes)
    with stopping_server(process) as endpoint:
        yield endpoint


def client(service: Literal["iam", "sts"], endpoint: str, key: str = KEY, secret: str = SECRET) -> Any:
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
    )
