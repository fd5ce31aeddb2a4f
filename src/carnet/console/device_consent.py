"""/device: the code that a device shows is typed, then the page tells which device it is, from where, since when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from carnet.audit.sign_in_events import sign_in_event
from carnet.audit.steps import Arrived
from carnet.base.clock import Clock
from carnet.base.faults import Missing
from carnet.base.http import HttpResponse, RequestHead
from carnet.console.consents import PEOPLE
from carnet.console.consents_given import Answered, Asked, FindDevice, ReplyToDevice, fields_of
from carnet.console.navigation import PERSON_SIGN_IN
from carnet.console.pages import page
from carnet.console.parts import ConsoleParts
from carnet.console.sessions import SignedInBrowser, holder_of
from carnet.entities.device_authorization import DeviceAuthorization
from carnet.identity.attempt_limits import MOST_OF_OWNER, wait_after
from carnet.identity.networks import network_of
from carnet.identity.oauth_tokens import FoundDevice, opened, sealed
from carnet.server.own_api.problems import TOO_MANY
from carnet.services.preparing import Pool, Preparation
from carnet.services.sso_oidc.approval import UNKNOWN, AnswerDevice, waiting_device
from carnet.services.turns import whose
from carnet.store.password_attempts import Attempts

PATH = "/device"
FREE = 5
"""Wrong codes of a person, from one network, before the next one waits."""
_POOL = Pool(name="device-codes", size=2, waiting=64, seconds=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceConsent:
    """Devices that ask people for consent."""

    parts: ConsoleParts
    clock: Clock

    def asked(self) -> Asked:
        return Asked(show=self.show, act=self.act, takes=(FindDevice, ReplyToDevice), of=PEOPLE, sign_in=PERSON_SIGN_IN)

    def show(self, head: RequestHead, browser: SignedInBrowser) -> HttpResponse:
        """The page: first for the code, then about the device."""
        fields = fields_of(head.query)
        if "found" not in fields:
            code = fields.get("user_code", "")[:16]
            return page("device-code.html", csrf=browser.csrf, code=code, holder=browser.holder)
        device = self._found_device(fields["found"], browser)
        return page("device.html", csrf=browser.csrf, device=device, found=fields["found"], holder=browser.holder)

    async def act(self, arrived: Arrived, browser: SignedInBrowser, given: FindDevice | ReplyToDevice) -> Answered:
        """Find a device, or answer it. Raises Missing, Problem, Unavailable."""
        if isinstance(given, FindDevice):
            return await self._find(arrived, browser, given.code)
        device = self._found_device(given.found, browser)
        event = sign_in_event(arrived, browser.holder.who, name="UserAuthorizedDevice", to=device.client_name)
        event["responseElements"] = {"UserAuthorizedDevice": "Success" if given.answer == "allow" else "Denied"}
        change = AnswerDevice(
            device=device.id,
            approved=given.answer == "allow",
            session=browser.session,
            is_good=lambda snapshot, session: holder_of(snapshot, session) is not None,
            event=event,
            now=arrived.time,
        )
        outcome = await self.parts.writer.make(change, browser.session.account)
        sentence = "You can close this window." if given.answer == "allow" else "The device was refused."
        return Answered(members={"message": sentence}, event=None if outcome.recorded else outcome.event)

    async def _find(self, arrived: Arrived, browser: SignedInBrowser, code: str) -> Answered:
        """INVARIANT: an attempt is counted before it is looked at, on all nodes: guesses that come at once, too."""
        attempts = self.parts.execution.store.password_attempts
        owner, network = f"device-codes:{browser.session.holder}", network_of(arrived.http.peer)

        turns = whose(browser.session.account, arrived.http.peer)

        def reserve(_: object, __: object) -> bool:
            return attempts.reserve(owner, network, arrived.time, lambda seen: _may_try(seen, arrived.time))

        def succeed(_: object, __: object) -> None:
            attempts.succeed(owner, network)

        if not await self.parts.pools.run(Preparation(pool=_POOL, work=reserve), None, None, turns):
            raise TOO_MANY
        device = waiting_device(self.parts.execution.directory.snapshot, code, browser.session.account, arrived.time)
        await self.parts.pools.run(Preparation(pool=_POOL, work=succeed), None, None, turns)
        found = FoundDevice(account=device.account, device=device.id, sign_in=browser.session.id)
        text = sealed(self.parts.execution.parts.keyring, found).text
        return Answered(members={"to": f"{PATH}?found={quote(text)}"})

    def _found_device(self, text: str, browser: SignedInBrowser) -> DeviceAuthorization:
        """The device that was found in this very session of a browser. Raises Missing."""
        found = opened(self.parts.execution.parts.keyring, FoundDevice, text)
        view = self.parts.execution.directory.snapshot.open_account(browser.session.account)
        if found is None or view is None or found.sign_in != browser.session.id or found.account != view.account.id:
            raise Missing(UNKNOWN)
        device = view.of(DeviceAuthorization).get(found.device)
        if device is None or not device.is_pending(self.clock()):
            raise Missing(UNKNOWN)
        return device


def _may_try(seen: Attempts, now: datetime) -> bool:
    if seen.of_owner >= MOST_OF_OWNER:
        return False
    over = seen.failures - FREE
    return over < 0 or abs(now - seen.last) >= wait_after(over + 1)
