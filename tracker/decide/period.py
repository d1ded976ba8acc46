"""When a digest's periods end: once a local day, at a wall-clock time, in zones whose days have 23, 24 or 25 hours. A
time that the clock skips means the first instant after the gap, a time that comes twice its first occurrence."""

from bisect import bisect_left
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
    zone, before = wall.tzinfo, wall.utcoffset()
    ended = bisect_left(skipped, True, key=lambda s: (second + s * _SECOND).astimezone(zone).utcoffset() != before)
    return second + ended * _SECOND


def ending(digest: Digest, day: date, last: Period | None = None) -> Period:
    """The period that ends on this local date; it starts where the last issue before it ended, early or not."""
    start, end = (instant(each, digest.at, digest.timezone) for each in (day - _DAY, day))
    return Period(digest.name, day, min(last.end, end) if last and last.day < day else start, end)


def due(digest: Digest, last: Period | None, now: datetime, created_at: datetime) -> tuple[Period, ...]:
    """Every period that ended since the last issue and up to now, oldest first; those slept through are among them. A
    new digest begins with the period that ends next after `created_at`. No date is made twice, even when a period was
    closed early or the digest's hour moved. Periods join without a gap."""
    since, periods = last.end if last else created_at, list[Period]()
    day = last.day + _DAY if last else since.astimezone(ZoneInfo(digest.timezone)).date()
    while (period := ending(digest, day, last)).end <= now:
        if since < period.end:
            last = period
            periods.append(period)
        day += _DAY
    return tuple(periods)
