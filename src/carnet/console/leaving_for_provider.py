"""The way to the external identity provider of an instance: by an address (HTTP-Redirect), or a form (HTTP-POST).

The browser leaves with a request, whose ID a cookie remembers for it. A form is on a page of its own, to which the
script of the sign-in page goes: what it posts is made of what the cookie tells.

https://docs.oasis-open.org/security/saml/v2.0/saml-profiles-2.0-os.pdf (4.1.3)
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, urlsplit

import msgspec
from msgspec import Struct

from carnet.audit.steps import Arrived
from carnet.base.faults import Unavailable
from carnet.base.http import HttpResponse
from carnet.console.cookies import cookie_of
from carnet.console.flow import LIFETIME
from carnet.console.given import LeaveForProvider
from carnet.console.navigation import PERSON_SIGN_IN, local_target
from carnet.console.origin import ConsoleOrigin
from carnet.console.outcomes import Refusal, Told
from carnet.console.parts import ConsoleParts
from carnet.console.posting import posting_page
from carnet.directory.account_view import AccountView
from carnet.directory.identity_center import external_provider, instance_of_store, request_signing
from carnet.directory.snapshot import Snapshot
from carnet.entities.external_identity_provider import ExternalIdentityProvider
from carnet.entities.identity_center_instance import Instance
from carnet.identity.saml_signing_keys import opened_signing_key
from carnet.keyring.data_keys import Purpose
from carnet.keyring.errors import Unsealable
from carnet.keyring.keyring import Keyring
from carnet.keyring.sealed_tokens import open_token, seal_token
from carnet.services.identity_source import is_posted_to, service_provider
from carnet.services.preparing import Pool, Preparation
from carnet.services.turns import whose

if TYPE_CHECKING:
    from carnet.saml.authn_request import AuthnRequest
    from carnet.saml.signing import SigningPair

NO_PROVIDER = "People of this identity store do not sign in with an external identity provider."
BEGIN_HERE = "This sign-in was not begun in this browser, or too long ago. Please begin here."
_POOL = Pool(name="authentication-requests", size=1, waiting=64, seconds=10.0)
_KIND = "LeftForProvider"
_REQUEST_BYTES = 20


class Left(Struct, frozen=True, kw_only=True, array_like=True):
    """The request with which a browser has left, as its cookie holds it, sealed."""

    instance: str
    account: str
    request: str
    """The ID of the authentication request."""
    to: str
    """Where to go when somebody has signed in."""
    started: datetime

    @property
    def relay_state(self) -> str:
        """What the identity provider hands back with its answer. It tells nothing of the request."""
        return hashlib.sha256(f"relay-state\0{self.request}".encode()).hexdigest()[:32]


class Source(NamedTuple):
    """An instance with an external identity provider."""

    view: AccountView
    instance: Instance
    provider: ExternalIdentityProvider


def source_of(snapshot: Snapshot, store: str) -> Source | None:
    """The external identity source of an identity store; None if it has none, or there is no such store."""
    instance = instance_of_store(snapshot, store)
    return _source(snapshot, instance.account, instance.id) if instance is not None else None


async def leave_for_provider(parts: ConsoleParts, arrived: Arrived, given: LeaveForProvider) -> Told:
    """Send the browser to the identity provider of an identity store. Raises Refusal, Unavailable."""
    source = source_of(parts.execution.directory.snapshot, given.account)
    if source is None:
        raise Refusal("SignInFailed", NO_PROVIDER, None, 400)
    left = Left(
        instance=source.instance.id,
        account=source.instance.account,
        request=f"_{parts.execution.parts.ids.random(_REQUEST_BYTES).hex()}",
        to=local_target(given.to),
        started=arrived.time,
    )
    pair, request = _pair(parts, source), _request(parts, source, left)

    def made(_: object, __: object) -> str:
        if is_posted_to(source.provider):
            return _form_path(source.instance)
        return request.url(left.relay_state, None if pair is None else pair.private)

    turn = whose(source.instance.account, arrived.http.peer)
    url: str = await parts.pools.run(Preparation(pool=_POOL, work=made), None, None, turn)
    cookie = cookie_that_remembers(parts.origin, _seal(parts.execution.parts.keyring, left), LIFETIME)
    return Told(members={"to": url}, account=source.instance.account, headers=(cookie,))


async def posted_request(parts: ConsoleParts, arrived: Arrived, store: str) -> HttpResponse:
    """The page that posts the request with which this browser leaves. Raises Refusal, Unavailable.

    INVARIANT: the cookie alone says what is asked for: a link from elsewhere brings nobody to a provider.
    """
    left = left_by(parts, arrived)
    source = source_at(parts.execution.directory.snapshot, left) if left is not None else None
    if left is None or source is None or source.instance.identity_store != store:
        raise Refusal("SignInExpired", BEGIN_HERE, None)
    pair, request = _pair(parts, source), _request(parts, source, left)

    def made(_: object, __: object) -> str:
        if not is_posted_to(source.provider):
            raise Refusal("SignInExpired", BEGIN_HERE, None)
        return request.posted(pair)

    turn = whose(source.instance.account, arrived.http.peer)
    message: str = await parts.pools.run(Preparation(pool=_POOL, work=made), None, None, turn)
    to = source.provider.sign_in_url
    name = urlsplit(to).hostname or ""
    return posting_page("SAMLRequest", message, to=to, relay_state=left.relay_state, name=name)


def _request(parts: ConsoleParts, source: Source, left: Left) -> AuthnRequest:
    from carnet.saml.authn_request import AuthnRequest

    own = service_provider(parts.origin.url, source.instance.identity_store)
    return AuthnRequest(
        id=left.request,
        issued=left.started,
        issuer=own.entity_id,
        acs_url=own.acs_url,
        destination=source.provider.sign_in_url,
    )


def _pair(parts: ConsoleParts, source: Source) -> SigningPair | None:
    """What signs requests, if the instance has a key. Raises Unavailable: they go nowhere unsigned then."""
    from carnet.saml.signing import SigningPair

    signing = request_signing(source.view)
    if signing is None:
        return None
    try:
        private = opened_signing_key(parts.execution.parts.keyring, signing, signing.keys[0])
    except Unsealable as problem:
        raise Unavailable("The key that signs authentication requests cannot be opened.") from problem
    return SigningPair(private=private, certificate=signing.keys[0].certificate)


def _form_path(instance: Instance) -> str:
    return f"/saml/request/{instance.identity_store}"


def begin_again(store: str) -> str:
    """The page on which a sign-in to an identity store begins."""
    return f"{PERSON_SIGN_IN}?store={quote(store, safe='')}"


def source_at(snapshot: Snapshot, left: Left) -> Source:
    """Raises Refusal if the instance has another identity source by now."""
    source = _source(snapshot, left.account, left.instance)
    if source is None:
        raise Refusal("SignInExpired", BEGIN_HERE, None)
    return source


def _source(snapshot: Snapshot, account: str, instance: str) -> Source | None:
    view = snapshot.open_account(account)
    found = view.of(Instance).get(instance) if view is not None else None
    provider = external_provider(view) if view is not None else None
    if view is None or found is None or provider is None:
        return None
    return Source(view, found, provider)


def _seal(keyring: Keyring, left: Left) -> str:
    return seal_token(keyring, Purpose.SIGN_IN_TOKENS, _KIND, msgspec.msgpack.encode(left))[0]


def left_by(parts: ConsoleParts, arrived: Arrived) -> Left | None:
    """What the browser has left for; None if it has not, or too long ago."""
    text = cookie_of(arrived.http, _cookie_name(parts.origin))
    opened = open_token(parts.execution.parts.keyring, Purpose.SIGN_IN_TOKENS, _KIND, text) if text else None
    if opened is None:
        return None
    try:
        left = msgspec.msgpack.decode(opened.plain, type=Left)
    except msgspec.MsgspecError:
        return None
    return left if timedelta() <= arrived.time - left.started < LIFETIME else None


def _cookie_name(origin: ConsoleOrigin) -> str:
    return f"{origin.cookie}-saml"


def cookie_that_remembers(origin: ConsoleOrigin, value: str, lifetime: timedelta) -> tuple[str, str]:
    """The header that lets a browser remember, for so long, what it has left for."""
    age = int(lifetime.total_seconds())
    kind = f"Path=/; HttpOnly; SameSite=Strict; Max-Age={age}{'; Secure' * origin.secure}"
    return "set-cookie", f"{_cookie_name(origin)}={value}; {kind}"
