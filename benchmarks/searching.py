"""`python -m benchmarks.searching URL STATEMENTS`: p95 of searches inside one process, in milliseconds, as JSON."""

from __future__ import annotations

import hashlib
import json
import random
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

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
    "two very common words": "w0 w1",
    "not a very common word": "-w0",
    "leader, label and two years": "leader:leader-3 label:aid after:2020 before:2022",
    "or of five": "w50 OR w60 OR w70 OR w80 OR w90",
    "score": "label:aid>=0.5",
    "the beginning of words": "w12*",
}
#: Beyond what is promised: two words that most statements say and few in a row, and the beginning of most words.
HARDER = {
    "a phrase of common words": '"w5 w9"',
    "one of two phrases of common words": '"w3 w8" OR "w4 w9"',
    "a phrase without another": '"w3 w8" -"w4 w9"',
    "the beginning of most words": "w1*",
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


def fill(archive: Archive, statements: int, make: Callable[[int, random.Random], Judged] = judged) -> float:
    """Keep so many statements; how many a second."""
    source = Source("bench", "feed", {"url": "http://bench.example/"}, publisher="Bench", every=1.0, every_max=1.0)
    now, draw, started = START + timedelta(days=3650), random.Random(7), time.perf_counter()
    archive.sync_sources([source], now)
    for first in range(0, statements, 1000):
        now += timedelta(seconds=10)
        claim: Claim = archive.claim_due(now, 1, 60.0, ["bench"])[0]
        items = tuple(make(n, draw) for n in range(first, min(first + 1000, statements)))
        archive.keep([Reading(claim, claim.state, now, now, "read", ((None, items),), len(items))], now)
    return statements / (time.perf_counter() - started)


def p95(archive: Archive, queries: dict[str, str]) -> dict[str, float]:
    """Milliseconds by query: of the first page newest first and by relevance, and of the page after 1,500."""
    words, slowest = Vocabulary(registry(), LABELS, ("feed",), ("bench",)), dict[str, float]()
    for name, query in queries.items():
        tree = parse(query, words).tree
        deep = archive.search(tree, limit=1_500).next
        for how, cursor in (("date", None), ("relevance", None), ("date, a deep page", deep)):
            took, sort = list[float](), how.partition(",")[0]
            for _ in range(20):
                started = time.perf_counter()
                archive.search(parse(query, words).tree, sort=sort, limit=50, cursor=cursor)  # type: ignore[arg-type]
                took.append((time.perf_counter() - started) * 1000)
            slowest[f"{name}, by {how}"] = sorted(took)[18]
    return slowest


def main(url: str, statements: int) -> dict[str, object]:
    archive = Archive.open(url, worker="bench")
    try:
        rate = fill(archive, statements)
        if archive.engine_name == "postgresql":
            with archive.writing() as connection:
                connection.execute(text("ANALYZE"))  # as autovacuum does within a minute
        found, harder = p95(archive, QUERIES), p95(archive, HARDER)
        told = {"p95_ms": max(found.values()), "harder_p95_ms": max(harder.values()), "kept_per_second": rate}
        return {**told, "by_query": found | harder}
    finally:
        archive.close()


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]))))
