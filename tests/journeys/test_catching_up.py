"""What is judged waits in memory until it is kept: judging waits for keeping, and both go on when either can."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from threading import Event
from typing import Any, cast

import pytest
from stage import Clock

from tracker.archive import Archive
from tracker.collect import GROUP_SIZE, Collector
from tracker.errors import ArchiveAway
from tracker.judge import Job, Sight
from tracker.models.source import Claim, Kept, PollState, Reading, Reply, Request, Source
from tracker.outside.web import Web
from tracker.outside.workers import Workers

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
MANY = 5 * GROUP_SIZE


class Slow:
    """An archive in which keeping stands still until `open` is set, and fails while it is `away`."""

    def __init__(self, *, away: bool) -> None:
        self.open, self.keeping = Event(), asyncio.Event()
        self.away, self.loop, self.kept = away, asyncio.get_running_loop(), list[str]()

    def claim_due(self, now: datetime, limit: int, lease: float, names: Sequence[str] | None) -> list[Claim]:
        sources = (Source(f"s{n}", "feed", {"url": f"https://s{n}.example/"}, publisher="P") for n in range(limit))
        return [Claim(source, PollState(), "1") for source in sources]

    def keep(self, group: Sequence[Reading], now: datetime) -> list[Kept]:
        self.loop.call_soon_threadsafe(self.keeping.set)
        assert self.open.wait(5)
        if self.away:
            raise ArchiveAway("the database is away")
        names = [reading.claim.source.name for reading in group]
        self.kept += names
        return [Kept(name) for name in names]


class Site:
    """Whatever is asked is answered at once."""

    async def send(self, request: Request, still: Any) -> Reply:
        return Reply(request.url, 200, {}, b"words", NOW)


class Hands:
    """Workers that judge at once; `judged` is how much they did."""

    judged = 0

    async def run(self, function: Any, job: Job) -> Sight:
        self.judged += 1
        return Sight((), 1, None, {}, 0, None, ())


@pytest.mark.parametrize("away", [False, True])
async def test_no_more_is_judged_than_one_group_ahead_of_what_is_kept(away: bool) -> None:
    archive, hands = Slow(away=away), Hands()
    parts = cast(Archive, archive), cast(Web, Site()), cast(Workers, hands)
    collector = Collector(*parts, Clock(NOW), parallel=MANY)
    assert await collector.tick() == MANY
    await archive.keeping.wait()  # by now every other poll has its answer
    assert hands.judged == GROUP_SIZE
    archive.open.set()
    if away:
        with pytest.raises(ArchiveAway):
            await collector.drain()
    else:
        await collector.drain()
    assert (hands.judged, len(set(archive.kept))) == (MANY, 0 if away else MANY)
    await collector.stop(1)
