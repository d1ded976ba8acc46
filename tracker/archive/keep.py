"""Keeping what polls brought: one transaction a group of readings, and all of a reading or nothing of it.

What is known only helped to judge; here the database decides. An item whose key is there with the same hash adds
nothing, so that a poll that repeats adds nothing.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update
from sqlalchemy.exc import StatementError

from tracker.archive import tables as t
from tracker.archive.gather import Group, Held
from tracker.archive.correcting import Correcting
from tracker.archive.statements import MOST_AT_ONCE
from tracker.models.source import Judged, Kept, Reading

#: What a row that no database takes raises: too large a number, half a character, a broken reference.
POISON = (StatementError, ValueError, OverflowError)
_IN_ORDER = (
    t.statements, t.versions, t.identities, t.labels, t.mentions, t.fingerprints, t.evidence, t.spans, t.polls,
)  # fmt: skip
_FINISHED = (
    update(t.sources)
    .where(t.sources.c.name == bindparam("its"))
    .values(
        state=bindparam("new_state"),
        next_poll_at=bindparam("new_due"),
        lease_token=None,
        lease_until=None,
        polls=t.sources.c.polls + 1,
        statements=t.sources.c.statements + bindparam("added"),
        span_start=bindparam("new_start"),
        span_end=bindparam("new_end"),
        span_polls=bindparam("new_polls"),
    )
)


class Keeping(Correcting):
    """The verb that keeps."""

    def keep(self, readings: Sequence[Reading], now: datetime) -> list[Kept]:
        """Keep readings in one transaction; what was added by each, in their order. Acknowledged means on disk.

        A reading whose lease another worker has is `fenced`. One that no database would take fails alone: it is
        kept as a failed poll with its reason, and its source's validators stay as they were, so that it is read again.
        """
        bodies = {
            id(seen): zlib.compress(seen.body, 3) for r in readings for seen, judged in r.answers if seen and judged
        }
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
        reason = f"cannot be kept: {str(getattr(error, 'orig', None) or error)[:200]!r}"
        state = replace(
            reading.claim.state,
            failures=reading.claim.state.failures + 1,
            health="failing",
            reason=reason,
            next_poll_at=reading.state.next_poll_at,
            last_poll_at=reading.finished_at,
        )
        failed = replace(
            reading, state=state, outcome="failed", answers=(), failure=reason, failure_kind="ArchiveError", alarm=None
        )
        return [kept if kept.fenced else replace(kept, failure=reason) for kept in self.keep([failed], now)]

    def _keep(
        self, connection: Connection, readings: Sequence[Reading], bodies: dict[int, bytes], now: datetime
    ) -> list[Kept]:
        row = t.sources.c
        query = select(row.name, row.lease_token, row.span_start, row.span_end, row.span_polls)
        query = query.where(row.name.in_([r.claim.source.name for r in readings])).with_for_update()
        leased = {(r.name, r.lease_token): r for r in connection.execute(query)}
        group = Group(now, connection.execute(_LAST_SEQ).scalar_one())
        kept, fired = list[Kept](), list[int]()
        for reading in readings:
            source = leased.pop((reading.claim.source.name, reading.claim.token), None)
            if source is None:
                kept.append(Kept(reading.claim.source.name, fenced=True))
            else:
                judged = [one for _, items in reading.answers for one in items]
                group.held = self._held(connection, reading.claim.source.name, judged)
                kept.append(group.gather(reading, source, bodies))
            fired.append(len(group.firings))
        added = self._write(connection, group)
        spans = zip(kept, [0, *fired], fired, strict=False)
        return [replace(one, alerts=sum(added[start:end])) if end > start else one for one, start, end in spans]

    def _held(self, connection: Connection, source: str, judged: Sequence[Judged]) -> dict[str, Held]:
        """What is kept of these items already, by identity key, and by statement id behind a NUL."""
        row = t.statements.c
        columns = (row.seq, row.id, row.hash, row.version, row.sort_key, row.effective_at)
        keys, found = list({key for one in judged for key in one.post.keys}), dict[str, Held]()
        query = select(*columns, t.identities.c.identity).join(t.identities, t.identities.c.seq == row.seq)
        query = query.where(t.identities.c.source == source)
        for start in range(0, len(keys), MOST_AT_ONCE):
            some = t.identities.c.identity.in_(keys[start : start + MOST_AT_ONCE])
            for *values, key in connection.execute(query.where(some)):
                found[key] = found.setdefault(f"\0{values[1]}", Held(*values))
        named = {one.statement for one in judged if one.statement and f"\0{one.statement}" not in found}
        if named:
            for found_ in connection.execute(select(*columns).where(row.source == source, row.id.in_(named))):
                found[f"\0{found_.id}"] = Held(*found_)
        return found

    def _write(self, connection: Connection, group: Group) -> list[int]:
        """Write a group. For each of its firings, whether it added an alert."""
        self._drop_understanding(connection, list(group.edits))
        for table in _IN_ORDER:
            self.add(connection, table, group.rows[table])
        self._index(connection, group.words)
        if group.edits:
            edits = list(group.edits.values())
            values: dict[str, Any] = {name.removeprefix("new_"): bindparam(name) for name in edits[0] if name != "its"}
            connection.execute(update(t.statements).where(t.statements.c.seq == bindparam("its")).values(values), edits)
            self._unindex(connection, list(group.edited.values()))
            self._reindex(connection, group.edited)
        if group.rows[t.sources]:
            connection.execute(_FINISHED, group.rows[t.sources])
        self._match_digests(connection, group.digests, group.now)
        return self._fire(connection, group.firings, group.now)


_LAST_SEQ = select(func.coalesce(func.max(t.statements.c.seq), 0))
