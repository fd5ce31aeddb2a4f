"""One of each entity, with something in every member."""

from __future__ import annotations

from datetime import UTC, datetime

from carnet.entities.access_key import AccessKey
from carnet.entities.account import Account
from carnet.entities.group import Group
from carnet.entities.instance_profile import InstanceProfile
from carnet.entities.managed_policy import ManagedPolicy, PolicyVersion
from carnet.entities.mfa_device import MfaDevice
from carnet.entities.password_policy import PasswordPolicy
from carnet.entities.redeemed_assertion import RedeemedAssertion
from carnet.entities.role import Role
from carnet.entities.saml_provider import EncryptionMode, SamlPrivateKey, SamlProvider
from carnet.entities.user import User
from carnet.keyring.data_keys import KeyState, Purpose, WrappedKey
from carnet.store.store import Store
from carnet.store.unit_of_work import UnitOfWork

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
ACCOUNT_ID = "111122223333"
POLICY_ARN = f"arn:aws:iam::{ACCOUNT_ID}:policy/ops/Deploy"

ACCOUNT = Account(
    id=ACCOUNT_ID,
    name="first",
    email="root@example.com",
    created=NOW,
    alias="example",
    password_policy=PasswordPolicy(minimum_length=14, max_age_days=90),
)
GROUP = Group(
    id="AGPA1", account=ACCOUNT_ID, name="Admins", created=NOW, attached=(POLICY_ARN,), inline={"b": "{}", "a": "[]"}
)
ALICE = User(
    id="AIDA1",
    account=ACCOUNT_ID,
    path="/people/",
    name="alice",
    created=NOW,
    tags={"team": "blue", "Cost": "ü"},
    boundary=POLICY_ARN,
    groups=("AGPA1",),
    attached=(POLICY_ARN,),
    inline={"own": '{"Statement": []}'},
)
ROLE = Role(
    id="AROA1",
    account=ACCOUNT_ID,
    name="deploy",
    created=NOW,
    tags={"z": "1", "a": "2"},
    trust='{"Statement": []}',
    trusted_ids={ALICE.arn: "AIDA1"},
    description="deploys",
    max_session_seconds=7200,
    boundary=POLICY_ARN,
    attached=(POLICY_ARN,),
    inline={"x": "{}"},
    linked_service="ec2.amazonaws.com",
)
POLICY = ManagedPolicy(
    id="ANPA1",
    account=ACCOUNT_ID,
    path="/ops/",
    name="Deploy",
    created=NOW,
    description="to deploy",
    updated=NOW,
    versions=(
        PolicyVersion(number=1, document="{}", created=NOW),
        PolicyVersion(number=3, document="[]", created=NOW),
    ),
    default_version=3,
    next_version=4,
)
PROFILE = InstanceProfile(id="AIPA1", account=ACCOUNT_ID, name="web", created=NOW, role="AROA1")
KEY = AccessKey(id="AKIA1", account=ACCOUNT_ID, owner="AIDA1", active=False, sealed_secret=b"\x00\xff", created=NOW)
DEVICE = MfaDevice(
    id="device",
    account=ACCOUNT_ID,
    path="/phones/",
    name="Alice",
    created=NOW,
    tags={"model": "old"},
    holder="AIDA1",
    enabled=NOW,
    sealed_seed=b"\x00\xfe",
    drift=-2,
    last_step=58_000_000,
    failures=1,
    failed=NOW,
)
DATA_KEY = WrappedKey(
    kid="0a0b0c0d", purpose=Purpose.SESSION_TOKENS.value, state=KeyState.PRIMARY, wrapped=b"\x01\x00", created=NOW
)
PROVIDER = SamlProvider(
    id="SAML1",
    account=ACCOUNT_ID,
    name="idp",
    created=NOW,
    tags={"team": "blue"},
    document="<EntityDescriptor/>",
    certificates={"urn:idp": ("MIIB", "MIIC")},
    valid_until=NOW,
    encryption=EncryptionMode.REQUIRED,
    private_keys=(SamlPrivateKey(id="KEY1", sealed=b"\x00\xff", created=NOW),),
    context_provider={"SubjectSourceKey": "Subject/NameID"},
    identity_center_instance="ssoins-1",
)
REDEEMED = RedeemedAssertion(id="0a", account=ACCOUNT_ID, expires=NOW)
ALL: tuple[object, ...] = (ACCOUNT, GROUP, ALICE, ROLE, POLICY, PROFILE, PROVIDER, REDEEMED, KEY, DEVICE, DATA_KEY)


def add_all(unit: UnitOfWork) -> None:
    for entity in ALL:
        unit.add(entity)


def an_account(store: Store, account_id: str = ACCOUNT_ID) -> None:
    """Write an account without an alias."""
    with store.write() as unit:
        unit.add(Account(id=account_id, name="a", email="a@example.com", created=NOW))


def a_user(number: int, *, account: str = ACCOUNT_ID, path: str = "/") -> User:
    return User(id=f"AIDA{number:06d}", account=account, name=f"user{number}", path=path, created=NOW)


def a_group(number: int, *, path: str = "/") -> Group:
    return Group(id=f"AGPA{number:06d}", account=ACCOUNT_ID, name=f"group{number}", path=path, created=NOW)
