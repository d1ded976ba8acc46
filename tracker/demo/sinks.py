"""Where the demo's mail and webhook calls arrive: kept for `world.mails` and `world.calls`, sent on to nobody."""

from __future__ import annotations

import asyncio
import email
import email.policy
from email.utils import parseaddr

from tracker.demo.wire import Answer, Ask
from tracker.demo.world import SunkCall, SunkMail, World

_REPLIES = {b"EHLO": b"250-demo.example\r\n250 8BITMIME\r\n", b"DATA": b"354 go on\r\n", b"QUIT": b"221 bye\r\n"}


def take_call(world: World, ask: Ask) -> Answer:
    """Keep a webhook call, however often it comes: `id` tells repeats apart."""
    call = SunkCall(world.as_of, ask.headers.get("webhook-id", ""), ask.path, dict(ask.headers), ask.body)
    world.calls.append(call)
    return Answer(204, b"", "text/plain")


async def take_mail(world: World, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Speak SMTP with one client: EHLO, HELO, MAIL, RCPT, DATA, RSET, NOOP, QUIT; everything is accepted."""
    sender, recipients, verb = "", list[str](), b""
    writer.write(b"220 demo.example ESMTP sink\r\n")
    try:
        while verb != b"QUIT" and (line := await reader.readline()):
            verb = line[:4].upper().strip()
            address = parseaddr(line.partition(b":")[2].split(b">")[0].decode("utf-8", "replace") + ">")[1]
            if verb == b"MAIL":
                sender, recipients = address, []
            elif verb == b"RCPT":
                recipients.append(address)
            writer.write(_REPLIES.get(verb, b"250 OK\r\n"))
            if verb == b"DATA":
                data = await reader.readuntil(b"\r\n.\r\n")
                world.mails.append(_mail(world, sender, recipients, data[:-3]))
                writer.write(b"250 OK kept\r\n")
            await writer.drain()
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, ValueError):
        pass  # the client went away, or sent more than a mail of ours ever holds
    finally:
        writer.close()


def _mail(world: World, sender: str, recipients: list[str], data: bytes) -> SunkMail:
    raw = data.replace(b"\r\n..", b"\r\n.")
    parsed = email.message_from_bytes(raw, policy=email.policy.default)
    subject, message_id = str(parsed.get("Subject", "")), str(parsed.get("Message-ID", ""))
    return SunkMail(world.as_of, sender, tuple(recipients), subject, message_id, raw)
