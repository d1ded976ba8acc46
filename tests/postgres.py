"""PostgreSQL for the tests: a server of the system's own binaries in a temporary folder, or one that is named.

    with postgres.server() as server:       # None, with a reason in `postgres.missing()`, where there is no PostgreSQL
        url = server.database()             # a fresh database; `template` copies one, which costs milliseconds

`TRACKER_TEST_POSTGRES_URL` names a server whose user may create databases; else one is started, without a port, as the
user `postgres` when the tests run as root (PostgreSQL refuses to).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from sqlalchemy import create_engine, make_url, text
from sqlalchemy.pool import NullPool

NAMED = "TRACKER_TEST_POSTGRES_URL"
_OPTIONS = "-c listen_addresses= -c fsync=off -c full_page_writes=off -c max_connections=200 -c shared_buffers=64MB"
_numbers = count(1)


@dataclass
class Server:
    """A running server; `url` is that of its `postgres` database, `folder` its data when the tests started it."""

    url: str
    folder: Path | None = None
    made: list[str] = field(default_factory=list)

    def database(self, template: str | None = None) -> str:
        """The URL of a fresh database; `template` is the URL of one that nobody is connected to."""
        name = f"tracker_{os.getpid()}_{next(_numbers)}"
        copied = f" TEMPLATE {make_url(template).database}" if template else ""
        self.run(f"CREATE DATABASE {name}{copied}")
        self.made.append(name)
        return make_url(self.url).set(database=name).render_as_string(hide_password=False)

    def drop(self, url: str) -> None:
        self.run(f"DROP DATABASE IF EXISTS {make_url(url).database} WITH (FORCE)")

    def run(self, statement: str) -> None:
        """Run one statement outside any transaction."""
        address = make_url(self.url).set(drivername="postgresql+psycopg")
        engine = create_engine(address, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()

    def ctl(self, *arguments: str) -> None:
        """pg_ctl on the server that the tests started: stop, start, restart."""
        assert self.folder is not None
        options = ["-o", f"{_OPTIONS} -k {self.folder.parent}"] if arguments[0] != "stop" else []
        log = str(self.folder.parent / "log")
        _run(self.folder.parent, "pg_ctl", *arguments, "-w", "-D", str(self.folder), "-l", log, *options)


def missing() -> str | None:
    """Why there is no PostgreSQL here; None when there is."""
    if os.environ.get(NAMED) or _binary("pg_ctl"):
        return None
    return f"PostgreSQL's binaries are not installed and {NAMED} is not set"


@contextmanager
def server() -> Iterator[Server | None]:
    """The named server, or a new one that ends with the block; None where there is neither."""
    if os.environ.get(NAMED):
        running = Server(os.environ[NAMED])
        try:
            yield running
        finally:
            for name in running.made:
                running.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        return
    if missing():
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="tracker-pg-") as name:
        folder = Path(name)
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        options = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        _run(folder, "initdb", "-D", str(folder / "data"), *options)
        running = Server(f"postgresql://postgres@/postgres?host={folder}", folder / "data")
        running.ctl("start")
        try:
            yield running
        finally:
            running.ctl("stop", "-m", "immediate")


@contextmanager
def pooler(behind: Server) -> Iterator[str | None]:
    """The folder of the socket of a PgBouncer that pools by transaction in front of a server; None without one."""
    if not shutil.which("pgbouncer") or behind.folder is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="tracker-pool-") as name:
        folder, who = Path(name), "postgres" if os.geteuid() == 0 else None
        lines = [
            f"[databases]\n* = host={behind.folder.parent} user=postgres\n[pgbouncer]\nunix_socket_dir = {folder}",
            "listen_port = 5432\nlisten_addr =\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 4",
            "log_connections = 0\nlog_disconnections = 0\nlog_pooler_errors = 0\nlog_stats = 0\n",
        ]
        (folder / "pool.ini").write_text("\n".join(lines), encoding="utf-8")
        if who:
            shutil.chown(folder, who, who)
        command = ["pgbouncer", "pool.ini"]
        with subprocess.Popen(command, cwd=folder, user=who, group=who, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr is not None
            assert any("process up" in line for line in process.stderr), "pgbouncer ended at once"
            yield str(folder)
            process.terminate()


def _binary(name: str) -> str | None:
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)  # where Debian puts them
    found = [str(folder / name) for folder in folders if (folder / name).exists()]
    return found[0] if found else shutil.which(name)


def _run(folder: Path, name: str, *arguments: str) -> None:
    who = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    done = subprocess.run(
        [_binary(name) or name, *arguments], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, **who
    )
    assert done.returncode == 0, f"{name} failed: see {folder}"
