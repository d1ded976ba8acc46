"""Links, events, labels by event and by a person: kept once, whoever finds them, and never undone by a machine."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from tests.archive import world as w
from tracker.archive import Archive
from tracker.classify.relate import relations
from tracker.errors import NotFound
from tracker.models.query import AnyFacet
from tracker.models.registry import Speaker
from tracker.models.source import Judged
from tracker.models.statement import (
    Event,
    EventTold,
    Firing,
    Label,
    Link,
    Mention,
    Party,
    Reference,
    Related,
    Statement,
    Visit,
    Words,
)

DAY = timedelta(days=1)
VISIT = Visit("past", (Party("X", "x-leader", "BFA"),), Party(None, "aminata-sow", "SEN"), "Dakar", date(2026, 11, 20))
EVENT = Event(
    "e1", "past", VISIT.visitors, VISIT.host, "Dakar", VISIT.day, context=("diplomatic",), score=0.9
)  # fmt: skip
BY_EVENT = Label("diplomatic_visit", 0.8, "event", reason="told by the report")


def pair(archive: Archive) -> tuple[Statement, Statement]:
    """A post and a report of the same visit."""
    post = w.judged(w.post(1, "échanges fructueux"), fingerprints=(5, -(2**62), 7))
    told = w.understood(
        "diplomatic_visit", visits=(VISIT,), mentions=(Mention("leader", "aminata-sow", Words("text", "a", 0, 1)),)
    )
    report = w.post(2, "visite", origin="report", speaker=Speaker(), publisher="P")
    kept = w.put(archive, post, replace(w.judged(report), classification=told))
    first, second = archive.statements(kept.new)
    return first, second


def related(post: Statement, report: Statement, event: Event = EVENT, key: str = "k") -> Related:
    return Related(
        report.id,
        links=((report.id, Link("quotes", post.id, "échanges fructueux", "exact")),),
        events=(EventTold(key, event, ((report.id, VISIT), (post.id, None))),),
        labels=((post.id, BY_EVENT),),
        firings=((post.id, Firing("visits", "label:diplomatic_visit")),),
        digests=((post.id, "morning"),),
    )


def test_a_relation_is_seen_from_both_sides_and_found(archive: Archive) -> None:
    post, report = pair(archive)
    assert archive.relate([related(post, report)], w.T0) == 1
    assert archive.relate([related(post, report)], w.T0 + DAY) == 0
    post, report = archive.statements([post.id, report.id])
    assert [(link.type, link.statement, link.exact) for link in post.links] == [
        ("quoted_by", report.id, "échanges fructueux")
    ]
    assert [(link.type, link.statement) for link in report.links] == [("quotes", post.id)]
    assert post.labels == (BY_EVENT,)
    assert report.labels[0].by == "words"
    assert post.events == report.events
    (event,) = post.events
    assert replace(event, statements=(), history=()) == replace(EVENT, statements=())
    assert {told.statement: told.status for told in event.history} == {report.id: "past", post.id: None}
    assert event.statements == tuple(told.statement for told in event.history)
    assert [told.said_at for told in event.history] == sorted(told.said_at for told in event.history)
    for facet, total in (("label:diplomatic_visit", 2), ("visitor:x-leader", 2), ("host:sen", 2), ("place:dakar", 2)):
        assert archive.search(AnyFacet((facet,))).total == total
    assert archive.unissued("morning", w.T0 + DAY) == (post.id,)


def test_two_workers_who_find_a_visit_at_once_make_one_event(
    archive: Archive, opened: Callable[[str], Archive]
) -> None:
    post, report = pair(archive)
    workers = [opened(f"w{n}") for n in range(4)]
    barrier = threading.Barrier(4)

    def work(number: int) -> None:
        found = related(post, report, replace(EVENT, id=f"e{number}"))
        barrier.wait()
        workers[number].relate([found], w.T0)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(archive.events()) == 1
    assert len(archive.alerts()) == 1


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ({}, 1),
        ({"after": date(2026, 11, 20)}, 1),
        ({"before": date(2026, 11, 20)}, 0),
        ({"sides": {"visitor": ["BFA"]}}, 1),
        ({"sides": {"visitor": ["x-leader", "MLI"], "host": ["aminata-sow"]}}, 1),
        ({"sides": {"visitor": ["SEN"]}}, 0),
    ],
)
def test_events_are_found_by_day_and_side(archive: Archive, asked: dict[str, object], count: int) -> None:
    archive.relate([related(*pair(archive))], w.T0)
    assert len(archive.events(**asked)) == count  # type: ignore[arg-type]


def around(archive: Archive, one: Statement, *hashes: int) -> list[Statement]:
    return archive.around([one], [hashes])[0]


def test_what_is_around_a_statement(archive: Archive) -> None:
    post, report = pair(archive)
    others = [
        w.judged(w.post(9000, "vieux"), fingerprints=(7,)),
        replace(w.judged(w.post(4, origin="report", speaker=Speaker())), classification=w.understood(visits=(VISIT,))),
        w.judged(w.post(5, origin="report", speaker=Speaker())),
    ]
    old, visit, alone = archive.statements(w.put(archive, *others, name="other").new)
    assert [one.id for one in around(archive, report, 7, 99)] == [post.id, visit.id, old.id]
    assert [one.id for one in around(archive, post)] == [report.id]
    assert archive.around([report, post, alone], [(7, 99), (), ()]) == [
        around(archive, report, 7, 99), around(archive, post), around(archive, alone),
    ]  # fmt: skip
    assert around(archive, alone) == []
    assert {one.id for one in archive.quoted((7,))} == {post.id, old.id}
    archive.relate([related(post, report)], w.T0)
    assert [event.id for event in archive.events_around([visit], [[]])[0]] == ["e1"]


def meets(number: int, leader: str, country: str, *named: str) -> Judged:
    """An official statement of talks, of this country's leader, that names these leaders."""
    mentions = tuple(Mention("leader", ref, Words("text", "x", 0, 1)) for ref in named)
    said = w.post(number, f"entretien {number}", speaker=Speaker(leader, leader, None, None, country))
    return replace(w.judged(said), classification=w.understood("diplomatic_meeting", mentions=mentions))


def tells(number: int, visit: Visit, **more: Any) -> Judged:
    said = w.post(number, f"visite {number} {visit.status}", origin="report", speaker=Speaker(), publisher="P")
    return replace(w.judged(said, **more), classification=w.understood("diplomatic_visit", visits=(visit,)))


def meet(archive: Archive) -> int:
    """Relate what waits, as the journey does; the number of alerts that a rule for visits adds."""
    if not (waiting := archive.claim_unrelated(w.T0, 99, 60)):
        return 0
    around = archive.around(waiting, [()] * len(waiting))
    events = archive.events_around(waiting, around)
    found = [relations(*each) for each in zip(waiting, around, events, strict=True)]
    rule = Firing("visits", "label:diplomatic_visit")
    return archive.relate([replace(r, firings=tuple((id, rule) for id, _ in r.labels)) for r in found], w.T0)


HOSTED = meets(1, "aminata-sow", "SEN", "x-leader")
TOLD = tells(20, VISIT)
TEA = w.judged(w.post(20, "thé", origin="report", speaker=Speaker(), publisher="P"))


@pytest.mark.parametrize("groups", [(HOSTED, TOLD), (TOLD, HOSTED), ((HOSTED, TOLD),), (HOSTED, TEA, TOLD)])
def test_who_meets_the_visitor_belongs_to_the_visit_in_whatever_order_they_come(
    archive: Archive, groups: tuple[Judged | tuple[Judged, ...], ...]
) -> None:
    alerts, report = 0, None
    for group in groups:
        for one in group if isinstance(group, tuple) else (group,):
            known = report if one.post.origin == "report" else None
            one = replace(one, verdict="edited", statement=known) if known else one
            kept = w.put(archive, one, name="press" if one.post.origin == "report" else "office")
            report = (*kept.new, *kept.edited)[0] if one.post.origin == "report" else report
        alerts += meet(archive)
    (event,) = archive.events()
    (post,) = archive.search(AnyFacet(("leader:aminata-sow",))).statements
    assert set(event.statements) == {post.id, report}
    assert [(label.by, label.score) for label in post.labels if label.name == "diplomatic_visit"] == [("event", 0.75)]
    assert alerts == 1


def test_of_a_telling_whoever_names_the_other_side_near_to_the_visit_is_around(archive: Archive) -> None:
    far = replace(VISIT, visitors=(*VISIT.visitors, Party("Y", "y-leader", "NER")), day=date(2026, 12, 20))
    late = {"effective_at": w.T0 + 30 * DAY, "published_at": w.T0 + 30 * DAY}
    then = [
        meets(n, *who) for n, who in enumerate((("aminata-sow", "SEN", "x-leader"), ("y-leader", "NER", "x-leader")), 1)
    ]
    others = [
        meets(3, "z-leader", "MLI", "x-leader"), meets(4, "x-minister", "BFA", "x-leader"),
        meets(5, "aminata-sow", "SEN", "z-leader"), meets(9_000, "aminata-sow", "SEN", "x-leader"),
    ]  # fmt: skip
    wanted = w.put(archive, *(replace(one, post=replace(one.post, **late)) for one in then), name="office").new
    w.put(archive, *others, name="others")
    report = archive.statements(w.put(archive, tells(20, far), name="press").new)[0]
    assert {one.id for one in around(archive, report)} == set(wanted)


def test_what_was_edited_away_is_still_found_by_its_words(archive: Archive) -> None:
    (key,) = w.put(archive, w.judged(w.post(1, "avant"), fingerprints=(7,))).new
    w.put(archive, w.judged(w.post(1, "après"), fingerprints=(8,), verdict="edited", statement=key))
    assert [(one.id, one.post.text) for one in archive.quoted((7,))] == [(key, "après")]
    assert [one.text for one in archive.versions(key)] == ["avant", "après"]


def test_a_report_that_stands_alone_does_not_wait_to_be_related(archive: Archive) -> None:
    official = w.put(archive, w.judged(w.post(1, "officiel"), fingerprints=(7, 9))).new
    report = {"origin": "report", "speaker": Speaker()}
    named = w.post(5, **report, references=(Reference("replies_to", external_id="1"),))
    visit = w.understood(visits=(VISIT,))
    kept = w.put(
        archive,
        w.judged(w.post(2, **report), fingerprints=(8,)),
        w.judged(w.post(3, **report), fingerprints=(8, 9)),
        w.judged(w.post(4, **report), classification=visit),
        w.judged(named),
    )
    assert {one.id for one in archive.claim_unrelated(w.T0, 9, 60)} == {*official, *kept.new[1:]}
    edited = w.put(archive, w.judged(w.post(2, "edited", **report), verdict="edited", statement=kept.new[0]))
    assert [one.id for one in archive.claim_unrelated(w.T0, 9, 60)] == list(edited.edited)


def test_reports_that_were_there_first_are_found_by_their_words_and_by_no_others_many(archive: Archive) -> None:
    report = {"origin": "report", "speaker": Speaker()}
    plain = w.understood(mentions=())
    early = w.put(archive, w.judged(w.post(1, **report), classification=plain, fingerprints=(5, 6)), name="press").new
    far = w.post(99_999, **report)
    w.put(archive, w.judged(far, classification=plain, fingerprints=(5,)), name="far")
    often = w.understood(mentions=(Mention("leader", "x-leader", Words("text", "x", 0, 1)),))
    many = [w.judged(w.post(n, **report), classification=often) for n in range(100, 2300)]
    w.put(archive, *many, name="wire")
    post, other = (
        w.judged(w.post(3), fingerprints=(6, 8)),
        w.judged(w.post(4, speaker=Speaker("x-leader", "X", None, None, "BFA"))),
    )
    kept = archive.statements(w.put(archive, post, other, name="office").new)
    met, crowd = archive.around(kept, [(6, 8), ()])
    assert [one.id for one in met if one.source == "press"] == list(early)
    assert {one.source for one in met} <= {"press", "office", "sow-feed"}
    assert len(crowd) == 100


def test_whom_a_reference_names_is_around_whichever_came_first(archive: Archive) -> None:
    def said(number: int, *references: Reference, leader: str = "other") -> Judged:
        speaker = Speaker(leader, leader, "office", "President", "MLI")
        keys = (f"id:{number}", f"url:e.example/{number}")
        return w.judged(w.post(number, f"mot {number}", keys=keys, speaker=speaker, references=references))

    far = [said(1), said(9000, leader="b"), said(9500, leader="c")]
    first, second, third = archive.statements(w.put(archive, *far).new)
    named = (Reference("reposts", "9000"), Reference("quotes", None, "https://www.e.example/9500/"))
    repost = archive.statements(w.put(archive, said(20_000, *named, leader="d"), name="other").new)[0]
    assert [one.id for one in around(archive, repost)] == [second.id, third.id]
    archive.replace_classification([(repost.id, w.understood("aid"))], w.T0)
    assert [one.id for one in around(archive, second)] == [repost.id]
    assert around(archive, first) == []


def test_what_a_person_corrected_is_not_undone(archive: Archive) -> None:
    post, report = pair(archive)
    archive.relate([related(post, report)], w.T0)
    archive.correct(post.id, ["aid"], ["diplomatic_visit"], "me", w.T0)
    archive.replace_classification([(post.id, w.understood("diplomatic_visit", "ceremonial", version="2"))], w.T0)
    archive.relate([related(post, report)], w.T0)
    found = archive.statement(post.id)
    assert [(label.name, label.by) for label in found.labels] == [("aid", "person"), ("ceremonial", "words")]
    assert found.classification.version == "2"
    assert [archive.search(AnyFacet((f"label:{n}",))).total for n in ("aid", "ceremonial", "diplomatic_visit")] == [
        1,
        1,
        1,
    ]
    assert found.id in {one.id for one in archive.claim_unrelated(w.T0, 9, 60)} or archive.status()["unrelated"] == 1
    archive.correct(post.id, ["diplomatic_visit"], [], "me", w.T0)
    assert "diplomatic_visit" in {label.name for label in archive.statement(post.id).labels}
    with pytest.raises(NotFound):
        archive.correct("zzzzzz", ["aid"], [], "me", w.T0)


def test_every_statement_is_walked_over_in_commit_order(archive: Archive) -> None:
    pair(archive)
    w.put(archive, w.judged(w.post(7)), name="other")
    walked, last = [], 0
    while some := archive.each_statement(last, limit=2):
        walked += [one.seq for one in some]
        last = some[-1].seq
    assert walked == [1, 2, 3]
