"""A whole archive into another database: rows as they are, every id kept, the index made anew, all of it compared."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Table, func, select, text

from tracker.archive import Archive
from tracker.archive import tables as t
from tracker.archive.statements import terms_of
from tracker.errors import ArchiveError, UsageError
from tracker.models.query import Phrase

#: Rows written at once, and bytes of them that may be in memory.
BATCH = 500
#: Words that are searched for in both at the end.
SAMPLES = 20


#: How many rows a table has, and a sum of their hashes that no order changes.
Sum = tuple[int, int]


def copy(source: Archive, target: Archive, told: Callable[[str, int, int], None]) -> dict[str, Sum]:
    """Copy everything in one transaction; `told` hears table, rows so far and rows in all. What was copied, by table.

    Raises UsageError when the target is not empty, ArchiveError when the two differ at the end."""
    with target.writing() as writing, _snapshot(source) as reading:
        for table in _tables():
            if writing.execute(select(func.count()).select_from(table)).scalar_one():
                raise UsageError(f"{target.shown_url} is not empty: it has {table.name}; name an empty database")
        copied = {table.name: _copy(table, reading, target, writing, told) for table in _tables()}
        ids = list(writing.scalars(select(t.statements.c.id).order_by(t.statements.c.seq)))
        for start in range(0, len(ids), BATCH):
            target._reindex(writing, ids[start : start + BATCH])
            told("search index", min(start + BATCH, len(ids)), len(ids))
        if target.engine_name == "postgresql":  # its planner must not wait for autovacuum to know how much there is
            writing.execute(text("ANALYZE"))
    with _snapshot(target) as reading:
        for table in _tables():
            if (found := _sum(_batches(reading, table))) != copied[table.name]:
                raise ArchiveError(f"{table.name} differs after copying: {copied[table.name][0]} and {found[0]} rows")
    _search(source, target)
    return copied


def _tables() -> list[Table]:
    """In the order of `tables.py`, which is one that foreign keys allow."""
    return list(t.statements.metadata.tables.values())


@contextmanager
def _snapshot(archive: Archive) -> Iterator[Connection]:
    """Everything as it was at one moment: SQLite reads so anyhow."""
    level = "REPEATABLE READ" if archive.engine_name == "postgresql" else "SERIALIZABLE"
    with archive._door(), archive.engine.connect() as plain:
        connection = plain.execution_options(isolation_level=level)
        with connection.begin():
            yield connection


def _batches(connection: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    streamed = connection.execution_options(stream_results=True, yield_per=BATCH).execute(select(table))
    for rows in streamed.mappings().partitions():
        yield [dict(row) for row in rows]


def _copy(
    table: Table, reading: Connection, target: Archive, writing: Connection, told: Callable[[str, int, int], None]
) -> Sum:
    total, done = reading.execute(select(func.count()).select_from(table)).scalar_one(), 0

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


def _search(source: Archive, target: Archive) -> None:
    """Some words of statements from the whole time find the same in both."""
    row = t.statements.c
    with target.reading() as connection:
        last = connection.scalar(select(func.max(row.seq))) or 0
        seqs = [last * n // SAMPLES for n in range(1, SAMPLES + 1)]
        samples = target._in(connection, row.seq, set(seqs))
    for one in samples:
        word = max(terms_of(one).surface, key=len, default="")
        if word and _found(source, word) != _found(target, word):
            raise ArchiveError(f"a search for {word!r} finds something else after copying")


def _found(archive: Archive, word: str) -> tuple[object, list[str]]:
    found = archive.search(Phrase((word,)), limit=50)
    return found.total, [one.id for one in found.statements]
