"""What each operator of the query language takes, and the facets or times it stands for."""

import operator
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from typing import NamedTuple, get_args

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
#: Days between which something can have been seen first.
SEEN = date(2000, 1, 1), date(2100, 1, 1)
_SCORED = re.compile(r"([^<>=]+)(>=|<=|>|<|=)([0-9]+(?:\.[0-9]+)?|\.[0-9]+)")
_COMPARISONS = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt, "=": operator.eq}
#: Facets of a day seen: the year, month and day it lies in.
_FORMS = ("%Y", "%Y%m", "%Y%m%d")
_DAY = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The names that a query may use: the registry, and the labels, kinds and sources there are. `kept` says whether
    statements have any of some facets: what the config names no more is found by its id."""

    registry: Registry
    labels: Collection[str] = ()
    kinds: Collection[str] = ()
    sources: Collection[str] = ()
    kept: Callable[[AnyFacet], bool] = lambda _: False


class Value(NamedTuple):
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
    facets = dict.fromkeys(facet for part in parts if isinstance(part, AnyFacet) for facet in part.facets)
    joined = [*([AnyFacet(tuple(facets))] if facets else []), *(one for one in parts if not isinstance(one, AnyFacet))]
    return joined[0] if len(joined) == 1 else Or(tuple(joined))


def _unknown(name: str, value: Value, known: Iterable[str], what: str) -> QueryError:
    """The error for a name that nothing goes by, with the nearest one that something does."""
    choices = {text.fold(choice): choice for choice in known}
    near = process.extractOne(text.fold(value.text), choices.keys(), scorer=fuzz.ratio, score_cutoff=60)
    meant = choices[near[0]] if near else ""
    meant = f'"{meant}"' if re.search(r"[\s(),]", meant) else meant
    hint = f"did you mean {meant}?" if meant else f"an example: {OPERATORS[name]}"
    return QueryError(f'there is no {what} "{_short(value.text)}" ({hint})', value.column)


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
    return [office.id for office in registry.offices if text.fold(spelling) in map(text.fold, _spellings(office))]


def _spellings(office: Office) -> tuple[str, ...]:
    return (office.id, office.title, *office.aliases)


def _countries(spelling: str, registry: Registry) -> Iterable[str]:
    code = spelling.upper()
    known = code in INTERNATIONAL or any(office.country == code for office in registry.offices)
    found = code if known else gazetteer.country_named(spelling)
    return [found] if found else []


#: How each is found by a spelling, and all the spellings there are.
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


def refs(name: str, value: Value, words: Vocabulary) -> list[str]:
    """The ids and codes of all that goes by a name in `leader:`, `visitor:` and their like; QueryError for none."""
    spelling, kinds = text.squeeze(value.text), _WHO[name]
    found = {what: [*find(spelling, words.registry)] for what, find in _FOUND_BY.items()}
    if any(found[what] for what in kinds):
        return [ref for what in kinds for ref in found[what]]
    roles = [terms.facet(role, spelling) for role, may_be in _WHO.items() if set(may_be) & set(kinds)]
    if not any(found.values()) and words.kept(AnyFacet(tuple(roles))):
        return [spelling, text.fold(spelling)]
    raise _unknown(name, value, [known for what in kinds for known in _KNOWN[what](words.registry)], " or ".join(kinds))


def _one_of(name: str, value: Value, words: Vocabulary) -> AnyFacet:
    """A name among a closed list, `-`, space and `_` being one, or one that is kept."""
    lists = {"source": words.sources, "kind": words.kinds, "label": words.labels}
    lists |= {"origin": get_args(Origin), "presence": get_args(Presence)}
    spelt = {terms.facet(name, each.replace("-", "_")): each for each in lists[name]}
    found = spelt.get(terms.facet(name, value.text.replace("-", "_")))
    facets = _facets(name, [found or value.text])
    if not found and not words.kept(facets):
        raise _unknown(name, value, spelt.values(), name)
    return facets


def _lang(name: str, value: Value, _: Vocabulary) -> Node:
    code = re.fullmatch(r"([A-Za-z]{2,3})(-[A-Za-z0-9-]+)?", value.text)
    if not code:
        raise QueryError(f"lang: takes a language's code, like {OPERATORS[name]}", value.column)
    return _facets(name, [code[1].lower()])


@cache
def _places() -> dict[str, str]:
    kinds = ("capital", "city", "place")
    return {text.fold(name.text): name.canonical for name in gazetteer.names() if name.kind in kinds}


def _place(name: str, value: Value, _: Vocabulary) -> Node:
    """As it is written, and as the gazetteer calls it."""
    if not text.slug(value.text):
        raise QueryError(f"place: needs a name, like {OPERATORS[name]}", value.column)
    return _facets(name, [value.text, _places().get(text.fold(text.squeeze(value.text)), value.text)])


def _label(name: str, value: Value, words: Vocabulary) -> Node:
    """`label:x` is the label in force; `label:x>=0.9` asks for its score, kept in hundredths (none kept: 0)."""
    scored = _SCORED.fullmatch(value.text)
    if not scored:
        if re.search("[<>=]", value.text):
            raise QueryError("a score is compared like label:aid>=0.9", value.column)
        return _one_of(name, value, words)
    label = _one_of(name, Value(scored[1], value.column), words).facets[0].removeprefix("label:")
    wanted = Decimal(scored[3]) * 100
    hits = [score for score in range(101) if _COMPARISONS[scored[2]](score, wanted)]
    if not hits or wanted > 100:
        raise QueryError(f"no score is {scored[2]}{_short(scored[3])}: they are hundredths from 0 to 1", value.column)
    asked = hits if 0 not in hits else [score for score in range(101) if score not in hits]
    levels = AnyFacet(tuple(terms.level(label, score / 100) for score in asked))
    return levels if 0 not in hits else Not(levels) if asked else Everything()


def _instant(value: Value) -> datetime:
    """The start of a year, month or day in UTC, or a time to the second, as the index has it (UTC unless zoned)."""
    if _DAY.fullmatch(value.text):
        return datetime.combine(_days(value)[0], time(), UTC)
    if re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:", value.text):
        with suppress(ValueError, OverflowError):
            moment = datetime.fromisoformat(value.text).replace(microsecond=0)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    raise _no_date(value, "2022-11-02 or 2022-11-02T18:10Z")


def _days(value: Value) -> tuple[date, date]:
    """The first day of a stated year, month or day, and the first day after it."""
    if stated := _DAY.fullmatch(value.text):
        with suppress(ValueError, OverflowError):
            first = date(int(stated[1]), int(stated[2] or 1), int(stated[3] or 1))
            return first, _following(first, _FORMS[sum(map(bool, stated.groups())) - 1])
    raise _no_date(value, "2022-11 or 2022-11-02")


def _following(first: date, form: str) -> date:
    """The first day after the year, month or day that begins with this one."""
    after = first + timedelta(days={"%Y": 366, "%Y%m": 31}.get(form, 1))
    return after if form == "%Y%m%d" else after.replace(day=1)


def _no_date(value: Value, forms: str) -> QueryError:
    return QueryError(f'"{_short(value.text)}" is no date: write 2022, {forms}', value.column)


def _seen(name: str, value: Value, _: Vocabulary) -> Node:
    compared = re.fullmatch(r"(>=|<=|>|<|=)?(.+)", value.text)
    comparison, stated = (compared[1] or "=", compared[2]) if compared else ("=", value.text)
    low, dots, high = stated.partition("..")
    (start, after), (first, last) = _days(Value(low, value.column)), SEEN
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
        begins = _FORMS[0 if (start.month, start.day) == (1, 1) else 1 if start.day == 1 else 2 :]
        form = next(form for form in begins if _following(start, form) <= end)
        yield start.strftime(form)
        start = _following(start, form)


_RESOLVERS: dict[str, Callable[[str, Value, Vocabulary], Node]] = {
    **dict.fromkeys(_WHO, lambda name, value, words: _facets(name, refs(name, value, words))),
    **dict.fromkeys(("source", "kind", "origin", "presence"), _one_of),
    "lang": _lang, "label": _label, "place": _place, "seen": _seen,
}  # fmt: skip
