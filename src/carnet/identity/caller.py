"""Who makes a request.

A caller is the result of an authenticator. Each operation names the authenticator of its callers (`authenticate=`); a
caller of another kind never reaches it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, NoReturn, TypeVar, final

from msgspec import Struct

from carnet.directory.snapshot import Snapshot
from carnet.entities.operator_token import OperatorToken
from carnet.identity.credential import Credential
from carnet.policy.request import Principal, PrincipalKind, Values

NOBODY: Final = Principal(kind=PrincipalKind.ANONYMOUS, id="anonymous")
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#principaltable"""


class _Authenticator:
    """The type of the tokens that only authenticators hold. No further one is made."""


AUTHENTICATOR: Final = _Authenticator()
"""Needed to make a `Verified`. INVARIANT: only the rooms of authenticators import it (a test checks it)."""
BEARER_AUTHENTICATOR: Final = _Authenticator()
"""Needed to make a `Bearer`; see `AUTHENTICATOR`."""
COOKIE_AUTHENTICATOR: Final = _Authenticator()
"""Needed to make a `SignedIn`; see `AUTHENTICATOR`."""
FEDERATED_AUTHENTICATOR: Final = _Authenticator()
"""Needed to make a `Federated`; see `AUTHENTICATOR`."""
OPERATOR_AUTHENTICATOR: Final = _Authenticator()
"""Needed to make an `OperatorCaller`; see `AUTHENTICATOR`."""


class _Proven:
    """The base of callers who have proven who they are. An authenticator makes a new one for every call.

    INVARIANT: they cannot be changed, copied or pickled.
    """

    __slots__ = ("principal", "region")

    principal: Principal
    region: str
    """The Region that the request is made to; empty if nothing tells."""

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{name} of a {type(self).__name__} caller cannot be changed")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{name} of a {type(self).__name__} caller cannot be changed")

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} caller is neither copied nor pickled")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.principal.arn})"


P = TypeVar("P", bound=_Proven)


_set = object.__setattr__


def _new_caller(kind: type[P], wanted: _Authenticator, authenticator: _Authenticator) -> P:
    """A new caller of that kind without members. Raises TypeError if `authenticator` is not the one `wanted`."""
    if authenticator is not wanted:
        raise TypeError(f"only an authenticator makes a {kind.__name__} caller")
    return object.__new__(kind)


def _make_caller(kind: type[P], wanted: _Authenticator, authenticator: _Authenticator, **members: Any) -> P:
    """A new caller of that kind. Raises TypeError if `authenticator` is not the one `wanted`."""
    made = _new_caller(kind, wanted, authenticator)
    for name, value in members.items():
        _set(made, name, value)
    return made


def _refuse_other(credential: Credential, proven: Credential) -> None:
    if (credential.key_id, credential.secret) != (proven.key_id, proven.secret):
        raise ValueError("the caller was proven with another credential")


@final
class Verified(_Proven):
    """A caller whose signature was checked.

    INVARIANT: only `renewed` makes another one, and it has the key id and the secret that the signature proved.
    """

    __slots__ = ("credential", "presigned", "service")

    credential: Credential
    """`principal` is its."""
    service: str
    """The service of the credential scope. `region` is the scope's, or the Region of a global service."""
    presigned: bool

    def __new__(
        cls, authenticator: _Authenticator, *, credential: Credential, region: str, service: str, presigned: bool
    ) -> Verified:
        made = _new_caller(cls, AUTHENTICATOR, authenticator)
        # One by one, because every signed request makes one.
        _set(made, "credential", credential)
        _set(made, "principal", credential.principal)
        _set(made, "region", region)
        _set(made, "service", service)
        _set(made, "presigned", presigned)
        return made

    def renewed(self, credential: Credential) -> Verified:
        """The caller with its credential as it is at another revision. Raises ValueError for another key id or
        secret."""
        _refuse_other(credential, self.credential)
        return Verified(
            AUTHENTICATOR, credential=credential, region=self.region, service=self.service, presigned=self.presigned
        )

    def __init_subclass__(cls) -> NoReturn:
        raise TypeError("Verified has no subclasses")


@final
class SignedIn(_Proven):
    """A caller who has signed in to the console, and whose cookie was checked.

    The cookie stands for a session of an account's principal: the principal's policies apply, as for a `Verified`.
    INVARIANT: `renewed` alone makes another one, for the same session.
    """

    __slots__ = ("credential",)

    credential: Credential
    """`principal` is its."""

    def __new__(cls, authenticator: _Authenticator, *, credential: Credential, region: str = "") -> SignedIn:
        return _make_caller(
            cls,
            COOKIE_AUTHENTICATOR,
            authenticator,
            credential=credential,
            principal=credential.principal,
            region=region,
        )

    def renewed(self, credential: Credential) -> SignedIn:
        """The caller with its session as it is at another revision. Raises ValueError for another session."""
        _refuse_other(credential, self.credential)
        return SignedIn(COOKIE_AUTHENTICATOR, credential=credential, region=self.region)

    def __init_subclass__(cls) -> NoReturn:
        raise TypeError("SignedIn has no subclasses")


class IdentityCenterUser(Struct, frozen=True, kw_only=True):
    """A user of IAM Identity Center that an access token stands for.

    https://docs.aws.amazon.com/singlesignon/latest/userguide/sso-cloudtrail-use-cases.html
    """

    account: str
    """The account of the Identity Center instance."""
    identity_store_arn: str
    user_id: str
    credential_id: str
    """The token's id for the audit log. INVARIANT: it is not the token, and proves nothing."""


FindUser = Callable[[Snapshot], IdentityCenterUser | None]
"""(the directory at a revision) to the user that an access token stands for; None if the token is no longer valid."""


@final
class Bearer(_Proven):
    """A caller whose access token of IAM Identity Center was checked.

    No account's policy can name such a user. So `principal` is the anonymous one, and policies allow the user what they
    allow everyone. INVARIANT: `renewed` alone makes another one, for the same token.
    """

    __slots__ = ("_find", "user")

    user: IdentityCenterUser
    _find: FindUser

    def __new__(
        cls, authenticator: _Authenticator, *, user: IdentityCenterUser, find: FindUser, region: str = ""
    ) -> Bearer:
        return _make_caller(
            cls, BEARER_AUTHENTICATOR, authenticator, principal=NOBODY, user=user, _find=find, region=region
        )

    def renewed(self, snapshot: Snapshot) -> Bearer | None:
        """The caller as of another revision; None if the token is no longer valid."""
        user = self._find(snapshot)
        if user is None:
            return None
        return Bearer(BEARER_AUTHENTICATOR, user=user, find=self._find, region=self.region)

    def __init_subclass__(cls) -> NoReturn:
        raise TypeError("Bearer has no subclasses")

    def __repr__(self) -> str:
        return f"Bearer({self.user.user_id})"


class VouchedSession(Struct, frozen=True, kw_only=True):
    """What an identity provider says about the session that its caller shall get."""

    name: str | None = None
    """Its name; None if the request gives it."""
    tags: Mapping[str, str] = {}
    transitive_tag_keys: tuple[str, ...] = ()
    source_identity: str | None = None
    not_after_ms: int | None = None
    """When it ends at the latest, in epoch milliseconds."""
    context: Mapping[str, str] = {}
    """The condition keys of the trusted context that the provider sets. The session keeps them."""
    context_told: bool = True
    """Whether the answer shows the context."""


class Once(Struct, frozen=True, kw_only=True):
    """An assertion, which may be used only once."""

    provider_id: str
    issuer: str
    id: str
    """The id that the issuer has given to the assertion."""
    until: datetime
    """When the assertion expires."""


Trusted = Callable[[Snapshot], bool]
"""Whether the provider that vouched for a caller still exists unchanged at a revision of the directory."""


@final
class Federated(_Proven):
    """A caller for whom an identity provider of an account vouches, by a token or an assertion that was checked.

    It has no policies of its own: the trust policy of a role that names the provider decides. `keys` are the condition
    keys that the provider's claims give; `remembered` are those that its sessions keep. INVARIANT: `renewed` alone
    makes another one, for the same token or assertion.
    """

    __slots__ = ("_trusted", "account", "audience", "keys", "once", "remembered", "session", "user_name")

    account: str
    """The account that has the provider."""
    keys: Values
    remembered: Values
    user_name: str
    """The subject of the token or assertion."""
    audience: str
    session: VouchedSession
    once: Once | None
    """Set for an assertion, which may be used only once."""
    _trusted: Trusted

    def __new__(
        cls,
        authenticator: _Authenticator,
        *,
        principal: Principal,
        account: str,
        keys: Values,
        remembered: Values,
        user_name: str,
        audience: str,
        session: VouchedSession,
        trusted: Trusted,
        once: Once | None = None,
    ) -> Federated:
        return _make_caller(
            cls,
            FEDERATED_AUTHENTICATOR,
            authenticator,
            principal=principal,
            region="",
            account=account,
            keys=keys,
            remembered=remembered,
            user_name=user_name,
            audience=audience,
            session=session,
            once=once,
            _trusted=trusted,
        )

    def renewed(self, snapshot: Snapshot) -> Federated | None:
        """The same caller; None if its provider is gone or has been changed at that revision."""
        return self if self._trusted(snapshot) else None

    def __init_subclass__(cls) -> NoReturn:
        raise TypeError("Federated has no subclasses")

    def __repr__(self) -> str:
        return f"Federated({self.principal.provider})"


@final
class OperatorCaller(_Proven):
    """A caller whose operator token was checked: the operator of the installation, or a program of theirs.

    It belongs to no account, and no operation of an AWS API takes it. The scopes of its token say what it may do in
    Carnet's own HTTP API. INVARIANT: `renewed` alone makes another one, for the same token.
    """

    __slots__ = ("token",)

    token: OperatorToken

    def __new__(cls, authenticator: _Authenticator, *, token: OperatorToken) -> OperatorCaller:
        return _make_caller(cls, OPERATOR_AUTHENTICATOR, authenticator, principal=NOBODY, region="", token=token)

    def renewed(self, snapshot: Snapshot) -> OperatorCaller | None:
        """The caller as of another revision; None if the token is revoked."""
        token = snapshot.installation.of(OperatorToken).get(self.token.id)
        return OperatorCaller(OPERATOR_AUTHENTICATOR, token=token) if token is not None else None

    def __init_subclass__(cls) -> NoReturn:
        raise TypeError("OperatorCaller has no subclasses")

    def __repr__(self) -> str:
        return f"OperatorCaller({self.token.id})"


class ProvenKey(Struct, frozen=True, kw_only=True):
    """A key that the sender of a request has proven to hold (DPoP). It does not say who the caller is."""

    thumbprint: str
    """https://www.rfc-editor.org/rfc/rfc7638"""
    proof: str
    """The digest of the proof. Each proof is accepted once."""
    made: int
    """When it was made, in epoch seconds."""


class Anonymous(Struct, frozen=True, kw_only=True):
    """The caller of an operation that takes no signature, whether or not the request is signed."""

    region: str = ""
    """The Region that the request is made to; empty if nothing tells."""
    key: ProvenKey | None = None
    """Set for operations that ask for proof of a key."""

    @property
    def principal(self) -> Principal:
        return NOBODY


AccountCaller = Verified | SignedIn
"""Callers with a credential of an account. The policies of that account apply to them."""
Caller = AccountCaller | Federated | Bearer | Anonymous
