"""The engines: every archive test runs on SQLite and, where there is one, on PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import postgres
from tracker.archive import Archive


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    with postgres.server() as running:
        if running is None:
            pytest.skip(postgres.missing() or "no PostgreSQL")
        yield running


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "archive.db"
    Archive.open(f"sqlite:///{path}", worker="migrator").close()
    return path


@pytest.fixture(scope="session")
def migrated_database(postgres_server: postgres.Server) -> str:
    url = postgres_server.database()
    Archive.open(url, worker="migrator").close()
    return url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a migrated, empty archive."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "archive.db")
        yield f"sqlite:///{tmp_path / 'archive.db'}"
        return
    server: postgres.Server = request.getfixturevalue("postgres_server")
    fresh = server.database(template=request.getfixturevalue("migrated_database"))
    yield fresh
    server.drop(fresh)


@pytest.fixture
def opened(url: str) -> Iterator[Callable[[str], Archive]]:
    """Opens the archive once more, as the worker of that name."""
    archives: list[Archive] = []

    def another(worker: str) -> Archive:
        archives.append(Archive.open(url, worker=worker))
        return archives[-1]

    yield another
    for one in archives:
        one.close()


@pytest.fixture
def archive(opened: Callable[[str], Archive]) -> Archive:
    return opened("first")
