"""How values are shown in a terminal: tables, lines, templates and JSON, with everything from outside made inert."""

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from io import TextIOWrapper
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple, Self, TextIO

import typer

from tracker.decide import compare
from tracker.models.shape import instant
from tracker.models.statement import Version
from tracker.models.telling import Delivered
from tracker.text import shorten, visible

if TYPE_CHECKING:
    from jinja2 import Environment

#: A value in its public JSON shape.
Shape = Mapping[str, Any]
#: Columns of a table: keys of its rows, or a title and a function of a row.
Columns = Sequence[str | tuple[str, Callable[[Any], Any]]]


class Table(NamedTuple):
    """What a table shows, and the line that says that there is nothing."""

    rows: Iterable[Shape]
    columns: Columns
    empty: str


#: Characters that a terminal may act on or that UTF-8 does not have; inside a JSON string they are escaped.
_ACTIVE = re.compile("[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


class Answer(NamedTuple):
    """What a command found: one value, the lines and tables that say it, and notes for standard error."""

    value: Any
    parts: Iterable[str | Table]
    notes: Iterable[str] = ()
    failed: bool = False

    def printed(self, json: bool) -> Self:
        if json:
            exact(sys.stdout).write(written(self.value, 2))
        for part in () if json else self.parts:
            line(part) if isinstance(part, str) else _draw(part)
        for note in self.notes:
            typer.echo(note, err=True)
        return self


def rows(found: Sequence[Shape], columns: Columns, empty: str) -> Answer:
    """Rows as one JSON list, or else as a table."""
    return Answer(found, [Table(found, columns, empty)])


def exact(stream: TextIO) -> TextIO:
    """Standard input or output for programs: UTF-8, whatever the locale."""
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(encoding="utf-8", errors="surrogateescape")
    return stream


def written(value: Any, indent: int | None = None) -> str:
    """One JSON value in UTF-8 and an end of line, with what a terminal may act on escaped; times in ISO form."""
    said = json.dumps(value, ensure_ascii=False, indent=indent, default=_moment)
    return _ACTIVE.sub(lambda found: f"\\u{ord(found.group()):04x}", said) + "\n"


def _moment(value: Any) -> str | None:
    return instant(value) if isinstance(value, datetime) else str(value.isoformat())


@contextmanager
def progress(what: str, total: int | None) -> Iterator[Callable[..., None]]:
    """A bar on standard error, gone at the end; call it for each one that is done, or with how many are."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    parts = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*parts, console=Console(file=sys.stderr), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done=1: bar.advance(task, done)


def line(words: str) -> None:
    """Print one line of our own words with what it quotes made inert."""
    sys.stdout.write(visible(words) + "\n")


def _draw(table: Table) -> None:
    """A table, or one line where there is nothing to show. `last_poll_at` is shown under `last poll`."""
    from rich.console import Console
    from rich.table import Table as Grid
    from rich.text import Text

    grid = Grid(box=None, pad_edge=False, header_style="bold")
    columns = [
        (key.removesuffix("_at").replace("_", " "), itemgetter(key)) if isinstance(key, str) else key
        for key in table.columns
    ]
    for title, _ in columns:
        grid.add_column(title, overflow="fold")
    for row in table.rows:
        grid.add_row(*(Text(cell(value(row))) for _, value in columns))
    if grid.row_count:
        wide = None if sys.stdout.isatty() else 10_000  # a row a line for whoever reads it from a pipe
        Console(highlight=False, soft_wrap=False, width=wide).print(grid)
    else:
        line(table.empty)


def cell(value: Any) -> str:
    """One value of a table; a list is joined, an instant shown to the minute."""
    if value is None:
        return "-"
    if isinstance(value, list | tuple):
        return ", ".join(map(cell, value))
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        return value[:16].replace("T", " ")
    return visible(str(value), keep="")


def who(one: Shape) -> str:
    """Whose words a statement is: the speaker's, else the office's, else the publisher's or the source's."""
    speaker = one["speaker"] or {}
    return str(speaker.get("name") or speaker.get("office") or one["publisher"] or one["source"])


def said(one: Shape) -> str:
    """The beginning of a statement, in one line."""
    return shorten(f"{one['title'] or ''} {one['text']}", 120)


def deliveries(delivered: Iterable[Delivered]) -> list[dict[str, Any]]:
    """What became of attempts to deliver, in the public shape."""
    return [
        {"receiver": one.delivery.notification.receiver, "recipient": one.delivery.recipient,
         "state": one.state, "reason": one.reason}
        for one in delivered
    ]  # fmt: skip


def delivery(one: Shape) -> str:
    return f"{one['receiver']} {one['recipient']}: {one['state']}" + (f": {one['reason']}" if one["reason"] else "")


def told(name: str, one: Shape) -> list[str]:
    """What the template of this name says of a value: "statement", "classification" or "labels"."""
    return [_templates().get_template(f"{name}.txt").render(one=one).removesuffix("\n")]


@cache
def _templates() -> "Environment":
    from jinja2 import Environment, PackageLoader  # late: most commands print tables

    lines = Environment(loader=PackageLoader("tracker.cli"), trim_blocks=True, lstrip_blocks=True)  # noqa: S701  # text
    lines.filters |= {"parties": parties, "second": lambda instant: f"{instant[:19].replace('T', ' ')} UTC"}
    return lines


def parties(sides: Sequence[Shape]) -> str:
    return ", ".join(f"{side['name'] or side['leader'] or '?'} ({side['country'] or '?'})" for side in sides) or "?"


def versions(found: Sequence[Version]) -> Iterator[str]:
    before: str | None = None
    for one in found:
        said = "\n".join(filter(None, (one.title, one.text)))
        yield f"version {one.version}, observed {one.observed_at:%Y-%m-%d %H:%M:%S} UTC, SHA-256 {one.hash}"
        yield (said if before is None else _changes(before.split(), said.split())) + "\n"
        before = said


def _changes(old: list[str], new: list[str]) -> str:
    """The words that went [-so-] and came {+so+}; the new words alone where there are too many to compare."""
    told: list[str] = []
    for gone, come in compare.changes(old, new) or [(new, new)]:
        if gone == come:
            told += come
            continue
        told += [f"[-{' '.join(gone)}-]"] if gone else []
        told += ["{+" + " ".join(come) + "+}"] if come else []
    return " ".join(told)


#: A statement as a row.
STATEMENT: Columns = (
    "id", ("published", itemgetter("effective_at")), ("who", who),
    ("labels", lambda one: [label["name"] for label in one["labels"]]), ("said", said),
)  # fmt: skip
