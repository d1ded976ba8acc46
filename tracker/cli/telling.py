"""Commands about telling: rules, alerts, silence, notify."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from tracker.cli import finding, show
from tracker.cli.session import By, Json, Limit, parsed, pick, session
from tracker.models.shape import instant
from tracker.models.telling import Delivered, Notification, Silence

if TYPE_CHECKING:
    from tracker.app import Tracker


def rules_list(context: typer.Context, json: Json = False) -> None:
    """The rules, their queries and receivers.

    Example: tracker rules list
    """
    found = [
        {"name": r.name, "query": r.query.text, "receivers": r.receivers, "max_age": r.max_age, "enabled": r.enabled}
        for r in session(context).settings().rules
    ]
    columns = ("name", "query", ("receivers", lambda rule: rule["receivers"] or "nobody"))
    show.rows(json, found, columns, "no rules: name some in rules.toml")


def rules_test(
    context: typer.Context,
    rule: Annotated[str, typer.Argument(help="A rule's name, or a query.")],
    limit: Limit = 20,
    json: Json = False,
) -> None:
    """What a rule would have matched in the archive; tells nobody.

    Example: tracker rules test sahel-visits
    """
    known = {one.name: one.query.text for one in session(context).settings().rules}
    finding.search(context, known.get(rule, rule), "date", limit, None, json)


def alerts_list(context: typer.Context, limit: Limit = 50, json: Json = False) -> None:
    """What fired, why, and what became of it.

    Example: tracker alerts list
    """
    with session(context).tracker() as tracker:
        found = [asdict(one) for one in tracker.archive.alerts(limit=limit)]
    columns = ("fired_at", "rule", "statement", "state", "reason", "state_reason")
    show.rows(json, found, columns, "nothing fired yet")


def silence_add(
    context: typer.Context,
    query: Annotated[str, typer.Argument(help="Alerts for statements that match this are kept and told to nobody.")],
    hours: Annotated[float, typer.Option(min=0.01, help="For how long.")] = 24.0,
    comment: Annotated[str, typer.Option(help="Why.")] = "",
    by: By = "operator",
) -> None:
    """Silence what matches a query.

    Example: tracker silence add "country:MLI label:ceremonial" --hours 12 --comment "national day"
    """
    with session(context).tracker() as tracker:
        parsed(tracker, query)
        now = tracker.clock.now()
        key = hashlib.sha256(f"{query}\0{now.isoformat()}".encode()).hexdigest()[:12]
        tracker.archive.add_silence(Silence(key, query, now, now + timedelta(hours=hours), comment, by))
    show.line(key)


def silence_list(
    context: typer.Context, everything: Annotated[bool, typer.Option("--all")] = False, json: Json = False
) -> None:
    """The silences in force (with --all, the ended ones too).

    Example: tracker silence list
    """
    with session(context).tracker() as tracker:
        found = [asdict(one) for one in tracker.archive.silences(tracker.clock.now(), everything)]
    show.rows(json, found, ("id", "query", "ends_at", "created_by", "comment"), "nothing is silenced")


def silence_expire(context: typer.Context, silence: Annotated[str, typer.Argument(help="The silence's id.")]) -> None:
    """End a silence now.

    Example: tracker silence expire 3f2a9c01b7de
    """
    with session(context).tracker() as tracker:
        tracker.archive.expire_silence(silence, tracker.clock.now())


def notify_test(context: typer.Context, receiver: Annotated[str, typer.Argument(help="The receiver's name.")]) -> None:
    """Send one test notification to a receiver now, and say what it answered; does not wait for retries.

    Example: tracker notify test desk
    """

    async def whole(tracker: Tracker) -> list[Delivered]:
        from tracker import channels

        named, now = pick("receiver", receiver, tracker.settings.receivers, " in rules.toml"), tracker.clock.now()
        key = "test-" + hashlib.sha256(f"{receiver}\0{now.isoformat()}".encode()).hexdigest()[:24]
        data = {"rule": None, "reason": f"tracker notify test {receiver}", "statement": None}
        payload = {"type": "test", "timestamp": instant(now), "data": data}
        tracker.archive.notify(Notification(key, "test", receiver, now, payload, channels.recipients(named)))
        return [one for one in await tracker.postroom.deliver_due() if one.delivery.notification.id == key]

    outcomes = show.deliveries(session(context).run(whole))
    show.answer(False, outcomes, map(show.delivery, outcomes))
    if any(one["state"] != "sent" for one in outcomes):
        raise typer.Exit(1)
