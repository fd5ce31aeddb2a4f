"""The routes of browsers: the console and the SAML endpoints, over an open installation."""

from __future__ import annotations

from carnet.assembly.installation import Installation
from carnet.base.clock import Clock
from carnet.console import client_consent, device_consent, login_consent
from carnet.console.consents import Consents
from carnet.console.console import Console
from carnet.console.federation import Federation
from carnet.console.origin import ConsoleOrigin, console_origin
from carnet.console.parts import ConsoleParts
from carnet.console.saml_endpoints import SamlEndpoints
from carnet.console.sessions import BrowserSessions
from carnet.console.unreachable import Unreachable
from carnet.identity.fido_metadata import read_metadata
from carnet.identity.passkeys import Passkeys
from carnet.server.fairness.throttle import Throttle
from carnet.server.long_policies import LongPolicies
from carnet.server.own_routes import OwnRoutes
from carnet.server.writer import Writer
from carnet.services.mailed_invitations import Mailer
from carnet.services.preparing import Pools
from carnet.services.signin.authorize import PATH as LOGIN


def console_routes(
    installation: Installation, writer: Writer, throttle: Throttle, pools: Pools, mailer: Mailer | None = None
) -> tuple[OwnRoutes, ...]:
    """Those of one worker."""
    origin = console_origin(installation.execution.parts.public_url)
    if origin is None:
        return (Unreachable(),)
    engine = installation.execution.parts.engine
    long_policies = LongPolicies(installation.execution, pools)
    sessions = BrowserSessions(
        installation.directory, installation.last_used, installation.clock, origin, engine, long_policies
    )
    parts = ConsoleParts(
        execution=installation.execution,
        writer=writer,
        pools=pools,
        long_policies=long_policies,
        throttle=throttle,
        origin=origin,
        passkeys=_passkeys(installation, origin),
        mailer=mailer,
    )
    federation = Federation(parts, sessions, installation.execution.credentials, installation.clock)
    return (
        _consents(parts, sessions, installation.clock),
        federation,
        SamlEndpoints(parts, sessions, installation.clock),
        Console(parts, sessions, installation.clock),
    )


def _consents(parts: ConsoleParts, sessions: BrowserSessions, clock: Clock) -> Consents:
    """All that people are asked for."""
    kinds = {
        device_consent.PATH: device_consent.DeviceConsent(parts=parts, clock=clock).asked(),
        client_consent.PATH: client_consent.ClientConsent(parts=parts, clock=clock).asked(),
    }
    kinds[LOGIN] = login_consent.LoginConsent(parts=parts, clock=clock).asked()
    return Consents(parts, sessions, clock, kinds)


def _passkeys(installation: Installation, origin: ConsoleOrigin) -> Passkeys | None:
    if not origin.has_passkeys:
        return None
    file = installation.settings.fido_metadata_file
    metadata = read_metadata(file) if file is not None else None
    return Passkeys(host=origin.host, origin=origin.url, keyring=installation.keyring, metadata=metadata)
