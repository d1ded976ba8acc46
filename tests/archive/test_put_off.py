"""Visits that are called off or put off, kept telling by telling: in any order what all of them say together."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.archive import world as w
from tracker import events
from tracker.archive import Archive
from tracker.classify.relate import relations
from tracker.models.registry import Speaker
from tracker.models.statement import Party, Statement, Visit, VisitStatus

FIRST = w.T0 - timedelta(days=200)
Row = tuple[VisitStatus, int, int | None]  # what it says, the day it says so, and the visit's


def keep(archive: Archive, rows: Iterable[Row], start: int = 0, visitor: str = "BFA") -> list[Statement]:
    """A report a row, of days that are counted from `FIRST`; in their order."""
    items = []
    for number, (status, said, of) in enumerate(rows, start):
        day = (FIRST + timedelta(days=of)).date() if of is not None else None
        visit = Visit(status, (Party(None, None, visitor),), Party(None, None, "SEN"), day=day)
        at = {"effective_at": FIRST + timedelta(days=said), "published_at": FIRST + timedelta(days=said)}
        post = w.post(number, f"visite {number}", origin="report", speaker=Speaker(), **at)
        items.append(replace(w.judged(post), classification=w.understood("diplomatic_visit", visits=(visit,))))
    return archive.statements(w.put(archive, *items, name=f"press-{start}").new)


def relate(archive: Archive, ones: Iterable[Statement]) -> None:
    for one in ones:
        around = archive.around([one], [()])
        events_ = archive.events_around([one], around)
        archive.relate([relations(one, around[0], events_[0])], w.T0)


def told(archive: Archive, ones: list[Statement]) -> list[tuple[str, str, str]]:
    """Of each visit what it is said to be, its day, and the numbers of the statements that tell it."""
    names = {one.id: str(number) for number, one in enumerate(ones)}
    return sorted(
        (e.status, str((e.day - FIRST.date()).days if e.day else "-"), " ".join(sorted(names[s] for s in e.statements)))
        for e in archive.events()
        if set(e.statements) & names.keys()
    )


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize(
    ("rows", "visits"),
    [
        ([("announced", 0, 30), ("cancelled", 20, None)], [("cancelled", "30", "0 1")]),
        ([("announced", 0, None), ("cancelled", 20, None)], [("cancelled", "-", "0 1")]),
        ([("announced", 0, 30), ("postponed", 20, None)], [("postponed", "30", "0 1")]),
        ([("announced", 0, 30), ("postponed", 20, 50)], [("postponed", "50", "0 1")]),
        (
            [("announced", 0, 30), ("postponed", 20, 50), ("ongoing", 51, 51)],
            [("ongoing", "51", "0 1 2")],
        ),
        (
            [("announced", 30, 40), ("cancelled", 20, None)],
            [("announced", "40", "0"), ("cancelled", "-", "1")],
        ),
        ([("past", 3, 2), ("cancelled", 20, None)], [("cancelled", "-", "1"), ("past", "2", "0")]),
        ([("announced", 0, 5), ("cancelled", 90, None)], [("announced", "5", "0"), ("cancelled", "-", "1")]),
    ],
)
def test_what_is_called_off_or_put_off_is_the_visit_that_was_announced(
    archive: Archive, rows: list[Row], visits: list[tuple[str, str, str]], late: bool
) -> None:
    ones = keep(archive, rows)
    relate(archive, reversed(ones) if late else ones)
    assert told(archive, ones) == visits


def test_the_visits_of_two_countries_do_not_hang_on_the_order_in_which_they_are_told(archive: Archive) -> None:
    rng = random.Random(7)
    for start, visitor in enumerate(("BEN", "TGO", "GHA", "MLI", "NER", "CIV")):
        said: list[VisitStatus] = ["announced", "announced", "cancelled", "postponed", "past"]
        rows = [
            (rng.choice(said), day := rng.randrange(150), rng.choice([None, day + rng.randrange(-2, 50)]))
            for _ in range(7)
        ]
        ones = keep(archive, rows, start * 10, visitor)
        relate(archive, rng.sample(ones, len(ones)))
        gone = rng.choice(ones)
        archive.replace_classification([(gone.id, w.understood("aid"))], w.T0)
        left = [one for one in ones if one is not gone]
        relate(archive, left)
        parts = events.parted((one, one.classification.visits[0]) for one in left)
        found = [set(e.statements) for e in archive.events(sides={"visitor": [visitor]})]
        assert sorted(map(sorted, found)) == sorted(sorted(one.id for one, _ in part) for part in parts)
