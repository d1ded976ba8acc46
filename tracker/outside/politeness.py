"""Politeness towards a host: how many requests at once, and how long from one start to the next."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tracker.outside.clock import Clock

_FORGET_EVERY = 1000


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
        if host not in self._hosts and len(self._hosts) % _FORGET_EVERY == _FORGET_EVERY - 1:
            now = self._clock.monotonic()  # redirects can name hosts without end
            self._hosts = {name: at for name, at in self._hosts.items() if at.present or at.next_start > now}
        place = self._hosts.setdefault(host, _Host(asyncio.Semaphore(self._parallel)))
        place.present += 1
        try:
            async with place.slots:
                now = self._clock.monotonic()
                start = max(now, place.next_start)
                place.next_start = start + self._interval
                if start > now:
                    await self._clock.sleep(start - now)
                yield
        finally:
            place.present -= 1
