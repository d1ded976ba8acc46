"""What is around statements: whom each may have to do with, looked up for many at once.

A first reading of an official source brings dozens of statements of one speaker, which are around each other: what is
looked up for a group is looked up once, and each statement is loaded once.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from math import ceil
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, func, or_, select, text

from tracker import terms
from tracker.archive import tables as t
from tracker.archive.ranges import HIGHEST, sort_key
from tracker.archive.search import Searching
from tracker.models.query import And, AnyFacet, Published
from tracker.models.statement import Event, Party, Post, Statement, Visit, sides

#: Of each reason to look at a statement, at most this many are looked at.
COMPANY = 100
#: Of each reason that only counts for near days, the database gives at most this many, of whatever days.
MANY = 20 * COMPANY
#: The kind of a mention that is another item, by its identity key.
ITEM = "item"
#: Spans of time that one query asks for; more are asked for as one.
_SPANS = 20

#: What statements are looked up by, such as a speaker -> the newest statements that have it: (sort key, seq).
By = Mapping[Any, list[tuple[int, int]]]


_ROW = t.statements.c
_RANKED = select(_ROW.sort_key, _ROW.seq)


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
            return self._in(connection, _ROW.seq, _first(self._sharing(connection, hashes), hashes))

    def around(
        self, statements: Sequence[Statement], hashes: Sequence[Collection[int]], days: float = 3
    ) -> list[list[Statement]]:
        """For each statement those that it may be related to, newest first.

        Those that its references name, and whose references name it; official ones that share one of its `hashes`; the
        same speaker's within so many days; of an official one the reports of these days that mention its speaker or
        share one of its hashes; those that tell a visit between the same parties.
        """
        span = timedelta(days=days)
        with self.reading() as connection:
            near = _near([one.post.effective_at for one in statements], span)
            shared = self._sharing(connection, set().union(*hashes))
            named = self._named(connection, {item for one in statements for item in _items(one.post)})
            naming = self._naming(connection, ITEM, {key for one in statements for key in one.post.keys})
            spoken = self._spoken(connection, {_speaker(one) for one in statements} - {None}, near)
            leaders = {one.post.speaker.leader for one in statements if one.post.origin == "official"} - {None}
            about = self._naming(connection, "leader", leaders, near)
            quoting = self._quoting(connection, statements, hashes, days)
            found = list[set[int]]()
            for one, prints in zip(statements, hashes, strict=True):
                ways = [_first(shared, prints), _first(named, _items(one.post)), _first(naming, one.post.keys)]
                within = sort_key(one.post.effective_at - span, 0), sort_key(one.post.effective_at + span, 0)
                ways.append(_first(spoken, [_speaker(one)], within))
                if one.post.origin == "official":
                    ways += [_first(about, [one.post.speaker.leader], within), _first(quoting, prints, within)]
                found.append({seq for way in ways for seq in way} | self._same_visit(connection, one, span))
            loaded = {one.seq: one for one in statements}
            missing = set().union(*found) - loaded.keys()
            loaded |= {one.seq: one for one in self._in(connection, _ROW.seq, missing)}
        return [
            sorted((loaded[seq] for seq in seqs - {one.seq} if seq in loaded), key=_newest, reverse=True)
            for one, seqs in zip(statements, found, strict=True)
        ]

    def _sharing(self, connection: Connection, hashes: Collection[int]) -> By:
        """By fingerprint."""
        column = t.fingerprints.c
        return _by(
            connection,
            column.hash,
            _RANKED.join(t.fingerprints, column.seq == _ROW.seq),
            self._among(t.fingerprints, hashes),
        )

    def _quoting(
        self, connection: Connection, statements: Sequence[Statement], hashes: Sequence[Collection[int]], days: float
    ) -> By:
        """Reports by fingerprint, of the days around official statements."""
        told = [(one, its) for one, its in zip(statements, hashes, strict=True) if one.post.origin == "official"]
        column, reach = t.report_fingerprints.c, range(-ceil(days), ceil(days) + 1)
        near = sorted({one.post.effective_at.toordinal() + step for one, _ in told for step in reach})
        query = _RANKED.join(t.report_fingerprints, column.seq == _ROW.seq).where(column.day.in_(near))
        wanted = self._among(t.report_fingerprints, set[int]().union(*(its for _, its in told)))
        return _by(connection, column.hash, query, wanted, MANY) if told else {}

    def _among(self, table: Table, hashes: Collection[int]) -> Any:
        given = json.dumps(list(hashes))
        return text(f"{table.name}.hash {self.dialect.among}").bindparams(given=given)

    def _named(self, connection: Connection, items: Collection[str]) -> By:
        """By identity key."""
        item = t.identities.c
        query = _RANKED.join(t.identities, item.seq == _ROW.seq)
        return _by(connection, item.identity, query, item.identity.in_(items))

    def _naming(
        self, connection: Connection, kind: str, refs: Collection[Any], near: ColumnElement[bool] | None = None
    ) -> By:
        """By what they mention."""
        named = t.mentions.c
        query = _RANKED.join(t.mentions, named.seq == _ROW.seq).where(named.kind == kind)
        query, most = (query, COMPANY) if near is None else (query.where(near), MANY)
        return _by(connection, named.ref, query, named.ref.in_(refs), most) if refs else {}

    def _spoken(self, connection: Connection, speakers: Collection[Any], near: ColumnElement[bool]) -> By:
        """By speaker."""
        found: dict[Any, list[tuple[int, int]]] = {}
        for column in (_ROW.leader, _ROW.office):
            refs = [ref for name, ref in speakers if name == column.name]
            pairs = _by(connection, column, _RANKED.where(near), column.in_(refs), MANY) if refs else {}
            found |= {(column.name, ref): those for ref, those in pairs.items()}
        return found

    def _same_visit(self, connection: Connection, statement: Statement, span: timedelta) -> set[int]:
        at, found = statement.post.effective_at, set[int]()
        for visit in filter(sides, statement.classification.visits):
            visitors = {ref for party in visit.visitors for ref in refs(party)}
            parties = (("visitor", visitors), ("host", set(refs(visit.host))))
            leaves = [AnyFacet(tuple(sorted(terms.facet(side, ref) for ref in refs))) for side, refs in parties]
            when = Published(at - span, at + span + timedelta(seconds=1))
            keys = self._matching(connection, And((*leaves, when)), COMPANY)
            found.update(connection.scalars(select(_ROW.seq).where(_ROW.sort_key.in_(keys))))
        return found

    def events_around(
        self, statements: Sequence[Statement], others: Sequence[Sequence[Statement]], days: float = 3
    ) -> list[list[Event]]:
        """For each statement, with the others around it, the events that it tells, and those of the countries that it,
        its speaker or the others tell of, within so many days of the days it speaks of.
        """
        span, member, party, row = timedelta(days=days), t.event_members.c, t.event_parties.c, t.events.c
        countries = [_countries(one, around) for one, around in zip(statements, others, strict=True)]
        days_of = [_days(one) for one in statements]
        every = [day for days_ in days_of for day in days_]
        first, last = (min(every) - span).isoformat(), (max(every) + span).isoformat()
        theirs = select(party.event).where(
            party.side.in_(("visitor", "host")), party.ref.in_(sorted(set().union(*countries)))
        )
        told = select(member.event).where(member.statement.in_([one.id for one in statements]))
        query = select(row.id).where(or_(row.id.in_(theirs) & row.day.between(first, last), row.id.in_(told)))
        with self.reading() as connection:
            ids = list(connection.scalars(query.order_by(row.told_at.desc()).limit(50 * COMPANY)))
            events = self._load_events(connection, ids)
        return [
            [e for e in events if one.id in e.statements or (_of(e) & of and _within(e, days_, span))]
            for one, of, days_ in zip(statements, countries, days_of, strict=True)
        ]


def _by(
    connection: Connection,
    column: ColumnElement[Any],
    query: Select[Any],
    wanted: ColumnElement[bool],
    most: int = COMPANY,
) -> By:
    """The newest statements, so many of each value of a column that is wanted: none starves another."""
    place = func.row_number().over(partition_by=column, order_by=_ROW.sort_key.desc())
    each = query.where(wanted).add_columns(column.label("ref"), place.label("place")).subquery().c
    newest = select(each.sort_key, each.seq, each.ref).where(each.place <= most).order_by(each.sort_key.desc())
    found = defaultdict[Any, list[tuple[int, int]]](list)
    for key, seq, ref in connection.execute(newest):
        found[ref].append((key, seq))
    return found


def _first(by: By, keys: Iterable[Any], within: tuple[int, int] = (0, HIGHEST)) -> list[int]:
    """The newest statements that have one of these keys, in a span of sort keys."""
    pairs = {pair for key in keys for pair in by.get(key, ()) if within[0] <= pair[0] <= within[1]}
    return [seq for _, seq in sorted(pairs, reverse=True)[:COMPANY]]


def _near(moments: Sequence[datetime], span: timedelta) -> ColumnElement[bool]:
    """Being so near to one of these moments."""
    spans: list[tuple[datetime, datetime]] = []
    for at in sorted(moments):
        begins = spans.pop()[0] if spans and at - span <= spans[-1][1] else at - span
        spans.append((begins, at + span))
    spans = spans if len(spans) <= _SPANS else [(spans[0][0], spans[-1][1])]
    return or_(*(_ROW.effective_at.between(*each) for each in spans))


def _newest(one: Statement) -> tuple[datetime, int]:
    return one.post.effective_at, one.seq


def _speaker(one: Statement) -> tuple[str, str] | None:
    leader, office = one.post.speaker.leader, one.post.speaker.office_id
    return ("leader", leader) if leader else ("office", office) if office else None


def _items(post: Post) -> list[str]:
    """The identity keys that a post's references name."""
    urls = (one.url.partition("://")[2].removeprefix("www.").rstrip("/") for one in post.references if one.url)
    ids = (one.external_id for one in post.references if one.external_id)
    return [*dict.fromkeys((*(f"id:{one}" for one in ids), *(f"url:{one}" for one in urls)))]


def item_rows(seq: int, post: Post) -> list[dict[str, Any]]:
    """What a post's references name, as mentions: what they name may be kept later."""
    return [{"seq": seq, "kind": ITEM, "ref": item} for item in _items(post)]


def refs(party: Party) -> tuple[str, ...]:
    """What a party is found by."""
    return tuple(ref for ref in (party.leader, party.country) if ref)


def _of(told: Event | Visit) -> set[str]:
    """The countries of a visit."""
    return {party.country for party in (*told.visitors, told.host) if party.country}


def _countries(one: Statement, others: Iterable[Statement]) -> set[str]:
    told = set().union(*(_of(visit) for each in (one, *others) for visit in each.classification.visits))
    return told | {one.post.speaker.country} if one.post.speaker.country else told


def _days(one: Statement) -> set[date]:
    """The days a statement speaks of, with its own."""
    spoken = (day for visit in one.classification.visits for day in (visit.day, visit.day_end) if day)
    return {one.post.effective_at.date(), *spoken}


def _within(event: Event, days: Iterable[date], span: timedelta) -> bool:
    return event.day is not None and any(abs(event.day - day) <= span for day in days)
