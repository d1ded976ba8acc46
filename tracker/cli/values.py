"""Values of the command line: days, leaders, countries."""

from __future__ import annotations

from datetime import UTC, date, datetime

from tracker import gazetteer
from tracker.errors import NotFound, UsageError
from tracker.models.registry import Registry


def day(option: str, written: str | None) -> datetime | None:
    """A day as its first instant in UTC."""
    if written is None:
        return None
    parsed = local_day(option, written)
    return datetime(parsed.year, parsed.month, parsed.day, tzinfo=UTC)


def local_day(option: str, written: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise UsageError(f"{option}: {written!r} is not a day; write it as 2022-11-02") from None


def side(registry: Registry, option: str, written: str | None) -> str | None:
    """One side of a visit: a leader's id, or a country code."""
    if written is None:
        return None
    leaders = registry.leaders_named(written)
    if leaders:
        return leaders[0]
    country = gazetteer.country_named(written)
    if country is None:
        raise NotFound(f"{option}: {written!r} is neither a leader of leaders.toml nor a country")
    return country
