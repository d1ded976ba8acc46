"""The door to the database: connections, transactions, and the errors of both engines as ours."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any, Protocol, Self

from sqlalchemy import Connection, Engine, Select, Table, bindparam, make_url, text, update
from sqlalchemy.exc import ArgumentError, DatabaseError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from tracker.archive import migrations, postgresql, sqlite
from tracker.archive.tables import Instant, micros
from tracker.errors import ArchiveAway, UsageError
from tracker.models.query import Node
from tracker.terms import Terms

Row = tuple[Any, ...]


class Dialect(Protocol):
    """What the two engines do differently. The index is a table `words`: a row a statement, by `key` in time order."""

    name: str
    #: The column of `words` that holds the sort key, and what a row must satisfy for the match expression `:m`.
    key: str
    match: str
    #: What a whole number must satisfy to be among those of `:given`, a list as JSON: any number in one query.
    among: str
    #: Queries for the newest matches of a range, each below what those before it found, and the share of all wanted
    #: that must be found before one is worth asking. The last finds what there is.
    newest: tuple[tuple[str, float], ...]
    #: Execution options of a connection that only reads.
    reading: dict[str, Any]

    def engine(self, url: str) -> Engine: ...
    def hold(self, url: str, holder: str) -> AbstractContextManager[None]: ...
    def insert(self, connection: Connection, table: Table, columns: Sequence[str], rows: list[Row]) -> None: ...
    def index(self, connection: Connection, entries: Iterable[tuple[int, Terms]]) -> None: ...
    def render(self, node: Node, *, loose: bool = False) -> str: ...
    def scores(self, connection: Connection, keys: list[int], node: Node) -> dict[int, float]: ...


_DIALECTS: dict[str, Dialect] = {"sqlite": sqlite, "postgresql": postgresql, "postgres": postgresql}


class Store:
    """One open database. Reads wait for nobody; writes come one by one, in this process and in all others."""

    def __init__(self, url: str, worker: str) -> None:
        try:
            address = make_url(url)
            self.dialect = _DIALECTS[address.get_backend_name()]
            self.engine = self.dialect.engine(url)
        except (ArgumentError, KeyError):
            raise UsageError("a database is sqlite:///FILE or postgresql://…") from None
        self.url, self.worker = url, worker
        self.shown_url: str = address.render_as_string(hide_password=True)
        self.engine_name: str = self.dialect.name
        self.migrated: tuple[str | None, str] | None = None
        self._writer = threading.RLock()

    @classmethod
    def open(cls, url: str, *, worker: str, migrate: bool = True) -> Self:
        """Open an archive, and bring it to this program's schema: `migrated` then says (from, to). Raises ArchiveNewer
        for a schema this program does not know, ArchiveAway when the database cannot be used."""
        store = cls(url, worker)
        folder = Path(make_url(url).database or ".").parent if store.engine_name == "sqlite" else None
        if folder is not None and not folder.is_dir():
            raise ArchiveAway(f"{store.shown_url}: there is no folder {folder}")
        with ExitStack() as undo:
            undo.callback(store.close)
            with store.reading() as connection:
                behind = migrations.current(connection) != migrations.revisions()[-1]
            if behind and migrate:
                with store.writing() as connection:
                    store.migrated = migrations.upgrade(connection)
            undo.pop_all()
        return store

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    def ping(self) -> None:
        """Whether the database answers and knows our tables; ArchiveAway when not."""
        with self.reading() as connection:
            connection.execute(text("SELECT count(*) FROM alembic_version"))

    def hold(self, holder: str) -> AbstractContextManager[None]:
        """Be this archive's daemon. On SQLite there is one a file: ArchiveLocked names it; on PostgreSQL any number."""
        return self.dialect.hold(self.url, holder)

    def reading(self) -> AbstractContextManager[Connection]:
        """A transaction that only reads what was committed."""
        return self._begin(**self.dialect.reading)

    def snapshot(self) -> AbstractContextManager[Connection]:
        """A transaction that reads everything as it was at one moment: SQLite reads so anyhow."""
        return self._begin(isolation_level="REPEATABLE READ" if self.engine_name == "postgresql" else "SERIALIZABLE")

    def writing(self) -> AbstractContextManager[Connection]:
        """The one writing transaction: committed at the end, rolled back by any error."""
        return self._begin(writes="alone")

    def claiming(self) -> AbstractContextManager[Connection]:
        """A writing transaction that waits for no other worker: its rows are those that nobody else has locked."""
        return self._begin(writes="beside others")

    @contextmanager
    def _begin(self, **options: Any) -> Iterator[Connection]:
        alone = self._writer if "writes" in options else nullcontext()
        with self._door(), alone, self.engine.connect() as connection, connection.execution_options(**options).begin():
            yield connection

    @contextmanager
    def _door(self) -> Iterator[None]:
        try:
            yield
        except (OperationalError, InternalError, InterfaceError, NoConnection) as error:
            raise self._away(error) from error
        except DatabaseError as error:
            if type(error) is not DatabaseError and not error.connection_invalidated:
                raise
            raise self._away(error) from error

    def _away(self, error: Exception) -> ArchiveAway:
        said = " ".join(str(getattr(error, "orig", None) or error).split())
        if "not a database" in said or "malformed" in said:
            said += ": move this file away, or restore it from a backup"
        password = make_url(self.url).password
        return ArchiveAway(f"{self.shown_url}: {said.replace(password, '***') if password else said}"[:400])

    def rows(self, query: Select[Any]) -> Sequence[Any]:
        """What a query finds, for a read that needs no other."""
        with self.reading() as connection:
            return connection.execute(query).all()

    def any(self, query: Select[Any]) -> bool:
        """Whether a query finds something: a look that takes no lock, for the many times that nothing is due."""
        return bool(self.rows(query.limit(1)))

    def add(self, connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
        """Insert rows of the same columns in the same order; one that is there already stays as it is. They go straight
        to the driver: for many small rows SQLAlchemy's parameters would cost more than the writing."""
        if rows:
            times = [isinstance(table.columns[name].type, Instant) for name in rows[0]]
            values: list[Row] = [tuple(row.values()) for row in rows]
            if any(times):
                pairs = (zip(row, times, strict=True) for row in values)
                values = [tuple(micros(value) if at and value else value for value, at in row) for row in pairs]
            self.dialect.insert(connection, table, tuple(rows[0]), values)

    def change(
        self, connection: Connection, table: Table, key: str, rows: list[dict[str, Any]], *where: Any, **values: Any
    ) -> None:
        """Update one row for each of these, found by its key: its columns, and the same values for all. What a row has
        that is no column is a parameter of `where` and `values`."""
        if rows:
            new = {name: f"new_{name}" if name in table.columns else name for name in rows[0]}
            columns: dict[str, Any] = {name: bindparam(its) for name, its in new.items() if its != name and name != key}
            query = update(table).where(table.columns[key] == bindparam(new[key]), *where).values({**columns, **values})
            connection.execute(query, [{new[name]: value for name, value in row.items()} for row in rows])
