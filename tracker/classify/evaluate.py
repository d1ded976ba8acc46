"""How good labels and visit frames are: precision, recall, F1, average precision, calibration, intervals, confusion."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tracker import text

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Counts:
    """True and false positives, false negatives."""

    tp: int
    fp: int
    fn: int

    @property
    def precision(self) -> float:
        return self.tp / (self.tp + self.fp) if self.tp + self.fp else 0.0

    @property
    def recall(self) -> float:
        return self.tp / (self.tp + self.fn) if self.tp + self.fn else 0.0

    @property
    def f1(self) -> float:
        total = 2 * self.tp + self.fp + self.fn
        return 2 * self.tp / total if total else 0.0


@dataclass(frozen=True, slots=True)
class LabelFigures:
    """One label's figures. `interval` is the 95 % bootstrap of F1; `alert` counts at the alert threshold."""

    name: str
    positives: int
    counts: Counts
    interval: tuple[float, float]
    average_precision: float
    calibration_error: float
    alert: Counts
    by_language: Mapping[str, tuple[int, float, tuple[float, float]]] = field(default_factory=dict)
    reliability: tuple[tuple[float, float, int], ...] = ()


def counts(truth: ArrayLike, predicted: ArrayLike) -> Counts:
    """Confusion counts of two boolean vectors."""
    t, p = np.asarray(truth, bool), np.asarray(predicted, bool)
    return Counts(int((t & p).sum()), int((~t & p).sum()), int((t & ~p).sum()))


def average_precision(truth: ArrayLike, scores: ArrayLike) -> float:
    """Area under the precision-recall steps; 0 without positives."""
    t = np.asarray(truth, bool)[np.argsort(-np.asarray(scores), kind="stable")]
    precision = np.cumsum(t) / np.arange(1, len(t) + 1)
    return float(precision[t].mean()) if t.any() else 0.0


def interval(truth: ArrayLike, predicted: ArrayLike, rounds: int = 400) -> tuple[float, float]:
    """95 % bootstrap interval of F1; the resampling is seeded, so the same input gives the same interval."""
    t, p = np.asarray(truth, bool), np.asarray(predicted, bool)
    if not len(t):
        return 0.0, 0.0
    picks = np.random.default_rng(1).integers(0, len(t), (rounds, len(t)))
    tp = (t & p)[picks].sum(1)
    found = np.sort(2 * tp / np.maximum(t[picks].sum(1) + p[picks].sum(1), 1))
    return float(found[int(rounds * 0.025)]), float(found[int(rounds * 0.975)])


def reliability(truth: ArrayLike, scores: ArrayLike, bins: int = 10) -> tuple[tuple[float, float, int], ...]:
    """(mean score, share that is right, how many) of each tenth of the score that holds something."""
    t, s = np.asarray(truth, float), np.asarray(scores, float)
    which = np.minimum((s * bins).astype(int), bins - 1)
    met = (which == b for b in range(bins) if (which == b).any())
    return tuple((float(s[its].mean()), float(t[its].mean()), int(its.sum())) for its in met)


def table(
    labels: Sequence[str], truth: NDArray[np.bool_], scores: NDArray[np.floating[Any]], thresholds: Sequence[float],
    alerts: Sequence[float], languages: Sequence[str],
) -> list[LabelFigures]:  # fmt: skip
    """Figures of each label, columns of `truth` and `scores` in the order of `labels`."""
    found = []
    spoken = np.array(languages)
    for i, name in enumerate(labels):
        t, s = truth[:, i], scores[:, i]
        p = s >= thresholds[i] - 1e-6
        bins = reliability(t, s)
        by_language = {
            lang: (int(t[spoken == lang].sum()), counts(t[spoken == lang], p[spoken == lang]).f1,
                   interval(t[spoken == lang], p[spoken == lang]))
            for lang in dict.fromkeys(languages)
        }  # fmt: skip
        error = sum(abs(mean - share) * size for mean, share, size in bins) / max(len(t), 1)
        found.append(
            LabelFigures(name, int(t.sum()), counts(t, p), interval(t, p), average_precision(t, s), error,
                         counts(t, s >= alerts[i] - 1e-6), by_language, bins)
        )  # fmt: skip
    return found


def render(figures: Sequence[LabelFigures]) -> str:
    """The tables as plain text."""
    lines = ["label                    n     P     R    F1  95% interval     AP   ECE  alert P/R"]
    lines += [
        f"{f.name:22s} {f.positives:4d} {f.counts.precision:5.3f} {f.counts.recall:5.3f} {f.counts.f1:5.3f} "
        f" {f.interval[0]:.3f}-{f.interval[1]:.3f} {f.average_precision:6.3f} {f.calibration_error:5.3f} "
        f" {f.alert.precision:.2f}/{f.alert.recall:.2f}"
        for f in figures
    ]
    met = [f.counts.f1 for f in figures if f.positives]
    macro = f"macro F1 {sum(met) / max(len(met), 1):.3f} (of {len(met)} labels with positives)"
    lines += [macro, "", "F1 by language (positives) [95 % interval]"]
    for f in figures:
        by = ((lang, n, f1, *ends) for lang, (n, f1, ends) in f.by_language.items() if n)
        said = "  ".join(f"{lang} {f1:.2f} ({n}) [{low:.2f}-{high:.2f}]" for lang, n, f1, low, high in by)
        lines.append(f"{f.name:22s} {said}")
    lines += ["", "reliability: mean score -> share right (statements)"]
    lines += [f"{f.name:22s} " + "  ".join(f"{m:.2f}->{r:.2f} ({n})" for m, r, n in f.reliability) for f in figures]
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class FrameFigures:
    """Visit frames: true visits, those framed, both countries right, frames with a place, place right."""

    visits: int
    framed: int
    countries: int
    places: int
    place_right: int


def frames(gold: Sequence[Row], found: Sequence[Row]) -> FrameFigures:
    """Compare the `visit` of labelled rows with the first visit among `events` of the output rows."""
    framed = countries = places = right = 0
    for row, out in zip(gold, found, strict=True):
        visit = row.get("visit")
        event = next((e for e in out.get("events") or () if e.get("mode") == "visit"), None)
        if not visit or not event:
            continue
        framed += 1
        visitors = [side.get("country") for side in event.get("visitor") or ()]
        same = visit.get("visitor_cc") in visitors or (visit.get("visitor_cc") is None and not any(visitors))
        countries += same and visit.get("host_cc") == (event.get("host") or {}).get("country")
        if visit.get("place"):
            places += 1
            a, b = text.fold(visit["place"]).strip(), text.fold(event.get("place") or "").strip()
            right += bool(b) and (a in b or b in a)
    return FrameFigures(sum(bool(row.get("visit")) for row in gold), framed, countries, places, right)


def confusion(label: str, gold: Sequence[Row], found: Sequence[Row]) -> Iterator[tuple[str, float, Row]]:
    """("missed" or "wrong", score, row) of every statement where people and classifier differ about a label."""
    for row, out in zip(gold, found, strict=True):
        is_one, said = label in row["labels"], any(item["name"] == label for item in out["labels"])
        if is_one != said:
            yield ("missed" if is_one else "wrong"), float((out.get("scores") or {}).get(label, 0.0)), row
