"""Just enough HTTP/1.1 for the demo's servers: one request a connection, ETag and 304, gzip."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True, slots=True)
class Ask:
    """A request: header names in lower case, the query's last value of each name, `base` the address it came by."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    base: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A response, before validators and compression."""

    status: int
    body: bytes
    media_type: str
    headers: Mapping[str, str] = field(default_factory=dict)


def as_json(status: int, value: Any, headers: Mapping[str, str] | None = None) -> Answer:
    """A JSON answer."""
    return Answer(status, json.dumps(value, ensure_ascii=False).encode(), "application/json", headers or {})


async def converse(
    handler: Callable[[Ask], Answer], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Answer the one request of a connection and close it; what is not HTTP is closed without an answer."""
    try:
        ask = await _read(reader)
        writer.write(_written(ask, handler(ask)))
        await writer.drain()
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, ValueError):
        pass  # the client went away or sent something else: there is nobody to answer
    finally:
        writer.close()


async def _read(reader: asyncio.StreamReader) -> Ask:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").strip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    address = urlsplit(target)
    query = dict(parse_qsl(address.query))
    return Ask(method, unquote(address.path), query, headers, body, f"http://{headers.get('host', '')}")


def _written(ask: Ask, answer: Answer) -> bytes:
    """The answer's bytes: 304 where a validator matches (If-None-Match wins: RFC 9110), gzip where offered."""
    status, body, headers = HTTPStatus(answer.status), answer.body, {"Connection": "close", **answer.headers}
    if status == HTTPStatus.OK and ask.method == "GET":
        headers["ETag"] = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
        tag, since = ask.headers.get("if-none-match"), ask.headers.get("if-modified-since", "none")
        if tag == headers["ETag"] or (tag is None and since == headers.get("Last-Modified")):
            status, body = HTTPStatus.NOT_MODIFIED, b""
        elif "gzip" in ask.headers.get("accept-encoding", ""):
            body, headers["Content-Encoding"] = gzip.compress(body, mtime=0), "gzip"
    if status != HTTPStatus.NOT_MODIFIED:
        headers |= {"Content-Type": answer.media_type, "Content-Length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} {status.phrase}\r\n{head}\r\n".encode() + body
