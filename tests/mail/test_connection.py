"""A message goes to a mail server that is the one it says, in time, or not at all."""

from __future__ import annotations

import socket
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from carnet.mail.connection import MailProblem, connected, message
from carnet.mail.server import MailServer, Transport
from tests.mail.post_office import PASSWORD, USER, Files, PostOffice, post_office
from tests.server.certificates import self_signed

NOW = datetime(2026, 1, 2, tzinfo=UTC)
TO, FROM = "mary@example.com", "carnet@example.com"


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return self_signed(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def trusted(tls: Files, monkeypatch: pytest.MonkeyPatch) -> Files:
    monkeypatch.setenv("SSL_CERT_FILE", str(tls[0]))
    return tls


def at(office: PostOffice, transport: Transport = Transport.CLEAR, **members: Any) -> MailServer:
    return MailServer(**{"host": "127.0.0.1", "port": office.port, "transport": transport, "sender": FROM, **members})


def send(server: MailServer, text: str = "Hello\n", **limits: float) -> None:
    made = message(server, to=TO, subject="Set your password", text=text, now=NOW)
    with connected(server, **limits) as connection:
        connection.send(made, TO)


def test_a_message_arrives_as_it_was_written() -> None:
    text = f"Jösé\n.\n..\nhttps://iam.example.com/console/invited#{'x' * 200}\n"
    with post_office() as office:
        send(at(office), text)
        (mail,) = office.mails
    assert office.text() == text
    assert (mail["To"], mail["From"], mail["Subject"]) == (TO, FROM, "Set your password")
    assert office.envelopes == [(f"<{FROM}>", f"<{TO}>")]


def test_nobody_is_asked_for_the_name_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(*_: object) -> str:
        raise AssertionError

    for ask in ("getfqdn", "gethostbyname", "gethostbyaddr"):
        monkeypatch.setattr(socket, ask, asked)
    with post_office() as office:
        send(at(office))
        assert office.commands[0] == f"EHLO {FROM.partition('@')[2]}"


@pytest.mark.parametrize(("transport", "from_the_start"), [(Transport.STARTTLS, False), (Transport.TLS, True)])
def test_nothing_is_said_before_tls(trusted: Files, transport: Transport, from_the_start: bool) -> None:
    with post_office(tls=trusted, from_the_start=from_the_start) as office:
        send(at(office, transport, user=USER, password=PASSWORD))
    clear = [one.split(" ")[0] for one in office.commands if not one.startswith("TLS ")]
    assert clear == ([] if from_the_start else ["EHLO", "STARTTLS"])
    assert len(office.mails) == 1


@pytest.mark.parametrize(("transport", "from_the_start"), [(Transport.STARTTLS, False), (Transport.TLS, True)])
def test_a_certificate_that_nobody_vouches_for(tls: Files, transport: Transport, from_the_start: bool) -> None:
    office_of = post_office(tls=tls, from_the_start=from_the_start)
    with office_of as office, pytest.raises(MailProblem, match="cannot be verified"):
        send(at(office, transport, user=USER, password=PASSWORD))
    assert not [one for one in office.commands if one.startswith("TLS ")]


def test_a_certificate_of_another_name(trusted: Files) -> None:
    with post_office(tls=trusted) as office, pytest.raises(MailProblem, match="cannot be verified"):
        send(at(office, Transport.STARTTLS, host="localhost"))
    assert not [one for one in office.commands if one.startswith("TLS ")]


def test_a_server_without_tls_is_told_no_password() -> None:
    with post_office(refused={"STARTTLS": "502 no"}) as office, pytest.raises(MailProblem, match="offers no TLS"):
        send(at(office, Transport.STARTTLS, user=USER, password=PASSWORD))
    assert not [one for one in office.commands if "AUTH" in one or "MAIL" in one]


def test_what_came_before_tls_is_not_believed(trusted: Files) -> None:
    with post_office(tls=trusted, injected=b"535 somebody on the way\r\n" * 3) as office:
        send(at(office, Transport.STARTTLS, user=USER, password=PASSWORD))
    assert len(office.mails) == 1


@pytest.mark.parametrize(
    ("refused", "why"),
    [
        ({"RCPT": "550 \x1b[31mnobody"}, r"refuses the address of the user \(550\)"),
        ({"MAIL": "553 no"}, r"refuses carnet@example.com, from which mail comes \(553\)"),
        ({"DATA": "554 no"}, r"refuses \(554\)"),
        ({"EHLO": "421 busy", "HELO": "421 busy"}, r"refuses \(421\)"),
        ({"MAIL": "this is no answer"}, "."),
    ],
)
def test_refusals_are_told_without_what_the_server_says(refused: dict[str, str], why: str) -> None:
    with post_office(refused=refused) as office, pytest.raises(MailProblem, match=why) as told:
        send(at(office))
    assert str(told.value).isprintable()
    assert office.mails == []


def test_a_wrong_password() -> None:
    with post_office() as office:
        send(at(office, user=USER, password=PASSWORD))
        with pytest.raises(MailProblem, match=r"refuses the user name or the password \(535\)") as told:
            send(at(office, user=USER, password="other"))
    assert "other" not in str(told.value)


def test_nobody_is_there() -> None:
    with post_office() as office:
        pass
    with pytest.raises(MailProblem, match=rf"127\.0\.0\.1:{office.port} cannot be reached: Connection refused"):
        send(at(office))


@pytest.mark.parametrize("behaviour", ["silent", "dripping"])
def test_a_server_that_does_not_come_to_an_end_is_left(behaviour: str) -> None:
    with post_office(**{behaviour: True}) as office:
        began = time.monotonic()
        with pytest.raises(MailProblem, match="did not answer in time"):
            send(at(office), most_seconds=0.1)
    assert time.monotonic() - began < 30


def test_a_line_break_makes_no_header() -> None:
    server = MailServer(host="127.0.0.1", port=1, transport=Transport.CLEAR, sender=FROM)
    with pytest.raises(ValueError, match="linefeed"):
        message(server, to=f"{TO}\nBcc: all@example.com", subject="x", text="x", now=NOW)
