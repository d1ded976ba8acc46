"""`evaluate`: labelled statements against what the classifier says of them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import typer

from tracker.classify import Classifier, utterance_of
from tracker.classify import evaluate as figures
from tracker.cli import classifying, show
from tracker.errors import UsageError

Row = dict[str, Any]
#: Statements on which people and classifier differ, shown of each label; --json has all.
SHOWN = 10


def evaluate(classifier: Classifier, file: Path, as_json: bool) -> int:
    """Print the figures; the exit code: 1 when a line was bad, each of which is named on standard error."""
    gold, problems = _read(_lines(file), tuple(classifier.labels))
    found: list[Row] = []
    rows = iter(gold)
    with show.progress("evaluating", len(gold)) as advance:
        while batch := list(islice(rows, classifying.BATCH)):
            understood = classifier.classify([utterance_of(row) for row in batch])
            found += map(classifying.shape, understood)
            advance(len(batch))
    outcome = _figures(classifier, gold, found)
    if as_json:
        show.as_json({**outcome, "labels": [asdict(one) for one in outcome["labels"]], "problems": problems})
    else:
        _print(outcome)
        typer.echo("statements that it was trained on flatter it: make evaluate cross-validates", err=True)
    for problem in problems:
        typer.echo(f"{file}: {show.cell(problem)}", err=True)
    return int(bool(problems))


def _lines(file: Path) -> list[str]:
    try:
        return (sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")).splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: {getattr(error, 'strerror', None) or 'not UTF-8'}") from None


def _read(lines: Iterable[str], labels: Sequence[str]) -> tuple[list[Row], list[str]]:
    """The rows, and what is wrong with those that cannot be used."""
    rows: list[Row] = []
    problems: list[str] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            utterance_of(row)
        except (ValueError, RecursionError, AttributeError, TypeError) as error:
            problems.append(f"line {number}: not a statement: {error}")
            continue
        wrong = _wrong(row, labels)
        if wrong:
            problems.append(f"line {number}: {wrong}")
        else:
            rows.append(row)
    return rows, problems


def _wrong(row: Row, labels: Sequence[str]) -> str | None:
    if not isinstance(row.get("text"), str):
        return "text: a string is needed"
    given = row.get("labels")
    if not isinstance(given, list) or not all(isinstance(name, str) for name in given):
        return "labels: a list of names is needed"
    visit = row.get("visit") or {}
    if not isinstance(visit, dict) or not all(isinstance(value, str | None) for value in visit.values()):
        return "visit: an object of texts is needed"
    unknown = next((name for name in given if name not in labels), None)
    return f"labels: no label {unknown!r}" if unknown else None


def _figures(classifier: Classifier, gold: Sequence[Row], found: Sequence[Row]) -> Row:
    """Figures of the labels that a statement may have: those of the file, and the shipped ones."""
    names = [
        name for name, one in classifier.labels.items() if not one.phrases or any(name in r["labels"] for r in gold)
    ]
    truth = np.array([[name in row["labels"] for name in names] for row in gold], bool).reshape(len(gold), len(names))
    scores = np.array([[row["scores"].get(name, 0.0) for name in names] for row in found], float).reshape(truth.shape)
    specs = [classifier.labels[name] for name in names]
    languages = [str(row.get("lang") or out["lang"] or "und") for row, out in zip(gold, found, strict=True)]
    thresholds, alerts = [one.threshold for one in specs], [one.alert_threshold for one in specs]
    differ = [
        {"label": name, "what": what, "score": score, "id": row.get("id"), "url": row.get("url"), "text": row["text"]}
        for name in names
        for what, score, row in figures.confusion(name, gold, found)
    ]
    return {
        "statements": len(gold),
        "classifier": classifier.version,
        "labels": figures.table(names, truth, scores, thresholds, alerts, languages),
        "visits": asdict(figures.frames(gold, found)),
        "confusion": differ,
    }


def _print(outcome: Row) -> None:
    typer.echo(f"{outcome['statements']:,} statements, classifier {outcome['classifier']}")
    typer.echo(figures.render(outcome["labels"]))
    v = outcome["visits"]
    countries, places = _share(v["countries"], v["framed"]), _share(v["place_right"], v["places"])
    typer.echo(f"\nvisits: {v['visits']} labelled, {v['framed']} found; countries right {countries}, place {places}\n")
    for one in (label.name for label in outcome["labels"]):
        differ = [row for row in outcome["confusion"] if row["label"] == one]
        rows = (
            (r["what"], f"{r['score']:.2f}", r["id"], r["url"], show.shorten(r["text"], 80)) for r in differ[:SHOWN]
        )
        if differ:
            typer.echo(f"{one}: {len(differ)} differ" + (f", {SHOWN} shown" if len(differ) > SHOWN else ""))
            show.table(("", "score", "id", "link", "said"), rows, "")


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole} ({part / whole:.2f})" if whole else "0 of 0"
