"""The journey from "kept" to "related": new statements against those around them, in commit order, idempotently.

Links, events and labels by event come of it, and what they newly match. A worker that dies leaves a lease that runs
out.
"""

from __future__ import annotations

import asyncio

from tracker import judge
from tracker.archive import Archive
from tracker.classify.quotes import fingerprints
from tracker.judge import Company
from tracker.models.statement import Related, Statement
from tracker.outside.clock import Clock
from tracker.outside.workers import Workers

#: Statements related in one transaction, and seconds until another worker may take them over.
GROUP, LEASE = 200, 120.0
#: Days on either side in which a report, a cross-post or a readout belongs to a statement.
DAYS = 3.0


async def relate_new(archive: Archive, workers: Workers, clock: Clock) -> int:
    """Relate everything that waits for it; the number of statements related."""
    related = 0
    while True:
        now = clock.now()
        waiting = await asyncio.to_thread(archive.claim_unrelated, now, GROUP, LEASE)
        if not waiting:
            return related
        companies = await asyncio.to_thread(_companies, archive, waiting)
        found = await workers.run(judge.relate, [one for one in companies if _has_company(one)], now)
        alone = [Related(one.statement.id) for one in companies if not _has_company(one)]
        await asyncio.to_thread(archive.relate, [*found, *alone], now)
        related += len(waiting)


def _companies(archive: Archive, waiting: list[Statement]) -> list[Company]:
    return [_company(archive, statement) for statement in waiting]


def _company(archive: Archive, statement: Statement) -> Company:
    hashes = fingerprints(statement.post.text)
    around = archive.around(statement, hashes, DAYS)
    return Company(statement, tuple(around), tuple(archive.events_around(statement, DAYS)))


def _has_company(company: Company) -> bool:
    """Whether relating could find anything: most statements of a first reading stand alone."""
    return bool(company.around or company.events or company.statement.classification.visits)
