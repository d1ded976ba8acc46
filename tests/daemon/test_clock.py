"""Clocks that are set and days that have 23 or 25 hours: nothing falls silent, nothing is doubled, nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from tests.journeys.stage import Clock
from tests.soak import world as w
from tests.soak.child import ENVIRON, round_
from tracker.app import build
from tracker.config import load
from tracker.daemon import Daemon


@asynccontextmanager
async def daemon(it: w.World, clock: Clock) -> AsyncIterator[Daemon]:
    """A daemon in this process, at a time that the test sets."""
    running = Daemon(build(load(it.folder, ENVIRON), clock, inline=True))
    ready = asyncio.Event()
    ended = asyncio.create_task(running.run(lambda _: ready.set()))
    await asyncio.wait_for(ready.wait(), 30)
    yield running
    running.stopping.set()
    await asyncio.wait_for(ended, 30)


@pytest.mark.parametrize("hours", [-1.0, 1.0])
async def test_a_clock_that_is_set_by_an_hour_silences_and_doubles_nothing(tmp_path: Path, hours: float) -> None:
    async with w.world(tmp_path, f"sqlite:///{tmp_path / 'archive.db'}", feeds=1) as it:
        clock = Clock(datetime.now(UTC))
        async with daemon(it, clock) as running:
            it.batches = 2
            await w.until(lambda: (clock.go(seconds=0.002), len(it.bodies) == it.expected)[1], 30, "told")
            clock.go(hours=hours)
            for job in running.scheduler.get_jobs():  # where the scheduler's own clock would have put them
                job.modify(next_run_time=datetime.now(UTC) + timedelta(hours=1))
            it.batches += 1
            await w.until(lambda: (clock.go(seconds=0.002), len(it.bodies) == it.expected)[1], 15, "told after it")
            assert running.tracker.troubles == {}
            ids = {one.id for one in running.tracker.archive.each_statement()}
            assert len(ids) == it.expected
            assert len({body["data"]["statement"]["id"] for body in it.bodies.values()}) == len(it.bodies)


@pytest.mark.parametrize(
    ("zone", "at", "start"),
    [("Europe/Berlin", "02:30", datetime(2026, 10, 23, tzinfo=UTC)),  # comes twice on the 25th
     ("Europe/Berlin", "02:30", datetime(2026, 3, 27, tzinfo=UTC)),  # is skipped on the 29th
     ("Africa/Cairo", "00:00", datetime(2026, 4, 22, tzinfo=UTC))],  # is skipped on the 24th
)  # fmt: skip
async def test_each_local_day_has_one_issue_also_when_the_clock_is_set_meanwhile(
    tmp_path: Path, zone: str, at: str, start: datetime
) -> None:
    async with w.world(tmp_path, f"sqlite:///{tmp_path / 'archive.db'}", feeds=0) as it:
        rules = (tmp_path / "rules.toml").read_text()
        rules = rules.replace('at = "07:00"', f'at = "{at}"').replace("Africa/Cairo", zone)
        (tmp_path / "rules.toml").write_text(rules.replace('name = "morning"', 'name = "morning"\nempty = "mail"'))
        clock = Clock(start)
        tracker = build(load(tmp_path, ENVIRON), clock, inline=True)
        it.batches = 1
        await round_(tracker)
        for hour in range(4 * 24):
            clock.go(hours=1)
            if hour % 5 == 4:
                clock.go(hours=-1)
                await tracker.make_digests()
                clock.go(hours=1)
            await tracker.make_digests()
        await tracker.tell()
        issues = tracker.archive.issues("morning")
        assert len({issue.day for issue in issues}) == len(issues) == 4
        joined = sorted(issues, key=lambda issue: issue.end)
        assert all(one.end == following.start for one, following in pairwise(joined))
        assert sum(len(issue.statements) for issue in issues) == 1
        await tracker.close()


async def test_health_is_red_when_what_is_due_waits(tmp_path: Path) -> None:
    async with w.world(tmp_path, f"sqlite:///{tmp_path / 'archive.db'}", feeds=1) as it:
        clock = Clock(datetime(2026, 3, 10, 9, 0, tzinfo=UTC))
        tracker = build(load(tmp_path, ENVIRON), clock, inline=True)
        it.batches = 1
        await round_(tracker)
        assert tracker.health().ok
        clock.go(minutes=3)
        stale = tracker.health()
        assert (stale.ok, stale.problems) == (False, ("2 sources wait to be polled: feed-0, odera-x",))
        await round_(tracker)
        assert tracker.health().ok
        await tracker.close()
