"""What every answer is made with: the tracker, its one search, the templates, and problems as a page or RFC 9457."""

from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import Depends, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tracker.app import Tracker
from tracker.models import shape
from tracker.models.statement import Found
from tracker.models.visits import country
from tracker.text import shorten
from tracker.web import show

HERE = Path(__file__).parent
_TITLES = {400: "That cannot be read", 401: "Sign in", 403: "Not from here", 404: "Not found", 405: "Not allowed"}
_TITLES |= {500: "A fault of ours", 503: "The archive cannot be reached"}
_MACHINES = ("/api/", "/feed.", "/metrics", "/health", "/visits.ics", "/openapi.json")
_FILTERS = ("visible", "say", "plain", "outside", "marked", "stamp", "ago", "updated")


async def _tracker(request: Request) -> Tracker:
    tracker: Tracker = request.app.state.tracker
    return tracker


Its = Annotated[Tracker, Depends(_tracker)]
Sort = Literal["date", "relevance"]
Text = Annotated[str, Query(max_length=1000, description="A query; empty means everything")]
Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=300)]
Side = Annotated[str | None, Query(max_length=100, description="A leader or a country, by id, code or name")]


def find(its: Tracker, words: str, sort: Sort = "date", limit: int = 50, cursor: str | None = None) -> Found:
    """One page of what a query finds; QueryError with its column."""
    return its.archive.search(its.parsed(words), sort=sort, limit=limit, cursor=cursor or None)


def root(request: Request, its: Tracker) -> str:
    """What our absolute addresses begin with: `public_url`, else the address that was asked."""
    return (its.settings.web.public_url or str(request.base_url)).rstrip("/")


def environment(tracker: Tracker) -> Environment:
    """The templates, autoescaped, with the filters that words from outside go through."""
    pages = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined)
    pages.trim_blocks = pages.lstrip_blocks = True
    pages.filters |= {name: getattr(show, name) for name in _FILTERS} | {"shorten": shorten}
    pages.globals |= {
        "shape": shape, "show": show, "country": country, "leader": tracker.registry.leader,
        "office": tracker.registry.office, "label_titles": tracker.label_titles,
        "ranks": {name: rank for rank, name in enumerate(tracker.label_titles)}, "version": tracker.version,
        "locked": bool(tracker.settings.web.token),
    }  # fmt: skip
    return pages


def rendered(request: Request, name: str, **values: Any) -> str:
    """A template filled. Each sees `path`, `now` and `q` besides what it is given."""
    state = request.app.state
    values = {"q": "", "path": request.url.path, "now": state.tracker.clock.now(), **values}
    written: str = state.pages.get_template(name).render(values)
    return written


def page(request: Request, name: str, status: int = 200, **values: Any) -> HTMLResponse:
    """One page."""
    return HTMLResponse(rendered(request, name, **values), status)


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
