"""The processes that the soak tests kill: `python -m tests.soak.child` forks one for each line of JSON it is sent.

A fork has everything imported, so that it is at work in a few hundredths of a second, and a kill finds it there.
"""

from __future__ import annotations

import asyncio
import json
import mmap
import os
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from tracker.app import Tracker, build
from tracker.config import load
from tracker.daemon import Daemon
from tracker.models.source import Kept, Reading

#: What a child does one after the other, and says in the byte that it shares with the test; 0 while it starts.
JOURNEYS = ("poll", "relate", "digest", "deliver")
IDLE = len(JOURNEYS) + 1
ENVIRON = {"TRACKER_X_BEARER_TOKEN": "test-token", "DESK_SECRET": "whsec_dGVzdC1kZXNrLXNlY3JldC1vZi10aGlzLXN1aXRl"}


class Later:
    """The machine's clock, so many days on."""

    def __init__(self, days: float) -> None:
        self._shift = timedelta(days=days)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._shift

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def opened(folder: Path, days: float = 0, lease: float = 25.0) -> Tracker:
    """A tracker on a folder, that many days from now."""
    return build(load(folder, {**os.environ, **ENVIRON}), Later(days), inline=True, lease=lease)


async def round_(tracker: Tracker, phase: Any = None) -> None:
    """Every journey once; every source is asked, due or not."""

    def at(number: int) -> None:
        if phase is not None:
            phase[0] = number

    at(1)
    await tracker.poll([source.name for source in tracker.settings.sources])
    at(2)
    await tracker.relate()
    at(3)
    await tracker.make_digests()
    at(4)
    await tracker.tell()
    at(IDLE)


async def _rounds(folder: Path, days: float, lease: float, phase: Any) -> None:
    tracker = opened(folder, days, lease)
    while True:
        await round_(tracker, phase)
        await asyncio.sleep(0.01)


class _Marked(Daemon):
    """A daemon that says when it kept something."""

    def _kept(self, reading: Reading, kept: Kept) -> None:
        super()._kept(reading, kept)
        self.phase[0] = 1

    phase: Any = None


async def _daemon(folder: Path, days: float, lease: float, phase: Any) -> None:
    daemon = _Marked(opened(folder, days, lease))
    daemon.phase = phase
    await daemon.run(lambda _: None)


def _child(order: dict[str, Any]) -> None:
    with Path(order["log"]).open("a") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with Path(order["phase"]).open("r+b") as shared:
        phase = mmap.mmap(shared.fileno(), 1)
    work = _daemon if order["daemon"] else _rounds
    asyncio.run(work(Path(order["folder"]), order["days"], order["lease"], phase))


def main() -> None:
    """Fork a child for each order, and say its number."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the dead
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _child(json.loads(line))
            os._exit(0)
        print(pid, flush=True)


if __name__ == "__main__":
    main()
