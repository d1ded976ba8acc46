"""When a text says that something happens: absolute and relative dates, resolved against its publication.

The publication's day is that of the speaker's zone (the caller gives it). Nothing said to come is put into the past.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

from tracker.classify.tokens import Field
from tracker.models.statement import Words

_ISO = re.compile(r"\b(20\d\d)-(\d\d)-(\d\d)\b|\b(\d{1,2})[/.](\d{1,2})[/.](20\d\d)\b")


#: Days before and after publication within which a date may be a visit's.
_PAST, _AHEAD = 45, 200


@dataclass(frozen=True, slots=True)
class When:
    """A day or a window of days, with its words. `ahead`: the text puts it after its publication; `loose`: a weekday
    that is taken for the last one, for want of a word that says which."""

    day: date
    end: date | None
    words: Words
    ahead: bool
    loose: bool = False

    def coming(self) -> When:
        """The same weekday after publication, when another word says that it is to come."""
        return replace(self, day=self.day + timedelta(days=7), ahead=True, loose=False) if self.loose else self


def _alternatives(line: str) -> str:
    return "|".join(phrase.strip().replace("*", r"\w*") for phrase in line.split(";"))


@cache
def _calendar() -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath("data/calendar.toml").read_text(encoding="utf-8"))


class _Patterns(NamedTuple):
    named: re.Pattern[str]
    relative: re.Pattern[str]
    weekday: re.Pattern[str]


@cache
def _patterns(lang: str) -> _Patterns:
    data = _calendar()
    months = "|".join(f"(?P<m{i}>{_alternatives(n)})" for i, n in enumerate(data["months"][lang].split(";"), 1))
    weekdays = "|".join(f"(?P<w{i}>{_alternatives(n)})" for i, n in enumerate(data["weekdays"][lang].split(";")))
    days = "|".join(f"(?P<r{int(k) + 9}>{_alternatives(v)})" for k, v in sorted(data["days"].items()))
    coming = _alternatives(data["next"]["words"])
    ordinal = "(?:st|nd|rd|th|er|º)?"
    span = rf"(?:\s?(?:-|au|to|al|a|e|et|and|y|по|до|الي)\s?(?P<last>\d{{1,2}}){ordinal})?"
    named = rf"(?P<d1>\d{{1,2}}){ordinal}{span}(?: (?:de|of))? (?:{months})"
    if lang == "en":
        named += rf"|(?:{months.replace('<m', '<n')}) (?P<d2>\d{{1,2}}){ordinal}"
    return _Patterns(
        re.compile(rf"\b(?:{named})\b(?:,? (?:de |of )?(?P<year>20\d\d))?"),
        re.compile(rf"\b(?:{days})\b"),
        re.compile(rf"(?:\b(?P<before>{coming})\s+)?\b(?:{weekdays})\b(?:\s+(?P<after>{coming})\b)?"),
    )


def choose(fields: tuple[Field, ...], lang: str, published: date | None) -> When | None:
    """The date that the fields name nearest to publication; without a publication day only full dates are read."""
    found = [
        when
        for one in fields
        for read in (_full, _named, _relative, _weekday)
        for when in read(one, lang, published)
        if not published or -_PAST <= (when.day - published).days <= _AHEAD
    ]
    if not published:
        return next(iter(found), None)
    return min(found, key=lambda w: (abs((w.day - published).days), w.words.start), default=None)


def _full(one: Field, _lang: str, published: date | None) -> Iterator[When]:
    for match in _ISO.finditer(one.folded):
        y, m, d, d2, m2, y2 = match.groups()
        yield from _when(one, match, (int(y or y2), int(m or m2), int(d or d2)), None, published)


def _named(one: Field, lang: str, published: date | None) -> Iterator[When]:
    for match in _patterns(lang).named.finditer(one.folded):
        groups = match.groupdict()
        month = next((int(k[1:]) for k, v in groups.items() if v and k[0] in "mn" and k[1:].isdigit()), 0)
        day, year = int(groups.get("d1") or groups.get("d2") or 0), groups.get("year") or ""
        if year or published:
            guess = _nearest(published, month, day) if published and not year else int(year)
            last = int(groups.get("last") or 0) or None
            yield from _when(one, match, (guess, month, day), last, published)


def _nearest(published: date, month: int, day: int) -> int:
    """The year that puts the day nearest to the publication."""
    years = (published.year - 1, published.year, published.year + 1)
    away = (published.month - month) * 30 + published.day - day
    return min(years, key=lambda year: abs((published.year - year) * 365 + away))


def _when(
    one: Field, match: re.Match[str], ymd: tuple[int, int, int], last: int | None, published: date | None
) -> Iterator[When]:
    try:
        start = date(*ymd)
        end = date(ymd[0], ymd[1], last) if last and last > ymd[2] else None
    except ValueError:
        return
    yield When(start, end, one.cut(*match.span()), bool(published and start > published))


def _relative(one: Field, lang: str, published: date | None) -> Iterator[When]:
    for match in _patterns(lang).relative.finditer(one.folded) if published else ():
        shift = next(int(k[1:]) - 9 for k, v in match.groupdict().items() if v)
        if published:
            yield When(published + timedelta(days=shift), None, one.cut(*match.span()), shift > 0)


def _weekday(one: Field, lang: str, published: date | None) -> Iterator[When]:
    """The weekday nearest before publication, or the one after it when the text says next."""
    for match in _patterns(lang).weekday.finditer(one.folded) if published else ():
        groups = match.groupdict()
        wanted = next(int(k[1:]) for k, v in groups.items() if v and k[0] == "w")
        if not published:
            continue
        back = (published.weekday() - wanted) % 7
        ahead = bool(groups.get("before") or groups.get("after"))
        day = published + timedelta(days=(7 - back) if ahead else -back)
        yield When(day, None, one.cut(*match.span()), ahead, loose=back > 0 and not ahead)
