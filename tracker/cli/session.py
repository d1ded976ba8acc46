"""What a command works with: the config folder, the Tracker on it, and a way to run a journey."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

if TYPE_CHECKING:
    from tracker.app import Tracker
    from tracker.config import Settings
    from tracker.models.query import Query

T = TypeVar("T")
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output, and nothing else there.")]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="At most so many.")]


class Session:
    """One call of `tracker`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def settings(self) -> Settings:
        from tracker.config import load

        return load(self.folder, os.environ)

    def lenient_settings(self) -> Settings:
        """The config, or the shipped one where there is no folder: for commands that need no archive."""
        from tracker.config import load, shipped

        return load(self.folder if self.folder.exists() else shipped(), os.environ)

    @contextmanager
    def tracker(self, *, inline: bool = False) -> Iterator[Tracker]:
        """The Tracker on this config, closed at the end. Says on standard error when it migrated the database."""
        from tracker.app import build

        tracker = build(self.settings(), inline=inline)
        try:
            if tracker.archive.migrated:
                before, after = tracker.archive.migrated
                typer.echo(f"database {tracker.archive.shown_url}: schema {before or 'none'} -> {after}", err=True)
            yield tracker
        finally:
            asyncio.run(tracker.close())

    def run(self, journey: Callable[[Tracker], Awaitable[T]], *, inline: bool = False) -> T:
        """Run one journey in an event loop of its own, and close what it made in the same loop."""
        from tracker.app import build

        async def whole() -> T:
            tracker = build(self.settings(), inline=inline)
            try:
                return await journey(tracker)
            finally:
                await tracker.close()

        return asyncio.run(whole())


def session(context: typer.Context) -> Session:
    found = context.obj
    assert isinstance(found, Session)  # noqa: S101  # `options` put it there
    return found


def parsed(tracker: Tracker, words: str) -> Query:
    """A query of the command line."""
    from tracker.decide.query import parse

    return parse(words, tracker.vocabulary)
