"""Credentials as lines for a shell, each short enough that a terminal of 80 columns does not break it."""

from __future__ import annotations

import shlex

REGION = "us-east-1"


def export_lines(endpoint: str, access_key_id: str, secret_access_key: str) -> str:
    """`export` lines that make the AWS CLI and SDKs use these credentials at this endpoint."""
    variables = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": access_key_id,
        "AWS_SECRET_ACCESS_KEY": secret_access_key,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
    }
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in variables.items())
