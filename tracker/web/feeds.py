"""Any query as Atom or JSON Feed, and the visits as a calendar."""

from __future__ import annotations

import re
from datetime import datetime
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from tracker.models import shape, visits
from tracker.models.statement import Statement
from tracker.web.render import template
from tracker.web.show import outside
from tracker.web.tracker import Its, Text, find, root

router = APIRouter(tags=["feeds"])
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
SIZE = 50


def _title(one: Statement) -> str:
    words = " ".join((one.post.title or one.post.text).split())
    return f"{_who(one)}: {words[:120]}{'…' if len(words) > 120 else ''}"


def _who(one: Statement) -> str:
    return one.post.speaker.name or one.post.author or one.post.publisher or one.source


def _updated(one: Statement) -> datetime:
    return max(one.first_seen_at, one.post.edited_at or one.first_seen_at)


@router.get("/feed.atom")
def atom(request: Request, its: Its, q: Text = "") -> Response:
    """The newest statements that a query finds, as Atom (RFC 4287)."""
    found = find(its, q, limit=SIZE).statements
    updated = max(map(_updated, found), default=its.clock.now())
    body = template(request, "feed.atom.xml").render(
        q=q,
        entries=[(one, _title(one), _who(one), _updated(one)) for one in found],
        updated=updated,
        root=root(request, its),
    )
    return Response(_NOT_XML.sub("\ufffd", body), media_type="application/atom+xml")


@router.get("/feed.json")
def json_feed(request: Request, its: Its, q: Text = "") -> JSONResponse:
    """The same as JSON Feed 1.1; `_statement` holds the API's shape."""
    items = [
        {
            "id": one.id,
            "url": f"{root(request, its)}/statements/{one.id}",
            "external_url": outside(one.post.url),
            "title": _title(one),
            "content_text": one.post.text,
            "date_published": shape.instant(one.post.effective_at),
            "date_modified": shape.instant(_updated(one)),
            "authors": [{"name": _who(one)}],
            "tags": [label.name for label in one.labels],
            "_statement": shape.statement(one),
        }
        for one in find(its, q, limit=SIZE).statements
    ]
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": f"Statements: {q}" if q else "Statements",
        "home_page_url": root(request, its) + "/?" + urlencode({"q": q}),
        "feed_url": root(request, its) + "/feed.json?" + urlencode({"q": q}),
        "items": items,
    }
    return JSONResponse(feed, media_type="application/feed+json")


@router.get("/visits.ics")
def calendar(request: Request, its: Its) -> Response:
    """Visits that have a day, as an RFC 5545 calendar."""
    written = visits.calendar(its.archive.events(limit=500), its.registry, its.clock.now(), root(request, its))
    return Response(written, media_type="text/calendar; charset=utf-8")
