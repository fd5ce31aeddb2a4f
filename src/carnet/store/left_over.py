"""Rows that traffic has written of something that is gone: a deleted key, token, user, role, account or session."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Column, Connection, delete, exists

from carnet.store.last_used import ACTION_USES, KEY_USES, PASSWORD_USES, ROLE_USES, SESSION_USES, next_owners
from carnet.store.rows.access_keys import ACCESS_KEYS
from carnet.store.rows.accounts import ACCOUNTS
from carnet.store.rows.browser_sessions import BROWSER_SESSIONS
from carnet.store.rows.roles import ROLES
from carnet.store.rows.scim_tokens import SCIM_TOKENS
from carnet.store.rows.users import USERS

_KEY, _USER, _ROLE, _ACCOUNT = (each.table.c.id for each in (ACCESS_KEYS, USERS, ROLES, ACCOUNTS))

OWNERS: Mapping[Column[str], tuple[Column[str], ...]] = {
    KEY_USES.c.key_id: (_KEY, SCIM_TOKENS.table.c.id),
    ROLE_USES.c.role_id: (_ROLE,),
    ACTION_USES.c.principal_id: (_USER, _ROLE, _ACCOUNT),
    PASSWORD_USES.c.owner_id: (_USER, _ACCOUNT),
    SESSION_USES.c.session_id: (BROWSER_SESSIONS.table.c.id,),
}
"""Whose a row is, by the column that says it: one of these ids."""


def remove_left_over(connection: Connection, column: Column[str], after: str) -> str | None:
    """Remove the rows whose owner is gone, of the `next_owners` behind the id `after`; gives the last of these."""
    rows, last = next_owners(connection, column, after)
    gone = [~exists().where(owner == column) for owner in OWNERS[column]]
    connection.execute(delete(column.table).where(rows, *gone))
    return last
