"""SQLite: WAL and FULL, one writer at a time, FTS5. A transaction that reads and then writes fails at once with a busy
snapshot, whatever the timeout: every writing one begins with BEGIN IMMEDIATE. Rowids of the index are in time order, so
that newest first is a walk and not a sort."""

import fcntl
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from math import log
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event, make_url

from tracker import terms
from tracker.archive.ranges import wanted
from tracker.errors import ArchiveLocked
from tracker.models.query import And, AnyFacet, AnyWord, Node, Not, Or, Phrase
from tracker.terms import Terms

#: Seconds a writer waits for another process's.
BUSY = 10.0
_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY", "cache_size=-4096")

name = "sqlite"
key = "rowid"
among = "IN (SELECT value FROM json_each(:given))"
reading: dict[str, Any] = {}
match = "words MATCH :m"
newest: tuple[tuple[str, float], ...] = (
    ("SELECT rowid AS k FROM words WHERE {match} AND {within} ORDER BY 1 DESC LIMIT :n", 0.0),
)
#: BM25's saturation and its discount for length; a stem counts for less than the word as asked.
_SATURATION, _LENGTH, _STEM = 1.2, 0.75, 0.7
#: Words of a query that are ranked by.
_RANKED = 40


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


@contextmanager
def hold(url: str, holder: str) -> Iterator[None]:
    """A lock on `<file>.lock`, which holds the holder's words and ends with the process."""
    path = Path(f"{make_url(url).database}.lock")
    with path.open("a+", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            other = lock.read().strip() or "another daemon"
            raise ArchiveLocked(f"{path.with_suffix('')} is held by {other}") from None
        lock.truncate(0)
        lock.write(holder)
        lock.flush()
        yield
        lock.truncate(0)


def insert(connection: Connection, table: Table, columns: Sequence[str], rows: list[tuple[Any, ...]]) -> None:
    """Rows that are not there yet."""
    marks = ", ".join("?" * len(columns))
    query = f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({marks}) ON CONFLICT DO NOTHING"  # noqa: S608
    connection.exec_driver_sql(query, rows)


def index(connection: Connection, entries: Iterable[tuple[int, Terms]]) -> None:
    """Statements' terms. Tokens hold no separator of the `ascii` tokenizer, so that it gives them back as they are."""
    rows = [(key, *map(" ".join, (found.surface, found.stems, found.facets))) for key, found in entries]
    connection.exec_driver_sql("INSERT INTO words (rowid, surface, stems, facets) VALUES (?, ?, ?, ?)", rows)


def render(node: Node, *, loose: bool = False) -> str:  # noqa: ARG001  # FTS5 decides all in its index
    """An FTS5 expression. Every token is quoted: nothing of it is read as syntax. A filter of columns costs as much as
    the walk itself, so there is none where a token can stand in no other column: facets alone have a colon. What is
    nested deepest stands first: FTS5's parser then keeps the least on its stack."""
    if isinstance(node, AnyWord):
        alike = [stem for stem in node.stems if stem != node.word]
        whole = node.word in node.stems and ":" not in node.word
        found = ("" if whole else "surface : ") + _quoted(node.word)
        return f"({found} OR {_any('stems', alike)})" if alike else found
    if isinstance(node, Phrase):
        return f"surface : {_quoted(' '.join(node.words))}{' *' if node.prefix else ''}"
    if isinstance(node, AnyFacet):
        plain = all(":" in facet for facet in node.facets)
        return f"({' OR '.join(map(_quoted, node.facets))})" if plain else _any("facets", node.facets)
    if isinstance(node, Or):
        return f"({' OR '.join(map(render, node.children))})"
    if isinstance(node, And | Not):
        return _all(node.children if isinstance(node, And) else (node,))
    return _quoted(terms.ALL)


def _all(children: Sequence[Node]) -> str:
    """FTS5's NOT is binary: what must be there, without what must not."""
    unwanted = [render(child.child) for child in children if isinstance(child, Not)]
    found = " AND ".join(render(child) for child in children if not isinstance(child, Not)) or _quoted(terms.ALL)
    return f"(({found}) NOT ({' OR '.join(unwanted)}))" if unwanted else f"({found})"


def _any(column: str, tokens: Sequence[str]) -> str:
    return f"{column} : ({' OR '.join(map(_quoted, tokens))})"


def _quoted(token: str) -> str:
    return '"' + token.replace('"', '""') + '"'


def scores(connection: Connection, keys: list[int], node: Node) -> dict[int, float]:
    """How relevant these statements are: BM25 with each word's rarity among them. FTS5's own `bm25()` walks the whole
    index for every word of the query."""
    asked = [_counting(leaf) for leaf in islice(wanted(node), _RANKED)]
    query = "SELECT id, c0, c1 FROM words_content WHERE id IN (SELECT value FROM json_each(?))"
    rows = [(key, f" {said} ", f" {stems} ") for key, said, stems in connection.exec_driver_sql(query, (str(keys),))]
    times = [[count(said, stems) for count in asked] for _, said, stems in rows]
    rarity = [log(1 + len(rows) / sum(map(bool, each))) if any(each) else 0.0 for each in zip(*times, strict=True)]
    mean = sum(len(said) for _, said, _ in rows) / (len(rows) or 1)
    found = {}
    for (key, said, _), row in zip(rows, times, strict=True):
        damped = _SATURATION * (1 - _LENGTH + _LENGTH * len(said) / mean)
        found[key] = sum(weight * n / (n + damped) for weight, n in zip(rarity, row, strict=True) if n)
    return found


def _counting(leaf: AnyWord | Phrase) -> Callable[[str, str], float]:
    """How often a text, given as its words and its stems with spaces around each, says a leaf."""
    if isinstance(leaf, Phrase):
        row = f" {' '.join(leaf.words)}{'' if leaf.prefix else ' '}"
        return lambda said, _: said.count(row)
    word, alike = f" {leaf.word} ", [f" {stem} " for stem in leaf.stems]
    return lambda said, stems: said.count(word) or (_STEM if any(stem in stems for stem in alike) else 0)
