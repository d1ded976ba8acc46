"""`classify`: one text explained, or many, a JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, TextIO

from tracker.classify import Classifier, Utterance, utterance_of
from tracker.cli.explain import visit as line
from tracker.cli.show import json_line
from tracker.models import shape as shapes
from tracker.models.statement import Classification, Visit

#: Lines classified together: batches are what makes it fast.
BATCH = 512


def lines(classifier: Classifier, source: TextIO, target: TextIO) -> int:
    """Classify every line in order; a bad one gives {"id", "error"}. The exit code: 1 when there was a bad one."""
    bad = 0
    while batch := list(islice(source, BATCH)):
        rows = [read(line) for line in batch if line.strip()]
        understood = iter(classifier.classify([utterance for _, utterance in rows if isinstance(utterance, Utterance)]))
        for key, utterance in rows:
            if isinstance(utterance, Utterance):
                row = {"id": key, **shape(next(understood))}
            else:
                row = {"id": key, "error": utterance}
                bad += 1
            target.write(json_line(row))
    return int(bad > 0)


def read(line: str) -> tuple[Any, Utterance | str]:
    """The row's id, with what is to be classified or what is wrong with it."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        return None, f"not JSON: {error}"
    if not isinstance(row, dict):
        return None, "not a JSON object"
    if not isinstance(row.get("text"), str):
        return row.get("id"), "text: a string is needed"
    try:
        return row.get("id"), utterance_of(row)
    except ValueError as error:
        return row.get("id"), str(error)


def shape(understood: Classification) -> dict[str, Any]:
    """The public shape of one classification."""
    return {
        "lang": understood.lang,
        "classified": understood.classified,
        "labels": [shapes.label(label) for label in understood.labels],
        "scores": dict(understood.scores),
        "events": [_visit(visit) for visit in understood.visits],
        "mentions": [
            {"kind": m.kind, "ref": m.ref, "exact": m.words.exact, "start": m.words.start, "end": m.words.end}
            for m in understood.mentions
        ],
        "classifier": understood.version,
    }


def _visit(visit: Visit) -> dict[str, Any]:
    return {
        "type": "AGREE" if visit.status == "announced" else "CONSULT",
        "mode": "visit",
        "status": visit.status,
        "visitor": [shapes.party(side) for side in visit.visitors],
        "host": shapes.party(visit.host),
        "place": visit.place,
        "date": visit.day.isoformat() if visit.day else None,
        "date_end": visit.day_end.isoformat() if visit.day_end else None,
        "evidence": [
            {"of": of, "field": w.field, "exact": w.exact, "start": w.start, "end": w.end} for of, w in visit.words
        ],
    }


def explain(understood: Classification) -> Iterator[str]:
    """The classification in lines, with the words that led to it."""
    if not understood.classified:
        yield f"language {understood.lang or 'unknown'}: not classified ({understood.version})"
        return
    yield f"language {understood.lang}, classifier {understood.version}"
    for label in understood.labels:
        yield f"label {label.name} {label.score:.2f} by {label.by}: " + _quoted(w.exact for w in label.words)
    if not understood.labels:
        yield "no label"
    rest = sorted(understood.scores.items(), key=lambda pair: -pair[1])
    yield "scores " + ", ".join(f"{name} {score:.2f}" for name, score in rest)
    for mention in understood.mentions:
        where = f"{mention.words.start}-{mention.words.end}"
        yield f"mention {mention.kind} {mention.ref}: “{mention.words.exact}” ({where})"
    for visit in understood.visits:
        yield f"visit {line(visit)}; " + ", ".join(f"{of} “{words.exact}”" for of, words in visit.words)


def _quoted(words: Iterable[str]) -> str:
    return ", ".join(f"“{word}”" for word in words) or "the text as a whole"
