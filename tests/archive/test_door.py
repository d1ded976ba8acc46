"""Opening: from nothing, from something newer, from something else, by many at once; and every failure in one line."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from tests import postgres
from tests.archive import world as w
from tracker.archive import Archive, tables
from tracker.archive.migrations import revisions
from tracker.errors import ArchiveAway, ArchiveLocked, ArchiveNewer, UsageError

_OPEN = "import sys; from tracker.archive import Archive; print(Archive.open(sys.argv[1], worker='w').migrated)"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without anything in it."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'new.db'}"
    server: postgres.Server = request.getfixturevalue("postgres_server")
    return server.database()


def test_an_empty_database_is_migrated_once_by_any_number_of_processes(empty: str) -> None:
    started = [
        subprocess.Popen([sys.executable, "-c", _OPEN, empty], stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    said = sorted(one.communicate(timeout=60)[0].strip() for one in started)
    assert [one.returncode for one in started] == [0] * 4
    assert said == [f"(None, '{revisions()[-1]}')", "None", "None", "None"]


def test_the_tables_are_those_of_the_migrations(archive: Archive) -> None:
    seen = inspect(archive.engine)
    for name, table in tables._METADATA.tables.items():
        assert [column["name"] for column in seen.get_columns(name)] == [column.name for column in table.columns], name


def test_a_newer_archive_is_refused(archive: Archive, url: str) -> None:
    with archive.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ArchiveNewer, match="9999"):
        Archive.open(url, worker="w")


def test_an_address_of_nothing_we_know_is_refused_with_those_that_we_know() -> None:
    for url in ("mysql://x/y", "sqlite://new.db", "nonsense", ""):
        with pytest.raises(UsageError, match=r"^a database is sqlite:///FILE or postgresql://"):
            Archive.open(url, worker="w")


def test_what_cannot_be_opened_is_away_in_one_line_without_a_password(tmp_path: Path) -> None:
    (tmp_path / "garbage.db").write_bytes(b"this is not a database at all" * 100)
    urls = [f"sqlite:///{tmp_path}/garbage.db", f"sqlite:///{tmp_path}/no/such/folder.db", f"sqlite:///{tmp_path}"]
    urls += ["postgresql://me:hush@127.0.0.1:9/x", f"postgres://me:hush@/x?host={tmp_path}"]
    for url in urls:
        with pytest.raises(ArchiveAway) as caught:
            Archive.open(url, worker="w")
        assert "\n" not in str(caught.value)
        assert "hush" not in str(caught.value)


def test_a_full_disk_is_away_and_nothing_is_lost(archive: Archive) -> None:
    if archive.engine_name != "sqlite":
        pytest.skip("a server's disk is its own")
    w.put(archive, w.judged(w.post(1)))
    with archive.engine.connect() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
        connection.execute(text(f"PRAGMA max_page_count = {pages + 2}"))
    with pytest.raises(ArchiveAway, match="full"):
        w.put(archive, *(w.judged(w.post(n, f"{n} " * 5000)) for n in range(2, 40)))
    assert archive.status()["statements"] == 1


def test_a_locked_or_read_only_file_is_away(archive: Archive, url: str, tmp_path: Path) -> None:
    if archive.engine_name != "sqlite":
        pytest.skip("SQLite's own")
    with archive.engine.connect() as connection:
        connection.execute(text("PRAGMA query_only = ON"))
    with pytest.raises(ArchiveAway):
        archive.sync_sources([w.source()], w.T0)


def test_one_daemon_a_file_and_the_second_learns_who(opened: Callable[[str], Archive]) -> None:
    archive, second = opened("first"), opened("second")
    with archive.hold("pid 7 on desk"):
        if archive.engine_name == "postgresql":
            with second.hold("pid 8"):
                return
        with pytest.raises(ArchiveLocked, match="pid 7 on desk"), second.hold("pid 8"):
            pass
    with second.hold("pid 8"):
        pass


_WRITE = """
import sys
sys.path.insert(0, sys.argv[2])
from tests.archive import world as w
from tracker.archive import Archive
archive = Archive.open(sys.argv[1], worker="killed")
archive.sync_sources([w.source()], w.T0)
number = archive.status()["statements"]
while True:
    print(w.put(archive, *(w.judged(w.post(number + n), "aid") for n in range(3))).new[-1], flush=True)
    number += 3
"""


def test_what_was_acknowledged_survives_kill_9(archive: Archive, url: str) -> None:
    acknowledged: list[str] = []
    for round_ in range(3):
        root = str(Path(__file__).parents[2])
        writer = subprocess.Popen([sys.executable, "-c", _WRITE, url, root], stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        acknowledged += [writer.stdout.readline().strip() for _ in range(5 + round_)]
        os.kill(writer.pid, signal.SIGKILL)
        rest, _ = writer.communicate()
        acknowledged += [line for line in rest.split("\n")[:-1] if line]
        with archive.writing() as connection:
            connection.execute(text("UPDATE sources SET lease_until = NULL"))
    assert len(archive.statements(acknowledged)) == len(acknowledged)
    status = archive.status()
    assert status["statements"] == status["versions"] == len(archive.each_statement(limit=100_000))
    assert status["statements"] % 3 == 0


def test_a_copied_database_of_another_program_is_said_to_be_one(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("CREATE TABLE sources (x)")
    other.close()
    with pytest.raises(ArchiveAway):
        Archive.open(f"sqlite:///{tmp_path / 'other.db'}", worker="w")


def test_a_worker_cut_from_the_database_is_away_and_then_back(archive: Archive, url: str) -> None:
    if archive.engine_name != "postgresql":
        pytest.skip("a file is not cut off")
    others = "pid <> pg_backend_pid() AND datname = current_database()"
    cut = text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")
    other = Archive.open(url, worker="other")

    def write_while_cut() -> None:
        with archive.writing() as connection:
            with other.engine.connect() as killer:
                killer.execute(cut)
            connection.execute(text("UPDATE sources SET polls = 9"))

    with pytest.raises(ArchiveAway):
        write_while_cut()
    other.close()
    assert len(w.put(archive, w.judged(w.post(1))).new) == 1


def test_a_frozen_writer_loses_its_transaction(archive: Archive) -> None:
    if archive.engine_name != "postgresql":
        pytest.skip("on SQLite there is one daemon")
    asked = text("SELECT current_setting('idle_in_transaction_session_timeout'), current_setting('lock_timeout')")
    for transaction in (archive.writing, archive.claiming):
        with transaction() as connection:
            assert connection.execute(asked).one() == ("10s", "20s")
    with archive.reading() as connection:  # and nothing of it outlives the transaction
        assert connection.execute(asked).one() == ("0", "0")
