"""What a newer classifier or a person says of a visit: its event stays only while somebody tells it."""

from __future__ import annotations

from dataclasses import replace

from tests.archive import world as w
from tests.archive.test_relate import BY_EVENT, DAY, VISIT, pair, related
from tracker.archive import Archive
from tracker.models.query import AnyFacet


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
