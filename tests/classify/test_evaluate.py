"""Figures of labels and frames."""

from __future__ import annotations

import numpy as np
import pytest

from tracker.classify import evaluate


def test_precision_recall_and_f1_of_a_small_table() -> None:
    found = evaluate.counts([1, 1, 0, 0, 1], [1, 0, 1, 0, 1])
    assert (found.tp, found.fp, found.fn) == (2, 1, 1)
    assert found.precision == found.recall == found.f1 == pytest.approx(2 / 3)
    assert evaluate.counts([], []).f1 == 0.0


def test_average_precision_is_one_for_a_perfect_order() -> None:
    assert evaluate.average_precision([0, 1, 0, 1], [0.1, 0.9, 0.2, 0.8]) == 1.0
    assert evaluate.average_precision([0, 0], [0.1, 0.2]) == 0.0


def test_reliability_pairs_scores_with_the_share_that_is_right() -> None:
    assert evaluate.reliability([1, 0, 1], [0.95, 0.95, 1.0]) == (
        (pytest.approx(0.9667, abs=1e-3), pytest.approx(2 / 3), 3),
    )


def test_the_interval_holds_the_figure_and_is_the_same_each_time() -> None:
    truth, said = [True, False] * 40, [True, False, False, False] * 20
    low, high = evaluate.interval(truth, said)
    assert low <= evaluate.counts(truth, said).f1 <= high
    assert evaluate.interval(truth, said) == (low, high)


def test_the_table_has_every_label_and_language() -> None:
    truth = np.array([[True, False], [False, True], [True, True]])
    scores = np.array([[0.9, 0.1], [0.2, 0.4], [0.8, 0.9]])
    figures = evaluate.table(["a", "b"], truth, scores, [0.5, 0.5], [0.85, 0.95], ["fr", "en", "fr"])
    assert [(f.name, f.positives, f.counts.f1) for f in figures] == [("a", 2, 1.0), ("b", 2, pytest.approx(2 / 3))]
    assert set(figures[0].by_language) == {"fr", "en"}
    assert (figures[0].alert.precision, figures[0].alert.recall) == (1.0, 0.5)
    assert "macro F1 0.833" in evaluate.render(figures)


def test_frames_count_countries_and_places_as_the_judges_do() -> None:
    gold = [
        {"visit": {"visitor_cc": "GHA", "host_cc": "SEN", "place": "Dakar"}},
        {"visit": {"visitor_cc": None, "host_cc": "SEN", "place": None}},
        {"visit": {"visitor_cc": "GHA", "host_cc": "SEN", "place": None}},
        {"visit": None},
    ]
    found = [
        {"events": [{"mode": "visit", "visitor": [{"country": "GHA"}], "host": {"country": "SEN"}, "place": "DAKAR"}]},
        {"events": [{"mode": "visit", "visitor": [], "host": {"country": "SEN"}, "place": None}]},
        {"events": []},
        {"events": [{"mode": "visit"}]},
    ]
    assert evaluate.frames(gold, found) == evaluate.FrameFigures(3, 2, 2, 1, 1)


def test_the_confusion_list_says_what_was_missed_and_what_was_wrong() -> None:
    gold = [{"id": 1, "labels": ["aid"]}, {"id": 2, "labels": []}, {"id": 3, "labels": ["aid"]}]
    found = [
        {"labels": [], "scores": {"aid": 0.3}},
        {"labels": [{"name": "aid"}], "scores": {"aid": 0.7}},
        {"labels": [{"name": "aid"}]},
    ]
    assert [(kind, score, row["id"]) for kind, score, row in evaluate.confusion("aid", gold, found)] == [
        ("missed", 0.3, 1),
        ("wrong", 0.7, 2),
    ]
