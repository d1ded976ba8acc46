"""When a text says that something happens: absolute and relative dates, resolved against its publication.

The publication's day is that of the source's zone (the caller gives it). Nothing said to come is put into the past: a
weekday is the coming one beside a verb of the present or the future, the last one beside a verb of the past."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import cache, lru_cache
from importlib import resources
from typing import Any, NamedTuple

from tracker.classify.tokens import Field
from tracker.models.statement import Words

_ISO = re.compile(r"\b(20\d\d)-(\d\d)-(\d\d)\b|\b(\d{1,2})[/.](\d{1,2})[/.](20\d\d)\b")
_STOP = re.compile(r"[.!?؟\n|]+(?:\s|$)|\n")
#: Words and marks that part a verb from what does not belong to it, and how many characters they count for.
_PART = re.compile(r"[,;:—–]|\b(?:et|and|y|e|и|who|which|qui?|que|that|where|ou|d?onde|apres|after|الذي|التي|حيث)\b")
_FAR = 40
_REACH = 300  # no verb that stands farther is a date's
#: Days before and after publication within which a date may be a visit's.
_PAST, _AHEAD = 45, 200


class When(NamedTuple):
    """A day or a window of days, with its words. `ahead`: the text puts it after its publication; `day` is None where
    it is only said to come; `told` is the tense of its verb."""

    day: date | None
    end: date | None
    words: Words
    ahead: bool
    told: str = ""


_Read = tuple[re.Match[str], date | None, date | None, bool]  # words, day, last day, said to come


def _alternatives(line: str) -> str:
    return "|".join(phrase.strip().replace("*", r"\w*") for phrase in line.split(";"))


def _groups(letter: str, table: Mapping[Any, str]) -> str:
    """Alternatives as groups: a letter and the number they stand for, 9 added."""
    return "|".join(f"(?P<{letter}{int(k) + 9}>{_alternatives(v)})" for k, v in sorted(table.items()))


def _number(match: re.Match[str], letter: str) -> int:
    return next((int(k[1:]) - 9 for k, v in match.groupdict().items() if v and k[0] == letter and k[1:].isdigit()), 0)


@cache
def _patterns(lang: str) -> dict[str, re.Pattern[str]]:
    data = tomllib.loads(resources.files(__package__).joinpath("data/calendar.toml").read_text(encoding="utf-8"))
    months = _groups("m", dict(enumerate(data["months"][lang].split(";"), 1)))
    weekdays = _groups("w", dict(enumerate(data["weekdays"][lang].split(";"))))
    beside = {k: _alternatives(v) for k, v in data["beside"].items()}
    marks = "|".join(f"(?P<{k}>{v})" for k, v in beside.items())
    around = {k: f"(?:{_alternatives(v)})" for k, v in data["around"].items()}
    ordinal = "(?:st|nd|rd|th|er|º)?"
    to, of = r"\s?(?:-|au|to|al|a|e|et|and|y|по|до|الي)\s?", "(?: (?:de|of))? "
    span = rf"(?:{to}(?P<last>\d{{1,2}}){ordinal})?"
    over = rf"(?:{to}(?P<last3>\d{{1,2}}){ordinal}{of}(?:{months.replace('<m', '<o')}))?"  # into the next month
    named = rf"(?P<d1>\d{{1,2}}){ordinal}{span}{of}(?:{months}){over}"
    if lang == "en":
        later = rf"(?:{to}(?:(?:{months.replace('<m', '<p')}) )?(?P<last4>\d{{1,2}}){ordinal}\b(?! of))?"
        named += rf"|(?:{months.replace('<m', '<n')}) (?P<d2>\d{{1,2}}){ordinal}{later}"
    count = rf"(?:(?P<digits>\d{{1,2}})|{_groups('c', data['numbers'])})"
    some = rf"{around['the']}{count} {around['next']}(?:{_groups('u', data['units'])})|{_groups('z', data['alone'])}"
    verbs = "|".join(f"(?P<{k}>{_alternatives(v)})" for k, v in data["verbs"][lang].items())
    patterns = {
        "named": rf"\b(?:{named})\b(?:,? (?:de |of )?(?P<year>20\d\d))?",
        "relative": rf"\b(?:{_groups('r', data['days'])})\b",
        "distance": rf"\b(?:(?P<soon>{around['soon']})|"
        rf"(?:(?:(?P<ago>{around['ago']})|(?P<coming>{around['coming']})|(?P<within>{around['within']})) )?"
        rf"(?:{some})(?: (?P<after>{around['after']}))?)\b(?! (?:{around['of']}))",
        "weekday": rf"(?:\b(?:{marks})\s+(?:le |la |the |el )?)?\b(?:ال|و)?(?:{weekdays})\b"
        rf"(?:\s+(?:(?P<next2>{beside['next']})|(?P<last2>{beside['last']}))\b)?",
        "verb": rf"(?i:(?<!\w)(?:{verbs})\b)",
    }
    return {name: re.compile(pattern) for name, pattern in patterns.items()}


@lru_cache(maxsize=8)
def _verbs(text: str, lang: str) -> tuple[tuple[int, int, str], ...]:
    return tuple((*verb.span(), verb.lastgroup or "") for verb in _patterns(lang)["verb"].finditer(text))


def tense(one: Field, lang: str, start: int, end: int, led: bool = False) -> str:
    """What the nearest verb of its sentence says of a stretch of the folded text: past, now, future, said or "".

    With `led` a verb that stands after it is none of its own."""
    plain = lang in ("ar", "ru") or len(one.seen) != len(one.folded)
    near = [(True, _FAR**2, "")]
    for first, last, told in _verbs(one.folded if plain else one.seen.replace("’", "'"), lang):
        if start - last < _REACH and first - end < (0 if led else _REACH):
            gap = _apart(one.folded[min(end, last) : max(start, first)]) + 5 * (first >= end)  # a verb leads its day
            weak = told == "title" or (
                told == "said" and first >= end and gap >= _FAR
            )  # "at Luanda on Monday, he said"
            near += [(weak, gap, "future" if weak else told)] if gap < _FAR**2 else []
    return min(near)[2]


def _apart(text: str) -> int:
    """How far two stretches are from each other, by what stands between them; beyond _FAR**2 in two sentences."""
    return len(text) + _FAR * bool(_PART.search(text)) + _FAR**2 * bool(_STOP.search(text))


def choose(fields: tuple[Field, ...], lang: str, published: date | None, place: Words | None = None) -> When | None:
    """The date in the sentence of a place, else the one nearest to publication, without which only full dates are read.

    The day of which it is told when something was said is no visit's."""

    def rank(when: When) -> tuple[int, int, int]:
        away = abs((when.day - published).days) if when.day and published else 99
        first, last = sorted((place or when.words, when.words), key=lambda words: words.start)
        text = next(one.seen for one in fields if one.name == first.field)[first.end : last.start]
        return _apart(text) if first.field == last.field else _FAR**2, away, when.words.start

    found: list[When] = []
    published = published if published and 1 < published.year < 9999 else None
    for one in fields:
        full = [*_full(one), *_named(one, lang, published)]
        spans = [read[0].span() for read in full]
        rest = [*_relative(one, lang, published), *_weekday(one, lang, published)] if published else []
        full += [r for r in rest if not any(r[0].start() - 6 < b and a < r[0].end() + 6 for a, b in spans)]
        for match, day, end, ahead in full:
            told = tense(one, lang, *match.span())
            to_come = ahead or bool(published and day and day > published)
            if told != "said" and not (published and day and not -_PAST <= (day - published).days <= _AHEAD):
                found.append(When(day, end, one.cut(*match.span()), to_come, told))
    return min(found, key=rank, default=None)


def _full(one: Field) -> Iterator[_Read]:
    for match in _ISO.finditer(one.folded):
        y, m, d, d2, m2, y2 = match.groups()
        yield from _read(match, (int(y or y2), int(m or m2), int(d or d2)), None)


def _named(one: Field, lang: str, published: date | None) -> Iterator[_Read]:
    for match in _patterns(lang)["named"].finditer(one.folded):
        groups = match.groupdict()
        month = _number(match, "m") or _number(match, "n")
        day, year = int(groups["d1"] or groups.get("d2") or 0), int(groups["year"] or 0)
        last = int(groups["last"] or groups["last3"] or groups.get("last4") or 0)
        ends = _number(match, "o") or _number(match, "p") or month
        year -= bool(year and ends < month)  # a year that is told of both is that of the end
        if published and not year:
            away = (published.month - month) * 30 + published.day - day  # the year that puts it nearest to publication
            year = published.year + (away > 182) - (away < -182)
            past = (year, month, day) < (published.year, published.month, published.day)
            year += past and tense(one, lang, *match.span()) == "future"
        if year:
            yield from _read(match, (year, month, day), (year + (ends < month), ends, last))


def _read(match: re.Match[str], first: tuple[int, int, int], last: tuple[int, int, int] | None) -> Iterator[_Read]:
    try:
        yield match, date(*first), date(*last) if last and last[2] and last > first else None, False
    except ValueError:
        return


def _relative(one: Field, lang: str, published: date) -> Iterator[_Read]:
    """Days that are counted from publication: yesterday, three days ago, in two weeks, soon."""
    for match in _patterns(lang)["relative"].finditer(one.folded):
        yield match, published + timedelta(days=_number(match, "r")), None, False
    for match in _patterns(lang)["distance"].finditer(one.folded):
        by = {name for name, words in match.groupdict().items() if words}
        many, unit = int(match["digits"] or _number(match, "c")), _number(match, "u")
        days = _number(match, "z") if any(name[0] == "z" for name in by) else many * unit if many or not unit else -1
        told = tense(one, lang, *match.span())
        if by & {"ago", "after"} and days >= 0:
            yield match, published - timedelta(days=days), None, False
        elif (by & {"coming", "soon"} and told != "past") or ("within" in by and told in ("now", "future")):
            day = published + timedelta(days=days) if days >= 0 and "soon" not in by else None
            yield match, day, None, True


def _weekday(one: Field, lang: str, published: date) -> Iterator[_Read]:
    """The weekday that its neighbours or else the nearest verb mean: the coming one or the last one."""
    for match in _patterns(lang)["weekday"].finditer(one.folded):
        by = {name.rstrip("2") for name, words in match.groupdict().items() if words}
        back = (published.weekday() - _number(match, "w")) % 7
        told = tense(one, lang, *match.span())
        comes = told in ("now", "future") or (told == "" and "near" in by and back > 3)
        days = 7 - back if "next" in by else -(back or 7) if "last" in by else -back % 7 if comes else -back
        if "until" not in by:
            yield match, published + timedelta(days=days), None, False
