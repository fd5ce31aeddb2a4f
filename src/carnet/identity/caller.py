"""Who makes a request.

A caller is what its authenticator has found out. Each operation says which authenticator its callers come through
(`authenticate=`); a caller of another kind never reaches it.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, NoReturn, final

from msgspec import Struct

from carnet.identity.credential import Credential
from carnet.policy.request import Principal, PrincipalKind


class Authenticate(Enum):
    """How the callers of an operation prove who they are."""

    SIGV4 = "sigv4"
    ANONYMOUS = "anonymous"
    """They do not: AWS asks for no signature, and the operation proves what it must from its input."""


class _Authenticator:
    """The type of `AUTHENTICATOR`, which nobody makes a second time."""


AUTHENTICATOR: Final = _Authenticator()
"""What makes a `Verified`. INVARIANT: only the rooms of authenticators import it (a test holds it)."""


@final
class Verified:
    """A caller whose signature was checked.

    INVARIANT: it is made by an authenticator, for every call anew. It cannot be changed, copied or pickled; of
    `renewed`, which alone makes another one, the key id and the secret are those that the signature proved.
    """

    __slots__ = ("credential", "presigned", "principal", "region", "service")

    credential: Credential
    principal: Principal
    """The credential's."""
    region: str
    """The Region that the request is made to: the credential scope's, or the one that a global service has."""
    service: str
    """Service of the credential scope."""
    presigned: bool

    def __new__(
        cls, authenticator: _Authenticator, *, credential: Credential, region: str, service: str, presigned: bool
    ) -> Verified:
        if authenticator is not AUTHENTICATOR:
            raise TypeError("only an authenticator makes a Verified caller")
        made = super().__new__(cls)
        put = object.__setattr__
        put(made, "credential", credential)
        put(made, "principal", credential.principal)
        put(made, "region", region)
        put(made, "service", service)
        put(made, "presigned", presigned)
        return made

    def renewed(self, credential: Credential) -> Verified:
        """The caller with the same key id and secret as they stand at another revision; ValueError for others."""
        if (credential.key_id, credential.secret) != (self.credential.key_id, self.credential.secret):
            raise ValueError("the signature was made with another credential")
        return Verified(
            AUTHENTICATOR, credential=credential, region=self.region, service=self.service, presigned=self.presigned
        )

    def __init_subclass__(cls) -> NoReturn:
        raise TypeError("Verified has no subclasses")

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{name} of a Verified caller cannot be changed")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{name} of a Verified caller cannot be changed")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Verified caller is neither copied nor pickled")

    def __repr__(self) -> str:
        return f"Verified({self.principal.arn})"


class Anonymous(Struct, frozen=True, kw_only=True):
    """Nobody in particular: whoever calls an operation that takes no signature, whether or not one came along."""

    region: str = ""
    """The Region that the request is made to; empty if nothing tells."""

    @property
    def principal(self) -> Principal:
        return NOBODY


NOBODY: Final = Principal(kind=PrincipalKind.ANONYMOUS, id="anonymous")
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#principaltable"""

Caller = Verified | Anonymous
