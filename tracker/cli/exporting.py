"""`export` and `visits --format`: all that matches, streamed, to standard output or into a file."""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from tracker.cli import show
from tracker.cli.session import parsed
from tracker.errors import UsageError
from tracker.models import shape
from tracker.models.visits import COLT, calendar, colt, plover

if TYPE_CHECKING:
    from tracker.app import Tracker
    from tracker.models.statement import Event, Statement

#: Statements, or visits, read at once.
BATCH = 500
#: What a spreadsheet takes for a formula, or what would be taken back for one of ours.
_ACTIVE = re.compile("'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
COLUMNS = (
    "id", "url", "source", "kind", "origin", "leader", "speaker", "office", "country", "publisher", "author", "lang",
    "published_at", "effective_at", "first_seen_at", "presence", "version", "labels", "title", "text",
)  # fmt: skip


def walk(tracker: Tracker, words: str, size: int = BATCH) -> Iterator[list[Statement]]:
    """Everything that a query finds, newest first; without one everything there is, in commit order."""
    if not words.strip():
        some = tracker.archive.each_statement(limit=size)
        while some:
            yield some
            some = tracker.archive.each_statement(some[-1].seq, limit=size)
        return
    tree, cursor = parsed(tracker, words).tree, None
    while True:
        found = tracker.archive.search(tree, limit=size, cursor=cursor)
        yield list(found.statements)
        cursor = found.next
        if cursor is None:
            return


@contextmanager
def into(path: Path | None) -> Iterator[TextIO]:
    """Standard output, or a file that is there whole or not at all."""
    if path is None:
        yield sys.stdout
        return
    part = path.with_name(path.name + ".part")
    try:
        with part.open("w", encoding="utf-8", newline="") as target:
            yield target
        part.replace(path)
    except OSError as error:
        raise UsageError(f"--output {path}: {error.strerror}") from None
    finally:
        part.unlink(missing_ok=True)


def statements(tracker: Tracker, words: str, form: str, target: TextIO) -> int:
    """Write every statement that a query finds; how many."""
    count = 0

    def each() -> Iterator[Statement]:
        nonlocal count
        for some in walk(tracker, words):
            count += len(some)
            yield from some

    if form == "csv":
        rows(COLUMNS, map(_row, each()), target)
    else:
        objects(map(shape.statement, each()), form == "json", target)
    return count


def visits(tracker: Tracker, found: list[Event], form: str, target: TextIO) -> None:
    """Write these visits, with the addresses of the statements that tell them."""
    registry = tracker.registry
    if form == "ics":
        target.write(calendar(found, registry, tracker.clock.now(), tracker.settings.web.public_url.rstrip("/")))
    elif form == "json":
        objects(map(shape.event, found), True, target)
    elif form == "csv":
        rows(COLT, _told(tracker, found, lambda event, urls: list(colt(event, registry, urls))), target)
    else:
        objects(_told(tracker, found, lambda event, urls: [plover(event, registry, urls)]), False, target)


def _told(
    tracker: Tracker, found: list[Event], form: Callable[[Event, Mapping[str, str | None]], list[dict[str, Any]]]
) -> Iterator[dict[str, Any]]:
    for start in range(0, len(found), BATCH):
        some = found[start : start + BATCH]
        ids = {one for event in some for one in event.statements}
        urls = {one.id: one.post.url for one in tracker.archive.statements(ids)}
        yield from chain.from_iterable(form(event, urls) for event in some)


def objects(values: Iterable[Any], whole: bool, target: TextIO) -> None:
    """JSON lines, or `whole` one JSON document."""
    first = True
    target.write("[\n" if whole else "")
    for value in values:
        target.write((",\n" if whole and not first else "") + show.json_line(value).rstrip("\n"))
        target.write("" if whole else "\n")
        first = False
    target.write(("" if first else "\n") + "]\n" if whole else "")


def rows(columns: Iterable[str], values: Iterable[Mapping[str, Any]], target: TextIO) -> None:
    """CSV (RFC 4180) that no spreadsheet runs: `'` goes before what begins like a formula."""
    writer = csv.writer(target)
    writer.writerow(columns)
    for value in values:
        writer.writerow([inert(cell) for cell in value.values()])


def inert(value: Any) -> str:
    """A cell that is text: `=1+1` becomes `'=1+1`, and `'=1+1` `''=1+1`, so that taking one `'` away undoes it."""
    written = "" if value is None else str(value)
    return f"'{written}" if _ACTIVE.match(written) else written


def _row(one: Statement) -> dict[str, Any]:
    said = shape.statement(one)
    speaker = said["speaker"] or {}
    said |= {"leader": speaker.get("leader"), "speaker": speaker.get("name")}
    said |= {"office": speaker.get("office"), "country": speaker.get("country")}
    said["labels"] = " ".join(f"{label.name}:{label.score:.2f}" for label in one.labels)
    return {column: said[column] for column in COLUMNS}
