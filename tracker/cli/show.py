"""How values are shown in a terminal: tables and JSON, with everything from outside made inert."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from tracker import text
from tracker.models.shape import instant
from tracker.models.statement import Statement

#: Characters that a terminal may act on or that UTF-8 does not have; inside a JSON string they are escaped.
_ACTIVE = re.compile("[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def as_json(value: Any) -> None:
    """Print one JSON document in UTF-8."""
    sys.stdout.write(written(value, 2) + "\n")


def json_line(value: Any) -> str:
    """One JSON value on one line, as JSONL has it."""
    return written(value, None) + "\n"


def written(value: Any, indent: int | None) -> str:
    """JSON in UTF-8, with what a terminal may act on escaped; dates and times in ISO form."""
    said = json.dumps(value, ensure_ascii=False, indent=indent, default=_moment)
    return _ACTIVE.sub(lambda found: f"\\u{ord(found.group()):04x}", said)


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
    sys.stdout.write(text.visible(words) + "\n")


def table(titles: Sequence[str], rows: Iterable[Sequence[Any]], empty: str) -> None:
    """A table, or one line where there is nothing to show."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, pad_edge=False, header_style="bold")
    for title in titles:
        grid.add_column(title, overflow="fold")
    for row in rows:
        grid.add_row(*(Text(cell(value)) for value in row))
    if grid.row_count:
        wide = None if sys.stdout.isatty() else 10_000  # a row a line for whoever reads it from a pipe
        Console(highlight=False, soft_wrap=False, width=wide).print(grid)
    else:
        line(empty)


def cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        return value[:16].replace("T", " ")
    return text.visible(str(value), keep="")


def statement_row(one: Statement) -> tuple[Any, ...]:
    who = one.post.speaker.name or one.post.publisher or one.source
    said = text.squeeze(f"{one.post.title or ''} {one.post.text}".strip())
    return one.id, one.post.effective_at, who, ", ".join(label.name for label in one.labels), shorten(said, 120)


def shorten(words: str, width: int) -> str:
    return words if len(words) <= width else words[: width - 1].rsplit(" ", 1)[0] + "…"
