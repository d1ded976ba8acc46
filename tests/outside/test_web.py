"""HTTP against real loopback servers: limits, redirects, secrets, codings."""

from __future__ import annotations

import asyncio
import csv
import gzip
import json
import re
import resource
import ssl
import time
import zlib
from pathlib import Path
from typing import Any

import pytest

from tests.servers import Answer, Asked, Certificate, Scripted, Site
from tracker.errors import (
    AddressRefused,
    DeliveryDead,
    DeliveryRetry,
    SourceBroken,
    SourceError,
    SourceUnreachable,
)
from tracker.models.source import Reply, Request
from tracker.models.telling import Call
from tracker.outside.clock import SystemClock
from tracker.outside.web import Web, WebOptions

TLS = ssl.create_default_context()
HOSTILE = Path(__file__).parents[2] / ".." / "shared" / "hostile"


def web(**changes: Any) -> Web:
    tls = changes.pop("tls", TLS)
    options = {"allow": ("127.0.0.0/8",), "per_host_interval": 0.0, "deadline": 5.0, **changes}
    return Web(WebOptions(**options), SystemClock(), tls=tls)


async def ask(url: str, asking: Web | None = None, **request: Any) -> Reply:
    asking = asking or web()
    try:
        return await asking.send(Request(url, **request))
    finally:
        await asking.close()


async def refusal(url: str, asking: Web | None = None, **request: Any) -> SourceError:
    with pytest.raises(SourceError) as caught:
        await ask(url, asking, **request)
    return caught.value


# --- what is asked and answered


async def test_an_answer_of_any_status_is_a_reply() -> None:
    async with Site(lambda asked: Answer(int(asked.path[1:]), b"body", {"ETag": 'W/"x"'})) as site:
        for status in (200, 304, 404, 410, 429, 500, 503, 300):
            reply = await ask(site.url(f"/{status}"))
            assert (reply.status, reply.headers["etag"]) == (status, 'W/"x"')
            assert reply.body == (b"" if status == 304 else b"body")
            assert reply.received_at.tzinfo is not None
            assert reply.redirects == ()


async def test_headers_secrets_and_our_name_are_sent_and_gzip_alone_is_offered() -> None:
    async with Site(lambda asked: Answer()) as site:
        await ask(
            site.url("/a?b=%20c"),
            web(user_agent="me/1"),
            headers={"If-None-Match": 'W/"é"', "Accept-Encoding": "br"},
            secrets={"X-Api-Key": "s3cret"},
        )
        (asked,) = site.asked
        assert asked.path == "/a?b=%20c"
        assert asked.headers["user-agent"] == "me/1"
        assert asked.headers["accept-encoding"] == "gzip"
        assert asked.headers["if-none-match"] == 'W/"é"'
        assert asked.headers["x-api-key"] == "s3cret"
        assert asked.headers["host"] == f"127.0.0.1:{site.port}"


async def test_no_cookie_is_kept_or_shown() -> None:
    async with Site(lambda asked: Answer(headers={"Set-Cookie": ["a=1", "b=2"], "Link": ["<1>", "<2>"]})) as site:
        asking = web()
        reply = await asking.send(Request(site.url()))
        await ask(site.url(), asking)
        assert "set-cookie" not in reply.headers
        assert reply.headers["link"] == "<1>, <2>"
        assert all("cookie" not in asked.headers for asked in site.asked)


async def test_a_connection_is_used_again() -> None:
    async with Site(lambda asked: Answer(body=b"x")) as site:
        asking = web()
        for _ in range(3):
            await asking.send(Request(site.url()))
        await asking.close()
        assert site.connections == 1


async def test_https_is_verified() -> None:
    certificate = Certificate.make("127.0.0.1")
    async with Site(lambda asked: Answer(body=b"x" * 3_000_000), tls=certificate.server) as site:
        assert len((await ask(site.url(), web(tls=certificate.client))).body) == 3_000_000
        error = await refusal(site.url())
        assert isinstance(error, SourceUnreachable)
        assert "TLS failed: self-signed certificate" in str(error)


# --- redirects


def redirecting(**to: str) -> Any:
    """A site on which /x redirects to what `x` says (with status 302) and anything else is answered."""

    def answer(asked: Asked) -> Answer:
        name = asked.path[1:].split("?")[0]
        return Answer(302, headers={"Location": to[name]}) if name in to else Answer(body=asked.path.encode())

    return answer


async def test_redirects_are_followed_and_told() -> None:
    async with Site(redirecting(a="b?x=1", b="/c#part")) as site:
        reply = await ask(site.url("/a"))
        assert (reply.url, reply.body) == (site.url("/c"), b"/c")
        assert reply.redirects == ((302, site.url("/a")), (302, site.url("/b?x=1")))


async def test_a_redirect_in_raw_utf_8_leads_where_it_says() -> None:
    async with Site(redirecting(a="/été".encode().decode("latin-1"))) as site:
        await ask(site.url("/a"))
        assert site.asked[-1].path == "/%C3%A9t%C3%A9"


async def test_at_most_five_redirects_are_followed() -> None:
    hops = {f"h{n}": f"/h{n + 1}" for n in range(6)}
    async with Site(redirecting(**hops)) as site:
        assert (await ask(site.url("/h1"))).url == site.url("/h6")
        assert "more than 5 times" in str(await refusal(site.url("/h0")))


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://127.0.0.1/", "data:text/plain,x", "javascript:1"])
async def test_a_redirect_leaves_http_for_nothing(location: str) -> None:
    async with Site(redirecting(a=location)) as site:
        assert isinstance(await refusal(site.url("/a")), AddressRefused)


@pytest.mark.parametrize("location", ["http://[::1", "http://exa mple/\x7f", "http://127.0.0.999/", "http://a:99999/"])
async def test_a_redirect_to_nonsense_is_told_as_broken(location: str) -> None:
    async with Site(redirecting(a=location)) as site:
        error = await refusal(site.url("/a"))
        assert site.url("/a") in str(error) or "99" in str(error)


async def test_every_hop_is_guarded() -> None:
    async with Site(redirecting()) as inner, Site(redirecting(a=inner.url("/secret"))) as outer:
        error = await refusal(outer.url("/a"), web(allow=(f"127.0.0.1:{outer.port}",)))
        assert isinstance(error, AddressRefused)
        assert inner.connections == 0


async def test_secrets_go_to_the_first_origin_only_and_never_come_back() -> None:
    secrets = {"X-Api-Key": "k1", "Authorization": "Bearer k2"}
    async with Site(lambda asked: Answer()) as third:
        there = lambda asked: Answer(302, headers={"Location": third.url("/end")})  # noqa: E731
        async with Site(there) as second, Site(redirecting(a="/b", b=second.url("/x"))) as first:
            await ask(first.url("/a"), secrets=secrets, headers={"Cookie": "c=1", "X-Open": "1"})
            assert [asked.headers.get("x-api-key") for asked in first.asked] == ["k1", "k1"]
            for site in (second, third):
                (asked,) = site.asked
                assert not {"x-api-key", "authorization", "cookie"} & asked.headers.keys()
                assert asked.headers["x-open"] == "1"


async def test_validators_are_for_the_first_address_only() -> None:
    async with Site(redirecting(a="/b")) as site:
        await ask(site.url("/a"), headers={"If-None-Match": '"x"', "If-Modified-Since": "Wed"})
        assert ["if-none-match" in asked.headers for asked in site.asked] == [True, False]
        assert ["if-modified-since" in asked.headers for asked in site.asked] == [True, False]


# --- limits


async def test_an_endless_body_ends_at_the_limit_with_flat_memory() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with Scripted([{"send": "HTTP/1.1 200 OK\r\n\r\n"}, {"repeat": 10_000, "send_fill": 100_000}]) as server:
        error = await refusal(server.url, web(deadline=30.0))
        assert isinstance(error, SourceBroken)
        assert "larger than 10485760 bytes" in str(error)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


async def test_the_deadline_covers_everything_and_is_kept() -> None:
    async with Scripted(
        [{"send": "HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"}, {"repeat": 999, "send": "x", "sleep": 0.05}]
    ) as server:
        begun = time.monotonic()
        error = await refusal(server.url, web(deadline=0.4))
        assert isinstance(error, SourceUnreachable)
        assert 0.3 < time.monotonic() - begun < 1.5


async def test_the_deadline_spans_redirects() -> None:
    async def slow(asked: Asked) -> Answer:
        await asyncio.sleep(0.15)
        return Answer(302, headers={"Location": f"/{len(asked.path)}/{asked.path}"})

    async with Site(slow) as site:
        assert "within 0.4 s" in str(await refusal(site.url(), web(deadline=0.4)))
        assert len(site.asked) <= 3


async def test_waiting_for_a_turn_does_not_count_towards_the_deadline() -> None:
    async def slow(asked: Asked) -> Answer:
        await asyncio.sleep(0.1)
        return Answer()

    async with Site(slow) as site:
        asking = web(deadline=0.3)
        replies = await asyncio.gather(*(asking.send(Request(site.url())) for _ in range(5)))
        await asking.close()
        assert [reply.status for reply in replies] == [200] * 5


async def test_a_slow_host_holds_up_no_other() -> None:
    async def slow(asked: Asked) -> Answer:
        await asyncio.sleep(5)
        return Answer()

    async with Site(slow) as bad, Site(lambda asked: Answer()) as good:
        asking = web(deadline=1.0)
        waiting = [asyncio.create_task(asking.send(Request(bad.url(f"/{n}")))) for n in range(20)]
        begun = time.monotonic()
        assert (await asking.send(Request(good.url()))).status == 200
        assert time.monotonic() - begun < 0.5
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        await asking.close()


@pytest.mark.parametrize(
    ("head", "flood"),
    [
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n" * 5000),
        ("HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n" * 1000),
    ],
)
async def test_a_flood_leaves_the_others_running(head: str, flood: str) -> None:
    steps = [{"send": head}, {"repeat": 10_000, "send": flood}]
    async with Scripted(steps) as bad, Site(lambda asked: Answer()) as good:
        asking = web(deadline=1.5)
        flooded = asyncio.create_task(asking.send(Request(bad.url)))
        served = 0
        while not flooded.done():
            served += (await asking.send(Request(good.url()))).status == 200
        with pytest.raises(SourceUnreachable):
            await flooded
        await asking.close()
        assert served >= 3


# --- codings


async def coded(body: bytes, coding: str, **options: Any) -> bytes:
    async with Site(lambda asked: Answer(200, body, {"Content-Encoding": coding} if coding else {})) as site:
        return (await ask(site.url(), web(**options))).body


async def test_gzip_is_decoded() -> None:
    for coding in ("gzip", "GZIP", "x-gzip", "identity, gzip"):
        assert await coded(gzip.compress(b"hello"), coding) == b"hello"
    assert await coded(gzip.compress(b"a") + gzip.compress(b"b") + b"\0" * 9, "gzip") == b"ab"
    assert await coded(b"plain", "identity") == b"plain"


@pytest.mark.parametrize(
    ("body", "coding", "why"),
    [
        (gzip.compress(gzip.compress(b"x")), "gzip, gzip", "not offered"),
        (b"x", "br", "not offered"),
        (b"x", "zstd", "not offered"),
        (zlib.compress(b"x"), "deflate", "not offered"),
        (b"hello", "gzip", "damaged"),
        (gzip.compress(b"hello" * 1000)[:-9], "gzip", "truncated"),
        (gzip.compress(b"hello")[:5], "gzip", "truncated"),
        (b"", "gzip", "truncated"),
        (gzip.compress(bytes(20_000_000)), "gzip", "larger than"),
        (gzip.compress(b"") * 3000 + gzip.compress(bytes(1_000_001)), "gzip", "larger than"),
    ],
)
async def test_a_coding_that_lies_is_told(body: bytes, coding: str, why: str) -> None:
    with pytest.raises(SourceBroken, match=why):
        await coded(body, coding, max_bytes=1_000_000)


async def test_an_unchanged_answer_is_not_decoded() -> None:
    async with Site(lambda asked: Answer(304, headers={"Content-Encoding": "gzip"})) as site:
        assert (await ask(site.url())).status == 304


# --- secrets in errors


async def test_an_error_shows_neither_query_nor_secret_nor_what_the_other_side_echoes() -> None:
    secrets = {"X-Api-Key": "s3cret"}
    async with (
        Scripted([{"send": "ECHO x-api-key: s3cret\r\n\r\n"}, {"close": 1}]) as echo,
        Site(lambda _: Answer()) as site,
    ):
        for url, given in (
            (echo.url + "feed?key=s3cret", secrets),
            (site.url("/feed?key=s3cret"), {"X-Api-Key": "s3cret\n"}),
            (site.url("/feed?key=s3cret"), {"X-Api-Key": "s3cret☂"}),
        ):
            error = await refusal(url, secrets=given)
            assert "s3cret" not in f"{error!r} {error} {error.__cause__}"
            assert "/feed?…" in str(error)


async def test_a_user_in_an_address_is_neither_sent_nor_shown() -> None:
    async with Site(lambda asked: Answer()) as site:
        reply = await ask(site.url().replace("://", "://user:s3cret@"))
        assert "s3cret" not in reply.url
        assert "authorization" not in site.asked[0].headers


# --- receivers


async def test_a_call_is_posted_as_it_is_and_not_redirected() -> None:
    async with Site(lambda asked: Answer(307, b"x" * 100_000, {"Location": "/b"})) as site:
        calling = web(allow=())
        reply = await calling.post(
            Call(site.url("/hook"), {"webhook-id": "1", "Content-Type": "application/json"}, b"{}")
        )
        await calling.close()
        (asked,) = site.asked
        assert (asked.method, asked.body, asked.headers["webhook-id"]) == ("POST", b"{}", "1")
        assert (reply.status, len(reply.body)) == (307, 65536)


async def test_a_call_that_gets_no_answer_is_worth_a_retry_and_shows_no_path() -> None:
    async with Scripted([{"rst": 1}]) as server:
        calling = web()
        with pytest.raises(DeliveryRetry) as caught:
            await calling.post(Call(server.url + "services/T0/s3cret", {}, b"{}"))
        with pytest.raises(DeliveryDead):
            await calling.post(Call("nonsense", {}, b"{}"))
        await calling.close()
        assert "s3cret" not in str(caught.value)


async def test_what_a_call_may_reach_a_source_may_not_through_its_connection() -> None:
    async with Site(lambda asked: Answer()) as site:
        asking = web(allow=())
        await asking.post(Call(site.url(), {}, b"{}"))
        with pytest.raises(AddressRefused):
            await asking.send(Request(site.url()))
        await asking.close()


# --- the scripts of the hostile corpus, when it is there

#: case -> (error, words of its message), or the status of the reply
OUTCOMES: dict[str, tuple[type[SourceError], str] | int] = {
    "H01": (SourceUnreachable, "no complete answer"),
    "H03": (SourceUnreachable, "no complete answer"),
    "H05": (SourceBroken, "larger than"),
    "H07": (SourceBroken, "not offered"),
    "H09": (SourceBroken, "not offered"),
    "H11": (SourceBroken, "damaged"),
    "H13": (SourceUnreachable, "reset"),
    "H15": (SourceBroken, "not valid HTTP"),
    "H17": (SourceUnreachable, "without an answer"),
    "H19": (SourceBroken, "more than 5 times"),
    "H21": (AddressRefused, "scheme 'file'"),
    "H25": 429,
    "H27": 429,
    "H29": 403,
    "H31": 304,
    "H33": 200,
    "H35": (SourceUnreachable, "TLS failed: no handshake in time"),
}


@pytest.mark.parametrize("case", OUTCOMES)
async def test_a_hostile_server_ends_as_the_catalogue_says(case: str) -> None:
    catalogue = HOSTILE / "catalogue.tsv"
    if not catalogue.exists():
        pytest.skip("the shared corpus is not here")
    with catalogue.open(encoding="utf-8") as file:
        rows = {row["id"]: row for row in csv.DictReader(file, delimiter="\t")}
    script = json.loads((HOSTILE / rows[case]["artefact"]).read_text("utf-8"))
    outcome = OUTCOMES[case]
    async with Scripted(script["steps"]) as server:
        asking = web(deadline=3.0 if case == "H05" else 0.6, connect=0.3)
        if isinstance(outcome, int):
            reply = await ask(server.url, asking)
            assert reply.status == outcome
            assert "set-cookie" not in reply.headers
        else:
            error = await refusal(server.url, asking)
            assert isinstance(error, outcome[0])
            assert re.search(outcome[1], str(error))
