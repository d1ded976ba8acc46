"""Databases and killable children for the soak tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from tests import postgres
from tests.soak.world import Children, children
from tracker.archive import Archive


@pytest.fixture(scope="session")
def soak_server() -> Iterator[postgres.Server]:
    with postgres.server() as running:
        if running is None:
            pytest.skip(postgres.missing() or "no PostgreSQL")
        yield running


@pytest.fixture(scope="session")
def pooled(soak_server: postgres.Server) -> Iterator[str]:
    with postgres.pooler(soak_server) as folder:
        if folder is None:
            pytest.skip("pgbouncer is not installed")
        yield folder


@pytest.fixture(
    params=["sqlite", *(pytest.param(k, marks=pytest.mark.postgresql) for k in ("postgresql", "pgbouncer"))]
)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty, migrated archive."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'archive.db'}"
        Archive.open(url, worker="migrator").close()
        yield url
        return
    server: postgres.Server = request.getfixturevalue("soak_server")
    direct = url = server.database()
    if request.param == "pgbouncer":
        url = make_url(url).set(query={"host": request.getfixturevalue("pooled")}).render_as_string()
    Archive.open(url, worker="migrator").close()
    yield url
    server.drop(direct)


@pytest.fixture(scope="session")
def killable() -> Iterator[Children]:
    with children() as running:
        yield running
