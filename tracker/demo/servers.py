"""The world on loopback: the X-like API, each feed's site and the sinks on free ports, and a config that names them."""

import asyncio
import email
import email.policy
import hashlib
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from email.utils import format_datetime
from functools import partial
from html import escape
from importlib import resources
from pathlib import Path
from string import Template

import uvicorn
from jinja2 import Environment, PackageLoader
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from tracker.demo import x
from tracker.demo.world import Channel, Item, Sunk, World

_DESK_SECRET = "whsec_ZGVtby13b3JsZC1kZXNrLXNlY3JldC0yMDI2"  # noqa: S105  # of the demo's own sink, and published here
_TYPES = {"rss": "application/rss+xml", "atom": "application/atom+xml", "json": "application/feed+json"}
_PAGES = Environment(loader=PackageLoader("tracker.demo"), autoescape=True)
_PAGES.filters["http_date"] = lambda moment: format_datetime(moment, usegmt=True)
_REPLIES = {b"EHLO": b"250-demo.example\r\n250 8BITMIME\r\n", b"DATA": b"354 go on\r\n", b"QUIT": b"221 bye\r\n"}


class _Server(uvicorn.Server):
    """A server that leaves the signals to who runs the world."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def running(world: World) -> AsyncIterator[dict[str, str]]:
    """Serve the world until the block ends: gives HOST:PORT of "x", "hook", "mail" and each feed channel by name."""
    names = ["x", "hook", *(name for name, channel in world.channels.items() if channel.platform != "x")]
    listening = [socket.create_server(("127.0.0.1", 0)) for _ in names]
    ports = {one.getsockname()[1]: name for name, one in zip(names, listening, strict=True)}

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        said = await _answer(world, ports[scope["server"][1]], Request(scope, receive))
        await said(scope, receive, send)

    server = _Server(uvicorn.Config(GZipMiddleware(answer), log_config=None, lifespan="off", access_log=False))
    serving = asyncio.create_task(server.serve(sockets=listening))
    mail = await asyncio.start_server(partial(_take_mail, world), "127.0.0.1", 0, limit=8 * 2**20)
    ports[mail.sockets[0].getsockname()[1]] = "mail"
    try:
        yield {name: f"127.0.0.1:{port}" for port, name in ports.items()}
    finally:
        mail.close()
        server.should_exit = True
        await serving


async def _answer(world: World, name: str, request: Request) -> Response:
    """What the server of that name says: 304 where a validator matches (If-None-Match wins: RFC 9110)."""
    if name == "hook":
        identity = request.headers.get("webhook-id", "")
        world.calls.append(Sunk(world.as_of, request.url.path, identity, await request.body()))
        return Response(status_code=204)
    answer = x.answer(world, request) if name == "x" else _site(world, world.channels[name], request)
    if answer.status_code == 200:
        answer.headers["etag"] = f'"{hashlib.sha256(answer.body).hexdigest()[:20]}"'
        tag, since = request.headers.get("if-none-match"), request.headers.get("if-modified-since", "none")
        if tag == answer.headers["etag"] or (tag is None and since == answer.headers.get("last-modified")):
            return Response(status_code=304, headers={"etag": answer.headers["etag"]})
    return answer


async def _take_mail(world: World, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Speak SMTP with one client; everything is accepted, kept for `world.mails`, and sent on to nobody."""
    recipients, verb = list[str](), b""
    writer.write(b"220 demo.example ESMTP sink\r\n")
    try:
        while verb != b"QUIT" and (line := await reader.readline()):
            verb = line[:4].upper().strip()
            if verb == b"MAIL":
                recipients = []
            elif verb == b"RCPT":
                recipients.append(line.partition(b"<")[2].partition(b">")[0].decode("utf-8", "replace"))
            writer.write(_REPLIES.get(verb, b"250 OK\r\n"))
            if verb == b"DATA":
                raw = (await reader.readuntil(b"\r\n.\r\n"))[:-3].replace(b"\r\n..", b"\r\n.")
                mail = email.message_from_bytes(raw, policy=email.policy.default)
                to, subject = ", ".join(recipients), str(mail.get("Subject", ""))
                world.mails.append(Sunk(world.as_of, to, str(mail.get("Message-ID", "")), raw, subject))
                writer.write(b"250 OK kept\r\n")
            await writer.drain()
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, ValueError):
        pass  # the client went away, or sent more than a mail of ours ever holds
    finally:
        writer.close()


def _site(world: World, channel: Channel, request: Request) -> Response:
    """What the channel's site answers: /feed, /item/ID, or only trouble where it is `failing` or `login`."""
    items = world.items(channel)
    item = {f"/item/{item.id}": item for item in items}.get(request.url.path)
    values = {"channel": channel, "item": item, "items": items[:20], "markup": _markup, "base": request.base_url}
    if channel.platform == "failing":
        return HTMLResponse("<h1>Internal Server Error</h1>", 500)
    if channel.platform == "login" or item:
        return HTMLResponse(_PAGES.get_template("item.html" if item else "login.html").render(values))
    if request.url.path != "/feed":
        return HTMLResponse("<h1>Not Found</h1>", 404)
    latest = max((item.edited_at or item.moment for item in items), default=world.now)
    headers = {"last-modified": format_datetime(latest, usegmt=True)}
    body = _PAGES.get_template(channel.platform).render(values)
    return Response(body, media_type=_TYPES[channel.platform], headers=headers)


def _markup(item: Item) -> str:
    """The item's text as HTML: a fixture's own markup as it is, plain text escaped, in paragraphs."""
    paragraphs = "".join(f"<p>{escape(part, quote=False)}</p>" for part in item.text.strip().split("\n\n"))
    return item.text if item.html else paragraphs.replace("\n", "<br>")


def write_config(folder: Path, places: Mapping[str, str], now: datetime, web_port: int = 8000) -> dict[str, str]:
    """Fill the templates of config/ for this world; returns the environment that they refer to."""
    folder.mkdir(parents=True, exist_ok=True)
    values = {name.replace("-", "_"): place for name, place in places.items()}
    values["allow"] = ", ".join(f'"{place}"' for place in places.values())
    values |= {"mail_port": places["mail"].partition(":")[2], "day": f"{now:%Y-%m-%d}", "web_port": str(web_port)}
    for template in (resources.files("tracker.demo") / "config").iterdir():
        (folder / template.name).write_text(Template(template.read_text("utf-8")).substitute(values), "utf-8")
    return {"TRACKER_X_BEARER_TOKEN": x.BEARER, "DEMO_DESK_SECRET": _DESK_SECRET}
