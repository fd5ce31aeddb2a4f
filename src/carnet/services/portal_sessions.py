"""The session of a person in an account through a permission set, as AssumeRoleWithSAML would make it.

https://docs.aws.amazon.com/singlesignon/latest/userguide/howtosessionduration.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from carnet.base.faults import Invalid
from carnet.directory.assignments import Assigned
from carnet.directory.snapshot import Snapshot
from carnet.entities.entity import Tags, name_key
from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.entities.instance_settings import InstanceSettings
from carnet.entities.tag_characters import takes
from carnet.identity.identity_context import user_keys
from carnet.identity.principals import ASSUMED_ROLE
from carnet.keyring.errors import TokenTooLarge
from carnet.keyring.session_claims import SessionClaims
from carnet.keyring.session_tokens import SessionCredentials
from carnet.services.attribute_sources import path_of, value_at
from carnet.services.operation import Parts
from carnet.services.reserved_roles import provider_arn
from carnet.store.last_used import RoleUse

_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_LONGEST_KEY, _LONGEST_VALUE = 128, 256
_MOST_ATTRIBUTES = 50
_ACCESS_CONTROL = "https://aws.amazon.com/SAML/Attributes/AccessControl:"
_NONE: Tags = MappingProxyType({})


class PortalSession(NamedTuple):
    """New credentials, and when they expire, in epoch milliseconds."""

    credentials: SessionCredentials
    expires_ms: int


def portal_session(
    snapshot: Snapshot,
    parts: Parts,
    person: IdentityStoreUser,
    assigned: Assigned,
    now: datetime,
    *,
    attributes: Tags = _NONE,
) -> PortalSession:
    """Credentials of the role of an assignment, whose sessions have the person's user name.

    Attributes for access control are the tags of the session: `attributes` come from an external identity provider; the
    instance's own value for an attribute takes precedence.

    INVARIANT: the caller has found the assignment at this revision. The session is bound to the unique id of the
    provisioned role and to the person: it ends with that role, whatever role has its name later, and with the
    assignment (`identity.credentials`). Raises Invalid if the user name cannot be a session name, or a tag cannot be a
    session tag.
    """
    if _SESSION_NAME.fullmatch(person.user_name) is None:
        raise Invalid(
            "The user name must have 2 to 64 characters, letters, digits and +=,.@_- alone, to be the name of a session"
        )
    claims = _claims(snapshot, parts.ids.uuid(), person, assigned, now, attributes)
    parts.last_used.note_role(assigned.role.id, RoleUse(now, ""))
    try:
        return PortalSession(parts.tokens.issue(claims), claims.expires_ms)
    except TokenTooLarge as fault:
        raise Invalid(str(fault)) from fault


def _claims(
    snapshot: Snapshot, token_id: str, person: IdentityStoreUser, assigned: Assigned, now: datetime, attributes: Tags
) -> SessionClaims:
    """The claims of the session's token. Raises Invalid for tags that a session cannot have."""
    role = assigned.role
    issued_ms = int(now.timestamp() * 1000)
    return SessionClaims(
        kind=ASSUMED_ROLE,
        account=role.account,
        principal_id=role.id,
        session_name=person.user_name,
        issued_ms=issued_ms,
        expires_ms=issued_ms + 1000 * assigned.provisioned.session_seconds,
        token_id=token_id,
        tags=_tags(snapshot, assigned, person, attributes),
        provider=provider_arn(assigned.instance, role.account),
        provider_keys={
            "saml:sub": person.user_name,
            "saml:sub_type": "persistent",
            **user_keys(assigned.instance, person.id),
        },
        epoch=snapshot.epoch,
        person=person.id,
    )


def assertion_attributes(told: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """The attributes for access control among those of an assertion: one value each. Raises Invalid.

    https://docs.aws.amazon.com/singlesignon/latest/userguide/configure-abac-saml.html
    """
    found: dict[str, str] = {}
    for name, values in told.items():
        if name.startswith(_ACCESS_CONTROL):
            key = name.removeprefix(_ACCESS_CONTROL)
            if len(values) != 1 or not key or len(key) > _LONGEST_KEY or name_key(key).startswith("aws:"):
                raise Invalid(f"The attribute AccessControl:{key[:_LONGEST_KEY]} must have one value, and a tag's key")
            if values[0]:
                found[key] = values[0]
    if len(found) > _MOST_ATTRIBUTES or len(set(map(name_key, found))) < len(found):
        raise Invalid(f"There are more than {_MOST_ATTRIBUTES} attributes for access control, or one is there twice")
    _check_tags(found)
    return found


def _tags(snapshot: Snapshot, assigned: Assigned, person: IdentityStoreUser, attributes: Tags) -> dict[str, str]:
    """The attributes for access control as session tags; none if they are not switched on. Raises Invalid."""
    settings = snapshot.accounts[person.account].of(InstanceSettings).get(assigned.instance.id)
    if settings is None or settings.attributes is None:
        return {}
    own = _own_attributes(settings.attributes, person)
    named = frozenset(map(name_key, own))
    told = {key: value for key, value in attributes.items() if name_key(key) not in named}
    return {**_check_tags(told), **_check_tags(own)}


def _own_attributes(sources: Mapping[str, str], person: IdentityStoreUser) -> Tags:
    """The attributes for access control of a person that the instance knows."""
    values = {key: value_at(person, path) for key, source in sources.items() if (path := path_of(source)) is not None}
    return {key: value for key, value in values.items() if value is not None}


def _check_tags(tags: Tags) -> Tags:
    """Raises Invalid for a value that no session tag may have.

    INVARIANT: the tag is not left out instead, because a policy may deny by it.
    """
    for key, value in tags.items():
        if len(value) > _LONGEST_VALUE or not takes(value) or not takes(key):
            raise Invalid(
                f"The attribute {key} is longer than {_LONGEST_VALUE} characters, or has others than a tag may have"
            )
    return tags
