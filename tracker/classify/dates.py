"""When a text says that something happens: absolute and relative dates, resolved against its publication. The
publication's day is that of the source's zone, or the speaker's (the caller gives it). Nothing said to come is put into
the past: a weekday is the coming one beside a verb of the present or future, the last one beside the past."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from functools import cache, lru_cache
from importlib import resources
from typing import Any, NamedTuple

from tracker.classify.tokens import Field
from tracker.models.statement import Words

FAR = 40
_REACH = 300  # no verb that stands farther is a date's
_Read = tuple[re.Match[str], date | None, date | None, bool]  # words, day, last day, said to come


class When(NamedTuple):
    """A day or a window of days, with its words."""

    day: date | None  # None where it is only said to come
    end: date | None
    words: Words
    ahead: bool  # the text puts it after its publication
    told: str = ""  # the tense of its verb


def _alternatives(line: str) -> str:
    return "|".join(phrase.strip().replace("*", r"\w*") for phrase in line.split(";"))


def _groups(letter: str, table: Mapping[Any, str]) -> str:
    """Alternatives as groups: a letter and the number they stand for, 9 added."""
    return "|".join(f"(?P<{letter}{int(k) + 9}>{_alternatives(v)})" for k, v in sorted(table.items()))


def _number(match: re.Match[str], letter: str) -> int:
    """What a group of a table stands for, or (of d, l, y and k) the number that is written; 0 where there is none."""
    groups = ((k, v) for k, v in match.groupdict().items() if v and k[0] == letter and k[1:].isdigit())
    name, written = next(groups, ("_9", "0"))
    return int(written) if letter in "dlyk" else int(name[1:]) - 9


@cache
def patterns(lang: str) -> dict[str, re.Pattern[str]]:
    """The expressions of `data/calendar.toml` in a language, by name."""
    data = tomllib.loads(resources.files(__package__).joinpath("data/calendar.toml").read_text(encoding="utf-8"))
    months, weekdays = (dict(enumerate(data[name][lang].split(";"), 1)) for name in ("months", "weekdays"))
    parts = {letter: _groups(letter, months) for letter in "mnop"} | {"w": _groups("w", weekdays)}
    parts |= {letter: _groups(letter, data[name]) for letter, name in data["letters"].items()}
    for name, table in (("around", data["around"]), ("beside", data["beside"])):
        parts |= {f"{name}.{k}": _alternatives(v) for k, v in table.items()}
    for name in ("verbs", "marks"):
        parts[name] = "|".join(f"(?P<{k}>{_alternatives(v)})" for k, v in data[name][lang].items())
    for name, pattern in data["patterns"].items():  # each is made of those before it
        parts[name] = pattern % parts
    parts["full"] = parts["full.en" if lang == "en" else "full"]
    return {name: re.compile(parts[name]) for name in ("full", *data["patterns"]["used"].split())}


@lru_cache(maxsize=8)
def _verbs(text: str, lang: str) -> tuple[tuple[int, int, str], ...]:
    return tuple((*verb.span(), verb.lastgroup or "") for verb in patterns(lang)["verb"].finditer(text))


def tense(one: Field, lang: str, start: int, end: int, led: bool = False) -> str:
    """What the nearest verb (with `led`, none after it) says of a stretch of text: past, now, future, said or ""."""
    plain = lang in ("ar", "ru") or len(one.seen) != len(one.folded)
    near = [(True, FAR**2, "")]
    for first, last, told in _verbs(one.folded if plain else one.seen.replace("’", "'"), lang):
        if start - last < _REACH and first - end < (0 if led else _REACH):
            gap = _apart(one.folded[min(end, last) : max(start, first)]) + 5 * (first >= end)  # a verb leads its day
            weak = told == "title" or (told == "said" and first >= end and gap >= FAR)  # "at Luanda, he said"
            near += [(weak, gap, "future" if weak else told)] if gap < FAR**2 else []
    return min(near)[2]


def _apart(text: str) -> int:
    """How far two stretches are from each other, by what stands between them; beyond FAR**2 in two sentences."""
    parted, stopped = (bool(patterns("en")[name].search(text)) for name in ("part", "stop"))
    return len(text) + FAR * parted + FAR**2 * stopped


def apart(fields: tuple[Field, ...], some: Words, others: Words) -> int:
    """How far words are from others, by what stands between them; FAR**2 and more in two sentences."""
    first, last = sorted((some, others), key=lambda words: words.start)
    text = next(one.seen for one in fields if one.name == first.field)[first.end : last.start]
    return _apart(text) if first.field == last.field else FAR**2


def marks(fields: tuple[Field, ...], lang: str) -> dict[str, Words]:
    """Phrases that say how a visit stands without a verb of their own: the first of each kind, by its name."""
    found = ((one, match) for one in fields for match in patterns(lang)["mark"].finditer(one.folded))
    found = ((o, m) for o, m in found if m.lastgroup not in ("off", "moved") or called_off(o, *m.span()))
    return dict(reversed([(match.lastgroup or "", one.cut(*match.span())) for one, match in found]))


def called_off(one: Field, start: int, end: int) -> bool:
    """Whether words of cancelling are not denied and mean a visit: they name it, or it is their subject or object."""
    find, whole = patterns("en"), one.folded
    before = find["off.beside"].sub(" ", whole[max(start - 300, 0) : start])
    told = "\0".join((before, whole[start:end], whole[end : end + 160]))
    return bool(find["off.meant"].search(told)) and not find["off.denied"].search(told)


def choose(
    fields: tuple[Field, ...], lang: str, published: date | None, place: Words | None = None, moved: Words | None = None
) -> When | None:
    """The date in the sentence of a place, else the one nearest to publication, without which only full dates are read.
    The day of which it is told when something was said is no visit's; of a visit that was `moved` it is the new one."""

    def rank(when: When) -> tuple[bool, int, int, int]:
        away = abs((when.day - published).days) if when.day and published else 99
        return not when.day, apart(fields, place or when.words, when.words), away, when.words.start

    place = replace(moved, start=moved.end) if moved else place
    found: list[When] = []
    published = published if published and 1 < published.year < 9999 else None
    for one in fields:
        full = [*_full(one, lang, published)]
        spans = [read[0].span() for read in full]
        full = [read for read in full if not _dateline(one, read[0])]
        rest = [*_relative(one, lang, published), *_weekday(one, lang, published)] if published else []
        full += [r for r in rest if not any(r[0].start() - 6 < b and a < r[0].end() + 6 for a, b in spans)]
        for match, day, end, ahead in full:
            told = tense(one, lang, *match.span())
            to_come = ahead or bool(published and day and day > published)
            if told != "said" and not (published and day and not -45 <= (day - published).days <= 330):
                found.append(When(day, end, one.cut(*match.span()), to_come, told))
    best = min(found, key=rank, default=None)
    if best and best.end and moved and moved.start < best.words.start < moved.end:  # "moved from the 5th to the 7th"
        return best._replace(day=best.end, end=None)
    return best


def _dateline(one: Field, day: re.Match[str]) -> bool:
    """Whether it is the day of the report itself: "BEIJING, June 17 (Xinhua) -- ", "Rabat, 17 juin - "."""
    find = patterns("en")
    return bool(find["beforeday"].match(one.folded[: day.start()]) and find["afterday"].match(one.folded, day.end()))


def _full(one: Field, lang: str, published: date | None) -> Iterator[_Read]:
    """Days of a month, with the year that is told or else the one that puts them nearest to publication."""
    for match in patterns(lang)["full"].finditer(one.folded):
        day, last, year = (_number(match, letter) for letter in "dly")
        month = _number(match, "m") or _number(match, "n") or _number(match, "k")
        ends = _number(match, "o") or _number(match, "p") or month
        year -= bool(year and ends < month)  # a year that is told of both is that of the end
        if published and not year:
            away = (published.month - month) * 30 + published.day - day
            year = published.year + (away > 182) - (away < -182)
            year += (year, month, day) < published.timetuple()[:3] and tense(one, lang, *match.span()) == "future"
        with suppress(ValueError):  # no such day
            end = date(year + (ends < month), ends, last) if last else None
            yield match, (first := date(year, month, day)), end if end and end > first else None, False


def _relative(one: Field, lang: str, published: date) -> Iterator[_Read]:
    """Days that are counted from publication: yesterday, three days ago, in two weeks, soon."""
    for match in patterns(lang)["relative"].finditer(one.folded):
        yield match, published + timedelta(days=_number(match, "r")), None, False
    for match in patterns(lang)["distance"].finditer(one.folded):
        by = {name for name, words in match.groupdict().items() if words}
        many, unit = int(match["digits"] or _number(match, "c")), _number(match, "u")
        days = _number(match, "z") if any(name[0] == "z" for name in by) else many * unit if many or not unit else -1
        told = tense(one, lang, *match.span())
        if by & {"ago", "after"} and days >= 0:
            yield match, published - timedelta(days=days), None, False
        elif (by & {"coming", "soon"} and told != "past") or ("within" in by and told in ("now", "future")):
            yield match, None if days < 0 or "soon" in by else published + timedelta(days=days), None, True


def _weekday(one: Field, lang: str, published: date) -> Iterator[_Read]:
    """The weekday that its neighbours or else the nearest verb mean: the coming one or the last one."""
    for match in patterns(lang)["weekday"].finditer(one.folded):
        by = {name.rstrip("2") for name, words in match.groupdict().items() if words}
        back = (published.weekday() + 1 - _number(match, "w")) % 7
        told = tense(one, lang, *match.span())
        comes = told in ("now", "future") or (told == "" and "near" in by and back > 3)
        days = 7 - back if "next" in by else -(back or 7) if "last" in by else -back % 7 if comes else -back
        if "until" not in by:
            yield match, published + timedelta(days=days), None, False
