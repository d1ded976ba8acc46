"""What is around statements: whom each may have to do with, looked up for many at once, and each loaded once. A first
reading of an official source brings dozens of statements of one speaker, which are around each other."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, or_, select, text, true

from tracker import terms
from tracker.archive import tables as t
from tracker.archive.ranges import HIGHEST, sort_key
from tracker.archive.search import Searching
from tracker.models.query import And, AnyFacet, Or, Published
from tracker.models.statement import Event, Party, Post, Statement, Visit, sides

#: Of each reason to look at a statement, at most this many are looked at.
COMPANY = 100
#: Of each value that is looked up, at most this many are given by the database, of whatever days.
MANY = 20 * COMPANY
#: The kind of a mention that is another item, by its identity key.
ITEM = "item"
#: Spans of time that one query asks for; more are asked for as one.
_SPANS = 20

#: The values that one statement is looked up by, and between which sort keys.
Asked = tuple[Collection[Any], tuple[int, int]]

_ROW, _TIME = t.statements.c, attrgetter("post.effective_at", "seq")


class Surrounding(Searching):
    """The verbs that find company."""

    def sharing(self, hashes: Collection[int]) -> set[int]:
        """Which of these fingerprints an official statement has: most texts quote nobody, which is soon known."""
        with self.reading() as connection:
            return self._shared(connection, hashes)

    def _shared(self, connection: Connection, hashes: Iterable[int]) -> set[int]:
        query = text(f"SELECT DISTINCT hash FROM fingerprints WHERE hash {self.dialect.among}")  # noqa: S608  # ours
        return set(connection.scalars(query, {"given": json.dumps(list(hashes))}))

    def quoted(self, hashes: Collection[int]) -> list[Statement]:
        """The official statements that share a fingerprint with some words, newest first."""
        with self.reading() as connection:
            (seqs,) = self._lookup(connection, t.fingerprints.c.hash, true(), [(hashes, (0, HIGHEST))])
            return self._in(connection, _ROW.seq, seqs)

    def around(
        self, statements: Sequence[Statement], hashes: Sequence[Collection[int]], days: float = 3
    ) -> list[list[Statement]]:
        """For each statement those that it may be related to, newest first. Those that its references name, and whose
        references name it; official ones that share one of its `hashes`; the same speaker's within so many days; of an
        official one the reports of these days that mention its speaker or share one of its hashes; those that tell a
        visit of the same parties, or may belong to one it tells."""
        span = timedelta(days=days)
        with self.reading() as connection:
            ways = [self._lookup(connection, *way) for way in _ways(statements, hashes, span)]
            visits = [self._same_visit(connection, one, span) for one in statements]
            found = [seqs.union(*each) for seqs, *each in zip(visits, *ways, strict=True)]
            loaded = {one.seq: one for one in statements}
            missing = set[int]().union(*found) - loaded.keys()
            loaded |= {one.seq: one for one in self._in(connection, _ROW.seq, missing)}
        return [
            sorted((loaded[o] for o in seqs - {one.seq} if o in loaded), key=_TIME, reverse=True)
            for one, seqs in zip(statements, found, strict=True)
        ]

    def _lookup(
        self, connection: Connection, column: ColumnElement[Any], where: ColumnElement[bool], asked: Sequence[Asked]
    ) -> list[list[int]]:
        """For each of those who ask the newest statements that have one of its values: nobody's starve another's."""
        values = list({value for its, _ in asked for value in its})
        if not values:
            return [[] for _ in asked]
        table, place = column.table, func.row_number().over(partition_by=column, order_by=_ROW.sort_key.desc())
        among = text(f"{table.name}.hash {self.dialect.among}").bindparams(given=json.dumps(values))
        query = select(_ROW.sort_key, _ROW.seq, column.label("value"), place.label("place"))
        query = query.where(where, among if column.name == "hash" else column.in_(values))
        each = (query if table is t.statements else query.join(table, table.c.seq == _ROW.seq)).subquery().c
        found = defaultdict[Any, list[tuple[int, int]]](list)
        newest = select(each.sort_key, each.seq, each.value).where(each.place <= MANY)
        for key, seq, value in connection.execute(newest):
            found[value].append((key, seq))
        pairs = ({p for v in its for p in found.get(v, ()) if low <= p[0] <= high} for its, (low, high) in asked)
        return [[seq for _, seq in sorted(those, reverse=True)[:COMPANY]] for those in pairs]

    def _same_visit(self, connection: Connection, statement: Statement, span: timedelta) -> set[int]:
        """Who tells the same visits, or names the leader of another side than their own, near to when they are."""
        found, day = set[int](), timedelta(days=1)
        for visit in filter(sides, statement.classification.visits):
            days = {statement.post.effective_at.date(), *filter(None, (visit.day, visit.day_end))}
            starts = [datetime.combine(one, time.min, UTC) for one in sorted(days)]
            when, keys = Or(tuple(Published(start - span, start + span + day) for start in starts)), list[int]()
            for facets in _told(visit):
                each = (AnyFacet(tuple(sorted(terms.facet(name, ref) for ref in its))) for name, its in facets.items())
                keys += self._matching(connection, And((*each, when)), COMPANY)
            found.update(connection.scalars(select(_ROW.seq).where(_ROW.sort_key.in_(keys))))
        return found

    def events_around(
        self, statements: Sequence[Statement], others: Sequence[Sequence[Statement]], days: float = 3
    ) -> list[list[Event]]:
        """For each statement, with the others around it, the events that it tells, and those of the countries that it,
        its speaker or the others tell of, within so many days of the days it speaks of."""
        span, member, party, row = timedelta(days=days), t.event_members.c, t.event_parties.c, t.events.c
        countries = [_countries(one, around) for one, around in zip(statements, others, strict=True)]
        days_of = [_days(one, span) for one in statements]
        first, last = (day(chain(*days_of)).isoformat() for day in (min, max))
        theirs = select(party.event).where(party.side.in_(("visitor", "host")), party.ref.in_({*chain(*countries)}))
        told = select(member.event).where(member.statement.in_([one.id for one in statements]))
        query = select(row.id).where(or_(row.id.in_(theirs) & row.day.between(first, last), row.id.in_(told)))
        with self.reading() as connection:
            ids = list(connection.scalars(query.order_by(row.told_at.desc()).limit(50 * COMPANY)))
            events = self._load_events(connection, ids)
        return [
            [e for e in events if one.id in e.statements or (_of(e) & of and e.first in its)]
            for one, of, its in zip(statements, countries, days_of, strict=True)
        ]


def _ways(
    statements: Sequence[Statement], hashes: Sequence[Collection[int]], span: timedelta
) -> Iterator[tuple[Any, ColumnElement[bool], list[Asked]]]:
    """What statements are looked up by: a column, a condition, and of each statement the values that it asks for."""
    posts, ever, near = [one.post for one in statements], [(0, HIGHEST)] * len(statements), _near(statements, span)
    within = [(sort_key(post.effective_at - span, 0), sort_key(post.effective_at + span, 0)) for post in posts]
    told = [post.origin == "official" for post in posts]
    named, prints, row = t.mentions.c, t.report_fingerprints.c, _ROW

    def asks(values: Iterable[Collection[Any]], when: Any = within, *, official: bool = False) -> list[Asked]:
        each = zip(values, when, told, strict=True)
        return [([value for value in its if value] if is_ or not official else [], when) for its, when, is_ in each]

    leaders = [(post.speaker.leader,) for post in posts]
    days = {post.effective_at.toordinal() + day for post in posts for day in range(-span.days, span.days + 1)}
    yield t.fingerprints.c.hash, true(), asks(hashes, ever)
    yield t.identities.c.identity, true(), asks(map(items, posts), ever)
    yield named.ref, named.kind == ITEM, asks((post.keys for post in posts), ever)
    yield named.ref, (named.kind == "leader") & near, asks(leaders, official=True)
    yield row.leader, near, asks(leaders)
    yield row.office, near, asks(() if post.speaker.leader else (post.speaker.office_id,) for post in posts)
    yield prints.hash, prints.day.in_(sorted(days)), asks(hashes, official=True)


def _near(statements: Iterable[Statement], span: timedelta) -> ColumnElement[bool]:
    """Being so near to one of these."""
    spans: list[tuple[datetime, datetime]] = []
    for at in sorted(one.post.effective_at for one in statements):
        begins = spans.pop()[0] if spans and at - span <= spans[-1][1] else at - span
        spans.append((begins, at + span))
    spans = spans if len(spans) <= _SPANS else [(spans[0][0], spans[-1][1])]
    return or_(*(_ROW.effective_at.between(*each) for each in spans))


def items(post: Post) -> list[str]:
    """The identity keys that a post's references name: mentions, as what they name may be kept later."""
    urls = (one.url.partition("://")[2].removeprefix("www.").rstrip("/") for one in post.references if one.url)
    ids = (one.external_id for one in post.references if one.external_id)
    return [*dict.fromkeys((*(f"id:{one}" for one in ids), *(f"url:{one}" for one in urls)))]


def refs(party: Party) -> tuple[str, ...]:
    """What a party is found by."""
    return tuple(ref for ref in (party.leader, party.country) if ref)


def _of(told: Event | Visit) -> set[str]:
    """The countries of a visit."""
    return {party.country for party in (*told.visitors, told.host) if party.country}


def _told(visit: Visit) -> Iterator[Mapping[str, Collection[str]]]:
    """The facets of who tells a visit, and of who may belong to it: of a side's country, about a leader of another."""
    parties = (*visit.visitors, visit.host)
    yield {"visitor": {ref for party in visit.visitors for ref in refs(party)}, "host": refs(visit.host)}
    for country in sorted(_of(visit)):
        if others := {party.leader for party in parties if party.leader and party.country != country}:
            yield {"country": (country,), "about": others}


def _countries(one: Statement, others: Iterable[Statement]) -> set[str]:
    told = set().union(*(_of(visit) for each in (one, *others) for visit in each.classification.visits))
    return told | {one.post.speaker.country} if one.post.speaker.country else told


def _days(one: Statement, span: timedelta) -> set[date]:
    """The days near to those a statement speaks of and its own."""
    spoken = (day for visit in one.classification.visits for day in (visit.day, visit.day_end) if day)
    near = [timedelta(days=day) for day in range(-span.days, span.days + 1)]
    return {day + by for day in (one.post.effective_at.date(), *spoken) for by in near}
