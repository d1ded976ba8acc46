"""Commands about telling: rules, alerts, silence, digest, notify."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Annotated

import typer

from tracker.cli.session import Json, Limit, parsed, session


def add_to(app: typer.Typer) -> None:
    """Add this module's commands."""
    groups = (
        ("rules", "Who is told of what.", (("list", rules_list), ("test", rules_test))),
        ("alerts", "What fired.", (("list", alerts_list),)),
        (
            "silence",
            "Keep alerts quiet for a while.",
            (("add", silence_add), ("list", silence_list), ("expire", silence_expire)),
        ),
        ("digest", "The morning mail.", (("list", digest_list), ("preview", digest_preview), ("send", digest_send))),
        ("notify", "Try a receiver.", (("test", notify_test),)),
    )
    for name, what, commands in groups:
        group = typer.Typer(no_args_is_help=True, help=what)
        for verb, command in commands:
            group.command(verb)(command)
        app.add_typer(group, name=name)


def rules_list(context: typer.Context, json: Json = False) -> None:
    """The rules, their queries and receivers.

    Example: tracker rules list
    """
    from tracker.cli import show

    rules = session(context).settings().rules
    if json:
        show.as_json(
            [
                {
                    "name": r.name,
                    "query": r.query.text,
                    "receivers": list(r.receivers),
                    "max_age": r.max_age,
                    "enabled": r.enabled,
                }
                for r in rules
            ]
        )
        return
    show.table(
        ("rule", "query", "receivers"),
        [(r.name, r.query.text, ", ".join(r.receivers) or "nobody") for r in rules],
        "no rules: name some in rules.toml",
    )


def rules_test(
    context: typer.Context,
    rule: Annotated[str, typer.Argument(help="A rule's name, or a query.")],
    limit: Limit = 20,
    json: Json = False,
) -> None:
    """What a rule would have matched in the archive; tells nobody.

    Example: tracker rules test sahel-visits
    """
    from tracker.cli import finding

    known = {one.name: one.query.text for one in session(context).settings().rules}
    finding.search(context, known.get(rule, rule), finding.Sort.date, limit, None, json)


def alerts_list(context: typer.Context, limit: Limit = 50, json: Json = False) -> None:
    """What fired, why, and what became of it.

    Example: tracker alerts list
    """
    from tracker.cli import show
    from tracker.models.shape import instant

    with session(context).tracker() as tracker:
        alerts = tracker.archive.alerts(limit=limit)
    if json:
        show.as_json(
            [
                {
                    "id": a.id,
                    "rule": a.rule,
                    "reason": a.reason,
                    "fired_at": instant(a.fired_at),
                    "statement": a.statement,
                    "state": a.state,
                    "state_reason": a.state_reason,
                }
                for a in alerts
            ]
        )
        return
    show.table(
        ("fired", "rule", "statement", "state", "why"),
        [
            (a.fired_at, a.rule, a.statement, a.state, "; ".join(filter(None, (a.reason, a.state_reason))))
            for a in alerts
        ],
        "nothing fired yet",
    )


def silence_add(
    context: typer.Context,
    query: Annotated[str, typer.Argument(help="Alerts for statements that match this are kept and told to nobody.")],
    hours: Annotated[float, typer.Option(min=0.01, help="For how long.")] = 24.0,
    comment: Annotated[str, typer.Option(help="Why.")] = "",
    by: Annotated[str, typer.Option(help="Who.", envvar="USER")] = "operator",
) -> None:
    """Silence what matches a query.

    Example: tracker silence add "country:MLI label:ceremonial" --hours 12 --comment "national day"
    """
    from tracker.models.telling import Silence

    with session(context).tracker() as tracker:
        parsed(tracker, query)
        now = tracker.clock.now()
        key = hashlib.sha256(f"{query}\0{now.isoformat()}".encode()).hexdigest()[:12]
        tracker.archive.add_silence(Silence(key, query, now, now + timedelta(hours=hours), comment, by))
    typer.echo(key)


def silence_list(
    context: typer.Context, everything: Annotated[bool, typer.Option("--all")] = False, json: Json = False
) -> None:
    """The silences in force (with --all, the ended ones too).

    Example: tracker silence list
    """
    from tracker.cli import show
    from tracker.models.shape import instant

    with session(context).tracker() as tracker:
        found = tracker.archive.silences(tracker.clock.now(), everything)
    if json:
        show.as_json(
            [
                {
                    "id": s.id,
                    "query": s.query,
                    "starts_at": instant(s.starts_at),
                    "ends_at": instant(s.ends_at),
                    "comment": s.comment,
                    "created_by": s.created_by,
                }
                for s in found
            ]
        )
        return
    show.table(
        ("id", "query", "until", "by", "why"),
        [(s.id, s.query, s.ends_at, s.created_by, s.comment) for s in found],
        "nothing is silenced",
    )


def silence_expire(context: typer.Context, silence: Annotated[str, typer.Argument(help="The silence's id.")]) -> None:
    """End a silence now.

    Example: tracker silence expire 3f2a9c01b7de
    """
    with session(context).tracker() as tracker:
        tracker.archive.expire_silence(silence, tracker.clock.now())


def digest_list(context: typer.Context, json: Json = False) -> None:
    """The digests and their issues.

    Example: tracker digest list
    """
    from tracker.cli import show
    from tracker.models.shape import instant

    with session(context).tracker() as tracker:
        issues = tracker.archive.issues()
        digests = tracker.settings.digests
    if json:
        show.as_json(
            {
                "digests": [
                    {
                        "name": d.name,
                        "to": list(d.to),
                        "at": f"{d.at:%H:%M}",
                        "timezone": d.timezone,
                        "query": d.query.text,
                    }
                    for d in digests
                ],
                "issues": [
                    {
                        "digest": i.digest,
                        "date": i.day.isoformat(),
                        "start": instant(i.start),
                        "end": instant(i.end),
                        "statements": list(i.statements),
                    }
                    for i in issues
                ],
            }
        )
        return
    show.table(
        ("digest", "at", "to", "query"),
        [(d.name, f"{d.at:%H:%M} {d.timezone}", ", ".join(d.to), d.query.text) for d in digests],
        "no digests: name one in rules.toml",
    )
    show.table(
        ("digest", "date", "statements", "made"),
        [(i.digest, i.day, len(i.statements), i.made_at) for i in issues],
        "no issue yet",
    )


Name = Annotated[str, typer.Argument(help="The digest's name.")]
Day = Annotated[str | None, typer.Option("--date", help="The period that ends on this local day.")]


def digest_preview(
    context: typer.Context,
    name: Name,
    date: Day = None,
    now: Annotated[bool, typer.Option("--now", help="What has matched until now.")] = False,
    html: Annotated[bool, typer.Option("--html", help="The HTML part instead of the text.")] = False,
    json: Json = False,
) -> None:
    """The mail as it would be, made and mailed to nobody.

    Example: tracker digest preview morning
    """
    from tracker.cli import digesting, show

    mail = digesting.preview(session(context), name, date, now)
    if json:
        show.as_json(
            {"subject": mail.subject, "text": mail.text, "html": mail.html, "statements": list(mail.statements)}
        )
        return
    show.line(f"Subject: {mail.subject}\n")
    show.line(mail.html if html else mail.text)


def digest_send(
    context: typer.Context,
    name: Name,
    date: Day = None,
    now: Annotated[bool, typer.Option("--now", help="Close the current period early.")] = False,
    json: Json = False,
) -> None:
    """Make and mail the issue of the last finished period; doing it again mails nothing again.

    Example: tracker digest send morning --date 2022-11-03
    """
    from tracker.cli import digesting, show

    sent = digesting.send(session(context), name, date, now)
    if json:
        show.as_json(sent)
    else:
        show.line(f"{name} of {sent['date']}: {sent['statements']} statements; {sent['outcome']}")
    if any(one["state"] not in ("sent", "pending") for one in sent["deliveries"]):
        raise typer.Exit(1)


def notify_test(context: typer.Context, receiver: Annotated[str, typer.Argument(help="The receiver's name.")]) -> None:
    """Send one test notification to a receiver now, and say what it answered.

    Example: tracker notify test desk
    """
    from tracker.cli import digesting, show

    outcomes = digesting.notify_test(session(context), receiver)
    for one in outcomes:
        show.line(f"{receiver} {one.delivery.recipient}: {one.state}" + (f": {one.reason}" if one.reason else ""))
    if any(one.state != "sent" for one in outcomes):
        raise typer.Exit(1)
