"""AWS Sign-In, asked by botocore."""

from __future__ import annotations

from typing import Any

from tests.server.in_process import InProcessServer


def sign_in_client(server: InProcessServer, *keys: str) -> Any:
    """A client that stays at the server: botocore sends most operations to AWS's own host, whatever it is told."""
    client = server.client("signin", *keys)

    def stay(request: Any, **_: Any) -> None:
        request.url = request.url.replace("https://signin.us-east-1.api.aws", server.endpoint)

    client.meta.events.register("before-sign.signin", stay)
    return client
