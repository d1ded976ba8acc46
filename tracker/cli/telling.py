"""Commands about telling: rules, alerts, silence, notify, and digests with their issues."""

import hashlib
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from tracker.cli import finding, show
from tracker.cli.session import By, Limit, Session, Tracker, moment, pick
from tracker.cli.show import Answer
from tracker.decide import period
from tracker.errors import UsageError
from tracker.models.shape import instant
from tracker.models.telling import Digest, Issue, Notification, Period, Silence
from tracker.text import near

Ended = Annotated[bool, typer.Option("--all")]
Name = Annotated[str, typer.Argument(help="The digest's name.")]
Ends = typer.Option("--date", parser=moment, metavar="DAY", help="The period that ends on this local day.")
Day = Annotated[datetime | None, Ends]
Now = Annotated[bool, typer.Option("--now", help="The period in progress, closed early at this moment.")]
COUNTED = ("statements", lambda issue: len(issue["statements"]))


def rules_list(session: Session) -> Answer:
    """The rules, their queries and receivers.
    Example: tracker rules list"""
    parts, every = ("receivers", "max_age", "enabled"), session.settings().rules
    found = [{"name": r.name, "query": r.query.text} | {part: getattr(r, part) for part in parts} for r in every]
    columns = ("name", "query", ("receivers", lambda rule: rule["receivers"] or "nobody"))
    return show.rows(found, columns, "no rules: name some in rules.toml")


def rules_test(
    tracker: Tracker, rule: Annotated[str, typer.Argument(help="A rule's name, or a query.")], limit: Limit = 20
) -> Answer:
    """What a rule would have matched in the archive; tells nobody.
    Example: tracker rules test sahel-visits"""
    known = {one.name: one.query.text for one in tracker.settings.rules}
    found = finding.search(tracker, known.get(rule, rule), limit=limit)
    unnamed = [] if rule in known else [f"no rule is named {rule!r}: read as a query{near(rule, known)}"]
    return found._replace(notes=[*unnamed, *found.notes])


def alerts_list(tracker: Tracker, limit: Limit = 50) -> Answer:
    """What fired, why, and what became of it.
    Example: tracker alerts list"""
    found = [asdict(one) for one in tracker.archive.alerts(limit=limit)]
    columns = ("fired_at", "rule", "statement", "state", "reason", "state_reason")
    return show.rows(found, columns, "nothing fired yet")


def silence_add(
    tracker: Tracker,
    query: Annotated[str, typer.Argument(help="Alerts for statements that match this are kept and told to nobody.")],
    hours: Annotated[float, typer.Option(min=0.01, max=1e6, help="For how long.")] = 24.0,
    comment: Annotated[str, typer.Option(help="Why.")] = "",
    by: By = "operator",
) -> Answer:
    """Silence what matches a query.
    Example: tracker silence add "country:MLI label:ceremonial" --hours 12 --comment "national day" """
    tracker.parsed(query)
    now = tracker.clock.now()
    key = hashlib.sha256(f"{query}\0{now.isoformat()}".encode()).hexdigest()[:12]
    tracker.archive.add_silence(Silence(key, query, now, now + timedelta(hours=hours), comment, by))
    return Answer({"id": key}, [key], [] if query.strip() else ["an empty query matches everything"])


def silence_list(tracker: Tracker, everything: Ended = False) -> Answer:
    """The silences in force (with --all, the ended ones too).
    Example: tracker silence list"""
    found = [asdict(one) for one in tracker.archive.silences(tracker.clock.now(), everything)]
    return show.rows(found, ("id", "query", "ends_at", "created_by", "comment"), "nothing is silenced")


def silence_expire(tracker: Tracker, silence: Annotated[str, typer.Argument(help="The silence's id.")]) -> None:
    """End a silence now.
    Example: tracker silence expire 3f2a9c01b7de"""
    tracker.archive.expire_silence(silence, tracker.clock.now())


async def notify_test(tracker: Tracker, receiver: Annotated[str, typer.Argument(help="Its name.")]) -> Answer:
    """Send one test notification to a receiver now, and say what it answered; does not wait for retries.
    Example: tracker notify test desk"""
    from tracker import channels

    named, now = pick("receiver", receiver, tracker.settings.receivers, " in rules.toml"), tracker.clock.now()
    key = "test-" + hashlib.sha256(f"{receiver}\0{now.isoformat()}".encode()).hexdigest()[:24]
    data = {"rule": None, "reason": f"tracker notify test {receiver}", "statement": None}
    payload = {"type": "test", "timestamp": instant(now), "data": data}
    tracker.archive.notify(Notification(key, "test", receiver, now, payload, channels.recipients(named)))
    done = await tracker.postroom.deliver_due()
    outcomes = show.deliveries(one for one in done if one.delivery.notification.id == key)
    return Answer(outcomes, map(show.delivery, outcomes), failed=any(one["state"] != "sent" for one in outcomes))


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
    """The next mail as it would be now, made and mailed to nobody; with a day, the issue of that day.
    Example: tracker digest preview morning"""
    from tracker import digest as journey
    from tracker.channels import email

    one, at, last = replace(_named(tracker, name), empty="mail"), tracker.clock.now(), tracker.archive.last_issue(name)
    meant = period.ending(one, date.date(), last) if date and not now else _current(one, at, last)
    if date is None and not now and last and last.day >= meant.day:  # closed early: the next ends on another day
        meant = replace(period.ending(one, last.day + timedelta(days=1), last), end=at)
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
    one, at, last = _named(tracker, name), tracker.clock.now(), tracker.archive.last_issue(name)
    meant = _current(one, at, last) if now else _finished(one, at, date, last)
    before = tracker.archive.issue(name, meant.day)
    issue = journey.make(tracker.archive, one, meant, tracker.label_titles, at)
    told = show.deliveries(d for d in await tracker.tell() if d.delivery.notification.receiver == f"digest:{name}")
    outcome, count = _outcome(one, issue, before, told), len(issue.statements)
    sent = {
        "digest": name, "date": issue.day.isoformat(), "start": issue.start, "end": issue.end,
        "statements": count, "outcome": outcome, "deliveries": told,
    }  # fmt: skip
    failed = any(delivery["state"] not in ("sent", "pending") for delivery in told)
    return Answer(sent, [f"{name} of {issue.day}: {count} statement{'s' * (count != 1)}; {outcome}"], failed=failed)


def _finished(one: Digest, at: datetime, date: datetime | None, last: Issue | None) -> Period:
    """The last finished period, or the one that ends on a day."""
    day = date.date() if date else _current(one, at, last).day - timedelta(days=1)
    meant = period.ending(one, day, last)
    if meant.end > at:
        ends = f"the period of {meant.day} ends at {meant.end:%Y-%m-%d %H:%M} UTC"
        raise UsageError(f"{ends}: use --now to close it early")
    return meant


def _current(one: Digest, at: datetime, last: Issue | None) -> Period:
    """The period in progress, closed at this instant."""
    today = at.astimezone(ZoneInfo(one.timezone)).date()
    days = (today, today + timedelta(days=1))
    return replace(next(p for day in days if (p := period.ending(one, day, last)).end > at), end=at)


def _outcome(one: Digest, issue: Issue, before: Issue | None, told: list[dict[str, Any]]) -> str:
    if told:
        return "; ".join(f"{d['recipient']}: {d['state']}" + (f" ({d['reason']})" * bool(d["reason"])) for d in told)
    if before is not None:
        return "made before, nothing mailed again"
    return "nothing in it, not mailed" if not issue.statements and one.empty == "skip" else "in the outbox"


def _named(tracker: Tracker, name: str) -> Digest:
    return pick("digest", name, {one.name: one for one in tracker.settings.digests}, " in rules.toml")
