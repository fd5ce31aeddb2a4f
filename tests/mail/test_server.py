"""The URL of a mail server, and addresses."""

from __future__ import annotations

import pytest

from carnet.mail.server import LONGEST_ADDRESS, Transport, is_mail_address, read_mail_server

FROM = "carnet@example.com"


@pytest.mark.parametrize(
    ("url", "port", "transport"),
    [
        ("smtp://mail.example.com", 587, Transport.STARTTLS),
        ("smtp://mail.example.com:25", 25, Transport.STARTTLS),
        ("smtps://mail.example.com", 465, Transport.TLS),
        ("smtp://127.0.0.1:1025/", 1025, Transport.CLEAR),
        ("smtp://localhost", 587, Transport.CLEAR),
        ("smtps://localhost", 465, Transport.TLS),
        ("smtp://127.0.0.1.example.com", 587, Transport.STARTTLS),
    ],
)
def test_only_this_machine_is_told_in_the_clear(url: str, port: int, transport: Transport) -> None:
    server = read_mail_server(url, sender=FROM, password="")
    assert (server.port, server.transport) == (port, transport)


def test_a_user_is_named_in_the_url_and_the_password_is_not() -> None:
    server = read_mail_server("smtp://me%40example.com@mail.example.com", sender=FROM, password="secret")
    assert (server.user, server.host) == ("me@example.com", "mail.example.com")
    assert "secret" not in repr(server)
    with pytest.raises(ValueError, match="belongs in CARNET_SMTP_PASSWORD") as refused:
        read_mail_server("smtp://me:secret@mail.example.com", sender=FROM, password="")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "sender", "password", "why"),
    [
        ("http://mail.example.com", FROM, "", "smtps://"),
        ("smtp://", FROM, "", "cannot be used"),
        ("smtp://mail.example.com:0", FROM, "", "cannot be used"),
        ("smtp://mail.example.com:99999", FROM, "", "no URL"),
        ("smtp://mail.example.com/inbox", FROM, "", "cannot be used"),
        ("smtp://mail example.com", FROM, "", "cannot be used"),
        ("smtp://me@mail.example.com", FROM, "", "whose password"),
        ("smtp://mail.example.com", FROM, "secret", "names no user"),
        ("smtp://mail.example.com", "", "", "mail-from"),
        ("smtp://mail.example.com", "Carnet <carnet@example.com>", "", "mail-from"),
    ],
)
def test_what_is_no_mail_server_is_refused(url: str, sender: str, password: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read_mail_server(url, sender=sender, password=password)


@pytest.mark.parametrize("text", ["mary@example.com", "o'neil+x@a-b.example", "root@localhost"])
def test_addresses(text: str) -> None:
    assert is_mail_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mary",
        "mary@",
        "@example.com",
        "mary@example.com\nBcc: all@example.com",
        "mary@example.com\r\n",
        "mary@example.com\n",
        "mary@example.com>",
        "mary@example.com,all@example.com",
        '"mary jane"@example.com',
        "mary@exämple.com",
        "mary@example..com",
        "mary@example.com\u2028x",
    ],
)
def test_what_is_more_than_one_plain_address(text: str) -> None:
    assert not is_mail_address(text)


def test_the_longest_address() -> None:
    domain = "@example.com"
    assert is_mail_address("a" * (LONGEST_ADDRESS - len(domain)) + domain)
    assert not is_mail_address("a" * (LONGEST_ADDRESS - len(domain) + 1) + domain)
