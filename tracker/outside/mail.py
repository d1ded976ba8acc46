"""Mail: one message to one recipient, and what became of it told apart.

smtplib in a thread of its own, so that neither a slow server nor a dead one holds up the event loop.
"""

from __future__ import annotations

import asyncio
import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Literal

from tracker.errors import DeliveryDead, DeliveryError, DeliveryRetry, DeliveryUnknown
from tracker.models.telling import Mail

Security = Literal["none", "starttls", "tls"]
#: Fixed: looking up our own name takes as long as the DNS likes. A literal passes where "localhost" is refused.
_HELO = "[127.0.0.1]"
#: Refusals that the operator can mend (credentials, encryption): tried again, unlike those of an address or a message.
_MENDABLE = (530, 534, 535, 538)


@dataclass(frozen=True)
class Mailer:
    """A submission server. `timeout` is for one message in all; certificates are verified, against the system's roots
    (or SSL_CERT_FILE) unless `tls` says otherwise."""

    host: str
    port: int
    security: Security = "none"
    username: str = ""
    password: str = field(default="", repr=False)
    timeout: float = 60.0
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context, repr=False)

    async def send(self, mail: Mail) -> None:
        """Returns when the server took responsibility.

        DeliveryRetry: no connection, a 4xx, or credentials or encryption refused (the operator can mend it).
        DeliveryDead: a 5xx to the sender, the recipient or the message. DeliveryUnknown: the message was sent to its
        end and the final answer is missing.
        """
        talk, outcome = _Talk(self, mail), Future[DeliveryError | None]()
        outcome.set_running_or_notify_cancel()

        def work() -> None:
            outcome.set_result(talk.run())
            talk.leave()

        threading.Thread(target=work, name="smtp", daemon=True).start()
        try:
            async with asyncio.timeout(self.timeout):
                error = await asyncio.wrap_future(outcome)
        except TimeoutError:
            error = talk.lost(f"no end within {self.timeout:g} s")
        finally:
            talk.abandon()
        if error:
            raise error


class _Talk:
    """One conversation. `_ended`: the whole message, with its final dot, may have been sent."""

    def __init__(self, mailer: Mailer, mail: Mail) -> None:
        self._mailer, self._mail, self._place = mailer, mail, f"mail server {mailer.host}:{mailer.port}"
        self._client: smtplib.SMTP | None = None
        self._lock = threading.Lock()
        self._entered = self._ended = self._abandoned = self._settled = False

    def run(self) -> DeliveryError | None:
        """What became of the message; None when the server took it."""
        try:
            client = self._enter()
            self._entered = True
            return self._submit(client)
        except OSError as error:
            return self.lost(_reason(error))
        except ValueError:  # without its text, which may hold the password
            kind = DeliveryDead if self._entered else DeliveryRetry
            return kind(f"{self._place}: {'an address' if self._entered else 'the login'} cannot be written in SMTP")
        finally:
            self._settled = True

    def lost(self, why: str) -> DeliveryError:
        """No answer: how far it got decides whether it can be tried again. Afterwards no message is sent."""
        with self._lock:
            self._abandoned = True
            if self._ended:
                return DeliveryUnknown(f"{self._place}: the final answer was lost: {why}")
            return DeliveryRetry(f"{self._place}: {why}")

    def abandon(self) -> None:
        """Ends the conversation from another thread unless it is over."""
        with self._lock:
            self._abandoned = True
        sock = getattr(self._client, "sock", None)
        if sock is not None and not self._settled:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def leave(self) -> None:
        """Says goodbye, if there is still somebody to say it to."""
        if self._client is not None:
            try:
                self._client.quit()
            except (OSError, ValueError):
                self._client.close()

    def _enter(self) -> smtplib.SMTP:
        at = self._mailer
        if at.security == "tls":
            client: smtplib.SMTP = smtplib.SMTP_SSL(at.host, at.port, _HELO, timeout=at.timeout, context=at.tls)
        else:
            client = smtplib.SMTP(at.host, at.port, _HELO, timeout=at.timeout)
        self._client = client
        if at.security == "starttls":
            client.starttls(context=at.tls)
        client.ehlo_or_helo_if_needed()
        if at.username:
            client.login(at.username, at.password)
        return client

    def _submit(self, client: smtplib.SMTP) -> DeliveryError | None:
        mail, options = self._mail, list[str]()
        if not (mail.sender + mail.recipient).isprintable():  # smtplib would send to a part of it
            raise ValueError
        if not (mail.sender + mail.recipient).isascii() and client.has_extn("smtputf8"):
            options.append("SMTPUTF8")
        if not mail.raw.isascii() and client.has_extn("8bitmime"):
            options.append("BODY=8BITMIME")
        steps: tuple[tuple[int, Callable[[], tuple[int, bytes]]], ...] = (
            (250, lambda: client.mail(mail.sender, options)),
            (250, lambda: client.rcpt(mail.recipient)),
            (354, lambda: client.docmd("DATA")),
        )
        for expected, step in steps:
            code, said = step()
            if code not in (expected, 251):
                return self._refusal(code, said)
        with self._lock:
            if self._abandoned:
                return DeliveryRetry(f"{self._place}: abandoned")
            self._ended = True
        client.send(_lines(mail.raw))
        code, said = client.getreply()
        return None if code == 250 else self._refusal(code, said)

    def _refusal(self, code: int, said: bytes) -> DeliveryError:
        text = f"{self._place}: {_words(code, said)}"
        if 500 <= code < 600 and code not in _MENDABLE:
            return DeliveryDead(text)
        return DeliveryRetry(text) if code >= 400 else self.lost(_words(code, said))


def _lines(raw: bytes) -> bytes:
    """The message as DATA wants it: CRLF and nothing else ends a line, leading dots doubled, the final dot."""
    lines = re.sub(rb"\r\n|\r|\n", b"\r\n", raw).removesuffix(b"\r\n")
    return re.sub(rb"(?m)^\.", b"..", lines) + b"\r\n.\r\n"


def _words(code: int, said: bytes) -> str:
    text = said.decode("utf-8", "replace")
    return f"{code} {' '.join(''.join(c if c.isprintable() else ' ' for c in text).split())[:200]}"


def _reason(error: OSError) -> str:
    if isinstance(error, smtplib.SMTPResponseException) and isinstance(error.smtp_error, bytes):
        return _words(error.smtp_code, error.smtp_error)
    verify = getattr(error, "verify_message", None)
    return f"its certificate is not trusted: {verify}" if verify else str(error)[:200] or type(error).__name__
