"""Keeping what polls brought: one transaction a group of readings, and all of a reading or nothing of it. What is known
only helped to judge; here the database decides. An item whose key is there with the same hash adds nothing, so that a
poll that repeats adds nothing."""

import json
import zlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Table, bindparam, func, select
from sqlalchemy.exc import StatementError

from tracker import terms
from tracker.archive import tables as t
from tracker.archive.around import items
from tracker.archive.correcting import Correcting
from tracker.archive.ranges import sort_key
from tracker.archive.relate import mention_rows
from tracker.archive.statements import MOST_AT_ONCE
from tracker.archive.tables import digest_of, dump
from tracker.models.source import Evidence, Judged, Kept, Reading, Source
from tracker.models.statement import Firing, Post, stands_alone

#: What a row that no database takes raises: too large a number, half a character, a broken reference.
POISON = (StatementError, ValueError, OverflowError)
#: A source counts as watched from one success to the next, unless this many intervals (or seconds) lie between.
GAP_INTERVALS, GAP_SECONDS = 2.5, 900.0
_IN_ORDER = (
    t.statements, t.versions, t.identities, t.mentions, t.fingerprints, t.report_fingerprints, t.evidence, t.spans,
    t.polls,
)  # fmt: skip
_FINISHED = ("state", "next_poll_at", "span_start", "span_end", "span_polls")
_LAST_SEQ = select(func.coalesce(func.max(t.statements.c.seq), 0))


class Keeping(Correcting):
    """The verb that keeps."""

    def keep(self, readings: Sequence[Reading], now: datetime) -> list[Kept]:
        """Keep readings in one transaction; what was added by each, in their order. Acknowledged means on disk. A
        reading whose lease another worker has is `fenced`. One that no database would take fails alone: it is kept as a
        failed poll with its reason, and its source's validators stay as they were, so that it is read again."""
        seen = [evidence for reading in readings for evidence, judged in reading.answers if evidence and judged]
        bodies = {id(one): zlib.compress(one.body, 3) for one in seen}
        try:
            with self.writing() as connection:
                return self._keep(connection, readings, bodies, now)
        except POISON as error:
            if len(readings) > 1:
                return [kept for reading in readings for kept in self.keep([reading], now)]
            if not readings or readings[0].failure_kind == "ArchiveError":
                raise
            return self._keep_failed(readings[0], error, now)

    def _keep_failed(self, reading: Reading, error: Exception, now: datetime) -> list[Kept]:
        before, ended, due = reading.claim.state, reading.finished_at, reading.state.next_poll_at
        why = f"cannot be kept: {str(getattr(error, 'orig', None) or error)[:200]!r}"
        state = replace(before, failures=before.failures + 1, health="failing", reason=why)
        state = replace(state, next_poll_at=due, last_poll_at=ended)
        failed = replace(reading, state=state, outcome="failed", answers=(), alarm=None)
        kept = self.keep([replace(failed, failure=why, failure_kind="ArchiveError")], now)
        return [one if one.fenced else replace(one, failure=why) for one in kept]

    def _keep(
        self, connection: Connection, readings: Sequence[Reading], bodies: dict[int, bytes], now: datetime
    ) -> list[Kept]:
        row = t.sources.c
        query = select(row.name, row.lease_token, row.span_start, row.span_end, row.span_polls, row.statements)
        query = query.where(row.name.in_([r.claim.source.name for r in readings])).with_for_update()
        leased = {(r.name, r.lease_token): r for r in connection.execute(query)}
        group = _Group(now, connection.execute(_LAST_SEQ).scalar_one(), bodies)
        kept, fired = list[Kept](), list[int]()
        for reading in readings:
            source = leased.pop((reading.claim.source.name, reading.claim.token), None)
            if source is None:
                kept.append(Kept(reading.claim.source.name, fenced=True))
            else:
                judged = [one for _, items in reading.answers for one in items]
                group.held = self._held(connection, reading.claim.source.name, judged) if source.statements else {}
                kept.append(group.gather(reading, source))
            fired.append(len(group.firings))
        added = self._write(connection, group)
        spans = zip(kept, [0, *fired], fired, strict=False)
        return [replace(one, alerts=sum(added[start:end])) if end > start else one for one, start, end in spans]

    def _held(self, connection: Connection, source: str, judged: Sequence[Judged]) -> dict[str, "_Held"]:
        """What is kept of these items already, by identity key, and by statement id behind a NUL."""
        row = t.statements.c
        columns = (row.seq, row.id, row.hash, row.version, row.sort_key, row.effective_at)
        keys, found = list({key for one in judged for key in one.post.keys}), dict[str, _Held]()
        query = select(*columns, t.identities.c.identity).join(t.identities, t.identities.c.seq == row.seq)
        query = query.where(t.identities.c.source == source)
        for start in range(0, len(keys), MOST_AT_ONCE):
            some = t.identities.c.identity.in_(keys[start : start + MOST_AT_ONCE])
            for *values, key in connection.execute(query.where(some)):
                found[key] = found.setdefault(f"\0{values[1]}", _Held(*values))
        named = {one.statement for one in judged if one.statement and f"\0{one.statement}" not in found}
        if named:
            for found_ in connection.execute(select(*columns).where(row.source == source, row.id.in_(named))):
                found[f"\0{found_.id}"] = _Held(*found_)
        return found

    def _write(self, connection: Connection, group: "_Group") -> list[int]:
        """Write a group. For each of its firings, whether it added an alert."""
        self._drop_mentions(connection, list(group.edits))
        self._leave_alone(connection, group)
        for table in _IN_ORDER:
            self.add(connection, table, group.rows[table])
        self._index(connection, group.words)
        self.change(connection, t.statements, "seq", list(group.edits.values()))
        if group.edits:
            self._unindex(connection, list(group.edited.values()))
            changed = group.edited.keys() | self._unlink(connection, group.edited)
            self._again(connection, changed | self._leave_events(connection, changed, group.now))
        row = t.sources.c
        counted = {"polls": row.polls + 1, "statements": row.statements + bindparam("added")}
        free = {"lease_token": None, "lease_until": None}
        self.change(connection, t.sources, "name", group.rows[t.sources], **counted, **free)
        self._match_digests(connection, group.digests, group.now)
        return self._fire(connection, group.firings, group.now)

    def _leave_alone(self, connection: Connection, group: "_Group") -> None:
        """Call what stands alone related at once: relating need not load it."""
        fresh = [pair for pair in group.fresh if stands_alone(pair[1].post, pair[1].classification, shared=False)]
        shared = {row["hash"] for row in group.rows[t.fingerprints]}
        shared |= self._shared(connection, {hash_ for _, one in fresh for hash_ in one.fingerprints})
        for row, one in fresh:
            if shared.isdisjoint(one.fingerprints):
                row["related_at"] = group.now


@dataclass(slots=True)
class _Held:
    """What is kept of one statement, brought up to date while a group is put together."""

    seq: int
    id: str
    hash: str
    version: int
    sort_key: int
    effective_at: datetime


@dataclass(slots=True)
class _Group:
    """A group of readings as the rows it will become, table by table. `seq` is the last sequence number given out,
    `bodies` the compressed bytes of the evidence, `held` what the source has by key or id."""

    now: datetime
    seq: int
    bodies: dict[int, bytes]
    held: dict[str, _Held] = field(default_factory=dict)
    rows: defaultdict[Table, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    words: list[tuple[int, terms.Terms]] = field(default_factory=list)
    edits: dict[int, dict[str, Any]] = field(default_factory=dict)
    edited: dict[str, int] = field(default_factory=dict)
    firings: list[tuple[str | None, str, Firing]] = field(default_factory=list)
    digests: list[tuple[str, str]] = field(default_factory=list)
    fresh: list[tuple[dict[str, Any], Judged]] = field(default_factory=list)

    def gather(self, reading: Reading, source: Any) -> Kept:
        """Add one reading, of the source whose row is given."""
        found: dict[str, dict[str, None]] = {"new": {}, "edited": {}, "same": {}}
        for seen, judged in reading.answers:
            verdicts = [self._item(reading, seen, one) for one in judged]
            for key, verdict in verdicts:
                if key not in found["new"]:
                    found[verdict][key] = None
            if seen is not None and any(verdict != "same" for _, verdict in verdicts):
                self.rows[t.evidence].append(_evidence(reading.claim.source.name, seen, self.bodies[id(seen)]))
        if reading.alarm is not None:
            self.firings.append((None, reading.finished_at.isoformat(), reading.alarm))
        new, edited = tuple(found["new"]), tuple(found["edited"])
        self._finish(reading, source, len(new), len(edited))
        return Kept(reading.claim.source.name, new, edited)

    def _item(self, reading: Reading, seen: Evidence | None, one: Judged) -> tuple[str, str]:
        """The statement an item is of, and whether it is new, edited or the same."""
        held = self.held.get(f"\0{one.statement}") or self._same(one.post)
        verdict = "new" if held is None else "same" if held.hash == one.post.hash else "edited"
        source = reading.claim.source
        held = held or self._new(source, one, first_reading=reading.claim.state.first_read_at is None)
        for key in one.post.keys:
            if key not in self.held:
                self.held[key] = held
                self.rows[t.identities].append({"source": source.name, "identity": key, "seq": held.seq})
        if verdict != "same":
            self._content(held, self._edit(held, one.post) if verdict == "edited" else one.post, one, seen)
            self.firings += [(held.id, held.id, firing) for firing in one.firings]
            self.digests += [(held.id, digest) for digest in one.digests]
        return held.id, verdict

    def _same(self, post: Post) -> _Held | None:
        """What is kept under one of an item's strongest keys: a link or a title may be used again for other words."""
        strongest = post.keys[0].partition(":")[0]
        return next((self.held[key] for key in post.keys if key in self.held and key.startswith(strongest)), None)

    def _new(self, source: Source, one: Judged, *, first_reading: bool) -> _Held:
        post = one.post
        self.seq += 1
        key = sort_key(post.effective_at, self.seq)
        held = _Held(self.seq, digest_of(source.name, post.keys[0], length=16), post.hash, 1, key, post.effective_at)
        row = {
            "seq": held.seq, "id": held.id, "source": source.name, "kind": source.kind, "origin": post.origin,
            "first_seen_at": self.now, "first_reading": int(first_reading), **self._current(held, post),
        }  # fmt: skip
        self.rows[t.statements].append(row)
        self.fresh.append((row, one))
        found = terms.of(post, one.classification, source=source.name, kind=source.kind, first_seen_at=self.now)
        self.words.append((key, found))
        return held

    def _edit(self, held: _Held, post: Post) -> Post:
        """Make the next version the current one. An edit without a date of its own leaves the statement where it is."""
        if post.published_at is None:
            post = replace(post, effective_at=held.effective_at)
        self.edited[held.id] = held.sort_key
        held.version, held.hash, held.effective_at = held.version + 1, post.hash, post.effective_at
        held.sort_key = sort_key(post.effective_at, held.seq)
        self.edits[held.seq] = {"seq": held.seq, **self._current(held, post)}
        return post

    def _current(self, held: _Held, post: Post) -> dict[str, Any]:
        """The columns of a statement that its current version decides; it waits to be related again."""
        return {
            "leader": post.speaker.leader, "office": post.speaker.office_id, "country": post.speaker.country,
            "hash": post.hash, "published_at": post.published_at, "effective_at": post.effective_at,
            "last_seen_at": self.now, "presence": post.presence, "version": held.version, "sort_key": held.sort_key,
            "related_at": None, "relate_until": None,
        }  # fmt: skip

    def _content(self, held: _Held, post: Post, one: Judged, seen: Evidence | None) -> None:
        self.rows[t.versions].append({
            "seq": held.seq, "version": held.version, "observed_at": self.now, "hash": post.hash,
            "evidence": seen.sha256 if seen else None, "post": dump(post), "understood": dump(one.classification),
        })  # fmt: skip
        prints, day = dict.fromkeys(one.fingerprints), post.effective_at.toordinal()
        if post.origin == "official":
            self.rows[t.fingerprints] += [{"hash": hash_, "seq": held.seq} for hash_ in prints]
        else:
            rows = [{"day": day, "hash": hash_, "seq": held.seq} for hash_ in prints]
            self.rows[t.report_fingerprints] += rows
        self.rows[t.mentions] += mention_rows(held.seq, one.classification, items(post))

    def _finish(self, reading: Reading, source: Any, added: int, edited: int) -> None:
        """The source's next state. A poll that found nothing new and cost nothing is told by its span alone."""
        claim, state, ended, name = reading.claim, reading.state, reading.finished_at, reading.claim.source.name
        start, end, polls = source.span_start, source.span_end, source.span_polls
        if reading.outcome != "failed":
            gap = timedelta(seconds=max(GAP_SECONDS, GAP_INTERVALS * (claim.state.interval or claim.source.every)))
            if end is not None and ended - end <= gap:
                end, polls = max(end, ended), polls + 1
            else:
                if end is not None:
                    self.rows[t.spans].append({"source": name, "span_start": start, "span_end": end, "polls": polls})
                start, end, polls = ended, ended, 1
        values = dict(zip(_FINISHED, (dump(state), state.next_poll_at, start, end, polls), strict=True))
        self.rows[t.sources].append({"name": name, **values, "added": added})
        if reading.outcome != "unchanged" or reading.reads:
            self.rows[t.polls].append({
                "source": name, "kind": claim.source.kind, "started_at": reading.started_at, "finished_at": ended,
                "outcome": reading.outcome, "items": reading.items_seen, "added": added + edited,
                "reads": reading.reads, "requests": reading.requests, "failure": reading.failure,
                "failure_kind": reading.failure_kind,
            })  # fmt: skip


def _evidence(source: str, seen: Evidence, body: bytes) -> dict[str, Any]:
    return {
        "sha256": seen.sha256, "received_at": seen.received_at, "source": source, "url": seen.url,
        "status": seen.status, "request_headers": json.dumps(dict(seen.request_headers)),
        "headers": json.dumps(dict(seen.headers)), "body": body,
    }  # fmt: skip
