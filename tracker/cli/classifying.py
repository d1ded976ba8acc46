"""Many texts through the classifier: `classify`, a JSON object a line, and `evaluate`, against what people say."""

import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from tracker.classify import Classifier, Utterance, utterance_of
from tracker.classify import evaluate as figures
from tracker.cli import show
from tracker.cli.show import Answer
from tracker.errors import UsageError
from tracker.models import shape as shapes
from tracker.models.registry import Registry
from tracker.models.statement import Classification
from tracker.text import shorten

Row = dict[str, Any]
#: What a row holds; all but the text may be missing or null.
TEXTS = ("title", "lang", "author", "author_role", "country", "date")
#: Statements on which people and classifier differ, shown of each label; --json has all.
SHOWN = 10
DIFFER = ("what", "score", "id", "url", ("said", lambda row: shorten(row["text"], 80)))
#: Lines classified together: batches are what makes it fast.
BATCH = 512
#: What no UTF-8 text has: bytes of another encoding, and the zeros of UTF-16.
_OTHER = re.compile("[\0\udc80-\udcff]")


def lines(classifier: Classifier, source: TextIO, target: TextIO) -> int:
    """Classify every line in order; a bad one gives {"id", "error"}. The exit code: 1 when there was a bad one."""
    bad = 0
    while batch := [line.lstrip("\ufeff") for line in islice(source, BATCH)]:
        rows = [read(line, classifier.registry) for line in batch if line.strip()]
        understood = iter(classifier.classify([said for _, said in rows if isinstance(said, Utterance)]))
        for row, said in rows:
            good = isinstance(said, Utterance)
            out = shape(next(understood), classifier) if good else {"error": said}
            target.write(show.written({"id": row.get("id"), **out}))
            bad += not good
    return int(bad > 0)


def read(line: str, registry: Registry) -> tuple[Row, Utterance | str]:
    """The row (empty where there is none), with what is to be classified or what is wrong with it."""
    if _OTHER.search(line):
        return {}, "not UTF-8"
    try:
        row = json.loads(line, parse_constant=int)  # NaN and Infinity are no JSON; int takes neither
    except (ValueError, RecursionError) as error:
        return {}, f"not JSON: {error}"
    if not isinstance(row, dict):
        return {}, "not a JSON object"
    if type(row.get("id")) not in (str, int, type(None)):
        return {}, "id: a string or a whole number is needed"
    wrong = [name for name in TEXTS if not isinstance(row.get(name), str | None)]
    if wrong or not isinstance(row.get("text"), str):
        return row, f"{(*wrong, 'text')[0]}: a string is needed"
    said = utterance_of(row, registry)
    return row, f"date: {str(row['date'])[:40]!r} is no day" if row.get("date") and not said.published else said


def shape(understood: Classification, classifier: Classifier) -> dict[str, Any]:
    """The public shape of one classification, its labels in PLOVER's terms too."""
    given = [(shapes.label(one), classifier.labels[one.name]) for one in understood.labels]
    terms = [{"type": spec.plover_type, "mode": spec.plover_mode, "contexts": spec.contexts} for _, spec in given]
    labels = [label | {"plover": plover} for (label, _), plover in zip(given, terms, strict=True)]
    evidence = [[{"of": of, **asdict(words)} for of, words in visit.words] for visit in understood.visits]
    return {
        "lang": understood.lang, "classified": understood.classified,
        "labels": labels, "scores": dict(understood.scores),
        "events": [{**shapes.visit(v), "evidence": e} for v, e in zip(understood.visits, evidence, strict=True)],
        "mentions": [{"kind": m.kind, "ref": m.ref, **asdict(m.words)} for m in understood.mentions],
        "classifier": understood.version,
    }  # fmt: skip


def evaluate(classifier: Classifier, file: Path) -> Answer:
    """The figures; failed where a line is bad, which the notes name."""
    read = [(number, _read(line, classifier)) for number, line in enumerate(_lines(file), 1) if line.strip()]
    problems = [f"line {number}: {wrong}" for number, wrong in read if isinstance(wrong, str)]
    rows = [row for _, row in read if not isinstance(row, str)]
    found: list[Row] = []
    with show.progress("evaluating", len(rows)) as advance:
        for start in range(0, len(rows), BATCH):
            batch = [said for _, said in rows[start : start + BATCH]]
            found += [shape(one, classifier) for one in classifier.classify(batch)]
            advance(len(batch))
    outcome = _figures(classifier, [row for row, _ in rows], found)
    value = {**outcome, "labels": [*map(asdict, outcome["labels"])], "problems": problems}
    flattered = "statements that it was trained on flatter it: make evaluate cross-validates"
    notes = [flattered, *(f"{file}: {show.cell(problem)}" for problem in problems)]
    return Answer(value, _told(outcome), notes, failed=bool(problems))


def _lines(file: Path) -> list[str]:
    try:
        said = show.exact(sys.stdin).read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: {getattr(error, 'strerror', None) or 'not UTF-8'}") from None
    return said.removeprefix("\ufeff").split("\n")


def _read(line: str, classifier: Classifier) -> tuple[Row, Utterance] | str:
    """A labelled row with what is to be classified, or what is wrong with it."""
    row, said = read(line, classifier.registry)
    if isinstance(said, str):
        return said
    given, visit = row.get("labels"), row.get("visit") or {}
    if not isinstance(given, list) or not all(isinstance(name, str) for name in given):
        return "labels: a list of names is needed"
    if not isinstance(visit, dict) or not all(isinstance(value, str | None) for value in visit.values()):
        return "visit: an object of texts is needed"
    unknown = [name for name in given if name not in classifier.labels]
    return f"labels: no label {unknown[0]!r}" if unknown else (row, said)


def _figures(classifier: Classifier, gold: Sequence[Row], found: Sequence[Row]) -> Row:
    """Figures of the shipped labels, and of those of the user's own that the file has."""
    used = {name for row in gold for name in row["labels"]}
    specs = [one for one in classifier.labels.values() if one.name in used or not one.phrases]
    names = [one.name for one in specs]
    truth = np.array([[name in row["labels"] for name in names] for row in gold], bool).reshape(-1, len(names))
    scores = np.array([[row["scores"].get(name, 0.0) for name in names] for row in found]).reshape(truth.shape)
    languages = [str(row.get("lang") or out["lang"]) for row, out in zip(gold, found, strict=True)]
    levels = [one.threshold for one in specs], [one.alert_threshold for one in specs]
    differ = [
        {"label": name, "what": what, "score": score, "id": row.get("id"), "url": row.get("url"), "text": row["text"]}
        for name in names
        for what, score, row in figures.confusion(name, gold, found)
    ]
    return {
        "statements": len(gold), "classifier": classifier.version, "confusion": differ,
        "labels": figures.table(names, truth, scores, *levels, languages),
        "visits": asdict(figures.frames(gold, found)),
    }  # fmt: skip


def _told(outcome: Row) -> Iterator[str | show.Table]:
    v, differ = outcome["visits"], outcome["confusion"]
    yield f"{outcome['statements']:,} statements, classifier {outcome['classifier']}"
    yield figures.render(outcome["labels"])
    countries, places = f"{v['countries']} of {v['framed']}", f"{v['place_right']} of {v['places']}"
    yield f"\nvisits: {v['visits']} labelled, {v['framed']} found; countries right {countries}, place {places}\n"
    for name in dict.fromkeys(row["label"] for row in differ):
        rows = [row for row in differ if row["label"] == name]
        yield f"{name}: {len(rows)} differ" + (f", {SHOWN} shown" if len(rows) > SHOWN else "")
        yield show.Table(rows[:SHOWN], DIFFER, "")
