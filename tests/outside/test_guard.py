"""The address guard and how connections are made: what is judged is what is connected to."""

from __future__ import annotations

import asyncio
import csv
import socket
import ssl
import threading
from pathlib import Path
from typing import Any

import httpcore
import pytest

from tests.servers import Answer, Scripted, Site
from tracker.errors import AddressRefused, SourceError, SourceUnreachable
from tracker.models.source import Request
from tracker.outside.clock import SystemClock
from tracker.outside.dial import Resolver
from tracker.outside.guard import Guard, is_public
from tracker.outside.web import Web, WebOptions

TLS = ssl.create_default_context()
TABLE = Path(__file__).parents[2] / ".." / "shared" / "hostile" / "ssrf" / "addresses.tsv"

PRIVATE = (
    *("0.0.0.0", "127.0.0.1", "10.1.2.3", "172.31.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1", "192.0.0.8"),
    *("198.18.0.1", "224.0.0.1", "255.255.255.255", "168.63.129.16", "192.88.99.1", "::", "::1", "::ffff:10.0.0.1"),
    *("::127.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001:0:1::", "2001:db8::1", "3fff::1"),
    *("5f00::1", "fc00::1", "fe80::1", "fe80::1%lo", "fec0::1", "ff02::1"),
)
PUBLIC = (
    "8.8.8.8",
    "172.32.0.1",
    "100.128.0.1",
    "2606:4700:4700::1111",
    "2a00:1450::1",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
)


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_of_no_public_network_is_refused(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_allowed(address: str) -> None:
    assert is_public(address)


def test_the_shared_table_is_judged_as_it_says() -> None:
    if not TABLE.exists():
        pytest.skip("the shared corpus is not here")
    with TABLE.open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            assert ("allow" if is_public(row["address"]) else "block") in row["expected"], row["address"]


@pytest.mark.parametrize(
    ("allow", "host", "port", "address", "permitted"),
    [
        ("127.0.0.1:8080", "127.0.0.1", 8080, "127.0.0.1", True),
        ("127.0.0.1:8080", "127.0.0.1", 8081, "127.0.0.1", False),
        ("127.0.0.1:8080", "rebind.example", 8080, "127.0.0.1", True),
        ("127.0.0.1:8080", "127.0.0.1", 8080, "::ffff:127.0.0.1", True),
        ("[::1]:8080", "::1", 8080, "::1", True),
        ("10.0.0.0/8", "a.example", 1, "10.9.9.9", True),
        ("10.0.0.0/8", "a.example", 1, "11.9.9.9", True),
        ("10.0.0.0/8", "a.example", 1, "192.168.0.1", False),
        ("10.0.0.7", "a.example", 1, "10.0.0.7", True),
        ("fd00::/8", "a.example", 1, "fd12::1", True),
        ("intranet.example:80", "Intranet.example", 80, "10.0.0.1", True),
        ("intranet.example:80", "other.example", 80, "10.0.0.1", False),
    ],
)
def test_allow_opens_what_it_names_and_no_more(allow: str, host: str, port: int, address: str, permitted: bool) -> None:
    assert Guard((allow,)).permits(host, port, address) is permitted


@pytest.mark.parametrize("entry", ["", "localhost", "localhost:", ":80", "10.0.0.0/99", "localhost:http"])
def test_an_allow_entry_that_is_none_is_refused(entry: str) -> None:
    with pytest.raises(ValueError, match="does not appear to be"):
        Guard((entry,))


async def asked(url: str, resolver: Resolver | None = None, **options: Any) -> int:
    asking = Web(WebOptions(per_host_interval=0, deadline=3.0, **options), SystemClock(), resolver, TLS)
    try:
        return (await asking.send(Request(url))).status
    finally:
        await asking.close()


@pytest.mark.parametrize(
    "spelling",
    [
        *["127.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0x7f.1", "0", "localhost", "LOCALHOST"],
        *["[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[fe80::1%25lo]", "[fe80::1%lo]"],
        *["１２７.０.０.１", "127.0.0.1.", "localhost."],
    ],
)
async def test_no_spelling_of_loopback_gets_through(spelling: str) -> None:
    async with Site(lambda _: Answer()) as site:
        with pytest.raises(SourceError):
            await asked(f"http://{spelling}:{site.port}/")
        assert site.connections == 0


@pytest.mark.parametrize("spelling", ["2130706433", "0x7f.1", "127.1", "localhost"])
async def test_an_odd_spelling_is_judged_as_what_the_socket_connects_to(spelling: str) -> None:
    async with Site(lambda _: Answer()) as site:
        assert await asked(f"http://{spelling}:{site.port}/", allow=(f"127.0.0.1:{site.port}",)) == 200


def answering(*rounds: tuple[str, ...]) -> Any:
    """A resolver's question whose answers change from one call to the next, as a rebinding name's do."""
    left = list(rounds)

    def ask(host: str, port: None, **_: Any) -> list[Any]:
        addresses = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in addresses]

    return ask


async def test_a_rebinding_name_is_judged_at_each_connection() -> None:
    async with Site(lambda _: Answer(302, headers={"Location": "/again", "Connection": "close"})) as site:
        resolver = Resolver(ask=answering(("127.0.0.1",), ("127.0.0.2",)))
        with pytest.raises(AddressRefused, match=r"127\.0\.0\.2"):
            await asked(f"http://rebind.example:{site.port}/", resolver, allow=("127.0.0.1/32",))
        assert site.connections == 1


async def test_of_several_addresses_only_the_permitted_are_connected_to() -> None:
    async with Site(lambda _: Answer()) as site:
        resolver = Resolver(ask=answering(("10.0.0.1", "127.0.0.2", "127.0.0.1")))
        assert await asked(f"http://many.example:{site.port}/", resolver, allow=("127.0.0.1/32",)) == 200


async def test_a_name_that_never_answers_is_looked_up_once_and_holds_up_no_other() -> None:
    stuck, lookups = threading.Event(), list[str]()

    def ask(host: str, port: None, **_: Any) -> list[Any]:
        lookups.append(host)
        if host.startswith("dead"):
            stuck.wait(10)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))]

    resolver = Resolver(seconds=0.2, ask=ask)
    dead = [asyncio.create_task(resolver.addresses(f"dead{n % 50}.example")) for n in range(150)]
    assert await resolver.addresses("live.example") == ["127.0.0.1"]
    failures = await asyncio.gather(*dead, return_exceptions=True)
    assert {str(failure) for failure in failures} == {"its name was not resolved within 0.2 s"}
    assert len(lookups) == 51
    stuck.set()


async def test_waiting_lookups_have_a_limit() -> None:
    stuck = threading.Event()
    resolver = Resolver(seconds=0.1, limit=1, ask=lambda *_, **__: [stuck.wait(10)][1:])
    first = asyncio.create_task(resolver.addresses("one.example"))
    await asyncio.sleep(0)
    with pytest.raises(httpcore.ConnectError, match="too many names"):
        await resolver.addresses("two.example")
    with pytest.raises(httpcore.ConnectError, match="not resolved"):
        await first
    stuck.set()


async def test_a_name_that_cannot_be_resolved_is_unreachable() -> None:
    def ask(*_: Any, **__: Any) -> list[Any]:
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(SourceUnreachable, match="Name or service not known"):
        await asked("http://nowhere.example/", Resolver(ask=ask))
    with pytest.raises(SourceUnreachable, match="cannot be connected to"):
        await asked("http://nothing.example/", Resolver(ask=answering(())))


async def test_a_refused_connection_is_unreachable() -> None:
    async with Site(lambda _: Answer()) as site:
        pass
    with pytest.raises(SourceUnreachable, match="cannot be connected to"):
        await asked(site.url(), allow=("127.0.0.0/8",))


async def test_an_idle_connection_with_unasked_bytes_is_not_used_again() -> None:
    whole = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    async with Scripted([{"send": whole, "sleep": 0.05}, {"send": "HTTP/1.1 500 Surprise\r\n\r\n"}]) as server:
        asking = Web(WebOptions(per_host_interval=0, deadline=3.0, allow=("127.0.0.1/32",)), SystemClock(), tls=TLS)
        for connections in (1, 2):
            assert (await asking.send(Request(server.url))).status == 200
            assert server.connections == connections
            await asyncio.sleep(0.1)
        await asking.close()
