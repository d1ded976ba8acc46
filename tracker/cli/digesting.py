"""`digest preview`, `digest send` and `notify test`: which period is meant, and what became of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tracker import digest as journey
from tracker.cli.polling import near
from tracker.cli.values import local_day
from tracker.decide import brief, period
from tracker.errors import NotFound, UsageError
from tracker.models.shape import instant
from tracker.models.telling import Delivered, Digest, Issue, Notification, Period

if TYPE_CHECKING:
    from datetime import datetime

    from tracker.app import Tracker
    from tracker.cli.session import Session


@dataclass(frozen=True, slots=True)
class Preview:
    """A digest mail as it would be."""

    subject: str
    text: str
    html: str
    statements: tuple[str, ...]


def preview(session: Session, name: str, day: str | None, now: bool) -> Preview:
    """The issue of a period as it is or would be; the period in progress unless a day is named."""
    from tracker.channels import email

    with session.tracker() as tracker:
        one = replace(_named(tracker, name), empty="mail")
        at = tracker.clock.now()
        meant = _current(one, at) if now or day is None else period.ending(one, local_day("--date", day))
        issue = tracker.archive.issue(name, meant.day)
        if issue is None:
            waiting = tracker.archive.unissued(name, min(meant.end, at))
            issue = Issue(name, meant.day, meant.start, meant.end, at, waiting)
        written = journey.lay_out(tracker.archive, one, [issue], tracker.label_titles)
        notification = brief.notification(one, written, at)
        assert notification is not None  # noqa: S101  # only an empty one that is skipped is None
        return Preview(*email.render(notification, tracker.postroom.context, at), issue.statements)


def send(session: Session, name: str, day: str | None, now: bool) -> dict[str, Any]:
    """Make and mail one issue; what became of it."""
    if day and now:
        raise UsageError("--date and --now exclude each other")

    async def whole(tracker: Tracker) -> dict[str, Any]:
        one = _named(tracker, name)
        at = tracker.clock.now()
        meant = _meant(one, at, local_day("--date", day) if day else None, now)
        before = tracker.archive.issue(name, meant.day)
        issue = journey.make(tracker.archive, one, meant, tracker.label_titles, at)
        delivered = [d for d in await tracker.tell() if d.delivery.notification.receiver == f"digest:{name}"]
        return {
            "digest": name,
            "date": issue.day.isoformat(),
            "start": instant(issue.start),
            "end": instant(issue.end),
            "statements": len(issue.statements),
            "outcome": _outcome(one, issue, before, delivered),
            "deliveries": [
                {"recipient": d.delivery.recipient, "state": d.state, "reason": d.reason} for d in delivered
            ],
        }

    return session.run(whole)


def _meant(one: Digest, at: datetime, day: date | None, now: bool) -> Period:
    if now:
        return _current(one, at)
    if day is None:
        return period.ending(one, _current(one, at).day - timedelta(days=1))
    meant = period.ending(one, day)
    if meant.end > at:
        raise UsageError(f"the period of {day} ends at {meant.end:%Y-%m-%d %H:%M} UTC: use --now to close it early")
    return meant


def _current(one: Digest, at: datetime) -> Period:
    """The period in progress, closed at this instant."""
    day = at.astimezone(ZoneInfo(one.timezone)).date()
    found = period.ending(one, day)
    if found.end <= at:
        found = period.ending(one, day + timedelta(days=1))
    return replace(found, end=at)


def _outcome(one: Digest, issue: Issue, before: Issue | None, delivered: list[Delivered]) -> str:
    if delivered:
        return "; ".join(
            f"{d.delivery.recipient}: {d.state}" + (f" ({d.reason})" if d.reason else "") for d in delivered
        )
    if before is not None:
        return "made before, nothing mailed again"
    return "nothing in it, not mailed" if not issue.statements and one.empty == "skip" else "in the outbox"


def _named(tracker: Tracker, name: str) -> Digest:
    digests = {one.name: one for one in tracker.settings.digests}
    if name not in digests:
        raise NotFound(f"no digest {name!r} in rules.toml{near(name, tuple(digests))}")
    return digests[name]


def notify_test(session: Session, name: str) -> list[Delivered]:
    """Send one test notification now; what each recipient's side answered. Does not wait for retries."""
    from tracker import channels

    async def whole(tracker: Tracker) -> list[Delivered]:
        receivers = tracker.settings.receivers
        if name not in receivers:
            raise NotFound(f"no receiver {name!r} in rules.toml{near(name, tuple(receivers))}")
        now = tracker.clock.now()
        key = "test-" + hashlib.sha256(f"{name}\0{now.isoformat()}".encode()).hexdigest()[:24]
        payload = {
            "type": "test",
            "timestamp": instant(now),
            "data": {"rule": None, "reason": f"tracker notify test {name}", "statement": None},
        }
        recipients = channels.recipients(receivers[name])
        tracker.archive.notify(Notification(key, "test", name, now, payload, recipients))
        return [one for one in await tracker.postroom.deliver_due() if one.delivery.notification.id == key]

    return session.run(whole)
