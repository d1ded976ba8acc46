"""A farm of feeds on loopback, in a process of its own: `python -m benchmarks.farm FEEDS ENTRIES` prints its port.

Each feed is RSS with ETag and 304, its texts made of common French and English words by a seed, so that every run is
alike.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

WORDS = """
le la président ministre visite à Bamako sécurité de des pour rencontre avec paix accord région the
minister said talks on border security with his counterpart during visit forces army attack condemned
people support economic development projet école santé eau route énergie marché agriculture culture sport
équipe match saison pluie
""".split()  # noqa: SIM905  # a list of one word a line would be a page


@lru_cache(maxsize=10_000)
def feed(number: int, entries: int) -> tuple[bytes, bytes]:
    """A feed's body and its ETag."""
    draw = random.Random(number)
    items = []
    for entry in range(entries):
        title = " ".join(draw.choices(WORDS, k=9))
        text = " ".join(draw.choices(WORDS, k=60))
        day = 1 + entry % 28
        items.append(
            f"<item><guid isPermaLink='false'>{number}-{entry}</guid><link>http://farm.example/{number}/{entry}</link>"
            f"<title>{title}</title><description>&lt;p&gt;{text}.&lt;/p&gt;</description>"
            f"<pubDate>{day:02d} Oct 2026 08:{entry % 60:02d}:00 GMT</pubDate></item>"
        )
    body = (
        f"<?xml version='1.0' encoding='UTF-8'?><rss version='2.0'><channel><title>Farm {number}</title>"
        f"<link>http://farm.example/{number}</link><description>d</description>{''.join(items)}</channel></rss>"
    ).encode()
    return body, b'"' + hashlib.sha256(body).hexdigest()[:16].encode() + b'"'


class Farm(asyncio.Protocol):
    """One connection: requests are small, so a head is taken to come whole."""

    entries = 30

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.pending = b""

    def data_received(self, data: bytes) -> None:
        self.pending += data
        while b"\r\n\r\n" in self.pending:
            head, self.pending = self.pending.split(b"\r\n\r\n", 1)
            self.answer(head)

    def answer(self, head: bytes) -> None:
        number = int(head.split(b" ", 2)[1].strip(b"/").split(b".")[0] or 0)
        body, etag = feed(number, self.entries)
        lowered = head.lower()
        if b"if-none-match: " + etag in lowered:
            reply = b"HTTP/1.1 304 Not Modified\r\nETag: " + etag + b"\r\n\r\n"
        else:
            size = str(len(body)).encode()
            reply = b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nETag: " + etag
            reply += b"\r\nContent-Length: " + size + b"\r\n\r\n" + body
        self.transport.write(reply)  # type: ignore[attr-defined]


async def serve(entries: int) -> None:
    Farm.entries = entries
    server = await asyncio.get_running_loop().create_server(Farm, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def running(entries: int = 30) -> Iterator[int]:
    """A farm in a process of its own; its port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.farm", str(entries)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
