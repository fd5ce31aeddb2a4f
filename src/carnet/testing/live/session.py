"""boto3 sessions that call the server under test, whatever the environment and the AWS config files say."""

from __future__ import annotations

import os
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import boto3
import botocore.session
from botocore.loaders import create_loader

from carnet.testing.live.revisions import OF_ENDPOINTS, Revisions
from carnet.testing.live.server import CarnetServer

REGION = "us-east-1"
_MOST_CALLS = 1000
_NOWHERE = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}
"""What botocore would read of the environment and the home directory: nobody's own profile is a part of a test."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """What a session signs with."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call that a session has made and that was answered."""

    server: CarnetServer
    service: str
    operation: str
    request_id: str
    """Which is the decision id, too."""


_MODELS = create_loader()
"""One for all sessions: to read the model of IAM takes longer than most tests."""
CALLS: deque[Call] = deque(maxlen=_MOST_CALLS)
"""The last calls of all sessions of this process, the newest last."""


class CarnetSession(boto3.Session):
    """A session of one principal. Its clients and resources call the server, unless given another `endpoint_url`."""

    def __init__(self, server: CarnetServer, keys: Keys, *, watched: bool = True) -> None:
        """`watched`: whether assertions see what is called with it."""
        inner = botocore.session.Session(session_vars=dict(_NOWHERE))
        inner.register_component("data_loader", _MODELS)
        if watched:
            inner.register("after-call", self._remember)
        OF_ENDPOINTS.setdefault(server.endpoint, Revisions()).watch(inner)
        super().__init__(
            aws_access_key_id=keys.access_key_id,
            aws_secret_access_key=keys.secret_access_key,
            aws_session_token=keys.session_token,
            region_name=REGION,
            botocore_session=inner,
        )
        _MODELS.search_paths[:] = dict.fromkeys(_MODELS.search_paths)  # to which every session of boto3 adds its own
        self._server = server
        self._keys = keys

    def client(self, service_name: str, *args: Any, **kwargs: Any) -> Any:
        """As boto3's. Its stubs have an overload for each service."""
        kwargs["endpoint_url"] = kwargs.get("endpoint_url") or self._server.endpoint
        make: Any = super().client
        return make(service_name, *args, **kwargs)

    @property
    def environment(self) -> dict[str, str]:
        """The variables that make another process this principal: of an application under test, or of Terraform."""
        token = self._keys.session_token
        return {
            "AWS_ENDPOINT_URL": self._server.endpoint,
            "AWS_ACCESS_KEY_ID": self._keys.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self._keys.secret_access_key,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            **({"AWS_SESSION_TOKEN": token} if token is not None else {}),
        }

    def _remember(self, **told: Any) -> None:
        parsed, model = told["parsed"], told["model"]
        request_id = parsed.get("ResponseMetadata", {}).get("RequestId")
        if request_id:
            service, operation = model.service_model.service_name, model.name
            CALLS.append(Call(server=self._server, service=service, operation=operation, request_id=request_id))
