"""How callers prove who they are, and what of it a service's model leaves open."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Protocol

from carnet import models
from carnet.base.http import HttpRequest
from carnet.identity.caller import Anonymous, Caller


class Authenticate(Enum):
    """How the callers of an operation prove who they are. Only that proof counts, whatever else comes along."""

    SIGV4 = "sigv4"
    BEARER = "bearer"
    """By an access token of IAM Identity Center."""
    COOKIE = "cookie"
    """By having signed in to the console."""
    FEDERATED = "federated"
    """By what an identity provider says of them in the input, which the operation's `prepare=` checks: it gives the
    `Federated` caller."""
    DPOP = "dpop"
    """They do not, but prove to hold a key (RFC 9449), which the operation's tokens are bound to."""
    ANONYMOUS = "anonymous"
    """They do not: AWS asks for no signature, and the operation proves what it must from its input."""

    def fits(self, asked: models.Operation) -> bool:
        """Whether the model of an operation lets its callers prove themselves so.

        A model that asks for no signature says nothing of cookies, and of tokens only if it names their header.
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
        """The caller of a request to `service` (its signing name). Raises AuthFailure for who does not prove it.

        The code of the failure is one of the service's model, or one that all services answer.
        """


Authenticators = Mapping[Authenticate, Authenticator]
"""INVARIANT: who cannot be authenticated, for want of an authenticator, is refused."""


def anonymous(request: HttpRequest, *, service: str, now: datetime) -> Anonymous:
    """The authenticator of operations that take no proof, or take it from their input."""
    return Anonymous()
