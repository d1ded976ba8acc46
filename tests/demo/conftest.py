"""A world at a fixed instant, served on loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

from tracker.demo import World, running
from tracker.demo.x import BEARER

NOW = datetime(2026, 11, 25, 21, 30, tzinfo=UTC)


@pytest.fixture
def world() -> World:
    return World(NOW)


@pytest.fixture
async def ports(world: World) -> AsyncIterator[dict[str, str]]:
    async with running(world) as found:
        yield found


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {BEARER}"}, trust_env=False) as made:
        yield made
