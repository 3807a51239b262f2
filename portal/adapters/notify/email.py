"""The port `notifier` over SMTP: one mail a message, encrypted unless the server was named as a plain one."""

from __future__ import annotations

import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate
from typing import NoReturn
from urllib.parse import unquote, urlsplit

from portal.domain.errors import Refused, Unavailable
from portal.domain.notification import Message

TIMEOUT_SECONDS = 15.0
PORTS = {"smtp": 587, "smtps": 465, "smtp+plain": 25}
REASON_KEPT = 200


@dataclass(frozen=True, slots=True)
class MailServer:
    """`scheme`: smtp (STARTTLS is demanded), smtps (TLS from the first byte) or smtp+plain (a relay nearby)."""

    scheme: str
    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def of(cls, url: str) -> MailServer:
        """From `smtp://user:password@host:port`. ValueError."""
        parts = urlsplit(url)
        if parts.scheme not in PORTS or not parts.hostname:
            raise ValueError(parts.scheme)
        return cls(
            parts.scheme,
            parts.hostname,
            parts.port or PORTS[parts.scheme],
            unquote(parts.username or ""),
            unquote(parts.password or ""),
        )


class EmailNotifier:
    """Implements `portal.ports.notifier.Notifier`. `context` is for tests: which certificates are trusted."""

    def __init__(self, server: MailServer, sender: str, *, context: ssl.SSLContext | None = None) -> None:
        self._server, self._sender, self._context = server, sender, context

    def send(self, message: Message) -> None:
        mail = _mail(message, self._sender)
        try:
            connection = self._connect()
        except (OSError, smtplib.SMTPException, ValueError) as error:
            raise Unavailable("delivery_failed", reason=_reason(error)) from None
        try:
            refused = connection.send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            _reject(error.recipients)
        except smtplib.SMTPResponseException as error:
            _reject({"": (error.smtp_code, str(error.smtp_error).encode())})
        except (OSError, smtplib.SMTPException, ValueError) as error:
            raise Unavailable("delivery_failed", reason=_reason(error)) from None
        finally:
            with suppress(OSError, smtplib.SMTPException):
                connection.quit()
        if refused:
            _reject(refused)

    def _connect(self) -> smtplib.SMTP:
        server, context = self._server, self._context or ssl.create_default_context()
        if server.scheme == "smtps":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, timeout=TIMEOUT_SECONDS, context=context
            )
        else:
            connection = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_SECONDS)
        try:
            if server.scheme == "smtp":
                connection.starttls(context=context)
            if server.user:
                connection.login(server.user, server.password)
        except BaseException:
            connection.close()
            raise
        return connection


def _mail(message: Message, sender: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"] = sender, message.target
    mail["Subject"] = " ".join(message.subject.split())[:200]
    mail["Date"] = formatdate(usegmt=True)
    mail["Message-ID"] = f"<delivery-{message.key}@{sender.rpartition('@')[2].rstrip('>') or 'portal'}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text, cte="base64")  # not every server takes 8 bits
    return mail


def _reject(answers: dict[str, tuple[int, bytes]]) -> NoReturn:
    """A 4xx answer is worth another try, a 5xx one is not."""
    code, said = next(iter(answers.values()))
    reason = f"SMTP {code} {said.decode('utf-8', 'replace')}"[:REASON_KEPT]
    if 400 <= code < 500:
        raise Unavailable("delivery_failed", reason=reason)
    raise Refused("delivery_refused", reason=reason)


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:REASON_KEPT]
