"""Commands about telling: rules, alerts, silence, notify."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from tracker.cli import finding, show
from tracker.cli.session import By, Limit, Session, parsed, pick
from tracker.cli.show import Answer
from tracker.models.shape import instant
from tracker.models.telling import Notification, Silence

if TYPE_CHECKING:
    from tracker.app import Tracker

Ended = Annotated[bool, typer.Option("--all")]


def rules_list(session: Session) -> Answer:
    """The rules, their queries and receivers.
    Example: tracker rules list"""
    found = [
        {"name": r.name, "query": r.query.text, "receivers": r.receivers, "max_age": r.max_age, "enabled": r.enabled}
        for r in session.settings().rules
    ]
    columns = ("name", "query", ("receivers", lambda rule: rule["receivers"] or "nobody"))
    return show.rows(found, columns, "no rules: name some in rules.toml")


def rules_test(
    tracker: Tracker, rule: Annotated[str, typer.Argument(help="A rule's name, or a query.")], limit: Limit = 20
) -> Answer:
    """What a rule would have matched in the archive; tells nobody.
    Example: tracker rules test sahel-visits"""
    known = {one.name: one.query.text for one in tracker.settings.rules}
    return finding.search(tracker, known.get(rule, rule), limit=limit)


def alerts_list(tracker: Tracker, limit: Limit = 50) -> Answer:
    """What fired, why, and what became of it.
    Example: tracker alerts list"""
    found = [asdict(one) for one in tracker.archive.alerts(limit=limit)]
    columns = ("fired_at", "rule", "statement", "state", "reason", "state_reason")
    return show.rows(found, columns, "nothing fired yet")


def silence_add(
    tracker: Tracker,
    query: Annotated[str, typer.Argument(help="Alerts for statements that match this are kept and told to nobody.")],
    hours: Annotated[float, typer.Option(min=0.01, help="For how long.")] = 24.0,
    comment: Annotated[str, typer.Option(help="Why.")] = "",
    by: By = "operator",
) -> None:
    """Silence what matches a query.
    Example: tracker silence add "country:MLI label:ceremonial" --hours 12 --comment "national day" """
    parsed(tracker, query)
    now = tracker.clock.now()
    key = hashlib.sha256(f"{query}\0{now.isoformat()}".encode()).hexdigest()[:12]
    tracker.archive.add_silence(Silence(key, query, now, now + timedelta(hours=hours), comment, by))
    show.line(key)


def silence_list(tracker: Tracker, everything: Ended = False) -> Answer:
    """The silences in force (with --all, the ended ones too).
    Example: tracker silence list"""
    found = [asdict(one) for one in tracker.archive.silences(tracker.clock.now(), everything)]
    return show.rows(found, ("id", "query", "ends_at", "created_by", "comment"), "nothing is silenced")


def silence_expire(tracker: Tracker, silence: Annotated[str, typer.Argument(help="The silence's id.")]) -> None:
    """End a silence now.
    Example: tracker silence expire 3f2a9c01b7de"""
    tracker.archive.expire_silence(silence, tracker.clock.now())


async def notify_test(
    tracker: Tracker, receiver: Annotated[str, typer.Argument(help="The receiver's name.")]
) -> Answer:
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
