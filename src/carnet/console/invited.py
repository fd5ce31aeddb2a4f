"""A person sets a password by a link that somebody has sent, and then signs in with it."""

from __future__ import annotations

from dataclasses import dataclass, field

from carnet.audit.sign_in_events import NEW_PASSWORD, sign_in_event
from carnet.audit.steps import Arrived
from carnet.console.given import UseInvitation
from carnet.console.holders import Holder
from carnet.console.outcomes import Told
from carnet.console.parts import ConsoleParts
from carnet.directory.identity_center import own_instance
from carnet.directory.snapshot import Snapshot
from carnet.entities.browser_session import HolderKind
from carnet.services.execution import Done
from carnet.services.iam.new_passwords import HASHING
from carnet.services.person_invitations import HashedForPerson, hash_person_password, set_person_password
from carnet.services.preparing import Preparation
from carnet.services.turns import whose
from carnet.store.unit_of_work import UnitOfWork


async def use_invitation(parts: ConsoleParts, arrived: Arrived, given: UseInvitation) -> Told:
    """Set the password. Nobody is signed in by a link: the password is asked for next. Raises Denied, Invalid."""
    snapshot, passwords = parts.execution.directory.snapshot, parts.execution.parts.passwords

    def work(_: object, __: object) -> HashedForPerson:
        return hash_person_password(snapshot, passwords, token=given.token, password=given.password, now=arrived.time)

    made = await parts.pools.run(Preparation(pool=HASHING, work=work), None, None, whose("", arrived.http.peer))
    setting = _Setting(parts=parts, arrived=arrived, given=given, made=made)
    outcome = await parts.writer.make(setting, made.account)
    event = None if outcome.recorded else outcome.event
    return Told(members=dict(outcome.answer), event=event, revision=outcome.revision)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setting:
    parts: ConsoleParts
    arrived: Arrived
    given: UseInvitation = field(repr=False)
    made: HashedForPerson

    def make(self, unit: UnitOfWork, snapshot: Snapshot) -> Done:
        now = self.arrived.time
        person = set_person_password(unit, snapshot, self.made, token=self.given.token, now=now)
        view = snapshot.accounts[person.account]
        who = Holder(kind=HolderKind.PERSON, view=view, entity=person).who
        event = sign_in_event(self.arrived, who, name=NEW_PASSWORD, to=self.parts.origin.url)
        instance = own_instance(view)
        store = instance.identity_store if instance is not None else ""
        return Done(answer={"next": "sign-in", "store": store}, event=event, decided=())
