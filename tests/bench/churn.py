"""`python -m tests.bench.churn`: what a process keeps of policies that are replaced again and again.

The inline policy of one user is replaced by another of 2,000 characters, and the user calls, many times over. Printed
is by how much the server's memory grows a change, in each quarter of the changes. What is bounded grows to its bound,
and no more. Nothing passes or fails.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import boto3

from tests.clients.running import RunningServer, running_server

_QUARTERS = 4
_ACTIONS = 60


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--changes", type=int, default=8000)
    changes = arguments.parse_args().changes
    with (
        tempfile.TemporaryDirectory() as directory,
        running_server(Path(directory) / "data", "--limits", "off") as server,
    ):
        iam = _client(server, server.environment["AWS_ACCESS_KEY_ID"], server.environment["AWS_SECRET_ACCESS_KEY"])
        iam.create_user(UserName="churned")
        key = iam.create_access_key(UserName="churned")["AccessKey"]
        own = _client(server, key["AccessKeyId"], key["SecretAccessKey"])
        each = changes // _QUARTERS
        for quarter in range(_QUARTERS):
            before = _resident(server)
            for number in range(quarter * each, (quarter + 1) * each):
                iam.put_user_policy(UserName="churned", PolicyName="changing", PolicyDocument=_document(number))
                own.get_user()
            now = _resident(server)
            print(f"{each} changes: {(now - before) / each:8.0f} bytes a change, {now >> 20} MB", flush=True)


def _document(number: int) -> str:
    actions = ["iam:GetUser", *(f"iam:Get{number:x}a{n:02}*" for n in range(_ACTIONS))]
    return json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": actions, "Resource": "*"}})


def _client(server: RunningServer, key: str, secret: str) -> Any:
    return boto3.client(
        "iam",
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
    )


def _resident(server: RunningServer) -> int:
    """Bytes of memory of the server, and of the processes that it has started."""
    own = server.process.pid
    return sum(_pages(pid) for pid in [own, *_children(own)]) * 4096


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _pages(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1])


if __name__ == "__main__":
    main()
