"""Worker processes: what ends one call ends no other."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.outside import readers
from tracker.errors import SourceBroken, SourceThrottled
from tracker.outside.workers import Workers


@pytest.fixture(scope="module")
def pool() -> Iterator[Workers]:
    workers = Workers(2, readers.prepare, ("ready",), seconds=0.7, memory=400 * 2**20)
    yield workers
    workers.close()


async def test_a_function_runs_prepared_in_another_process(pool: Workers) -> None:
    pid, state = await pool.run(readers.prepared)
    assert pid != os.getpid()
    assert state == ["ready"]
    assert readers.PREPARED == []


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (readers.burn, r"longer than 0\.7 s|too much CPU"),
        (readers.wait, r"longer than 0\.7 s"),
        (readers.eat, "more memory"),
        (readers.end, r"ended its worker \(3\)"),
        (readers.dive, "nested too deeply"),
        (readers.stumble, "UnicodeEncodeError"),
    ],
)
async def test_what_ends_a_call_is_that_sources_failure_and_the_next_call_works(
    pool: Workers, function: Callable[[], Any], words: str
) -> None:
    begun = time.monotonic()
    bad, *good = await asyncio.gather(
        pool.run(function), *(pool.run(readers.echo, n) for n in range(5)), return_exceptions=True
    )
    assert isinstance(bad, SourceBroken)
    assert pytest.raises(SourceBroken, match=words).matches(bad)
    assert good == list(range(5))
    assert await pool.run(readers.echo, "next") == "next"
    assert time.monotonic() - begun < 6


async def test_an_error_of_ours_passes_with_its_class_and_values(pool: Workers) -> None:
    with pytest.raises(SourceThrottled, match="slowly") as caught:
        await pool.run(readers.refuse)
    assert caught.value.retry_after == 120.0


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return True
    except ProcessLookupError:
        return False


async def test_an_idle_worker_that_is_killed_is_replaced(pool: Workers) -> None:
    pid, _ = await pool.run(readers.prepared)
    os.kill(pid, signal.SIGKILL)
    while alive(pid):
        await asyncio.sleep(0)
    assert await pool.run(readers.echo, 1) == 1


async def test_workers_ignore_what_stops_the_daemon(pool: Workers) -> None:
    pid, _ = await pool.run(readers.prepared)
    for number in (signal.SIGINT, signal.SIGTERM):
        os.kill(pid, number)
    assert (await pool.run(readers.prepared))[0] == pid


async def test_large_values_pass(pool: Workers) -> None:
    assert await pool.run(readers.echo, bytes(20_000_000)) == bytes(20_000_000)


async def test_closing_ends_at_once_and_cancels_what_runs() -> None:
    workers = Workers(1, readers.prepare, (1,), seconds=60, memory=2**30)
    assert await workers.run(readers.echo, 1) == 1
    running, queued = (asyncio.create_task(workers.run(readers.wait)) for _ in range(2))
    while not workers._all or workers._idle:
        await asyncio.sleep(0)
    begun = time.monotonic()
    workers.close()
    done, _ = await asyncio.wait([running, queued])
    assert all(task.cancelled() for task in done)
    assert time.monotonic() - begun < 3


async def test_inline_maps_the_same_errors() -> None:
    workers = Workers(0, readers.prepare, ("inline",), seconds=1, memory=2**30)
    assert await workers.run(readers.prepared) == (os.getpid(), ["inline"])
    readers.PREPARED.clear()
    for function, kind in ((readers.dive, SourceBroken), (readers.refuse, SourceThrottled)):
        with pytest.raises(kind):
            await workers.run(function)
    workers.close()


PROGRAM = """
import asyncio, os, signal
from tests.outside import readers
from tracker.outside.workers import Workers
async def main():
    workers = Workers(2, readers.prepare, (1,), seconds=60, memory=2**30)
    await workers.run(readers.echo, 1)
    print("ready", flush=True)
    await workers.run(readers.echo, 2)
    {end}
if __name__ == "__main__":
    asyncio.run(main())
"""


@pytest.mark.parametrize(
    "end", ["pass", "workers.close()", "raise SystemExit(0)", "os.kill(os.getpid(), signal.SIGKILL)"]
)
def test_a_program_ends_with_its_workers(end: str, tmp_path: Any) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM.format(end=end))
    begun = time.monotonic()
    with subprocess.Popen([sys.executable, program], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        out, err = process.communicate(timeout=20)  # the pipes end when the last worker does
    assert (out, err) == (b"ready\n", b"")
    assert time.monotonic() - begun < 15


STOPPED = """
import asyncio, os, signal
from tests.outside import readers
from tracker.outside.workers import Workers
async def main():
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, lambda: None)
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, lambda: None)
    workers = Workers(1, readers.prepare, (1,), seconds=60, memory=2**30)
    await workers.run(readers.echo, 1)
    for number in (signal.SIGINT, signal.SIGTERM):
        call = asyncio.create_task(workers.run(readers.linger, 0.2))
        await asyncio.sleep(0.05)
        os.killpg(0, number)
        print(await call, flush=True)
    workers.close()
if __name__ == "__main__":
    asyncio.run(main())
"""


def test_a_signal_to_the_whole_group_leaves_the_calls_under_way_to_the_daemon(tmp_path: Any) -> None:
    program = tmp_path / "program.py"
    program.write_text(STOPPED)
    done = subprocess.run(
        [sys.executable, program], capture_output=True, start_new_session=True, timeout=20, check=True
    )
    assert (done.stdout, done.stderr) == (b"done\ndone\n", b"")
