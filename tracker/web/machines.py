"""What programs read: the JSON API under /api/v1, queries as feeds, visits as a calendar, health and metrics."""

import json
import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Gauge, generate_latest

from tracker.errors import ArchiveError
from tracker.models import shape, visits
from tracker.web.render import HERE, Cursor, Its, Limit, Side, Sort, Text, find, rendered, root

#: What the answers look like, for OpenAPI; a test holds it against models.shape.
SHAPES: dict[str, Any] = json.loads((HERE / "schemas.json").read_text(encoding="utf-8"))
ANSWERS = SHAPES["answers"]
Day = date | None
#: Statements in a feed.
SIZE = 50
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
router = APIRouter(prefix="/api/v1", tags=["archive"], responses=ANSWERS["problems"])
running, feeds = APIRouter(tags=["running"]), APIRouter(tags=["feeds"])


@router.get("/statements", responses=ANSWERS["Search"])
def search(its: Its, q: Text = "", limit: Limit = 50, cursor: Cursor = None, sort: Sort = "date") -> JSONResponse:
    """Statements that a query finds; give `next` back as `cursor` for the following page."""
    return JSONResponse(shape.found(q, find(its, q, sort, limit, cursor)))


@router.get("/statements/{statement_id}", responses=ANSWERS["Statement"])
def statement(its: Its, statement_id: Annotated[str, Path(max_length=64)]) -> JSONResponse:
    """One statement, by its id or a unique beginning of six characters or more."""
    return JSONResponse(shape.statement(its.archive.statement(statement_id)))


@router.get("/sources", responses=ANSWERS["Sources"])
def sources(its: Its) -> JSONResponse:
    """How every source does."""
    return JSONResponse([shape.source(one) for one in its.archive.sources()])


@router.get("/events", responses=ANSWERS["Events"])
def events(
    its: Its, after: Day = None, before: Day = None, visitor: Side = None, host: Side = None, limit: Limit = 100
) -> JSONResponse:
    """Visits in [after, before), by a leader or a country on either side."""
    sides = its.sides(visitor=visitor or None, host=host or None)
    found = its.archive.events(after=after, before=before, sides=sides, limit=limit)
    return JSONResponse([shape.event(one) for one in found])


@feeds.get("/feed.atom")
def atom(request: Request, its: Its, q: Text = "") -> Response:
    """The newest statements that a query finds, as Atom (RFC 4287)."""
    body = _feed(request, its, q, "feed.atom")
    return Response(_NOT_XML.sub("\ufffd", body), media_type="application/atom+xml")


@feeds.get("/feed.json")
def json_feed(request: Request, its: Its, q: Text = "") -> Response:
    """The same as JSON Feed 1.1; `_statement` holds the API's shape."""
    return Response(_feed(request, its, q, "feed.json"), media_type="application/feed+json")


def _feed(request: Request, its: Its, q: str, template: str) -> str:
    found = find(its, q, limit=SIZE).statements
    return rendered(request, template, q=q, found=found, root=root(request, its))


@feeds.get("/visits.ics")
def calendar(request: Request, its: Its) -> Response:
    """Visits that have a day, as an RFC 5545 calendar."""
    written = visits.calendar(its.archive.events(limit=500), its.registry, its.clock.now(), root(request, its))
    return Response(written, media_type="text/calendar; charset=utf-8")


@running.get("/health")
def health(its: Its) -> JSONResponse:
    """200 while the tracker does its job, else 503 with its problems."""
    try:
        now = its.health()
    except ArchiveError as error:
        return JSONResponse({"ok": False, "problems": [str(error)]}, 503)
    return JSONResponse({"ok": now.ok, "problems": list(now.problems), **now.detail}, 200 if now.ok else 503)


@running.get("/metrics")
def metrics(its: Its) -> Response:
    """Prometheus text: this process's counters, then gauges read from the archive now."""
    registry, sources, outbox = CollectorRegistry(), its.archive.sources(), its.archive.outbox()
    rows = {what: number for what, number in its.archive.status().items() if isinstance(number, int | float)}
    states = {state: getattr(outbox, state) for state in ("pending", "sending", "dead", "held", "sent")}
    health = {(one.source.name, one.state.health): 1 for one in sources}
    failures = {one.source.name: one.state.failures for one in sources}
    success = {s.source.name: s.state.last_success_at.timestamp() for s in sources if s.state.last_success_at}
    kept = {one.source.name: one.statements for one in sources}
    gauges: list[tuple[str, str, str, Mapping[Any, float]]] = [
        ("tracker_archive_rows", "Rows of the archive", "what", rows),
        ("tracker_outbox_deliveries", "Deliveries by state", "state", states),
        ("tracker_source_health", "1 for the state a source is in", "source state", health),
        ("tracker_source_failures", "Failed polls in a row", "source", failures),
        ("tracker_source_last_success_timestamp_seconds", "Last success", "source", success),
        ("tracker_source_statements", "Statements kept", "source", kept),
    ]
    for name, means, labels, values in gauges:
        gauge = Gauge(name, means, labels.split(), registry=registry)
        for key, number in values.items():
            gauge.labels(*(key if isinstance(key, tuple) else (key,))).set(number)
    return Response(generate_latest(REGISTRY) + generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
