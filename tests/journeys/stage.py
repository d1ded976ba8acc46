"""A whole tracker on loopback for journey tests: sources, a webhook and an SMTP sink, at a time the test sets."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiosmtpd.controller import Controller

from tests.servers import Answer, Asked, Site
from tracker.app import Tracker, build
from tracker.config import load

SECRET = "whsec_dGVzdC1kZXNrLXNlY3JldC1vZi10aGlzLXN1aXRl"
LEADERS = """
[[office]]
id = "ken-president"
title = "President of the Republic"
country = "KEN"
[[office]]
id = "rwa-president"
title = "President of the Republic"
country = "RWA"
[[leader]]
id = "amina-odera"
name = "Amina Odera"
aliases = ["President Odera"]
[[leader.tenure]]
office = "ken-president"
from = 2022-01-01
[[leader]]
id = "eric-habimana"
name = "Eric Habimana"
[[leader.tenure]]
office = "rwa-president"
from = 2021-01-01
"""


class Clock:
    """A clock that the test moves."""

    def __init__(self, now: datetime) -> None:
        self.at = now

    def now(self) -> datetime:
        return self.at

    def go(self, **span: float) -> None:
        self.at += timedelta(**span)

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Mailbox:
    """An SMTP server that keeps what it takes."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[str] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # aiosmtpd's name
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        self.recipients += envelope.rcpt_tos
        return "250 OK"


@dataclass
class Stage:
    """What the servers say. `posts` are X posts newest first, `feed` a document and its status; `calls` came in."""

    posts: list[dict[str, Any]] = field(default_factory=list)
    page: int = 100
    fails_after: int = 100
    given: list[str] = field(default_factory=list)
    includes: dict[str, Any] = field(default_factory=dict)
    feed: bytes = b""
    feed_status: int = 200
    feed_headers: dict[str, str] = field(default_factory=dict)
    hook_status: int = 200
    user: dict[str, Any] = field(default_factory=lambda: {"id": "1001", "name": "Amina Odera", "username": "AOdera"})
    calls: list[tuple[Mapping[str, str], dict[str, Any]]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def answer(self, asked: Asked) -> Answer:
        path = urlsplit(asked.path).path
        self.asked.append(asked.path)
        if path.startswith("/2/users/by/username/"):
            return _json({"data": self.user})
        if path.startswith("/2/users/") and len(self.given) >= 100 * self.fails_after:
            return Answer(500)
        if path.startswith("/2/users/"):
            return _json(self._timeline(parse_qs(urlsplit(asked.path).query)))
        if path == "/hook":
            self.calls.append((asked.headers, json.loads(asked.body)))
            return Answer(self.hook_status)
        return Answer(self.feed_status, self.feed, {"content-type": "application/rss+xml", **self.feed_headers})

    def _timeline(self, query: Mapping[str, list[str]]) -> dict[str, Any]:
        since = int(query.get("since_id", ["0"])[0])
        until, size = int(query.get("until_id", [str(2**63)])[0]), min(self.page, int(query["max_results"][0]))
        data = [post for post in self.posts if since < int(post["id"]) < until]
        begin = int(query.get("pagination_token", ["0"])[0])
        rest, data = data[begin + size :], data[begin : begin + size]
        self.given += [post["id"] for post in data]
        if not data:
            return {"meta": {"result_count": 0}}
        meta: dict[str, Any] = {"result_count": len(data), "newest_id": data[0]["id"], "oldest_id": data[-1]["id"]}
        meta |= {"next_token": str(begin + size)} if rest else {}
        return {"data": data, "includes": self.includes, "meta": meta}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def _json(value: Any) -> Answer:
    return Answer(200, json.dumps(value).encode(), {"content-type": "application/json"})


@dataclass
class Desk:
    """The running parts of one test."""

    tracker: Tracker
    clock: Clock
    stage: Stage
    mailbox: Mailbox
    folder: Path

    async def round(self, *names: str) -> None:
        """Poll (the named sources, or what is due), relate, make digests, tell."""
        await self.tracker.poll(names or None)
        await self.tracker.relate()
        await self.tracker.make_digests()
        await self.tracker.tell()

    def found(self, query: str) -> list[Any]:
        from tracker.decide.query import parse

        return list(self.tracker.archive.search(parse(query, self.tracker.vocabulary).tree, limit=1000).statements)


@asynccontextmanager
async def desk(
    folder: Path, now: datetime, *, leaders: str = LEADERS, sources: str = "", rules: str = "", extra: str = ""
) -> AsyncIterator[Desk]:
    """A tracker at `now`. `{site}` and `{port}` in `sources` and `rules` are the address and port of the stage."""
    stage, mailbox, clock = Stage(), Mailbox(), Clock(now)
    async with AsyncExitStack() as stack:
        site = await stack.enter_async_context(Site(stage.answer))
        mail_port = free_port()
        smtp = Controller(mailbox, hostname="127.0.0.1", port=mail_port)
        smtp.start()
        stack.callback(smtp.stop)
        main = f"""
database = "sqlite:///archive.db"
[network]
allow = ["127.0.0.1:{site.port}"]
per_host_interval = "0s"
[mail]
host = "127.0.0.1"
port = {mail_port}
security = "none"
from = "Tracker <tracker@desk.example>"
{extra}
"""
        files = {"tracker.toml": main, "leaders.toml": leaders, "sources.toml": sources, "rules.toml": rules}
        for name, text in files.items():
            written = text.replace("{site}", site.url("").rstrip("/")).replace("{port}", str(site.port))
            (folder / name).write_text(written, encoding="utf-8")
        environ = {"TRACKER_X_BEARER_TOKEN": "test-token", "DESK_SECRET": SECRET}
        tracker = build(load(folder, environ), clock, inline=True)
        try:
            yield Desk(tracker, clock, stage, mailbox, folder)
        finally:
            await tracker.close()
