"""Visits told by several statements as one event. The result does not hang on the order in which they come."""

from base64 import b32encode
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from hashlib import blake2b

from tracker import gazetteer, text
from tracker.models.statement import Event, Party, Statement, Visit, sides

#: Two tellings of one pair of countries are one visit when their days are so near.
DAYS = 3
_RANK = {"announced": 0, "postponed": 1, "cancelled": 2, "ongoing": 3, "past": 4}


def day_of(statement: Statement, visit: Visit) -> date:
    """The day a telling is about: as stated, else that of the statement."""
    return visit.day or statement.post.effective_at.date()


def told(statement: Statement, visit: Visit, events: Sequence[Event]) -> Event | None:
    """The event that a telling belongs to, with what it adds: one of `events`, else a new one."""
    pair = sides(visit)
    if not pair:
        return None
    day = day_of(statement, visit)
    fresh = _new(statement, visit, pair, day)
    near = [event for event in events if sides(event) == pair and _near(event, day)]
    if not near:
        return fresh
    old = min(near, key=lambda event: (abs((event.day or day) - day), event.id))
    return merged(old, fresh)


def _near(event: Event, day: date) -> bool:
    if event.day is None:
        return True
    first, last = event.day - timedelta(days=DAYS), (event.day_end or event.day) + timedelta(days=DAYS)
    return first <= day <= last


def _new(statement: Statement, visit: Visit, pair: tuple[str, str], day: date) -> Event:
    key = f"visit|{pair[0]}|{pair[1]}|{day.toordinal() // (2 * DAYS + 1)}"
    name = b32encode(blake2b(key.encode(), digest_size=10).digest()).decode().lower()
    secure = any(label.name == "security_statement" for label in statement.classification.labels)
    context = ("diplomatic", "military") if secure else ("diplomatic",)
    return Event(
        name, visit.status, _parties(visit.visitors), visit.host, visit.place, day, visit.day_end,
        context=context, statements=(statement.id,),
    )  # fmt: skip


def merged(old: Event, new: Event) -> Event:
    """Both tellings as one, under the older one's id."""
    later = _RANK[new.status] > _RANK[old.status]
    real = (old.status == "announced") == (new.status == "announced")
    days = [event.day for event in (old, new) if event.day]
    day = min(days, default=None) if real else (old if new.status == "announced" else new).day
    ends = [event.day_end for event in (old, new) if event.day_end]
    return replace(
        old,
        status=new.status if later else old.status,
        visitors=_parties((*old.visitors, *new.visitors)),
        host=_richer(old.host, new.host),
        place=_place(old.place, new.place, old.host.country),
        day=day,
        day_end=max(ends, default=None),
        context=tuple(sorted({*old.context, *new.context})),
        statements=tuple(sorted({*old.statements, *new.statements})),
    )


def _richer(a: Party, b: Party) -> Party:
    return min((a, b), key=lambda p: (p.leader is None, p.name is None, p.name or "", p.country or ""))


def _parties(all_of_them: Iterable[Party]) -> tuple[Party, ...]:
    """Each visitor once, known leaders first; a bare country only where nobody of it is named."""
    unique: dict[str, Party] = {}
    for party in sorted(all_of_them, key=lambda p: (p.leader is None, p.name is None, p.name or "")):
        unique.setdefault(party.leader or text.fold(party.name or party.country or ""), party)
    people = list(unique.values())
    leaders = [party for party in people if party.leader]
    return tuple(leaders or [p for p in people if p.name] or people)


def _place(a: str | None, b: str | None, host: str | None) -> str | None:
    """A town before a venue; of two, the first by name, so that order does not matter."""
    named = sorted(place for place in {a, b} if place)
    return min(named, key=lambda place: (not _is_town(place, host), place), default=None)


def _is_town(place: str, code: str | None) -> bool:
    return (code, place) in _towns()


@cache
def _towns() -> frozenset[tuple[str | None, str]]:
    return frozenset((name.code, name.text) for name in gazetteer.names() if name.kind in ("capital", "city"))
