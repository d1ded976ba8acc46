"""Answers: a page from a template, or a problem as a page or as JSON (RFC 9457), whichever the address speaks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from tracker.models import shape
from tracker.models.visits import country
from tracker.web import show
from tracker.web.tracker import Tracker

HERE = Path(__file__).parent
_TITLES = {400: "That cannot be read", 401: "Sign in", 404: "Not found", 405: "Not allowed", 500: "A fault of ours"}
_TITLES |= {503: "The archive cannot be reached"}
_MACHINES = ("/api/", "/feed.", "/metrics", "/health", "/visits.ics", "/openapi.json")


def environment(tracker: Tracker) -> Environment:
    """The templates, autoescaped, with the filters that words from outside go through."""
    pages = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters |= {
        name: getattr(show, name) for name in ("visible", "say", "plain", "outside", "marked", "stamp", "ago")
    }
    pages.globals |= {
        "toggle": show.toggle,
        "longest": show.LONGEST,
        "changes": show.changes,
        "country": country,
        "leader": tracker.registry.leader,
        "office": tracker.registry.office,
        "label_titles": tracker.label_titles,
        "instant": shape.instant,
        "ranks": {name: rank for rank, name in enumerate(tracker.label_titles)},
        "version": tracker.version,
        "locked": bool(tracker.settings.web.token),
    }
    return pages


def template(request: Request, name: str) -> Template:
    """A template of this app."""
    found: Template = request.app.state.pages.get_template(name)
    return found


def page(request: Request, name: str, status: int = 200, **values: Any) -> HTMLResponse:
    """One page. Every template sees `path`, `now` and `q` besides what it is given."""
    tracker: Tracker = request.app.state.tracker
    values = {"q": "", "path": request.url.path, "now": tracker.clock.now(), **values}
    return HTMLResponse(template(request, name).render(values), status)


def for_machines(request: Request) -> bool:
    """Whether this address speaks JSON or a feed rather than pages."""
    return request.url.path.startswith(_MACHINES)


def problem(request: Request, status: int, detail: str, **extra: Any) -> Response:
    """What went wrong, in one line that the reader can act on."""
    title = _TITLES.get(status, "That did not work")
    if for_machines(request):
        body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **extra}
        return JSONResponse(body, status, media_type="application/problem+json")
    return page(request, "problem.html", status, title=title, code=status, detail=detail)
