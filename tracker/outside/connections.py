"""Connections kept for a moment, by origin.

httpx's own engine (httpcore) without its pool, which scans all connections for every request: 1,000 answers of 304 cost
0.3 s of CPU this way, 1.4 s through sharded httpx clients and 2.0 s through one (2 cores, November 2026).
"""

from __future__ import annotations

import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpcore

from tracker.outside.dial import Dialler

_KEEP_SECONDS = 4.0  # less than the 5 s after which common servers hang up
_KEEP = 128


class Connections:
    """Lends a connection for one exchange. Nothing is remembered between exchanges but the open connection."""

    def __init__(self, dialler: Dialler, tls: ssl.SSLContext) -> None:
        self._dialler, self._tls = dialler, tls
        self._idle: dict[tuple[bytes, bytes, int], list[httpcore.AsyncHTTPConnection]] = {}
        self._kept, self._swept = 0, time.monotonic()

    @asynccontextmanager
    async def exchange(self, request: httpcore.Request) -> AsyncIterator[httpcore.Response]:
        """The answer's status and headers, its body still to be read. Raises httpcore's errors and AddressRefused."""
        at = request.url.origin
        origin = (at.scheme, at.host, at.port)
        connection = await self._take(origin) or httpcore.AsyncHTTPConnection(
            at, ssl_context=self._tls, keepalive_expiry=_KEEP_SECONDS, network_backend=self._dialler
        )
        try:
            response = await connection.handle_async_request(request)
            yield response
            await response.aclose()
        finally:
            if connection.is_available() and self._kept < _KEEP:
                self._idle.setdefault(origin, []).append(connection)
                self._kept += 1
            else:
                await connection.aclose()

    async def _take(self, origin: tuple[bytes, bytes, int]) -> httpcore.AsyncHTTPConnection | None:
        if time.monotonic() - self._swept > _KEEP_SECONDS:
            await self._sweep()
        while idle := self._idle.get(origin):
            connection = idle.pop()
            self._kept -= 1
            if connection.is_available() and not connection.has_expired():
                return connection
            await connection.aclose()
        return None

    async def _sweep(self) -> None:
        self._swept = time.monotonic()
        gone = [each for idle in self._idle.values() for each in idle if each.has_expired()]
        self._idle = {
            at: live for at, idle in self._idle.items() if (live := [each for each in idle if each not in gone])
        }
        self._kept -= len(gone)
        for connection in gone:
            await connection.aclose()

    async def close(self) -> None:
        """Ends every idle connection."""
        for connection in [each for idle in self._idle.values() for each in idle]:
            await connection.aclose()
        self._idle, self._kept = {}, 0
