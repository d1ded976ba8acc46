"""Politeness, with a clock that only moves when somebody sleeps."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from tracker.outside.clock import SystemClock
from tracker.outside.politeness import Politeness


class Sleepless:
    """A clock on which a sleep passes at once for the test, in order, and as long as it says for everybody in it."""

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.time)

    def monotonic(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += seconds
        await asyncio.sleep(0)


async def starts(hosts: list[str], parallel: int, interval: float) -> list[tuple[str, int, float]]:
    """Who began when, with everybody asking at time 0."""
    clock, began = Sleepless(), list[tuple[str, int, float]]()
    turns = Politeness(parallel, interval, clock)

    async def one(host: str, number: int) -> None:
        async with turns.turn(host):
            began.append((host, number, clock.time))

    await asyncio.gather(*(one(host, number) for number, host in enumerate(hosts)))
    return began


async def test_starts_at_one_host_are_spaced_and_in_order() -> None:
    assert await starts(["a"] * 4, 1, 2.0) == [("a", 0, 0.0), ("a", 1, 2.0), ("a", 2, 4.0), ("a", 3, 6.0)]


async def test_another_host_waits_for_nobody() -> None:
    assert [host for host, _, _ in await starts(["a", "a", "a", "b"], 1, 2.0)] == ["a", "b", "a", "a"]


async def test_no_interval_means_no_wait() -> None:
    assert {when for _, _, when in await starts(["a"] * 50, 1, 0.0)} == {0.0}


async def test_no_more_at_once_than_allowed() -> None:
    turns, inside, most, leave = Politeness(3, 0.0, SystemClock()), 0, 0, asyncio.Event()

    async def one() -> None:
        nonlocal inside, most
        async with turns.turn("a"):
            inside += 1
            most = max(most, inside)
            await leave.wait()
            inside -= 1

    tasks = [asyncio.create_task(one()) for _ in range(10)]
    for _ in range(5):
        await asyncio.sleep(0)
    assert inside == 3
    leave.set()
    await asyncio.gather(*tasks)
    assert most == 3


async def test_one_who_gives_up_waiting_leaves_the_turn_to_the_next() -> None:
    turns, leave = Politeness(1, 0.0, SystemClock()), asyncio.Event()

    async def hold() -> None:
        async with turns.turn("a"):
            await leave.wait()

    async def quick() -> str:
        async with turns.turn("a"):
            return "served"

    holding, impatient, patient = (asyncio.create_task(each) for each in (hold(), quick(), quick()))
    await asyncio.sleep(0)
    impatient.cancel()
    leave.set()
    assert await patient == "served"
    await holding


async def test_hosts_are_forgotten() -> None:
    clock = Sleepless()
    turns = Politeness(1, 1.0, clock)
    for number in range(5000):
        clock.time = float(number)
        async with turns.turn(f"host{number}"):
            pass
    assert len(turns._hosts) < 1001


async def test_the_system_clock_is_aware_and_goes_on() -> None:
    clock = SystemClock()
    before = clock.monotonic()
    await clock.sleep(0.001)
    assert clock.monotonic() > before
    assert clock.now().utcoffset() == timedelta(0)
