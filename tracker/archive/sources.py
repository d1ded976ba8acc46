"""Sources between polls: what is due, who polls it, what is known of them, when they were really watched."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, func, or_, select, text, update

from tracker.archive import tables as t
from tracker.archive.store import Store
from tracker.archive.tables import dump, load
from tracker.models.source import Claim, KnownItem, PollState, Source, SourceStatus, Span


class Sources(Store):
    """The verbs about sources."""

    def __init__(self, url: str, worker: str) -> None:
        super().__init__(url, worker)
        self._configured: dict[str, Source] = {}

    def sync_sources(self, sources: Sequence[Source], now: datetime) -> None:
        """Make these the listed sources. One whose config changed is due now; its validators go if its options did.
        Sources that are listed no more keep their statements and are polled no more. Secrets stay in this process."""
        self._configured = {source.name: source for source in sources}
        with self.writing() as connection:
            rows = {row.name: row for row in connection.execute(select(t.sources).with_for_update())}
            connection.execute(update(t.sources).values(listed=0))
            none = {"listed": 1, "leases": 0, "polls": 0, "statements": 0, "span_polls": 0}
            fresh = [_row(source, PollState()) | none for source in sources if source.name not in rows]
            self.add(connection, t.sources, fresh)
            changed = [_changed(source, rows[source.name], now) for source in sources if source.name in rows]
            self.change(connection, t.sources, "name", changed, listed=1)

    def claim_due(self, now: datetime, limit: int, lease: float, names: Collection[str] | None = None) -> list[Claim]:
        """Lease sources to this worker for so many seconds: those due, the longest waiting first. With `names`: these,
        due or not. Never one that is disabled or that another worker holds."""
        row = t.sources.c
        free = or_(row.lease_until.is_(None), row.lease_until <= now)
        due = or_(row.next_poll_at.is_(None), row.next_poll_at <= now) if names is None else row.name.in_(names)
        query = select(t.sources).where(row.listed == 1, row.enabled == 1, free, due)
        query = query.order_by(row.next_poll_at.is_not(None), row.next_poll_at, row.name).limit(limit)
        if not self.any(query):
            return []
        with self.claiming() as connection:
            rows = connection.execute(query.with_for_update(skip_locked=True)).all()
            claims = [Claim(self._source(r), load(PollState, r.state), f"{self.worker}#{r.leases + 1}") for r in rows]
            leased = [{"name": claim.source.name, "lease_token": claim.token} for claim in claims]
            until = now + timedelta(seconds=lease)
            self.change(connection, t.sources, "name", leased, lease_until=until, leases=row.leases + 1)
        return claims

    def release(self, claims: Sequence[Claim]) -> None:
        """Give back what was claimed and will not be polled; a lease that is another's by now stays."""
        given = [{"name": claim.source.name, "token": claim.token} for claim in claims]
        mine = t.sources.c.lease_token == bindparam("token")
        if given:
            with self.claiming() as connection:
                self.change(connection, t.sources, "name", given, mine, lease_until=None, lease_token=None)

    def extend(self, claims: Sequence[Claim], until: datetime) -> list[Claim]:
        """Hold what is in hand for longer; the claims that this worker still has and that nobody is writing now."""
        row, tokens = t.sources.c, {claim.source.name: claim.token for claim in claims}
        query = select(row.name, row.lease_token).where(row.name.in_(list(tokens)), row.lease_token.is_not(None))
        with self.claiming() as connection:
            rows = connection.execute(query.with_for_update(skip_locked=True)).all()
            held = [name for name, token in rows if tokens[name] == token]
            connection.execute(update(t.sources).where(row.name.in_(held)).values(lease_until=until))
        return [claim for claim in claims if claim.source.name in held]

    def probe(self) -> None:
        """Whether the database takes a write now; ArchiveAway when not: locked, full, read-only or gone."""
        with self.writing() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = version_num"))

    def known(self, source: str, limit: int = 2000) -> dict[str, KnownItem]:
        """The identity keys of a source's newest statements, with what is needed to compare."""
        row = t.statements.c
        newest = select(row.seq, row.id, row.hash, row.published_at).where(row.source == source)
        recent = newest.order_by(row.seq.desc()).limit(limit).subquery()
        query = select(t.identities.c.identity, recent).join(recent, recent.c.seq == t.identities.c.seq)
        return {key: KnownItem(id, hash_, published_at=at) for key, _, id, hash_, at in self.rows(query)}

    def sources(self, names: Collection[str] | None = None) -> list[SourceStatus]:
        """The listed sources, or those of these names, by name."""
        query = select(t.sources).where(t.sources.c.listed == 1 if names is None else t.sources.c.name.in_(names))
        return sorted(map(self._status, self.rows(query)), key=lambda status: status.source.name)

    def _status(self, row: Row[Any]) -> SourceStatus:
        source, state = self._source(row), load(PollState, row.state)
        if not source.enabled:
            state = replace(state, health="paused", reason=source.paused_reason or state.reason, next_poll_at=None)
        elif state.failures and state.health != "gone":  # throttled: an alarm only when it lasts, but seen at once
            state = replace(state, health="failing")
        return SourceStatus(source, state, row.statements, row.polls)

    def _source(self, row: Row[Any]) -> Source:
        """As this process was told it, with its secrets; else as the database has it."""
        return self._configured.get(row.name) or load(Source, row.config)

    def coverage(self, source: str, after: datetime, before: datetime) -> list[Span]:
        """The spans in which a source was watched that reach into [after, before), oldest first, uncut."""
        row, now = t.spans.c, t.sources.c
        past = select(row.span_start, row.span_end, row.polls).where(row.source == source)
        last = select(now.span_start, now.span_end, now.span_polls).where(now.name == source)
        past = past.where(row.span_end >= after, row.span_start < before).order_by(row.span_start)
        last = last.where(now.span_end >= after, now.span_start < before)
        with self.reading() as connection:
            return [Span(*row) for query in (past, last) for row in connection.execute(query)]

    def reads_since(self, kind: str, since: datetime) -> int:
        """Paid reads that polls of this kind have cost since then."""
        row = t.polls.c
        query = select(func.coalesce(func.sum(row.reads), 0)).where(row.kind == kind, row.finished_at >= since)
        return int(self.rows(query)[0][0])


def _row(source: Source, state: PollState) -> dict[str, Any]:
    config = dump(source, exclude={"secrets"})
    return {
        "name": source.name, "kind": source.kind, "config": config, "enabled": int(source.enabled),
        "state": dump(state), "next_poll_at": state.next_poll_at,
    }  # fmt: skip


def _changed(source: Source, row: Row[Any], now: datetime) -> dict[str, Any]:
    state, before, config = load(PollState, row.state), load(Source, row.config), _row(source, PollState())["config"]
    if (before.kind, before.options) != (source.kind, load(Source, config).options):
        state = replace(state, cursor={}, etag=None, last_modified=None, body_sha256=None)
    ahead = state.last_poll_at is not None and state.last_poll_at > now  # the clock was set back since
    if (config != row.config or ahead) and state.next_poll_at is not None:
        state = replace(state, next_poll_at=min(now, state.next_poll_at))
    return _row(source, state)
