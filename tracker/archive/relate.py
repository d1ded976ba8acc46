"""Relating: statements waiting for it, those around one, and what a relation adds.

All of it is idempotent: a link, a member or a label that is there already stays, an event is found by its unique key,
so that two workers who find one visit at once make one event.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, delete, func, insert, or_, select, update

from tracker import terms
from tracker.archive import tables as t
from tracker.archive.search import Searching
from tracker.archive.values import digest_of, dump
from tracker.models.query import And, AnyFacet, Published
from tracker.models.statement import (
    INVERSE,
    Event,
    EventTold,
    Firing,
    Label,
    Party,
    Related,
    Statement,
)  # fmt: skip

#: Of each reason to look at a statement, at most this many are looked at.
COMPANY = 100


class Relating(Searching):
    """The verbs about relations."""

    def claim_unrelated(self, now: datetime, limit: int, lease: float) -> list[Statement]:
        """Lease statements that were not yet related, in commit order, to this worker for so many seconds."""
        row = t.statements.c
        free = or_(row.relate_until.is_(None), row.relate_until <= now)
        query = select(row.seq).where(row.related_at.is_(None), free).order_by(row.seq).limit(limit)
        if not self.any(query):
            return []
        with self.claiming() as connection:
            seqs = list(connection.scalars(self.dialect.skip_locked(query)))
            until = now + timedelta(seconds=lease)
            connection.execute(update(t.statements).where(row.seq.in_(seqs)).values(relate_until=until))
            return self._load(connection, row.seq.in_(seqs), order=row.seq)

    def extend_relations(self, ids: Collection[str], until: datetime, longer: datetime) -> None:
        """Hold statements that were leased until a time for longer."""
        row = t.statements.c
        with self.claiming() as connection:
            query = update(t.statements).where(row.id.in_(ids), row.related_at.is_(None), row.relate_until == until)
            connection.execute(query.values(relate_until=longer))

    def sharing(self, hashes: Collection[int]) -> set[int]:
        """Which of these fingerprints an official statement has: most texts quote nobody, which is soon known."""
        column, wanted, found = t.fingerprints.c.hash, sorted(set(hashes)), set[int]()
        with self.reading() as connection:
            for start in range(0, len(wanted), 500):
                part = select(column).where(column.in_(wanted[start : start + 500])).distinct()
                found.update(connection.scalars(part))
        return found

    def around(self, statement: Statement, hashes: Collection[int], days: float = 3) -> list[Statement]:
        """The statements that this one may be related to, newest first.

        Official ones that share a fingerprint; the same speaker's within so many days; recent ones that mention the
        speaker of an official one; those that tell a visit between the same parties.
        """
        row, at, span = t.statements.c, statement.post.effective_at, timedelta(days=days)
        near = row.effective_at.between(at - span, at + span)
        speaker, prints = statement.post.speaker, t.fingerprints.c
        wanted = [select(row.seq).join(t.fingerprints, prints.seq == row.seq).where(prints.hash.in_(sorted(hashes)))]
        own = row.leader == speaker.leader if speaker.leader else row.office == speaker.office_id
        if speaker.leader or speaker.office_id:
            wanted.append(select(row.seq).where(own, near))
        if speaker.leader and statement.post.origin == "official":
            naming = select(row.seq).join(t.mentions, t.mentions.c.seq == row.seq).where(near)
            wanted.append(naming.where(t.mentions.c.kind == "leader", t.mentions.c.ref == speaker.leader))
        with self.reading() as connection:
            seqs = {seq for query in wanted for seq in self._nearest(connection, query)}
            seqs |= self._same_visit(connection, statement, Published(at - span, at + span + timedelta(seconds=1)))
            found = self._in(connection, row.seq, seqs - {statement.seq})
        return sorted(found, key=_age, reverse=True)

    def quoted(self, hashes: Collection[int]) -> list[Statement]:
        """The official statements that share a fingerprint with some words, newest first."""
        row, prints = t.statements.c, t.fingerprints.c
        query = select(row.seq).join(t.fingerprints, prints.seq == row.seq).where(prints.hash.in_(sorted(hashes)))
        with self.reading() as connection:
            return sorted(self._in(connection, row.seq, self._nearest(connection, query)), key=_age, reverse=True)

    def _nearest(self, connection: Connection, query: Select[Any]) -> list[int]:
        column = t.statements.c
        ordered = query.distinct().add_columns(column.sort_key).order_by(column.sort_key.desc()).limit(COMPANY)
        return [seq for seq, _ in connection.execute(ordered)]

    def _same_visit(self, connection: Connection, statement: Statement, near: Published) -> set[int]:
        found: set[int] = set()
        for visit in statement.classification.visits:
            visitors = {ref for party in visit.visitors for ref in _refs(party)}
            sides = (("visitor", visitors), ("host", set(_refs(visit.host))))
            leaves = [AnyFacet(tuple(sorted(terms.facet(side, ref) for ref in refs))) for side, refs in sides if refs]
            if leaves:
                keys = self._matching(connection, And((*leaves, near)), COMPANY)
                query = select(t.statements.c.seq).where(t.statements.c.sort_key.in_(keys))
                found.update(connection.scalars(query))
        return found

    def events_around(self, statement: Statement, days: float = 3) -> list[Event]:
        """Events this statement tells, and those within so many days of the days it speaks of, or without a day."""
        visits = statement.classification.visits
        spoken = [visit.day for visit in visits if visit.day] + [visit.day_end for visit in visits if visit.day_end]
        base = [*spoken, statement.post.effective_at.date()]
        span, row, member = timedelta(days=days), t.events.c, t.event_members.c
        near = or_(*(row.day.between((day - span).isoformat(), (day + span).isoformat()) for day in base))
        told = select(member.event).where(member.statement == statement.id)
        lately = row.told_at >= statement.post.effective_at - timedelta(days=30)
        query = select(row.id).where(or_(near, row.id.in_(told), row.day.is_(None) & lately))
        with self.reading() as connection:
            ids = list(connection.scalars(query.order_by(row.told_at.desc()).limit(5 * COMPANY)))
            return self._load_events(connection, ids)

    def events(
        self,
        *,
        after: date | None = None,
        before: date | None = None,
        visitor: str | None = None,
        host: str | None = None,
        limit: int = 100,
    ) -> list[Event]:
        """Visits by day, newest first, those without a day last; a side is a leader's id or a country's code."""
        row, query = t.events.c, select(t.events.c.id)
        query = query.where(row.day >= after.isoformat()[:10]) if after else query
        query = query.where(row.day < before.isoformat()[:10]) if before else query
        for side, ref in (("visitor", visitor), ("host", host)):
            party = t.event_parties.c
            told = select(party.event).where(party.side == side, party.ref == ref)
            query = query.where(row.id.in_(told)) if ref else query
        with self.reading() as connection:
            query = query.order_by(row.day.is_(None), row.day.desc(), row.id).limit(limit)
            ids = list(connection.scalars(query))
            found = {event.id: event for event in self._load_events(connection, ids)}
        return [found[key] for key in ids]

    def relate(self, related: Sequence[Related], now: datetime, until: datetime | None = None) -> int:
        """Keep what relating found, in one transaction; how many alerts that added. Doing it again adds nothing.

        `until`: the end of the lease it was done under; a statement that was edited or taken over since is left out.
        """
        with self.writing() as connection:
            if until is not None:
                row = t.statements.c
                mine = select(row.id).where(row.related_at.is_(None), row.relate_until == until)
                held = set(connection.scalars(mine.where(row.id.in_([one.statement for one in related]))))
                related = [one for one in related if one.statement in held]
            self.add(connection, t.links, [row for one in related for row in _link_rows(one)])
            told = [event for one in related for event in one.events]
            touched = {statement for event in told for statement in self._tell(connection, event, now)}
            labelled = [pair for one in related for pair in one.labels]
            self._label(connection, labelled, now)
            self._reindex(connection, touched | {statement for statement, _ in labelled})
            ids = [one.statement for one in related]
            done = update(t.statements).where(t.statements.c.id.in_(ids)).values(related_at=now, relate_until=None)
            connection.execute(done)
            pairs = [(digest, statement) for one in related for statement, digest in one.digests]
            self._match_digests(connection, [(statement, digest) for digest, statement in pairs], now)
            return sum(self._fire(connection, [(s, s, firing) for one in related for s, firing in one.firings], now))

    def _tell(self, connection: Connection, told: EventTold, now: datetime) -> set[str]:
        """Make or renew an event; the statements whose index must say so."""
        row, event = t.events.c, told.event
        query = select(row.id, row.event_key).where(or_(row.event_key == told.key, row.id == event.id))
        there = sorted(connection.execute(query), key=lambda found: found.event_key != told.key)
        key = there[0].id if there else event.id
        values = {"event_key": told.key, "day": _day(event.day), "told_at": now}
        values["event"] = dump(replace(event, id=key, statements=()))
        if there:
            connection.execute(update(t.events).where(row.id == key).values(values))
        else:
            connection.execute(insert(t.events).values(id=key, **values))
        for other in there[1:]:
            self._merge(connection, other.id, key)
        connection.execute(delete(t.event_parties).where(t.event_parties.c.event == key))
        self.add(connection, t.event_parties, _party_rows(key, event))
        members = [{"event": key, "statement": s, "visit": dump(v) if v else None} for s, v in told.told_by]
        self.add(connection, t.event_members, members)
        member = t.event_members.c
        return set(connection.scalars(select(member.statement).where(member.event == key)))

    def _merge(self, connection: Connection, other: str, key: str) -> None:
        """An event that turns out to be another one: its members become the other's."""
        row = t.event_members.c
        members = connection.execute(select(row.statement, row.visit).where(row.event == other))
        self.add(connection, t.event_members, [{"event": key, "statement": s, "visit": v} for s, v in members.all()])
        for table, column in (
            (t.event_members, row.event),
            (t.event_parties, t.event_parties.c.event),
            (t.events, t.events.c.id),
        ):
            connection.execute(delete(table).where(column == other))

    def _label(self, connection: Connection, labelled: Sequence[tuple[str, Label]], now: datetime) -> None:
        seqs = self._seqs(connection, [statement for statement, _ in labelled])
        rows = [
            {"seq": seqs[statement], "name": label.name, "given_by": label.by, "removed": 0, "score": label.score,
             "label": dump(label), "set_by": None, "set_at": now}
            for statement, label in labelled
        ]  # fmt: skip
        self.add(connection, t.labels, rows)

    def _seqs(self, connection: Connection, ids: Collection[str]) -> dict[str, int]:
        query = select(t.statements.c.id, t.statements.c.seq).where(t.statements.c.id.in_(set(ids)))
        return dict(map(tuple, connection.execute(query)))

    def _fire(
        self, connection: Connection, firings: Sequence[tuple[str | None, str, Firing]], now: datetime
    ) -> list[int]:
        """Alerts of (statement, what it is about, firing): 1 for each that is new. One a rule and statement."""
        rows: dict[str, dict[str, Any]] = {}
        for statement, about, firing in firings:
            rows.setdefault(key := digest_of(firing.rule, about), {
                "id": key, "rule": firing.rule, "statement": statement, "reason": firing.reason, "fired_at": now,
                "state": "held" if firing.held else "firing", "state_reason": firing.held, "state_at": now,
            })  # fmt: skip
        old = set(connection.scalars(select(t.alerts.c.id).where(t.alerts.c.id.in_(list(rows))))) if rows else set()
        self.add(connection, t.alerts, [row for key, row in rows.items() if key not in old])
        fresh = [key for key in rows if key not in old]
        return [fresh.count(digest_of(f.rule, about)) for _, about, f in firings]

    def _match_digests(self, connection: Connection, matches: Sequence[tuple[str, str]], now: datetime) -> None:
        """(statement, digest): its first match, numbered in commit order."""
        if matches:
            last = connection.execute(select(func.coalesce(func.max(t.digest_matches.c.id), 0))).scalar_one()
            rows = [
                {"id": last + n, "digest": digest, "statement": statement, "matched_at": now, "issue": None}
                for n, (statement, digest) in enumerate(dict.fromkeys(matches), 1)
            ]
            self.add(connection, t.digest_matches, rows)


def _age(one: Statement) -> tuple[datetime, int]:
    return one.post.effective_at, one.seq


def _refs(party: Party) -> tuple[str, ...]:
    return tuple(ref for ref in (party.leader, party.country) if ref)


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _link_rows(one: Related) -> list[dict[str, Any]]:
    rows = []
    for statement, link in one.links:
        same = {"exact": link.exact, "verdict": link.verdict}
        rows.append({"statement": statement, "type": link.type, "other": link.statement, **same})
        rows.append({"statement": link.statement, "type": INVERSE[link.type], "other": statement, **same})
    return rows


def _party_rows(key: str, event: Event) -> list[dict[str, Any]]:
    sides = [("visitor", party) for party in event.visitors] + [("host", event.host)]
    named = dict.fromkeys((side, ref) for side, party in sides for ref in _refs(party))
    return [{"event": key, "side": side, "ref": ref} for side, ref in named]
