"""The JSON API under /api/v1: what `search --json` and `show --json` print, and health for machines."""

from __future__ import annotations

import json
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse, Response

from tracker.errors import ArchiveError
from tracker.models import shape
from tracker.models.source import SourceStatus
from tracker.models.statement import Found
from tracker.web import metrics
from tracker.web.render import HERE
from tracker.web.tracker import Cursor, Its, Limit, Side, Sort, Text, find

#: What the answers look like, for OpenAPI; a test holds it against models.shape.
SCHEMAS: dict[str, Any] = json.loads((HERE / "schemas.json").read_text(encoding="utf-8"))


def _answers(
    name: str, *, many: bool = False, kind: str = "application/json", status: int = 200
) -> dict[int | str, Any]:
    schema = {"$ref": f"#/components/schemas/{name}"}
    return {status: {"content": {kind: {"schema": {"type": "array", "items": schema} if many else schema}}}}


_PROBLEMS: dict[int | str, Any] = {
    status: {"description": what} | _answers("Problem", kind="application/problem+json", status=status)[status]
    for status, what in ((400, "The call is wrong"), (404, "No such thing"), (503, "The archive is away"))
}
router = APIRouter(prefix="/api/v1", tags=["archive"], responses=_PROBLEMS)
machines = APIRouter(tags=["running"])


@router.get("/statements", responses=_answers("Search"))
def search(its: Its, q: Text = "", limit: Limit = 50, cursor: Cursor = None, sort: Sort = "date") -> JSONResponse:
    """Statements that a query finds; give `next` back as `cursor` for the following page."""
    return JSONResponse(found_shape(q, find(its, q, sort, limit, cursor)))


@router.get("/statements/{statement_id}", responses=_answers("Statement"))
def statement(its: Its, statement_id: Annotated[str, Path(max_length=64)]) -> JSONResponse:
    """One statement, by its id or a unique beginning of six characters or more."""
    return JSONResponse(shape.statement(its.archive.statement(statement_id)))


@router.get("/sources", responses=_answers("SourceState", many=True))
def sources(its: Its) -> JSONResponse:
    """How every source does."""
    return JSONResponse([source_shape(one) for one in its.archive.sources()])


@router.get("/events", responses=_answers("Event", many=True))
def events(
    its: Its,
    after: date | None = None,
    before: date | None = None,
    visitor: Side = None,
    host: Side = None,
    limit: Limit = 100,
) -> JSONResponse:
    """Visits in [after, before), by a leader's id or a country's code on either side."""
    found = its.archive.events(after=after, before=before, visitor=visitor, host=host, limit=limit)
    return JSONResponse([shape.event(one) for one in found])


def found_shape(words: str, found: Found) -> dict[str, Any]:
    """What `search --json` prints."""
    total = {"at_least": 1001} if found.capped else found.total
    statements = [shape.statement(one) for one in found.statements]
    return {"query": words, "total": total, "statements": statements, "next": found.next}


def source_shape(one: SourceStatus) -> dict[str, Any]:
    """A source as `status --json` prints it."""
    state = one.state
    moments = ("last_poll_at", "last_success_at", "last_new_at", "next_poll_at")
    return {
        "name": one.source.name,
        "kind": one.source.kind,
        "state": state.health,
        **{name: shape.instant(getattr(state, name)) for name in moments},
        "failures": state.failures,
        "reason": state.reason,
        "statements": one.statements,
    }


@machines.get("/health")
def health(its: Its) -> JSONResponse:
    """200 while the tracker does its job, else 503 with its problems."""
    try:
        now = its.health()
    except ArchiveError as error:
        return JSONResponse({"ok": False, "problems": [str(error)]}, 503)
    return JSONResponse({"ok": now.ok, "problems": list(now.problems), **now.detail}, 200 if now.ok else 503)


@machines.get("/metrics")
def scrape(its: Its) -> Response:
    """Prometheus text."""
    return Response(metrics.render(its.archive), media_type=metrics.CONTENT_TYPE)
