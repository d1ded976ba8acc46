"""Relating: statements waiting for it, those around one, and what a relation adds.

All of it is idempotent: a link, a member or a label that is there already stays, an event is found by its unique key,
so that two workers who find one visit at once make one event.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from tracker.archive import tables as t
from tracker.archive.around import Surrounding, refs
from tracker.archive.statements import MOST_AT_ONCE
from tracker.archive.tables import digest_of, dump
from tracker.models.statement import (
    INVERSE,
    Classification,
    Event,
    EventTold,
    Firing,
    Label,
    Related,
    Statement,
)


class Relating(Surrounding):
    """The verbs about relations."""

    def claim_unrelated(self, now: datetime, limit: int, lease: float) -> list[Statement]:
        """Lease statements that were not yet related, in commit order, to this worker for so many seconds."""
        row = t.statements.c
        free = or_(row.relate_until.is_(None), row.relate_until <= now)
        query = select(row.seq).where(row.related_at.is_(None), free).order_by(row.seq).limit(limit)
        if not self.any(query):
            return []
        with self.claiming() as connection:
            seqs = list(connection.scalars(query.with_for_update(skip_locked=True)))
            until = now + timedelta(seconds=lease)
            connection.execute(update(t.statements).where(row.seq.in_(seqs)).values(relate_until=until))
            return self._load(connection, row.seq.in_(seqs), order=row.seq)

    def extend_relations(self, ids: Collection[str], until: datetime, longer: datetime) -> None:
        """Hold statements that were leased until a time for longer."""
        row = t.statements.c
        with self.claiming() as connection:
            query = update(t.statements).where(row.id.in_(ids), row.related_at.is_(None), row.relate_until == until)
            connection.execute(query.values(relate_until=longer))

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
        row, party, query = t.events.c, t.event_parties.c, select(t.events.c.id)
        query = query.where(row.day >= after.isoformat()[:10]) if after else query
        query = query.where(row.day < before.isoformat()[:10]) if before else query
        for side, ref in (("visitor", visitor), ("host", host)):
            told = select(party.event).where(party.side == side, party.ref == ref)
            query = query.where(row.id.in_(told)) if ref else query
        with self.reading() as connection:
            ids = list(connection.scalars(query.order_by(row.day.is_(None), row.day.desc(), row.id).limit(limit)))
            parts = (ids[start : start + MOST_AT_ONCE] for start in range(0, len(ids), MOST_AT_ONCE))
            found = {event.id: event for part in parts for event in self._load_events(connection, part)}
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
            told = {s for one in related for event in one.events for s in self._tell(connection, event, now)}
            labelled = [pair for one in related for pair in one.labels]
            seqs = self._seqs(connection, {statement for statement, _ in labelled})
            self.add(connection, t.labels, [label_row(seqs[statement], label, now) for statement, label in labelled])
            self._reindex(connection, told | seqs.keys())
            ids = [one.statement for one in related]
            done = update(t.statements).where(t.statements.c.id.in_(ids)).values(related_at=now, relate_until=None)
            connection.execute(done)
            self._match_digests(connection, [pair for one in related for pair in one.digests], now)
            return sum(self._fire(connection, [(s, s, firing) for one in related for s, firing in one.firings], now))

    def _tell(self, connection: Connection, told: EventTold, now: datetime) -> set[str]:
        """Make or renew an event; the statements whose index must say so."""
        row, event = t.events.c, told.event
        query = select(row.id, row.event_key).where(or_(row.event_key == told.key, row.id == event.id))
        there = sorted(connection.execute(query), key=lambda found: found.event_key != told.key)
        key = there[0].id if there else event.id
        whole = dump(replace(event, id=key, statements=()))
        values = {"event_key": told.key, "day": _day(event.day), "told_at": now, "event": whole}
        if there:
            connection.execute(update(t.events).where(row.id == key).values(values))
        else:
            connection.execute(insert(t.events).values(id=key, **values))
        member, others = t.event_members.c, [other.id for other in there[1:]]
        theirs = select(member.statement, member.visit).where(member.event.in_(others))
        moved = connection.execute(theirs).all() if others else []
        self._drop_events(connection, others)
        connection.execute(delete(t.event_parties).where(t.event_parties.c.event == key))
        self.add(connection, t.event_parties, _party_rows(key, event))
        members = [*moved, *((s, dump(visit) if visit else None) for s, visit in told.told_by)]
        self.add(connection, t.event_members, [{"event": key, "statement": s, "visit": v} for s, v in members])
        return set(connection.scalars(select(member.statement).where(member.event == key)))

    def _drop_events(self, connection: Connection, ids: Collection[str]) -> None:
        if ids:
            for column in (t.event_members.c.event, t.event_parties.c.event, t.events.c.id):
                connection.execute(delete(column.table).where(column.in_(ids)))

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


def mention_rows(seq: int, understood: Classification) -> list[dict[str, Any]]:
    named = dict.fromkeys((mention.kind, mention.ref) for mention in understood.mentions)
    return [{"seq": seq, "kind": kind, "ref": ref} for kind, ref in named]


def label_row(seq: int, label: Label, now: datetime, by: str | None = None, removed: int = 0) -> dict[str, Any]:
    """A label that an event or a person gives, or a person takes away."""
    values = {"seq": seq, "name": label.name, "given_by": label.by, "removed": removed, "score": label.score}
    return {**values, "label": dump(label), "set_by": by, "set_at": now}


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
    parties = [("visitor", party) for party in event.visitors] + [("host", event.host)]
    named = dict.fromkeys((side, ref) for side, party in parties for ref in refs(party))
    return [{"event": key, "side": side, "ref": ref} for side, ref in named]
