"""Train the classifier and print what cross-validation says of it.

    python scripts/train.py ../shared/classify/dev.jsonl              # cross-validate, then write the weights
    python scripts/train.py --evaluate ../shared/classify/dev.jsonl   # cross-validate only

Folds are grouped by author: a statement is always judged by a model that saw nothing of its author. The project's own
sentences (scripts/data/sentences.tsv) are trained on in every fold and never tested on. What is written to
tracker/classify/data/weights.npz holds numbers and names of features, no text.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from tracker.classify import document, evaluate, features, ngrams, taxonomy, visits
from tracker.classify.lexicon import Lexicon, shipped
from tracker.classify.names import Names
from tracker.classify.utterance import utterance_of
from tracker.models.registry import Registry
from tracker.models.statement import Visit

HERE = Path(__file__).parent
TARGET = HERE.parent / "tracker" / "classify" / "data" / "weights.npz"
LABELS = tuple(label.name for label in taxonomy.shipped())
FOLDS = 8
#: Strength of the named features, of the n-grams, inverse regularisation, weight of a sentence of our own.
DENSE, HASHED, C, OWN = 0.3, 2.5, 6.0, 1.0
#: Share of their weight that n-grams keep once trained: on what was never seen they say less than on what was.
SEEN = 0.8
#: How often a sentence with slots is filled.
VARIANTS = 3
ALERT_PRECISION = 0.95
#: Thresholds whose smoothed F1 differs by no more than LEVEL are alike: the one nearest to MIDDLE is taken.
LEVEL, MIDDLE = 0.006, 0.38


def rows_of(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def author(row: dict) -> str:
    return "".join(char for char in (row.get("author") or "").lower() if char.isalnum())


class Table:
    """Rows with their features, as matrices."""

    def __init__(self, rows: list[dict], names: Names, lexicon: Lexicon) -> None:
        self.rows = rows
        documents = document.read_all([utterance_of(row) for row in rows], lexicon, names)
        self.documents = documents
        self.named = [features.of(one) for one in documents]
        starts, buckets = ngrams.hashed([one.words for one in documents])
        values = np.repeat(1 / np.sqrt(np.maximum(np.diff(starts), 1)), np.diff(starts))
        self.hashed = sp.csr_matrix((values, buckets, starts), shape=(len(rows), 1 << ngrams.BITS))
        self.hashed.sum_duplicates()
        self.truth = np.array([[name in row["labels"] for name in LABELS] for row in rows]).reshape(
            len(rows), len(LABELS)
        )
        self.authors = np.array([int(hashlib.sha256(author(row).encode()).hexdigest()[:8], 16) for row in rows])

    def matrix(self, vocabulary: dict[str, int]) -> sp.csr_matrix:
        cells = [
            (i, vocabulary[k], v) for i, named in enumerate(self.named) for k, v in named.items() if k in vocabulary
        ]
        row, column, value = zip(*cells, strict=True) if cells else ((), (), ())
        dense = sp.csr_matrix((value, (row, column)), shape=(len(self.rows), len(vocabulary)), dtype=np.float32)
        return sp.hstack([dense * DENSE, self.hashed * HASHED]).tocsr()


def vocabulary_of(tables: list[Table]) -> dict[str, int]:
    counts = Counter(name for table in tables for named in table.named for name in named)
    return {name: index for index, name in enumerate(sorted(name for name, count in counts.items() if count >= 3))}


def fit(x: sp.csr_matrix, y: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, float]:
    model = LogisticRegression(C=C, solver="liblinear", max_iter=300)
    model.fit(x, y, sample_weight=weight)
    coefficients = model.coef_[0]
    coefficients[-(1 << ngrams.BITS) :] *= SEEN
    return coefficients, float(model.intercept_[0])


def out_of_fold(real: Table, own: Table | None, x: sp.csr_matrix, x_own: sp.csr_matrix | None) -> np.ndarray:
    margins = np.zeros(real.truth.shape)
    for train, test in GroupKFold(FOLDS).split(x, groups=real.authors):
        for label in range(len(LABELS)):
            stacked, truth, weight = _stack(x[train], real.truth[train, label], x_own, own, label)
            coefficients, bias = fit(stacked, truth, weight)
            margins[test, label] = x[test] @ coefficients + bias
    return margins


def _stack(x, y, x_own, own, label):
    if x_own is None or own is None:
        return x, y, np.ones(len(y))
    weight = np.concatenate([np.ones(len(y)), [OWN * row["weight"] for row in own.rows]])
    return sp.vstack([x, x_own]).tocsr(), np.concatenate([y, own.truth[:, label]]), weight


def calibrate(margins: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Knots from a smoothed isotonic fit to out-of-fold margins: strictly rising, so that no order is lost."""
    knots = np.linspace(margins.min() - 1, margins.max() + 1, 41)
    platt = LogisticRegression(C=1e3).fit(margins[:, None], truth)
    smooth = platt.predict_proba(knots[:, None])[:, 1]
    stairs = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(margins, truth).predict(knots)
    share = min(0.5, truth.sum() / 200)
    return knots, np.clip((1 - share) * smooth + share * stairs, 0.001, 0.999)


def thresholds(scores: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """The score with a best F1, and the lowest with ALERT_PRECISION (else the most precise one)."""
    grid = np.arange(0.15, 0.75, 0.01)
    f1 = [evaluate.counts(truth, scores >= level).f1 for level in grid]
    smooth = np.convolve(np.pad(f1, 4, mode="edge"), np.ones(9) / 9, mode="valid")
    able = grid[smooth >= smooth.max() - LEVEL]
    threshold = float(round(able[int(np.argmin(np.abs(able - MIDDLE)))], 2))
    levels = np.arange(0.98, threshold, -0.01)
    found = {float(round(level, 2)): evaluate.counts(truth, scores >= level) for level in levels}
    enough = {level: one for level, one in found.items() if one.tp >= max(4, truth.sum() / 10)}
    sure = [level for level, one in enough.items() if one.precision >= ALERT_PRECISION]
    alert = min(sure) if sure else max(enough, key=lambda level: (enough[level].precision, -level), default=0.95)
    return threshold, max(alert, threshold)


def own_rows() -> list[dict]:
    """Our own sentences (scripts/data/sentences.tsv), their slots filled from slots.tsv, the same way at each run."""
    countries: dict[str, list[list[str]]] = {}
    for line in (HERE / "data" / "slots.tsv").read_text(encoding="utf-8").splitlines():
        lang, *record = line.split("\t")
        countries.setdefault(lang, []).append(record)
    lines = (HERE / "data" / "sentences.tsv").read_text(encoding="utf-8").splitlines()
    weight, number, rows = 1.0, 0, []
    for line in lines:
        if line.startswith("# weight "):  # of the sentences below
            weight = float(line.removeprefix("# weight "))
        elif line and not line.startswith("#"):
            rows += [row | {"weight": weight} for row in _filled(number, line.split("\t"), countries)]
            number += 1
    return rows


def _filled(number: int, sentence: list[str], countries: dict[str, list[list[str]]]) -> list[dict]:
    labels, lang, home, text = sentence
    records, codes = countries[lang], dict(zip("VSMACRHDX", LABELS, strict=True))
    rows = []
    for turn in range(VARIANTS if "{" in text else 1):
        there = records[(number + turn * 3) % len(records)]
        here = records[(number + turn * 3 + 1 + turn) % len(records)]
        slots = dict(zip(("C", "i", "o", "T", "P", "d", "f"), there[1:], strict=True))
        slots |= dict(zip(("H", "hi", "ho", "hT"), here[1:5], strict=True))
        role = "media" if home == "-" else ("president", "prime minister")[(number + turn) % 2]
        country = {"-": None, "*": here[0]}.get(home, home)
        wanted = [codes[c] for c in labels if c in codes]
        row = {"labels": wanted, "lang": lang, "author_role": role, "country": country, "text": text.format_map(slots)}
        rows.append({**row, "author": "press" if home == "-" else "own"})
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, nargs="?", default=HERE.parent / ".." / "shared" / "classify" / "dev.jsonl")
    parser.add_argument("--evaluate", action="store_true")
    options = parser.parse_args()
    names, lexicon = Names(Registry()), Lexicon(shipped())
    real = Table(rows_of(options.file), names, lexicon)
    own = Table(own_rows(), names, lexicon)
    vocabulary = vocabulary_of([real, own] if own else [real])
    x, x_own = real.matrix(vocabulary), own.matrix(vocabulary) if own else None
    print(
        f"{len(real.rows)} labelled statements, {len(own.rows)} sentences of our own; {FOLDS} folds grouped by author"
    )
    margins = out_of_fold(real, own, x, x_own)
    fitted = [calibrate(margins[:, i], real.truth[:, i]) for i in range(len(LABELS))]
    scores = np.stack([np.round(np.interp(margins[:, i], *fitted[i]), 2) for i in range(len(LABELS))], axis=1)
    levels = [thresholds(scores[:, i], real.truth[:, i]) for i in range(len(LABELS))]
    report(real, scores, levels)
    if not options.evaluate:
        write(real, own, x, x_own, vocabulary, fitted, levels)
    return 0


def report(real: Table, scores: np.ndarray, levels: list[tuple[float, float]]) -> None:
    table = evaluate.table(
        LABELS,
        real.truth,
        scores,
        [low for low, _ in levels],
        [high for _, high in levels],
        [row["lang"] for row in real.rows],
    )
    print("Cross-validated; thresholds and calibration are fitted to the same out-of-fold scores.")
    print(evaluate.render(table))
    visit = LABELS.index("diplomatic_visit")
    found = scores[:, visit] >= levels[visit][0] - 1e-6
    told = [visits.frame(one) if seen else None for one, seen in zip(real.documents, found, strict=True)]
    frames = evaluate.frames(real.rows, [{"events": [_shape(one)] if one else []} for one in told])
    share = frames.countries / max(frames.framed, 1), frames.place_right / max(frames.places, 1)
    print(f"\nvisits: {frames.visits} labelled, {frames.framed} found by a model that saw nothing of their author;")
    print(f"of these countries right {frames.countries} ({share[0]:.2f}),", end=" ")
    print(f"place {frames.place_right} of {frames.places} ({share[1]:.2f})")


def _shape(visit: Visit) -> dict:
    visitors = [{"country": party.country} for party in visit.visitors]
    return {"mode": "visit", "visitor": visitors, "host": {"country": visit.host.country}, "place": visit.place}


def write(real, own, x, x_own, vocabulary, fitted, levels) -> None:
    columns, biases = [], []
    for label in range(len(LABELS)):
        stacked, truth, weight = _stack(x, real.truth[:, label], x_own, own, label)
        coefficients, bias = fit(stacked, truth, weight)
        columns.append(coefficients)
        biases.append(bias)
    weights = np.stack(columns, axis=1)
    dense, hashed = weights[: len(vocabulary)] * DENSE, weights[len(vocabulary) :] * HASHED
    scale = np.maximum(np.abs(hashed).max(axis=0), 1e-9) / 127
    arrays = {
        "dense": dense.astype(np.float16),
        "hashed": np.round(hashed / scale).astype(np.int8),
        "scale": scale.astype(np.float32),
        "bias": np.array(biases, np.float32),
        "knots_x": np.array([k for k, _ in fitted], np.float32),
        "knots_y": np.array([v for _, v in fitted], np.float32),
        "thresholds": np.array([low for low, _ in levels], np.float32),
        "alerts": np.array([high for _, high in levels], np.float32),
    }
    digest = hashlib.sha256(b"".join(np.ascontiguousarray(a).tobytes() for a in arrays.values())).hexdigest()[:8]
    np.savez(TARGET, version=f"2026.11-{digest}", labels="\n".join(LABELS), names="\n".join(vocabulary), **arrays)
    print(f"wrote {TARGET.name}: version 2026.11-{digest}, {TARGET.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    sys.exit(main())
