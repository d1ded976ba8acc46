"""`tracker run` as a process of its own: started, told to reload, refused a second time, stopped."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.soak import world as w
from tests.soak.child import ENVIRON
from tracker.archive import Archive
from tracker.config.schema import WebSettings
from tracker.daemon import listen

MAIN = [sys.executable, "-c", "from tracker.cli import main; main()"]
METRICS = Path(__file__).parents[2] / "docs" / "operations.md"


@dataclass
class Running:
    """A daemon, its page, and what it said on standard error."""

    process: subprocess.Popen[bytes]
    page: str
    log: Path

    def logged(self, event: str) -> list[dict[str, Any]]:
        lines = self.log.read_text().splitlines()
        found = [json.loads(line) for line in lines if line.startswith("{")]
        return [line for line in found if line["event"] == event]

    async def get(self, path: str) -> httpx.Response:
        async with httpx.AsyncClient() as client:
            return await client.get(self.page + path, timeout=30)

    async def stopped(self, seconds: float = 30.0) -> int:
        """Its exit code after SIGTERM."""
        self.process.send_signal(signal.SIGTERM)
        await w.until(lambda: self.process.poll() is not None, seconds, f"it ends: {self.log.read_text()[-2000:]}")
        return self.process.returncode


def command(folder: Path, *words: str, **environ: str) -> subprocess.Popen[bytes]:
    with (folder / "stderr").open("wb") as log, (folder / "stdout").open("wb") as said:
        return subprocess.Popen(
            [*MAIN, "--config", str(folder), *words], cwd=w.ROOT, stderr=log, stdout=said,
            env={**os.environ, **ENVIRON, **environ},
        )  # fmt: skip


@asynccontextmanager
async def run(folder: Path, **environ: str) -> AsyncIterator[Running]:
    """`tracker run`, ready; killed at the end if it is still there."""
    process, log = command(folder, "run", **environ), folder / "stderr"

    def page() -> str | None:
        assert process.poll() is None, log.read_text()
        found = re.search(r"page at (http://\S+)$", (folder / "stdout").read_text(), re.MULTILINE)
        return found and found[1]

    try:
        yield Running(process, await w.until(page, 60, "it is ready"), log)
    finally:
        process.kill()
        process.wait()


@contextmanager
def manager(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """A service manager's socket, and what it was told; read it with `heard`."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(folder / "notify"))
        listening.setblocking(False)
        told: list[str] = []
        asyncio.get_running_loop().add_reader(listening, lambda: told.append(listening.recv(4096).decode()))
        try:
            yield str(folder / "notify"), told
        finally:
            asyncio.get_running_loop().remove_reader(listening)


async def test_a_daemon_reloads_refuses_a_second_and_ends_when_told(tmp_path: Path) -> None:
    async with w.world(tmp_path, f"sqlite:///{tmp_path / 'archive.db'}", feeds=1) as it:
        it.batches = 2
        secret = {"FEED_KEY": "hush-hush-key", "WATCHDOG_USEC": "4000000"}
        sources = (tmp_path / "sources.toml").read_text()
        (tmp_path / "sources.toml").write_text(f'{sources}headers = {{ "X-Key" = "env:FEED_KEY" }}\n')
        with manager(tmp_path) as (address, told):
            async with run(tmp_path, NOTIFY_SOCKET=address, **secret) as daemon:
                await w.until(lambda: len(it.bodies) == 4, 30, "four alerts")
                await w.until(lambda: {"READY=1", "WATCHDOG=1"} <= {one.split("\n")[0] for one in told}, 10, "signs")
                await _a_second_is_refused(tmp_path, daemon)
                await _a_good_config_is_taken(it, daemon)
                await _a_bad_config_is_named(it, daemon)
                await w.until(lambda: sum(one.startswith("RELOADING=1\nMONOTONIC_USEC=") for one in told) == 2, 5)
                await _every_metric_is_documented(daemon)
                it.slow = 300.0  # from here on a source is in flight when the signal comes
                asked = sum(it.polling.values())
                await w.until(lambda: sum(it.polling.values()) > asked, 20, "a slow source is being asked")
                assert await daemon.stopped() == 0
                await w.until(lambda: "STOPPING=1" in told, 5)
                assert "hush-hush" not in daemon.log.read_text()
                assert all(json.loads(line)["event"] for line in daemon.log.read_text().splitlines())
        archive = Archive.open(f"sqlite:///{tmp_path / 'archive.db'}", worker="next")
        names = [one.source.name for one in archive.sources()]
        claimed = archive.claim_due(datetime.now(UTC), 9, 25.0, names)
        archive.close()
        assert sorted(one.source.name for one in claimed) == sorted(names), "what was in hand was released"


async def _a_second_is_refused(folder: Path, daemon: Running) -> None:
    second = subprocess.run(
        [*MAIN, "--config", str(folder), "run"], cwd=w.ROOT, env={**os.environ, **ENVIRON, "FEED_KEY": "x-x-x-x"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    said = second.stderr.strip().splitlines()
    assert (second.returncode, len(said)) == (3, 1), second.stderr
    assert f"process {daemon.process.pid} on" in said[0]


async def _a_good_config_is_taken(it: w.World, daemon: Running) -> None:
    rules = it.folder / "rules.toml"
    sources = it.folder / "sources.toml"
    site = re.search(r'base_url = "([^"]+)"', sources.read_text())
    assert site
    sources.write_text(sources.read_text() + w.FEED.replace("{n}", "5").replace("{site}", site[1]))
    more = '\n[[rule]]\nname = "piers"\nquery = "pier"\nreceivers = ["desk"]\nfirst_reading = true\nmax_age = "8760h"\n'
    rules.write_text(rules.read_text() + more)
    daemon.process.send_signal(signal.SIGHUP)

    def told() -> bool:
        return any(body["data"]["rule"] == "piers" for body in it.bodies.values())

    await w.until(told, 30, "the new rule tells of the new source")
    assert "Times 5" in (await daemon.get("/?q=pier")).text


async def _a_bad_config_is_named(it: w.World, daemon: Running) -> None:
    good = (it.folder / "rules.toml").read_text()
    (it.folder / "rules.toml").write_text(good.replace('query = "pier"', 'query = "(pier"\nreceivrs = []'))
    daemon.process.send_signal(signal.SIGHUP)
    (refused,) = await w.until(lambda: daemon.logged("the old config stays"), 15, "a bad config is refused")
    assert len(refused["problems"]) == 2
    assert "receivrs" in " ".join(refused["problems"])
    it.batches += 1
    await w.until(lambda: len(it.bodies) == 6 + 6, 30, "the old rules go on")
    (it.folder / "rules.toml").write_text(good)


async def _every_metric_is_documented(daemon: Running) -> None:
    served = re.findall(r"^# TYPE (tracker_\w+) ", (await daemon.get("/metrics")).text, re.MULTILINE)
    listed = re.findall(r"^\| `(tracker_\w+)", METRICS.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(name for name in served if not name.endswith("_created")) == sorted(listed)


async def test_a_program_older_than_the_archive_ends_with_3(tmp_path: Path) -> None:
    async with w.world(tmp_path, f"sqlite:///{tmp_path / 'archive.db'}", feeds=0):
        archive = Archive.open(f"sqlite:///{tmp_path / 'archive.db'}", worker="newer")
        with archive.writing() as connection:
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        archive.close()
        process = command(tmp_path, "run")
        await w.until(lambda: process.poll() is not None, 60)
        said = (tmp_path / "stderr").read_text().splitlines()
        assert (process.returncode, len(said)) == (3, 1), said
        assert "9999" in said[0]


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_a_page_on_ipv6_is_served_and_its_address_in_brackets() -> None:
    listening, page = listen(WebSettings(host="::1", port=0))
    with listening:
        assert page == f"http://[::1]:{listening.getsockname()[1]}"
