"""How the callers of an operation prove who they are, where the service's model leaves that open."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Protocol

from carnet import models
from carnet.base.http import HttpRequest
from carnet.identity.caller import Anonymous, Caller


class Authenticate(Enum):
    """How the callers of an operation prove who they are. Only that proof counts, whatever else the request holds."""

    SIGV4 = "sigv4"
    BEARER = "bearer"
    """By an access token of IAM Identity Center."""
    COOKIE = "cookie"
    """By having signed in to the console."""
    FEDERATED = "federated"
    """By a token or an assertion of an identity provider in the input. The operation's `prepare=` checks it and returns
    the `Federated` caller."""
    DPOP = "dpop"
    """They do not, but prove that they hold a key (RFC 9449). The operation's tokens are bound to that key."""
    ANONYMOUS = "anonymous"
    """They do not: AWS asks for no signature, and the operation checks its input."""

    def fits(self, asked: models.Operation) -> bool:
        """Whether the model of an operation permits this kind of proof.

        A model that asks for no signature does not mention cookies, and mentions tokens only if it names their header.
        """
        match self:
            case Authenticate.SIGV4:
                return models.SIGV4 in asked.auth
            case Authenticate.BEARER:
                return models.BEARER in asked.auth or models.NO_AUTH in asked.auth
            case Authenticate.COOKIE | Authenticate.FEDERATED | Authenticate.DPOP | Authenticate.ANONYMOUS:
                return models.NO_AUTH in asked.auth


class Authenticator(Protocol):
    """Finds out who makes a request."""

    def __call__(self, request: HttpRequest, *, service: str, now: datetime) -> Caller:
        """The caller of a request to `service` (its signing name). Raises AuthFailure if the proof is missing or wrong.

        The code of the failure is one of the service's model, or one that all services answer.
        """


Authenticators = Mapping[Authenticate, Authenticator]
"""INVARIANT: a request for which there is no authenticator is refused."""


def anonymous(request: HttpRequest, *, service: str, now: datetime) -> Anonymous:
    """The authenticator of operations that take no proof, or take it from their input."""
    return Anonymous()
