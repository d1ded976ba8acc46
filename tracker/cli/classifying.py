"""`classify`: the public shape of one text's classification, and many texts, a JSON object a line."""

from __future__ import annotations

import json
from dataclasses import asdict
from itertools import islice
from typing import Any, TextIO

from tracker.classify import Classifier, Utterance, utterance_of
from tracker.cli.show import written
from tracker.models import shape as shapes
from tracker.models.statement import Classification, Visit

#: Lines classified together: batches are what makes it fast.
BATCH = 512


def lines(classifier: Classifier, source: TextIO, target: TextIO) -> int:
    """Classify every line in order; a bad one gives {"id", "error"}. The exit code: 1 when there was a bad one."""
    bad = 0
    while batch := list(islice(source, BATCH)):
        rows = [read(line) for line in batch if line.strip()]
        understood = iter(classifier.classify([said for _, said in rows if isinstance(said, Utterance)]))
        for key, said in rows:
            good = isinstance(said, Utterance)
            target.write(written({"id": key, **(shape(next(understood)) if good else {"error": said})}))
            bad += not good
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
        "lang": understood.lang, "classified": understood.classified,
        "labels": [shapes.label(label) for label in understood.labels], "scores": dict(understood.scores),
        "events": [_visit(visit) for visit in understood.visits],
        "mentions": [{"kind": m.kind, "ref": m.ref, **asdict(m.words)} for m in understood.mentions],
        "classifier": understood.version,
    }  # fmt: skip


def _visit(visit: Visit) -> dict[str, Any]:
    told = {"type": "AGREE" if visit.status == "announced" else "CONSULT", "mode": "visit", **shapes.visit(visit)}
    return told | {"evidence": [{"of": of, **asdict(words)} for of, words in visit.words]}
