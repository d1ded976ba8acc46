"""When a digest's periods end: once a local day, at a wall-clock time, in zones whose days have 23, 24 or 25 hours.

A time that the clock skips means the first instant after the gap, a time that comes twice its first occurrence.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tracker.models.telling import Digest, Period

_DAY = timedelta(days=1)


def instant(day: date, at: time, timezone: str) -> datetime:
    """The one instant, in UTC, at which a wall clock of this zone is taken to show this time on this day."""
    wall = datetime.combine(day, at, ZoneInfo(timezone))
    before, after = _offset(wall), _offset(wall.replace(fold=1))
    if after <= before:  # an ordinary time, or one that comes twice: fold 0 is the first
        return wall.astimezone(UTC)
    late, early = wall.astimezone(UTC), wall.replace(fold=1).astimezone(UTC)
    while late - early > timedelta(seconds=1):  # the gap ends in (early, late]
        middle = early + (late - early) // 2
        if _offset(middle.astimezone(wall.tzinfo)) == before:
            early = middle
        else:
            late = middle
    return late.replace(microsecond=0)


def _offset(moment: datetime) -> timedelta:
    return moment.utcoffset() or timedelta()


def ending(digest: Digest, day: date) -> Period:
    """The period that ends on this local date; it starts where the one before it ended."""
    start, end = (instant(each, digest.at, digest.timezone) for each in (day - _DAY, day))
    return Period(digest.name, day, start, end)


def due(
    digest: Digest, last_end: datetime | None, now: datetime, created_at: datetime, *, last_day: date | None = None
) -> tuple[Period, ...]:
    """Every period that ended since the last issue and up to now, oldest first; those slept through are among them.

    A new digest begins with the period that ends next after `created_at`. `last_day` is the date of the last issue:
    a period closed early (`digest send --now`) is not made again. Periods join without a gap when `at` was changed.
    """
    since = last_end or created_at
    day = last_day + _DAY if last_day else since.astimezone(ZoneInfo(digest.timezone)).date()
    periods: list[Period] = []
    while (period := ending(digest, day)).start < now:
        if since < period.end <= now and not _made_before(period, last_end, last_day, digest):
            start = period.start if last_end is None and not periods else (periods[-1].end if periods else since)
            periods.append(Period(digest.name, day, min(start, period.end), period.end))
        day += _DAY
    return tuple(periods)


def _made_before(period: Period, last_end: datetime | None, last_day: date | None, digest: Digest) -> bool:
    """Whether the last issue bears this date already, seen from its end alone: the digest's hour was moved later."""
    if last_end is None or last_day is not None:
        return False
    return period.start < last_end and last_end.astimezone(ZoneInfo(digest.timezone)).date() == period.day
