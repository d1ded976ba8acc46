"""What each operator of the query language takes, and the facets or times it stands for."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from math import ceil, floor
from typing import NoReturn, get_args

from rapidfuzz import fuzz, process

from tracker import gazetteer, terms, text
from tracker.errors import QueryError
from tracker.models.query import AnyFacet, Everything, Node, Not, Or, Published
from tracker.models.registry import INTERNATIONAL, Registry
from tracker.models.statement import Origin, Presence

#: Every operator, with an example of its value.
OPERATORS = {
    "leader": "leader:goita", "office": "office:mli-president", "country": "country:MLI,BFA",
    "source": "source:goita-x", "kind": "kind:feed", "lang": "lang:fr",
    "label": "label:diplomatic_visit", "origin": "origin:official",
    "presence": "presence:deleted", "about": "about:MLI", "visitor": "visitor:traore", "host": "host:MLI",
    "place": "place:Bamako", "after": "after:2022-11", "before": "before:2022-12-01",
    "seen": "seen:2022-11-02..2022-11-05",
}  # fmt: skip
#: Years in which something can have been seen first.
SEEN_YEARS = (2000, 2099)

_SCORED = re.compile(r"([^<>=]+)(>=|<=|>|<|=)([0-9]+(?:\.[0-9]+)?|\.[0-9]+)")
_DAY = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The names that a query may use: the registry, and the labels, kinds and sources there are."""

    registry: Registry
    labels: Collection[str] = ()
    kinds: Collection[str] = ()
    sources: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Value:
    """One value of an operator, and the column where it stands."""

    text: str
    column: int


def resolve(name: str, values: tuple[Value, ...], words: Vocabulary) -> Node:
    """The node of one operator with its comma list; QueryError for a value that nothing is known by."""
    if name in ("after", "before"):
        if len(values) > 1:
            raise QueryError(f"{name}: takes one date", values[1].column)
        moment = _instant(values[0])
        return Published(moment, None) if name == "after" else Published(None, moment)
    parts = [_RESOLVERS[name](name, value, words) for value in values]
    facets = [facet for part in parts if isinstance(part, AnyFacet) for facet in part.facets]
    others: list[Node] = [part for part in parts if not isinstance(part, AnyFacet)]
    if facets:
        others.insert(0, AnyFacet(tuple(dict.fromkeys(facets))))
    return others[0] if len(others) == 1 else Or(tuple(others))


def _unknown(name: str, value: Value, known: Iterable[str], what: str) -> NoReturn:
    """The error for a name that nothing goes by, with the nearest one that something does."""
    choices = {text.fold(choice): choice for choice in known}
    near = process.extractOne(text.fold(value.text), choices.keys(), scorer=fuzz.ratio, score_cutoff=60)
    hint = f" (did you mean {_written(choices[near[0]])}?)" if near else f" (an example: {OPERATORS[name]})"
    raise QueryError(f'there is no {what} "{_short(value.text)}"{hint}', value.column)


def _written(choice: str) -> str:
    return f'"{choice}"' if re.search(r"[\s(),]", choice) else choice


def _short(written: str) -> str:
    return written if len(written) <= 40 else written[:39] + "…"


def _facets(name: str, refs: Iterable[str]) -> AnyFacet:
    return AnyFacet(tuple(terms.facet(name, ref) for ref in refs))


def _leaders(value: Value, registry: Registry) -> tuple[str, ...]:
    """Ids by id, name, alias or the last word of any of them."""
    spelling = text.squeeze(value.text)
    named = registry.leaders_named(spelling) or registry.leaders_named(re.sub("[-_]", " ", spelling))
    if named:
        return named
    surname = " " + text.fold(spelling)
    longer = [known for known in registry.leader_spellings() if known.endswith(surname)]
    return tuple(dict.fromkeys(leader for known in longer for leader in registry.leaders_named(known)))


def _offices(value: Value, registry: Registry) -> tuple[str, ...]:
    wanted = text.fold(text.squeeze(value.text))
    return tuple(
        office.id
        for office in registry.offices
        if wanted in {text.fold(spelling) for spelling in (office.id, office.title, *office.aliases)}
    )


def _country(value: Value, registry: Registry) -> str | None:
    """A country's code by code or name. Without the gazetteer's data, the registry's own countries are known."""
    code = value.text.upper()
    if code in INTERNATIONAL or any(office.country == code for office in registry.offices):
        return code
    try:
        return gazetteer.country_named(text.squeeze(value.text))
    except FileNotFoundError:
        return None


def _country_names(registry: Registry) -> set[str]:
    known = {office.country for office in registry.offices} | set(INTERNATIONAL)
    try:
        return known | {name.text for name in gazetteer.names() if name.kind == "country"}
    except FileNotFoundError:
        return known


def _leader(name: str, value: Value, words: Vocabulary) -> Node:
    found = _leaders(value, words.registry)
    return _facets(name, found) if found else _unknown(name, value, words.registry.leader_spellings(), "leader")


def _office(name: str, value: Value, words: Vocabulary) -> Node:
    known = [spelling for office in words.registry.offices for spelling in (office.id, office.title, *office.aliases)]
    found = _offices(value, words.registry)
    return _facets(name, found) if found else _unknown(name, value, known, "office")


def _speaking_country(name: str, value: Value, words: Vocabulary) -> Node:
    code = _country(value, words.registry)
    return _facets(name, [code]) if code else _unknown(name, value, _country_names(words.registry), "country")


def _party(name: str, value: Value, words: Vocabulary) -> Node:
    """A side of a visit, or somebody mentioned: leaders in any spelling, a country; for about: an office too."""
    refs = [*_leaders(value, words.registry)]
    code = _country(value, words.registry)
    refs += [code] if code else []
    refs += _offices(value, words.registry) if name == "about" else ()
    if refs:
        return _facets(name, refs)
    known = {*words.registry.leader_spellings(), *_country_names(words.registry)}
    return _unknown(name, value, known, "leader or country")


def _one_of(name: str, value: Value, known: Iterable[str]) -> Node:
    """A name among a closed list; `-`, space and `_` are one."""
    spelt = {terms.facet(name, each.replace("-", "_")): each for each in known}
    found = spelt.get(terms.facet(name, value.text.replace("-", "_")))
    return _facets(name, [found]) if found else _unknown(name, value, spelt.values(), name)


def _lang(name: str, value: Value, _: Vocabulary) -> Node:
    code = re.fullmatch(r"([A-Za-z]{2,3})(-[A-Za-z0-9-]+)?", value.text)
    if not code:
        raise QueryError(f"lang: takes a language's code, like {OPERATORS[name]}", value.column)
    return _facets(name, [code[1].lower()])


@cache
def _places() -> dict[str, str]:
    return {
        text.fold(name.text): name.canonical for name in gazetteer.names() if name.kind in ("capital", "city", "place")
    }


def _place(name: str, value: Value, _: Vocabulary) -> Node:
    try:
        canonical = _places().get(text.fold(text.squeeze(value.text)), value.text)
    except FileNotFoundError:
        canonical = value.text
    if not text.slug(value.text):
        raise QueryError(f"place: needs a name, like {OPERATORS[name]}", value.column)
    return AnyFacet(tuple(dict.fromkeys(terms.facet(name, spelling) for spelling in (value.text, canonical))))


def _label(name: str, value: Value, words: Vocabulary) -> Node:
    """`label:x` is the label in force; `label:x>=0.9` asks for its score, kept in hundredths (none kept: 0)."""
    scored = _SCORED.fullmatch(value.text)
    if not scored and re.search("[<>=]", value.text):
        raise QueryError("a score is compared like label:aid>=0.9", value.column)
    named = _one_of(name, Value(scored[1], value.column) if scored else value, words.labels)
    if not scored or not isinstance(named, AnyFacet):
        return named
    wanted = Decimal(scored[3]) * 100
    if wanted > 100 or len(scored[3]) > 20:
        raise QueryError("a score lies between 0 and 1", value.column)
    label = named.facets[0].removeprefix("label:")
    at_least, above = _levels(label, ceil(wanted)), _levels(label, floor(wanted) + 1)
    exactly = _levels(label, int(wanted), int(wanted)) if wanted == int(wanted) else None
    node = {">=": at_least, ">": above, "<": _negation(at_least), "<=": _negation(above), "=": exactly}[scored[2]]
    if node is None:
        raise QueryError(f"no score is {scored[2]}{scored[3]}: they are hundredths between 0 and 1", value.column)
    return node


def _levels(label: str, low: int, high: int = 100) -> Node | None:
    """Scores from low to high in hundredths; None for none."""
    if low == 0:
        return Everything() if high == 100 else Not(AnyFacet(tuple(_level_names(label, 1, 100))))
    return AnyFacet(tuple(_level_names(label, low, high))) if low <= high else None


def _level_names(label: str, low: int, high: int) -> Iterator[str]:
    return (terms.level(label, score / 100) for score in range(low, high + 1))


def _negation(node: Node | None) -> Node | None:
    if node is None:
        return Everything()
    return None if isinstance(node, Everything) else Not(node)


def _instant(value: Value) -> datetime:
    """The start of a year, month or day in UTC, or an exact time (UTC unless it names a zone)."""
    if _DAY.fullmatch(value.text):
        return datetime.combine(_days(value)[0], datetime.min.time(), UTC)
    try:
        if not re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:", value.text):
            raise ValueError
        moment = datetime.fromisoformat(value.text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise QueryError(
            f'"{_short(value.text)}" is no date: write 2022, 2022-11, 2022-11-02 or 2022-11-02T18:10Z', value.column
        ) from None


def _days(value: Value) -> tuple[date, date]:
    """The first day of a stated year, month or day, and the first day after it."""
    stated = _DAY.fullmatch(value.text)
    try:
        if not stated:
            raise ValueError
        year, month, day = (int(part) if part else None for part in stated.groups())
        first = date(year or 0, month or 1, day or 1)
        if day:
            return first, first + timedelta(days=1)
        return first, date(first.year + (not month or month == 12), first.month % 12 + 1 if month else 1, 1)
    except (ValueError, OverflowError):
        raise QueryError(
            f'"{_short(value.text)}" is no date: write 2022, 2022-11 or 2022-11-02', value.column
        ) from None


def _seen(name: str, value: Value, _: Vocabulary) -> Node:
    first, last = date(SEEN_YEARS[0], 1, 1), date(SEEN_YEARS[1] + 1, 1, 1)
    compared = re.fullmatch(r"(>=|<=|>|<|=)?(.+)", value.text)
    comparison, stated = (compared[1] or "=", compared[2]) if compared else ("=", value.text)
    low, dots, high = stated.partition("..")
    start, after = _days(Value(low, value.column))
    end = _days(Value(high, value.column))[1] if dots and comparison == "=" else after
    bounds = {">=": (start, last), ">": (after, last), "<": (first, start), "<=": (first, after), "=": (start, end)}
    since, until = bounds[comparison]
    facets = tuple(terms.facet(name, span) for span in _spans(max(since, first), min(until, last)))
    if not facets:
        raise QueryError("no day lies in this span", value.column)
    return AnyFacet(facets)


def _spans(start: date, end: date) -> Iterator[str]:
    """Whole years, months and days that together are [start, end)."""
    while start < end:
        month = date(start.year + start.month // 12, start.month % 12 + 1, 1)
        if (start.month, start.day) == (1, 1) and date(start.year + 1, 1, 1) <= end:
            yield f"{start:%Y}"
            start = date(start.year + 1, 1, 1)
        elif start.day == 1 and month <= end:
            yield f"{start:%Y%m}"
            start = month
        else:
            yield f"{start:%Y%m%d}"
            start += timedelta(days=1)


_RESOLVERS: dict[str, Callable[[str, Value, Vocabulary], Node]] = {
    "leader": _leader,
    "office": _office,
    "country": _speaking_country,
    "about": _party,
    "visitor": _party,
    "host": _party,
    "source": lambda name, value, words: _one_of(name, value, words.sources),
    "kind": lambda name, value, words: _one_of(name, value, words.kinds),
    "origin": lambda name, value, _: _one_of(name, value, get_args(Origin)),
    "presence": lambda name, value, _: _one_of(name, value, get_args(Presence)),
    "lang": _lang,
    "label": _label,
    "place": _place,
    "seen": _seen,
}
