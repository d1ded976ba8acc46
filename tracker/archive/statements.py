"""Reading statements: a row and its version, labels, links and events, put together as one value."""

import json
import re
import zlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import accumulate
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Text, and_, cast, func, literal, null, select, union_all
from sqlalchemy import text as sql

from tracker import terms
from tracker.archive import tables as t
from tracker.archive.ranges import sort_key
from tracker.archive.store import Store
from tracker.archive.tables import in_force, load
from tracker.errors import NotFound
from tracker.models.source import Evidence
from tracker.models.statement import Classification, Event, Label, Link, Post, Statement, Told, Version, Visit

#: Parameters of one query: engines take some tens of thousands.
MOST_AT_ONCE = 5_000
#: UTF-8 bytes of a text's surface words, and of its stems, that are indexed.
MOST_BYTES = 400_000
#: What a statement and its row have under the same name.
_SAME = ("id", "seq", "source", "kind", "first_seen_at", "last_seen_at", "version", "presence")
_PREFIX = re.compile("[a-z2-7]{6,16}")
_CURRENT = select(t.statements, t.versions.c.post, t.versions.c.understood).join(
    t.versions, and_(t.versions.c.seq == t.statements.c.seq, t.versions.c.version == t.statements.c.version)
)


class Statements(Store):
    """The verbs that read statements."""

    def statement(self, id: str) -> Statement:
        """One statement by its id or by six characters or more that only its id begins with. NotFound otherwise."""
        with self.reading() as connection:
            return self._load(connection, t.statements.c.id == self._whole(connection, id))[0]

    def _whole(self, connection: Connection, prefix: str) -> str:
        """The one id that begins so. Ids are of one alphabet, whose last letter bounds the range."""
        if not _PREFIX.fullmatch(prefix):
            raise NotFound(f"no statement {prefix[:40]!r}: an id, or six characters of it, is needed")
        column = t.statements.c.id
        found = list(connection.scalars(select(column).where(column.between(prefix, prefix.ljust(16, "z"))).limit(2)))
        if len(found) != 1:
            raise NotFound(f"{'several statements begin with' if found else 'no statement'} {prefix}")
        return str(found[0])

    def statements(self, ids: Collection[str]) -> list[Statement]:
        """The statements of these ids in this order; an unknown one is left out."""
        with self.reading() as connection:
            return self._of_ids(connection, ids)

    def each_statement(self, after_seq: int = 0, limit: int = 500) -> list[Statement]:
        """Statements in commit order, after a sequence number: to walk over all of them."""
        with self.reading() as connection:
            return self._load(connection, t.statements.c.seq > after_seq, order=t.statements.c.seq, limit=limit)

    def versions(self, id: str) -> list[Version]:
        """All versions of a statement, oldest first. NotFound as `statement`."""
        with self.reading() as connection:
            whole = self._whole(connection, id)
            query = select(t.versions).join(t.statements, t.statements.c.seq == t.versions.c.seq)
            rows = connection.execute(query.where(t.statements.c.id == whole).order_by(t.versions.c.version)).all()
        return [_version(whole, row) for row in rows]

    def evidence(self, sha256: str) -> Evidence:
        """The bytes as they were first received, and how. NotFound when none have this SHA-256."""
        query = select(t.evidence).where(t.evidence.c.sha256 == sha256).order_by(t.evidence.c.received_at).limit(1)
        row = next(iter(self.rows(query)), None)
        if row is None:
            raise NotFound(f"no evidence {sha256[:64]!r}")
        asked, said = json.loads(row.request_headers), json.loads(row.headers)
        return Evidence(row.url, asked, row.status, said, zlib.decompress(row.body), row.sha256, row.received_at)

    def speakers(self) -> dict[str, tuple[int, datetime]]:
        """How many statements each leader made, and when the last one."""
        leader = t.statements.c.leader
        query = select(leader, func.count(), func.max(t.statements.c.effective_at)).where(leader.is_not(None))
        return {who: (count, last) for who, count, last in self.rows(query.group_by(leader))}

    # Inside a transaction.

    def _of_ids(self, connection: Connection, ids: Collection[str]) -> list[Statement]:
        found = {one.id: one for one in self._in(connection, t.statements.c.id, set(ids))}
        return [found[key] for key in dict.fromkeys(ids) if key in found]

    def _at(self, connection: Connection, keys: Sequence[int]) -> list[Statement]:
        """The statements at these sort keys, in this order."""
        some = self._in(connection, t.statements.c.sort_key, keys)
        found = {sort_key(one.post.effective_at, one.seq): one for one in some}
        return [found[key] for key in keys if key in found]

    def _in(self, connection: Connection, column: ColumnElement[Any], values: Iterable[Any]) -> list[Statement]:
        """The statements of which a column has one of these values, newest first."""
        wanted, found = sorted(values), list[Statement]()
        for start in range(0, len(wanted), MOST_AT_ONCE):
            found += self._load(connection, column.in_(wanted[start : start + MOST_AT_ONCE]))
        return sorted(found, key=lambda one: (one.post.effective_at, one.seq), reverse=True)

    def _load(
        self, connection: Connection, where: ColumnElement[bool], *, order: Any = None, limit: int | None = None
    ) -> list[Statement]:
        """The statements of a condition, whole."""
        rows = connection.execute(_CURRENT.where(where).order_by(order).limit(limit)).all()
        if not rows:
            return []
        seqs, ids, label = [row.seq for row in rows], [row.id for row in rows], t.labels.c
        link, member = t.links.c, t.event_members.c
        parts = union_all(  # one query for all three: on PostgreSQL it is the trips that take the time
            select(literal("link"), link.statement, link.type, link.other, link.exact, link.verdict)
            .where(link.statement.in_(ids)),
            select(literal("label"), cast(label.seq, Text), label.label, cast(label.removed, Text), null(), null())
            .where(label.seq.in_(seqs)),
            select(literal("event"), member.statement, member.event, null(), null(), null())
            .where(member.statement.in_(ids)),
        )  # fmt: skip
        found = defaultdict[tuple[str, str], list[Any]](list)
        for what, its, *values in connection.execute(parts):
            found[what, its].append(values)
        told = {values[0] for (what, _), each in found.items() for values in each if what == "event"}
        events = {event.id: event for event in self._load_events(connection, told)}
        whole = []
        for row in rows:
            labels = [(gone == "1", load(Label, label)) for label, gone, *_ in found["label", str(row.seq)]]
            tells = tuple(events[key] for key, *_ in sorted(found["event", row.id]))
            links = tuple(Link(*values) for values in sorted(found["link", row.id], key=lambda link: link[:2]))
            whole.append(_statement(row, labels, tells, links))
        return whole

    def _load_events(self, connection: Connection, ids: Collection[str]) -> list[Event]:
        """These events, with the statements that tell them."""
        if not ids:
            return []
        member, one, history = t.event_members.c, t.statements.c, defaultdict[str, list[Told]](list)
        said = select(member.event, member.statement, one.effective_at, member.visit)
        said = said.join(t.statements, one.id == member.statement).where(member.event.in_(ids))
        for event, statement, at, visit in connection.execute(said.order_by(one.effective_at, member.statement)):
            told = load(Visit, visit) if visit else None
            history[event].append(Told(statement, at, *((told.status, told.day) if told else ())))
        rows = connection.execute(select(t.events).where(t.events.c.id.in_(ids)).order_by(t.events.c.id)).all()
        members = {id: tuple(dict.fromkeys(told.statement for told in its)) for id, its in history.items()}
        whole = ((load(Event, row.event), row.id) for row in rows)
        return [replace(e, id=id, statements=members.get(id, ()), history=tuple(history[id])) for e, id in whole]

    def _reindex(self, connection: Connection, ids: Collection[str]) -> None:
        """Put what the index says of these statements to what is true of them now, at the key their row has."""
        found = self._of_ids(connection, ids)
        query = select(t.statements.c.seq, t.statements.c.sort_key)
        keys = dict(map(tuple, connection.execute(query.where(t.statements.c.seq.in_([one.seq for one in found])))))
        self._unindex(connection, list(keys.values()))
        self._index(connection, [(keys[one.seq], terms_of(one)) for one in found])

    def _index(self, connection: Connection, entries: Sequence[tuple[int, terms.Terms]]) -> None:
        if entries:
            self.dialect.index(connection, ((key, capped(found)) for key, found in entries))

    def _unindex(self, connection: Connection, keys: Collection[int]) -> None:
        if keys:
            deleting = sql(f"DELETE FROM words WHERE {self.dialect.key} = :key")  # noqa: S608  # a column of ours
            connection.execute(deleting, [{"key": key} for key in keys])


def terms_of(one: Statement) -> terms.Terms:
    """What the index knows of a kept statement."""
    names = ("source", "kind", "first_seen_at", "labels", "events")
    known = {name: getattr(one, name) for name in names}
    return terms.of(replace(one.post, presence=one.presence), one.classification, **known)


def capped(found: terms.Terms) -> terms.Terms:
    """The terms that both engines can index: a tsvector holds a megabyte, which only a hostile text reaches."""
    if sum(map(len, found.surface)) <= MOST_BYTES // 4:
        return found
    return replace(found, surface=_first(found.surface), stems=frozenset(_first(sorted(found.stems))))


def _first(tokens: Sequence[str]) -> tuple[str, ...]:
    sizes = accumulate(len(token.encode()) for token in tokens)
    return tuple(token for token, size in zip(tokens, sizes, strict=True) if size <= MOST_BYTES)


def _statement(
    row: Row[Any], given: list[tuple[bool, Label]], events: tuple[Event, ...], links: tuple[Link, ...]
) -> Statement:
    """A statement of its row, the (taken away, label) that events and persons gave it, its events and links."""
    understood = load(Classification, row.understood)
    removed = tuple(sorted((label for gone, label in given if gone), key=lambda one: one.name))
    found = Statement(
        **{name: getattr(row, name) for name in _SAME}, post=load(Post, row.post), versions=row.version,
        classification=understood,
        labels=in_force([*understood.labels, *(label for gone, label in given if not gone)], removed), events=events,
        links=links, first_reading=bool(row.first_reading), removed=removed,
    )  # fmt: skip
    return replace(found, classification=found.heeded(understood)) if removed else found


def _version(statement: str, row: Row[Any]) -> Version:
    post, classifier = load(Post, row.post), load(Classification, row.understood).version
    edited, seen = post.edited_at, row.evidence
    return Version(statement, row.version, row.observed_at, post.title, post.text, row.hash, edited, seen, classifier)
