"""The pages for people. Each endpoint reads the archive in a thread and fills a template."""

import asyncio
import hashlib
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Request
from fastapi.responses import RedirectResponse, Response

from tracker import terms, text
from tracker.channels import email
from tracker.decide.budget import month_of
from tracker.errors import NotFound, QueryError, UsageError
from tracker.models.query import AnyFacet
from tracker.models.registry import Leader
from tracker.models.source import watched
from tracker.models.statement import Event, Found
from tracker.models.visits import country
from tracker.web import security
from tracker.web.render import Cursor, Its, Side, Sort, Text, find, page, root

router = APIRouter(include_in_schema=False)
Name = Annotated[str, Path(max_length=200)]
SPANS = (("today", 0), ("7 days", 6), ("30 days", 29))
COMPARED_VERSIONS, WATCHED_DAYS = 20, 30


@router.get("/")
def timeline(
    request: Request, its: Its, q: Text = "", sort: Sort = "date", cursor: Cursor = None, live: bool = False
) -> Response:
    """What was said, newest first, with search and filters; `live` reloads by itself."""
    found, error = Found((), 0), None
    try:
        found = find(its, q, sort, 40, cursor)
    except QueryError as wrong:
        error = wrong
    today = its.clock.now().date()
    spans = [(name, f"after:{today - timedelta(days=back)}") for name, back in SPANS]
    held = {tenure.office for leader in its.registry.leaders for tenure in leader.tenures}
    lands = {o.country: country(o.country) for o in its.registry.offices if o.id in held}
    values = {"sort": sort, "live": live, "cursor": cursor, "lands": lands, "spans": spans}
    return page(request, "timeline.html", 400 if error else 200, q=q, found=found, error=error, **values)


@router.get("/statements/{statement_id}")
def statement(request: Request, its: Its, statement_id: Name) -> Response:
    """One statement with everything that is known of it."""
    one = its.archive.statement(statement_id)
    versions = sorted(its.archive.versions(one.id), key=lambda version: -version.version)[:COMPARED_VERSIONS]
    kept = None
    with suppress(NotFound):  # taken away with a deleted post, as its platform's terms ask
        kept = its.archive.evidence(versions[0].evidence_sha256 or "") if versions else None
    others = {other.id: other for other in its.archive.statements([link.statement for link in one.links])}
    values: dict[str, Any] = {"one": one, "versions": versions, "kept": kept, "others": others}
    values["intact"] = kept is not None and hashlib.sha256(kept.body).hexdigest() == kept.sha256
    values |= {"root": root(request, its), "may_write": security.may_write(its.settings.web)}
    answer = page(request, "statement.html", **values)
    answer.headers["referrer-policy"] = "same-origin"  # else an older browser does not say whence a form comes
    return answer


@router.post("/statements/{statement_id}/labels")
async def correct(request: Request, its: Its, statement_id: Name) -> Response:
    """A person's word about one label. The daemon then relates and matches the statement again."""
    web = its.settings.web
    if not security.may_write(web) or not security.ours(request, web):
        raise HTTPException(403, "Labels are corrected on the statement's own page.")
    form = await security.form_of(request)
    label, verb = form.get("label", ""), form.get("verb")
    if label not in its.label_titles or verb not in ("add", "remove"):
        raise HTTPException(400, "Choose a label, and whether it is right.")
    by, note = (text.squeeze(text.clean(form.get(name, "")))[:200] for name in ("by", "note"))
    lists = ([label], []) if verb == "add" else ([], [label])
    write = its.archive.correct
    one = await asyncio.to_thread(write, statement_id, *lists, by or "somebody at the page", its.clock.now(), note)
    return RedirectResponse(f"/statements/{one.id}#labels", 303)


@router.get("/evidence/{sha256}")
def evidence(its: Its, sha256: Annotated[str, Path(pattern="^[0-9a-f]{64}$")]) -> Response:
    """The bytes as received, never as something a browser would show."""
    headers = {"content-disposition": f'attachment; filename="{sha256}.bin"', "cache-control": "private, max-age=86400"}
    return Response(its.archive.evidence(sha256).body, media_type="application/octet-stream", headers=headers)


@router.get("/visits")
def visits(request: Request, its: Its, visitor: Side = None, host: Side = None) -> Response:
    """Who visited whom, where, when."""
    events, error = list[Event](), None
    try:
        events = its.archive.events(sides=its.sides(visitor=visitor or None, host=host or None), limit=200)
    except UsageError as wrong:
        error = str(wrong)
    values = {"events": events, "error": error, "visitor": visitor, "host": host}
    return page(request, "visits.html", 400 if error else 200, **values)


@router.get("/leaders")
def leaders(request: Request, its: Its) -> Response:
    """Everybody who is followed, with their office today; who spoke last comes first."""
    today, heard = its.clock.now().date(), its.archive.speakers()
    held = {leader.id: leader.tenure_on(today) for leader in its.registry.leaders}
    silent = (0, datetime.min.replace(tzinfo=UTC))
    order = sorted(its.registry.leaders, key=lambda leader: heard.get(leader.id, silent)[1], reverse=True)
    return page(request, "leaders.html", leaders=order, held=held, heard=heard)


@router.get("/leaders/{leader_id}")
def leader(request: Request, its: Its, leader_id: Name) -> Response:
    """A leader's tenures, sources and latest statements; of one whom the config names no more, what is kept."""
    found = its.archive.search(AnyFacet((terms.facet("leader", leader_id),)), limit=20)
    kept = (Leader(who.leader, who.name or who.leader) for one in found.statements if (who := one.post.speaker).leader)
    person = its.registry.leader(leader_id) or next((one for one in kept if one.id == leader_id), None)
    if person is None:
        raise NotFound(f"no leader is called {leader_id!r}")
    offices = {tenure.office for tenure in person.tenures}
    sources = [s for s in its.archive.sources() if s.source.leader == person.id or s.source.office in offices]
    sources = sources or its.archive.sources({one.source for one in found.statements})
    return page(request, "leader.html", person=person, sources=sources, found=found)


@router.get("/sources")
def sources(request: Request, its: Its) -> Response:
    """Whether each source is really being watched."""
    reads = its.archive.reads_since("x", month_of(its.clock.now()))
    return page(request, "sources.html", sources=its.archive.sources(), reads=reads, budget=its.settings.x)


@router.get("/sources/{name}")
def source(request: Request, its: Its, name: Name) -> Response:
    """One source: why it is believed, how it does, and when it was watched."""
    found = its.archive.sources([name])
    if not found:
        raise NotFound(f"no source is called {name!r}")
    now = its.clock.now()
    since = now - timedelta(days=WATCHED_DAYS)
    spans = its.archive.coverage(name, since, now)
    since = max(since, spans[0].start) if spans else since
    share = watched(spans, since, now)
    said = its.archive.search(AnyFacet((terms.facet("source", name),)), limit=10)
    return page(request, "source.html", one=found[0], spans=spans, share=share, since=since, found=said)


@router.get("/alerts")
def alerts(request: Request, its: Its) -> Response:
    """What fired, why, and whether it arrived."""
    fired = its.archive.alerts(limit=100)
    about = {s.id: s for s in its.archive.statements(list({a.statement for a in fired if a.statement}))}
    return page(request, "alerts.html", alerts=fired, about=about, outbox=its.archive.outbox())


@router.get("/digests")
def digests(request: Request, its: Its) -> Response:
    """Every issue that was made."""
    return page(request, "digests.html", issues=its.archive.issues(limit=100))


@router.get("/digests/{name}/{day}")
def issue(request: Request, its: Its, name: Name, day: date) -> Response:
    """One issue with its statements, in the order they first matched."""
    one = its.archive.issue(name, day)
    if one is None:
        raise NotFound(f"digest {name!r} has no issue of {day}")
    return page(request, "issue.html", one=one, statements=its.archive.statements(list(one.statements)))


@router.api_route("/unsubscribe/{notification}/{known}", methods=["GET", "POST"])
def unsubscribe(request: Request, its: Its, notification: Name, known: Name) -> Response:
    """Where a mail's List-Unsubscribe leads: a button; whoever presses it (mail programs do: RFC 8058) gets no more."""
    told = its.archive.notification(notification)
    recipient = next((one for one in told.recipients if email.known_as(one) == known), None)
    if recipient is None:
        raise NotFound("no mail of ours has this address to unsubscribe at")
    if request.method == "POST":
        its.archive.unsubscribe(told.receiver, recipient, its.clock.now())
    done = its.archive.unsubscribed(told.receiver, recipient)
    return page(request, "unsubscribe.html", receiver=told.receiver.removeprefix("digest:"), done=done)
