"""Commands that find: search, show, versions, visits, quote, export."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tracker.cli.session import Json, Limit, parsed, session
from tracker.errors import UsageError

Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="Into this file, which is written whole or not at all.")
]


#: How statements are exported, and how visits are shown or exported.
Format = StrEnum("Format", ["jsonl", "csv", "json"])
VisitFormat = StrEnum("VisitFormat", ["table", "csv", "plover", "ics", "json"])


class Sort(StrEnum):
    """How results are ordered."""

    date = "date"
    relevance = "relevance"


Key = Annotated[str, typer.Argument(help="A statement's id, or the first six characters of it or more.")]


def add_to(app: typer.Typer) -> None:
    """Add this module's commands."""
    for command in (search, show, versions, visits, quote, export):
        app.command()(command)


def search(
    context: typer.Context,
    query: Annotated[str, typer.Argument(help="In the query language; empty for everything, newest first.")] = "",
    sort: Annotated[Sort, typer.Option(help="Best match first, or newest first.")] = Sort.date,
    limit: Limit = 20,
    cursor: Annotated[str | None, typer.Option(help="Where the last page ended (its `next`).")] = None,
    json: Json = False,
) -> None:
    """Find statements.

    Example: tracker search "leader:goita label:security_statement after:2022-11-01" --sort relevance
    """
    from tracker.cli import show as shown
    from tracker.models import shape

    with session(context).tracker() as tracker:
        found = tracker.archive.search(parsed(tracker, query).tree, sort=sort.value, limit=limit, cursor=cursor)
    if json:
        shown.as_json(shape.found(query, found))
        return
    shown.table(
        ("id", "published", "who", "labels", "said"),
        [shown.statement_row(one) for one in found.statements],
        "nothing found",
    )
    more = f"; go on with --cursor {found.next}" if found.next else ""
    typer.echo(f"{found.total:,}{' or more' if found.capped else ''} found{more}", err=True)


def show(context: typer.Context, statement: Key, json: Json = False) -> None:
    """One statement, with all that is understood of it and why.

    Example: tracker show 7hq2ka
    """
    from tracker.cli import explain
    from tracker.cli import show as shown
    from tracker.models import shape

    with session(context).tracker() as tracker:
        one = tracker.archive.statement(statement)
    if json:
        shown.as_json(shape.statement(one))
        return
    for words in explain.statement(one):
        shown.line(words)


def versions(context: typer.Context, statement: Key, json: Json = False) -> None:
    """Every version of a statement as it was observed, with what changed.

    Example: tracker versions 7hq2ka
    """
    from tracker.cli import explain
    from tracker.cli import show as shown
    from tracker.models.shape import instant

    with session(context).tracker() as tracker:
        found = tracker.archive.versions(statement)
    if json:
        shown.as_json(
            [
                {
                    "statement": v.statement,
                    "version": v.version,
                    "observed_at": instant(v.observed_at),
                    "title": v.title,
                    "text": v.text,
                    "hash": v.hash,
                    "edited_at": instant(v.edited_at),
                    "evidence": v.evidence_sha256,
                }
                for v in found
            ]
        )
        return
    for words in explain.versions(found):
        shown.line(words)


def visits(
    context: typer.Context,
    visitor: Annotated[str | None, typer.Option(help="A leader or a country.")] = None,
    host: Annotated[str | None, typer.Option(help="A leader or a country.")] = None,
    after: Annotated[str | None, typer.Option(help="From this day on.")] = None,
    before: Annotated[str | None, typer.Option(help="Before this day.")] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", "-n", min=1, help="At most so many; 50 in a table, else all.")
    ] = None,
    form: Annotated[
        VisitFormat,
        typer.Option("--format", help="csv has COLT's columns, plover is JSONL, ics a calendar."),
    ] = VisitFormat.table,
    output: Output = None,
    json: Json = False,
) -> None:
    """Who visits whom, where and when.

    Example: tracker visits --host Mali --after 2022-11-01 --format csv --output visits.csv
    """
    from tracker.cli import explain, exporting
    from tracker.cli import show as shown
    from tracker.cli.values import day, side

    form = VisitFormat.json if json else form
    if output and form is VisitFormat.table:
        raise UsageError("--output: a table is for the terminal; add --format csv, plover, ics or json")
    most = limit or (50 if form is VisitFormat.table else 1_000_000)
    with session(context).tracker() as tracker:
        found = tracker.archive.events(
            after=day("--after", after),
            before=day("--before", before),
            visitor=side(tracker.registry, "--visitor", visitor),
            host=side(tracker.registry, "--host", host),
            limit=most,
        )
        if form is not VisitFormat.table:
            with exporting.into(output) as target:
                exporting.visits(tracker, found, form, target)
            return
    shown.table(
        ("date", "visitor", "host", "place", "status", "told by"),
        [
            (
                one.day,
                explain.parties(one.visitors),
                explain.parties((one.host,)),
                one.place,
                one.status,
                ", ".join(one.statements),
            )
            for one in found
        ],
        "no visits",
    )


def quote(
    context: typer.Context,
    words: Annotated[str, typer.Argument(help="The words that somebody is said to have said.")],
    json: Json = False,
) -> None:
    """Did anybody we watch say these words? Who did: exact, truncated (…) or altered. Not found is an answer too: 0.

    Example: tracker quote "améliorer la sécurité de nos populations respectives"
    """
    from tracker.cli import quoting
    from tracker.cli import show as shown
    from tracker.models import shape

    with session(context).tracker() as tracker:
        found = list(quoting.find(tracker, words))
    if json:
        told = [
            {"verdict": verdict, "exact": exact, "statement": shape.statement(one)} for verdict, exact, one in found
        ]
        shown.as_json({"quote": words, "found": told})
        return
    shown.table(
        ("verdict", "id", "published", "who", "labels", "said"),
        [(verdict, *shown.statement_row(one)) for verdict, _, one in found],
        "not found in the archive: tracker coverage SOURCE says how well a source was watched",
    )


def export(
    context: typer.Context,
    query: Annotated[str, typer.Argument(help="In the query language; empty for everything.")] = "",
    form: Annotated[Format, typer.Option("--format", help="A JSON object a line, a table, or one document.")] = (
        Format.jsonl
    ),
    output: Output = None,
    json: Json = False,
) -> None:
    """Every statement that a query finds, as JSON lines or CSV.

    Example: tracker export "country:MLI after:2022-11-01" --format csv --output mali.csv
    """
    from tracker.cli import exporting

    form = Format.json if json else form
    with session(context).tracker() as tracker, exporting.into(output) as target:
        exporting.statements(tracker, query, form, target)
