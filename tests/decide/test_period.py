"""Digest periods: one a local date, whatever the clocks do."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.decide.period import due, ending, instant
from tracker.models.query import Everything, Query
from tracker.models.telling import Digest, Period

CASES = Path(__file__).parents[2] / ".." / "shared" / "hostile" / "time" / "digest_dst_cases.tsv"


def digest(at: str = "07:00", timezone: str = "Africa/Bamako") -> Digest:
    return Digest("morning", ("desk@example.org",), time.fromisoformat(at), timezone, Query("", Everything()))


def utc(stated: str) -> datetime:
    return datetime.fromisoformat(stated).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("timezone", "day", "at", "expected"),
    [
        ("Africa/Bamako", "2026-11-25", "07:00", "2026-11-25T07:00"),
        ("Europe/Paris", "2026-03-29", "02:00", "2026-03-29T01:00"),
        ("Europe/Paris", "2026-03-29", "02:59", "2026-03-29T01:00"),
        ("Europe/Paris", "2026-03-29", "03:00", "2026-03-29T01:00"),
        ("Europe/Paris", "2026-10-25", "02:00", "2026-10-25T00:00"),
        ("Europe/Paris", "2026-10-25", "03:00", "2026-10-25T02:00"),
        ("Australia/Lord_Howe", "2026-10-04", "02:15", "2026-10-03T15:30"),
        ("Pacific/Apia", "2011-12-30", "07:00", "2011-12-30T10:00"),
        ("Asia/Kathmandu", "2026-11-25", "07:00", "2026-11-25T01:15"),
    ],
)
def test_a_wall_clock_time_is_one_instant(timezone: str, day: str, at: str, expected: str) -> None:
    assert instant(date.fromisoformat(day), time.fromisoformat(at), timezone) == utc(expected)


@pytest.mark.skipif(not CASES.exists(), reason="the shared table of DST cases is not beside the project")
def test_the_shared_table_of_gaps_and_folds_holds() -> None:
    lines = [line for line in CASES.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    rows = list(csv.DictReader(lines, delimiter="\t"))
    assert len(rows) >= 20
    for row in rows:
        found = instant(date.fromisoformat(row["local_date"]), time.fromisoformat(row["local_time"]), row["timezone"])
        assert found == datetime.fromisoformat(row["expected_fire_utc"]), row


@given(
    st.sampled_from(["Europe/Berlin", "Africa/Cairo", "America/Santiago", "Australia/Lord_Howe", "Pacific/Apia"]),
    st.dates(date(2005, 1, 3), date(2030, 12, 1)),
    st.times().map(lambda at: at.replace(second=0, microsecond=0)),
)
def test_periods_follow_each_other_without_gap_or_overlap(timezone: str, day: date, at: time) -> None:
    one, two = (ending(digest(at.isoformat(), timezone), each) for each in (day, day + timedelta(days=1)))
    assert one.start <= one.end == two.start <= two.end
    assert two.end - two.start <= timedelta(hours=49)


NEW = utc("2026-11-20T12:00")


def issued(day: str, end: str) -> Period:
    return Period("morning", date.fromisoformat(day), utc(end) - timedelta(days=1), utc(end))


@pytest.mark.parametrize(
    ("last_end", "now", "days"),
    [
        (None, "2026-11-20T12:00", []),
        (None, "2026-11-21T06:59", []),
        (None, "2026-11-21T07:00", [21]),
        (None, "2026-11-23T09:00", [21, 22, 23]),
        ("2026-11-21T07:00", "2026-11-22T06:59", []),
        ("2026-11-21T07:00", "2026-11-22T07:00", [22]),
        ("2026-11-21T07:00", "2026-11-25T20:00", [22, 23, 24, 25]),
        ("2026-11-25T07:00", "2026-11-21T20:00", []),
    ],
)
def test_every_period_that_ended_since_the_last_issue_is_due(last_end: str | None, now: str, days: list[int]) -> None:
    periods = due(digest(), issued(last_end[:10], last_end) if last_end else None, utc(now), NEW)
    assert [period.day.day for period in periods] == days
    assert all(period.end - period.start == timedelta(days=1) for period in periods)


@pytest.mark.parametrize("at", ["05:00", "09:00"])
def test_a_digest_moved_to_another_hour_makes_one_issue_a_date_and_leaves_no_gap(at: str) -> None:
    last = issued("2026-11-21", "2026-11-21T07:00")
    periods = due(digest(at), last, utc("2026-11-23T12:00"), NEW)
    assert [period.day.day for period in periods] == [22, 23]
    assert periods[0].start == last.end
    assert periods[0].end == periods[1].start


def test_a_period_that_was_closed_early_is_not_made_again() -> None:
    last = issued("2026-11-22", "2026-11-21T15:00")
    assert due(digest(), last, utc("2026-11-22T08:00"), NEW) == ()
    (period,) = due(digest(), last, utc("2026-11-23T08:00"), NEW)
    assert (period.day, period.start) == (date(2026, 11, 23), last.end)
    assert period == ending(digest(), period.day, last)


def test_a_local_date_that_never_was_still_has_its_period() -> None:
    periods = due(
        digest("07:00", "Pacific/Apia"), issued("2011-12-29", "2011-12-29T17:00"), utc("2011-12-31T00:00"), NEW
    )
    assert [period.day.day for period in periods] == [30, 31]
