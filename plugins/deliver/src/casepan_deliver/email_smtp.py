"""Handing one mail to a server so that afterwards everybody knows whether it took it.

All recipients or none; the dot that ends a mail is sent alone, so that a line that fails before it certainly left nothing,
and only one that fails after it leaves doubt. No text of a server is passed on: it may quote addresses or what was sent.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from attrs import field, frozen

from casepan.api import AuthenticationFailed, DeliveryError, DeliveryRefused, FenceLost, OutcomeUnknown
from casepan_deliver.email_options import SmtpServer

HELD_BACK = 128 << 10
"""Bytes that the operating system may hold back when it says they are sent: a line cut within them is noticed too late."""
_LOGGED_IN = 235
_LOWEST = 200  # smtplib says -1 for what is no answer
_STATUS = re.compile(rb"[245]\.\d{1,3}\.\d{1,3}")
_TOO_LARGE = "It is too large for that server: send it with deliver.remote or deliver.http, or set `largest` lower."
_ASK = "Ask the recipient, then: casepan deliveries resolve"
_HINTS = {
    450: "The mailbox is busy; it is tried again.",
    452: "The mailbox or the server is full; it is tried again.",
    530: "The server wants a login: set `user` and `password`.",
    550: "Check the recipient's address, and that this account may send to it.",
    551: "Check the recipient's address.",
    552: f"The mailbox is full, or: {_TOO_LARGE}",
    553: "Check the addresses, and that the account may send with this `sender`.",
    554: "The server's policy refuses it: ask whoever runs it.",
}


@frozen
class Account:
    """A server with what it takes to use it.

    Attributes:
        tls: what to trust, None for a plain connection.
    """

    server: SmtpServer
    password: str | None = field(repr=False)
    tls: ssl.SSLContext | None = field(repr=False)


def send_mail(account: Account, to: tuple[str, ...], mail: bytes, may_commit: Callable[[], bool]) -> str:
    """Hand a mail over for all recipients, or for none.

    Args:
        mail: as it travels, lines ended by CRLF.
        may_commit: asked right before the dot that makes the mail the server's.

    Returns:
        What the server answered: code and enhanced status.

    Raises:
        DeliveryError: it certainly was not taken, and another try may help. DeliveryRefused: no try will.
        AuthenticationFailed: the account is not accepted. OutcomeUnknown: the line was cut after the mail was complete.
        FenceLost: another process owns the delivery.
    """
    with _as_delivery_errors(account.server):
        smtp = _connected(account)
        try:
            _envelope(smtp, account.server.sender, to, len(mail))
            answer = _content(smtp, mail, may_commit)
            _leave(smtp)
        finally:
            smtp.close()  # without a farewell, what was begun is dropped by the server
        return answer


def greet(account: Account) -> None:
    """Log in and leave; nothing is sent. Raises as ``send_mail``."""
    with _as_delivery_errors(account.server):
        smtp = _connected(account)
        _leave(smtp)
        smtp.close()


def _connected(account: Account) -> smtplib.SMTP:
    server = account.server
    name = server.sender.rpartition("@")[2]  # the machine's own name is nobody's business
    if server.security == "tls":
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(
            server.host, server.number, name, timeout=server.timeout, context=account.tls
        )
    else:
        smtp = smtplib.SMTP(server.host, server.number, name, timeout=server.timeout)
    try:
        smtp.ehlo_or_helo_if_needed()
        if server.security == "starttls":
            smtp.starttls(context=account.tls)
            smtp.ehlo()
        if server.user is not None and account.password is not None:
            _log_in(smtp, server.user, account.password)
    except BaseException:
        smtp.close()
        raise
    return smtp


def _log_in(smtp: smtplib.SMTP, user: str, password: str) -> None:
    """smtplib knows ASCII only; a password with other signs goes as UTF-8, as RFC 4616 wants it."""
    if f"{user}{password}".isascii():
        smtp.login(user, password)
        return
    if "PLAIN" not in smtp.esmtp_features.get("auth", "").upper().split():
        raise AuthenticationFailed(
            "the server offers no login that takes signs beyond ASCII",
            hint="Change the password of the account to one of plain ASCII signs.",
        )
    code, text = smtp.docmd("AUTH", "PLAIN " + b64encode(f"\0{user}\0{password}".encode()).decode())
    if code != _LOGGED_IN:
        raise smtplib.SMTPAuthenticationError(code, text)


def _envelope(smtp: smtplib.SMTP, sender: str, to: tuple[str, ...], size: int) -> None:
    told = smtp.esmtp_features.get("size", "")
    if told.isdecimal() and 0 < int(told) < size:
        raise DeliveryRefused(f"the mail has {size:,} bytes, the server takes {int(told):,}", hint=_TOO_LARGE)
    options = [f"size={size}"] if smtp.has_extn("size") else []
    _must(smtp.mail(sender, options), "the server refuses the sender")
    for address in to:
        _must(smtp.rcpt(address), "the server refuses a recipient")


def _content(smtp: smtplib.SMTP, mail: bytes, may_commit: Callable[[], bool]) -> str:
    code, text = smtp.docmd("DATA")
    if code != 354:
        raise _refusal(code, text, "the server does not want a mail now")
    if smtp.sock:
        smtp.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, HELD_BACK)
    smtp.send(re.sub(rb"(?m)^\.", b"..", mail if mail.endswith(b"\r\n") else mail + b"\r\n"))
    if not may_commit():
        raise FenceLost("another process owns this delivery now")
    try:
        smtp.send(b".\r\n")
        code, text = smtp.getreply()
    except OSError as error:
        raise OutcomeUnknown(
            "the line was cut after the whole mail was sent, before the server answered", hint=_ASK
        ) from error
    if not 200 <= code < 600:
        raise OutcomeUnknown("the server's answer to the whole mail cannot be understood", hint=_ASK)
    _must((code, text), "the server refuses the mail")
    return _words(code, text)


def _leave(smtp: smtplib.SMTP) -> None:
    """Politely; the mail is the server's already, whatever it says now."""
    with suppress(OSError):
        if smtp.sock:
            smtp.sock.settimeout(1.0)
        smtp.quit()


def _must(answer: tuple[int, bytes], what: str) -> None:
    if not 200 <= answer[0] < 300:
        raise _refusal(*answer, what)


def _refusal(code: int, text: bytes, what: str) -> DeliveryError:
    """4yz may pass, everything else stays refused (RFC 5321, 4.2.1)."""
    kind = DeliveryError if 400 <= code < 500 else DeliveryRefused
    return kind(f"{what}: {_words(code, text)}", hint=_HINTS.get(code))


def _words(code: int, text: bytes) -> str:
    status = _STATUS.match(text)
    return f"{code} {status[0].decode()}" if status else str(code)


@contextmanager
def _as_delivery_errors(server: SmtpServer) -> Iterator[None]:
    """Whatever ends up here happened before the mail was complete: it certainly was not taken."""
    place = f"{server.host}:{server.number}"
    try:
        yield
    except DeliveryError:
        raise
    except smtplib.SMTPAuthenticationError as error:
        raise _login_refused(error, place) from None  # the error holds what was sent
    except smtplib.SMTPNotSupportedError as error:
        raise _not_offered("STARTTLS" in str(error), place) from error
    except smtplib.SMTPResponseException as error:
        if error.smtp_code < _LOWEST:
            hint = "Check `host`, `port` and `security`."
            raise DeliveryError("what answers there is no mail server", place=place, hint=hint) from None
        text = error.smtp_error if isinstance(error.smtp_error, bytes) else str(error.smtp_error).encode()
        raise _refusal(error.smtp_code, text, "the server does not talk to us") from None
    except ssl.SSLCertVerificationError as error:
        raise DeliveryRefused(
            f"the server's certificate is not trusted: {error.verify_message}",
            place=place,
            hint="Correct `host`, or give the authority's certificate in `ca`.",
        ) from error
    except OSError as error:
        raise DeliveryError(
            f"the mail server cannot be reached, or hung up: {error.strerror or type(error).__name__}",
            place=place,
            hint="Check `host`, `port` and `security`, and the line.",
        ) from error


def _not_offered(starttls: bool, place: str) -> DeliveryRefused:
    if starttls:
        hint = 'Try security = "tls"; without encryption nothing is sent.'
        return DeliveryRefused("the server does not offer STARTTLS", place=place, hint=hint)
    return DeliveryRefused("the server offers no login", place=place, hint="Leave out `user`, or try another `port`.")


def _login_refused(error: smtplib.SMTPAuthenticationError, place: str) -> DeliveryError:
    if 400 <= error.smtp_code < 500:
        return DeliveryError(f"the server cannot check the login now: {error.smtp_code}", place=place)
    return AuthenticationFailed(
        f"the server does not accept the login: {error.smtp_code}",
        place=place,
        hint="Check `user` and `password`; many providers want an app password.",
    )
