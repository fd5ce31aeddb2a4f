"""Signing in with the external identity provider of an instance: what comes back from it (`leaving_for_provider`).

It is posted by the identity provider's page: browsers send no cookie of ours with that, so a page of our own sends it
once more (`saml_endpoints`).

https://docs.oasis-open.org/security/saml/v2.0/saml-profiles-2.0-os.pdf (4.1)
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from carnet.audit.sign_in_events import FAILED, Who, sign_in_event
from carnet.audit.steps import Arrived
from carnet.base.faults import AlreadyExists, Fault, Unavailable
from carnet.console.entering import Proof, begin_session
from carnet.console.given import UseAssertion
from carnet.console.holders import Holder, find_holder
from carnet.console.leaving_for_provider import (
    BEGIN_HERE,
    Left,
    Source,
    cookie_that_remembers,
    left_by,
    source_at,
)
from carnet.console.outcomes import Refusal, Told
from carnet.console.parts import ConsoleParts
from carnet.directory.identity_center import user_named
from carnet.directory.snapshot import Snapshot
from carnet.entities.browser_session import PERSON_LENGTH, HolderKind
from carnet.entities.entity import Tags
from carnet.entities.redeemed_assertion import RedeemedAssertion, redeemed_id
from carnet.services.execution import Done
from carnet.services.identity_source import service_provider
from carnet.services.portal_sessions import assertion_attributes
from carnet.services.preparing import Pool, Preparation
from carnet.services.turns import whose
from carnet.store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from carnet.saml.assertion import Assertion

NOT_TAKEN = "What your identity provider says is not taken here"
_POOL = Pool(name="people-assertions", size=2, waiting=32, seconds=10.0)
_TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"


async def use_assertion(parts: ConsoleParts, arrived: Arrived, given: UseAssertion) -> Told:
    """Sign in whom the identity provider vouches for, if this browser has left for it. Raises Refusal, a Fault.

    INVARIANT: the answer is to a request of this very browser, and counts once: nobody is signed in as somebody else
    by a response that another one was given, or that nobody has asked for.
    """
    left = left_by(parts, arrived)
    if left is None or not hmac.compare_digest(given.relay_state.encode(), left.relay_state.encode()):
        raise Refusal("SignInExpired", BEGIN_HERE, None)
    source = source_at(parts.execution.directory.snapshot, left)

    def check(_: object, __: object) -> Assertion:
        return _verify_response(source, parts.origin.url, given.response, arrived.time)

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
        raise _refusal(parts, arrived, left, f"{NOT_TAKEN}: {fault.message}") from fault
    outcome = await parts.writer.make(change, holder.account)
    members: dict[str, Any] = dict(outcome.answer)
    return Told(
        members={"to": left.to},
        event=None if outcome.recorded else outcome.event,
        token=members["token"],
        account=holder.account,
        revision=outcome.revision,
        headers=(cookie_that_remembers(parts.origin, "", timedelta()),),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entering:
    """The sign-in of the person whom an identity provider has identified."""

    parts: ConsoleParts
    arrived: Arrived
    left: Left
    assertion: Assertion
    source: Source
    attributes: Tags

    def holder(self, snapshot: Snapshot) -> Holder:
        """Whom the assertion names. Raises Refusal: who is disabled is nobody."""
        source = source_at(snapshot, self.left)
        if source.provider != self.source.provider:
            raise Refusal("SignInExpired", BEGIN_HERE, None)
        person = user_named(source.view, self.assertion.subject)
        found = None
        if person is not None and person.identity_store == source.instance.identity_store:
            found = find_holder(snapshot, source.view.account.id, HolderKind.PERSON, person.id)
        if found is None:
            raise _refusal(self.parts, self.arrived, self.left, _unknown_user(self.assertion.subject))
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
            Proof(provider=self.assertion.issuer, attributes=self.attributes),
            expires=min(ends, self.assertion.session_end or ends),
        )
        event = sign_in_event(self.arrived, holder.who, to=self.parts.origin.url)
        event["additionalEventData"] |= {"CredentialType": "EXTERNAL_IDP"}
        return Done(answer={"token": token}, event=event, decided=())


def _verify_response(source: Source, url: str, text: str, now: datetime) -> Assertion:
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


def _unknown_user(subject: str) -> str:
    return (
        f"Your identity provider has signed in {subject[:128]!r}, and no user of that name is here, or it is disabled. "
        "Ask your administrator."
    )


def _refusal(parts: ConsoleParts, arrived: Arrived, left: Left, sentence: str) -> Refusal:
    who = Who(type="IdentityCenterUser", account=left.account)
    event = sign_in_event(arrived, who, to=parts.origin.url, problem=FAILED)
    return Refusal("SignInFailed", sentence, event, 403)
