"""Politeness towards a host: how many requests at once, and how long from one start to the next."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tracker.outside.clock import Clock

_FORGET_ABOVE = 1000


@dataclass(slots=True)
class _Host:
    slots: asyncio.Semaphore
    next_start: float = 0.0
    present: int = 0


class Politeness:
    """Turns per `host:port`, first come first served. A wait for one host holds up no other."""

    def __init__(self, parallel: int, interval: float, clock: Clock) -> None:
        self._parallel, self._interval, self._clock = parallel, interval, clock
        self._hosts: dict[str, _Host] = {}

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Waits for a turn, which lasts as long as the block."""
        if host not in self._hosts:
            self._forget()
            self._hosts[host] = _Host(asyncio.Semaphore(self._parallel))
        place = self._hosts[host]
        place.present += 1
        try:
            async with place.slots:
                if self._interval:
                    await self._space(place)
                yield
        finally:
            place.present -= 1

    async def _space(self, place: _Host) -> None:
        now = self._clock.monotonic()
        start = max(now, place.next_start)
        place.next_start = start + self._interval
        if start > now:
            await self._clock.sleep(start - now)

    def _forget(self) -> None:
        """Redirects can name hosts without end: those with nobody and no interval left are dropped now and then."""
        if len(self._hosts) % _FORGET_ABOVE == _FORGET_ABOVE - 1:
            now = self._clock.monotonic()
            self._hosts = {k: v for k, v in self._hosts.items() if v.present or v.next_start > now}
