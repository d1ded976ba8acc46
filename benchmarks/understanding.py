"""`python -m benchmarks.understanding`: rules, the classifier, quotations, in milliseconds, as JSON."""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import accumulate

from benchmarks.farm import WORDS
from benchmarks.searching import LABELS, LEADERS, fill, judged, registry
from tracker import terms
from tracker.archive import Archive
from tracker.classify import Classifier, Utterance, quotes, relate
from tracker.decide import match
from tracker.decide.query import Vocabulary, parse
from tracker.models.query import And
from tracker.models.source import Judged
from tracker.models.statement import Statement
from tracker.models.telling import Rule

#: Words and how often each comes: the n-th about 1/n as often as the first.
VOCABULARY = tuple(f"word{n}" for n in range(20_000))
COMMON = tuple(accumulate(1 / (n + 2.7) for n in range(20_000)))


def median_ms(work: Callable[[], object], times: int = 9) -> float:
    took = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        took.append((time.perf_counter() - started) * 1000)
    return sorted(took)[times // 2]


def rules() -> float:
    """1,000 rules of three operators against one statement."""
    words, draw = Vocabulary(registry(), LABELS, ("feed",), ("bench",)), random.Random(3)
    made = [
        Rule(str(n), parse(f"leader:{draw.choice(LEADERS)} (label:{draw.choice(LABELS)} OR w{n}) -w{n + 1}", words), ())
        for n in range(1000)
    ]
    one = judged(1, draw)
    seen = terms.of(one.post, one.classification, source="bench", kind="feed", first_seen_at=datetime.now(UTC))

    def fire() -> None:
        view = match.prepare(seen)
        for rule in made:
            match.fire(rule, view, first_reading=False, age=60.0)

    return median_ms(fire)


def classifier() -> dict[str, float]:
    draw = random.Random(5)
    texts = [Utterance(text=" ".join(draw.choices(WORDS, k=35))) for _ in range(3000)]
    it = Classifier.load(registry())
    it.classify(texts[:50])
    started = time.process_time()
    it.classify(texts)
    rate = len(texts) / (time.process_time() - started)
    single = median_ms(lambda: it.classify(texts[:1]), 200)
    program = (
        "import time; s=time.perf_counter(); from tracker.classify import Classifier; "
        "from tracker.models.registry import Registry; Classifier.load(Registry()); print((time.perf_counter()-s)*1000)"
    )
    starts = [float(subprocess.check_output([sys.executable, "-c", program], text=True)) for _ in range(5)]
    return {"per_second": rate, "one_ms": single, "start_ms": sorted(starts)[2]}


def quoting() -> float:
    """Fingerprints of an article of 600 words: what it costs before the archive is asked."""
    article = " ".join(random.Random(6).choices(WORDS, k=600))
    return median_ms(lambda: quotes.fingerprints(article), 50)


def said(number: int, draw: random.Random) -> Judged:
    """A statement of 30 words as frequent as words are in a language, with its fingerprints."""
    words = " ".join(draw.choices(VOCABULARY, cum_weights=COMMON, k=30))
    one = judged(number, draw)
    post = replace(one.post, text=words, hash=hashlib.sha256(words.encode()).hexdigest())
    return replace(one, post=post, fingerprints=quotes.fingerprints(words))


def linking(statements: int = 100_000, articles: int = 40) -> dict[str, float]:
    """Among so many statements: the quotations of an article of 600 words that quotes three, and a near-duplicate's
    original; p95 in milliseconds, by the archive's verbs that the journey uses."""
    with tempfile.TemporaryDirectory() as folder:
        archive = Archive.open(f"sqlite:///{folder}/bench.db", worker="bench")
        try:
            fill(archive, statements, said)
            return _linked(archive, statements, articles)
        finally:
            archive.close()


def _linked(archive: Archive, statements: int, articles: int) -> dict[str, float]:
    draw, linked, alike = random.Random(8), list[float](), list[float]()
    newest = list(archive.search(And(()), limit=50).statements)
    for number in range(articles):
        three = draw.sample(newest, 3)
        report = _report(newest[0], statements + number, three, draw)
        started = time.perf_counter()
        shared = archive.sharing(quotes.fingerprints(report.post.text))
        (around,) = archive.around([report], [shared])
        found = relate.relations(report, around, ())
        linked.append((time.perf_counter() - started) * 1000)
        if not {one.id for one in three} <= {link.statement for _, link in found.links if link.type == "quotes"}:
            raise RuntimeError("a quotation was not linked")
    for one in newest[:articles]:
        text = one.post.text.rsplit(" ", 2)[0] + " and"
        started = time.perf_counter()
        same = [o.id for o in archive.quoted(quotes.fingerprints(text)) if quotes.alike(text, o.post.text)]
        alike.append((time.perf_counter() - started) * 1000)
        if one.id not in same:
            raise RuntimeError("a near-duplicate was not found")
    return {"article_ms": p95(linked), "duplicate_ms": p95(alike)}


def _report(like: Statement, number: int, quoted: list[Statement], draw: random.Random) -> Statement:
    """An article of 600 words with ten of each quoted statement's between marks."""
    words = draw.choices(VOCABULARY, cum_weights=COMMON, k=570)
    for place, one in enumerate(quoted):
        words.insert(150 * place, f"“{' '.join(one.post.text.split()[5:15])}”")
    post = replace(like.post, text=" ".join(words), origin="report", keys=(), references=())
    return replace(like, id=f"report-{number}", seq=number + 1, post=post)


def p95(took: list[float]) -> float:
    warm = sorted(took[5:])
    return warm[int(len(warm) * 0.95)]


if __name__ == "__main__":
    print(
        json.dumps({
            "rules_ms": rules(), "classifier": classifier(), "fingerprints_ms": quoting(), "linking": linking(),
        })
    )  # fmt: skip
