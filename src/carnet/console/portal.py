"""The access portal: the permission sets of a person in each account, and credentials to copy.

https://docs.aws.amazon.com/singlesignon/latest/userguide/using-the-portal.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta, Struct

from carnet.audit.sign_in_events import sign_in_event
from carnet.audit.steps import Arrived
from carnet.console.holders import Holder
from carnet.console.outcomes import Told
from carnet.console.parts import ConsoleParts
from carnet.console.sessions import SignedInBrowser
from carnet.directory.assignments import assigned_to
from carnet.directory.identity_center import may_use
from carnet.directory.snapshot import Snapshot
from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.entities.saml_application import SamlApplication
from carnet.entities.sso_application import SsoApplication
from carnet.server.own_api.problems import Problem
from carnet.services.portal_sessions import portal_session
from carnet.services.saml_applications import is_web_address, issuer_url


class Tile(NamedTuple):
    """An account, with the names of the person's permission sets there."""

    account: str
    name: str
    roles: tuple[str, ...]


class ApplicationTile(NamedTuple):
    """An application that the person may use, and its start URL."""

    name: str
    url: str


class Asked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose credentials are asked for."""

    account: Annotated[str, Meta(max_length=12)]
    role: Annotated[str, Meta(max_length=64)]
    """The name of a permission set."""


def tiles(snapshot: Snapshot, holder: Holder) -> Iterator[Tile]:
    """The accounts of the person, by name; none for a holder who is no person."""
    if not isinstance(holder.entity, IdentityStoreUser):
        return
    roles: dict[tuple[str, str], set[str]] = {}
    for each in assigned_to(snapshot, holder.entity):
        account = each.target.account
        roles.setdefault((account.name, account.id), set()).add(each.permission_set.name)
    for name, account_id in sorted(roles):
        yield Tile(account_id, name, tuple(sorted(roles[name, account_id])))


def applications_of(holder: Holder) -> Iterator[ApplicationTile]:
    """Those that the person may use and that are shown, by name: of SAML 2.0, or with an address of their own."""
    if not isinstance(holder.entity, IdentityStoreUser):
        return
    for one in sorted(holder.view.of(SsoApplication), key=lambda each: (each.name, each.id)):
        if one.portal.get("Visibility", "ENABLED") != "ENABLED" or not may_use(holder.view, one, holder.id):
            continue
        if holder.view.of(SamlApplication).get(one.id) is not None:
            yield ApplicationTile(one.name, issuer_url("", one.id))
        elif is_web_address(url := one.portal.get("SignInOptions", {}).get("ApplicationUrl", "")):
            yield ApplicationTile(one.name, url)


def role_credentials(parts: ConsoleParts, arrived: Arrived, browser: SignedInBrowser) -> Told:
    """Credentials of one role, as texts to copy. Raises Problem for what is not assigned, as for what is not there."""
    try:
        asked = msgspec.json.decode(arrived.http.body, type=Asked)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Problem(400, "InvalidRequest", "Name an account and a role.") from None
    snapshot, person = parts.execution.directory.snapshot, browser.holder.entity
    assigned = assigned_to(snapshot, person) if isinstance(person, IdentityStoreUser) else iter(())
    wanted = asked.account, asked.role
    found = next((one for one in assigned if (one.target.account.id, one.permission_set.name) == wanted), None)
    if found is None or not isinstance(person, IdentityStoreUser):
        raise Problem(403, "ForbiddenException", "No access")
    issued = portal_session(
        snapshot, parts.execution.parts, person, found, arrived.time, attributes=browser.session.attributes
    )
    event = sign_in_event(arrived, browser.holder.who, name="GetRoleCredentials", to=parts.origin.url)
    event["requestParameters"] = {"accountId": asked.account, "roleName": asked.role}
    made = issued.credentials
    values = {
        "aws_access_key_id": made.access_key_id,
        "aws_secret_access_key": made.secret_access_key,
        "aws_session_token": made.session_token,
    }
    return Told(members={"texts": _texts(wanted, values)}, event=event, account=browser.session.account)


def _texts(wanted: tuple[str, str], values: dict[str, Any]) -> dict[str, str]:
    """The texts that are shown: for a shell, and for `~/.aws/credentials`."""
    return {
        "credentials-of": f"{wanted[1]} in account {wanted[0]}",
        "environment": "\n".join(f'export {name.upper()}="{value}"' for name, value in values.items()),
        "profile": "\n".join([f"[{wanted[0]}_{wanted[1]}]", *(f"{name} = {value}" for name, value in values.items())]),
    }
