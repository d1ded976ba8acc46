"""SQLite: WAL and FULL, one writer at a time, FTS5.

A transaction that reads and then writes fails at once with a busy snapshot, whatever the timeout: every writing one
begins with BEGIN IMMEDIATE. Rowids of the index are in time order, so that newest first is a walk and not a sort.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Select, Table, create_engine, event, make_url

from tracker import terms
from tracker.errors import ArchiveLocked
from tracker.models.query import And, AnyFacet, AnyWord, Node, Not, Or, Phrase
from tracker.terms import Terms

#: Seconds a writer waits for another process's.
BUSY = 10.0
_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY", "cache_size=-8192")

name = "sqlite"
key = "rowid"
reading: dict[str, Any] = {}
match = "words MATCH :m{n}"
rank = "-bm25(words, 1.0, 0.7, 0.0)"


def engine(url: str) -> Engine:
    """A pool of connections to one file."""
    made = create_engine(url, connect_args={"timeout": BUSY, "check_same_thread": False}, pool_use_lifo=True)

    @event.listens_for(made, "connect")
    def _connect(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # the driver begins nothing: `_begin` does
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(made, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN")

    return made


def begin_writing(connection: Connection, *, alone: bool) -> None:
    """BEGIN IMMEDIATE has done it: SQLite has one writer at a time."""


def skip_locked(query: Select[Any]) -> Select[Any]:
    """Nobody else writes now."""
    return query


@contextmanager
def hold(url: str, holder: str) -> Iterator[None]:
    """A lock on `<file>.lock`, which holds the holder's words and ends with the process."""
    path = Path(f"{make_url(url).database}.lock")
    with path.open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise ArchiveLocked(
                f"{path.with_suffix('')} is held by {lock.read().strip() or 'another daemon'}"
            ) from None
        lock.truncate(0)
        lock.write(holder)
        lock.flush()
        yield
        lock.truncate(0)


def insert(connection: Connection, table: Table, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    """Rows that are not there yet."""
    marks = ", ".join("?" * len(columns))
    query = f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({marks}) ON CONFLICT DO NOTHING"  # noqa: S608
    connection.exec_driver_sql(query, rows)


def index(connection: Connection, entries: Iterable[tuple[int, Terms]]) -> None:
    """Statements' terms. Tokens hold no separator of the `ascii` tokenizer, so that it gives them back as they are."""
    rows = [(key, *map(" ".join, (found.surface, found.stems, found.facets))) for key, found in entries]
    connection.exec_driver_sql("INSERT INTO words (rowid, surface, stems, facets) VALUES (?, ?, ?, ?)", rows)


def render(node: Node) -> str:
    """An FTS5 expression. Every token is quoted: nothing of it is read as syntax."""
    if isinstance(node, AnyWord):
        return f"(surface : {_quoted(node.word)} OR {_any('stems', node.stems)})"
    if isinstance(node, Phrase):
        return f"(surface : {_quoted(' '.join(node.words))}{' *' if node.prefix else ''})"
    if isinstance(node, AnyFacet):
        return f"({_any('facets', node.facets)})"
    if isinstance(node, Or):
        return f"({' OR '.join(map(render, node.children))})"
    if isinstance(node, And):
        return _all(node.children)
    if isinstance(node, Not):
        return _all((node,))
    return f"(facets : {_quoted(terms.ALL)})"


def _all(children: tuple[Node, ...]) -> str:
    """FTS5's NOT is binary: what must be there, without what must not."""
    wanted = [render(child) for child in children if not isinstance(child, Not)]
    unwanted = [render(child.child) for child in children if isinstance(child, Not)]
    found = " AND ".join(wanted) or f"facets : {_quoted(terms.ALL)}"
    return f"(({found}) NOT ({' OR '.join(unwanted)}))" if unwanted else f"({found})"


def _any(column: str, tokens: tuple[str, ...]) -> str:
    return f"{column} : ({' OR '.join(map(_quoted, tokens))})"


def _quoted(token: str) -> str:
    return '"' + token.replace('"', '""') + '"'
