"""What the two engines do differently, as one shape: `sqlite.py` and `postgresql.py` each fill it."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, Select, Table

from tracker.models.query import Node
from tracker.terms import Terms


class Dialect(Protocol):
    """One engine. The index is a table `words` with a row a statement, by `key` in time order."""

    name: str
    #: The column of `words` that holds the sort key.
    key: str
    #: Execution options of a connection that only reads.
    reading: dict[str, Any]
    #: What `words` must satisfy for the match expression `:m` (with `{n}` for its number).
    match: str
    #: Greater is more relevant, for the same expression.
    rank: str

    def engine(self, url: str) -> Engine:
        """A pool of connections, set up as this engine needs it."""

    def begin_writing(self, connection: Connection, *, alone: bool) -> None:
        """Ready a writing transaction; `alone`: make it the only one until it ends."""

    def skip_locked(self, query: Select[Any]) -> Select[Any]:
        """The rows of a query, locked, without those that another worker locks now."""

    def hold(self, url: str, holder: str) -> AbstractContextManager[None]:
        """The right to be the daemon of this archive; ArchiveLocked names who has it."""

    def insert(
        self, connection: Connection, table: Table, columns: tuple[str, ...], rows: list[tuple[Any, ...]]
    ) -> None:
        """Insert rows; one that is there already stays as it is."""

    def index(self, connection: Connection, entries: Iterable[tuple[int, Terms]]) -> None:
        """Put statements' terms into `words`, each at its key. There is at least one."""

    def render(self, node: Node) -> str:
        """A simplified tree as one match expression."""
