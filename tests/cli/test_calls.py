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
    (("silence", "add", "tea", "--hours", "1e300"), "--hours"),
    (("coverage", "state-house", "--days", "99999999"), "--days"),
    (("demo", "--port", "99999"), "--port"),
    (("digest", "preview", "morning", "--date", "0001-01-01"), "is not a day"),
    (("visits", "--after", "2026-13-01"), "is not a day"),
])  # fmt: skip
def test_a_wrong_call_is_one_line(desk: Desk, words: tuple[str, ...], said: str) -> None:
    code, out, err = desk.run(*words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err


def test_a_query_that_begins_with_a_minus_goes_after_two(desk: Desk) -> None:
    assert desk.run("search", "--", "-tea")[0] == 0


def test_words_that_are_no_utf_8_are_kept_as_far_as_they_can_be(desk: Desk) -> None:
    assert desk.run("silence", "add", "tea", "--comment", "caf\udcff")[0] == 0
    assert [one["comment"] for one in desk.json("silence", "list")] == ["caf\ufffd"]
    assert desk.json("add", "a caf\udcff of words", "--by", "caf\udcff")["text"] == "a caf\ufffd of words"


def test_many_lines_are_classified_and_the_bad_ones_named() -> None:
    asked = '{"id": 1, "text": "The president arrived in Accra on an official visit"}\nnoise\n{"id": "\\ud800"}\n'
    told = io.StringIO()
    assert lines(Classifier.load(Registry((), ())), io.StringIO(asked), told) == 1
    told.getvalue().encode()
    rows = [json.loads(line) for line in told.getvalue().splitlines()]
    assert [("labels" in row, "error" in row) for row in rows] == [(True, False), (False, True), (False, True)]
