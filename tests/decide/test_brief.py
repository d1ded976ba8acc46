"""A day into one issue: every statement once, under its first label and its speaker."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.decide import brief as b
from tracker.models import shape
from tracker.models.query import Everything, Query
from tracker.models.registry import Speaker
from tracker.models.statement import Classification, Event, Label, Party, Post, Statement, Words
from tracker.models.telling import Digest, Issue

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
TITLES = {"diplomatic_visit": "Visits", "security_statement": "Security", "aid": "Aid"}
GOITA = Speaker("assimi-goita", "Assimi Goïta", "mli-president", "President of the Transition", "MLI")
TRAORE = Speaker("ibrahim-traore", "Ibrahim Traoré", "bfa-president", "President", "BFA")
DIGEST = Digest("morning", ("desk@example.org",), time(7), "Africa/Bamako", Query("", Everything()))


def said(
    id: str, *labels: str, speaker: Speaker = GOITA, publisher: str | None = None, hour: int = 0, text: str = "Texte."
) -> Statement:
    post = Post(
        id, (f"id:{id}",), "report" if publisher else "official", speaker, publisher, text, "h",
        NOON + timedelta(hours=hour), url=f"https://example.org/{id}",
    )  # fmt: skip
    found = tuple(Label(name, 0.9, words=(Words("text", "Texte", 0, 5),)) for name in labels)
    visit = Event("e1", "past", (Party("Ibrahim Traoré", None, "BFA"),), Party(None, None, "MLI"), "Bamako")
    events = (visit,) if "diplomatic_visit" in labels else ()
    heard = Classification("fr", True, "1")
    return Statement(id, hour, "goita-x", "x", post, NOON, NOON, 1, 1, "live", heard, found, events)


def issue(day: int = 25) -> Issue:
    end = datetime(2026, 11, day, 7, tzinfo=UTC)
    return Issue("morning", date(2026, 11, day), end - timedelta(days=1), end, end, ())


def brief(issues: list[Issue], statements: list[Statement]) -> dict[str, Any]:
    made = b.notification(DIGEST, issues, statements, TITLES, NOON)
    assert made is not None
    return dict(made.payload["data"])


def outline(written: dict[str, Any]) -> list[Any]:
    return [
        (
            section["title"],
            [(group["name"], [entry["id"] for entry in group["entries"]]) for group in section["groups"]],
        )
        for section in written["sections"]
    ]


def test_sections_follow_the_taxonomy_and_leaders_their_names() -> None:
    statements = [
        said("s1", "aid", "diplomatic_visit", hour=2),
        said("s2", "diplomatic_visit", hour=1),
        said("s3", "diplomatic_visit", speaker=TRAORE),
        said("s4"),
        said("s5", "old_label"),
        said("s6", "security_statement", speaker=Speaker(), publisher="Une Chaîne"),
        said("s7", "security_statement", speaker=TRAORE, hour=5),
        said("s7", "security_statement", speaker=TRAORE, hour=5),
    ]
    written = brief([issue()], statements)
    assert outline(written) == [
        ("Visits", [("Assimi Goïta", ["s2", "s1"]), ("Ibrahim Traoré", ["s3"])]),
        ("Security", [("Ibrahim Traoré", ["s7"]), ("Une Chaîne", ["s6"])]),
        ("Old label", [("Assimi Goïta", ["s5"])]),
        (b.OTHER, [("Assimi Goïta", ["s4"])]),
    ]
    assert written["count"] == 7
    section = written["sections"][0]
    entry = section["groups"][0]["entries"][1]
    assert section["count"] == 3
    assert [label["title"] for label in entry["labels"]] == ["Aid", "Visits"]
    assert entry["labels"][0]["evidence"][0]["exact"] == "Texte"
    assert entry["events"][0]["place"] == "Bamako"
    assert (section["groups"][0]["office"], section["groups"][0]["country"]) == (GOITA.office, "MLI")


def test_issues_that_were_slept_through_become_one_mail() -> None:
    asked = ([issue(25), issue(24)], [said("s1", "aid")], TITLES)
    made, again = (b.notification(DIGEST, *asked, now) for now in (NOON, NOON + timedelta(days=9)))
    assert made is not None
    assert made.payload["data"]["days"] == ["2026-11-24", "2026-11-25"]
    assert (made.payload["data"]["start"], made.payload["data"]["end"]) == (
        shape.instant(issue(24).start),
        shape.instant(issue(25).end),
    )
    assert made.id == getattr(again, "id", None)
    assert made.id != getattr(b.notification(DIGEST, [issue()], [said("s1")], TITLES, NOON), "id", None)
    assert (made.type, made.receiver, made.recipients) == ("digest", "digest:morning", ("desk@example.org",))
    assert json.loads(json.dumps(made.payload)) == made.payload
    assert made.payload["data"]["count"] == 1


@pytest.mark.parametrize(("empty", "mailed"), [("skip", False), ("mail", True)])
def test_an_empty_day_is_skipped_or_mailed_as_the_digest_says(empty: Any, mailed: bool) -> None:
    asked = Digest("morning", ("a@example.org",), time(7), "UTC", Query("", Everything()), empty)
    made = b.notification(asked, [issue()], [], TITLES, NOON)
    assert (made is not None) is mailed
    assert made is None or made.payload["data"]["sections"] == []


@given(st.text(max_size=80), st.integers(4, 60))
def test_a_text_is_shortened_between_words_and_never_longer_than_asked(words: str, length: int) -> None:
    short = b.shorten(words, length)
    assert len(short) <= length
    assert short == words or (short.endswith("…") and words.startswith(short[:-1]))


@pytest.mark.parametrize(
    ("words", "length", "expected"),
    [
        ("un deux trois", 13, "un deux trois"),
        ("un deux trois", 12, "un deux…"),
        ("un deux, trois", 10, "un deux…"),
        ("anticonstitutionnellement", 10, "anticonst…"),
    ],
)
def test_the_cut_stands_at_a_word(words: str, length: int, expected: str) -> None:
    assert b.shorten(words, length) == expected
