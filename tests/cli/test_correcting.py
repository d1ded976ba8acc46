"""A person's word about labels: kept, shown, matched again, and never undone."""

from __future__ import annotations

import pytest
from terminal import Desk


def names(shape: dict[str, object], key: str = "labels") -> list[str]:
    return [one["name"] for one in shape[key]]  # type: ignore[attr-defined,index]


def test_a_label_that_a_person_gives_is_shown_with_who_and_why_and_fires_once(desk: Desk) -> None:
    tea = desk.ids["tea"]
    said = desk.json("correct", tea, "--add", "aid", "--by", "awa", "--note", "a grant for growers")
    assert said["alerts"] == 1
    assert said["statement"]["labels"][0] == {
        "name": "aid", "score": 1.0, "by": "person", "evidence": [], "reason": "set by awa: a grant for growers"
    }  # fmt: skip
    assert desk.json("correct", tea, "--add", "aid", "--by", "bo")["alerts"] == 0
    assert "label aid 1.00 by person: set by bo" in desk.run("show", tea)[1]
    assert [(a["rule"], a["statement"]) for a in desk.json("alerts", "list")] == [("water", tea)]
    assert desk.json("search", "label:aid")["total"] == 1
    assert "Tea growers" in desk.run("digest", "preview", "morning")[1]


def test_a_label_that_a_person_takes_away_stays_away_and_says_by_whom(desk: Desk) -> None:
    talks = desk.ids["talks"]
    assert "security_statement" in names(desk.json("show", talks))
    desk.run("correct", talks, "--remove", "security_statement", "--by", "awa")
    desk.run("reclassify", "--apply")
    shown = desk.json("show", talks)
    assert "security_statement" not in names(shown)
    assert shown["removed_labels"] == [{"name": "security_statement", "by": "person", "reason": "removed by awa"}]
    assert "not security_statement: removed by awa" in desk.run("show", talks)[1]
    desk.run("correct", talks, "--add", "security_statement", "--by", "bo")
    assert desk.json("show", talks)["removed_labels"] == []


def test_who_takes_the_label_of_a_visit_away_takes_the_visit_away(desk: Desk) -> None:
    assert [one["host"]["country"] for one in desk.json("visits")] == ["KEN"]
    for one in desk.json("visits")[0]["statements"]:
        desk.run("correct", one, "--remove", "diplomatic_visit", "--by", "awa")
    assert desk.json("visits") == []
    assert desk.json("search", "host:KEN")["total"] == 0
    desk.run("correct", desk.ids["news"], "--add", "diplomatic_visit", "--by", "awa")
    assert [one["host"]["country"] for one in desk.json("visits")] == ["KEN"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "say --add LABEL or --remove LABEL"),
        (("--add", "aids"), "no label 'aids' (did you mean aid?)"),
        (("--add", "aid", "--remove", "aid"), "both name aid"),
    ],
)
def test_a_correction_that_says_nothing_clear_is_one_line(desk: Desk, words: tuple[str, ...], said: str) -> None:
    code, out, err = desk.run("correct", desk.ids["tea"], *words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err


def test_a_reason_may_hold_what_no_engine_stores(desk: Desk) -> None:
    said = desk.json("correct", desk.ids["tea"], "--add", "aid", "--by", "a\nwa\udc80", "--note", "x" * 500)
    assert said["statement"]["labels"][0]["reason"] == f"set by a wa\ufffd: {'x' * 200}"


def test_a_statement_that_is_not_there_is_one_line(desk: Desk) -> None:
    code, _, err = desk.run("correct", "zzzzzz", "--add", "aid")
    assert (code, err) == (2, "tracker: no statement zzzzzz\n")
