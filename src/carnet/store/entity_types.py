"""Every kind of entity that the store keeps, in one list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter
from types import MappingProxyType
from typing import Any, TypeVar

from carnet.entities.scope import ScopeKind
from carnet.store.entity_type import EntityType
from carnet.store.rows.access_keys import ACCESS_KEYS
from carnet.store.rows.access_points import ACCESS_POINTS
from carnet.store.rows.account_assignments import ACCOUNT_ASSIGNMENTS
from carnet.store.rows.account_details import ACCOUNT_DETAILS
from carnet.store.rows.accounts import ACCOUNTS
from carnet.store.rows.acquired_roles import ACQUIRED_ROLES
from carnet.store.rows.browser_sessions import BROWSER_SESSIONS
from carnet.store.rows.buckets import ACCOUNT_PUBLIC_ACCESS, BUCKETS
from carnet.store.rows.console_authorizations import CONSOLE_AUTHORIZATIONS
from carnet.store.rows.create_account_statuses import CREATE_ACCOUNT_STATUSES
from carnet.store.rows.data_keys import DATA_KEYS
from carnet.store.rows.delegation_requests import DELEGATION_REQUESTS
from carnet.store.rows.device_authorizations import DEVICE_AUTHORIZATIONS
from carnet.store.rows.ended_keys import ENDED_KEYS
from carnet.store.rows.external_identity_providers import EXTERNAL_IDENTITY_PROVIDERS
from carnet.store.rows.groups import GROUPS
from carnet.store.rows.handshakes import HANDSHAKES
from carnet.store.rows.iam_settings import IAM_SETTINGS
from carnet.store.rows.identity_center_instances import IDENTITY_CENTER_INSTANCES
from carnet.store.rows.identity_store_groups import IDENTITY_STORE_GROUPS
from carnet.store.rows.identity_store_memberships import IDENTITY_STORE_MEMBERSHIPS
from carnet.store.rows.identity_store_users import IDENTITY_STORE_USERS
from carnet.store.rows.instance_profiles import INSTANCE_PROFILES
from carnet.store.rows.instance_settings import INSTANCE_SETTINGS
from carnet.store.rows.key_grants import KEY_GRANTS
from carnet.store.rows.login_profiles import LOGIN_PROFILES
from carnet.store.rows.memberships import MEMBERSHIPS
from carnet.store.rows.mfa_devices import MFA_DEVICES
from carnet.store.rows.oauth_sessions import OAUTH_SESSIONS
from carnet.store.rows.object_acls import OBJECT_ACLS
from carnet.store.rows.oidc_providers import OIDC_PROVIDERS
from carnet.store.rows.operator_tokens import OPERATOR_TOKENS
from carnet.store.rows.organization_accounts import ORGANIZATION_ACCOUNTS
from carnet.store.rows.organization_policies import ORGANIZATION_POLICIES
from carnet.store.rows.organization_resource_policies import ORGANIZATION_RESOURCE_POLICIES
from carnet.store.rows.organizational_units import ORGANIZATIONAL_UNITS
from carnet.store.rows.organizations import ORGANIZATIONS
from carnet.store.rows.outbound_federations import OUTBOUND_FEDERATIONS
from carnet.store.rows.permission_sets import PERMISSION_SETS
from carnet.store.rows.permission_statements import PERMISSION_STATEMENTS
from carnet.store.rows.person_credentials import PERSON_INVITATIONS, PERSON_MFA_DEVICES, PERSON_PASSWORDS
from carnet.store.rows.policies import POLICIES
from carnet.store.rows.provisioned_permission_sets import PROVISIONED_PERMISSION_SETS
from carnet.store.rows.provisioning_requests import PROVISIONING_REQUESTS
from carnet.store.rows.redeemed_assertions import REDEEMED_ASSERTIONS
from carnet.store.rows.request_signings import REQUEST_SIGNINGS
from carnet.store.rows.resource_based_policies import RESOURCE_BASED_POLICIES
from carnet.store.rows.responsibility_transfers import RESPONSIBILITY_TRANSFERS
from carnet.store.rows.role_deletions import ROLE_DELETIONS
from carnet.store.rows.roles import ROLES
from carnet.store.rows.root_resets import ROOT_RESETS
from carnet.store.rows.saml_applications import SAML_APPLICATIONS
from carnet.store.rows.saml_providers import SAML_PROVIDERS
from carnet.store.rows.scim_tokens import SCIM_TOKENS
from carnet.store.rows.server_certificates import SERVER_CERTIFICATES
from carnet.store.rows.service_specific_credentials import SERVICE_SPECIFIC_CREDENTIALS
from carnet.store.rows.signing_certificates import SIGNING_CERTIFICATES
from carnet.store.rows.ssh_public_keys import SSH_PUBLIC_KEYS
from carnet.store.rows.sso_applications import APPLICATION_ASSIGNMENTS, SSO_APPLICATIONS
from carnet.store.rows.trusted_token_issuers import TRUSTED_TOKEN_ISSUERS
from carnet.store.rows.users import USERS

E = TypeVar("E")


class EntityTypes:
    """Some kinds of entities, found by their class and by the word that the change log has for them.

    Raises ValueError for two kinds of one class or word, and for kinds that refer to each other in a circle.
    """

    def __init__(self, *types: EntityType[Any]) -> None:
        self._by_class = MappingProxyType({each.entity: each for each in types})
        self.by_kind: Mapping[str, EntityType[Any]] = MappingProxyType({each.kind: each for each in types})
        if not len(types) == len(self._by_class) == len(self.by_kind):
            raise ValueError("two kinds of entities have one class or one word")
        self.in_order_of_deletion = tuple(_in_order_of_deletion(types))
        """What refers comes before what it refers to, and what is its scope last."""
        self._of_scope = {kind: tuple(each for each in types if each.scope_kind is kind) for kind in ScopeKind}
        self._named_in_installation = {
            kind: tuple(each.entity for each in some if each.installation_name is not None)
            for kind, some in self._of_scope.items()
        }
        self._roots = {each.scope_kind: each for each in types if each.is_root}

    def __iter__(self) -> Iterator[EntityType[Any]]:
        return iter(self._by_class.values())

    def of(self, entity: E) -> EntityType[E]:
        """The type of an entity; raises KeyError for what is not stored."""
        return self._by_class[type(entity)]

    def of_class(self, entity: type[E]) -> EntityType[E]:
        """The type of the entities of a class; raises KeyError for what is not stored."""
        return self._by_class[entity]

    def of_scope(self, kind: ScopeKind) -> tuple[EntityType[Any], ...]:
        """Those whose entities belong to a scope of that kind."""
        return self._of_scope[kind]

    def named_in_installation(self, kind: ScopeKind) -> tuple[type[Any], ...]:
        """The classes of those of them whose entities have names that are unique in the whole installation."""
        return self._named_in_installation[kind]

    def root(self, kind: ScopeKind) -> EntityType[Any] | None:
        """The type whose entities are scopes of that kind."""
        return self._roots.get(kind)


def _in_order_of_deletion(types: tuple[EntityType[Any], ...]) -> Iterator[EntityType[Any]]:
    by_class = {each.entity: each for each in types}
    graph: TopologicalSorter[type[Any]] = TopologicalSorter({each.entity: () for each in types})
    for each in types:
        for reference in each.references.values():
            if reference.to is not each.entity:
                graph.add(reference.to, each.entity)
        if each.is_root:
            inside = (other.entity for other in types if other.scope_kind is each.scope_kind and other is not each)
            graph.add(each.entity, *inside)
    return (by_class[entity] for entity in graph.static_order() if entity in by_class)


ENTITY_TYPES = EntityTypes(
    ACCOUNTS,
    ACCOUNT_DETAILS,
    USERS,
    GROUPS,
    ROLES,
    ROOT_RESETS,
    ROLE_DELETIONS,
    POLICIES,
    INSTANCE_PROFILES,
    SAML_PROVIDERS,
    REDEEMED_ASSERTIONS,
    OIDC_PROVIDERS,
    OUTBOUND_FEDERATIONS,
    ACCESS_KEYS,
    ENDED_KEYS,
    MFA_DEVICES,
    LOGIN_PROFILES,
    BROWSER_SESSIONS,
    PERSON_PASSWORDS,
    PERSON_MFA_DEVICES,
    PERSON_INVITATIONS,
    DEVICE_AUTHORIZATIONS,
    OAUTH_SESSIONS,
    DATA_KEYS,
    OPERATOR_TOKENS,
    IAM_SETTINGS,
    ACQUIRED_ROLES,
    DELEGATION_REQUESTS,
    SSH_PUBLIC_KEYS,
    SIGNING_CERTIFICATES,
    SERVICE_SPECIFIC_CREDENTIALS,
    SERVER_CERTIFICATES,
    MEMBERSHIPS,
    ORGANIZATIONS,
    ORGANIZATIONAL_UNITS,
    ORGANIZATION_ACCOUNTS,
    ORGANIZATION_POLICIES,
    ORGANIZATION_RESOURCE_POLICIES,
    CREATE_ACCOUNT_STATUSES,
    HANDSHAKES,
    RESPONSIBILITY_TRANSFERS,
    RESOURCE_BASED_POLICIES,
    KEY_GRANTS,
    PERMISSION_SETS,
    PROVISIONED_PERMISSION_SETS,
    ACCOUNT_ASSIGNMENTS,
    PROVISIONING_REQUESTS,
    INSTANCE_SETTINGS,
    EXTERNAL_IDENTITY_PROVIDERS,
    SSO_APPLICATIONS,
    SAML_APPLICATIONS,
    REQUEST_SIGNINGS,
    APPLICATION_ASSIGNMENTS,
    TRUSTED_TOKEN_ISSUERS,
    BUCKETS,
    OBJECT_ACLS,
    ACCESS_POINTS,
    ACCOUNT_PUBLIC_ACCESS,
    IDENTITY_CENTER_INSTANCES,
    IDENTITY_STORE_USERS,
    IDENTITY_STORE_GROUPS,
    IDENTITY_STORE_MEMBERSHIPS,
    SCIM_TOKENS,
    PERMISSION_STATEMENTS,
    CONSOLE_AUTHORIZATIONS,
)
