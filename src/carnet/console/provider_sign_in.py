"""Signing in with the external identity provider of an instance: the way there, and what comes back.

The browser leaves with a request, whose ID a cookie remembers for it. What comes back is posted by the identity
provider's page: browsers send no cookie of ours with that, so a page of our own sends it once more (`saml_door`).

https://docs.oasis-open.org/security/saml/v2.0/saml-profiles-2.0-os.pdf (4.1)
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

import msgspec
from msgspec import Struct

from carnet.audit.sign_in_events import FAILED, Who, sign_in_event
from carnet.audit.steps import Arrived
from carnet.base.faults import AlreadyExists, Fault, Unavailable
from carnet.console.entering import begin_session
from carnet.console.flow import LIFETIME
from carnet.console.given import LeaveForProvider, UseAssertion
from carnet.console.holders import Holder, find_holder
from carnet.console.navigation import PERSON_SIGN_IN, local_target
from carnet.console.origin import ConsoleOrigin
from carnet.console.outcomes import Refusal, Told
from carnet.console.parts import ConsoleParts
from carnet.console.sessions import cookie_of
from carnet.directory.account_view import AccountView
from carnet.directory.identity_center import external_provider, instance_of_store, request_signing, user_named
from carnet.directory.snapshot import Snapshot
from carnet.entities.browser_session import PERSON_LENGTH, HolderKind
from carnet.entities.entity import Tags
from carnet.entities.external_identity_provider import ExternalIdentityProvider
from carnet.entities.identity_center_instance import Instance
from carnet.entities.redeemed_assertion import RedeemedAssertion, redeemed_id
from carnet.identity.saml_signing_keys import opened_signing_key
from carnet.keyring.data_keys import Purpose
from carnet.keyring.errors import Unsealable
from carnet.keyring.keyring import Keyring
from carnet.keyring.sealed_tokens import open_token, seal_token
from carnet.services.execution import Done
from carnet.services.identity_source import service_provider
from carnet.services.portal_sessions import assertion_attributes
from carnet.services.preparing import Pool, Preparation
from carnet.services.turns import whose
from carnet.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from carnet.saml.assertion import Assertion

NO_PROVIDER = "People of this identity store do not sign in with an external identity provider."
BEGIN_HERE = "This sign-in was not begun in this browser, or too long ago. Please begin here."
NOT_TAKEN = "What your identity provider says is not taken here"
_POOL = Pool(name="people-assertions", size=2, waiting=32, seconds=10.0)
_SIGNING = Pool(name="authentication-requests", size=1, waiting=64, seconds=10.0)
_KIND = "LeftForProvider"
_TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
_REQUEST_BYTES = 20


class Left(Struct, frozen=True, kw_only=True, array_like=True):
    """What a browser has left for, which its cookie holds, sealed."""

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
    """An instance whose people an external identity provider vouches for."""

    view: AccountView
    instance: Instance
    provider: ExternalIdentityProvider


def source_of(snapshot: Snapshot, store: str) -> Source | None:
    """The external identity source of an identity store; None if it has none, or there is no such store."""
    instance = instance_of_store(snapshot, store)
    view = snapshot.open_account(instance.account) if instance is not None else None
    provider = external_provider(view) if view is not None else None
    if instance is None or view is None or provider is None:
        return None
    return Source(view, instance, provider)


async def leave_for_provider(parts: ConsoleParts, arrived: Arrived, given: LeaveForProvider) -> Told:
    """Send the browser to the identity provider of an identity store. Raises Refusal, Unavailable."""
    from carnet.saml.authn_request import AuthnRequest

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
    own = service_provider(parts.origin.url, source.instance.identity_store)
    request = AuthnRequest(
        id=left.request,
        issued=arrived.time,
        issuer=own.entity_id,
        acs_url=own.acs_url,
        destination=source.provider.sign_in_url,
    )
    cookie = _cookie(parts.origin, _sealed(parts.execution.parts.keyring, left), LIFETIME)
    url = await _signed_url(parts, arrived, source, lambda private: request.url(left.relay_state, private))
    return Told(members={"to": url}, account=source.instance.account, headers=(cookie,))


async def _signed_url(
    parts: ConsoleParts, arrived: Arrived, source: Source, made: Callable[[bytes | None], str]
) -> str:
    """The address of a request, signed if the instance has a key. Raises Unavailable: it goes nowhere unsigned then."""
    signing = request_signing(source.view)
    if signing is None:
        return made(None)
    try:
        private = opened_signing_key(parts.execution.parts.keyring, signing, signing.keys[0])
    except Unsealable as problem:
        raise Unavailable("The key that signs authentication requests cannot be opened.") from problem
    url: str = await parts.pools.run(
        Preparation(pool=_SIGNING, work=lambda _, __: made(private)),
        None,
        None,
        whose(source.instance.account, arrived.http.peer),
    )
    return url


async def use_assertion(parts: ConsoleParts, arrived: Arrived, given: UseAssertion) -> Told:
    """Sign in whom the identity provider vouches for, if this browser has left for it. Raises Refusal, a Fault.

    INVARIANT: the answer is to a request of this very browser, and counts once: nobody is signed in as somebody else
    by a response that another one was given, or that nobody has asked for.
    """
    left = _left(parts, arrived)
    if left is None or not hmac.compare_digest(given.relay_state.encode(), left.relay_state.encode()):
        raise Refusal("SignInExpired", BEGIN_HERE, None)
    source = _source_at(parts.execution.directory.snapshot, left)

    def check(_: object, __: object) -> Assertion:
        return _verified(source, parts.origin.url, given.response, arrived.time)

    try:
        assertion: Assertion = await parts.pools.run(
            Preparation(pool=_POOL, work=check), None, None, whose(left.account, arrived.http.peer)
        )
        if assertion.in_response_to != left.request:
            raise Refusal("SignInExpired", BEGIN_HERE, None)
        attributes = assertion_attributes(assertion.attributes)
        change = _Entering(
            parts=parts, arrived=arrived, left=left, assertion=assertion, source=source, attributes=attributes
        )
        holder = change.holder(parts.execution.directory.snapshot)
    except Unavailable:
        raise
    except Fault as fault:
        raise _refused(parts, arrived, left, f"{NOT_TAKEN}: {fault.message}") from fault
    outcome = await parts.writer.make(change, holder.account)
    members: dict[str, Any] = dict(outcome.answer)
    return Told(
        members={"to": left.to},
        event=None if outcome.recorded else outcome.event,
        token=members["token"],
        account=holder.account,
        revision=outcome.revision,
        headers=(_cookie(parts.origin, "", timedelta()),),
    )


def begin_again(store: str) -> str:
    """The page on which a sign-in to an identity store begins."""
    return f"{PERSON_SIGN_IN}?store={quote(store, safe='')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entering:
    """The session of whom an identity provider has vouched for."""

    parts: ConsoleParts
    arrived: Arrived
    left: Left
    assertion: Assertion
    source: Source
    attributes: Tags

    def holder(self, snapshot: Snapshot) -> Holder:
        """Whom the assertion names. Raises Refusal: who is disabled is nobody."""
        source = _source_at(snapshot, self.left)
        if source.provider != self.source.provider:
            raise Refusal("SignInExpired", BEGIN_HERE, None)
        person = user_named(source.view, self.assertion.subject)
        found = None
        if person is not None and person.identity_store == source.instance.identity_store:
            found = find_holder(snapshot, source.view.account.id, HolderKind.PERSON, person.id)
        if found is None:
            raise _refused(self.parts, self.arrived, self.left, _nobody(self.assertion.subject))
        return found

    def make(self, unit: UnitOfWork, snapshot: Snapshot) -> Done:
        """INVARIANT: an assertion counts once, on all nodes: the index of what was redeemed decides."""
        holder = self.holder(snapshot)
        spent = redeemed_id(self.left.instance, self.assertion.issuer, self.assertion.id, "")
        try:
            unit.add(RedeemedAssertion(id=spent, account=holder.account, expires=self.assertion.end))
        except AlreadyExists:
            raise Refusal("SignInExpired", BEGIN_HERE, None) from None
        ends = self.arrived.time + PERSON_LENGTH
        token = begin_session(
            self.parts.execution.parts.ids,
            unit,
            self.arrived,
            holder,
            expires=min(ends, self.assertion.session_end or ends),
            provider=self.assertion.issuer,
            attributes=self.attributes,
        )
        event = sign_in_event(self.arrived, holder.who, to=self.parts.origin.url)
        event["additionalEventData"] |= {"CredentialType": "EXTERNAL_IDP"}
        return Done(answer={"token": token}, event=event, decided=())


def _source_at(snapshot: Snapshot, left: Left) -> Source:
    """Raises Refusal if the instance has another identity source by now."""
    view = snapshot.open_account(left.account)
    instance = view.of(Instance).get(left.instance) if view is not None else None
    provider = external_provider(view) if view is not None else None
    if view is None or instance is None or provider is None:
        raise Refusal("SignInExpired", BEGIN_HERE, None)
    return Source(view, instance, provider)


def _verified(source: Source, url: str, text: str, now: datetime) -> Assertion:
    """What the identity provider has signed for this instance. Raises a Fault."""
    # lxml and signxml are imported when the first assertion comes.
    from carnet.saml.assertion import accepted
    from carnet.saml.refusals import PROVIDER_EXPIRED, invalid
    from carnet.saml.response import Trusted, signed_assertion

    provider, own = source.provider, service_provider(url, source.instance.identity_store)
    if provider.valid_until is not None and now >= provider.valid_until:
        raise invalid(PROVIDER_EXPIRED)
    trusted = Trusted(certificates={provider.issuer: provider.certificates}, destinations=(own.acs_url,))
    assertion = accepted(signed_assertion(text, trusted), now, recipients=(own.acs_url,), audiences=(own.entity_id,))
    if assertion.subject_format == _TRANSIENT:
        raise invalid("A transient NameID names nobody: the user name is needed.")
    return assertion


def _nobody(subject: str) -> str:
    return (
        f"Your identity provider has signed in {subject[:128]!r}, and no user of that name is here, or it is disabled. "
        "Ask your administrator."
    )


def _refused(parts: ConsoleParts, arrived: Arrived, left: Left, sentence: str) -> Refusal:
    who = Who(type="IdentityCenterUser", account=left.account)
    event = sign_in_event(arrived, who, to=parts.origin.url, problem=FAILED)
    return Refusal("SignInFailed", sentence, event, 403)


def _sealed(keyring: Keyring, left: Left) -> str:
    return seal_token(keyring, Purpose.SIGN_IN_TOKENS, _KIND, msgspec.msgpack.encode(left))[0]


def _left(parts: ConsoleParts, arrived: Arrived) -> Left | None:
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


def _cookie(origin: ConsoleOrigin, value: str, lifetime: timedelta) -> tuple[str, str]:
    """The header that lets a browser remember, for so long, what it has left for."""
    age = int(lifetime.total_seconds())
    kind = f"Path=/; HttpOnly; SameSite=Strict; Max-Age={age}{'; Secure' * origin.secure}"
    return "set-cookie", f"{_cookie_name(origin)}={value}; {kind}"
