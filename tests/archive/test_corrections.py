"""What a newer classifier or a person says of a visit: its event stays only while somebody tells it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tests.archive import world as w
from tests.archive.test_relate import BY_EVENT, DAY, VISIT, pair, related
from tracker.archive import Archive
from tracker.classify.relate import relations
from tracker.models.query import AnyFacet
from tracker.models.registry import Speaker
from tracker.models.statement import Link, Party, Related, Visit
from tracker.terms import facet


def test_an_event_that_nobody_tells_any_longer_is_gone_with_the_labels_it_gave(archive: Archive) -> None:
    post, report = pair(archive)
    archive.relate([related(post, report)], w.T0)
    archive.replace_classification([(report.id, w.understood("ceremonial", version="2"))], w.T0)
    assert archive.events() == []
    assert archive.statement(post.id).labels == ()
    assert archive.search(AnyFacet(("host:sen",))).total == 0
    assert {one.id for one in archive.claim_unrelated(w.T0 + DAY, 9, 60)} == {post.id, report.id}


def test_an_event_stays_when_the_visit_is_understood_as_before(archive: Archive) -> None:
    post, report = pair(archive)
    archive.relate([related(post, report)], w.T0)
    again = w.understood("diplomatic_visit", "aid", visits=(VISIT,), version="2")
    archive.replace_classification([(report.id, again)], w.T0)
    assert [event.id for event in archive.events()] == ["e1"]
    assert archive.statement(post.id).labels == (BY_EVENT,)


def test_a_visit_that_a_person_denies_is_told_and_found_no_more(archive: Archive) -> None:
    post, report = pair(archive)
    archive.relate([related(post, report)], w.T0)
    denied = archive.correct(report.id, [], ["diplomatic_visit"], "awa", w.T0, "a rehearsal")
    assert [label.reason for label in denied.removed] == ["removed by awa: a rehearsal"]
    assert denied.classification.visits == ()
    assert (archive.events(), archive.search(AnyFacet(("host:sen",))).total) == ([], 0)
    assert replace(denied, removed=()).corrected is False
    assert archive.correct(report.id, ["diplomatic_visit"], [], "bo", w.T0).classification.visits == (VISIT,)


LOME = Visit("announced", VISIT.visitors, Party(None, None, "TGO"), "Lomé", date(2026, 11, 22))
LATER = replace(VISIT, day=date(2026, 11, 21), place="Thiès")


def tells(archive: Archive, number: int, *visits: Visit, edits: str | None = None) -> str:
    """A report that tells visits, new or edited, kept and related; its id."""
    said = w.post(number, f"mot {visits}", origin="report", speaker=Speaker(), publisher="P")
    understood = w.understood("diplomatic_visit", visits=visits)
    w.put(archive, w.judged(said, classification=understood, verdict="edited" if edits else "new", statement=edits))
    (one,) = archive.claim_unrelated(w.T0, 9, 60)
    archive.relate([relations(one, [], archive.events())], w.T0)
    return one.id


def told(archive: Archive) -> list[tuple[str | None, str, str, tuple[str, ...]]]:
    return sorted((e.place, str(e.day), e.status, e.statements) for e in archive.events())


def test_an_edit_moves_a_statement_to_the_visit_that_it_tells_now(archive: Archive) -> None:
    one = tells(archive, 1, VISIT)
    for visit in (LOME, LATER, replace(LATER, status="postponed")):
        assert tells(archive, 1, visit, edits=one) == one
        assert told(archive) == [(visit.place, str(visit.day), visit.status, (one,))]
        assert [event.place for event in archive.statement(one).events] == [visit.place]
        assert archive.search(AnyFacet((facet("place", visit.place or ""),))).total == 1
    tells(archive, 1, edits=one)
    assert (archive.events(), archive.statement(one).events) == ([], ())
    assert archive.search(AnyFacet(("visitor:x-leader",))).total == 0


@pytest.mark.parametrize("first", [VISIT, LATER])
def test_an_event_is_what_those_who_are_left_tell(archive: Archive, first: Visit) -> None:
    second = LATER if first is VISIT else VISIT
    one, other = tells(archive, 1, first), tells(archive, 2, second)
    assert told(archive) == [("Dakar", "2026-11-20", "past", tuple(sorted((one, other))))]
    (before,) = archive.events()
    tells(archive, 1, LOME, edits=one)
    assert told(archive) == sorted([
        ("Lomé", "2026-11-22", "announced", (one,)), (second.place, str(second.day), "past", (other,)),
    ])  # fmt: skip
    assert before.id in {event.id for event in archive.statement(other).events}


def test_who_belonged_to_a_visit_that_its_report_tells_no_more_is_related_again(archive: Archive) -> None:
    post, report = pair(archive)
    archive.relate([related(post, report)], w.T0)
    said = replace(report.post, text="autre", hash="autre")
    w.put(archive, w.judged(said, verdict="edited", statement=report.id))
    assert (archive.events(), archive.statement(post.id).labels) == ([], ())
    assert {one.id for one in archive.claim_unrelated(w.T0, 9, 60)} == {post.id, report.id}


@pytest.mark.parametrize("days", [(1, 4, 5, 9), (9, 5, 4, 1), (4, 1, 9, 5), (5, 1, 4, 9), (4, 5, 9, 1)])
def test_tellings_within_three_days_are_one_visit_and_later_ones_another(
    archive: Archive, days: tuple[int, ...]
) -> None:
    ids = {day: tells(archive, day, replace(VISIT, day=date(2026, 10, day))) for day in days}
    groups = [(1, 4), (5,), (9,)]
    assert [event.statements for event in sorted(archive.events(), key=lambda event: str(event.day))] == [
        tuple(sorted(ids[day] for day in group)) for group in groups
    ]


def test_an_edit_takes_out_what_was_found_in_the_old_words_and_relates_both_again(archive: Archive) -> None:
    post, report = pair(archive)
    (twin,) = w.put(archive, w.judged(w.post(3, "échanges")), name="twin").new
    found = related(post, report)
    stated = (report.id, Link("replies_to", post.id))
    archive.relate([replace(found, links=(*found.links, stated, (post.id, Link("same_as", twin))))], w.T0)
    archive.relate([Related(post.id), Related(twin)], w.T0)

    def links(key: str) -> set[tuple[str, str]]:
        return {(link.type, link.statement) for link in archive.statement(key).links}

    again = replace(report.post, text="visite, mais autrement", hash="x")
    told = replace(w.judged(again, verdict="edited", statement=report.id), classification=report.classification)
    w.put(archive, told)
    assert links(report.id) == {("replies_to", post.id)}
    assert links(post.id) == {("replied_by", report.id), ("same_as", twin)}
    assert {one.id for one in archive.claim_unrelated(w.T0 + DAY, 9, 60)} == {post.id, report.id}
    (event,) = archive.events()
    assert (event.statements, archive.statement(post.id).labels) == ((report.id,), ())
    archive.relate([found], w.T0)
    w.put(archive, w.judged(w.post(1, "entretien"), verdict="edited", statement=post.id))
    assert links(twin) == set()
    assert links(post.id) == {("replied_by", report.id), ("quoted_by", report.id)}
    assert {one.id for one in archive.claim_unrelated(w.T0 + 2 * DAY, 9, 60)} == {post.id, twin}
