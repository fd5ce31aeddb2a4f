"""What clients hold of IAM Identity Center and of sign-in: registrations, codes, access tokens, refresh tokens.

Each is sealed, and says what it is good for. Whether it still is, the directory tells: the session behind it, and the
person or principal of that.

https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/API_CreateToken.html
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple, TypeVar

import msgspec
from msgspec import Struct

from carnet.directory.identity_center import application_at, instance_called, may_use, person
from carnet.directory.snapshot import Snapshot
from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.entities.oauth_session import MOST_EXCHANGES, Grantor, OAuthSession
from carnet.identity.caller import IdentityCenterUser
from carnet.keyring.data_keys import Purpose
from carnet.keyring.keyring import Keyring
from carnet.keyring.sealed_tokens import open_token, seal_token

ACCOUNT_ACCESS = "sso:account:access"
"""The scope of the access portal: to list accounts and roles, and to get credentials of them."""


class Registration(Struct, frozen=True, kw_only=True, array_like=True):
    """What a client has said of itself. It is the client's id, sealed; the secret that goes with it is derived."""

    name: str
    scopes: tuple[str, ...]
    redirect_uris: tuple[str, ...]
    grant_types: tuple[str, ...]
    instance: str
    """The id of the Identity Center instance of `issuerUrl`; empty if the client named none."""
    issued: int
    """In epoch seconds, as `expires`."""
    expires: int


class AccessToken(Struct, frozen=True, kw_only=True, array_like=True):
    """Leave to call the access portal for the person of a session."""

    account: str
    session: str
    issued_ms: int
    expires_ms: int
    epoch: str
    scopes: tuple[str, ...] | None = None
    """Those that were asked for; None: all of the session."""

    def allows(self, session: OAuthSession) -> tuple[str, ...]:
        """The scopes that the token has."""
        return session.scopes if self.scopes is None else self.scopes


class RefreshToken(Struct, frozen=True, kw_only=True, array_like=True):
    """Leave to get the next tokens of a session."""

    account: str
    session: str
    generation: int


class SignInRefreshToken(RefreshToken, frozen=True, kw_only=True, array_like=True):
    """The same of `aws login`. It begins as AWS's do, since clients and AWS's model look at that."""


class SignInAccessToken(Struct, frozen=True, kw_only=True, array_like=True):
    """That a principal of an account calls one service. Whoever takes it asks by introspection whether it is good."""

    claims: bytes
    """Those of the session that it stands for, packed."""
    client: str
    resource: str
    """The service principal of the service."""
    session: str = ""
    """The id of the session of `aws login` that it was exchanged for, with which it ends; empty if it was for none."""


class DeviceCode(Struct, frozen=True, kw_only=True, array_like=True):
    """What a device polls with."""

    account: str
    device: str
    """The id of its `DeviceAuthorization`."""


class FoundDevice(Struct, frozen=True, kw_only=True, array_like=True):
    """That a person has typed the code of a device, in one session of a browser, in which it may be answered."""

    account: str
    device: str
    sign_in: str


class AuthorizationCode(Struct, frozen=True, kw_only=True, array_like=True):
    """What a browser brings to a client: that somebody has consented."""

    account: str
    holder: str
    instance: str
    """As `OAuthSession.instance`."""
    client: str
    """The digest of the client's id."""
    redirect: str
    """The digest of the redirect URI."""
    challenge: str
    """The PKCE challenge, by SHA-256."""
    scopes: tuple[str, ...]
    expires_ms: int
    sign_in: str
    claims: bytes = b""
    """As `OAuthSession.claims`."""
    nonce: str = ""


class SignedInAs(Struct, frozen=True, kw_only=True, array_like=True):
    """As whom a principal has signed in, and what that was proven with: `OAuthSession.claims` of `aws login`."""

    principal_id: str
    """A user's id (AIDA...), or the account's of the root user."""
    password_set: datetime | None
    mfa: datetime | None
    mfa_device: str | None
    redirect_uri: str = ""
    """Where the program has the code from; empty for what older releases have made."""


class SigninToken(Struct, frozen=True, kw_only=True, array_like=True):
    """Leave to sign in in a browser, once, as a session whose credentials were shown."""

    claims: bytes
    """Those of the session, packed."""
    seconds: int
    """How long the browser is signed in; 0: as long as the credentials are good."""
    expires_ms: int
    nonce: str
    """What is remembered of it once it was used."""


class IdentityContext(Struct, frozen=True, kw_only=True, array_like=True):
    """A context assertion: AssumeRole puts the person of a session into a role session that is made with it."""

    account: str
    session: str
    expires_ms: int
    epoch: str
    for_audit: bool = False
    """Whether events alone tell of the person, and no policy asks."""


Token = (
    AccessToken
    | RefreshToken
    | SignInRefreshToken
    | SignInAccessToken
    | DeviceCode
    | FoundDevice
    | AuthorizationCode
    | Registration
    | SigninToken
    | IdentityContext
)
T = TypeVar(
    "T",
    AccessToken,
    RefreshToken,
    SignInRefreshToken,
    SignInAccessToken,
    DeviceCode,
    FoundDevice,
    AuthorizationCode,
    Registration,
    SigninToken,
    IdentityContext,
)


class _Form(NamedTuple):
    purpose: Purpose
    prefix: str
    """What tokens of the kind begin with, as AWS's do."""


_FORMS: Mapping[type[Token], _Form] = {
    Registration: _Form(Purpose.CLIENT_REGISTRATIONS, ""),
    AccessToken: _Form(Purpose.SIGN_IN_TOKENS, "aoa"),
    RefreshToken: _Form(Purpose.SIGN_IN_TOKENS, "aor"),
    SignInRefreshToken: _Form(Purpose.SIGN_IN_TOKENS, "ASOR"),
    SignInAccessToken: _Form(Purpose.SIGN_IN_TOKENS, "ASOA"),
    DeviceCode: _Form(Purpose.SIGN_IN_TOKENS, ""),
    FoundDevice: _Form(Purpose.SIGN_IN_TOKENS, ""),
    AuthorizationCode: _Form(Purpose.SIGN_IN_TOKENS, ""),
    SigninToken: _Form(Purpose.SIGN_IN_TOKENS, ""),
    IdentityContext: _Form(Purpose.SIGN_IN_TOKENS, ""),
}


class Sealed(NamedTuple):
    """A token, and the secret that goes with it, which only that of a registration is given to anybody."""

    text: str
    secret: str


def sealed(keyring: Keyring, token: Token) -> Sealed:
    """A token as its holder gets it. Its secret begins with no hyphen: the AWS CLI would take it for an option."""
    form, plain = _FORMS[type(token)], msgspec.msgpack.encode(token)
    while True:
        text, secret = seal_token(keyring, form.purpose, type(token).__name__, plain)
        if not secret.startswith("-"):
            return Sealed(form.prefix + text, secret)


def opened(keyring: Keyring, kind: type[T], text: str) -> T | None:
    """What a token of that kind says, which may be of the past; None if it was not made here, or is of another kind."""
    found = _open_form(keyring, kind, text)
    return found[0] if found is not None else None


def registered(keyring: Keyring, client_id: str, secret: str | None, now: datetime) -> Registration | None:
    """What a client has registered; None if it never did, if that is over, or if a secret is given and is not its."""
    found = _open_form(keyring, Registration, client_id)
    if found is None or now.timestamp() >= found[0].expires:
        return None
    if secret is not None and not hmac.compare_digest(secret.encode(), found[1].encode()):
        return None
    return found[0]


def _open_form(keyring: Keyring, kind: type[T], text: str) -> tuple[T, str] | None:
    form = _FORMS[kind]
    if not text.startswith(form.prefix):
        return None
    token = open_token(keyring, form.purpose, kind.__name__, text.removeprefix(form.prefix))
    if token is None:
        return None
    try:
        return msgspec.msgpack.decode(token.plain, type=kind), token.secret
    except msgspec.MsgspecError:  # a newer release has made it, and says more than is known here
        return None


def digest(text: str) -> str:
    """What is kept of a text that is only compared: of client ids, redirect URIs and codes."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def session_of(snapshot: Snapshot, account: str, session: str) -> OAuthSession | None:
    """The session of that id, good or not; None if it, or its account, is gone."""
    view = snapshot.open_account(account)
    return view.of(OAuthSession).get(session) if view is not None else None


def sources_of(snapshot: Snapshot, session: OAuthSession) -> list[OAuthSession] | None:
    """The sessions that one goes back to by token exchanges, the latest first; None if one of them was ended.

    INVARIANT: what was exchanged ends with what it was exchanged for. Otherwise who has stolen a token keeps what he
    made of it when the theft is found. And who writes rows makes no circle that nobody gets out of.
    """
    sources: list[OAuthSession] = []
    while session.exchanged_for is not None:
        source = session_of(snapshot, *session.exchanged_for)
        if source is None or source.revoked or len(sources) == MOST_EXCHANGES:
            return None
        sources.append(source)
        session = source
    return sources


def person_of(snapshot: Snapshot, session: OAuthSession) -> IdentityStoreUser | None:
    """The person of a session; None if the instance or the person is gone, or the person is disabled.

    None also if the session is of an application that the person may use no longer, or was exchanged for the token of
    one that was ended.
    """
    instance = instance_called(snapshot, session.instance) if session.kind is Grantor.PERSON else None
    found = person(snapshot, session.holder) if instance is not None else None
    if instance is None or found is None or not found.enabled or found.identity_store != instance.identity_store:
        return None
    if sources_of(snapshot, session) is None:
        return None
    if session.client.startswith("arn:"):  # all other clients are called by digests
        application = application_at(snapshot, session.client)
        if application is None or not may_use(snapshot.accounts[session.account], application, found.id):
            return None
    return found


def user_of(snapshot: Snapshot, token: AccessToken) -> IdentityCenterUser | None:
    """Whom a token stands for at a revision, if its session is good; whether its time is over, is not looked at."""
    session = session_of(snapshot, token.account, token.session) if token.epoch == snapshot.epoch else None
    if session is None or session.revoked or ACCOUNT_ACCESS not in token.allows(session):
        return None
    found = person_of(snapshot, session)
    instance = instance_called(snapshot, session.instance)
    if found is None or instance is None:
        return None
    return IdentityCenterUser(
        account=session.account,
        identity_store_arn=instance.identity_store_arn,
        user_id=found.id,
        credential_id=session.id,
    )


def packed(who: SignedInAs) -> bytes:
    """As `OAuthSession.claims` holds it."""
    return msgspec.msgpack.encode(who)


def unpacked(claims: bytes) -> SignedInAs | None:
    """What `packed` gave; None for anything else."""
    try:
        return msgspec.msgpack.decode(claims, type=SignedInAs)
    except msgspec.MsgspecError:
        return None


def moment_of(milliseconds: int) -> datetime:
    """A time of a token."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
