"""Commands that find: search, show, versions, visits, quote, export."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from itertools import pairwise
from operator import itemgetter
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from tracker import text
from tracker.cli import exporting
from tracker.cli import show as shown
from tracker.cli.session import Json, Key, Limit, Tracker, Words, file_of, moment
from tracker.cli.show import Answer
from tracker.errors import UsageError
from tracker.models import shape
from tracker.models.query import And, AnyFacet, Node, Or, Phrase
from tracker.models.statement import Statement

Sort = Annotated[Literal["date", "relevance"], typer.Option(help="Newest first, or best match first.")]
Cursor = Annotated[str | None, typer.Option(help="Where the last page ended (its `next`).")]
Side = Annotated[str | None, typer.Option(help="A leader or a country.")]
After = Annotated[datetime | None, typer.Option(parser=moment, metavar="DAY", help="From this day on.")]
Before = Annotated[datetime | None, typer.Option(parser=moment, metavar="DAY", help="Before this day.")]
Most = Annotated[int | None, typer.Option("--limit", "-n", min=1, help="At most so many; 50 in a table, else all.")]
VisitFormat = Annotated[
    Literal["table", "csv", "plover", "ics", "json"],
    typer.Option("--format", help="csv has COLT's columns, plover is JSONL, ics a calendar."),
]
Format = Annotated[
    Literal["jsonl", "csv", "json"], typer.Option("--format", help="A JSON object a line, a table, or one document.")
]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="Into this file, whole or not at all.")]

#: Words in a row by which a quoted statement is looked up, how many such rows at most, and statements compared.
ROW, ROWS, COMPARED = 4, 60, 50
_MARKS = str.maketrans(dict.fromkeys('«»“”„"‹›「」', " "))
#: What is told of words that are found, and their version in a table; of an earlier one, until when it was seen.
_FOUND = ("verdict", "exact", "version", "until", "statement")
_VERSION = ("version", lambda x: f"{x['version']}, until {shown.cell(x['until'])}" if x["until"] else x["version"])


def search(
    tracker: Tracker, query: Words = "", sort: Sort = "date", limit: Limit = 20, cursor: Cursor = None
) -> Answer:
    """Find statements.
    Example: tracker search "leader:goita label:security_statement after:2022-11-01" --sort relevance"""
    page = tracker.archive.search(tracker.parsed(query), sort=sort, limit=limit, cursor=cursor)
    found, more = shape.found(query, page), f"; go on with --cursor {page.next}" if page.next else ""
    table = shown.Table(found["statements"], shown.STATEMENT, "nothing found")
    return Answer(found, [table], [f"{page.total:,}{' or more' if page.capped else ''} found{more}"])


def show(tracker: Tracker, statement: Key) -> Answer:
    """One statement, with all that is understood of it and why.
    Example: tracker show 7hq2ka"""
    one = shape.statement(tracker.archive.statement(statement))
    return Answer(one, shown.told("statement", one))


def versions(tracker: Tracker, statement: Key) -> Answer:
    """Every version of a statement as it was observed, with what changed.
    Example: tracker versions 7hq2ka"""
    found = tracker.archive.versions(statement)
    return Answer([{"evidence": one.evidence_sha256, **asdict(one)} for one in found], shown.versions(found))


def visits(
    tracker: Tracker, visitor: Side = None, host: Side = None, after: After = None, before: Before = None,
    limit: Most = None, form: VisitFormat = "table", output: Output = None, json: Json = False,
) -> Answer | None:  # fmt: skip
    """Who visits whom, where and when.
    Example: tracker visits --host Mali --after 2022-11-01 --format csv --output visits.csv"""
    form = "json" if json else form
    if output and form == "table":
        raise UsageError("--output: a table is for the terminal; add --format csv, plover, ics or json")
    sides, most = tracker.sides(visitor=visitor, host=host), limit or (50 if form == "table" else 1_000_000)
    found = tracker.archive.events(after=after, before=before, sides=sides, limit=most)
    if form != "table":
        with exporting.into(output) as target:
            exporting.visits(tracker, found, form, target)
        return None
    columns = (
        "date", ("visitor", lambda one: shown.parties(one["visitor"])),
        ("host", lambda one: shown.parties([one["host"]])), "place", "status",
        ("statements", lambda one: one["statements"] if len(one["statements"]) < 5 else [*one["statements"][:3], "…"]),
    )  # fmt: skip
    return shown.rows(list(map(shape.event, found)), columns, "no visits")


def quote(
    tracker: Tracker, words: Annotated[str, typer.Argument(metavar="WORDS|REPORT|FILE", help="No id: the text itself")]
) -> Answer:
    """Did anybody we watch say these words, now or in an earlier version? Who did: exact, truncated (…) or altered.
    Of a report, each quotation; `unattributed`: it gives one to a leader who said so in nothing that we keep;
    `misattributed`: to one although another said it.
    Example: tracker quote "améliorer la sécurité de nos populations respectives" """
    from tracker.classify import quotes

    file = file_of(words)
    report = file.read_text(encoding="utf-8", errors="replace") if file else words
    if file or any(len(said.exact) + 4 < len(words.strip()) for said, _ in quotes.attributed(words, ())):
        quoted = list(_quoted(tracker, report))
        columns = (
            "verdict", "exact", ("given to", itemgetter("leader")),
            ("said by", lambda one: one["statement"] and shown.who(one["statement"])),
            ("statement", lambda one: one["statement"] and one["statement"]["id"]), _VERSION,
        )  # fmt: skip
        return Answer({"report": words, "quotations": quoted}, [shown.Table(quoted, columns, "no quotation in it")])
    found = [one | {"statement": shape.statement(one["statement"])} for one in _said(tracker, words)]
    nobody = "not found in the archive: tracker coverage SOURCE says how well a source was watched"
    told = shown.Table([one["statement"] | one for one in found], ("verdict", *shown.STATEMENT, _VERSION), nobody)
    return Answer({"quote": words, "found": found}, [told])


def _quoted(tracker: Tracker, report: str) -> Iterator[dict[str, Any]]:
    """Each quotation of a report: whose it is said to be, and which official statement has the words, his own first."""
    from tracker.classify import Classifier, Utterance, quotes

    classifier = Classifier.load(tracker.registry, tracker.settings.taxonomy)
    mentions = classifier.classify([Utterance(report, origin="report")])[0].mentions
    for said, leader in quotes.attributed(report, mentions):
        official = [one for one in _said(tracker, said.exact) if one["statement"].post.origin == "official"]
        nobody = dict[str, Any].fromkeys(_FOUND) | {"verdict": "unattributed" if leader else None}
        found = min(official, key=lambda one: one["statement"].post.speaker.leader != leader, default=nobody)
        if one := found["statement"]:
            another = leader not in (None, one.post.speaker.leader)
            found |= {"statement": shape.statement(one)} | ({"verdict": "misattributed"} if another else {})
        yield asdict(said) | found | {"exact": said.exact, "leader": leader}


def _said(tracker: Tracker, words: str) -> Iterator[dict[str, Any]]:
    """Statements that have the words, or had them in an earlier version, word for word ones first: the verdict, the
    words that were found, the version and until when it was seen. `exact` is said of all the words."""
    from tracker.classify import quotes

    surface = tuple(text.tokens(words, query=True))
    if not surface:
        return
    exact = {one.id: one for one in _search(tracker, Phrase(surface))}
    yield from (dict(zip(_FOUND, ("exact", words, one.version, None, one), strict=True)) for one in exact.values())
    rows = [Phrase(surface[at : at + ROW]) for at in range(max(len(surface) - ROW + 1, 0))][:ROWS]
    marked = f"“{words.translate(_MARKS)}”"  # marks inside would end it
    near = tracker.archive.quoted(quotes.fingerprints(marked)) + (_search(tracker, Or(tuple(rows))) if rows else [])
    texts, best = list[tuple[str, int, str | None, Statement]](), dict[str, dict[str, Any]]()
    for one in {one.id: one for one in near if one.id not in exact}.values():
        texts.append((one.post.text, one.version, None, one))
        earlier = pairwise(tracker.archive.versions(one.id) if one.version > 1 else ())
        texts += [(old.text, old.version, shape.instant(new.observed_at), one) for old, new in earlier][::-1]
    told = list[dict[str, Any]]()
    for found in quotes.find(None, marked, [(str(at), it) for at, (it, *_) in enumerate(texts)]):
        whole = len(text.tokens(found.words.exact, query=True)) >= len(surface)
        _, version, until, one = texts[int(found.statement)]
        values = (found.verdict if whole else "altered", found.words.exact, version, until, one)
        told.append(dict(zip(_FOUND, values, strict=True)))
    for each in sorted(told, key=lambda one: ("exact", "truncated", "altered").index(one["verdict"])):
        best.setdefault(each["statement"].id, each)
    yield from best.values()


def _search(tracker: Tracker, tree: Node) -> list[Statement]:
    every = AnyFacet(("all:all",))  # an official statement and a report alike
    return list(tracker.archive.search(And((every, tree)), sort="relevance", limit=COMPARED).statements)


def export(
    tracker: Tracker, query: Words = "", form: Format = "jsonl", output: Output = None, json: Json = False
) -> None:
    """Every statement that a query finds, as JSON lines or CSV.
    Example: tracker export "country:MLI after:2022-11-01" --format csv --output mali.csv"""
    with exporting.into(output) as target:
        exporting.statements(tracker, query, "json" if json else form, target)
