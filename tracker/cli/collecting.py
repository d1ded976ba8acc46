"""Commands about what is collected: sources, coverage, leaders."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from tracker.cli.session import Json, session


def add_to(app: typer.Typer) -> None:
    """Add this module's commands."""
    sources = typer.Typer(no_args_is_help=True, help="What is polled.")
    sources.command("list")(sources_list)
    app.add_typer(sources, name="sources")
    app.command()(coverage)
    app.command()(leaders)


def sources_list(context: typer.Context, json: Json = False) -> None:
    """Every source, its health, and why we believe that it is official.

    Example: tracker sources list
    """
    from tracker.cli import show
    from tracker.models import shape

    with session(context).tracker() as tracker:
        shapes = [shape.source(one) for one in tracker.archive.sources()]
    if json:
        show.as_json(shapes)
        return
    show.table(
        ("name", "kind", "origin", "state", "statements", "reason", "proof"),
        [(s["name"], s["kind"], s["origin"], s["state"], s["statements"], s["reason"], s["proof"]) for s in shapes],
        "no sources: name some in sources.toml",
    )


def coverage(
    context: typer.Context,
    source: Annotated[str, typer.Argument(help="The source's name.")],
    days: Annotated[int, typer.Option(min=1, help="Look back so many days.")] = 7,
    json: Json = False,
) -> None:
    """The spans of time in which a source was really watched, and the share of each day.

    Example: tracker coverage goita-x --days 30
    """
    from tracker.cli import show
    from tracker.errors import NotFound
    from tracker.models.shape import instant

    with session(context).tracker() as tracker:
        if source not in {one.source.name for one in tracker.archive.sources()}:
            raise NotFound(f"no source {source!r}: see tracker sources list")
        now = tracker.clock.now()
        after = now - timedelta(days=days)
        spans = tracker.archive.coverage(source, after, now)
    watched = sum((min(s.end, now) - max(s.start, after)).total_seconds() for s in spans)
    share = watched / (now - after).total_seconds()
    if json:
        show.as_json(
            {
                "source": source,
                "after": instant(after),
                "before": instant(now),
                "share": round(share, 5),
                "spans": [{"start": instant(s.start), "end": instant(s.end), "polls": s.polls} for s in spans],
            }
        )
        return
    show.table(("from", "to", "polls"), [(s.start, s.end, s.polls) for s in spans], "not watched in this time")
    show.line(f"{source}: watched {share:.1%} of the last {days} days")


def leaders(context: typer.Context, json: Json = False) -> None:
    """The leaders we follow: office, country, and what is kept of them.

    Example: tracker leaders
    """
    from tracker.cli import show
    from tracker.models.shape import instant

    with session(context).tracker() as tracker:
        kept = tracker.archive.speakers()
        day = tracker.clock.now().date()
        rows = []
        for leader in tracker.registry.leaders:
            speaker = tracker.registry.speaker(leader.id, None, day)
            count, last = kept.get(leader.id, (0, None))
            rows.append(
                {
                    "id": leader.id,
                    "name": leader.name,
                    "office": speaker.office,
                    "country": speaker.country,
                    "statements": count,
                    "last": instant(last),
                    "aliases": list(leader.aliases),
                    "tenures": [
                        {
                            "office": t.office,
                            "from": t.since.isoformat(),
                            "to": t.until.isoformat() if t.until else None,
                        }
                        for t in leader.tenures
                    ],
                }
            )
    if json:
        show.as_json(rows)
        return
    show.table(
        ("id", "name", "office", "country", "statements", "last"),
        [(r["id"], r["name"], r["office"], r["country"], r["statements"], r["last"]) for r in rows],
        "no leaders: name some in leaders.toml",
    )
