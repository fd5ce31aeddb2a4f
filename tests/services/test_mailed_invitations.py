"""Links by which people set their password go to their address, and not too often."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from carnet.assembly.installation import Installation, first_account, open_installation
from carnet.assembly.settings import Settings
from carnet.base.faults import Invalid, Missing, Unsent
from carnet.entities.identity_store_user import IdentityStoreUser
from carnet.entities.person_invitation import PersonInvitation
from carnet.mail.server import read_mail_server
from carnet.services.identity_center import enable_here
from carnet.services.mailed_invitations import MOST_ADDRESSES, MOST_TO_ADDRESS, Mailer
from carnet.services.person_invitations import MailedLink, WantedInvitation, invite_here
from carnet.store.password_attempts import RECENTLY, WINDOW
from tests.mail.post_office import PostOffice, post_office

NOW = datetime(2026, 1, 2, tzinfo=UTC)


class Place(NamedTuple):
    """An installation with an instance of Identity Center, and a mail server."""

    here: Installation
    account: str
    office: PostOffice
    mailer: Mailer

    def person(self, email: str | None, **members: Any) -> IdentityStoreUser:
        made = IdentityStoreUser(
            id=f"0123456789-{self.here.ids.uuid()}",
            account=self.account,
            identity_store="d-0123456789",
            user_name=f"mary-{self.here.ids.uuid()}",
            attributes={} if email is None else {"Emails": [{"Value": email, "Primary": True}]},
            created=NOW,
            created_by="test",
            updated=NOW,
            updated_by="test",
        )
        with self.here.store.write() as unit:
            unit.add(replace(made, **members))
        self.here.directory.catch_up()
        return replace(made, **members)

    def mail(self, user: str, now: datetime = NOW) -> MailedLink:
        snapshot = self.here.directory.snapshot
        return self.mailer.mail(snapshot, account=self.account, user=user, expires=now + timedelta(hours=1), now=now)

    def store(self, user: str, mailed: MailedLink) -> None:
        wanted = WantedInvitation(account=self.account, user=user, lifetime=timedelta(hours=1), remove_mfa=False)
        invite_here(replace(self.here.operator_call(), now=NOW), wanted, mailed)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """One for each test: how often mail was sent is counted in it."""
    settings = Settings(data_dir=tmp_path / "data")
    with open_installation(settings, create=True) as here, post_office() as office:
        root = first_account(here)
        assert root is not None
        enable_here(replace(here.operator_call(), now=NOW), account=root.account, region="us-east-1")
        here.directory.catch_up()
        mailer = Mailer(
            server=read_mail_server(office.url, sender="carnet@example.com", password=""),
            attempts=here.store.password_attempts,
            ids=here.ids,
            url="https://iam.example.com",
        )
        yield Place(here, root.account, office, mailer)


def test_the_mail_says_who_may_do_what_until_when(place: Place) -> None:
    mary = place.person("mary@example.com", user_name="{link}-Jösé")
    mailed = place.mail(mary.id)
    text = place.office.text()
    assert f"https://iam.example.com/console/invited#{mailed.token}\n" in text
    assert "user name {link}-Jösé at" in text, "braces of others are no places of ours"
    assert "until 2026-01-02T01:00:00Z" in text
    assert place.here.directory.snapshot.accounts[place.account].of(PersonInvitation).get(mary.id) is None
    place.store(mary.id, mailed)
    _, event = place.here.store.audit_events()[-1]
    assert (event["eventName"], event["requestParameters"]["mailed"]) == ("InvitePerson", True)
    assert mailed.token not in str(event)
    assert "mary@example.com" not in str(event)


def test_an_address_gets_so_many_in_an_hour(place: Place) -> None:
    mary = place.person("flooded@example.com")
    for _ in range(MOST_TO_ADDRESS):
        place.mail(mary.id, NOW)
    with place.here.store.write() as unit:
        unit.remove(mary)
    again = place.person("Flooded@EXAMPLE.com")
    count = len(place.office.mails)
    for now in (NOW, NOW + WINDOW - timedelta(seconds=1)):
        with pytest.raises(Unsent, match="too often"):
            place.mail(again.id, now)
    assert len(place.office.mails) == count
    place.mail(again.id, NOW + WINDOW)


def test_a_server_that_takes_nothing_costs_none_of_them(place: Place) -> None:
    mary = place.person("patient@example.com")
    place.office.refused["EHLO"] = place.office.refused["HELO"] = "421 busy"
    for _ in range(MOST_TO_ADDRESS + 1):
        with pytest.raises(Unsent, match=r"refuses \(421\)\. Nothing was changed\."):
            place.mail(mary.id)
    place.office.refused.clear()
    place.mail(mary.id)


@pytest.mark.parametrize(
    ("email", "why"),
    [
        (None, "has no email address"),
        ("a@example.com\r\nBcc: all@example.com", "beyond a plain one"),
        ("jösé@example.com", "beyond"),
    ],
)
def test_who_cannot_be_mailed(place: Place, email: str | None, why: str) -> None:
    someone, count = place.person(email), len(place.office.commands)
    with pytest.raises(Invalid, match=why):
        place.mail(someone.id)
    with pytest.raises(Missing):
        place.mail("nobody")
    assert len(place.office.commands) == count, "no server was asked"


def test_a_link_is_good_for_whom_it_was_mailed_to_alone(place: Place) -> None:
    mary, other = place.person("changing@example.com"), place.person("other@example.com")
    mailed = place.mail(mary.id)
    with pytest.raises(Unsent, match="was changed"):
        place.store(other.id, mailed)
    with place.here.store.write() as unit:
        unit.save(replace(mary, attributes={"Emails": [{"Value": "new@example.com"}]}))
    place.here.directory.catch_up()
    with pytest.raises(Unsent, match="was changed"):
        place.store(mary.id, mailed)


def test_an_account_writes_to_so_many_addresses(place: Place) -> None:
    later = NOW + timedelta(days=1)
    for number in range(MOST_ADDRESSES - 1):
        place.mailer.attempts.reserve(f"mail:{number}", f"mail:{place.account}", later, lambda _: True)
    last, beyond = (place.person(f"{name}@many.example") for name in "ab")
    place.mail(last.id, later)
    with pytest.raises(Unsent, match="too often"):
        place.mail(beyond.id, later)
    place.mail(last.id, later)
    place.mail(beyond.id, later + RECENTLY)
