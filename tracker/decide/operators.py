"""What each operator of the query language takes, and the facets or times it stands for."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import NoReturn, get_args

from rapidfuzz import fuzz, process

from tracker import gazetteer, terms, text
from tracker.errors import QueryError
from tracker.models.query import AnyFacet, Everything, Node, Not, Or, Published
from tracker.models.registry import INTERNATIONAL, Office, Registry
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
_COMPARISONS = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt, "=": operator.eq}
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
    return AnyFacet(tuple(dict.fromkeys(terms.facet(name, ref) for ref in refs)))


def _leaders(spelling: str, registry: Registry) -> Iterable[str]:
    """Ids by id, name, alias or the last word of any of them."""
    named = registry.leaders_named(spelling) or registry.leaders_named(re.sub("[-_]", " ", spelling))
    surname = " " + text.fold(spelling)
    longer = () if named else (known for known in registry.leader_spellings() if known.endswith(surname))
    return [*named, *(leader for known in longer for leader in registry.leaders_named(known))]


def _offices(spelling: str, registry: Registry) -> Iterable[str]:
    wanted = text.fold(spelling)
    return [office.id for office in registry.offices if wanted in map(text.fold, _spellings(office))]


def _spellings(office: Office) -> tuple[str, ...]:
    return (office.id, office.title, *office.aliases)


def _countries(spelling: str, registry: Registry) -> Iterable[str]:
    code = spelling.upper()
    known = code in INTERNATIONAL or any(office.country == code for office in registry.offices)
    found = code if known else gazetteer.country_named(spelling)
    return [found] if found else []


_FOUND_BY = {"leader": _leaders, "office": _offices, "country": _countries}
_KNOWN: dict[str, Callable[[Registry], Iterable[str]]] = {
    "leader": lambda registry: registry.leader_spellings(),
    "office": lambda registry: [spelling for office in registry.offices for spelling in _spellings(office)],
    "country": lambda _: [*INTERNATIONAL, *(name.text for name in gazetteer.names() if name.kind == "country")],
}
#: What each operator about people and places may be given; the facets of all that goes by the name are taken.
_WHO = {
    "leader": ("leader",), "office": ("office",), "country": ("country",), "about": ("leader", "country", "office"),
    "visitor": ("leader", "country"), "host": ("leader", "country"),
}  # fmt: skip


def _who(name: str, value: Value, words: Vocabulary) -> Node:
    spelling = text.squeeze(value.text)
    refs = [ref for what in _WHO[name] for ref in _FOUND_BY[what](spelling, words.registry)]
    if refs:
        return _facets(name, refs)
    known = [spelling for what in _WHO[name] for spelling in _KNOWN[what](words.registry)]
    _unknown(name, value, known, " or ".join(_WHO[name]))


def _one_of(name: str, value: Value, words: Vocabulary) -> Node:
    """A name among a closed list; `-`, space and `_` are one."""
    lists = {"source": words.sources, "kind": words.kinds, "label": words.labels}
    lists |= {"origin": get_args(Origin), "presence": get_args(Presence)}
    spelt = {terms.facet(name, each.replace("-", "_")): each for each in lists[name]}
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
    """As it is written, and as the gazetteer calls it."""
    if not text.slug(value.text):
        raise QueryError(f"place: needs a name, like {OPERATORS[name]}", value.column)
    return _facets(name, [value.text, _places().get(text.fold(text.squeeze(value.text)), value.text)])


def _label(name: str, value: Value, words: Vocabulary) -> Node:
    """`label:x` is the label in force; `label:x>=0.9` asks for its score, kept in hundredths (none kept: 0)."""
    scored = _SCORED.fullmatch(value.text)
    if not scored and re.search("[<>=]", value.text):
        raise QueryError("a score is compared like label:aid>=0.9", value.column)
    named = _one_of(name, Value(scored[1], value.column) if scored else value, words)
    if not scored or not isinstance(named, AnyFacet):
        return named
    wanted = Decimal(scored[3]) * 100
    hits = [score for score in range(101) if _COMPARISONS[scored[2]](score, wanted)]
    if not hits or wanted > 100:
        raise QueryError(f"no score is {scored[2]}{_short(scored[3])}: they are hundredths from 0 to 1", value.column)
    if 0 not in hits:
        return _levels(named.facets[0], hits)
    misses = [score for score in range(101) if score not in hits]
    return Not(_levels(named.facets[0], misses)) if misses else Everything()


def _levels(label: str, scores: Iterable[int]) -> AnyFacet:
    return AnyFacet(tuple(terms.level(label.removeprefix("label:"), score / 100) for score in scores))


def _instant(value: Value) -> datetime:
    """The start of a year, month or day in UTC, or a time to the second, as the index has it (UTC unless zoned)."""
    if _DAY.fullmatch(value.text):
        return datetime.combine(_days(value)[0], datetime.min.time(), UTC)
    try:
        if not re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:", value.text):
            raise ValueError
        moment = datetime.fromisoformat(value.text).replace(microsecond=0)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        _no_date(value, "2022-11-02 or 2022-11-02T18:10Z")


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
        _no_date(value, "2022-11 or 2022-11-02")


def _no_date(value: Value, forms: str) -> NoReturn:
    raise QueryError(f'"{_short(value.text)}" is no date: write 2022, {forms}', value.column) from None


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
    **dict.fromkeys(_WHO, _who),
    **dict.fromkeys(("source", "kind", "origin", "presence"), _one_of),
    "lang": _lang,
    "label": _label,
    "place": _place,
    "seen": _seen,
}
