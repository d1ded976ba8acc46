"""The door: which hosts and visitors come in, and the headers that every answer leaves with."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tracker.web.render import for_machines, page, problem
from tracker.web.tracker import Its

HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-cache",
}
COOKIE, DAYS = "tracker_session", 30
_PATH = re.compile(r"/([^/\\\s\x00-\x1f][^\\\s\x00-\x1f]*)?")
_FREE = ("/health", "/login", "/static/")
router = APIRouter(include_in_schema=False)


def hosts_of(host: str, public_url: str) -> frozenset[str] | None:
    """The Host names that a loopback bind answers to, so that no foreign name can be rebound to us; None for any."""
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    names = {"127.0.0.1", "localhost", "::1", host, urlsplit(public_url).hostname or host}
    return frozenset(names) if loopback else None


def same(given: bytes, kept: str) -> bool:
    """Compared in constant time."""
    return hmac.compare_digest(given, kept.encode())


def session(token: str, until: datetime) -> str:
    """A cookie's value: when it ends, signed with the token, which it does not hold."""
    end = str(int(until.timestamp()))
    return f"{end}.{hmac.new(token.encode(), f'session {end}'.encode(), hashlib.sha256).hexdigest()}"


def signed_in(token: str, cookie: str, now: datetime) -> bool:
    """Whether a cookie is one of ours and has not ended."""
    end = cookie.partition(".")[0]
    if not (end.isascii() and end.isdigit() and len(end) < 12):
        return False
    ours = session(token, datetime.fromtimestamp(int(end), now.tzinfo))
    return int(end) > now.timestamp() and same(cookie.encode(errors="replace"), ours)


@dataclass(frozen=True, slots=True)
class Door:
    """ASGI middleware in front of every page."""

    app: ASGIApp
    hosts: frozenset[str] | None
    token: str | None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let in, or answer 400 to a foreign Host and 401 to a stranger."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def leave(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await (self._refusal(Request(scope)) or self.app)(scope, receive, leave)

    def _refusal(self, request: Request) -> Response | None:
        try:
            host = urlsplit("//" + request.headers.get("host", "")).hostname or ""
        except ValueError:
            host = ""
        if self.hosts is not None and host not in self.hosts:
            return problem(request, 400, "This address is not ours: ask 127.0.0.1, localhost or [web] public_url.")
        if not self.token or request.url.path.startswith(_FREE) or self._known(request, self.token):
            return None
        if not for_machines(request):
            return page(request, "login.html", 401, onward=_own(f"{request.url.path}?{request.url.query}"), wrong=False)
        answer = problem(request, 401, "Send the token as “Authorization: Bearer …”.")
        answer.headers["www-authenticate"] = "Bearer"
        return answer

    def _known(self, request: Request, token: str) -> bool:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and same(given.strip().encode("latin-1"), token):
            return True
        return signed_in(token, request.cookies.get(COOKIE, ""), request.app.state.tracker.clock.now())


def _own(onward: str) -> str:
    """Where to go on after signing in: a path of ours, never another site's, however a browser would read it."""
    return onward.rstrip("?") if _PATH.fullmatch(onward) else "/"


@router.post("/login")
async def login(request: Request, its: Its) -> Response:
    """A form with the token, for a cookie that no script reads and no other site can send."""
    sent = b""
    async for chunk in request.stream():
        sent += chunk
        if len(sent) > 8192:
            return problem(request, 400, "This form is too long.")
    form = {name: values[0] for name, values in parse_qs(sent.decode(errors="replace")).items()}
    onward, token = _own(form.get("onward", "/")), its.settings.web.token
    if not token or not same(form.get("token", "").encode(errors="replace"), token):
        return page(request, "login.html", 401, onward=onward, wrong=True)
    until = its.clock.now() + timedelta(days=DAYS)
    answer = RedirectResponse(onward, 303)
    secure = its.settings.web.public_url.startswith("https:")
    answer.set_cookie(
        COOKIE, session(token, until), max_age=DAYS * 86400, httponly=True, samesite="strict", secure=secure
    )
    return answer


@router.post("/logout")
async def logout() -> Response:
    """Forget this browser's cookie."""
    answer = RedirectResponse("/", 303)
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return answer
