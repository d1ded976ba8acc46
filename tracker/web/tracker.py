"""What the pages need of the wired tracker, as a protocol, and the one way they search it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Protocol

from fastapi import Depends, Query, Request

from tracker import text
from tracker.archive import Archive
from tracker.decide import query
from tracker.decide.query import Vocabulary
from tracker.models.registry import Registry
from tracker.models.statement import Found

Sort = Literal["date", "relevance"]
Text = Annotated[str, Query(max_length=1000, description="A query; empty means everything")]
Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=300)]
Side = Annotated[str | None, Query(max_length=100, description="A leader's id or a country's code")]


class Tracker(Protocol):
    """The wired tracker: app.Tracker is the real one. `settings` are config's; `health()` has ok, problems, detail."""

    settings: Any
    clock: Any

    @property
    def archive(self) -> Archive: ...
    @property
    def registry(self) -> Registry: ...
    @property
    def label_titles(self) -> Mapping[str, str]: ...
    @property
    def vocabulary(self) -> Vocabulary: ...
    @property
    def version(self) -> str: ...
    def health(self) -> Any: ...


async def tracker_of(request: Request) -> Tracker:
    """The tracker this app was made for."""
    tracker: Tracker = request.app.state.tracker
    return tracker


Its = Annotated[Tracker, Depends(tracker_of)]


def find(its: Tracker, words: str, sort: Sort = "date", limit: int = 50, cursor: str | None = None) -> Found:
    """One page of what a query finds; QueryError with its column."""
    tree = query.parse(text.clean(words), its.vocabulary).tree
    return its.archive.search(tree, sort=sort, limit=limit, cursor=cursor or None)


def root(request: Request, its: Tracker) -> str:
    """What our absolute addresses begin with: `public_url`, else the address that was asked."""
    asked: str = its.settings.web.public_url or str(request.base_url)
    return asked.rstrip("/")
