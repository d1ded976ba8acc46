"""`python -m benchmarks.searching URL STATEMENTS`: p95 of searches inside one process, in milliseconds, as JSON."""

from __future__ import annotations

import hashlib
import json
import random
import sys
import time
from datetime import UTC, datetime, timedelta

from tracker.archive import Archive
from tracker.decide.query import Vocabulary, parse
from tracker.models.registry import Leader, Office, Registry, Speaker, Tenure
from tracker.models.source import Claim, Judged, Reading, Source
from tracker.models.statement import Classification, Label, Post

START = datetime(2020, 1, 1, tzinfo=UTC)
LABELS = ("diplomatic_visit", "security_statement", "diplomatic_meeting", "aid", "ceremonial")
LEADERS = tuple(f"leader-{n}" for n in range(40))
QUERIES = {
    "a very common word": "w0",
    "a rare word": "w9000",
    "two words": "w3 w40",
    "a phrase": '"w0 w1"',
    "word and leader": "w1 leader:leader-3",
    "word, label and year": "w2 label:aid after:2020-03-01 before:2020-06-01",
    "leader alone": "leader:leader-7",
    "everything": "",
    "not": "w5 -w0 -label:aid",
    "or": "w700 OR w701 OR leader:leader-39",
}


def registry() -> Registry:
    return Registry(
        tuple(Leader(one, one, tenures=(Tenure("office", START.date()),)) for one in LEADERS),
        (Office("office", "President", "MLI"),),
    )


def judged(number: int, draw: random.Random) -> Judged:
    """A statement of 30 words whose frequencies fall as Zipf's law has them."""
    words = " ".join(f"w{min(int(draw.paretovariate(0.6)) - 1, 20_000)}" for _ in range(30))
    leader = draw.choice(LEADERS)
    at = START + timedelta(minutes=5 * number)
    label = Label(draw.choice(LABELS), 0.9)
    return Judged(
        "new",
        "new",
        Post(
            external_id=str(number),
            keys=(f"id:{number}",),
            origin="official",
            speaker=Speaker(leader, leader, "office", "President", "MLI"),
            publisher=None,
            text=words,
            hash=hashlib.sha256(words.encode()).hexdigest(),
            effective_at=at,
            published_at=at,
        ),
        Classification("en", True, "bench", (label,), {label.name: label.score}),
    )


def fill(archive: Archive, statements: int) -> float:
    """Keep so many statements; how many a second."""
    source = Source("bench", "feed", {"url": "http://bench.example/"}, publisher="Bench", every=1.0, every_max=1.0)
    now, draw, started = START + timedelta(days=3650), random.Random(7), time.perf_counter()
    archive.sync_sources([source], now)
    for first in range(0, statements, 1000):
        now += timedelta(seconds=10)
        claim: Claim = archive.claim_due(now, 1, 60.0, ["bench"])[0]
        items = tuple(judged(n, draw) for n in range(first, min(first + 1000, statements)))
        archive.keep([Reading(claim, claim.state, now, now, "read", ((None, items),), len(items))], now)
    return statements / (time.perf_counter() - started)


def main(url: str, statements: int) -> dict[str, object]:
    archive = Archive.open(url, worker="bench")
    try:
        rate = fill(archive, statements)
        words = Vocabulary(registry(), LABELS, ("feed",), ("bench",))
        slowest: dict[str, float] = {}
        for sort in ("date", "relevance"):
            for name, text in QUERIES.items():
                took = []
                for _ in range(20):
                    started = time.perf_counter()
                    archive.search(parse(text, words).tree, sort=sort, limit=50)  # type: ignore[arg-type]
                    took.append((time.perf_counter() - started) * 1000)
                slowest[f"{name}, by {sort}"] = sorted(took)[18]
        return {"p95_ms": max(slowest.values()), "by_query": slowest, "kept_per_second": rate}
    finally:
        archive.close()


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]))))
