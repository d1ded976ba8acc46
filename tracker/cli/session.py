"""What commands share: options, the config folder with the Tracker on it, and values written in words."""

import asyncio
import os
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from tracker.errors import NotFound, UsageError
from tracker.text import near

if TYPE_CHECKING:
    from tracker.app import Tracker as Tracker
    from tracker.classify import Classifier
    from tracker.config import Settings
else:
    Tracker = Any  # imported when a command needs it: that takes a while

T = TypeVar("T")


def moment(written: str) -> datetime:
    """An instant as an option has it: a day is its first one in UTC."""
    found = None
    with suppress(ValueError):
        found = datetime.fromisoformat(written)
    if found is None or not 1000 < found.year < 9000:
        raise typer.BadParameter(f"{written!r} is not a day; write it as 2022-11-02")
    return found if found.tzinfo else found.replace(tzinfo=UTC)


Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output, and nothing else there.")]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, max=1000, help="At most so many.")]
Key = Annotated[str, typer.Argument(help="A statement's id, or the first six characters of it or more.")]
Words = Annotated[str, typer.Argument(help="In the query language; empty for everything.")]
By = Annotated[str, typer.Option(help="Who says so.", envvar="USER")]


class Session:
    """One call of `tracker`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def settings(self) -> "Settings":
        from tracker.config import load

        return load(self.folder, os.environ)

    def classifier(self) -> "Classifier":
        """The classifier on this config, or on the shipped one where there is no folder: it needs no archive."""
        from tracker.classify import Classifier
        from tracker.config import load, shipped

        settings = load(self.folder if self.folder.exists() else shipped(), os.environ)
        return Classifier.load(settings.registry, settings.taxonomy)

    @contextmanager
    def tracker(self) -> Iterator[Tracker]:
        """The Tracker on this config, closed at the end."""
        tracker = self._built()
        try:
            yield tracker
        finally:
            asyncio.run(tracker.close())

    def run(self, journey: Callable[[Tracker], Awaitable[T]], inline: bool) -> T:
        """Run one journey in an event loop of its own, and close what it made in the same loop."""

        async def whole() -> T:
            tracker = self._built(inline)
            try:
                return await journey(tracker)
            finally:
                await tracker.close()

        return asyncio.run(whole())

    def _built(self, inline: bool = True) -> Tracker:
        """A Tracker on this config. Says on standard error when it migrated the database."""
        from tracker.app import build

        tracker = build(self.settings(), inline=inline)
        if tracker.archive.migrated:
            before, after = tracker.archive.migrated
            typer.echo(f"database {tracker.archive.shown_url}: schema {before or 'none'} -> {after}", err=True)
        return tracker


def pick(what: str, name: str, known: Mapping[str, T], where: str = "") -> T:
    """The one of this name. NotFound tells the nearest name that there is."""
    if name in known:
        return known[name]
    raise NotFound(f"no {what} {name!r}{where}{near(name, known)}")


def file_of(words: str) -> Path | None:
    """The file that an argument names, if any. UsageError for a path that leads to none, and for no words at all."""
    if len(words) < 250 and Path(words).is_file():
        return Path(words)
    if re.fullmatch(r"[./~][\w./~-]*|[\w./~-]+\.[a-z]{2,5}", words):
        raise UsageError(f"{words}: there is no such file")
    if not words.strip():
        raise UsageError("it holds no words")
    return None
