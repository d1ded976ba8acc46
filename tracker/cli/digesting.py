"""Commands about digests: which period is meant, and what became of its issue."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from tracker.cli import show
from tracker.cli.session import day_of, pick
from tracker.cli.show import Answer
from tracker.decide import period
from tracker.errors import UsageError
from tracker.models.telling import Digest, Issue, Period

if TYPE_CHECKING:
    from tracker.app import Tracker

Name = Annotated[str, typer.Argument(help="The digest's name.")]
Day = Annotated[str | None, typer.Option("--date", help="The period that ends on this local day.")]
Now = Annotated[bool, typer.Option("--now", help="The period in progress, closed early at this moment.")]
COUNTED = ("statements", lambda issue: len(issue["statements"]))


def digest_list(tracker: Tracker) -> Answer:
    """The digests and their issues.
    Example: tracker digest list"""
    issues = [{"date": one.day, **asdict(one)} for one in tracker.archive.issues()]
    digests = [
        {"name": d.name, "to": d.to, "at": f"{d.at:%H:%M}", "timezone": d.timezone, "query": d.query.text}
        for d in tracker.settings.digests
    ]
    parts = (
        show.Table(digests, ("name", "at", "timezone", "to", "query"), "no digests: name one in rules.toml"),
        show.Table(issues, ("digest", "date", COUNTED, "made_at"), "no issue yet"),
    )
    return Answer({"digests": digests, "issues": issues}, parts)


def digest_preview(tracker: Tracker, name: Name, date: Day = None, now: Now = False) -> Answer:
    """The mail as it would be, made and mailed to nobody; of the period in progress unless a day is named.
    Example: tracker digest preview morning"""
    from tracker import digest as journey
    from tracker.channels import email

    one, at = replace(_named(tracker, name), empty="mail"), tracker.clock.now()
    meant = _current(one, at) if now or date is None else period.ending(one, day_of("--date", date))
    issue = tracker.archive.issue(name, meant.day)
    if issue is None:
        waiting = tracker.archive.unissued(name, min(meant.end, at))
        issue = Issue(name, meant.day, meant.start, meant.end, at, waiting)
    notification = journey.written(tracker.archive, one, [issue], tracker.label_titles, at)
    assert notification is not None  # noqa: S101  # only an empty one that is skipped is None
    subject, text, html = email.render(notification, tracker.postroom.context, at)
    mail = {"subject": subject, "text": text, "html": html, "statements": issue.statements}
    return Answer(mail, (f"Subject: {subject}\n", text))


async def digest_send(tracker: Tracker, name: Name, date: Day = None, now: Now = False) -> Answer:
    """Make and mail the issue of the last finished period; doing it again mails nothing again.
    Example: tracker digest send morning --date 2022-11-03"""
    from tracker import digest as journey

    if date and now:
        raise UsageError("--date and --now exclude each other")
    one, at = _named(tracker, name), tracker.clock.now()
    meant = _current(one, at) if now else _finished(one, at, date)
    before = tracker.archive.issue(name, meant.day)
    issue = journey.make(tracker.archive, one, meant, tracker.label_titles, at)
    told = show.deliveries(d for d in await tracker.tell() if d.delivery.notification.receiver == f"digest:{name}")
    outcome, count = _outcome(one, issue, before, told), len(issue.statements)
    sent = {
        "digest": name, "date": issue.day.isoformat(), "start": issue.start, "end": issue.end,
        "statements": count, "outcome": outcome, "deliveries": told,
    }  # fmt: skip
    failed = any(delivery["state"] not in ("sent", "pending") for delivery in told)
    return Answer(sent, [f"{name} of {issue.day}: {count} statements; {outcome}"], failed=failed)


def _finished(one: Digest, at: datetime, date: str | None) -> Period:
    """The last finished period, or the one that ends on a day."""
    if date is None:
        return period.ending(one, _current(one, at).day - timedelta(days=1))
    meant = period.ending(one, day_of("--date", date))
    if meant.end > at:
        raise UsageError(f"the period of {date} ends at {meant.end:%Y-%m-%d %H:%M} UTC: use --now to close it early")
    return meant


def _current(one: Digest, at: datetime) -> Period:
    """The period in progress, closed at this instant."""
    today = at.astimezone(ZoneInfo(one.timezone)).date()
    found = period.ending(one, today)
    return replace(found if found.end > at else period.ending(one, today + timedelta(days=1)), end=at)


def _outcome(one: Digest, issue: Issue, before: Issue | None, told: list[dict[str, Any]]) -> str:
    if told:
        return "; ".join(f"{d['recipient']}: {d['state']}" + (f" ({d['reason']})" * bool(d["reason"])) for d in told)
    if before is not None:
        return "made before, nothing mailed again"
    return "nothing in it, not mailed" if not issue.statements and one.empty == "skip" else "in the outbox"


def _named(tracker: Tracker, name: str) -> Digest:
    return pick("digest", name, {one.name: one for one in tracker.settings.digests}, " in rules.toml")
