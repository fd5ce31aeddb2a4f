"""Every kind of entity the store keeps."""

from __future__ import annotations

from types import MappingProxyType

from carnet.store.access_keys import ACCESS_KEYS
from carnet.store.accounts import ACCOUNTS
from carnet.store.changes import Kind
from carnet.store.data_keys import DATA_KEYS
from carnet.store.entity_table import EntityTables
from carnet.store.groups import GROUPS
from carnet.store.instance_profiles import INSTANCE_PROFILES
from carnet.store.policies import POLICIES
from carnet.store.roles import ROLES
from carnet.store.users import USERS

ENTITY_TABLES: EntityTables = MappingProxyType(
    {
        entities.kind: entities
        for entities in (ACCOUNTS, USERS, GROUPS, ROLES, POLICIES, INSTANCE_PROFILES, ACCESS_KEYS, DATA_KEYS)
    }
)
assert ENTITY_TABLES.keys() == set(Kind)
