"""Reclassifying: shown before it is done, done once, and people keep the last word."""

from __future__ import annotations

from terminal import Desk

from tracker.app import build
from tracker.config import load

OWN = """
[[label]]
name = "tea_politics"
[label.phrases]
en = ["tea growers"]
"""


def grow(desk: Desk) -> None:
    (desk.folder / "taxonomy").mkdir()
    (desk.folder / "taxonomy" / "tea.toml").write_text(OWN, encoding="utf-8")


def test_nothing_changes_until_it_is_asked_for_and_then_once(desk: Desk) -> None:
    assert desk.json("reclassify")["changed"] == 0
    grow(desk)
    seen = desk.json("reclassify")
    assert (seen["statements"], seen["relabelled"], seen["applied"]) == (3, 1, False)
    assert seen["labels"] == {"tea_politics": {"added": 1, "removed": 0}}
    assert [(s["statement"], s["added"], s["removed"]) for s in seen["sample"]] == [
        (desk.ids["tea"], ["tea_politics"], [])
    ]
    assert desk.json("search", "label:tea_politics")["total"] == 0
    code, out, err = desk.run("reclassify", "--apply")
    assert code == 0
    assert "tea_politics" in out
    assert "relates them again" in err
    assert desk.json("search", "label:tea_politics")["total"] == 1
    assert desk.json("reclassify", "--apply")["changed"] == 0


def test_a_query_limits_it(desk: Desk) -> None:
    grow(desk)
    assert desk.json("reclassify", "leader:amina-odera", "--apply")["relabelled"] == 0
    assert desk.json("reclassify", "source:lake-times")["relabelled"] == 1


def test_the_visits_are_the_same_when_nothing_about_them_changes(desk: Desk) -> None:
    grow(desk)
    before = desk.json("visits")
    desk.run("reclassify", "--apply")
    assert desk.json("visits") == before


def test_how_often_people_and_classifier_agree_is_told(desk: Desk) -> None:
    desk.run("correct", desk.ids["talks"], "--add", "security_statement", "--remove", "aid", "--by", "awa")
    desk.run("correct", desk.ids["tea"], "--add", "aid", "--by", "awa")
    told = desk.json("reclassify")
    assert told["agreement"]["labels"] == {
        "aid": {"agree": 1, "of": 2},
        "security_statement": {"agree": 1, "of": 1},
    }
    assert (told["agreement"]["agree"], told["agreement"]["of"]) == (2, 3)
    assert "agree on 2 of 3 corrected labels" in desk.run("reclassify")[1]


def test_a_wrong_query_is_one_line(desk: Desk) -> None:
    code, out, err = desk.run("reclassify", "label:tee")
    assert (code, out) == (2, "")
    assert err.count("\n") == 1


def test_the_archive_holds_what_was_shown(desk: Desk) -> None:
    grow(desk)
    desk.run("reclassify", "--apply")
    tracker = build(load(desk.folder, {}), inline=True)
    one = tracker.archive.statement(desk.ids["tea"])
    tracker.archive.close()
    assert [label.words[0].exact for label in one.labels if label.name == "tea_politics"] == ["Tea growers"]
