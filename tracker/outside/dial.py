"""Connections: names resolved in threads of our own, every address judged, only the judged one connected to, and the
connection kept for a moment. httpx's own engine (httpcore) without its pool, which scans all connections for every
request. No timeout for a single read or write: the web puts one deadline around a whole exchange. Connecting has its
own, and so has the TLS handshake."""

import asyncio
import ipaddress
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import Future
from contextlib import asynccontextmanager
from typing import Any

import httpcore

from tracker.errors import AddressRefused
from tracker.outside.guard import Guard

_HIGH_WATER, _SIP = 128 * 1024, 16 * 1024
_ADDRESSES = 4
_KEEP_SECONDS, _KEEP = 4.0, 128  # less than the 5 s after which common servers hang up


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
        until, failure = loop.time() + (options.get("timeout") or 10.0), "no answer in time"
        addresses = await self._judged(host, port)
        for number, address in enumerate(addresses):  # a share of the time each: a dead first leaves some for others
            try:
                async with asyncio.timeout((until - loop.time()) / (len(addresses) - number)):
                    return (await loop.create_connection(lambda: Stream(until), address, port))[1]
            except OSError as error:
                failure = error.strerror or failure
        raise httpcore.ConnectError(f"cannot be connected to: {failure}")

    async def _judged(self, host: str, port: int) -> list[str]:
        addresses, guard = await self._resolver.addresses(host), self._guard
        permitted = [each for each in addresses if guard is None or guard.permits(host, port, each)]
        if addresses and not permitted:
            raise AddressRefused(f"{host}:{port} leads to {addresses[0]}, which is not public and not in network.allow")
        return permitted[:_ADDRESSES]


class Stream(httpcore.AsyncNetworkStream, asyncio.Protocol):
    """One connection. Reading stops while 128 KiB wait; closing is at once and never waits for the other side.
    httpcore's own streams need twice the CPU for an exchange."""

    _transport: Any

    def __init__(self, until: float) -> None:
        self._until, self._buffer, self._news = until, bytearray(), asyncio.Event()
        self._ended, self._failure = False, False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

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
    ) -> Any:
        plain = self._transport
        try:
            async with asyncio.timeout_at(self._until):
                self._transport = await asyncio.get_running_loop().start_tls(
                    plain, self, ssl_context, server_hostname=server_hostname
                )
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


class Connections:
    """Lends a connection for one exchange. Nothing is remembered between exchanges but the open connection."""

    def __init__(self, dialler: Dialler, tls: ssl.SSLContext) -> None:
        self._dialler, self._tls = dialler, tls
        #: (origin, connection), used last at the end, so that they expire from the front
        self._idle: list[tuple[tuple[bytes, bytes, int], httpcore.AsyncHTTPConnection]] = []

    @asynccontextmanager
    async def exchange(self, request: httpcore.Request) -> AsyncIterator[httpcore.Response]:
        """The answer's status and headers, its body still to be read. Raises httpcore's errors and AddressRefused."""
        at = request.url.origin
        origin = (at.scheme, at.host, at.port)
        while self._idle and self._idle[0][1].has_expired():
            await self._idle.pop(0)[1].aclose()
        for number, (there, connection) in enumerate(self._idle):
            if there == origin and not connection.has_expired():
                del self._idle[number]
                break
        else:
            connection = httpcore.AsyncHTTPConnection(
                at, ssl_context=self._tls, keepalive_expiry=_KEEP_SECONDS, network_backend=self._dialler
            )
        try:
            response = await connection.handle_async_request(request)
            yield response
            await response.aclose()
        finally:
            if connection.is_available() and len(self._idle) < _KEEP:
                self._idle.append((origin, connection))
            else:
                await connection.aclose()

    async def close(self) -> None:
        """Ends every idle connection."""
        while self._idle:
            await self._idle.pop()[1].aclose()
