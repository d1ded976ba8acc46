"""Commands about what is collected: poll, status, sources, coverage, leaders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tracker.cli import show
from tracker.cli.session import Json, pick, session
from tracker.decide.budget import month_of
from tracker.errors import NotFound
from tracker.models import shape
from tracker.models.registry import Leader
from tracker.models.source import Kept, Reading

if TYPE_CHECKING:
    from tracker.app import Tracker

OUTCOME = ("source", "outcome", "items", "new", "edited", "alerts", "failure", "notes")
STATE = ("name", "kind", "state", "last_success_at", "last_new_at", "next_poll_at", "failures", "reason")
NO_SOURCES = "no sources: name some in sources.toml"


def poll(
    context: typer.Context,
    sources: Annotated[list[str] | None, typer.Argument(help="Names of sources; without one, whatever is due.")] = None,
    json: Json = False,
) -> None:
    """Ask the named sources now, or else what is due; then relate and deliver what became due.

    Example: tracker poll goita-x tv5monde
    """
    told = session(context).run(lambda tracker: _poll(tracker, sources or None))
    failed = sum(bool(row["failure"]) for row in told["sources"])
    held = set(sources or ()) - {row["source"] for row in told["sources"]}
    polled = show.Table(told["sources"], OUTCOME, "nothing is due")
    show.answer(json, told, [polled, *map(show.delivery, told["delivered"])])
    typer.echo(f"{told['polled']} polled, {told['new']} new, {told['edited']} edited, {failed} failed", err=True)
    for name in sorted(held):
        typer.echo(f"tracker: {name}: another process is polling it now", err=True)
    if failed or held or any(one["state"] != "sent" for one in told["delivered"]):
        raise typer.Exit(1)


async def _poll(tracker: Tracker, names: list[str] | None) -> dict[str, Any]:
    """Poll, relate and deliver once."""
    done: list[tuple[Reading, Kept]] = []
    known = {source.name: source for source in tracker.settings.sources}
    for one in [pick("source", name, known, " in sources.toml") for name in names or ()]:
        if not one.enabled:
            raise NotFound(f"source {one.name!r} is off: {one.paused_reason or 'enabled = false in sources.toml'}")
    due = len(names) if names else sum(source.enabled for source in known.values())
    with show.progress("polling", due) as advance:

        def progress(reading: Reading, kept: Kept) -> None:
            done.append((reading, kept))
            advance()

        tracker.progress = progress
        await tracker.poll(names)
    rows = [_polled(reading, kept) for reading, kept in done]
    new, edited = (sum(row[what] for row in rows) for what in ("new", "edited"))
    related, delivered = (await tracker.relate())[0], show.deliveries(await tracker.tell())
    counts = {"polled": len(done), "new": new, "edited": edited, "related": related}
    return {**counts, "sources": rows, "delivered": delivered}


def _polled(reading: Reading, kept: Kept) -> dict[str, Any]:
    return {
        "source": reading.claim.source.name, "outcome": reading.outcome, "items": reading.items_seen,
        "new": len(kept.new), "edited": len(kept.edited), "alerts": kept.alerts,
        "failure": reading.failure, "notes": reading.notes, "next_poll_at": reading.state.next_poll_at,
    }  # fmt: skip


def status(context: typer.Context, json: Json = False) -> None:
    """How the archive, the sources, the outbox and the digests stand.

    Example: tracker status --json
    """
    with session(context).tracker() as tracker:
        told = _status(tracker)
    show.answer(json, told, _lines(told))


def _status(tracker: Tracker) -> dict[str, Any]:
    archive, counts = tracker.archive, tracker.archive.status()
    letters = ("delivery", "receiver", "recipient", "reason")
    outbox = asdict(archive.outbox())
    outbox["dead_letters"] = [dict(zip(letters, one, strict=True)) for one in outbox["dead_letters"]]
    return {
        "version": tracker.version, "database": archive.shown_url, "statements": counts["statements"],
        "counts": counts, "sources": [shape.source(one) for one in archive.sources()], "outbox": outbox,
        "digests": [_digest(tracker, digest.name) for digest in tracker.settings.digests],
        "reads": _reads(tracker),
    }  # fmt: skip


def _digest(tracker: Tracker, name: str) -> dict[str, Any]:
    last = tracker.archive.last_issue(name)
    day, made, size = (last.day, last.made_at, len(last.statements)) if last else (None, None, 0)
    return {"name": name, "last_issue": day, "statements": size, "made_at": made}


def _reads(tracker: Tracker) -> dict[str, Any]:
    """What X bills this month; nothing where nobody asks it."""
    x, reads = tracker.settings.x, tracker.archive.reads_since("x", month_of(tracker.clock.now()))
    if not reads and not any(source.kind == "x" for source in tracker.settings.sources):
        return {}
    return {"x": {"reads": reads, "budget": x.monthly_reads, "dollars": round(reads * x.price, 2)}}


def _lines(told: dict[str, Any]) -> Iterator[str | show.Table]:
    outbox = told["outbox"]
    yield f"statement-tracker {told['version']}, {told['database']}: {told['statements']:,} statements"
    yield show.Table(told["sources"], STATE, NO_SOURCES)
    yield "outbox: " + ", ".join(f"{outbox[state]} {state}" for state in ("pending", "sending", "held", "dead"))
    for dead in outbox["dead_letters"]:
        yield f"  dead: {dead['receiver']} {dead['recipient']}: {dead['reason']}"
    for kind, reads in told["reads"].items():
        yield f"{kind}: {reads['reads']:,} of {reads['budget']:,} reads this month, ${reads['dollars']:,.2f}"


def sources_list(context: typer.Context, json: Json = False) -> None:
    """Every source, its health, and why we believe that it is official.

    Example: tracker sources list
    """
    with session(context).tracker() as tracker:
        found = [shape.source(one) for one in tracker.archive.sources()]
    show.rows(json, found, ("name", "kind", "origin", "state", "statements", "reason", "proof"), NO_SOURCES)


def coverage(
    context: typer.Context,
    source: Annotated[str, typer.Argument(help="The source's name.")],
    days: Annotated[int, typer.Option(min=1, help="Look back so many days.")] = 7,
    json: Json = False,
) -> None:
    """The spans of time in which a source was really watched, and the share of all the time.

    Example: tracker coverage goita-x --days 30
    """
    with session(context).tracker() as tracker:
        pick("source", source, {one.source.name: one for one in tracker.archive.sources()}, " in tracker sources list")
        now = tracker.clock.now()
        after = now - timedelta(days=days)
        found = tracker.archive.coverage(source, after, now)
    share = sum((min(s.end, now) - max(s.start, after)).total_seconds() for s in found) / (days * 86400)
    spans = [{"start": s.start, "end": s.end, "polls": s.polls} for s in found]
    told = {"source": source, "after": after, "before": now, "share": round(share, 5), "spans": spans}
    table = show.Table(spans, ("start", "end", "polls"), "not watched in this time")
    show.answer(json, told, [table, f"{source}: watched {share:.1%} of the last {days} days"])


def leaders(context: typer.Context, json: Json = False) -> None:
    """The leaders we follow: office, country, and what is kept of them.

    Example: tracker leaders
    """
    with session(context).tracker() as tracker:
        kept = tracker.archive.speakers()
        found = [_leader(tracker, one, *kept.get(one.id, (0, None))) for one in tracker.registry.leaders]
    columns = ("id", "name", "office", "country", "statements", "last")
    show.rows(json, found, columns, "no leaders: name some in leaders.toml")


def _leader(tracker: Tracker, one: Leader, count: int, last: Any) -> dict[str, Any]:
    speaker = tracker.registry.speaker(one.id, None, tracker.clock.now().date())
    return {
        "id": one.id, "name": one.name, "office": speaker.office, "country": speaker.country,
        "statements": count, "last": last, "aliases": one.aliases,
        "tenures": [{"office": t.office, "from": t.since, "to": t.until} for t in one.tenures],
    }  # fmt: skip
