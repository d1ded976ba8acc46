"""Loopback servers for tests: async context managers on a free port of 127.0.0.1, whose connections end with the block.

async with Scripted(steps) as server:     plays a TCP script at every connection, after a request's head was read;
    server.url, server.port, server.heads steps: send, send_hex, send_fill (bytes), repeat, sleep (s), rst, close,
                                          tls with sleep_before_handshake, send_file_with_headers (from `files`)

async with Site(answer) as site:          answer(Asked) -> Answer for each request, `await`ed if it is a coroutine;
    site.url("/feed"), site.asked         GET and POST, keep-alive; Site(answer, tls=certificate.server) is https

Certificate.make("localhost")             a fresh self-signed certificate: .server and .client are SSL contexts
"""

from __future__ import annotations

import asyncio
import inspect
import socket
import ssl
import struct
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Self


async def closed(server: asyncio.Server) -> None:
    """Waits until the last connection of a closed server is gone, which `wait_closed` does from Python 3.12 on."""
    async with asyncio.timeout(5):
        while getattr(server, "_active_count", 0):
            await asyncio.sleep(0)
        await server.wait_closed()


class _Server:
    """A listening socket whose connections are ended with it."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls, self._tasks = tls, set[asyncio.Task[None]]()
        self.port = 0
        self.connections = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await closed(self._server)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        try:
            await self._serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()
            await asyncio.sleep(0)
            self._tasks.discard(task)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raise NotImplementedError


class Scripted(_Server):
    """Plays `steps` at every connection. `heads` are the request heads it has read."""

    def __init__(self, steps: Sequence[Mapping[str, Any]], files: Mapping[str, bytes] | None = None) -> None:
        super().__init__()
        self._steps, self._files = steps, files or {}
        self.heads: list[str] = []

    @property
    def url(self) -> str:
        scheme = "https" if any(step.get("tls") for step in self._steps) else "http"
        return f"{scheme}://127.0.0.1:{self.port}/"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for step in self._steps:
            if step.get("tls"):
                await asyncio.sleep(step["sleep_before_handshake"])
        self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode("latin-1"))
        for step in self._steps:
            for _ in range(step.get("repeat", 1)):
                writer.write(self._bytes(step))
                await writer.drain()
                if "sleep" in step:
                    await asyncio.sleep(step["sleep"])
            if step.get("rst"):
                return self._reset(writer)
            if step.get("close"):
                writer.close()
                return None
        if not self._ends_itself():
            writer.write_eof()
        await reader.read()  # until the client hangs up
        return None

    def _ends_itself(self) -> bool:
        text = "".join(str(step.get("send", "")) for step in self._steps).lower()
        return "content-length" in text or " 304 " in text

    def _bytes(self, step: Mapping[str, Any]) -> bytes:
        if "send_file_with_headers" in step:
            body = self._files.get(step["send_file_with_headers"].rsplit("/", 1)[-1], b"x" * 100)
            return f"{step['headers']}Content-Length: {len(body)}\r\n\r\n".encode("latin-1") + body
        if "send_fill" in step:
            return b"x" * int(step["send_fill"])
        if "send_hex" in step:
            return bytes.fromhex(step["send_hex"])
        return str(step.get("send", "")).encode("latin-1")

    @staticmethod
    def _reset(writer: asyncio.StreamWriter) -> None:
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()


@dataclass(frozen=True)
class Asked:
    """A request as the site got it: `path` with its query, header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class Answer:
    """What the site sends back; a list value repeats a header."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str | Sequence[str]] = field(default_factory=dict)


class Site(_Server):
    """A small HTTP/1.1 server. `asked` holds every request in order."""

    def __init__(
        self, answer: Callable[[Asked], Answer | Awaitable[Answer]], tls: ssl.SSLContext | None = None
    ) -> None:
        super().__init__(tls)
        self._answer = answer
        self.asked: list[Asked] = []

    def url(self, path: str = "/") -> str:
        return f"http{'s' if self._tls else ''}://127.0.0.1:{self.port}{path}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            method, path, _ = head[0].split(" ", 2)
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:-2])}
            asked = Asked(method, path, headers, await reader.readexactly(int(headers.get("content-length", 0))))
            self.asked.append(asked)
            answer = self._answer(asked)
            answer = await answer if inspect.isawaitable(answer) else answer
            writer.write(self._written(answer))
            await writer.drain()

    @staticmethod
    def _written(answer: Answer) -> bytes:
        lines = [f"HTTP/1.1 {answer.status} Status"]
        for name, value in answer.headers.items():
            lines += [f"{name}: {each}" for each in ([value] if isinstance(value, str) else value)]
        if answer.status not in (204, 304):
            lines.append(f"Content-Length: {len(answer.body)}")
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + answer.body


@dataclass(frozen=True)
class Certificate:
    """A self-signed certificate: `server` presents it, `client` trusts it and nothing else."""

    server: ssl.SSLContext
    client: ssl.SSLContext

    @classmethod
    def make(cls, *names: str) -> Certificate:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec

        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a test")])
        alternatives = [
            x509.IPAddress(ip_address(each)) if each[0].isdigit() else x509.DNSName(each)
            for each in names or ("localhost", "127.0.0.1")
        ]
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        pem = made.public_bytes(serialization.Encoding.PEM)
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "pair.pem")
            path.write_bytes(secret + pem)
            server.load_cert_chain(path)
        return cls(server, ssl.create_default_context(cadata=pem.decode("ascii")))
