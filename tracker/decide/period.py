"""When a digest's periods end: once a local day, at a wall-clock time, in zones whose days have 23, 24 or 25 hours.

A time that the clock skips means the first instant after the gap, a time that comes twice its first occurrence."""

from bisect import bisect_left
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tracker.models.telling import Digest, Period

_DAY, _SECOND = timedelta(days=1), timedelta(seconds=1)


def instant(day: date, at: time, timezone: str) -> datetime:
    """The one instant, in UTC, at which a wall clock of this zone is taken to show this time on this day."""
    wall = datetime.combine(day, at.replace(microsecond=0), ZoneInfo(timezone))
    first, second = wall.astimezone(UTC), wall.replace(fold=1).astimezone(UTC)
    if first <= second:  # an ordinary time, or one that comes twice
        return first
    skipped = range(int((first - second).total_seconds()))  # the gap ends in (second, first]
    before = wall.utcoffset()
    ended = bisect_left(skipped, True, key=lambda s: _offset(second + s * _SECOND, wall) != before)
    return second + ended * _SECOND


def _offset(moment: datetime, like: datetime) -> timedelta | None:
    return moment.astimezone(like.tzinfo).utcoffset()


def ending(digest: Digest, day: date) -> Period:
    """The period that ends on this local date; it starts where the one before it ended."""
    start, end = (instant(each, digest.at, digest.timezone) for each in (day - _DAY, day))
    return Period(digest.name, day, start, end)


def due(
    digest: Digest, last_end: datetime | None, now: datetime, created_at: datetime, *, last_day: date | None = None
) -> tuple[Period, ...]:
    """Every period that ended since the last issue and up to now, oldest first; those slept through are among them.

    A new digest begins with the period that ends next after `created_at`. `last_day` is the date of the last issue
    (else that of `last_end`): no date is made twice, even when a period was closed early or the digest's hour moved.
    Periods join without a gap."""
    since, zone = last_end or created_at, ZoneInfo(digest.timezone)
    day = since.astimezone(zone).date() if last_day is None else last_day
    day, start = (day + _DAY if last_end else day), last_end
    periods: list[Period] = []
    while (period := ending(digest, day)).start < now:
        if since < period.end <= now:
            periods.append(replace(period, start=min(start or period.start, period.end)))
            start = period.end
        day += _DAY
    return tuple(periods)
