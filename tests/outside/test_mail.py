"""Mail against a real SMTP server on loopback, well behaved and not."""

from __future__ import annotations

import asyncio
import time
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from tests.servers import Certificate, Scripted, closed
from tracker.errors import ArchiveAway, DeliveryDead, DeliveryError, DeliveryRetry, DeliveryUnknown
from tracker.models.telling import Mail
from tracker.outside.mail import Mailer

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # aiosmtpd's imports are not ours to mend
    from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

RAW = b"From: tracker@example.org\r\nMessage-ID: <1@example.org>\r\n\r\nHello\r\n.dot\nbare\r\n"
CERTIFICATE = Certificate.make("127.0.0.1")


class Post:
    """A handler whose answers a test sets; `kept` are (recipient, content)."""

    def __init__(self, **answers: str) -> None:
        self.answers, self.kept = answers, list[tuple[str, bytes]]()
        self.names = list[str]()

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, lines: list[str]
    ) -> list[str]:
        self.names.append(hostname)
        session.host_name = hostname
        return lines

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self.answers.get("mail", "250 OK")

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.answers.get("rcpt", "250 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.original_content
        assert isinstance(content, bytes)
        self.kept.append((envelope.rcpt_tos[0], content))
        answer = self.answers.get("data", "250 OK")
        if answer == "drop":
            server.transport.abort()
        if answer == "hang":
            await asyncio.sleep(60)
        return answer


@asynccontextmanager
async def serving(post: Post, **options: Any) -> AsyncIterator[int]:
    """The port of a server of `post`'s answers; `implicit` speaks TLS from the start."""
    implicit = CERTIFICATE.server if options.pop("implicit", False) else None
    protocols = list[SMTP]()

    def protocol() -> SMTP:
        protocols.append(SMTP(post, hostname="mx.test", enable_SMTPUTF8=True, **options))
        return protocols[-1]

    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0, ssl=implicit)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for each in protocols:
            if each.transport is not None:
                each.transport.abort()
            if each._handler_coroutine is not None:
                each._handler_coroutine.cancel()
        await closed(server)


def letter(recipient: str = "desk@example.org", raw: bytes = RAW) -> Mail:
    return Mail("tracker@example.org", recipient, raw)


def mailer(port: int, **options: Any) -> Mailer:
    return Mailer("127.0.0.1", port, **{"timeout": 5.0, "tls": CERTIFICATE.client, **options})


async def failure(port: int, mail: Mail | None = None, **options: Any) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await mailer(port, **options).send(mail or letter())
    return caught.value


async def test_a_mail_arrives_as_written_with_proper_line_ends() -> None:
    post = Post()
    async with serving(post) as port:
        await mailer(port).send(letter())
    assert post.kept == [("desk@example.org", RAW.replace(b".dot\nbare", b".dot\r\nbare"))]
    assert post.names == ["[127.0.0.1]"]


async def test_a_lone_dot_after_a_bare_newline_smuggles_nothing() -> None:
    post = Post()
    async with serving(post) as port:
        await mailer(port).send(letter(raw=b"Subject: x\r\n\r\na\n.\nMAIL FROM:<evil@example.org>\r\n.\rb"))
    assert [content for _, content in post.kept] == [
        b"Subject: x\r\n\r\na\r\n.\r\nMAIL FROM:<evil@example.org>\r\n.\r\nb\r\n"
    ]


async def test_letters_beyond_ascii_arrive() -> None:
    post = Post()
    async with serving(post, decode_data=False) as port:
        await mailer(port).send(letter("bürö@example.org", "Subject: é\r\n\r\né".encode()))
    assert post.kept == [("bürö@example.org", "Subject: é\r\n\r\né\r\n".encode())]


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_encryption_is_used_and_the_certificate_verified(security: Any) -> None:
    post = Post()
    options = {"implicit": True} if security == "tls" else {"tls_context": CERTIFICATE.server, "require_starttls": True}
    async with serving(post, **options) as port:
        await mailer(port, security=security).send(letter())
        assert len(post.kept) == 1
        error = await failure(port, security=security, tls=Certificate.make("127.0.0.1").client)
        assert isinstance(error, DeliveryRetry)
        assert "its certificate is not trusted" in str(error)
    assert len(post.kept) == 1


async def test_encryption_that_is_not_offered_is_never_done_without() -> None:
    post = Post()
    async with serving(post) as port:
        assert isinstance(await failure(port, security="starttls"), DeliveryRetry)
    assert post.kept == []


async def test_a_login_is_made_and_its_refusal_can_be_mended() -> None:
    def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        right = isinstance(data, LoginPassword) and data.password == b"s3cret"
        return AuthResult(success=right, handled=False)

    post = Post()
    options = {"authenticator": check, "auth_required": True, "tls_context": CERTIFICATE.server}
    async with serving(post, **options) as port:
        await mailer(port, security="starttls", username="me", password="s3cret").send(letter())
        for given in ({"username": "me", "password": "wr0ng"}, {}, {"username": "me", "password": "wr0ng☂"}):
            error = await failure(port, security="starttls", **given)
            assert isinstance(error, DeliveryRetry)
            assert "wr0ng" not in f"{error} {error!r}"
    assert len(post.kept) == 1
    assert "s3cret" not in repr(mailer(1, password="s3cret"))


async def test_without_a_mail_it_fails_as_with_one_and_nothing_is_sent() -> None:
    def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=isinstance(data, LoginPassword) and data.password == b"s3cret", handled=False)

    post, untrusted = Post(), Certificate.make("127.0.0.1").client
    options = {"authenticator": check, "auth_required": True, "tls_context": CERTIFICATE.server}
    async with serving(post, **options) as port, serving(post) as plain:
        at = mailer(port, security="starttls", username="me", password="s3cret")
        await at.send(None)
        await mailer(plain).send(None)
        for wrong, said in (
            (replace(at, password="wr0ng"), "535"),
            (replace(at, tls=untrusted), "its certificate is not trusted"),
            (replace(at, port=plain), "STARTTLS"),
            (replace(at, port=plain, security="none"), "AUTH"),
            (replace(at, security="tls"), "SSL"),
        ):
            with pytest.raises(DeliveryRetry, match=said):
                await wrong.send(None)
    assert post.kept == []


@pytest.mark.parametrize(
    ("answers", "kind", "words"),
    [
        ({"rcpt": "550 no such user"}, DeliveryDead, "550 no such user"),
        ({"mail": "553 not you"}, DeliveryDead, "553 not you"),
        ({"data": "554 looks like spam"}, DeliveryDead, "554 looks like spam"),
        ({"rcpt": "450 greylisted"}, DeliveryRetry, "450 greylisted"),
        ({"data": "451 disk full"}, DeliveryRetry, "451 disk full"),
        ({"mail": "530 log in first"}, DeliveryRetry, "530 log in first"),
        ({"rcpt": "421 going down"}, DeliveryRetry, "421 going down"),
        ({"rcpt": "550 \x1b[31mred\u202e"}, DeliveryDead, "550 [31mred"),
        ({"data": "drop"}, DeliveryUnknown, "the final answer was lost"),
    ],
)
async def test_a_refusal_is_told_by_what_can_be_done(answers: dict[str, str], kind: type, words: str) -> None:
    async with serving(Post(**answers)) as port:
        error = await failure(port)
    assert type(error) is kind
    assert words in str(error)
    assert str(error).isprintable()


async def test_an_address_with_a_line_break_is_dead() -> None:
    async with serving(Post()) as port:
        assert type(await failure(port, letter("a@example.org>\r\nRCPT TO:<b@example.org"))) is DeliveryDead


async def test_nobody_there_is_a_retry() -> None:
    async with serving(Post()) as port:
        pass
    assert type(await failure(port)) is DeliveryRetry


async def test_a_server_too_slow_after_the_message_leaves_it_unknown() -> None:
    async with serving(Post(data="hang")) as port:
        begun = time.monotonic()
        assert type(await failure(port, timeout=0.3)) is DeliveryUnknown
        assert time.monotonic() - begun < 1


async def test_a_server_that_never_greets_is_a_retry_and_holds_up_no_other() -> None:
    post = Post()
    async with serving(post) as good, Scripted([]) as server:
        slow = [asyncio.create_task(failure(server.port, timeout=0.3)) for _ in range(40)]
        await mailer(good).send(letter())
        assert {type(error) for error in await asyncio.gather(*slow)} == {DeliveryRetry}
    assert len(post.kept) == 1


async def test_a_mail_given_up_before_its_message_is_not_sent_later() -> None:
    go = asyncio.Event()

    class Slow(Post):
        async def handle_RCPT(self, *args: Any) -> str:
            await go.wait()
            return await super().handle_RCPT(*args)

    post = Slow()
    async with serving(post) as port:
        assert type(await failure(port, timeout=0.2)) is DeliveryRetry
        go.set()
        await mailer(port).send(letter())
    assert len(post.kept) == 1


async def test_what_is_called_before_the_message_may_stop_it() -> None:
    def refuse() -> None:
        raise ArchiveAway("the lease was lost")

    post = Post()
    async with serving(post) as port:
        with pytest.raises(ArchiveAway, match="lease"):
            await mailer(port).send(letter(), refuse)
    assert post.kept == []
