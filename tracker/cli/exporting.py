"""`export` and `visits --format`: all that matches, streamed, to standard output or into a file."""

import csv
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, TextIO

from tracker.cli import show
from tracker.cli.session import Tracker
from tracker.errors import UsageError
from tracker.models import shape
from tracker.models.statement import Event, Statement
from tracker.models.visits import COLT, calendar, colt, plover

#: Statements read at once.
BATCH = 500
#: What a spreadsheet takes for a formula, or what would be taken back for one of ours.
_ACTIVE = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")
COLUMNS = (
    "id", "url", "source", "kind", "origin", "leader", "speaker", "office", "country", "publisher", "author", "lang",
    "published_at", "effective_at", "first_seen_at", "presence", "version", "labels", "title", "text",
)  # fmt: skip


def walk(tracker: Tracker, words: str, size: int = BATCH) -> Iterator[list[Statement]]:
    """Everything that a query finds, newest first; without one everything there is, in commit order."""
    if not words.strip():
        last = 0
        while some := tracker.archive.each_statement(last, limit=size):
            yield some
            last = some[-1].seq
        return
    tree, cursor = tracker.parsed(words), None
    while (found := tracker.archive.search(tree, limit=size, cursor=cursor)).statements:
        yield list(found.statements)
        cursor = found.next
        if cursor is None:
            return


@contextmanager
def into(path: Path | None) -> Iterator[TextIO]:
    """Standard output, or a file that is there whole or not at all."""
    if path is None:
        yield show.exact(sys.stdout)
        return
    whole = path.is_file() or not path.exists()  # a device or a pipe is written to, not replaced
    part = path.with_name(path.name + ".part") if whole else path
    try:
        with part.open("w", encoding="utf-8", newline="") as target:
            yield target
        part.replace(path)
    except OSError as error:
        raise UsageError(f"--output {path}: {error.strerror}") from None
    finally:
        if part != path:
            part.unlink(missing_ok=True)


def statements(tracker: Tracker, words: str, form: str, target: TextIO) -> None:
    """Write every statement that a query finds, as csv, jsonl or one json document."""
    found = chain.from_iterable(walk(tracker, words))
    if form == "csv":
        _rows(COLUMNS, map(_row, found), target)
        return
    lines: Iterable[str] = map(show.written, map(shape.statement, found))
    if form == "json":
        lines = chain("[", ("," * bool(number) + line for number, line in enumerate(lines)), ["]\n"])
    target.writelines(lines)


def visits(tracker: Tracker, found: list[Event], form: str, target: TextIO) -> None:
    """Write these visits, with the addresses of the statements that tell them."""
    registry = tracker.registry
    if form == "ics":
        target.write(calendar(found, registry, tracker.clock.now(), tracker.settings.web.public_url.rstrip("/")))
    elif form == "json":
        target.write(show.written([shape.event(one) for one in found], 2))
    else:
        told = tracker.archive.statements({one for event in found for one in event.statements})
        urls = {one.id: one.post.url for one in told}
        if form == "csv":
            _rows(COLT, (row for event in found for row in colt(event, registry, urls)), target)
        else:
            target.writelines(show.written(plover(event, registry, urls)) for event in found)


def _rows(columns: Iterable[str], values: Iterable[Mapping[str, Any]], target: TextIO) -> None:
    """CSV as RFC 4180 has it."""
    writer = csv.writer(target)
    writer.writerow(columns)
    writer.writerows(map(inert, value.values()) for value in values)


def inert(value: Any) -> str:
    """A cell that is text: `=1+1` becomes `'=1+1`, and `'=1+1` `''=1+1`, so that taking one `'` away undoes it."""
    written = "" if value is None else str(value)
    return f"'{written}" if _ACTIVE.match(written) else written


def _row(one: Statement) -> dict[str, Any]:
    said = shape.statement(one)
    who = said["speaker"] or {}
    said |= who | {"speaker": who.get("name"), "labels": " ".join(f"{x.name}:{x.score:.2f}" for x in one.labels)}
    return {column: said.get(column) for column in COLUMNS}
