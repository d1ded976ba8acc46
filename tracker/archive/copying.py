"""A whole archive into another database: rows as they are, every id kept, the index made anew, all of it compared."""

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Connection, Table, func, select, text

from tracker.archive import Archive
from tracker.archive import tables as t
from tracker.archive.search import COUNTED
from tracker.archive.statements import terms_of
from tracker.errors import ArchiveError, UsageError
from tracker.models.query import Phrase

#: Rows written at once, and bytes of them that may be in memory.
BATCH = 500
#: Words that are searched for in both at the end.
SAMPLES = 20
#: In the order of `tables.py`, which is one that foreign keys allow.
_TABLES = tuple(t.statements.metadata.tables.values())
#: How many rows a table has, and a sum of their hashes that no order changes.
Sum = tuple[int, int]


def copy(source: Archive, target: Archive, told: Callable[[str, int, int], None]) -> dict[str, Sum]:
    """Copy what is there at one moment; `told` hears table, rows so far and rows in all. What was copied, by table.
    Raises UsageError when the target is not empty, ArchiveError when the two differ at the end or somebody wrote to the
    source meanwhile, which on PostgreSQL nobody is kept from. The target then stays empty."""
    with target.writing() as writing, source.snapshot() as reading:
        for table in _TABLES:
            if _count(writing, table):
                raise UsageError(f"{target.shown_url} is not empty: it has {table.name}; name an empty database")
        copied = {table.name: _copy(table, reading, target, writing, told) for table in _TABLES}
        ids = list(writing.scalars(select(t.statements.c.id).order_by(t.statements.c.seq)))
        for start in range(0, len(ids), BATCH):
            target._reindex(writing, ids[start : start + BATCH])
            told("search index", min(start + BATCH, len(ids)), len(ids))
        if target.engine_name == "postgresql":  # its planner must not wait for autovacuum to know how much there is
            writing.execute(text("ANALYZE"))
        for table in _TABLES:
            if (found := _sum(_batches(writing, table))) != copied[table.name]:
                raise ArchiveError(f"{table.name} differs after copying: {copied[table.name][0]} and {found[0]} rows")
        _search(source, reading, target, writing)
        with source.reading() as now:
            if any(_count(now, table) != copied[table.name][0] for table in _TABLES):
                stop = f"stop every tracker run and copy again; {target.shown_url} is still empty"
                raise ArchiveError(f"workers wrote to {source.shown_url} while it was copied: {stop}")
    return copied


def _count(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0


def _batches(connection: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    streamed = connection.execution_options(stream_results=True, yield_per=BATCH).execute(select(table))
    for rows in streamed.mappings().partitions():
        yield [dict(row) for row in rows]


def _copy(
    table: Table, reading: Connection, target: Archive, writing: Connection, told: Callable[[str, int, int], None]
) -> Sum:
    total, done = _count(reading, table), 0

    def passing() -> Iterator[list[dict[str, Any]]]:
        nonlocal done
        for rows in _batches(reading, table):
            target.add(writing, table, rows)
            yield rows
            done += len(rows)
            told(table.name, done, total)

    return _sum(passing())


def _sum(batches: Iterator[list[dict[str, Any]]]) -> Sum:
    rows = hashes = 0
    for batch in batches:
        for row in batch:
            values = [bytes(value) if isinstance(value, memoryview) else value for value in row.values()]
            hashes += int.from_bytes(hashlib.blake2b(repr(values).encode(), digest_size=16).digest(), "big")
        rows += len(batch)
    return rows, hashes % (1 << 128)


def _search(source: Archive, reading: Connection, target: Archive, writing: Connection) -> None:
    """Some words of statements from the whole time find the same in both."""
    row = t.statements.c
    last = writing.scalar(select(func.max(row.seq))) or 0
    seqs = [last * n // SAMPLES for n in range(1, SAMPLES + 1)]
    for one in target._in(writing, row.seq, set(seqs)):
        word = max(terms_of(one).surface, key=len, default="")
        asked = Phrase((word,)), COUNTED
        if word and source._matching(reading, *asked) != target._matching(writing, *asked):
            raise ArchiveError(f"a search for {word!r} finds something else after copying")
