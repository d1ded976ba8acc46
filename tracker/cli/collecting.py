"""Commands about what is collected: poll, status, sources, coverage, leaders."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Any

import typer

from tracker.cli import show
from tracker.cli.session import Tracker, pick
from tracker.cli.show import Answer
from tracker.decide.budget import month_of
from tracker.errors import NotFound
from tracker.models import shape
from tracker.models.source import Kept, Reading, watched

Names = Annotated[list[str] | None, typer.Argument(help="Names of sources; without one, whatever is due.")]
OUTCOME = ("source", "outcome", "items", "new", "edited", "alerts", "failure", "notes")
STATE = ("name", "kind", "state", "last_success_at", "last_new_at", "next_poll_at", "failures", "reason")
NO_SOURCES = "no sources: name some in sources.toml"


async def poll(tracker: Tracker, sources: Names = None) -> Answer:
    """Ask the named sources now, or else what is due; then relate and deliver what became due.
    Example: tracker poll goita-x tv5monde"""
    known = {source.name: source for source in tracker.settings.sources}
    for one in [pick("source", name, known, " in sources.toml") for name in sources or ()]:
        if not one.enabled:
            raise NotFound(f"source {one.name!r} is off: {one.paused_reason or 'enabled = false in sources.toml'}")
    rows: list[dict[str, Any]] = []
    with show.progress("polling", len(sources or [one for one in known.values() if one.enabled])) as advance:

        def progress(reading: Reading, kept: Kept) -> None:
            rows.append({
                "source": reading.claim.source.name, "outcome": reading.outcome, "items": reading.items_seen,
                "new": len(kept.new), "edited": len(kept.edited), "alerts": kept.alerts,
                "failure": reading.failure, "notes": reading.notes, "next_poll_at": reading.state.next_poll_at,
            })  # fmt: skip
            advance()

        tracker.progress = progress
        await tracker.poll(sources)
    told: dict[str, Any] = {"polled": len(rows)} | {what: sum(row[what] for row in rows) for what in ("new", "edited")}
    told |= {"related": (await tracker.relate())[0], "sources": rows}
    told["delivered"] = show.deliveries(await tracker.tell())
    failed, held = sum(bool(row["failure"]) for row in rows), set(sources or ()) - {row["source"] for row in rows}
    notes = [f"{told['polled']} polled, {told['new']} new, {told['edited']} edited, {failed} failed"]
    notes += [f"tracker: {name}: another process is polling it now" for name in sorted(held)]
    table, sent = show.Table(rows, OUTCOME, "nothing is due"), told["delivered"]
    bad = failed or held or any(one["state"] != "sent" for one in sent)
    return Answer(told, [table, *map(show.delivery, sent)], notes, bool(bad))


def status(tracker: Tracker) -> Answer:
    """How the archive, the sources, the outbox and the digests stand.
    Example: tracker status --json"""
    archive, counts, outbox = tracker.archive, tracker.archive.status(), asdict(tracker.archive.outbox())
    letters = ("delivery", "receiver", "recipient", "reason")
    outbox["dead_letters"] = [dict(zip(letters, one, strict=True)) for one in outbox["dead_letters"]]
    told = {
        "version": tracker.version, "database": archive.shown_url, "statements": counts["statements"],
        "counts": counts, "sources": [shape.source(one) for one in archive.sources()], "outbox": outbox,
        "digests": [_digest(tracker, digest.name) for digest in tracker.settings.digests],
        "reads": _reads(tracker),
    }  # fmt: skip
    return Answer(told, _lines(told))


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


def sources_list(tracker: Tracker) -> Answer:
    """Every source, its health, and why we believe that it is official.
    Example: tracker sources list"""
    found = [shape.source(one) for one in tracker.archive.sources()]
    return show.rows(found, ("name", "kind", "origin", "state", "statements", "reason", "proof"), NO_SOURCES)


def coverage(
    tracker: Tracker,
    source: Annotated[str, typer.Argument(help="The source's name.")],
    days: Annotated[int, typer.Option(min=1, max=36500, help="Look back so many days.")] = 7,
) -> Answer:
    """The spans of time in which a source was really watched, and the share of all the time.
    Example: tracker coverage goita-x --days 30"""
    known = [*tracker.archive.sources(), *tracker.archive.sources([source])]  # or one that the config names no more
    pick("source", source, {one.source.name: one for one in known}, " in tracker sources list")
    before = tracker.clock.now()
    after = before - timedelta(days=days)
    spans = tracker.archive.coverage(source, after, before)
    share, rows = watched(spans, after, before), [asdict(span) for span in spans]
    told = {"source": source, "after": after, "before": before, "share": round(share, 5), "spans": rows}
    table = show.Table(rows, ("start", "end", "polls"), "not watched in this time")
    return Answer(told, [table, f"{source}: watched {share:.1%} of the last {days} days"])


def leaders(tracker: Tracker) -> Answer:
    """The leaders we follow: office, country, and what is kept of them.
    Example: tracker leaders"""
    kept, today = tracker.archive.speakers(), tracker.clock.now().date()
    found = []
    for one in tracker.registry.leaders:
        speaker, (count, last) = tracker.registry.speaker(one.id, None, today), kept.get(one.id, (0, None))
        tenures = [{"office": t.office, "from": t.since, "to": t.until} for t in one.tenures]
        found.append({
            "id": one.id, "name": one.name, "office": speaker.office, "country": speaker.country,
            "statements": count, "last": last, "aliases": one.aliases, "tenures": tenures,
        })  # fmt: skip
    columns = ("id", "name", "office", "country", "statements", "last")
    return show.rows(found, columns, "no leaders: name some in leaders.toml")
