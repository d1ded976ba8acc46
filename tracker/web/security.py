"""The door: which hosts and visitors come in, who may write, and the headers that every answer leaves with."""

import hashlib
import hmac
import ipaddress
import re
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import RedirectResponse, Response
from starlette.middleware.base import RequestResponseEndpoint

from tracker.config.schema import WebSettings
from tracker.web.render import Its, for_machines, page, problem

HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff", "referrer-policy": "no-referrer", "cache-control": "no-cache",
    "cross-origin-opener-policy": "same-origin", "cross-origin-resource-policy": "same-origin",
}  # fmt: skip
COOKIE, DAYS = "tracker_session", 30
_PATH = re.compile(r"/([^/\\\s\x00-\x1f][^\\\s\x00-\x1f]*)?")
#: What is given without the token; a mail's reader has none.
_FREE = ("/health", "/login", "/static/", "/unsubscribe/")
router = APIRouter(include_in_schema=False)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def hosts_of(web: WebSettings) -> frozenset[str] | None:
    """The Host names that a loopback bind answers to, so that no foreign name can be rebound to us; None for any."""
    names = {"127.0.0.1", "localhost", "::1", web.host, urlsplit(web.public_url).hostname or web.host}
    return frozenset(names) if _is_loopback(web.host) else None


def may_write(web: WebSettings) -> bool:
    """Whether visitors are known: behind the token, or on this machine alone, with no proxy before us."""
    return bool(web.token) or all(map(_is_loopback, (web.host, urlsplit(web.public_url).hostname or web.host)))


def ours(request: Request, web: WebSettings) -> bool:
    """Whether a page of ours sent this form: the browser says so, and no other site can make it say so."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = urlsplit(request.headers.get("origin", "")).netloc
    return bool(origin) and origin in (request.headers.get("host"), urlsplit(web.public_url).netloc)


def same(given: str, kept: str) -> bool:
    """Compared in constant time."""
    return hmac.compare_digest(given.encode(errors="replace"), kept.encode())


def session(token: str, until: datetime) -> str:
    """A cookie's value: when it ends, signed with the token, which it does not hold."""
    end = str(int(until.timestamp()))
    return f"{end}.{hmac.new(token.encode(), f'session {end}'.encode(), hashlib.sha256).hexdigest()}"


def signed_in(token: str, cookie: str, now: datetime) -> bool:
    """Whether a cookie is one of ours and has not ended."""
    end = cookie.partition(".")[0]
    if not re.fullmatch("[0-9]{1,11}", end) or int(end) <= now.timestamp():
        return False
    return same(cookie, session(token, datetime.fromtimestamp(int(end), now.tzinfo)))


async def door(request: Request, call_next: RequestResponseEndpoint) -> Response:
    """In front of everything: lets in, or answers 400 to a foreign Host and 401 to a stranger; HEAD is heard as GET."""
    method = request.method
    request.scope["method"] = {"HEAD": "GET"}.get(method, method)
    try:
        answer = _refusal(request) or await call_next(request)
    finally:
        request.scope["method"] = method  # by which the server leaves the body out
    for name, value in HEADERS.items():
        answer.headers.setdefault(name, value)
    return answer


def _refusal(request: Request) -> Response | None:
    web = request.app.state.tracker.settings.web
    hosts, path = hosts_of(web), request.url.path
    try:
        host = urlsplit("//" + request.headers.get("host", "")).hostname or ""
    except ValueError:
        host = ""
    if hosts is not None and host not in hosts:
        return problem(request, 400, "This address is not ours: ask 127.0.0.1, localhost or [web] public_url.")
    if not web.token or path.startswith(_FREE) or _known(request, web.token):
        return None
    if not for_machines(request):
        return page(request, "login.html", 401, onward=_own(f"{path}?{request.url.query}"), wrong=False)
    answer = problem(request, 401, "Send the token as “Authorization: Bearer …”.")
    answer.headers["www-authenticate"] = "Bearer"
    return answer


def _known(request: Request, token: str) -> bool:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and same(given.strip().encode("latin-1").decode(errors="replace"), token):
        return True
    return signed_in(token, request.cookies.get(COOKIE, ""), request.app.state.tracker.clock.now())


def _own(onward: str) -> str:
    """Where to go on after signing in: a path of ours, never another site's, however a browser would read it."""
    return onward.rstrip("?") if _PATH.fullmatch(onward) else "/"


async def form_of(request: Request) -> dict[str, str]:
    """The first value of each field of a short form; 400 for a long one."""
    sent = b""
    async for chunk in request.stream():
        sent += chunk
        if len(sent) > 8192:
            raise HTTPException(400, "This form is too long.")
    return {name: values[0] for name, values in parse_qs(sent.decode(errors="replace")).items()}


@router.post("/login")
async def login(request: Request, its: Its) -> Response:
    """A form with the token, for a cookie that no script reads and no other site can send."""
    form, web = await form_of(request), its.settings.web
    onward = _own(form.get("onward", "/"))
    if not web.token or not same(form.get("token", ""), web.token):
        return page(request, "login.html", 401, onward=onward, wrong=True)
    answer, secure = RedirectResponse(onward, 303), web.public_url.startswith("https:")
    value = session(web.token, its.clock.now() + timedelta(days=DAYS))
    answer.set_cookie(COOKIE, value, max_age=DAYS * 86400, httponly=True, samesite="strict", secure=secure)
    return answer


@router.post("/logout")
async def logout() -> Response:
    """Forget this browser's cookie."""
    answer = RedirectResponse("/", 303)
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return answer
