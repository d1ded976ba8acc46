"""`python -m benchmarks.understanding`: rules, the classifier, quotations, in milliseconds, as JSON."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

from benchmarks.farm import WORDS
from benchmarks.searching import LABELS, LEADERS, judged, registry
from tracker import terms
from tracker.classify import Classifier, Utterance, quotes
from tracker.decide import match
from tracker.decide.query import Vocabulary, parse
from tracker.models.telling import Rule


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


if __name__ == "__main__":
    print(json.dumps({"rules_ms": rules(), "classifier": classifier(), "fingerprints_ms": quoting()}))
