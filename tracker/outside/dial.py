"""Connections: names resolved in threads of our own, every address judged, and only the judged one connected to.

A network backend for httpcore, the engine under httpx. Its streams carry no timeout for a single read or write: the web
puts one deadline around a whole exchange. Connecting, with the look-up and the TLS handshake, has its own.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import Any, cast

import httpcore

from tracker.errors import AddressRefused
from tracker.outside.guard import Guard

_HIGH_WATER = 128 * 1024
_SIP = 16 * 1024
_ADDRESSES = 4


class Resolver:
    """Looks names up, each once at a time, in daemon threads: a name that never answers holds up neither the others
    (asyncio's own pool has a handful of threads) nor the end of the program."""

    def __init__(
        self, seconds: float = 5.0, limit: int = 256, ask: Callable[..., Iterable[Any]] = socket.getaddrinfo
    ) -> None:
        self._seconds, self._limit, self._ask = seconds, limit, ask
        self._waiting: dict[str, Future[list[str]]] = {}

    async def addresses(self, host: str) -> list[str]:
        """IP addresses of a name; an address in its usual spelling is its own. Raises httpcore.ConnectError."""
        try:
            return [str(ipaddress.ip_address(host))]
        except ValueError:
            pass
        if host not in self._waiting and len(self._waiting) >= self._limit:
            raise httpcore.ConnectError("too many names are waiting for an answer of the DNS")
        try:
            async with asyncio.timeout(self._seconds):
                return await asyncio.wrap_future(self._waiting.get(host) or self._start(host))
        except TimeoutError:
            raise httpcore.ConnectError(f"its name was not resolved within {self._seconds:g} s") from None
        except (OSError, ValueError) as error:
            raise httpcore.ConnectError(f"its name cannot be resolved: {error}") from None

    def _start(self, host: str) -> Future[list[str]]:
        answer = self._waiting[host] = Future()
        answer.set_running_or_notify_cancel()  # one who stops waiting does not end it for the others

        def look_up() -> None:
            try:
                infos = self._ask(host, None, type=socket.SOCK_STREAM)
                answer.set_result(list(dict.fromkeys(info[4][0] for info in infos)))
            except (OSError, ValueError) as error:
                answer.set_exception(error)
            finally:
                self._waiting.pop(host, None)

        threading.Thread(target=look_up, name="resolver", daemon=True).start()
        return answer


class Dialler(httpcore.AsyncNetworkBackend):
    """Connects to judged addresses only; without a guard to any (what the operator wrote himself)."""

    def __init__(self, resolver: Resolver, guard: Guard | None) -> None:
        self._resolver, self._guard = resolver, guard

    async def connect_tcp(self, host: str, port: int, *_: Any, **options: Any) -> httpcore.AsyncNetworkStream:
        """Within `timeout` seconds (10). Raises AddressRefused or httpcore.ConnectError."""
        loop = asyncio.get_running_loop()
        until = loop.time() + (options.get("timeout") or 10.0)
        addresses = (await self._judged(host, port))[:_ADDRESSES]
        failure = "no answer in time"
        for number, address in enumerate(addresses):
            try:  # a share of the time each, so that a dead first address leaves some for the second
                async with asyncio.timeout((until - loop.time()) / (len(addresses) - number)):
                    return (await loop.create_connection(lambda: Stream(until), address, port))[1]
            except OSError as error:
                failure = error.strerror or failure
        raise httpcore.ConnectError(f"cannot be connected to: {failure}")

    async def _judged(self, host: str, port: int) -> list[str]:
        addresses = await self._resolver.addresses(host)
        guard = self._guard
        permitted = [each for each in addresses if guard is None or guard.permits(host, port, each)]
        if addresses and not permitted:
            raise AddressRefused(f"{host}:{port} leads to {addresses[0]}, which is not public and not in network.allow")
        return permitted


class Stream(httpcore.AsyncNetworkStream, asyncio.Protocol):
    """One connection. Reading stops while 128 KiB wait; closing is at once and never waits for the other side."""

    _transport: asyncio.Transport

    def __init__(self, until: float) -> None:
        self._until, self._buffer, self._news = until, bytearray(), asyncio.Event()
        self._ended, self._failure = False, False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._news.set()
        if len(self._buffer) > _HIGH_WATER:
            self._transport.pause_reading()

    def eof_received(self) -> None:
        self.connection_lost(None)

    def connection_lost(self, error: Exception | None) -> None:
        self._ended, self._failure = True, self._failure or error is not None
        self._news.set()

    async def read(self, max_bytes: int, *_: Any, **__: Any) -> bytes:
        if self._buffer:  # a flood is taken in small sips, with the others in between
            await asyncio.sleep(0)
        while not self._buffer and not self._ended:
            self._news.clear()
            await self._news.wait()
        if not self._buffer and self._failure:
            raise httpcore.ReadError("the connection was reset")
        data = bytes(self._buffer[: min(max_bytes, _SIP)])
        del self._buffer[: len(data)]
        if not self._ended and len(self._buffer) <= _HIGH_WATER:
            self._transport.resume_reading()
        return data

    async def write(self, buffer: bytes, *_: Any, **__: Any) -> None:
        if not self._ended:
            self._transport.write(buffer)

    async def aclose(self) -> None:
        self._transport.abort()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, *_: Any, **__: Any
    ) -> httpcore.AsyncNetworkStream:
        loop, plain = asyncio.get_running_loop(), self._transport
        try:
            async with asyncio.timeout_at(self._until):
                tls = await loop.start_tls(plain, self, ssl_context, server_hostname=server_hostname)
            self._transport = cast(asyncio.Transport, tls)
        except OSError as error:
            reason = getattr(error, "verify_message", "") or getattr(error, "reason", "") or "no handshake in time"
            raise httpcore.ConnectError(f"TLS failed: {reason}") from None
        finally:
            if self._transport is plain:
                plain.abort()
        return self

    def get_extra_info(self, info: str) -> Any:
        # Bytes that nobody asked for on an idle connection make it as unusable as its end does.
        return bool(self._buffer) or self._ended if info == "is_readable" else None
