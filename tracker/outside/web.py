"""HTTP: one exchange with a source, redirects and all, under one deadline; one POST to a receiver. Every answer is a
`Reply`, whatever its status. What prevents an answer is an error that names the place without its query, where secrets
hide, and never a header. No cookie is kept, no proxy and no `.netrc` of the machine is used."""

import asyncio
import ssl
import zlib
from collections.abc import AsyncIterable, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpcore
import httpx

from tracker.errors import AddressRefused, DeliveryDead, DeliveryRetry, SourceBroken, SourceError, SourceUnreachable
from tracker.models.source import Reply, Request
from tracker.models.telling import Call
from tracker.outside.clock import Clock
from tracker.outside.dial import Connections, Dialler, Resolver
from tracker.outside.guard import Guard
from tracker.outside.politeness import Politeness

_CREDENTIALS = {"authorization", "cookie", "proxy-authorization"}
_VALIDATORS = {"if-none-match", "if-modified-since"}
_CALL_BODY = 64 * 1024
_GZIP_MAGIC = b"\x1f\x8b"


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

    async def send(self, request: Request, still: Callable[[], None] | None = None) -> Reply:
        """GET, following at most `max_hops` redirects. `Reply.redirects` holds who redirected, and with which status.
        Waiting for a turn at a host does not count towards the deadline; `still` is called when it has come, and may
        raise. Raises SourceUnreachable, SourceBroken, AddressRefused."""
        url = first = _address(request.url)
        trusted, left, trail = True, self._options.deadline, list[tuple[int, str]]()
        while True:
            trusted = trusted and (url.scheme, url.netloc) == (first.scheme, first.netloc)
            headers = self._headers(request, trusted=trusted, same=url == first)
            async with self._turns.turn(f"{url.host}:{url.port or url.scheme}"):
                if still is not None:
                    still()
                begun = self._clock.monotonic()
                async with self._told(_shown(url), left):
                    status, received, body = await self._exchange(url, headers)
                    target = _address(received["location"], url) if body is None else None
            left -= self._clock.monotonic() - begun
            if target is None:
                return Reply(str(url), status, received, body or b"", self._clock.now(), tuple(trail))
            trail.append((status, str(url)))
            if len(trail) > self._options.max_hops:
                raise SourceBroken(f"{_shown(first)} redirects more than {self._options.max_hops} times")
            url = target

    async def post(self, call: Call) -> Reply:
        """POST to a receiver, which the operator chose: no guard, no redirect followed, 64 KiB of the answer kept.
        Raises DeliveryRetry when there is no answer, DeliveryDead when the address is none."""
        try:
            url = _address(call.url)
        except SourceError as error:
            raise DeliveryDead(error.message) from None
        given = {"user-agent": self._options.user_agent, "accept-encoding": "identity", **_lowered(call.headers)}
        headers = {**given, "content-length": str(len(call.body))}
        try:
            async with self._told(f"{url.scheme}://{url.host}", self._options.deadline):
                status, received, body = await self._exchange(url, headers, post=True, body=call.body)
        except SourceError as error:
            raise DeliveryRetry(error.message) from None
        return Reply(str(url), status, received, body or b"", self._clock.now())

    async def close(self) -> None:
        """Ends every connection."""
        await self._sources.close()
        await self._receivers.close()
        await asyncio.sleep(0)  # lets the transports say goodbye to their sockets

    def _headers(self, request: Request, *, trusted: bool, same: bool) -> dict[str, str]:
        """What one hop is sent: secrets to the first origin only, validators to the first address only."""
        headers = {"user-agent": self._options.user_agent, "accept": "*/*", **_lowered(request.headers)}
        headers |= {"accept-encoding": "gzip"} | (_lowered(request.secrets) if trusted else {})
        dropped = (set() if trusted else _CREDENTIALS) | (set() if same else _VALIDATORS)
        return {name: value for name, value in headers.items() if name not in dropped}

    async def _exchange(
        self, url: httpx.URL, headers: Mapping[str, str], *, post: bool = False, body: bytes = b""
    ) -> tuple[int, dict[str, str], bytes | None]:
        """Status, headers and body of one answer; no body of a redirect that a GET has to follow."""
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        sent = [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers.items() if name != "host"]
        limits = {"timeout": {"connect": self._options.connect}}
        method, connections = ("POST", self._receivers) if post else ("GET", self._sources)
        ask = httpcore.Request(method, target, headers=[(b"host", url.netloc), *sent], content=body, extensions=limits)
        async with connections.exchange(ask) as response:
            status, received = response.status, _received(response)
            if not post and status in (301, 302, 303, 307, 308) and "location" in received:
                return status, received, None
            coding = "" if post or status in (204, 304) else received.get("content-encoding", "")
            limit = _CALL_BODY if post else self._options.max_bytes
            return status, received, await _decoded(response.aiter_stream(), coding, limit, cut=post)

    @asynccontextmanager
    async def _told(self, place: str, left: float) -> AsyncIterator[None]:
        """Turns what can go wrong within `left` seconds into our errors. No bytes of either side are in a message."""
        kind: type[SourceError] = SourceBroken
        try:
            async with asyncio.timeout(max(left, 0)):
                yield
            return
        except SourceError as error:
            kind, why = type(error), error.message
        except TimeoutError:
            kind, why = SourceUnreachable, f"no complete answer within {self._options.deadline:g} s"
        except (httpcore.NetworkError, httpcore.TimeoutException) as error:
            kind, why = SourceUnreachable, str(error) or "the connection was reset"
        except httpcore.RemoteProtocolError as error:
            why = "its body is truncated" if "peer closed" in str(error) else "its answer is not valid HTTP"
            if "disconnected" in str(error):
                kind, why = SourceUnreachable, "the connection was closed without an answer"
        except (httpcore.LocalProtocolError, UnicodeEncodeError):
            why = "a header of the request holds what HTTP does not allow"
        raise kind(f"{place}: {why}")


async def _decoded(chunks: AsyncIterable[bytes], codings: str, limit: int, *, cut: bool) -> bytes:
    """The body, of at most one content coding, and only gzip, which is all we offer. SourceBroken for more than `limit`
    bytes before or after decoding unless `cut` there, and for a coding that is damaged or stops early."""
    named = [name for each in codings.lower().split(",") if (name := each.strip()) not in ("", "identity")]
    if named not in ([], ["gzip"], ["x-gzip"]):
        raise SourceBroken(f"its content coding {', '.join(named)[:60]!r} was not offered")
    gunzip = zlib.decompressobj(wbits=31) if named else None
    body, wire = bytearray(), 0
    async for chunk in chunks:
        wire += len(chunk)
        part = chunk
        while part and len(body) <= limit:
            try:
                body += gunzip.decompress(part, limit + 1 - len(body)) if gunzip else part
            except zlib.error:
                raise SourceBroken("its gzip coding is damaged") from None
            part = gunzip.unused_data if gunzip else b""
            if not part.startswith(_GZIP_MAGIC):  # what follows the end is a further member, or padding
                break
            gunzip = zlib.decompressobj(wbits=31)
        if max(wire, len(body)) > limit:
            if cut:
                return bytes(body[:limit])
            raise SourceBroken(f"it is larger than {limit} bytes")
    if gunzip and not gunzip.eof:
        raise SourceBroken("its gzip coding is truncated")
    return bytes(body)


def _address(text: str, base: httpx.URL | None = None) -> httpx.URL:
    """An http(s) address without fragment and user; AddressRefused for other schemes, SourceBroken for nonsense."""
    try:
        url = base.join(text) if base else httpx.URL(text)
    except (httpx.InvalidURL, UnicodeError):
        raise SourceBroken("the address cannot be read") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise AddressRefused(f"an address of scheme {url.scheme[:20]!r} is not asked, only http and https")
    return url.copy_with(fragment=None, userinfo=b"") if url.fragment or url.userinfo else url


def _shown(url: httpx.URL) -> str:
    """An address for an error: its query may hold a key."""
    path, query, _ = url.raw_path.decode("ascii").partition("?")
    return f"{url.scheme}://{url.netloc.decode('ascii')}{path[:200]}{query and '?…'}"


def _lowered(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _received(response: httpcore.Response) -> dict[str, str]:
    """Header names in lower case, repeated ones joined; cookies are dropped here."""
    headers = dict(httpx.Headers(response.headers, encoding="latin-1").items())
    headers.pop("set-cookie", None)
    if "location" in headers:  # raw UTF-8 is not allowed there, and common
        headers["location"] = headers["location"].encode("latin-1").decode("utf-8", "replace")
    return headers
