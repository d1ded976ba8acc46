"""Several daemons on one PostgreSQL: no source is polled by two, a frozen one does no harm, a dead one is replaced."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from tests import postgres
from tests.soak import world as w
from tests.soak.test_kills import check
from tracker import collect, daemon, deliver, relate
from tracker.archive import Archive

pytestmark = pytest.mark.postgresql
LONG = int(os.environ.get("TRACKER_SOAK", "1")) > 2


def test_a_dead_worker_is_replaced_within_30_seconds() -> None:
    wake = max(every for every, _ in daemon.EVERY.values())
    for lease in (collect.LEASE, relate.LEASE, deliver.LEASE):
        assert lease + daemon.EVERY["tell"][0] < 30
    assert wake < 30


@pytest.mark.timeout(200)
async def test_three_workers_one_frozen_and_one_killed_double_nothing(
    tmp_path: Path, soak_server: postgres.Server, killable: w.Children
) -> None:
    url = soak_server.database()
    Archive.open(url, worker="migrator").close()
    lease = 25.0 if LONG else 2.0
    async with w.world(tmp_path, url, feeds=4) as it:
        it.batches, it.slow = 1, 0.2
        first, second, third = (killable.start(tmp_path, daemon=True, lease=lease) for _ in range(3))
        await w.until(lambda: len(it.bodies) >= it.expected, 60, f"everything is told: {killable.log}")
        it.batches += 1
        await w.until(lambda: sum(it.polling.values()), 20, "something is being polled")
        os.kill(first, signal.SIGSTOP)
        asked = dict(it.asked)
        everything = lambda: all(it.asked[path] > asked[path] + 1 for path in asked if "username" not in path)  # noqa: E731
        await w.until(everything, max(lease + 5, 20), "the others take over what the frozen one had")
        await killable.end(second)
        it.batches += 1
        await asyncio.sleep(2 * lease)  # what it took to sleep, not what it takes to wake
        os.kill(first, signal.SIGCONT)
        it.batches += 1
        await w.until(lambda: len(it.bodies) >= it.expected, 60, "everything is told")
        for one in (first, third):
            await killable.end(one, signal.SIGTERM)
        assert it.overlaps == []
        check(it, int(await w.finish(it, 1)))
    soak_server.drop(url)


@pytest.mark.timeout(120)
async def test_a_source_that_takes_longer_than_a_lease_is_still_polled_by_one(
    tmp_path: Path, soak_server: postgres.Server, killable: w.Children
) -> None:
    url = soak_server.database()
    Archive.open(url, worker="migrator").close()
    async with w.world(tmp_path, url, feeds=2) as it:
        it.batches, it.slow = 1, 2.5
        workers = [killable.start(tmp_path, daemon=True, lease=1.0) for _ in range(2)]
        await w.until(lambda: len(it.bodies) >= it.expected, 60, "everything is told")
        for one in workers:
            await killable.end(one, signal.SIGKILL)
        assert it.overlaps == []
    soak_server.drop(url)
