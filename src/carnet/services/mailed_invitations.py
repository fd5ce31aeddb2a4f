"""Sends people links by mail, with which they set their password.

INVARIANT: a link is mailed first and becomes valid afterwards (`person_invitations.invite`), so that a mail which
cannot be sent changes nothing. See decision 0089.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from carnet.base.faults import Invalid, Unsent
from carnet.base.folding import folded
from carnet.base.ids import Ids
from carnet.base.timestamps import iso_seconds
from carnet.directory.snapshot import Snapshot
from carnet.mail.connection import MailProblem, connected, message
from carnet.mail.server import MailServer, is_mail_address
from carnet.services.person_invitations import MailedLink, invited_person, link_of, new_token
from carnet.services.preparing import Pool
from carnet.store.password_attempts import Attempts, PasswordAttempts

MAILING = Pool(name="mail", size=2, waiting=8, seconds=10)
MOST_TO_ADDRESS = 5
"""Mails to one address within an hour, from all accounts together."""
MOST_ADDRESSES = 50
"""Addresses to which one account may have mail sent within ten minutes."""
_NOT_SET_UP = (
    "No mail is sent here: --smtp-url (CARNET_SMTP_URL) and --mail-from (CARNET_MAIL_FROM) name a mail server and an "
    "address that mail comes from."
)
_TOO_OFTEN = (
    f"Mail was sent too often lately: an address gets {MOST_TO_ADDRESS} in an hour, and an account writes to "
    f"{MOST_ADDRESSES} in ten minutes. Try again later."
)
_SUBJECT = "Set your password"
_TEXT = """\
An administrator lets you set the password of your user name {name} at {url}

Open this link to set it. It can be used once, until {expires}:

{link}

If you did not expect this mail, do nothing: your password stays as it is until
the link is used.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailer:
    """Sends links to people."""

    server: MailServer
    attempts: PasswordAttempts
    """Counts the mails: they are limited in the same way as password attempts."""
    ids: Ids
    url: str
    """Where browsers find the server."""

    def mail(self, snapshot: Snapshot, *, account: str, user: str, expires: datetime, now: datetime) -> MailedLink:
        """Send a link to a person, by user name or id. It takes seconds. Raises Missing, Invalid, Unsent, Unavailable.

        A mail is counted once the mail server would take it, so that trying out a mail server that is set up wrongly
        costs nothing.
        """
        person = invited_person(snapshot, account, user)
        address = person.email
        if address is None:
            raise Invalid(f"The user {user} has no email address.")
        if not is_mail_address(address):
            raise Invalid(f"No mail is sent to the address of the user {user}: it has characters beyond a plain one.")
        token = new_token(self.ids)
        text = _TEXT.format(
            name=person.user_name, url=self.url, expires=iso_seconds(expires), link=link_of(token, self.url)
        )
        mail = message(self.server, to=address, subject=_SUBJECT, text=text, now=now)
        try:
            with connected(self.server) as connection:
                self._count(account, address, now)
                connection.send(mail, address)
        except MailProblem as problem:
            raise Unsent(f"{problem} Nothing was changed.") from problem
        return MailedLink(token=token, person=person.id, address=address)

    def _count(self, account: str, address: str, now: datetime) -> None:
        owner = "mail:" + hashlib.sha256(folded(address).encode()).hexdigest()
        if not self.attempts.reserve(owner, f"mail:{account}", now, _may_mail):
            raise Unsent(_TOO_OFTEN)


def _may_mail(seen: Attempts) -> bool:
    return seen.of_owner < MOST_TO_ADDRESS and seen.others < MOST_ADDRESSES


def set_up(mailer: Mailer | None) -> Mailer:
    """The mailer. Raises Invalid if there is none."""
    if mailer is None:
        raise Invalid(_NOT_SET_UP)
    return mailer
