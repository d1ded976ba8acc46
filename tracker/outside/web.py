"""HTTP: one exchange with a source, redirects and all, under one deadline; one POST to a receiver.

Every answer is a `Reply`, whatever its status. What prevents an answer is an error that names the place without its
query, where secrets hide, and never a header. No cookie is kept, no proxy and no `.netrc` of the machine is used.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import httpcore
import httpx

from tracker.errors import AddressRefused, DeliveryDead, DeliveryRetry, SourceBroken, SourceError, SourceUnreachable
from tracker.models.source import Reply, Request
from tracker.models.telling import Call
from tracker.outside.clock import Clock
from tracker.outside.connections import Connections
from tracker.outside.decode import Body
from tracker.outside.dial import Dialler, Resolver
from tracker.outside.guard import Guard
from tracker.outside.politeness import Politeness

_CREDENTIALS = ("authorization", "cookie", "proxy-authorization")
_VALIDATORS = ("if-none-match", "if-modified-since")
_CALL_BODY = 64 * 1024


@dataclass(frozen=True, slots=True)
class WebOptions:
    """`[network]` and the limits. Seconds and bytes; `allow` is what the address guard would refuse."""

    user_agent: str = "statement-tracker"
    allow: tuple[str, ...] = ()
    per_host_parallel: int = 1
    per_host_interval: float = 1.0
    deadline: float = 30.0
    connect: float = 10.0
    max_bytes: int = 10 * 2**20
    max_hops: int = 5


class Web:
    """Asks sources and calls receivers. `tls` is what is trusted: by default certifi's, or SSL_CERT_FILE's."""

    def __init__(
        self, options: WebOptions, clock: Clock, resolver: Resolver | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        resolver, tls = resolver or Resolver(), tls or httpx.create_ssl_context()
        self._options, self._clock = options, clock
        self._turns = Politeness(options.per_host_parallel, options.per_host_interval, clock)
        self._sources = Connections(Dialler(resolver, Guard(options.allow)), tls)
        self._receivers = Connections(Dialler(resolver, None), tls)

    async def send(self, request: Request) -> Reply:
        """GET, following at most `max_hops` redirects. `Reply.redirects` holds who redirected, and with which status.

        Waiting for a turn at a host does not count towards the deadline. Raises SourceUnreachable, SourceBroken,
        AddressRefused.
        """
        url, trusted, left, trail = _address(request.url), True, self._options.deadline, list[tuple[int, str]]()
        origin, first = _origin(url), url
        while True:
            headers = self._headers(request, trusted=trusted, same=url == first)
            async with self._turns.turn(f"{url.host}:{url.port or url.scheme}"):
                begun = self._clock.monotonic()
                with _told(_shown(url), self._options.deadline):
                    async with asyncio.timeout(max(left, 0)):
                        status, received, body = await self._get(url, headers)
                    target = _address(received["location"], url) if _redirects(status, received) else None
            left -= self._clock.monotonic() - begun
            if target is None:
                elapsed = self._options.deadline - left
                return Reply(str(url), status, received, body, self._clock.now(), elapsed, tuple(trail))
            trail.append((status, str(url)))
            if len(trail) > self._options.max_hops:
                raise SourceBroken(f"{_shown(first)} redirects more than {self._options.max_hops} times")
            url = target
            trusted = trusted and _origin(url) == origin

    async def post(self, call: Call) -> Reply:
        """POST to a receiver, which the operator chose: no guard, no redirect followed, 64 KiB of the answer kept.

        Raises DeliveryRetry when there is no answer, DeliveryDead when the address is none.
        """
        try:
            url = _address(call.url)
        except SourceError as error:
            raise DeliveryDead(error.message) from None
        given = {"user-agent": self._options.user_agent, "accept-encoding": "identity", **_lowered(call.headers)}
        headers = {**given, "content-length": str(len(call.body))}
        begun = self._clock.monotonic()
        try:
            with _told(f"{url.scheme}://{url.host}", self._options.deadline):
                async with asyncio.timeout(self._options.deadline):
                    status, received, body = await self._post(url, headers, call.body)
        except SourceError as error:
            raise DeliveryRetry(error.message) from None
        return Reply(str(url), status, received, body, self._clock.now(), self._clock.monotonic() - begun)

    async def close(self) -> None:
        """Ends every connection."""
        await self._sources.close()
        await self._receivers.close()
        await asyncio.sleep(0)  # lets the transports say goodbye to their sockets

    def _headers(self, request: Request, *, trusted: bool, same: bool) -> dict[str, str]:
        """What one hop is sent: secrets to the first origin only, validators to the first address only."""
        headers = {"user-agent": self._options.user_agent, "accept": "*/*", **_lowered(request.headers)}
        headers["accept-encoding"] = "gzip"
        if trusted:
            headers |= _lowered(request.secrets)
        dropped = (() if trusted else _CREDENTIALS) + (() if same else _VALIDATORS)
        return {name: value for name, value in headers.items() if name not in dropped}

    async def _get(self, url: httpx.URL, headers: Mapping[str, str]) -> tuple[int, dict[str, str], bytes]:
        async with self._sources.exchange(self._request("GET", url, headers)) as response:
            received = _received(response)
            if _redirects(response.status, received):
                return response.status, received, b""
            bare = response.status in (204, 304)
            body = Body("" if bare else received.get("content-encoding", ""), self._options.max_bytes)
            async for chunk in response.aiter_stream():
                body.feed(chunk)
            return response.status, received, body.finish()

    async def _post(self, url: httpx.URL, headers: Mapping[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        async with self._receivers.exchange(self._request("POST", url, headers, body)) as response:
            kept = bytearray()
            async for chunk in response.aiter_stream():
                kept += chunk[: _CALL_BODY - len(kept)]
                if len(kept) >= _CALL_BODY:
                    break
            return response.status, _received(response), bytes(kept)

    def _request(
        self, method: str, url: httpx.URL, headers: Mapping[str, str], body: bytes | None = None
    ) -> httpcore.Request:
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        sent = [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers.items() if name != "host"]
        limits = {"timeout": {"connect": self._options.connect}}
        return httpcore.Request(method, target, headers=[(b"host", url.netloc), *sent], content=body, extensions=limits)


def _redirects(status: int, received: Mapping[str, str]) -> bool:
    return status in (301, 302, 303, 307, 308) and "location" in received


def _address(text: str, base: httpx.URL | None = None) -> httpx.URL:
    """An http(s) address without fragment and user; AddressRefused for other schemes, SourceBroken for nonsense."""
    try:
        url = base.join(text) if base else httpx.URL(text)
    except (httpx.InvalidURL, UnicodeError):
        raise SourceBroken("the address cannot be read") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise AddressRefused(f"an address of scheme {url.scheme[:20]!r} is not asked, only http and https")
    return url.copy_with(fragment=None, userinfo=b"") if url.fragment or url.userinfo else url


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _shown(url: httpx.URL) -> str:
    """An address for an error: its query may hold a key."""
    path, query, _ = url.raw_path.decode("ascii").partition("?")
    return f"{url.scheme}://{url.netloc.decode('ascii')}{path[:200]}{query and '?…'}"


def _lowered(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _received(response: httpcore.Response) -> dict[str, str]:
    """Header names in lower case, repeated ones joined; cookies are dropped here."""
    headers: dict[str, str] = {}
    for name, value in response.headers:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        if key == "location":  # raw UTF-8 is not allowed there, and common
            text = value.decode("utf-8", "replace")
        if key != "set-cookie":
            headers[key] = f"{headers[key]}, {text}" if key in headers else text
    return headers


@contextmanager
def _told(place: str, deadline: float) -> Iterator[None]:
    """Turns what can go wrong into our errors. The other side's own bytes, and ours, stay out of the message."""
    try:
        yield
    except TimeoutError:
        raise SourceUnreachable(f"{place}: no complete answer within {deadline:g} s") from None
    except (httpcore.NetworkError, httpcore.TimeoutException) as error:
        raise SourceUnreachable(f"{place}: {error}") from None
    except httpcore.RemoteProtocolError as error:
        if "disconnected" in str(error):
            raise SourceUnreachable(f"{place}: the connection was closed without an answer") from None
        early = "peer closed" in str(error)
        raise SourceBroken(f"{place}: {'its body is truncated' if early else 'its answer is not valid HTTP'}") from None
    except (httpcore.LocalProtocolError, UnicodeEncodeError):
        raise SourceBroken(f"{place}: a header of the request holds what HTTP does not allow") from None
    except SourceError as error:
        raise type(error)(f"{place}: {error.message}") from None
