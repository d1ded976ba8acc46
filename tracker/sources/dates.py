"""Dates as sources write them: RFC 822, ISO 8601, French, Spanish and Portuguese words, with or without a zone. A date
is read or it is None; it is never "now". What was assumed to read it is said beside it."""

import re
import tomllib
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from importlib import resources
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tracker import text

#: A date outside these years is a slip or a poison (`1763800000` read as the year 1763), not a statement's time.
FIRST_YEAR, LAST_YEAR = 1990, 2100
_DATA = tomllib.loads(resources.files(__package__).joinpath("data/dates.toml").read_text(encoding="utf-8"))
_MONTH = {name: number for number, names in enumerate(_DATA["months"], 1) for name in names.split()}
_ZONES: dict[str, int] = _DATA["zones"]
_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ]+(\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?))?\s*(Z|[A-Z]{2,4}|[+-]\d\d(?::?\d\d)?)?$", re.I
)
_MONTH_FIRST = re.compile(r"([a-z]{3,10})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})")
_YEAR_LAST = re.compile(r"([a-z]{3}) +(\d{1,2}) (\d\d:\d\d:\d\d(?: \S+)?) (\d{4})$")
_WORDS = re.compile(
    r"(?:^|[\s,.])(\d{1,2})(?:er|st|nd|rd|th|o|º)?[\s.-]+(?:de\s+)?([a-z]{3,10})\.?,?[\s-]+(?:de\s+|del\s+)?(\d{4}|\d\d\b)"
    r"(?:\D{1,8}?(\d{1,2})\s*[:h]\s*(\d{2})?(?::(\d{2}))?)?\s*(.*)$"
)


@lru_cache(maxsize=1_000)
def read(stated: str | None, zone: str | None = None) -> tuple[datetime | None, str | None]:
    """The moment in UTC that a stated date names, and what had to be assumed; (None, None) when it names none. `zone`
    is the IANA name of the source's own time zone, used for dates without one (else UTC, and said)."""
    raw = text.squeeze(stated or "")[:100]
    parsed = _iso(raw) or _words(raw)
    if parsed is None or not FIRST_YEAR <= parsed[0].year <= LAST_YEAR:
        return None, None
    moment, timed = parsed
    if moment.tzinfo is not None:
        return moment.astimezone(UTC), None
    where = _zone(zone)
    what = "date without a zone" if timed else "date without a time"
    return moment.replace(tzinfo=where or UTC).astimezone(UTC), f"{what} read as {zone if where else 'UTC'}"


def _iso(raw: str) -> tuple[datetime, bool] | None:
    if not (match := _ISO.match(raw)):
        return None
    try:
        moment = datetime.fromisoformat(f"{match[1]}T{match[2] or '00:00'}")
    except ValueError:
        return None
    return moment.replace(tzinfo=_offset(match[3] or "")), match[2] is not None


def _words(raw: str) -> tuple[datetime, bool] | None:
    match = _WORDS.search(_YEAR_LAST.sub(r"\2 \1 \4 \3", _MONTH_FIRST.sub(r"\2 \1 \3", text.fold(raw))))
    month = _MONTH.get(match[2]) if match else None
    if not match or not month:
        return None
    hour, minute, second = (int(part or 0) for part in match.group(4, 5, 6))
    hour = hour % 12 + 12 * match[7].startswith("pm") if match[7][:2] in ("am", "pm") else hour
    year = int(match[3]) + 2000 * (len(match[3]) == 2)
    try:
        moment = datetime(year, month, int(match[1]), hour, minute, min(second, 59))  # noqa: DTZ001
    except ValueError:
        return None
    return moment.replace(tzinfo=_offset(match[7])), match[4] is not None


def _offset(raw: str) -> tzinfo | None:
    """The zone at the end of a date: `+0100`, `GMT+1`, `Z`, a few names; None when none is stated."""
    match = re.search(r"(?:(?:gmt|utc)\s*)?([+-])(\d{1,2}):?(\d{2})?$", raw.lower())
    if match:
        minutes = int(match[2]) * 60 + int(match[3] or 0)
        return timezone(timedelta(minutes=minutes if match[1] == "+" else -minutes)) if minutes < 1440 else None
    name = re.sub(r"[^a-z]", "", raw.lower())
    return timezone(timedelta(hours=_ZONES[name])) if name in _ZONES else None


def _zone(name: str | None) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
