"""Peers on the same farm. `python -m benchmarks.peers bare|reader PORT FEEDS`: seconds of wall and CPU as JSON.

`bare` is one httpx client with 20 connections that only fetches with validators; `reader` is lemon24/reader, where it
is installed.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx


def cpu() -> float:
    own = resource.getrusage(resource.RUSAGE_SELF)
    return own.ru_utime + own.ru_stime


def timed(work: Callable[[], object]) -> dict[str, float]:
    started, spent = time.perf_counter(), cpu()
    work()
    return {"wall": time.perf_counter() - started, "cpu": cpu() - spent}


def bare(port: int, feeds: int) -> dict[str, object]:
    """The second of two rounds: 304 for every feed."""
    etags: dict[int, str] = {}

    async def rounds() -> dict[str, float]:
        limits = httpx.Limits(max_connections=20, max_keepalive_connections=20)
        async with httpx.AsyncClient(limits=limits, timeout=30) as client:

            async def fetch(number: int) -> None:
                headers = {"If-None-Match": etags[number]} if number in etags else {}
                reply = await client.get(f"http://127.0.0.1:{port}/{number}.xml", headers=headers)
                if reply.status_code == 200:
                    etags[number] = reply.headers["etag"]

            await asyncio.gather(*(fetch(n) for n in range(feeds)))
            started, spent = time.perf_counter(), cpu()
            await asyncio.gather(*(fetch(n) for n in range(feeds)))
            return {"wall": time.perf_counter() - started, "cpu": cpu() - spent}

    return {"warm": asyncio.run(rounds())}


def reader(port: int, feeds: int) -> dict[str, object]:
    from reader import make_reader

    with tempfile.TemporaryDirectory() as folder:
        it = make_reader(str(Path(folder) / "reader.db"))
        for number in range(feeds):
            it.add_feed(f"http://127.0.0.1:{port}/{number}.xml")
        cold = timed(lambda: it.update_feeds(scheduled=False, workers=20))
        return {"cold": cold, "warm": timed(lambda: it.update_feeds(scheduled=False, workers=20))}


if __name__ == "__main__":
    print(json.dumps({"bare": bare, "reader": reader}[sys.argv[1]](int(sys.argv[2]), int(sys.argv[3]))))
