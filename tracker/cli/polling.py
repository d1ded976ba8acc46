"""`poll` and `status`: one poll with its progress and summary, and how everything stands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import typer

from tracker.cli import show
from tracker.errors import NotFound
from tracker.models import shape

if TYPE_CHECKING:
    from tracker.app import Tracker
    from tracker.cli.session import Session
    from tracker.models.source import Kept, Reading


def poll_once(session: Session, names: Sequence[str] | None, json: bool) -> int:
    """Poll, relate and deliver once; the exit code: 1 when a source or a delivery failed."""
    done: list[tuple[Reading, Kept]] = []

    async def journey(tracker: Tracker) -> dict[str, Any]:
        _known(tracker, names)
        due = len(names) if names else sum(source.enabled for source in tracker.settings.sources)
        with show.progress("polling", due) as advance:

            def progress(reading: Reading, kept: Kept) -> None:
                done.append((reading, kept))
                advance()

            tracker.progress = progress
            await tracker.poll(names)
        related, _ = await tracker.relate()
        delivered = await tracker.tell()
        return {
            "polled": len(done),
            "new": sum(len(kept.new) for _, kept in done),
            "edited": sum(len(kept.edited) for _, kept in done),
            "related": related,
            "sources": [_row(reading, kept) for reading, kept in done],
            "delivered": [
                {
                    "receiver": one.delivery.notification.receiver,
                    "recipient": one.delivery.recipient,
                    "state": one.state,
                    "reason": one.reason,
                }
                for one in delivered
            ],
        }

    summary = session.run(journey)
    if json:
        show.as_json(summary)
    else:
        _print(summary)
    held = set(names or ()) - {row["source"] for row in summary["sources"]}
    for name in sorted(held):
        typer.echo(f"tracker: {name}: another process is polling it now", err=True)
    failed = held or any(row["failure"] for row in summary["sources"])
    return int(bool(failed) or any(one["state"] != "sent" for one in summary["delivered"]))


def _known(tracker: Tracker, names: Sequence[str] | None) -> None:
    sources = {source.name: source for source in tracker.settings.sources}
    for name in names or ():
        if name not in sources:
            raise NotFound(f"no source {name!r} in sources.toml{near(name, tuple(sources))}")
        if not sources[name].enabled:
            raise NotFound(
                f"source {name!r} is off: {sources[name].paused_reason or 'enabled = false in sources.toml'}"
            )


def near(word: str, choices: Sequence[str]) -> str:
    """` (did you mean …?)`, or nothing."""
    from rapidfuzz import process

    found = process.extractOne(word, choices, score_cutoff=60)
    return f" (did you mean {found[0]}?)" if found else ""


def _row(reading: Reading, kept: Kept) -> dict[str, Any]:
    return {
        "source": reading.claim.source.name,
        "outcome": reading.outcome,
        "items": reading.items_seen,
        "new": len(kept.new),
        "edited": len(kept.edited),
        "alerts": kept.alerts,
        "failure": reading.failure,
        "notes": list(reading.notes),
        "next_poll_at": shape.instant(reading.state.next_poll_at),
    }


def _print(summary: dict[str, Any]) -> None:
    show.table(
        ("source", "outcome", "items", "new", "edited", "alerts", "what was wrong"),
        [
            (
                r["source"],
                r["outcome"],
                r["items"],
                r["new"],
                r["edited"],
                r["alerts"],
                r["failure"] or "; ".join(r["notes"]),
            )
            for r in summary["sources"]
        ],
        "nothing is due",
    )
    for one in summary["delivered"]:
        show.line(
            f"{one['state']}: {one['receiver']} {one['recipient']}{': ' + one['reason'] if one['reason'] else ''}"
        )
    failed = sum(bool(row["failure"]) for row in summary["sources"])
    typer.echo(
        f"{summary['polled']} polled, {summary['new']} new, {summary['edited']} edited, {failed} failed", err=True
    )


def status_shape(tracker: Tracker) -> dict[str, Any]:
    """`status --json`."""
    archive = tracker.archive
    outbox = archive.outbox()
    counts = archive.status()
    return {
        "version": tracker.version,
        "database": archive.shown_url,
        "statements": counts["statements"],
        "counts": counts,
        "sources": [shape.source(one) for one in archive.sources()],
        "outbox": {
            "pending": outbox.pending,
            "sending": outbox.sending,
            "dead": outbox.dead,
            "held": outbox.held,
            "sent": outbox.sent,
            "dead_letters": [
                {"delivery": key, "receiver": receiver, "recipient": recipient, "reason": reason}
                for key, receiver, recipient, reason in outbox.dead_letters
            ],
        },
        "digests": [_digest_shape(tracker, digest.name) for digest in tracker.settings.digests],
        "reads": _reads(tracker),
    }


def _digest_shape(tracker: Tracker, name: str) -> dict[str, Any]:
    last = tracker.archive.last_issue(name)
    return {
        "name": name,
        "last_issue": last.day.isoformat() if last else None,
        "statements": len(last.statements) if last else 0,
        "made_at": shape.instant(last.made_at) if last else None,
    }


def _reads(tracker: Tracker) -> dict[str, Any]:
    month: datetime = tracker.clock.now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    x = tracker.settings.x
    reads = tracker.archive.reads_since("x", month)
    if not reads and not any(source.kind == "x" for source in tracker.settings.sources):
        return {}
    return {"x": {"reads": reads, "budget": x.monthly_reads, "dollars": round(reads * x.price, 2)}}
