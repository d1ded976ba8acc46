"""The desk's world, made once for all that only read it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from desk import DeskTracker, open_desk, visit


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeskTracker]:
    tracker = open_desk(tmp_path_factory.mktemp("desk"))
    yield tracker
    tracker.archive.close()


@pytest.fixture
async def client(desk: DeskTracker) -> AsyncIterator[httpx.AsyncClient]:
    async with visit(desk) as reader:
        yield reader
