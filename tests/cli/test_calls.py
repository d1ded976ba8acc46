"""Wrong calls are one line and exit code 2; bad lines of many are named and the others count."""

from __future__ import annotations

import io
import json

import pytest
from terminal import Desk

from tracker.classify import Classifier
from tracker.cli.classifying import lines
from tracker.models.registry import Registry


@pytest.mark.parametrize(("words", "said"), [
    (("search", "--limit", "0"), "--limit"),
    (("search", "x", "--sort", "loud"), "'loud' is not one of"),
    (("search", "-tea"), 'a query that begins with - goes after "--"'),
    (("show",), "Missing argument"),
    (("shwo",), "No such command 'shwo'"),
    (("poll", "--jsno"), "--json"),
    (("show", "a", "b" * 600), "unexpected extra argument"),
])  # fmt: skip
def test_a_wrong_call_is_one_line(desk: Desk, words: tuple[str, ...], said: str) -> None:
    code, out, err = desk.run(*words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err


def test_a_query_that_begins_with_a_minus_goes_after_two(desk: Desk) -> None:
    assert desk.run("search", "--", "-tea")[0] == 0


def test_many_lines_are_classified_and_the_bad_ones_named() -> None:
    asked = '{"id": 1, "text": "The president arrived in Accra on an official visit"}\nnoise\n{"id": "\\ud800"}\n'
    told = io.StringIO()
    assert lines(Classifier.load(Registry((), ())), io.StringIO(asked), told) == 1
    told.getvalue().encode()
    rows = [json.loads(line) for line in told.getvalue().splitlines()]
    assert [("labels" in row, "error" in row) for row in rows] == [(True, False), (False, True), (False, True)]
