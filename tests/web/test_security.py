"""The door: hosts, the token, the session, and the headers of every answer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from desk import NOW, DeskTracker, visit

from tracker.web import security

TOKEN = "a long token of this desk, with ünicode"


@pytest.mark.parametrize(
    "path", ["/", "/nowhere", "/api/v1/statements", "/feed.atom", "/health", "/static/style.css", "/metrics"]
)
async def test_every_answer_forbids_scripts_frames_and_sniffing(client: httpx.AsyncClient, path: str) -> None:
    headers = (await client.get(path)).headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert "script-src" not in policy
    assert (policy["frame-ancestors"], policy["base-uri"], policy["form-action"]) == ("'none'", "'none'", "'self'")
    assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer")


@pytest.mark.parametrize(
    ("bind", "public_url", "asked", "status"),
    [
        ("127.0.0.1", "", "127.0.0.1:8000", 200),
        ("127.0.0.1", "", "LOCALHOST:8000", 200),
        ("127.0.0.1", "", "[::1]:8000", 200),
        ("localhost", "", "127.0.0.1", 200),
        ("::1", "", "[::1]", 200),
        ("127.0.0.1", "https://desk.example", "desk.example", 200),
        ("127.0.0.1", "", "rebound.evil.test", 400),
        ("127.0.0.1", "", "127.0.0.1.evil.test:8000", 400),
        ("127.0.0.1", "", "evil.test@127.0.0.1:8000@evil.test", 400),
        ("127.0.0.1", "", "[::1", 400),
        ("127.0.0.1", "https://desk.example", "other.example", 400),
        ("0.0.0.0", "", "anything.example", 200),
    ],
)
async def test_a_loopback_bind_answers_to_its_own_names_alone(
    desk: DeskTracker, bind: str, public_url: str, asked: str, status: int
) -> None:
    async with visit(DeskTracker(desk.archive, host=bind, public_url=public_url)) as client:
        for path in ("/", "/api/v1/sources", "/health"):
            assert (await client.get(path, headers={"host": asked})).status_code == status


def locked(desk: DeskTracker, **more: Any) -> httpx.AsyncClient:
    return visit(DeskTracker(desk.archive, token=TOKEN, host="0.0.0.0", **more))


async def test_without_the_token_nothing_but_health_and_the_form_is_given(desk: DeskTracker) -> None:
    async with locked(desk) as client:
        page = await client.get("/statements/abcdefgh?x=1")
        assert page.status_code == 401
        assert 'name="onward" value="/statements/abcdefgh?x=1"' in page.text
        assert "Goïta" not in page.text
        for path in ("/api/v1/statements", "/feed.atom", "/feed.json", "/metrics", "/visits.ics", "/openapi.json"):
            answer = await client.get(path)
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        for path in ("/health", "/static/style.css"):
            assert (await client.get(path)).status_code == 200


@pytest.mark.parametrize(
    ("given", "status"),
    [
        (f"Bearer {TOKEN}", 200),
        (f"bearer {TOKEN}", 200),
        (f"Bearer {TOKEN}x", 401),
        ("Bearer", 401),
        ("", 401),
        (f"Basic {TOKEN}", 401),
    ],
)
async def test_a_bearer_token_opens_the_api(desk: DeskTracker, given: str, status: int) -> None:
    async with locked(desk) as client:
        answer = await client.get("/api/v1/sources", headers={"authorization": given.encode()})
    assert answer.status_code == status


async def test_signing_in_gives_a_cookie_that_no_script_and_no_other_site_can_use(desk: DeskTracker) -> None:
    async with locked(desk, public_url="https://desk.example") as client:
        wrong = await client.post("/login", data={"token": "guess", "onward": "/alerts"})
        assert (wrong.status_code, "set-cookie" in wrong.headers) == (401, False)
        assert "That is not the token" in wrong.text
        right = await client.post("/login", data={"token": TOKEN, "onward": "/alerts"})
        assert (right.status_code, right.headers["location"]) == (303, "/alerts")
        cookie = right.headers["set-cookie"]
        assert all(part in cookie for part in ("HttpOnly", "SameSite=strict", "Secure", "Max-Age=2592000"))
        assert TOKEN not in cookie
        value = cookie.partition(";")[0].partition("=")[2]
        signed = {"cookie": f"{security.COOKIE}={value}"}
        assert "Sign out" in (await client.get("/alerts", headers=signed)).text
        assert "Max-Age=0" in (await client.post("/logout", headers=signed)).headers["set-cookie"]
        assert (await client.get("/logout", headers=signed)).status_code == 405


@pytest.mark.parametrize(
    "onward", ["//evil.test", "https://evil.test", "/\\evil.test", "javascript:x", "", "/\t/evil.test"]
)
async def test_signing_in_never_leads_to_another_site(desk: DeskTracker, onward: str) -> None:
    async with locked(desk) as client:
        answer = await client.post("/login", data={"token": TOKEN, "onward": onward})
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize(
    ("cookie", "known"),
    [
        (security.session("t", NOW + timedelta(days=1)), True),
        (security.session("t", NOW - timedelta(seconds=1)), False),
        (security.session("other", NOW + timedelta(days=1)), False),
        ("9" * 400, False),
        ("-1.x", False),
        ("٣.x", False),
        ("99999999999.x", False),
        ("", False),
    ],
)
def test_a_session_is_ours_and_ends(cookie: str, known: bool) -> None:
    assert security.signed_in("t", cookie, NOW) is known


async def test_an_endless_form_is_cut_off(desk: DeskTracker) -> None:
    async with locked(desk) as client:
        answer = await client.post("/login", content=b"token=" + b"a" * 100_000)
    assert answer.status_code == 400
