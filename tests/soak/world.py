"""A world to be killed in: sources that say everything twice, sinks that remember ids, and a child on its config."""

from __future__ import annotations

import asyncio
import json
import mmap
import os
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiosmtpd.controller import Controller

from tests.journeys.stage import free_port
from tests.servers import Answer, Asked, Site
from tests.soak.child import opened, round_

ROOT = Path(__file__).parents[2]
LEADERS = """
[[office]]
id = "ken-president"
title = "President of the Republic"
country = "KEN"
[[leader]]
id = "amina-odera"
name = "Amina Odera"
[[leader.tenure]]
office = "ken-president"
from = 2022-01-01
"""
SOURCES = """
[[source]]
name = "odera-x"
kind = "x"
handle = "AOdera"
leader = "amina-odera"
base_url = "{site}"
every = "1s"
every_max = "1s"
"""
FEED = """
[[source]]
name = "feed-{n}"
kind = "feed"
url = "{site}/feed/{n}"
publisher = "Times {n}"
every = "1s"
every_max = "1s"
"""
RULES = """
[[receiver]]
name = "desk"
kind = "webhook"
url = "{site}/hook"
secret = "env:DESK_SECRET"
[[receiver]]
name = "box"
kind = "email"
to = ["desk@desk.example"]
[[rule]]
name = "patrols"
query = "patrol"
receivers = ["desk", "box"]
first_reading = true
max_age = "8760h"
[[digest]]
name = "morning"
to = ["head@desk.example", "deputy@desk.example"]
at = "07:00"
timezone = "Africa/Cairo"
query = "patrol"
"""
SAID = "Patrol {n} of our two navies keeps the security of the lake that our peoples share number {n}"


class Mailbox:
    """An SMTP server that counts what it took, by recipient and Message-ID."""

    def __init__(self) -> None:
        self.taken: Counter[tuple[str, str]] = Counter()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # aiosmtpd's name
        head = envelope.content.decode("utf-8", "replace").split("\r\n\r\n", 1)[0]
        lines = [line.partition(":")[2].strip() for line in head.splitlines() if line.lower().startswith("message-id:")]
        self.taken.update((recipient, lines[0]) for recipient in envelope.rcpt_tos)
        return "250 OK"


@dataclass
class World:
    """What is served so far (`batches` of each source) and what the sinks took: bodies and counts by id."""

    feeds: int
    folder: Path
    batches: int = 0
    bodies: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    polling: Counter[str] = field(default_factory=Counter)
    overlaps: list[str] = field(default_factory=list)
    mailbox: Mailbox = field(default_factory=Mailbox)
    slow: float = 0.0
    born: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2))

    async def answer(self, asked: Asked) -> Answer:
        path = urlsplit(asked.path).path
        if path == "/hook":
            return self._hook(asked)
        self.polling[path] += 1
        if self.polling[path] > 1:
            self.overlaps.append(path)
        try:
            if self.slow:
                await asyncio.sleep(self.slow)
            return self._source(path, parse_qs(urlsplit(asked.path).query))
        finally:
            self.polling[path] -= 1
            self.asked[path] += 1

    def _hook(self, asked: Asked) -> Answer:
        key = asked.headers["webhook-id"]
        self.calls[key] += 1
        self.bodies[key] = json.loads(asked.body)
        refused = self.calls[key] == 1 and len(self.calls) % 7 == 3
        return Answer(503 if refused else 200)  # taken, and then said otherwise

    def _source(self, path: str, query: dict[str, list[str]]) -> Answer:
        if path.startswith("/2/users/by/username/"):
            return _json({"data": {"id": "1001", "name": "Amina Odera", "username": "AOdera"}})
        if path.startswith("/2/users/"):
            since = int(query.get("since_id", ["0"])[0])
            data = [self._post(n) for n in reversed(range(self.batches)) if 2000 + n >= since]  # the newest, twice
            return _json({"data": data, "meta": {"result_count": len(data), "newest_id": str(1999 + self.batches)}}
                         if data else {"meta": {"result_count": 0}})  # fmt: skip
        number = int(path.rpartition("/")[2])
        items = [self._item(number, n) for n in reversed(range(self.batches))]
        body = "".join(["<rss version='2.0'><channel><title>Times</title><link>https://times.example</link>",
                        "<description>news</description>", *items, *items[:2], "</channel></rss>"])  # fmt: skip
        return Answer(200, body.encode(), {"content-type": "application/rss+xml"})

    def _post(self, n: int) -> dict[str, Any]:
        at = (self.born + timedelta(seconds=n)).isoformat().replace("+00:00", ".000Z")
        return {"id": str(2000 + n), "text": SAID.format(n=n), "created_at": at, "lang": "en", "author_id": "1001",
                "edit_history_tweet_ids": [str(2000 + n)]}  # fmt: skip

    def _item(self, feed: int, n: int) -> str:
        at = format_datetime(self.born + timedelta(seconds=60 + n), usegmt=True)
        said = f"President Amina Odera said: “{SAID.format(n=n)}”, reporter {feed} writes." if feed == 0 else (
            f"A patrol of boat {n} was seen from pier {feed} in the morning.")  # fmt: skip
        return (
            f"<item><guid isPermaLink='false'>f{feed}-{n}</guid><link>https://times.example/{feed}/{n}</link>"
            f"<title>Times {feed}, report {n}</title><description>{said}</description><pubDate>{at}</pubDate></item>"
        )

    @property
    def expected(self) -> int:
        return self.batches * (self.feeds + 1)


def _json(value: Any) -> Answer:
    return Answer(200, json.dumps(value).encode(), {"content-type": "application/json"})


@asynccontextmanager
async def world(folder: Path, database: str, feeds: int = 3) -> AsyncIterator[World]:
    """The servers, and a config in `folder` that names them."""
    it = World(feeds, folder)
    async with AsyncExitStack() as stack:
        site = await stack.enter_async_context(Site(it.answer))
        mail_port = free_port()
        smtp = Controller(it.mailbox, hostname="127.0.0.1", port=mail_port)
        smtp.start()
        stack.callback(smtp.stop)
        main = (
            f'database = "{database}"\nworkers = 1\n[web]\nport = 0\n'
            f'[network]\nallow = ["127.0.0.1:{site.port}"]\nper_host_interval = "0s"\nper_host_parallel = 8\n'
            f'[mail]\nhost = "127.0.0.1"\nport = {mail_port}\nsecurity = "none"\nfrom = "T <t@desk.example>"\n'
        )
        address = site.url("").rstrip("/")
        sources = SOURCES + "".join(FEED.replace("{n}", str(n)) for n in range(feeds))
        files = {"tracker.toml": main, "leaders.toml": LEADERS, "sources.toml": sources, "rules.toml": RULES}
        for name, text in files.items():
            (folder / name).write_text(text.replace("{site}", address), encoding="utf-8")
        yield it


async def until(condition: Callable[[], Any], seconds: float = 30.0, what: str = "") -> Any:
    """What a condition gives when it holds; the test fails when it does not within so many seconds."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while not (found := condition()):
        assert loop.time() < deadline, f"not within {seconds} s: {what or condition}"
        await asyncio.sleep(0.002)
    return found


class Children:
    """Forks of one process that has everything imported."""

    def __init__(self, zygote: subprocess.Popen[str], folder: Path) -> None:
        self._zygote, self._folder, self.log = zygote, folder, folder / "log"
        self.started: list[int] = []
        (folder / "phase").write_bytes(b"\0")
        with (folder / "phase").open("r+b") as shared:
            self.phase = mmap.mmap(shared.fileno(), 1)

    def start(self, folder: Path, *, days: float = 0, lease: float = 25.0, daemon: bool = False) -> int:
        """Start one on a config folder; its number."""
        self.phase[0] = 0
        order = {"folder": str(folder), "days": days, "lease": lease, "daemon": daemon,
                 "phase": str(self._folder / "phase"), "log": str(self.log)}  # fmt: skip
        assert self._zygote.stdin is not None
        assert self._zygote.stdout is not None
        self._zygote.stdin.write(json.dumps(order) + "\n")
        self._zygote.stdin.flush()
        self.started.append(int(self._zygote.stdout.readline()))
        return self.started[-1]

    async def end(self, pid: int, number: int = signal.SIGKILL) -> None:
        """Signal one, and wait until it is gone."""
        os.kill(pid, number)
        await until(lambda: not alive(pid), 35.0, f"process {pid} ends")


def alive(pid: int) -> bool:
    """Whether a process is there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@contextmanager
def children() -> Iterator[Children]:
    """The process that forks them, and its end."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "tests.soak.child"]
        zygote = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        running = Children(zygote, Path(folder))
        try:
            yield running
        finally:
            for pid in filter(alive, running.started):  # of a test that failed
                os.kill(pid, signal.SIGKILL)
            zygote.communicate()


async def finish(it: World, days: float) -> float:
    """Let everything that is still due end, a day a round, in this process; the last day."""
    tracker = opened(it.folder, days)
    try:
        for extra in range(30):
            tracker.clock = opened(it.folder, days + extra).clock
            for part in ("collector", "postroom"):
                getattr(tracker, part)  # made with a clock of their own
            tracker.collector.clock = tracker.clock
            vars(tracker).pop("postroom")
            await round_(tracker)
            box = tracker.archive.outbox()
            if extra > 1 and not (box.pending or box.sending or tracker.archive.status()["unrelated"]):
                return days + extra
    finally:
        await tracker.close()
    raise AssertionError("something is never done")
