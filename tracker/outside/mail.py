"""Mail: one message to one recipient, and what became of it told apart. smtplib in a thread of its own, so that neither
a slow server nor a dead one holds up the event loop."""

import asyncio
import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

from tracker.errors import DeliveryDead, DeliveryError, DeliveryRetry, DeliveryUnknown, TrackerError
from tracker.models.telling import Mail

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
    security: Literal["none", "starttls", "tls"] = "none"
    username: str = ""
    password: str = field(default="", repr=False)
    timeout: float = 60.0
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context, repr=False)

    async def send(self, mail: Mail | None, last: Callable[[], None] | None = None) -> None:
        """Returns when the server took responsibility; without a mail, when it let us in: encrypted and logged in.
        `last` is called just before the message leaves, and may raise. DeliveryRetry: no connection, a 4xx, or
        credentials or encryption refused (the operator can mend it). DeliveryDead: a 5xx to the sender, the recipient
        or the message. DeliveryUnknown: the message was sent to its end and the final answer is missing."""
        talk, outcome = _Talk(self, mail, last), Future[None]()
        outcome.set_running_or_notify_cancel()
        threading.Thread(target=talk.run, args=(outcome,), name="smtp", daemon=True).start()
        try:
            async with asyncio.timeout(self.timeout):
                await asyncio.wrap_future(outcome)
        except TimeoutError:
            raise talk.lost(f"no end within {self.timeout:g} s") from None
        finally:
            if not outcome.done():
                talk.abandon()


class _Talk:
    """One conversation. `_ended`: the whole message, with its final dot, may have been sent."""

    def __init__(self, mailer: Mailer, mail: Mail | None, last: Callable[[], None] | None) -> None:
        self._last = last
        self._mailer, self._mail, self._place = mailer, mail, f"mail server {mailer.host}:{mailer.port}"
        self._client: smtplib.SMTP | None = None
        self._lock = threading.Lock()
        self._ended = self._abandoned = False

    def run(self, outcome: Future[None]) -> None:
        """Sets the outcome: None when the server took the message. Then says goodbye, if anybody is there."""
        try:
            client = self._enter()
            if self._mail is not None:
                self._submit(client, self._mail)
            outcome.set_result(None)
        except TrackerError as error:  # a DeliveryError, or what `last` raised
            outcome.set_exception(error)
        except OSError as error:
            outcome.set_exception(self.lost(_reason(error)))
        except ValueError:  # without its text, which may hold the password
            outcome.set_exception(self.lost("the login cannot be written in SMTP"))
        if self._client is not None:
            try:
                self._client.quit()
            except (OSError, ValueError):
                self._client.close()

    def lost(self, why: str) -> DeliveryError:
        """No answer: how far it got decides whether it can be tried again. Afterwards no message is sent."""
        with self._lock:
            self._abandoned = True
        if self._ended:
            return DeliveryUnknown(f"{self._place}: the final answer was lost: {why}")
        return DeliveryRetry(f"{self._place}: {why}")

    def abandon(self) -> None:
        """Ends the conversation from another thread."""
        self.lost("abandoned")
        if sock := getattr(self._client, "sock", None):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

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

    def _submit(self, client: smtplib.SMTP, mail: Mail) -> None:
        addresses = mail.sender + mail.recipient
        options = [] if mail.raw.isascii() or not client.has_extn("8bitmime") else ["BODY=8BITMIME"]
        if not addresses.isascii():
            options.append("SMTPUTF8")
        if not addresses.isprintable() or (not addresses.isascii() and not client.has_extn("smtputf8")):
            raise DeliveryDead(f"{self._place}: an address cannot be written in SMTP")
        code, said = client.mail(mail.sender, options)
        if code == 250:
            code, said = client.rcpt(mail.recipient)
        if code in (250, 251):
            if self._last is not None:
                self._last()
            code, said = client.docmd("DATA")
        if code != 354:
            raise self._refusal(code, said)
        with self._lock:
            if self._abandoned:
                raise DeliveryRetry(f"{self._place}: abandoned")
            self._ended = True
        client.send(_lines(mail.raw))
        code, said = client.getreply()
        if code != 250:
            raise self._refusal(code, said)

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
    text = "".join(c if c.isprintable() else " " for c in said.decode("utf-8", "replace"))
    return f"{code} {' '.join(text.split())[:200]}"


def _reason(error: OSError) -> str:
    if isinstance(error, smtplib.SMTPResponseException) and isinstance(error.smtp_error, bytes):
        return _words(error.smtp_code, error.smtp_error)
    verify = getattr(error, "verify_message", None)
    return f"its certificate is not trusted: {verify}" if verify else str(error)[:200] or type(error).__name__
