"""A row says all of its entity, whatever text is in it."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from carnet.entities.access_key import AccessKey
from carnet.entities.access_point import AccessPoint
from carnet.entities.account import Account
from carnet.entities.account_assignment import AccountAssignment, PrincipalType
from carnet.entities.account_details import AccountDetails
from carnet.entities.acquired_role import AcquiredRole
from carnet.entities.browser_session import BrowserSession, HolderKind
from carnet.entities.bucket import AclPermission, Bucket, BucketState, DefaultKey, Grant, ObjectOwnership
from carnet.entities.console_authorization import ConsoleAuthorization
from carnet.entities.create_account_status import CreateAccountFailure, CreateAccountStatus
from carnet.entities.delegation_request import Approver, DelegationRequest, DelegationState
from carnet.entities.device_authorization import DeviceAuthorization, DeviceState
from carnet.entities.ended_key import EndedKey
from carnet.entities.external_identity_provider import ExternalIdentityProvider
from carnet.entities.group import Group
from carnet.entities.handshake import Handshake, HandshakeAction, HandshakeState
from carnet.entities.iam_settings import IamSettings
from carnet.entities.identity_center_instance import Instance, InstanceStatus
from carnet.entities.identity_store_group import IdentityStoreGroup
from carnet.entities.identity_store_membership import IdentityStoreMembership
from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.entities.instance_profile import InstanceProfile
from carnet.entities.instance_settings import InstanceSettings
from carnet.entities.key_grant import Constraint, ConstraintType, KeyGrant, KeyGrants
from carnet.entities.login_profile import LoginProfile
from carnet.entities.managed_policy import ManagedPolicy, PolicyVersion
from carnet.entities.membership import Membership
from carnet.entities.mfa_device import MfaDevice, MfaKind
from carnet.entities.oauth_session import Grantor, OAuthSession
from carnet.entities.object_acl import ObjectAcl, UploadKey
from carnet.entities.oidc_provider import OidcProvider
from carnet.entities.operator_token import OperatorToken
from carnet.entities.organization import FeatureSet, Organization
from carnet.entities.organization_account import JoinedMethod, OrganizationAccount
from carnet.entities.organization_policy import OrganizationPolicy, PolicyType
from carnet.entities.organization_resource_policy import OrganizationResourcePolicy
from carnet.entities.organizational_unit import OrganizationalUnit
from carnet.entities.outbound_federation import OutboundFederation, SigningAlgorithm, SigningKey
from carnet.entities.password_policy import PasswordPolicy
from carnet.entities.permission_set import PermissionSet, PolicyReference
from carnet.entities.permission_statement import PermissionStatement
from carnet.entities.person_invitation import PersonInvitation
from carnet.entities.person_mfa_device import PersonMfaDevice
from carnet.entities.person_password import PersonPassword
from carnet.entities.provisioned_permission_set import ProvisionedPermissionSet
from carnet.entities.provisioning_request import ProvisioningRequest, RequestKind
from carnet.entities.public_access_block import AccountPublicAccess, PublicAccessBlock
from carnet.entities.redeemed_assertion import RedeemedAssertion
from carnet.entities.request_signing import RequestSigning
from carnet.entities.resource_based_policy import ResourceBasedPolicy
from carnet.entities.responsibility_transfer import ResponsibilityTransfer, TransferStatus
from carnet.entities.role import Role
from carnet.entities.role_deletion import RoleDeletion
from carnet.entities.root_reset import RootReset
from carnet.entities.saml_application import SamlApplication
from carnet.entities.saml_provider import EncryptionMode, SamlPrivateKey, SamlProvider
from carnet.entities.saml_signing_key import SamlSigningKey
from carnet.entities.scim_token import ScimToken
from carnet.entities.server_certificate import ServerCertificate
from carnet.entities.service_specific_credential import ServiceSpecificCredential
from carnet.entities.signing_certificate import SigningCertificate
from carnet.entities.ssh_public_key import SshPublicKey
from carnet.entities.sso_application import ApplicationAssignment, SsoApplication
from carnet.entities.trusted_token_issuer import TrustedTokenIssuer
from carnet.entities.user import User
from carnet.keyring.data_keys import KeyState, Purpose, WrappedKey
from carnet.store.codec import moment, pairs, read_moment, read_pairs, read_strings, strings
from carnet.store.entity_type import content_hash
from carnet.store.entity_types import ENTITY_TYPES

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
MOMENTS = st.datetimes(timezones=st.just(UTC))
PAIRS = st.dictionaries(TEXT, TEXT, max_size=3)
TEXTS = st.lists(TEXT, max_size=3).map(tuple)
ACLS = st.lists(st.builds(Grant, grantee=TEXT, permission=st.sampled_from(AclPermission)), max_size=2).map(tuple)
BLOCKS = st.builds(PublicAccessBlock)
TURNS = st.lists(st.integers(0, 2**50), max_size=4).map(tuple)
NUMBERS = st.integers(0, 2**31 - 1)
PASSWORD_POLICIES = st.builds(PasswordPolicy, minimum_length=NUMBERS, hard_expiry=st.booleans(), max_age_days=NUMBERS)
VERSIONS = st.builds(PolicyVersion, number=NUMBERS, document=TEXT, created=MOMENTS)
NAMED: dict[str, Any] = {
    "id": TEXT,
    "account": TEXT,
    "partition": TEXT,
    "path": TEXT,
    "name": TEXT,
    "created": MOMENTS,
    "tags": PAIRS,
}
PLACED: dict[str, Any] = {"id": TEXT, "organization": TEXT, "tags": PAIRS}
SIGNING_KEYS = st.lists(
    st.builds(
        SamlSigningKey,
        **dict.fromkeys(("id", "certificate"), TEXT),
        **dict.fromkeys(("created", "expires"), MOMENTS),
        sealed=st.binary(max_size=20),
    ),
    max_size=2,
).map(tuple)
SINCE = st.dictionaries(TEXT, NUMBERS, max_size=2)
HELD: dict[str, Any] = {"id": TEXT, "account": TEXT, "owner": TEXT, "active": st.booleans(), "created": MOMENTS}
STORED_IN: dict[str, Any] = {
    **dict.fromkeys(("id", "account", "identity_store", "created_by", "updated_by"), TEXT),
    "external_ids": PAIRS,
    "revision": NUMBERS,
    "created": MOMENTS,
    "updated": MOMENTS,
}
HOLDER: dict[str, Any] = {**NAMED, "attached": TEXTS, "inline": PAIRS}

OF_INSTANCE: dict[str, Any] = {"account": TEXT, "instance": TEXT, "permission_set": TEXT}
REFERENCES = st.builds(PolicyReference, name=TEXT, path=TEXT)


@st.composite
def _policies(draw: st.DrawFn) -> ManagedPolicy:
    """Any policy whose version in force exists."""
    versions = tuple(draw(st.lists(VERSIONS, min_size=1, max_size=5)))
    in_force = draw(st.sampled_from(versions)).number
    fields = {"description": st.none() | TEXT, "updated": MOMENTS, "next_version": NUMBERS, "attachable": st.booleans()}
    return draw(
        st.builds(ManagedPolicy, **NAMED, **fields, versions=st.just(versions), default_version=st.just(in_force))
    )


STRATEGIES: tuple[st.SearchStrategy[object], ...] = (
    st.builds(
        Account,
        id=TEXT,
        partition=TEXT,
        name=TEXT,
        email=TEXT,
        created=MOMENTS,
        alias=st.none() | TEXT,
        password_policy=st.none() | PASSWORD_POLICIES,
    ),
    st.builds(
        AccountDetails,
        account=TEXT,
        contact=PAIRS,
        alternate_contacts=st.dictionaries(TEXT, PAIRS, max_size=2),
        regions=TEXTS.map(frozenset),
    ),
    st.builds(User, **HOLDER, boundary=st.none() | TEXT, groups=TEXTS),
    st.builds(Group, **HOLDER),
    st.builds(
        Role,
        **HOLDER,
        trust=TEXT,
        trusted_ids=PAIRS,
        description=st.none() | TEXT,
        max_session_seconds=NUMBERS,
        boundary=st.none() | TEXT,
        linked_service=st.none() | TEXT,
    ),
    _policies(),
    st.builds(InstanceProfile, **NAMED, role=st.none() | TEXT),
    st.builds(
        SamlProvider,
        **NAMED,
        document=TEXT,
        certificates=st.dictionaries(TEXT, TEXTS, max_size=2),
        valid_until=st.none() | MOMENTS,
        encryption=st.sampled_from(EncryptionMode),
        private_keys=st.lists(
            st.builds(SamlPrivateKey, id=TEXT, sealed=st.binary(max_size=8), created=MOMENTS), max_size=2
        ).map(tuple),
        context_provider=st.dictionaries(TEXT, TEXT, max_size=2),
        identity_center_instance=st.none() | TEXT,
    ),
    st.builds(
        OidcProvider,
        **NAMED,
        client_ids=TEXTS,
        thumbprints=TEXTS,
        context_provider=st.dictionaries(TEXT, TEXT, max_size=2),
        identity_center_instance=st.none() | TEXT,
    ),
    st.builds(
        OutboundFederation,
        account=TEXT,
        issuer=TEXT,
        enabled=st.booleans(),
        keys=st.lists(
            st.builds(
                SigningKey,
                kid=TEXT,
                algorithm=st.sampled_from(SigningAlgorithm),
                public=st.dictionaries(TEXT, TEXT, max_size=2),
                sealed=st.binary(max_size=8),
                retired=st.none() | MOMENTS,
            ),
            max_size=2,
        ).map(tuple),
        created=MOMENTS,
    ),
    st.builds(RedeemedAssertion, id=TEXT, account=TEXT, expires=MOMENTS),
    st.builds(
        ResourceBasedPolicy,
        arn=TEXT,
        account=TEXT,
        document=TEXT,
        principal_ids=st.dictionaries(TEXT, TEXT, max_size=2),
        changed=MOMENTS,
    ),
    st.builds(
        Bucket,
        **dict.fromkeys(("partition", "name", "account", "region", "upstream"), TEXT),
        created=MOMENTS,
        state=st.sampled_from(BucketState),
        ownership=st.sampled_from(ObjectOwnership),
        block=st.none() | BLOCKS,
        acl=ACLS,
        policy=st.none() | TEXT,
        principal_ids=PAIRS,
        default_key=st.none() | st.builds(DefaultKey, key=TEXT),
        tags=st.none() | PAIRS,
        abac=st.booleans(),
    ),
    st.builds(
        ObjectAcl,
        **dict.fromkeys(("account", "object", "version", "upload", "etag", "owner"), TEXT),
        acl=ACLS,
        key=st.none() | st.builds(UploadKey, arn=TEXT, context=TEXT),
        set=MOMENTS,
    ),
    st.builds(
        AccessPoint,
        **dict.fromkeys(("partition", "account", "region", "name", "alias", "bucket", "bucket_account"), TEXT),
        created=MOMENTS,
        vpc=st.none() | TEXT,
        block=BLOCKS,
        policy=st.none() | TEXT,
        principal_ids=PAIRS,
        tags=PAIRS,
    ),
    st.builds(
        KeyGrants,
        arn=TEXT,
        account=TEXT,
        grants=st.lists(
            st.builds(
                KeyGrant,
                **dict.fromkeys(("id", "token", "name", "grantee", "retiring", "issuer"), TEXT),
                principal_ids=PAIRS,
                operations=TEXTS,
                constraint=st.none() | st.builds(Constraint, type=st.sampled_from(ConstraintType), context=PAIRS),
                created=MOMENTS,
            ),
            max_size=2,
        ).map(tuple),
    ),
    st.builds(AccountPublicAccess, account=TEXT, block=BLOCKS),
    st.builds(EndedKey, id=TEXT, account=TEXT, changed=MOMENTS, turns=TURNS),
    st.builds(AccessKey, **HELD, sealed_secret=st.binary(max_size=8)),
    st.builds(
        DelegationRequest,
        **dict.fromkeys(("id", "requestor", "requestor_name", "workflow", "description", "template"), TEXT),
        **dict.fromkeys(("owner_account", "owner", "owner_id", "message", "notes", "rejection"), st.none() | TEXT),
        approver=st.none() | st.builds(Approver, id=TEXT, arn=TEXT, session=st.none() | st.binary(max_size=8)),
        parameters=TEXT,
        policy=TEXT,
        channel=TEXT,
        redirect_url=st.none() | TEXT,
        session_seconds=NUMBERS,
        only_owner_sends=st.booleans(),
        state=st.sampled_from(DelegationState),
        created=MOMENTS,
        updated=MOMENTS,
    ),
    st.builds(AcquiredRole, id=TEXT, account=TEXT, template=TEXT, minor_version=NUMBERS),
    st.builds(SshPublicKey, **HELD, body=TEXT, fingerprint=TEXT),
    st.builds(SigningCertificate, **HELD, body=TEXT, fingerprint=TEXT),
    st.builds(
        ServiceSpecificCredential,
        **HELD,
        service=TEXT,
        service_name=TEXT,
        digest=TEXT,
        expires=st.none() | MOMENTS,
    ),
    st.builds(ServerCertificate, **NAMED, body=TEXT, chain=st.none() | TEXT, expires=MOMENTS),
    st.builds(
        IamSettings,
        account=TEXT,
        properties=PAIRS,
        global_token_version=NUMBERS,
        quotas=st.dictionaries(TEXT, NUMBERS, max_size=2),
    ),
    st.builds(
        MfaDevice,
        **NAMED,
        kind=st.sampled_from(MfaKind),
        holder=st.none() | TEXT,
        enabled=st.none() | MOMENTS,
        sealed_seed=st.binary(max_size=8),
        drift=st.integers(-99, 99),
        last_step=NUMBERS,
        failures=NUMBERS,
        failed=st.none() | MOMENTS,
        credential_id=st.none() | TEXT,
        sign_count=NUMBERS,
    ),
    st.builds(
        LoginProfile,
        id=TEXT,
        account=TEXT,
        sealed_hashes=st.binary(max_size=8),
        created=MOMENTS,
        changed=MOMENTS,
        reset_required=st.booleans(),
        max_session_seconds=st.none() | NUMBERS,
    ),
    st.builds(
        PersonMfaDevice,
        **NAMED,
        kind=st.sampled_from(MfaKind),
        holder=TEXT,
        enabled=MOMENTS,
        sealed_seed=st.binary(max_size=8),
        drift=st.integers(-99, 99),
        last_step=NUMBERS,
        failures=NUMBERS,
        failed=st.none() | MOMENTS,
        credential_id=st.none() | TEXT,
        sign_count=NUMBERS,
    ),
    st.builds(
        PersonPassword,
        id=TEXT,
        account=TEXT,
        sealed_hashes=st.binary(max_size=8),
        created=MOMENTS,
        changed=MOMENTS,
        reset_required=st.booleans(),
        max_session_seconds=st.none() | NUMBERS,
    ),
    st.builds(
        PersonInvitation,
        id=TEXT,
        account=TEXT,
        digest=TEXT,
        remove_mfa=st.booleans(),
        created=MOMENTS,
        expires=MOMENTS,
    ),
    st.builds(
        WrappedKey,
        kid=TEXT,
        purpose=st.sampled_from(Purpose),
        state=st.sampled_from(KeyState),
        wrapped=st.binary(max_size=8),
        created=MOMENTS,
    ),
    st.builds(Membership, account=TEXT, organization=TEXT, closed=st.none() | MOMENTS),
    st.builds(
        Organization,
        id=TEXT,
        partition=TEXT,
        management=TEXT,
        feature_set=st.sampled_from(FeatureSet),
        created=MOMENTS,
        policy_types=TEXTS,
        trusted_services=SINCE,
        root_features=TEXTS,
    ),
    st.builds(
        OrganizationalUnit, **PLACED, parent=st.none() | TEXT, name=TEXT, attached=TEXTS, full_access=st.booleans()
    ),
    st.builds(
        OrganizationAccount,
        **PLACED,
        parent=TEXT,
        joined_method=st.sampled_from(JoinedMethod),
        joined=MOMENTS,
        attached=TEXTS,
        full_access=st.booleans(),
        delegations=SINCE,
    ),
    st.builds(
        OrganizationPolicy,
        **PLACED,
        type=st.sampled_from(PolicyType),
        name=TEXT,
        description=TEXT,
        content=TEXT,
    ),
    st.builds(OrganizationResourcePolicy, **PLACED, content=TEXT),
    st.builds(
        CreateAccountStatus,
        id=TEXT,
        organization=TEXT,
        account_name=TEXT,
        requested=MOMENTS,
        account=st.none() | TEXT,
        failure=st.none() | st.sampled_from(CreateAccountFailure),
    ),
    st.builds(
        Handshake,
        **PLACED,
        action=st.sampled_from(HandshakeAction),
        account=TEXT,
        email=st.none() | TEXT,
        parent=st.none() | TEXT,
        notes=st.none() | TEXT,
        state=st.sampled_from(HandshakeState),
        requested=MOMENTS,
        expires=MOMENTS,
        changed=MOMENTS,
    ),
    st.builds(
        ResponsibilityTransfer,
        **PLACED,
        **dict.fromkeys(("target", "source_organization", "source", "name"), TEXT),
        status=st.sampled_from(TransferStatus),
        start=MOMENTS,
        end=st.none() | MOMENTS,
        expires=MOMENTS,
        changed=MOMENTS,
    ),
    st.builds(
        PermissionSet,
        **dict.fromkeys(("id", "account", "instance", "partition", "name", "session_duration"), TEXT),
        **dict.fromkeys(("description", "relay_state", "inline"), st.none() | TEXT),
        created=MOMENTS,
        managed=TEXTS,
        customer=st.lists(REFERENCES, max_size=2).map(tuple),
        boundary=st.none() | TEXT | REFERENCES,
        tags=PAIRS,
    ),
    st.builds(
        AccountAssignment,
        **OF_INSTANCE,
        target=TEXT,
        principal_type=st.sampled_from(PrincipalType),
        principal=TEXT,
        created=MOMENTS,
    ),
    st.builds(
        ProvisionedPermissionSet,
        **OF_INSTANCE,
        **dict.fromkeys(("target", "role", "content_hash"), TEXT),
        session_seconds=NUMBERS,
        relay_state=st.none() | TEXT,
        provisioned=MOMENTS,
    ),
    st.builds(
        ProvisioningRequest,
        **OF_INSTANCE,
        **dict.fromkeys(("target", "principal", "failure"), st.none() | TEXT),
        id=TEXT,
        kind=st.sampled_from(RequestKind),
        principal_type=st.none() | st.sampled_from(PrincipalType),
        created=MOMENTS,
    ),
    st.builds(
        InstanceSettings,
        id=TEXT,
        account=TEXT,
        attributes=st.none() | PAIRS,
        regions=SINCE,
    ),
    st.builds(
        SsoApplication,
        **dict.fromkeys(("id", "account", "instance", "partition", "application_account", "provider", "name"), TEXT),
        **dict.fromkeys(("description", "client_token"), st.none() | TEXT),
        **dict.fromkeys(("portal", "scopes", "grants", "methods"), st.dictionaries(TEXT, PAIRS, max_size=2)),
        **dict.fromkeys(("status", "background_sessions"), TEXT),
        created=MOMENTS,
        assignment_required=st.booleans(),
        tags=PAIRS,
    ),
    st.builds(
        SamlApplication,
        **dict.fromkeys(("id", "account", "audience", "subject", "subject_format", "relay_state"), TEXT),
        acs_urls=TEXTS,
        attributes=PAIRS,
        session_seconds=NUMBERS,
        request_certificate=TEXT,
        keys=SIGNING_KEYS,
    ),
    st.builds(RequestSigning, **dict.fromkeys(("id", "account"), TEXT), keys=SIGNING_KEYS),
    st.builds(
        ApplicationAssignment,
        **dict.fromkeys(("account", "instance", "application", "principal"), TEXT),
        principal_type=st.sampled_from(PrincipalType),
        created=MOMENTS,
    ),
    st.builds(
        ExternalIdentityProvider,
        **dict.fromkeys(("id", "account", "issuer", "sign_in_url", "document"), TEXT),
        certificates=TEXTS,
        valid_until=st.none() | MOMENTS,
        created=MOMENTS,
    ),
    st.builds(
        TrustedTokenIssuer,
        **dict.fromkeys(("id", "account", "instance", "partition", "name", "issuer_url", "claim", "attribute"), TEXT),
        client_token=st.none() | TEXT,
        created=MOMENTS,
        tags=PAIRS,
    ),
    st.builds(
        PermissionStatement,
        **dict.fromkeys(("id", "account", "client_token"), TEXT),
        created=MOMENTS,
        **dict.fromkeys(("source_ip", "source_vpc", "signin_source_vpce", "console_source_vpce"), st.none() | TEXT),
        **dict.fromkeys(("vpc_source_ip", "requested_region", "excluded_principal"), st.none() | TEXT),
    ),
    st.builds(ConsoleAuthorization, id=TEXT, account=TEXT, enabled=MOMENTS),
    st.builds(RoleDeletion, id=TEXT, account=TEXT, service=TEXT, role=TEXT, created=MOMENTS),
    st.builds(RootReset, account=TEXT, digest=TEXT, remove_mfa=st.booleans(), created=MOMENTS, expires=MOMENTS),
    st.builds(
        BrowserSession,
        id=TEXT,
        account=TEXT,
        kind=st.sampled_from(HolderKind),
        holder=TEXT,
        digest=TEXT,
        created=MOMENTS,
        expires=MOMENTS,
        password_set=st.none() | MOMENTS,
        provider=st.none() | TEXT,
        attributes=PAIRS,
        mfa=st.none() | MOMENTS,
        mfa_device=st.none() | TEXT,
        address=TEXT,
        user_agent=TEXT,
        claims=st.binary(max_size=32),
    ),
    st.builds(
        Instance,
        id=TEXT,
        account=TEXT,
        partition=TEXT,
        organization=st.none() | TEXT,
        region=TEXT,
        name=st.none() | TEXT,
        status=st.sampled_from(InstanceStatus),
        created=MOMENTS,
        tags=PAIRS,
        network=st.dictionaries(TEXT, st.lists(TEXT, max_size=2), max_size=2),
    ),
    st.builds(
        IdentityStoreUser,
        **STORED_IN,
        user_name=TEXT,
        attributes=st.dictionaries(TEXT, TEXT | st.lists(PAIRS, max_size=1), max_size=3).map(
            lambda attributes: {**attributes, "Emails": [{"Value": "a@example.com"}]}
        ),
        enabled=st.booleans(),
    ),
    st.builds(IdentityStoreGroup, **STORED_IN, display_name=TEXT, description=st.none() | TEXT),
    st.builds(
        IdentityStoreMembership,
        **dict.fromkeys(("id", "account", "identity_store", "group", "member", "created_by"), TEXT),
        created=MOMENTS,
    ),
    st.builds(
        DeviceAuthorization,
        id=TEXT,
        account=TEXT,
        instance=TEXT,
        user_code=TEXT,
        client=TEXT,
        client_name=TEXT,
        scopes=TEXTS,
        network=TEXT,
        address=TEXT,
        user_agent=TEXT,
        created=MOMENTS,
        expires=MOMENTS,
        state=st.sampled_from(DeviceState),
        holder=TEXT,
        sign_in=TEXT,
    ),
    st.builds(
        OAuthSession,
        id=TEXT,
        account=TEXT,
        kind=st.sampled_from(Grantor),
        holder=TEXT,
        instance=TEXT,
        client=TEXT,
        client_name=TEXT,
        scopes=TEXTS,
        grant=TEXT,
        created=MOMENTS,
        expires=MOMENTS,
        generation=st.integers(0, 2**31 - 1),
        rotated=MOMENTS,
        revoked=st.booleans(),
        sign_in=TEXT,
        key=TEXT,
        proofs=TEXTS,
        claims=st.binary(max_size=20),
        attributes=PAIRS,
    ),
    st.builds(ScimToken, id=TEXT, account=TEXT, identity_store=TEXT, digest=TEXT, created=MOMENTS, expires=MOMENTS),
    st.builds(OperatorToken, id=TEXT, name=TEXT, digest=TEXT, scopes=TEXTS, created=MOMENTS, expires=MOMENTS),
)
ENTITIES = st.one_of(*STRATEGIES)


def test_every_kind_is_tried() -> None:
    assert len(STRATEGIES) == len(list(ENTITY_TYPES))


@given(ENTITIES)
def test_every_entity_is_read_as_it_was_written(entity: object) -> None:
    entity_type = ENTITY_TYPES.of(entity)
    row = entity_type.row_of(entity)
    assert entity_type.from_row(cast(Any, SimpleNamespace(**row))) == entity
    assert set(row) == set(entity_type.table.c.keys())


@given(ENTITIES, ENTITIES)
def test_the_content_hash_tells_rows_apart(one: object, other: object) -> None:
    rows = [ENTITY_TYPES.of(entity).row_of(entity) for entity in (one, other)]
    assert (content_hash(rows[0]) == content_hash(rows[1])) == (rows[0] == rows[1])


@given(MOMENTS, MOMENTS)
def test_moments_are_exact_and_keep_their_order(one: datetime, other: datetime) -> None:
    assert read_moment(moment(one)) == one
    assert (moment(one) < moment(other)) == (one < other)


@given(st.dictionaries(TEXT, TEXT), st.lists(TEXT))
def test_pairs_and_strings_keep_their_order(mapping: dict[str, str], listed: list[str]) -> None:
    assert list(read_pairs(pairs(mapping)).items()) == list(mapping.items())
    assert read_strings(strings(listed)) == tuple(listed)
