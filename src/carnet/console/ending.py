"""The end of a session: somebody signs out, in this browser or in another one."""

from __future__ import annotations

from dataclasses import dataclass

from carnet.audit.sign_in_events import SIGN_OUT, sign_in_event
from carnet.audit.steps import Arrived
from carnet.base.faults import Missing
from carnet.console.outcomes import Told
from carnet.console.parts import ConsoleParts
from carnet.console.sessions import SignedInBrowser, holder_of
from carnet.directory.snapshot import Snapshot
from carnet.entities.browser_session import BrowserSession, HolderKind
from carnet.services.execution import Done
from carnet.services.oauth_sessions import end_sessions
from carnet.store.unit_of_work import UnitOfWork


async def end_session(parts: ConsoleParts, arrived: Arrived, browser: SignedInBrowser, session: str) -> Told:
    """End one of the holder's own sessions, by its id. Raises Missing, also for one of somebody else.

    What clients were let do in another browser ends with it; who signs out here goes on using them.
    """
    ending = _Ending(arrived=arrived, browser=browser, session=session, to=parts.origin.url)
    outcome = await parts.writer.make(ending, browser.session.account)
    event = None if outcome.recorded else outcome.event
    account = browser.session.account
    return Told(members={"next": "signed-out"}, event=event, account=account, revision=outcome.revision)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ending:
    arrived: Arrived
    browser: SignedInBrowser
    session: str
    to: str

    def make(self, unit: UnitOfWork, snapshot: Snapshot) -> Done:
        """INVARIANT: who asks is looked for at the locked revision: a session that is over ends no other one."""
        holder = holder_of(snapshot, self.browser.session)
        ended = holder.view.of(BrowserSession).get(self.session) if holder is not None else None
        if holder is None or ended is None or ended.holder != holder.id:
            raise Missing("You have no such session.")
        if ended.id != self.browser.session.id:
            end_sessions(unit, holder.view, holder.id, ended.id)
        unit.remove(ended)
        if (
            ended.kind is HolderKind.PERSON
        ):  # what clients were let do there ends, too; `aws login` outlives its browser
            end_sessions(unit, holder.view, holder.id, ended.id)
        return Done(answer={}, event=sign_in_event(self.arrived, holder.who, name=SIGN_OUT, to=self.to), decided=())
