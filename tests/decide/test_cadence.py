"""When a source is asked next, and how it is doing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.decide.cadence import GONE_WAIT, after_failure, after_success, validators, wants_full
from tracker.errors import (
    SourceBroken,
    SourceError,
    SourceGone,
    SourceGoneForGood,
    SourceRefused,
    SourceThrottled,
    SourceUnreachable,
)
from tracker.models.source import PollState, Reply, Source

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def source(name: str = "s", every: float = 60.0, every_max: float = 3600.0) -> Source:
    return Source(name, "feed", {}, publisher="P", every=every, every_max=every_max)


def wait(state: PollState) -> float:
    assert state.next_poll_at is not None
    return (state.next_poll_at - NOW).total_seconds()


@pytest.mark.parametrize(
    ("before", "new", "hint", "after"),
    [
        (None, 5, None, 60.0),
        (None, 0, None, 90.0),
        (400.0, 0, None, 600.0),
        (400.0, 1, None, 200.0),
        (80.0, 1, None, 60.0),
        (3000.0, 0, None, 3600.0),
        (100.0, 1, 1800.0, 1800.0),
        (100.0, 1, 86400.0, 3600.0),
        (9999.0, 1, None, 1800.0),
    ],
)
def test_the_interval_halves_on_new_items_and_grows_by_half_on_none(
    before: float | None, new: int, hint: float | None, after: float
) -> None:
    state = after_success(source(), PollState(interval=before, failures=4), NOW, new, hint)
    assert (state.interval, state.failures, state.health) == (after, 0, "ok")
    assert abs(wait(state) - after) <= after * 0.1
    assert state.reason


@given(st.text(min_size=1), st.floats(1, 1e5), st.floats(1, 10), st.lists(st.integers(0, 3), max_size=20))
def test_a_poll_is_never_sooner_than_every_nor_a_tenth_later_than_the_ceiling(
    name: str, every: float, factor: float, news: list[int]
) -> None:
    one, state = source(name.encode("utf-8", "replace").decode(), every, every * factor), PollState()
    for new in news:
        state = after_success(one, state, NOW, new)
        assert every * 0.999 - 1e-5 <= wait(state) <= every * factor * 1.1 + 1e-5


@pytest.mark.parametrize("new", [0, 3])
@pytest.mark.parametrize("every", [1.0, 60.0])
def test_an_interval_is_fixed_when_its_bounds_are_equal(every: float, new: int) -> None:
    state = after_success(source(every=every, every_max=every), PollState(interval=999.0), NOW, new, hint=7200.0)
    assert state.interval == every
    assert every <= wait(state) <= every * 1.02


def test_the_spread_is_the_same_each_time_and_differs_by_name() -> None:
    waits = {name: wait(after_success(source(name), PollState(interval=1000.0), NOW, 0)) for name in "abcdefgh"}
    assert waits == {name: wait(after_success(source(name), PollState(interval=1000.0), NOW, 0)) for name in waits}
    assert len(set(waits.values())) == len(waits)


@pytest.mark.parametrize(
    ("known_items", "health", "empty", "after"),
    [
        (20, "ok", True, "suspect"),
        (20, "suspect", True, "suspect"),
        (20, "suspect", None, "suspect"),
        (20, "suspect", False, "ok"),
        (0, "new", True, "ok"),
        (20, "failing", None, "ok"),
    ],
)  # fmt: skip
def test_an_empty_answer_of_a_source_that_had_items_is_suspect(
    known_items: int, health: str, empty: bool | None, after: str
) -> None:
    before = PollState(known_items=known_items, health=health)  # type: ignore[arg-type]
    state = after_success(source(), before, NOW, 0, empty=empty)
    assert state.health == after
    assert ("nothing in it" in (state.reason or "")) == (after == "suspect" and True)


def test_failures_wait_twice_as_long_each_time_and_leave_the_interval() -> None:
    state, waits = PollState(interval=120.0), []
    for _ in range(9):
        state = after_failure(source(), state, NOW, SourceUnreachable("no answer"))
        waits.append(wait(state))
    assert all(60 * 2**n * 0.9 <= waited <= 60 * 2**n * 1.1 for n, waited in enumerate(waits[:6]))
    assert waits[8] <= 3960.0
    assert (state.interval, state.failures, state.health, state.reason) == (120.0, 9, "failing", "no answer")


def test_a_desk_that_polls_each_second_is_back_within_minutes() -> None:
    state = after_failure(source(every=1.0, every_max=1.0), PollState(failures=500), NOW, SourceUnreachable("x"))
    assert wait(state) <= 330.0


@pytest.mark.parametrize(
    ("every", "asked", "least", "most"),
    [(60.0, 120.0, 120.0, 150.0), (300.0, 120.0, 300.0, 330.0), (60.0, 2.6e6, 86400.0, 86430.0)],
)
def test_what_the_other_side_asks_is_honoured(every: float, asked: float, least: float, most: float) -> None:
    for name in "abcdefgh":
        state = after_failure(source(name, every), PollState(failures=7), NOW, SourceThrottled("429", asked))
        assert least <= wait(state) <= most


@pytest.mark.parametrize(
    ("error", "failures", "health"),
    [
        (SourceBroken("x"), 0, "failing"),
        (SourceRefused("x"), 0, "failing"),
        (SourceGone("x"), 0, "failing"),
        (SourceGoneForGood("x"), 0, "gone"),
        (SourceThrottled("x"), 0, "ok"),
        (SourceThrottled("x"), 2, "failing"),
    ],
)
def test_each_failure_shows_in_the_health(error: SourceError, failures: int, health: str) -> None:
    assert after_failure(source(), PollState(health="ok", failures=failures), NOW, error).health == health


def test_a_source_that_is_gone_is_hardly_asked_again() -> None:
    assert wait(after_failure(source(), PollState(), NOW, SourceGoneForGood("410"))) == GONE_WAIT


@pytest.mark.parametrize(("hours", "wanted"), [(None, True), (23.9, False), (24, True)])
def test_a_fetch_without_conditions_is_due_once_a_day(hours: float | None, wanted: bool) -> None:
    last = NOW - timedelta(hours=hours) if hours is not None else None
    assert wants_full(PollState(last_full_at=last), NOW) is wanted


def test_validators_are_kept_as_they_came() -> None:
    reply = Reply("u", 200, {"etag": 'W/"a"', "last-modified": "Wed, 25 Nov 2026 10:00:00 GMT"}, b"x", NOW)
    state = validators(PollState(), reply, NOW)
    assert (state.etag, state.last_modified, state.last_full_at) == ('W/"a"', "Wed, 25 Nov 2026 10:00:00 GMT", NOW)
    later = NOW + timedelta(hours=1)
    unchanged = validators(state, Reply("u", 304, {}, b"", later), later)
    assert unchanged == state
    changed = validators(state, Reply("u", 200, {"etag": '"b"'}, b"y", later), later)
    assert (changed.etag, changed.last_modified, changed.last_full_at) == ('"b"', None, NOW)
    assert changed.body_sha256 != state.body_sha256
