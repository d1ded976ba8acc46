"""`python -m benchmarks.ours PORT FEEDS`: poll a farm cold, then warm; seconds of wall and CPU of each, as JSON.

CPU is of this process and its workers. The warm poll is all that a poll does: claim, ask, compare, keep, relate, tell.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tracker.app import Tracker, build
from tracker.config import load
from tracker.daemon import settle

WARM_ROUNDS = 3


class Clock:
    """The machine's time, put forward so that everything is due again."""

    ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def write_config(folder: Path, port: int, feeds: int) -> None:
    (folder / "tracker.toml").write_text(
        f'database = "sqlite:///archive.db"\n[network]\nallow = ["127.0.0.1:{port}"]\nper_host_interval = "0s"\n'
        "per_host_parallel = 64\n",
        encoding="utf-8",
    )
    sources = (
        f'[[source]]\nname = "farm-{n}"\nkind = "feed"\n'
        f'url = "http://127.0.0.1:{port}/{n}.xml"\npublisher = "Farm {n}"\n'
        for n in range(feeds)
    )
    (folder / "sources.toml").write_text("\n".join(sources), encoding="utf-8")


def workers_cpu() -> float:
    """CPU seconds of this process's descendants that still live (the workers and their fork server)."""
    hertz, mine = os.sysconf("SC_CLK_TCK"), {os.getpid()}
    rows = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(") ", 1)[1].split()
            except OSError:
                continue
            rows.append((int(entry.name), int(fields[1]), (int(fields[11]) + int(fields[12])) / hertz))
    grown = True
    while grown:
        fresh = {pid for pid, parent, _ in rows if parent in mine} - mine
        mine |= fresh
        grown = bool(fresh)
    return sum(cpu for pid, _, cpu in rows if pid in mine and pid != os.getpid())


def cpu() -> float:
    own = resource.getrusage(resource.RUSAGE_SELF)
    return own.ru_utime + own.ru_stime + workers_cpu()


async def one_round(tracker: Tracker) -> dict[str, float]:
    started, spent = time.perf_counter(), cpu()
    asked = await tracker.poll()
    await tracker.relate()
    await tracker.tell()
    return {"wall": time.perf_counter() - started, "cpu": cpu() - spent, "asked": asked}


async def main(port: int, feeds: int) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        write_config(Path(folder), port, feeds)
        clock = Clock()
        tracker = build(load(Path(folder), {}), clock)
        try:
            tracker.archive.ping()  # start-up apart: the tables and all workers are there
            settle()  # as the daemon does
            await asyncio.gather(*(tracker.workers.run(time.sleep, 0.5) for _ in range(os.cpu_count() or 1)))
            cold = await one_round(tracker)
            warm = []
            for _ in range(WARM_ROUNDS):
                clock.ahead += timedelta(hours=7)
                warm.append(await one_round(tracker))
            return {"cold": cold, "warm": sorted(warm, key=lambda one: one["cpu"])[len(warm) // 2],
                    "statements": tracker.archive.status()["statements"]}  # fmt: skip
        finally:
            await tracker.close()


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))))
