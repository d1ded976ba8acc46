"""Who works on what: never two at once, and nothing is left behind by a worker that died."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from tests.archive import world as w
from tracker.archive import Archive
from tracker.models.statement import Firing, Related
from tracker.models.telling import Delivered, Notification

MINUTE = timedelta(minutes=1)
Opened = Callable[[str], Archive]


def names(claims: list) -> list[str]:  # type: ignore[type-arg]
    return [claim.source.name for claim in claims]


def test_only_what_is_due_is_claimed_the_longest_waiting_first(archive: Archive) -> None:
    off = w.source("off", enabled=False, paused_reason="no token")
    archive.sync_sources([w.source("a"), w.source("b"), off], w.T0)
    w.put(archive, name="b", now=w.T0)
    assert names(archive.claim_due(w.T0 + MINUTE, 9, 60)) == ["a"]
    assert archive.claim_due(w.T0 + MINUTE, 9, 60) == []
    assert names(archive.claim_due(w.T0 + 5 * MINUTE, 9, 60)) == ["a", "b"]
    paused = archive.sources(["off"])[0].state
    assert (paused.health, paused.reason) == ("paused", "no token")


def test_a_named_source_is_claimed_before_it_is_due_but_not_from_another_worker(
    archive: Archive, opened: Opened
) -> None:
    w.put(archive, name="a")
    assert names(archive.claim_due(w.T0 + MINUTE, 9, 60, names=["a", "nobody"])) == ["a"]
    assert opened("second").claim_due(w.T0 + MINUTE, 9, 60, names=["a"]) == []


def test_a_dead_workers_source_is_taken_over_when_its_lease_is_out(archive: Archive, opened: Opened) -> None:
    mine = w.claim(archive, "a")
    second = opened("second")
    assert second.claim_due(w.T0 + timedelta(seconds=59), 9, 60) == []
    (theirs,) = second.claim_due(w.T0 + timedelta(seconds=60), 9, 60)
    assert theirs.token != mine.token
    archive.release([mine])
    assert archive.claim_due(w.T0 + timedelta(seconds=61), 9, 60) == []


def test_a_released_source_is_due_again(archive: Archive) -> None:
    archive.release([w.claim(archive, "a")])
    assert names(archive.claim_due(w.T0, 9, 60)) == ["a"]


def test_a_changed_source_is_due_and_forgets_its_validators_only_when_its_address_changed(archive: Archive) -> None:
    claim = w.claim(archive, "a")
    reading = w.reading(claim, w.judged(w.post(1)))
    archive.keep([replace(reading, state=replace(reading.state, etag='"1"', cursor={"since": "9"}))], w.T0)
    archive.sync_sources([w.source("a")], w.T0 + MINUTE)
    assert archive.claim_due(w.T0 + MINUTE, 9, 60) == []
    archive.sync_sources([w.source("a", every=60.0)], w.T0 + MINUTE)
    (claim,) = archive.claim_due(w.T0 + MINUTE, 9, 60)
    assert (claim.state.etag, claim.state.cursor) == ('"1"', {"since": "9"})
    archive.sync_sources([w.source("a", options={"url": "https://new.example/"})], w.T0 + MINUTE)
    state = archive.sources()[0].state
    assert (state.etag, state.cursor, bool(state.first_read_at)) == (None, {}, True)
    archive.sync_sources([], w.T0)
    assert archive.sources() == []
    assert archive.status()["statements"] == 1


def test_secrets_stay_in_the_process_that_has_them(archive: Archive, opened: Opened) -> None:
    archive.sync_sources([w.source("a", secrets={"x-key": "hush"})], w.T0)
    assert archive.claim_due(w.T0, 1, 60)[0].source.secrets == {"x-key": "hush"}
    assert opened("second").sources()[0].source.secrets == {}


def test_many_workers_claim_each_source_once(archive: Archive, opened: Opened) -> None:
    archive.sync_sources([w.source(f"s{n:02}") for n in range(40)], w.T0)
    workers = [opened(f"w{n}") for n in range(4)]
    claimed: list[str] = []

    def work(one: Archive) -> None:
        while claims := one.claim_due(w.T0, 3, 60):
            claimed.extend(names(claims))

    threads = [threading.Thread(target=work, args=(one,)) for one in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == [f"s{n:02}" for n in range(40)]


def test_statements_wait_to_be_related_until_they_are(archive: Archive, opened: Opened) -> None:
    kept = w.put(archive, w.judged(w.post(1)), w.judged(w.post(2)))
    second = opened("second")
    assert [one.id for one in archive.claim_unrelated(w.T0, 9, 60)] == list(kept.new)
    assert second.claim_unrelated(w.T0, 9, 60) == []
    archive.relate([Related(kept.new[0])], w.T0)
    assert [one.id for one in second.claim_unrelated(w.T0 + MINUTE, 9, 60)] == [kept.new[1]]
    edit = w.judged(w.post(1, "autre"), verdict="edited", statement=kept.new[0])
    w.put(archive, edit, now=w.T0 + MINUTE)
    assert [one.id for one in second.claim_unrelated(w.T0 + MINUTE, 9, 60)] == [kept.new[0]]


def notification(key: str = "n1", **more: Any) -> Notification:
    plain = {"id": key, "type": "test", "receiver": "desk", "created_at": w.T0, "payload": {"a": [1]}}
    return Notification(**{**plain, "recipients": ("x", "y"), **more})


def test_a_delivery_is_sent_once_and_retried_under_its_id(archive: Archive, opened: Opened) -> None:
    archive.notify(notification())
    archive.notify(notification())
    first = archive.claim_deliveries(w.T0, 9, 60)
    assert [(d.recipient, d.attempt, d.notification) for d in first] == [
        ("x", 1, notification()),
        ("y", 1, notification()),
    ]
    assert opened("second").claim_deliveries(w.T0, 9, 60) == []
    later = w.T0 + 5 * MINUTE
    archive.settle([Delivered(first[0], "sent"), Delivered(first[1], "pending", "503", later)], w.T0)
    assert archive.claim_deliveries(w.T0 + MINUTE, 9, 60) == []
    (again,) = archive.claim_deliveries(later, 9, 60)
    assert (again.recipient, again.attempt, again.notification.id) == ("y", 2, "n1")
    archive.settle([Delivered(again, "dead", "404")], later)
    box = archive.outbox()
    assert (box.pending, box.sending, box.sent, box.dead) == (0, 0, 1, 1)
    assert box.dead_letters == ((again.id, "desk", "y", "404"),)


def test_a_thawed_worker_settles_nothing_that_another_took_over(archive: Archive, opened: Opened) -> None:
    archive.notify(notification(recipients=("x",)))
    (mine,) = archive.claim_deliveries(w.T0, 9, 60)
    second = opened("second")
    (theirs,) = second.claim_deliveries(w.T0 + MINUTE, 9, 60)
    assert (theirs.attempt, theirs.notification.id) == (2, mine.notification.id)
    archive.settle([Delivered(mine, "dead", "late")], w.T0 + MINUTE)
    assert archive.outbox().sending == 1
    second.settle([Delivered(theirs, "sent")], w.T0 + MINUTE)
    assert archive.outbox().sent == 1


def test_a_deferred_notification_waits(archive: Archive) -> None:
    archive.notify(notification(not_before=w.T0 + MINUTE))
    assert archive.claim_deliveries(w.T0, 9, 60) == []
    assert len(archive.claim_deliveries(w.T0 + MINUTE, 1, 60)) == 1


def test_a_lease_is_extended_by_who_has_it_and_nobody_else(archive: Archive, opened: Opened) -> None:
    archive.sync_sources([w.source("a"), w.source("b")], w.T0)
    mine = archive.claim_due(w.T0, 9, 60)
    assert archive.extend(mine, w.T0 + 3 * MINUTE) == mine
    second = opened("second")
    assert second.claim_due(w.T0 + 2 * MINUTE, 9, 60) == []
    theirs = second.claim_due(w.T0 + 3 * MINUTE, 1, 60)
    assert names(archive.extend(mine, w.T0 + 9 * MINUTE)) == [n for n in ("a", "b") if n != theirs[0].source.name]
    assert second.claim_due(w.T0 + 4 * MINUTE, 9, 60)[0].source == theirs[0].source


def test_what_a_thawed_worker_related_is_left_out_when_another_has_it_or_it_was_edited(
    archive: Archive, opened: Opened
) -> None:
    kept = w.put(archive, w.judged(w.post(1)), w.judged(w.post(2)))
    late = [Related(key, firings=((key, Firing("r", "late")),)) for key in kept.new]
    archive.claim_unrelated(w.T0, 9, 60)
    archive.extend_relations(kept.new, w.T0 + MINUTE, w.T0 + 2 * MINUTE)
    second = opened("second")
    assert second.claim_unrelated(w.T0 + MINUTE, 9, 60) == []
    w.put(archive, w.judged(w.post(2, "autre"), verdict="edited", statement=kept.new[1]), now=w.T0 + 2 * MINUTE)
    assert len(second.claim_unrelated(w.T0 + 2 * MINUTE, 9, 60)) == 2
    assert archive.relate(late, w.T0 + 2 * MINUTE, w.T0 + 2 * MINUTE) == 0
    assert archive.status()["unrelated"] == 2
    assert second.relate(late[:1], w.T0 + 2 * MINUTE, w.T0 + 3 * MINUTE) == 1
    assert archive.status()["unrelated"] == 1


def test_a_digest_that_its_worker_was_mailing_when_it_died_is_held(archive: Archive, opened: Opened) -> None:
    archive.notify(notification(type="digest"))
    first, other = archive.claim_deliveries(w.T0, 9, 60)
    assert archive.hand_over(first)
    second = opened("second")
    (again,) = second.claim_deliveries(w.T0 + MINUTE, 9, 60)
    assert (again.recipient, again.attempt) == (other.recipient, 2)
    assert not archive.hand_over(other), "another worker has it by now"
    archive.settle([Delivered(first, "sent")], w.T0 + MINUTE)
    box = archive.outbox()
    assert (box.held, box.sending, box.sent) == (1, 1, 0)


def test_a_delivery_under_way_is_held_for_longer(archive: Archive, opened: Opened) -> None:
    archive.notify(notification())
    mine = archive.claim_deliveries(w.T0, 9, 60)
    archive.extend_deliveries(mine, w.T0 + 3 * MINUTE)
    second = opened("second")
    assert second.claim_deliveries(w.T0 + 2 * MINUTE, 9, 60) == []
    assert len(second.claim_deliveries(w.T0 + 3 * MINUTE, 9, 60)) == 2


def test_a_clock_that_is_set_back_makes_due_what_was_due_but_no_quiet_hours_shorter(archive: Archive) -> None:
    hour = timedelta(hours=1)
    archive.notify(notification("now"))
    archive.notify(notification("quiet", not_before=w.T0 + MINUTE))
    archive.notify(notification("again", recipients=("z",)))
    (tried,) = (one for one in archive.claim_deliveries(w.T0, 9, 60) if one.recipient == "z")
    archive.settle([Delivered(tried, "pending", "503", w.T0 + MINUTE)], w.T0)
    archive.notify(notification("new", created_at=w.T0 + MINUTE))
    reading = w.reading(w.claim(archive, "a"))
    archive.keep([replace(reading, state=replace(reading.state, last_poll_at=w.T0))], w.T0)
    archive.set_back(hour, w.T0 - hour)
    archive.sync_sources([w.source("a")], w.T0 - hour)
    due = archive.claim_deliveries(w.T0 - hour + MINUTE, 9, 60)
    assert {one.notification.id for one in due} == {"again", "new"}
    assert names(archive.claim_due(w.T0 - hour, 9, 60)) == ["a"]


def test_no_writer_commits_before_one_that_began_earlier_so_that_a_reader_who_pages_misses_nothing(
    archive: Archive, opened: Opened
) -> None:
    second, reader = opened("second"), opened("reader")
    archive.sync_sources([w.source("a"), w.source("b")], w.T0)
    claims = second.claim_due(w.T0, 9, 60)
    late = threading.Thread(target=lambda: second.keep([w.reading(claims[1], w.judged(w.post(2)))], w.T0))
    with archive.writing():
        late.start()
        late.join(0.3)
        assert late.is_alive(), "it waits for its turn"
        assert reader.each_statement() == []
    late.join(20)
    first = reader.each_statement()
    second.keep([w.reading(claims[0], w.judged(w.post(1)))], w.T0)
    assert [one.seq for one in reader.each_statement(after_seq=first[-1].seq)] == [first[-1].seq + 1]
