"""Finds the live credential of an access key id, in the directory and in session tokens."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple, TypeVar

from carnet.base.arns import Arn, parse_arn
from carnet.base.clock import Clock
from carnet.base.faults import Unavailable
from carnet.base.ids import ACCESS_KEY, account_of_key
from carnet.base.keyed_hash import KeyedHash
from carnet.base.timestamps import UNIX_EPOCH
from carnet.directory.account_view import AccountView
from carnet.directory.assignments import is_assigned
from carnet.directory.directory import Directory
from carnet.directory.identity_center import person
from carnet.directory.root_access import is_managed
from carnet.directory.snapshot import Snapshot
from carnet.entities.access_key import AccessKey
from carnet.entities.browser_session import ID_BEGINS, BrowserSession, HolderKind
from carnet.entities.ended_key import EndedKey
from carnet.entities.login_profile import LoginProfile
from carnet.entities.mfa_device import MfaDevice
from carnet.entities.oidc_provider import OidcProvider
from carnet.entities.saml_provider import SamlProvider
from carnet.entities.user import User
from carnet.identity.credential import Credential, TokenExpired
from carnet.identity.principals import ASSUMED_ROOT, SESSION_TOKEN, long_term_principal, session_principal
from carnet.keyring.errors import Unsealable
from carnet.keyring.keyring import Keyring, SealContext
from carnet.keyring.packing import unpack
from carnet.keyring.session_claims import SessionClaims
from carnet.keyring.session_tokens import OpenedSession, SessionTokens
from carnet.policy.request import Principal

_OPENED_SECRETS = 10_000
K = TypeVar("K", AccessKey, EndedKey)


def secret_context(key_id: str, account: str, owner: str) -> SealContext:
    """The context that a sealed secret access key is bound to, so that it cannot be opened in another row or for
    another owner."""
    return SealContext(table="access_keys", column="sealed_secret", account=account, key=key_id, owner=owner)


def browser_credential(snapshot: Snapshot, session: BrowserSession) -> Credential | None:
    """The credential of a browser session in which somebody has signed in. It has no key and no secret.

    None for a person of Identity Center, who is no principal of an account, and if the password or the MFA device has
    been changed since.
    """
    view = snapshot.open_account(session.account)
    if view is None:
        return None
    if session.kind is HolderKind.SESSION:
        return _visiting_credential(snapshot, session)
    principal = long_term_principal(view, session.holder)
    if principal is None or not _still_proven(view, session):
        return None
    claims = SessionClaims(
        kind=SESSION_TOKEN,
        account=session.account,
        principal_id=session.holder,
        issued_ms=_ms(session.created),
        expires_ms=_ms(session.expires),
        token_id=session.id,
        mfa_ms=_ms(session.mfa) if session.mfa is not None else None,
    )
    return Credential(key_id=session.id, secret="", principal=principal, session=claims)


def _visiting_credential(snapshot: Snapshot, session: BrowserSession) -> Credential | None:
    """The credential of a session that began with a federation URL. It is valid as long as the credentials would be,
    except for their expiry."""
    claims = unpack(session.claims)
    principal = standing(snapshot, claims) if claims is not None else None
    if principal is None or claims is None or (principal.account, principal.id) != (session.account, session.holder):
        return None
    return Credential(key_id=session.id, secret="", principal=principal, session=claims)


def _still_proven(view: AccountView, session: BrowserSession) -> bool:
    """Whether the password and the MFA device that were used are still the present ones."""
    profile = view.of(LoginProfile).get(session.holder)
    if profile is None or profile.changed != session.password_set:
        return False
    device = view.of(MfaDevice).get(session.mfa_device) if session.mfa_device is not None else None
    return session.mfa_device is None or (device is not None and device.holder == session.holder)


def standing(snapshot: Snapshot, claims: SessionClaims) -> Principal | None:
    """The principal of a session at a revision; None if the session is no longer valid, its expiry aside."""
    view = snapshot.open_account(claims.account) if claims.epoch == snapshot.epoch else None
    principal = session_principal(view, claims) if view is not None else None
    if principal is None or not _made_while_good(snapshot, claims) or not _of_a_person_still(snapshot, claims):
        return None
    return principal if claims.kind != ASSUMED_ROOT or _is_managed_still(snapshot, claims) else None


def _ms(when: datetime) -> int:
    return (when - UNIX_EPOCH) // timedelta(milliseconds=1)


class OpenedSecret(NamedTuple):
    """A secret access key, and the signing keys derived from it (`Credential.signing_keys`)."""

    text: str
    signing_keys: dict[str, KeyedHash]


class Credentials:
    """Every live credential, by its access key id.

    `find` has the shape of `FindCredential`: it answers from memory. It returns None alike for an unknown, an inactive
    and a deleted key, a forged token, a session whose role or user is gone, and every key of a closed account.
    """

    def __init__(self, directory: Directory, keyring: Keyring, tokens: SessionTokens, clock: Clock) -> None:
        self._directory = directory
        self._tokens = tokens
        self._clock = clock
        self._open = lru_cache(_OPENED_SECRETS)(
            lambda sealed, key_id, account, owner: OpenedSecret(
                keyring.open(sealed, context=secret_context(key_id, account, owner)).decode(), {}
            )
        )

    def find(self, key_id: str, token: str | None) -> Credential | None:
        """The credential as the directory knows it now; raises TokenExpired.

        It also finds what another process (`carnet account create`, another worker) has just made, if the store can be
        asked without waiting.
        """
        found = self._find(key_id, token)
        return self._find(key_id, token) if found is None and self._directory.missed() else found

    def _find(self, key_id: str, token: str | None) -> Credential | None:
        snapshot = self._directory.snapshot
        if token is None:
            return self._long_term(snapshot, key_id)
        return self._find_session(snapshot, key_id, token)

    def renew(self, snapshot: Snapshot, credential: Credential) -> Credential | None:
        """A credential as of another revision; None if it is no longer valid."""
        if credential.session is None:
            found = self._long_term(snapshot, credential.key_id)
            return found if found is not None and found.secret == credential.secret else None
        if credential.key_id.startswith(ID_BEGINS):
            return self._of_browser(snapshot, credential)
        opened = OpenedSession(
            claims=credential.session, secret_access_key=credential.secret, signing_keys=credential.signing_keys
        )
        try:
            return self._live_session(snapshot, credential.key_id, opened)
        except TokenExpired:
            return None

    def _of_browser(self, snapshot: Snapshot, credential: Credential) -> Credential | None:
        """INVARIANT: after signing out, or after a change of the password, the session changes nothing any more."""
        view = snapshot.open_account(credential.principal.account)
        session = view.of(BrowserSession).get(credential.key_id) if view is not None else None
        if session is None or self._clock() >= session.expires:
            return None
        return browser_credential(snapshot, session)

    def _long_term(self, snapshot: Snapshot, key_id: str) -> Credential | None:
        if not key_id.startswith(ACCESS_KEY):
            return None
        view = snapshot.open_account(account_of_key(key_id) or "")
        known: Credential | None = view.memo.get((Credential, key_id)) if view is not None else None
        return known if known is not None else self._read_key(snapshot, key_id)

    def _read_key(self, snapshot: Snapshot, key_id: str) -> Credential | None:
        key = _of_key(snapshot, AccessKey, key_id)
        view = snapshot.open_account(key.account) if key is not None else None
        if view is None or key is None or not key.active:
            return None
        sources = (key, view.of(User).get(key.owner), view.account)
        return view.memo.lasting((Credential, key_id), sources, lambda: self._open_key(view, key))

    def _open_key(self, view: AccountView, key: AccessKey) -> Credential | None:
        principal = long_term_principal(view, key.owner)
        secret = self._open_secret(key)
        if principal is None or secret is None:
            return None
        return Credential(key_id=key.id, secret=secret.text, principal=principal, signing_keys=secret.signing_keys)

    def _open_secret(self, key: AccessKey) -> OpenedSecret | None:
        try:
            return self._open(key.sealed_secret, key.id, key.account, key.owner)
        except Unsealable:
            return None

    def _find_session(self, snapshot: Snapshot, key_id: str, token: str) -> Credential | None:
        opened = self._tokens.open(key_id, token)
        return self._live_session(snapshot, key_id, opened) if opened is not None else None

    def _live_session(self, snapshot: Snapshot, key_id: str, opened: OpenedSession) -> Credential | None:
        claims = opened.claims
        principal = standing(snapshot, claims)
        if principal is None:
            return None
        if self._clock().timestamp() * 1000 >= claims.expires_ms:
            raise TokenExpired
        return Credential(
            key_id=key_id,
            secret=opened.secret_access_key,
            principal=principal,
            session=claims,
            signing_keys=opened.signing_keys,
        )


def unissued(principal: Principal, claims: SessionClaims | None = None) -> Credential:
    """The credential of a session on which is decided before its credentials are given out. It has no secret and proves
    nothing.

    Without `claims` it is a session that an AWS service will have, of which only the role is known.
    """
    return Credential(key_id="", secret="", principal=principal, session=claims)


def _of_key(snapshot: Snapshot, kind: type[K], key_id: str) -> K | None:
    """The access key of that id, in the account that the id names or, if the id was chosen by the operator, in any
    account."""
    view = snapshot.account(account_of_key(key_id) or "")
    found = view.of(kind).get(key_id) if view is not None else None
    return found if found is not None else snapshot.named(kind, key_id)


def _of_a_person_still(snapshot: Snapshot, claims: SessionClaims) -> bool:
    """Whether the persons of a session, if it has any, are still there and enabled and, by single sign-on, may use the
    role.

    INVARIANT: such a session ends with the assignment, the group membership, or the person, and what was made with it
    ends with the person. AWS lets them go on.
    """
    for each in filter(None, (claims.on_behalf_of, claims.begun_by)):
        found = person(snapshot, each)
        if found is None or not found.enabled:
            return False
    if claims.on_behalf_of or not claims.person:
        return True
    try:
        return is_assigned(snapshot, claims.person, claims.account, claims.principal_id)
    except Unavailable:
        return True  # in an account whose organization cannot be read nothing is allowed


def _is_managed_still(snapshot: Snapshot, claims: SessionClaims) -> bool:
    """Whether the account of a session of AssumeRoot is still one whose root user the caller's may be for the task.

    INVARIANT: such a session ends when its account leaves the organization, which binds nobody by then, when the
    organization lets nobody have one any more, or not those who called. AWS does not say whether it does.
    """
    try:
        return any(is_managed(snapshot, claims.account, arn, by=claims.administrator) for arn in claims.policy_arns)
    except Unavailable:
        return True  # nothing is allowed in an account whose organization cannot be read


def _made_while_good(snapshot: Snapshot, claims: SessionClaims) -> bool:
    """Whether the access key, or the identity provider, that a session goes back to was valid at that time.

    A session outlives it, and the closure of its account, as on AWS, unless that had happened before the session was
    made, by a node that did not know it yet. INVARIANT: if it is not valid now, and it is not known when it ended, the
    session is refused.
    """
    source, used_ms = claims.source
    if not source:
        return True
    arn, key, ended = parse_arn(source), _of_key(snapshot, AccessKey, source), _of_key(snapshot, EndedKey, source)
    known = key or ended
    account = arn.account if arn is not None else known.account if known is not None else ""
    if not _was_open(snapshot, account, used_ms):
        return False
    if _is_there(snapshot, arn) if arn is not None else key is not None and key.active:
        return ended is None or ended.was_good(used_ms)
    return ended is not None and ended.is_over and ended.was_good(used_ms)


def _was_open(snapshot: Snapshot, account: str, moment_ms: int) -> bool:
    """Whether an account had not been closed at that moment."""
    view = snapshot.account(account)
    membership = view.membership if view is not None else None
    return membership is None or membership.closed is None or moment_ms <= _ms(membership.closed)


def _is_there(snapshot: Snapshot, arn: Arn) -> bool:
    """Whether an identity provider is there."""
    view = snapshot.account(arn.account)
    return view is not None and any(
        view.of(kind).named(arn.resource.removeprefix(f"{kind.resource_type}/")) is not None
        for kind in (OidcProvider, SamlProvider)
        if arn.resource.startswith(f"{kind.resource_type}/")
    )
