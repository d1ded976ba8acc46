"""The database goes away and comes back: the daemon stays, says so on /health, loses nothing and goes on by itself."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests import postgres
from tests.soak import world as w
from tests.soak.test_kills import check
from tracker.archive import Archive

RED, GREEN = 30.0, 60.0
LONG = int(os.environ.get("TRACKER_SOAK", "1")) > 2


class Watched:
    """A daemon's health, asked over and over."""

    def __init__(self, page: str) -> None:
        self._page = page

    async def turns(self, status: int, seconds: float) -> str:
        """The body of /health once it answers with that status."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        async with httpx.AsyncClient(timeout=3.0) as client:
            while (answer := await self._asked(client)) is None or answer.status_code != status:
                said = answer.text if answer else "nothing"
                assert loop.time() < deadline, f"health is not {status} within {seconds} s: {said}"
                await asyncio.sleep(0.2)
        return answer.text

    async def _asked(self, client: httpx.AsyncClient) -> httpx.Response | None:
        """What a monitor sees: None when it waits too long."""
        try:
            return await client.get(f"{self._page}/health")
        except httpx.ReadTimeout:
            return None


@asynccontextmanager
async def running(it: w.World, killable: w.Children, lease: float = 3.0) -> AsyncIterator[tuple[int, Watched]]:
    """A daemon that has told of the first batch."""
    before = killable.log.stat().st_size if killable.log.exists() else 0
    it.batches = 1
    pid = killable.start(it.folder, daemon=True, lease=lease)

    def page() -> str | None:
        lines = killable.log.read_bytes()[before:].decode().splitlines() if killable.log.exists() else []
        return next((part.partition("=")[2] for line in lines for part in line.split() if part[:5] == "page="), None)

    address = await w.until(page, 30, "it is ready")
    await w.until(lambda: len(it.bodies) == it.expected, 30, "the first batch is told")
    yield pid, Watched(address)
    await killable.end(pid, 15)


async def goes_on(it: w.World, health: Watched) -> None:
    """Green again by itself, and what was published meanwhile arrives."""
    await health.turns(200, GREEN)
    await w.until(lambda: len(it.bodies) == it.expected, GREEN, "what came meanwhile is told")


@pytest.mark.timeout(240)
async def test_a_locked_and_a_full_disk_are_said_and_survived(tmp_path: Path, killable: w.Children) -> None:
    url = f"sqlite:///{tmp_path / 'archive.db'}"
    Archive.open(url, worker="migrator").close()
    async with w.world(tmp_path, url, feeds=2) as it:
        async with running(it, killable) as (pid, health):
            unlimited = resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
            it.batches += 1
            assert "fails: ArchiveAway" in await health.turns(503, RED)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, unlimited)
            await goes_on(it, health)

            other = sqlite3.connect(tmp_path / "archive.db", isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            it.batches += 1
            said = await health.turns(503, RED)  # by the probe or a journey: writers wait in line behind the lock
            assert "database is locked" in said or "probe fails" in said
            other.execute("ROLLBACK")
            other.close()
            await goes_on(it, health)
        check(it, int(await w.finish(it, 1)))


@pytest.mark.postgresql
@pytest.mark.timeout(240)
async def test_a_database_that_is_stopped_is_said_and_survived(tmp_path: Path, killable: w.Children) -> None:
    with postgres.server() as server:
        if server is None or server.folder is None:
            pytest.skip(postgres.missing() or "the server that is named is not ours to stop")
        url = server.database()
        Archive.open(url, worker="migrator").close()
        async with w.world(tmp_path, url, feeds=2) as it:
            async with running(it, killable) as (_, health):
                server.ctl("stop", "-m", "immediate")
                it.batches += 1
                assert "ok" in await health.turns(503, RED)
                server.ctl("start")
                await goes_on(it, health)
                if LONG:
                    frozen = _processes(int((server.folder / "postmaster.pid").read_text().split()[0]))
                    for one in frozen:
                        os.kill(one, signal.SIGSTOP)
                    it.batches += 1
                    try:
                        assert "probe fails" in await health.turns(503, RED)
                    finally:
                        for one in frozen:
                            os.kill(one, signal.SIGCONT)
                    await goes_on(it, health)
            check(it, int(await w.finish(it, 1)))


def _processes(postmaster: int) -> list[int]:
    """A server and its children."""
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    return [postmaster, *map(int, children)]
