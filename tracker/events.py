"""Visits told by several statements as one event: what its tellings say now, in whatever order they came. Of one pair
of countries the earliest telling founds an event. What is told of a day up to three after the one it is about, or after
the visit's last, belongs to it; the next telling founds the next."""

import re
from base64 import b32encode
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from hashlib import blake2b

from tracker import gazetteer, text
from tracker.models.statement import VISIT, Event, Party, Statement, Visit

#: Two tellings of one pair of countries are one visit when their days are so near.
DAYS = timedelta(days=3)
#: What is called off or put off was announced for a day to come, or for none so long ago at most.
AHEAD = timedelta(days=60)
#: No visit is taken to last longer.
LONGEST = timedelta(days=30)
#: How a text says what rank a visitor has.
_HEAD = re.compile(
    r"presid|chef de l|head of|\b(?:king|queen|roi|reine|rey)\b|prime|premi|رييس|ملك|امير|президент|премьер"
)
_MINISTER = re.compile("minist|canciller|chanceler|وزير|министр|secretary")
#: A statement, and a visit that it tells.
Telling = tuple[Statement, Visit]


def key_of(visit: Visit | Event) -> str:
    """What the tellings of one pair of countries have in common; empty when they are not two."""
    host = visit.host.country
    visitor = min((party.country for party in visit.visitors if party.country not in (None, host)), default=None)
    return f"visit|{visitor}|{host}" if visitor and host else ""


def sureness(statement: Statement) -> float:
    """How sure it is that a statement tells a visit: the score of the label that it has from nobody else."""
    return max((one.score for one in statement.labels if one.name == VISIT and one.by != "event"), default=0.0)


def days_of(statement: Statement, visit: Visit | None) -> tuple[date, date]:
    """Between which days its event is looked for: only the first is stretched, as no two of a pair end on one day."""
    (first, last), said = _days(statement, visit), statement.post.effective_at.date()
    if visit and _open(visit):
        return min(first, said) - AHEAD, last
    return (min(first, said) if visit and visit.status == "announced" else first), last


def _days(statement: Statement, visit: Visit | None) -> tuple[date, date]:
    """The day a telling is about, as stated, else that of the statement; and the visit's last, as far as it goes."""
    day = (visit and visit.day) or statement.post.effective_at.date()
    return day, max(day, min((visit and visit.day_end) or day, day + LONGEST))


def _open(visit: Visit) -> bool:
    """Whether it is another telling that says which visit is meant: its own day is none, or the new one."""
    return visit.status == "postponed" or (visit.status == "cancelled" and not visit.day)


def _meant(telling: Telling, tellings: Sequence[Telling]) -> tuple[date, date]:
    """The days a telling is about; where they are open those of the visit announced before, as far as the new day."""
    (first, last), said, visit = _days(*telling), telling[0].post.effective_at, telling[1]
    announced = (
        (not v.day, abs(begins - first), begins, ends) for o, v in (tellings if _open(visit) else ())
        for begins, ends in [_days(o, v)] if v.status == "announced" and o.post.effective_at <= said
        and ends >= (said.date() if v.day else said.date() - AHEAD) and not _strangers(_people(v), _people(visit))
    )  # fmt: skip
    *_, begins, ends = min(announced, default=(first, last))
    return (min(begins, first), max(ends, last)) if visit.day else (begins, ends)


def parted(tellings: Iterable[Telling]) -> list[list[Telling]]:
    """The tellings of one pair of countries, event by event, each by the day it is about; one of a statement."""
    parts, reach, end, people = list[dict[str, Telling]](), date.min, date.min, set[str]()
    given = list(tellings)
    for one, visit in sorted(given, key=lambda pair: (_meant(pair, given), pair[0].id, repr(pair[1]))):
        first, last = _meant((one, visit), given)
        if first > reach or (first > end and _strangers(people, _people(visit))):
            parts.append({})
            reach, people = first + DAYS, set()
        parts[-1].setdefault(one.id, (one, visit))
        end, people = max(end, last), people | _people(visit)
        reach = max(reach, last + DAYS) if last > first else reach
    return [list(part.values()) for part in parts]


def _people(told: Visit | Event) -> set[str]:
    """The words of the visitors' names ("Ansah" and "Kofi Ansah" share one), and "=" with the rank that is stated."""
    words = told.words if isinstance(told, Visit) else ()
    stated = text.fold("".join(its.exact for of, its in words if of == "visitor"))
    rank = {"=head"} if _HEAD.search(stated) else {"=minister"} if _MINISTER.search(stated) else set[str]()
    return rank | {word for party in told.visitors for word in text.fold(party.name or "").split()}


def _strangers(some: set[str], others: set[str]) -> bool:
    """Whether two tellings mean people, and not the same: a minister on Monday is no president on Thursday."""
    names, their_names = ({word for word in one if word[0] != "="} for one in (some, others))
    ranks, their_ranks = some - names, others - their_names
    other_rank = bool(ranks and their_ranks) and ranks.isdisjoint(their_ranks)
    return names.isdisjoint(their_names) and (bool(names and their_names) or other_rank)


def of(tellings: Sequence[Telling]) -> Event:
    """What tellings say together. Its id is that of the first one's event, as long as nobody knows another."""
    first, visits = tellings[0], [visit for _, visit in tellings]
    published = sorted(tellings, key=lambda pair: (pair[0].post.effective_at, pair[0].id))
    secure = any(label.name == "security_statement" for one, _ in tellings for label in one.classification.labels)
    key = f"{key_of(first[1])}|{_days(*first)[0]}|{first[0].id}"
    near, stated = _day(published)
    near = min([near, *(v.day for v in visits if v.day and v.day_end and v.day <= near <= v.day_end)])
    # past when anybody says so, else what was published last and says more than that it is announced
    said = sorted(
        (visit.status for _, visit in reversed(published)), key=lambda one: (one != "past", one == "announced")
    )
    visitors, host = _parties(party for visit in visits for party in visit.visitors), _host(v.host for v in visits)
    return Event(
        b32encode(blake2b(key.encode(), digest_size=10).digest()).decode().lower(),
        said[0], visitors, host, _place(visits), near if stated or said[0] in ("past", "ongoing") else None,
        max((visit.day_end for visit in visits if visit.day_end and visit.day_end >= near), default=None),
        context=("diplomatic", "military") if secure else ("diplomatic",),
        statements=tuple(dict.fromkeys(one.id for one, _ in published)), near=None if stated else near,
        score=max(sureness(one) for one, _ in tellings),
    )  # fmt: skip


def with_telling(one: Statement, visit: Visit, events: Iterable[Event]) -> Event:
    """The one of these events that a telling belongs to, with what it adds, as far as that can be seen from here."""
    new, key, day = of([(one, visit)]), key_of(visit), _days(one, visit)[0]
    near = [
        e for e in events
        if key_of(e) == key and e.first <= day + DAYS and day <= e.last + DAYS
        and (e.first <= day <= e.last or not _strangers(_people(e), _people(visit)))
    ]  # fmt: skip
    old = min(near, key=lambda event: (abs(event.first - day), event.id), default=new)
    return replace(
        old, visitors=_parties((*old.visitors, *new.visitors)), host=_host((old.host, new.host)),
        place=old.place or new.place, context=max(old.context, new.context),
        statements=tuple(dict.fromkeys((*old.statements, one.id))), score=max(old.score, new.score),
    )  # fmt: skip


def _day(published: Sequence[Telling]) -> tuple[date, bool]:
    """The first day of a visit that took place, else the one announced last; and whether a text states it."""
    ranked = [((v.status not in ("past", "ongoing"), v.day is None), _days(one, v)[0]) for one, v in published]
    best = min(rank for rank, _ in ranked)
    days = [day for rank, day in ranked if rank == best]
    return days[-1] if best[0] else min(days), not best[1]


def _parties(all_of_them: Iterable[Party]) -> tuple[Party, ...]:
    """Each visitor once; of a country its known leaders, else who is named, else the bare country."""
    unique, best = dict[str, Party](), dict[str | None, tuple[bool, bool]]()
    for party in sorted(all_of_them, key=lambda p: (p.leader is None, p.name is None)):
        rank = (party.leader is None, party.name is None)
        if best.setdefault(party.country, rank) == rank:
            unique.setdefault(party.leader or text.fold(party.name or party.country or ""), party)
    return tuple(unique.values())


def _host(parties: Iterable[Party]) -> Party:
    return min(parties, key=lambda p: (p.leader is None, p.name is None, p.name or "", p.country or ""))


def _place(visits: Iterable[Visit]) -> str | None:
    """A town before a venue; of two, the first by name, so that order does not matter."""
    named = {(visit.host.country, visit.place) for visit in visits if visit.place}
    return min(named, key=lambda pair: (pair not in _towns(), pair[1]), default=(None, None))[1]


@cache
def _towns() -> frozenset[tuple[str | None, str]]:
    return frozenset((name.code, name.text) for name in gazetteer.names() if name.kind in ("capital", "city"))
