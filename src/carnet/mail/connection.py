"""One connection to a mail server, over which one message goes."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP as SMTP_LINES
from email.utils import format_datetime, make_msgid
from threading import Event, Timer

from carnet.mail.server import MailServer, Transport

STEP_SECONDS = 10.0
"""For a connection to one address, and for each answer."""
MOST_SECONDS = 20.0
"""For all that is said once there is a connection, however slowly the server answers."""
_READY = 220


class MailProblem(Exception):
    """The mail was not sent, and why, in a sentence without what the server has said: that may be anything."""


class MailConnection:
    """A connection whose server knows who sends."""

    def __init__(self, server: MailServer, smtp: smtplib.SMTP) -> None:
        self._server = server
        self._smtp = smtp

    def send(self, message: EmailMessage, to: str) -> None:
        """Raises SMTPException, OSError."""
        self._smtp.sendmail(self._server.sender, [to], message.as_bytes(policy=SMTP_LINES))


@contextmanager
def connected(server: MailServer, *, most_seconds: float = MOST_SECONDS) -> Iterator[MailConnection]:
    """A connection until the block ends. Raises MailProblem, also for what goes wrong with `send` in the block."""
    # INVARIANT: it is told the domain that mail comes from. Without a name, DNS is asked for this machine's, at length.
    smtp, late = smtplib.SMTP(local_hostname=_domain(server), timeout=STEP_SECONDS), Event()
    timer = Timer(most_seconds, _cut_off, (smtp, late))
    timer.daemon = True
    try:
        smtp.sock = socket.create_connection((server.host, server.port), timeout=STEP_SECONDS)
        timer.start()
        _greet(server, smtp)
        yield MailConnection(server, smtp)
        with suppress(smtplib.SMTPException, OSError):
            smtp.quit()  # the message was taken by then, or there was none
    except (smtplib.SMTPException, OSError, UnicodeError) as problem:
        raise MailProblem(_sentence(server, problem, timed_out=late.is_set())) from None
    finally:
        timer.cancel()
        smtp.close()


def message(server: MailServer, *, to: str, subject: str, text: str, now: datetime) -> EmailMessage:
    """A mail of plain text; `to` is an address as `is_mail_address` has it."""
    made = EmailMessage()
    made["From"] = server.sender
    made["To"] = to
    made["Subject"] = subject
    made["Date"] = format_datetime(now)
    made["Message-ID"] = make_msgid(domain=_domain(server))
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(text, cte="quoted-printable")
    return made


def _domain(server: MailServer) -> str:
    return server.sender.partition("@")[2]


def _greet(server: MailServer, smtp: smtplib.SMTP) -> None:
    """Until the server knows who sends. INVARIANT: to another machine, nothing is said before TLS is verified."""
    if server.transport is Transport.TLS:
        _protect(server, smtp)
    code, said = smtp.getreply()
    if code != _READY:
        raise smtplib.SMTPConnectError(code, said)
    smtp.ehlo_or_helo_if_needed()
    if server.transport is Transport.STARTTLS:
        code, said = smtp.docmd("STARTTLS")
        if code != _READY:
            raise smtplib.SMTPNotSupportedError("STARTTLS")
        _protect(server, smtp)
        smtp.ehlo()
    if server.user:
        smtp.login(server.user, server.password)


def _protect(server: MailServer, smtp: smtplib.SMTP) -> None:
    assert smtp.sock is not None, "it is connected"
    context = ssl.create_default_context()
    smtp.sock = context.wrap_socket(smtp.sock, server_hostname=server.host, do_handshake_on_connect=False)
    smtp.file = None  # INVARIANT: what came before TLS is not read as if it had come under it
    smtp.sock.do_handshake()


def _cut_off(smtp: smtplib.SMTP, late: Event) -> None:
    """End the connection under whoever waits for it in another thread."""
    late.set()
    sock = smtp.sock
    if sock is not None:
        with suppress(OSError):
            socket.socket.shutdown(sock, socket.SHUT_RDWR)


def _sentence(server: MailServer, problem: Exception, *, timed_out: bool) -> str:
    where = f"The mail server {server.where}"
    if timed_out or isinstance(problem, TimeoutError):
        return f"{where} did not answer in time."
    match problem:
        case smtplib.SMTPNotSupportedError() if server.user and server.transport is not Transport.STARTTLS:
            return f"{where} takes no user name and password."
        case smtplib.SMTPNotSupportedError():
            return f"{where} offers no TLS (STARTTLS), or takes no user name and password under it."
        case smtplib.SMTPAuthenticationError():
            return f"{where} refuses the user name or the password ({problem.smtp_code})."
        case smtplib.SMTPRecipientsRefused():
            return f"{where} refuses the address of the user ({_code(problem)})."
        case smtplib.SMTPSenderRefused():
            return f"{where} refuses {server.sender}, from which mail comes ({problem.smtp_code})."
        case smtplib.SMTPResponseException():
            return f"{where} refuses ({problem.smtp_code})."
        case ssl.SSLCertVerificationError():
            return f"The certificate of the mail server {server.where} cannot be verified: {problem.verify_message}."
        case smtplib.SMTPException() | ssl.SSLError() | UnicodeError():
            return f"{where} does not speak as a mail server does, or ended the connection."
    return f"{where} cannot be reached: {getattr(problem, 'strerror', None) or 'no connection'}."


def _code(refused: smtplib.SMTPRecipientsRefused) -> int:
    return next((code for code, _ in refused.recipients.values()), 0)
