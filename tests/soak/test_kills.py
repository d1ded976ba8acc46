"""kill -9 at random moments of every journey: nothing is lost, nothing is doubled, on either engine.

TRACKER_SOAK says how often each journey is killed (`make soak` asks for 50); the moments are drawn from a seed.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from pathlib import Path

import pytest

from tests.soak import world as w
from tests.soak.child import JOURNEYS, opened
from tracker.decide.query import parse

TIMES = int(os.environ.get("TRACKER_SOAK", "1"))
#: A journey of this world takes about so long, in seconds: a kill falls somewhere in it.
LASTS = {"poll": 0.25, "relate": 0.08, "digest": 0.05, "deliver": 0.25}


@pytest.mark.timeout(60 + 20 * TIMES)
async def test_a_worker_killed_at_any_moment_loses_and_doubles_nothing(
    tmp_path: Path, database: str, killable: w.Children
) -> None:
    drawn = random.Random(20221102)
    async with w.world(tmp_path, database) as it:
        days = 0
        for _ in range(TIMES):
            for number, journey in enumerate(JOURNEYS, 1):
                it.batches, days = it.batches + 1, days + 1
                pid = killable.start(tmp_path, days=days)
                await w.until(lambda at=number: killable.phase[0] >= at, 30, f"{journey}: {killable.log}")
                await asyncio.sleep(drawn.random() * LASTS[journey])
                await killable.end(pid)
        days = int(await w.finish(it, days + 1))
        held = check(it, days)
    print(f"{TIMES} kills a journey, {held} digest mails held as unknown")


@pytest.mark.timeout(60 + 20 * TIMES)
async def test_a_daemon_killed_at_any_moment_loses_and_doubles_nothing(
    tmp_path: Path, database: str, killable: w.Children
) -> None:
    drawn = random.Random(19471)
    async with w.world(tmp_path, database) as it:
        days = 0
        for _ in range(TIMES):
            it.batches, days = it.batches + 1, days + 1
            pid = killable.start(tmp_path, days=days, daemon=True)
            await w.until(lambda: killable.phase[0], 30, f"something is kept: {killable.log}")
            await asyncio.sleep(drawn.random() * 0.6)
            await killable.end(pid)
        check(it, int(await w.finish(it, days + 1)))


def check(it: w.World, days: int) -> int:
    """Everything served is there once and told once; how many digest mails are held as unknown."""
    tracker = opened(it.folder, days)
    archive = tracker.archive
    try:
        statements = archive.each_statement(limit=100_000)
        assert len({(one.source, one.post.external_id) for one in statements}) == len(statements) == it.expected
        assert {one.versions for one in statements} == {1}
        found = archive.search(parse("patrol", tracker.vocabulary).tree, limit=1)
        assert found.total == min(it.expected, 1000) or it.expected > 1000
        quoted = {link.statement for one in statements for link in one.links if link.type == "quotes"}
        assert quoted == {one.id for one in statements if one.source == "odera-x"}, "each post is quoted once"

        ids = {one.id for one in statements}
        alerts = [one for one in archive.alerts(limit=100_000) if one.rule == "patrols"]
        assert Counter(one.statement for one in alerts) == Counter(ids)
        told = Counter(body["data"]["statement"]["id"] for body in it.bodies.values())
        assert told == Counter(ids), "each alert under one webhook-id"
        mails = [key for key in it.mailbox.taken if key[0] == "desk@desk.example"]
        assert len(mails) == len(ids), "each alert under one Message-ID"

        issues = archive.issues(limit=10_000)
        assert Counter(key for issue in issues for key in issue.statements) == Counter(ids)
        assert len({issue.day for issue in issues}) == len(issues)
        box = archive.outbox()
        assert (box.pending, box.sending, box.dead) == (0, 0, 0)
        digests = [times for (to, _), times in it.mailbox.taken.items() if to != "desk@desk.example"]
        assert set(digests) == {1}, "no digest is mailed twice"
        mailed = {issue.notification for issue in issues if issue.notification}
        missing = 2 * len(mailed) - len(digests)
        assert 0 <= missing <= box.held
        return box.held
    finally:
        archive.close()
