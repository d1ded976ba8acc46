"""The journey from "kept" to "related": new statements against those around them, in commit order, idempotently. Links,
events and labels by event come of it, and what they newly match. A dead worker's lease runs out."""

import asyncio
from datetime import datetime, timedelta

from tracker import judge
from tracker.archive import Archive
from tracker.classify.quotes import fingerprints
from tracker.errors import SourceError
from tracker.judge import Company
from tracker.models.statement import Related, Statement, stands_alone
from tracker.outside.clock import Clock
from tracker.outside.workers import Workers

#: Statements related in one transaction, and seconds until another worker may take them over.
GROUP, LEASE = 200, 25.0
#: Days on either side in which a report, a cross-post or a readout belongs to a statement.
DAYS = 3.0


async def relate_new(archive: Archive, workers: Workers, clock: Clock, lease: float = LEASE) -> tuple[int, int]:
    """Relate everything that waits for it; the numbers of statements related and of alerts that came of it."""
    related = alerts = 0
    while True:
        now = clock.now()
        waiting = await asyncio.to_thread(archive.claim_unrelated, now, GROUP, lease)
        if not waiting:
            return related, alerts
        companies = await asyncio.to_thread(_companies, archive, waiting)
        alerts += await _relate(archive, workers, clock, companies, now + timedelta(seconds=lease), lease)
        related += len(waiting)


async def _relate(
    archive: Archive, workers: Workers, clock: Clock, companies: list[Company], until: datetime, lease: float
) -> int:
    """Relate statements that are leased until then, with a whole lease for it; the number of alerts added. A group that
    cannot be judged is halved, and what cannot be judged alone stands alone."""
    now, longer = clock.now(), clock.now() + timedelta(seconds=lease)
    await asyncio.to_thread(archive.extend_relations, [one.statement.id for one in companies], until, longer)
    met = [o for o in companies if o.around or o.events or o.statement.classification.visits or o.statement.corrected]
    try:
        found = await workers.run(judge.relate, met, now)
    except SourceError:
        half = len(companies) // 2
        if half:
            parts = (companies[:half], companies[half:])
            return sum([await _relate(archive, workers, clock, part, longer, lease) for part in parts])
        found = [Related(companies[0].statement.id)]
    alone = {one.statement.id for one in companies} - {one.statement for one in found}  # most of a first reading
    return await asyncio.to_thread(archive.relate, [*found, *map(Related, alone)], clock.now(), longer)


def _companies(archive: Archive, waiting: list[Statement]) -> list[Company]:
    """Whom each statement may have to do with."""
    prints = {one.id: set(fingerprints(one.post.text)) for one in waiting}
    shared = archive.sharing(set().union(*prints.values()))
    quoting = {key: its & shared for key, its in prints.items()}
    social = [one for one in waiting if not stands_alone(one.post, one.classification, bool(quoting[one.id]))]
    hashes = [prints[one.id] if one.post.origin == "official" else quoting[one.id] for one in social]
    around = archive.around(social, hashes, DAYS) if social else []
    events = archive.events_around(social, around, DAYS) if social else []
    met = {one.id: Company(one, tuple(a), tuple(e)) for one, a, e in zip(social, around, events, strict=True)}
    return [met.get(one.id) or Company(one, (), ()) for one in waiting]
