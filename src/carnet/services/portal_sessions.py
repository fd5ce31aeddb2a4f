"""The session that a person has in an account by a permission set, as by AssumeRoleWithSAML.

https://docs.aws.amazon.com/singlesignon/latest/userguide/howtosessionduration.html
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple

from carnet.base.faults import Denied, Invalid
from carnet.directory.assignments import Assigned
from carnet.directory.snapshot import Snapshot
from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.entities.role import Role
from carnet.identity.principals import ASSUMED_ROLE
from carnet.keyring.errors import TokenTooLarge
from carnet.keyring.session_claims import SessionClaims
from carnet.keyring.session_tokens import SessionCredentials
from carnet.services.operation import Parts

_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)


class PortalSession(NamedTuple):
    """New credentials, and until when they are good, in epoch milliseconds."""

    credentials: SessionCredentials
    expires_ms: int


def portal_session(
    snapshot: Snapshot, parts: Parts, person: IdentityStoreUser, assigned: Assigned, now: datetime
) -> PortalSession:
    """Credentials of the role of an assignment, whose sessions have the person's user name.

    INVARIANT: the caller has found the assignment at this revision. The session is of the provisioned role's unique id:
    it dies with the role, whatever is called like it later. Raises Denied if the role is gone, Invalid if a session
    cannot be called as the person is.
    """
    role = assigned.target.of(Role).get(assigned.provisioned.role)
    if role is None:
        raise Denied("No access")
    if _SESSION_NAME.fullmatch(person.user_name) is None:
        raise Invalid(
            "The user name must have 2 to 64 characters, letters, digits and +=,.@_- alone, to be the name of a session"
        )
    issued_ms = int(now.timestamp() * 1000)
    claims = SessionClaims(
        kind=ASSUMED_ROLE,
        account=assigned.target.account.id,
        principal_id=role.id,
        session_name=person.user_name,
        issued_ms=issued_ms,
        expires_ms=issued_ms + 1000 * assigned.provisioned.session_seconds,
        token_id=parts.ids.uuid(),
        epoch=snapshot.epoch,
    )
    try:
        return PortalSession(parts.tokens.issue(claims), claims.expires_ms)
    except TokenTooLarge as fault:
        raise Invalid(str(fault)) from fault
