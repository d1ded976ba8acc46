"""What a poll brought is kept once, whole, and never silently lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.archive import world as w
from tracker.archive import Archive
from tracker.errors import NotFound
from tracker.models.query import AnyFacet, Everything, Phrase
from tracker.models.registry import Speaker
from tracker.models.statement import Firing, Media, Reference

HOUR = timedelta(hours=1)


def test_a_statement_comes_back_as_it_was_kept(archive: Archive) -> None:
    media = (Media("photo", "https://e.example/1.jpg", "alt"),)
    told = w.post(1, "Té́xte 漢字 \u202e 🇲🇱", title="T", media=media, references=(Reference("reposts", "7"),), lang="fr")
    kept = w.put(archive, w.judged(told, "aid"))
    found = archive.statement(kept.new[0])
    assert (found.post, found.classification) == (told, w.understood("aid"))
    assert (found.first_seen_at, found.version, found.versions, found.first_reading) == (w.T0, 1, 1, True)
    assert archive.statement(found.id[:6]) == found
    assert archive.speakers() == {"aminata-sow": (1, told.effective_at)}


@pytest.mark.parametrize("id", ["", "zzzzzz", "a'--%_", "aaaaa", "x" * 300, "\0"])
def test_an_unknown_id_is_not_found(archive: Archive, id: str) -> None:
    with pytest.raises(NotFound):
        archive.statement(id)


def test_a_poll_that_repeats_adds_nothing(archive: Archive) -> None:
    items = [w.judged(w.post(n), firings=(Firing("r", "why"),), digests=("d",)) for n in range(3)]
    assert len(w.put(archive, *items).new) == 3
    again = w.put(archive, *items, now=w.T0 + HOUR)
    assert (again.new, again.edited, again.alerts) == ((), (), 0)
    status = archive.status()
    assert (status["statements"], status["versions"], status["evidence"]) == (3, 3, 1)
    assert len(archive.alerts()) == 3
    assert len(archive.unissued("d", w.T0 + HOUR)) == 3


def test_an_edit_makes_a_version_and_is_found_by_its_new_words_only(archive: Archive) -> None:
    first = w.put(archive, w.judged(w.post(1, "rencontre annulée"), "aid")).new[0]
    edit = w.judged(w.post(1, "rencontre confirmée"), "agreement", verdict="edited", statement=first)
    assert w.put(archive, edit, now=w.T0 + HOUR).edited == (first,)
    found = archive.statement(first)
    assert (found.version, found.post.text, [label.name for label in found.labels]) == (
        2,
        "rencontre confirmée",
        ["agreement"],
    )
    old, new = archive.versions(first)
    assert (old.text, new.text, new.observed_at) == ("rencontre annulée", "rencontre confirmée", w.T0 + HOUR)
    assert archive.evidence(old.evidence_sha256 or "").body != archive.evidence(new.evidence_sha256 or "").body
    counts = [archive.search(Phrase((word,))).total for word in ("annulee", "confirmee")]
    assert counts == [0, 1]
    assert [archive.search(AnyFacet((f"label:{name}",))).total for name in ("aid", "agreement")] == [0, 1]


def test_an_edit_without_a_date_stays_where_it_was(archive: Archive) -> None:
    first = w.put(archive, w.judged(w.post(1))).new[0]
    later = w.post(1, "autre", published_at=None, effective_at=w.T0 + HOUR)
    w.put(archive, w.judged(later, verdict="edited", statement=first), now=w.T0 + HOUR)
    assert archive.statement(first).post.effective_at == w.T0 - timedelta(minutes=1)


def test_another_key_of_the_same_item_is_learnt(archive: Archive) -> None:
    first = w.put(archive, w.judged(w.post(1))).new[0]
    moved = w.post(1, keys=("id:guid-2", "url:https://e.example/1"))
    kept = w.put(archive, w.judged(moved, verdict="rekeyed", statement=first), now=w.T0 + HOUR)
    assert (kept.new, kept.edited) == ((), ())
    assert {item.statement for item in archive.known("sow-feed").values()} == {first}
    assert "id:guid-2" in archive.known("sow-feed")
    assert w.put(archive, w.judged(w.post(1, keys=("id:guid-2",))), now=w.T0 + 2 * HOUR).new == ()


def test_a_link_that_is_used_again_for_other_words_makes_another_statement(archive: Archive) -> None:
    w.put(archive, w.judged(w.post(1, keys=("id:a", "url:x"))))
    assert len(w.put(archive, w.judged(w.post(2, "autre", keys=("id:b", "url:x"))), now=w.T0 + HOUR).new) == 1
    assert archive.known("sow-feed")["url:x"].statement == archive.known("sow-feed")["id:a"].statement


def test_a_304_adds_nothing_and_extends_what_was_watched(archive: Archive) -> None:
    w.put(archive, w.judged(w.post(1)))
    for minutes in (5, 10, 60, 65):
        w.put(archive, now=w.T0 + timedelta(minutes=minutes))
    spans = archive.coverage("sow-feed", w.T0 - HOUR, w.T0 + 2 * HOUR)
    assert [((s.start - w.T0).seconds // 60, (s.end - w.T0).seconds // 60, s.polls) for s in spans] == [
        (0, 10, 3),
        (60, 65, 2),
    ]
    assert archive.coverage("sow-feed", w.T0 + timedelta(minutes=20), w.T0 + timedelta(minutes=50)) == []
    (status,) = archive.sources()
    assert (status.polls, status.statements, archive.status()["evidence"]) == (5, 1, 1)


def test_a_failed_poll_is_not_watching_and_says_why(archive: Archive) -> None:
    w.put(archive, w.judged(w.post(1)))
    claim = w.claim(archive, now=w.T0 + HOUR)
    state = replace(claim.state, health="failing", reason="503", failures=1)
    failed = w.reading(claim, now=w.T0 + HOUR, outcome="failed", failure="503", failure_kind="SourceThrottled")
    alarm = Firing("source:sow-feed", "failing since now")
    (kept,) = archive.keep([replace(failed, state=state, alarm=alarm)], w.T0 + HOUR)
    assert kept.alerts == 1
    assert archive.alerts()[0].statement is None
    assert archive.coverage("sow-feed", w.T0, w.T0 + 2 * HOUR)[0].end == w.T0
    assert archive.sources()[0].state.reason == "503"


def test_a_throttled_source_is_seen_to_fail_at_once(archive: Archive) -> None:
    claim = w.claim(archive)
    state = replace(claim.state, failures=1, health="ok", reason="HTTP 429 for a feed source: asked to wait")
    archive.keep([w.reading(claim, state=state, outcome="failed", failure="HTTP 429")], w.T0)
    (shown,) = archive.sources(["sow-feed"])
    assert (shown.state.health, shown.state.failures) == ("failing", 1)


def test_firings_become_alerts_once_and_held_ones_say_why(archive: Archive) -> None:
    told = w.judged(w.post(1), firings=(Firing("visits", "label"), Firing("old", "label", held="too old")))
    assert w.put(archive, told).alerts == 2
    assert {(a.rule, a.state, a.state_reason) for a in archive.alerts()} == {
        ("visits", "firing", None),
        ("old", "held", "too old"),
    }
    assert [a.rule for a in archive.alerts(state="firing")] == ["visits"]


def test_a_poisoned_reading_fails_alone(archive: Archive) -> None:
    names = ["a", "b", "c"]
    archive.sync_sources([w.source(name) for name in names], w.T0)
    claims = [archive.claim_due(w.T0, 1, 60, names=[name])[0] for name in names]
    texts = ["un", "half \ud83d a character", "trois"]
    readings = [w.reading(c, w.judged(w.post(n, text))) for n, (c, text) in enumerate(zip(claims, texts, strict=True))]
    kept = archive.keep(readings, w.T0)
    assert [len(one.new) for one in kept] == [1, 0, 1]
    assert [bool(one.failure) for one in kept] == [False, True, False]
    bad = archive.sources(["b"])[0].state
    assert (bad.health, bad.failures, bad.first_read_at, bool(bad.next_poll_at)) == ("failing", 1, None, True)
    assert archive.search(Everything()).total == 2


@pytest.mark.parametrize("number", [2**63, -(2**70)])
def test_a_number_no_engine_takes_fails_alone(archive: Archive, number: int) -> None:
    kept = w.put(archive, w.judged(w.post(1), fingerprints=(number,)))
    assert kept.failure is not None
    assert archive.status()["statements"] == 0


def test_a_text_of_two_megabytes_is_kept_whole(archive: Archive) -> None:
    long_words = " ".join(f"{n:0100d}"[::-1] for n in range(20_000))
    for number, text in enumerate(["é" * 2_000_000, "mot " * 500_000, long_words, "漢字" * 500_000]):
        kept = w.put(archive, w.judged(w.post(number, text)), now=w.T0 + number * HOUR)
        assert kept.failure is None, number
        assert archive.statement(kept.new[0]).post.text == text


def test_a_reading_with_an_old_lease_is_fenced(archive: Archive, opened: Callable[[str], Archive]) -> None:
    other = opened("second")
    mine = w.claim(archive)
    theirs = other.claim_due(w.T0 + 2 * HOUR, 1, 60)[0]
    late = archive.keep([w.reading(mine, w.judged(w.post(1), firings=(Firing("r", "why"),)))], w.T0 + 2 * HOUR)
    assert late[0].fenced
    assert archive.status()["statements"] == 0
    assert not other.keep([w.reading(theirs, w.judged(w.post(1)))], w.T0 + 2 * HOUR)[0].fenced
    assert other.keep([w.reading(theirs, w.judged(w.post(2)))], w.T0 + 2 * HOUR)[0].fenced


def test_who_speaks_is_found_by_facet(archive: Archive) -> None:
    report = w.post(1, origin="report", speaker=Speaker(), publisher="Le Journal")
    w.put(archive, w.judged(report), w.judged(w.post(2)))
    totals = [
        archive.search(AnyFacet((f,))).total for f in ("leader:aminata-sow", "origin:report", "about:mli", "all:all")
    ]
    assert totals == [1, 1, 2, 2]
