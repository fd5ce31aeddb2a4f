"""Which authenticator takes which proof of who calls."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from carnet.assembly.installation import Installation
from carnet.bearer import access_token, dpop
from carnet.identity.authenticate import Authenticate, Authenticator, Authenticators, anonymous
from carnet.services.service import Service
from carnet.sigv4.verify import verify


def authenticators(installation: Installation, services: Iterable[Service]) -> Authenticators:
    """Carnet's own, for signatures, access tokens, keys and nobody in particular, and those that services bring.

    Raises ValueError for a second one that takes the same proof.
    """
    execution = installation.execution
    found: dict[Authenticate, Authenticator] = {
        Authenticate.SIGV4: partial(verify, find=execution.credentials.find),
        Authenticate.FEDERATED: anonymous,
        Authenticate.BEARER: partial(
            access_token.verify, directory=installation.directory, keyring=installation.keyring
        ),
        Authenticate.DPOP: partial(dpop.verify, public_url=execution.parts.public_url),
        Authenticate.ANONYMOUS: anonymous,
    }
    for service in services:
        for named, make in service.authenticators.items():
            if named in found:
                raise ValueError(f"{service.name} brings a second authenticator for {named}")
            found[named] = make(installation.directory, execution.credentials, execution.parts)
    return found
