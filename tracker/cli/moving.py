"""The command that moves an archive to the other engine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from tracker.cli import show
from tracker.errors import UsageError


def migrate_database(
    source: Annotated[str, typer.Argument(metavar="FROM", help="The archive's URL, or env:NAME.")],
    target: Annotated[str, typer.Argument(metavar="TO", help="The URL of an empty database, or env:NAME.")],
) -> None:
    """Copy an archive from SQLite to PostgreSQL or back: every id stays, and both are compared at the end.

    Stop the daemon first; afterwards put the new URL into tracker.toml or TRACKER_DATABASE_URL.

    Example: tracker migrate-database sqlite:///archive.db env:NEW_DATABASE_URL
    """
    from contextlib import ExitStack, closing

    from tracker.archive import Archive
    from tracker.archive.copying import copy

    def told(table: str, done: int, total: int) -> None:
        typer.echo(f"{table}: {done:,} of {total:,}", err=True)

    urls = [os.environ.get(url[4:], "") if url.startswith("env:") else url for url in (source, target)]
    if urls[0].startswith("sqlite:///") and not Path(urls[0].removeprefix("sqlite:///")).is_file():
        raise UsageError(f"{urls[0]}: there is no such file")
    with ExitStack() as stack:
        old, new = (stack.enter_context(closing(Archive.open(url, worker="migrate-database"))) for url in urls)
        for archive in (old, new):
            stack.enter_context(archive.hold(f"tracker migrate-database, process {os.getpid()}"))
        copied = copy(old, new, told)
    show.line(f"{new.shown_url}: {copied['statements'][0]:,} statements, everything as in {old.shown_url}")


COMMANDS = (migrate_database,)
