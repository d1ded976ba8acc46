"""Relating: statements waiting for it, those around one, and what a relation adds. All of it is idempotent: a link or a
label that is there already stays, an event is what its members tell now."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, delete, func, or_, select, update

from tracker import events as visits
from tracker.archive import tables as t
from tracker.archive.around import ITEM, Surrounding, refs
from tracker.archive.statements import MOST_AT_ONCE
from tracker.archive.tables import digest_of, dump, load
from tracker.models.statement import INVERSE, Classification, Event, EventTold, Firing, Label, Related, Statement, Visit


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
        self, *, after: date | None = None, before: date | None = None,
        sides: Mapping[str, Collection[str]] | None = None, limit: int = 100,
    ) -> list[Event]:  # fmt: skip
        """Visits by day, newest first, those without a day last; of a "visitor" or "host" by leaders' ids or codes."""
        row, party, query = t.events.c, t.event_parties.c, select(t.events.c.id)
        query = query.where(row.day >= after.isoformat()[:10]) if after else query
        query = query.where(row.day < before.isoformat()[:10]) if before else query
        for side, refs_ in (sides or {}).items():
            query = query.where(row.id.in_(select(party.event).where(party.side == side, party.ref.in_(refs_))))
        with self.reading() as connection:
            ids = list(connection.scalars(query.order_by(row.day.is_(None), row.day.desc(), row.id).limit(limit)))
            parts = (ids[start : start + MOST_AT_ONCE] for start in range(0, len(ids), MOST_AT_ONCE))
            found = {event.id: event for part in parts for event in self._load_events(connection, part)}
        return [found[key] for key in ids]

    def relate(self, related: Sequence[Related], now: datetime, until: datetime | None = None) -> int:
        """Keep what relating found, in one transaction; how many alerts that added. Doing it again adds nothing.
        `until`: the end of the lease it was done under; a statement that was edited or taken over since is left out."""
        with self.writing() as connection:
            if until is not None:
                row = t.statements.c
                mine = select(row.id).where(row.related_at.is_(None), row.relate_until == until)
                held = set(connection.scalars(mine.where(row.id.in_([one.statement for one in related]))))
                related = [one for one in related if one.statement in held]
            self.add(connection, t.links, [row for one in related for row in _link_rows(one)])
            told = self._tell(connection, [event for one in related for event in one.events], now)
            labelled = [pair for one in related for pair in one.labels if pair[0] in told]
            seqs = self._seqs(connection, {id for id, _ in labelled})
            self.add(connection, t.labels, [label_row(seqs[id], label, now) for id, label in labelled])
            self._reindex(connection, told | seqs.keys())
            done = update(t.statements).where(t.statements.c.id.in_([one.statement for one in related]))
            connection.execute(done.values(related_at=now, relate_until=None))
            self._match_digests(connection, [pair for one in related for pair in one.digests], now)
            return sum(self._fire(connection, [(s, s, firing) for one in related for s, firing in one.firings], now))

    def _unlink(self, connection: Connection, ids: Collection[str]) -> set[str]:
        """Take out what these were found to quote or to be the same as, in other words than now; whom they leave."""
        row, same = t.links.c, t.links.c.type == "same_as"
        own = row.statement.in_(ids) & (same | ((row.type == "quotes") & row.exact.is_not(None)))
        left = set(connection.scalars(select(row.other).where(own)))
        theirs = row.other.in_(ids) & (same | ((row.type == "quoted_by") & row.exact.is_not(None)))
        connection.execute(delete(t.links).where(own | theirs))
        return left

    def _tell(self, connection: Connection, told: Sequence[EventTold], now: datetime) -> set[str]:
        """Keep what is told of visits; the statements that tell of one, or belong to it, whose index must say so."""
        row, by_key = t.events.c, defaultdict[str, list[EventTold]](list)
        known = select(row.id, row.event_key).where(row.id.in_([one.event.id for one in told]))
        keys = {id: key.rsplit("|", 2)[0] for id, key in connection.execute(known)} if told else {}
        for one in told:
            by_key[keys.get(one.event.id, one.key)].append(one)
        return {id for key, those in by_key.items() for id in self._retell(connection, key, (), those, now)}

    def _retell(
        self, connection: Connection, key: str, days: Iterable[date], fresh: Sequence[EventTold], now: datetime
    ) -> set[str]:
        """Make the events of a key about some days anew, of what their members tell now and of what is told afresh.
        Writers come one by one: two workers who find a visit at once make one event. The statements concerned."""
        row, told = t.event_members.c, {(s, visit): None for one in fresh for s, visit in one.told_by}
        whole = {one.id: one for one in self._of_ids(connection, {s for s, _ in told})}
        at = {*days, *(day for s, visit in told if s in whole for day in visits.days_of(whole[s], visit))}
        near = self._near(connection, key, min(at), max(at)) if at else []
        was = {event: set[str]() for event in near}
        held = select(row.event, row.statement, row.visit).where(row.event.in_(near)).order_by(row.event, row.statement)
        for event, statement, visit in connection.execute(held).all():
            was[event].add(statement)
            told[statement, load(Visit, visit) if visit else None] = None
        whole |= {one.id: one for one in self._of_ids(connection, {s for s, _ in told} - whole.keys())}
        self._drop_events(connection, near)
        there = set(connection.scalars(select(t.events.c.id).where(t.events.c.id.in_([e.event.id for e in fresh]))))
        was |= {one.event.id: {s for s, _ in one.told_by} for one in fresh if one.event.id not in {*there, *near}}
        tell = [(whole[s], visit) for s, visit in told if visit and s in whole]
        parts = visits.parted((one, visit) for one, visit in tell if visit in one.classification.visits)
        belong = [whole[s] for s, visit in told if visit is None and s in whole]
        self._add_events(connection, key, was, parts, belong, now)
        return set(whole) if parts else set()

    def _near(self, connection: Connection, key: str, first: date, last: date) -> list[str]:
        """The events of a key that what is told of these days may change: those there, and what follows closely."""
        row, near = t.events.c, list[str]()
        query = select(row.id, row.event_key).where(row.event_key.between(f"{key}|", f"{key}|z"))
        for id, whose in connection.execute(query.order_by(row.event_key)):
            its, begins, ends = whose.rsplit("|", 2)
            close = its == key and date.fromisoformat(begins) - visits.DAYS <= last
            if close and date.fromisoformat(ends) + visits.DAYS >= first:
                near.append(id)
                last = max(last, date.fromisoformat(ends))
        return near

    def _add_events(
        self, connection: Connection, key: str, was: dict[str, set[str]],
        parts: Sequence[Sequence[visits.Telling]], belong: Sequence[Statement], now: datetime,
    ) -> None:  # fmt: skip
        """Add events with their members, under the ids that some of these had; who only belongs, to the nearest."""
        rows = defaultdict[Table, list[dict[str, Any]]](list)
        for part in parts:
            event, days = visits.of(part), {day for pair in part for day in visits.days_of(*pair)}
            whose = f"{key}|{min(days)}|{max(days)}"
            ids = (id for id, its in was.items() if not its.isdisjoint(event.statements))
            id = next(ids, digest_of(whose, str(now), length=16))
            was.pop(id, None)
            values = {"event_key": whose, "day": str(event.first), "told_at": now}
            rows[t.events].append({"id": id, **values, "event": dump(replace(event, id=id, statements=()))})
            rows[t.event_parties] += _party_rows(id, event)
            rows[t.event_members] += [{"event": id, "statement": one.id, "visit": dump(v)} for one, v in part]
        for one in belong if parts else ():
            day = one.post.effective_at.date()
            nearest = min(rows[t.events], key=lambda row: abs(date.fromisoformat(row["day"]) - day))
            rows[t.event_members].append({"event": nearest["id"], "statement": one.id, "visit": None})
        for table in (t.events, t.event_parties, t.event_members):
            self.add(connection, table, rows[table])

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
            new = enumerate(dict.fromkeys(matches), last + 1)
            rows = [{"id": n, "digest": to, "statement": one, "matched_at": now, "issue": None} for n, (one, to) in new]
            self.add(connection, t.digest_matches, rows)


def mention_rows(seq: int, understood: Classification, items: Iterable[str] = ()) -> list[dict[str, Any]]:
    named = dict.fromkeys([*((one.kind, one.ref) for one in understood.mentions), *((ITEM, item) for item in items)])
    return [{"seq": seq, "kind": kind, "ref": ref} for kind, ref in named]


def label_row(seq: int, label: Label, now: datetime, by: str | None = None, removed: int = 0) -> dict[str, Any]:
    """A label that an event or a person gives, or a person takes away."""
    values = {"seq": seq, "name": label.name, "given_by": label.by, "removed": removed, "score": label.score}
    return {**values, "label": dump(label), "set_by": by, "set_at": now}


def _link_rows(one: Related) -> Iterator[dict[str, Any]]:
    for statement, link in one.links:
        same = {"exact": link.exact, "verdict": link.verdict}
        yield {"statement": statement, "type": link.type, "other": link.statement, **same}
        yield {"statement": link.statement, "type": INVERSE[link.type], "other": statement, **same}


def _party_rows(key: str, event: Event) -> list[dict[str, Any]]:
    parties = [("visitor", party) for party in event.visitors] + [("host", event.host)]
    named = dict.fromkeys((side, ref) for side, party in parties for ref in refs(party))
    return [{"event": key, "side": side, "ref": ref} for side, ref in named]
