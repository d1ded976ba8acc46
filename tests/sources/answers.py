"""Answers and sources for the tests of this room."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tracker.decide.compare import Judgement
from tracker.models.source import Draft, KnownItem, Page, PollState, Reply, Source
from tracker.sources import KINDS

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
FIXTURES = Path(__file__).parent / "fixtures"


def answer(
    body: bytes | str | Any, url: str = "https://presidence.example/feed", status: int = 200, **headers: str
) -> Reply:
    """An answer; anything but text or bytes is sent as JSON."""
    raw = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    return Reply(url, status, {name.replace("_", "-"): value for name, value in headers.items()}, raw, NOW)


def feed_source(**more: Any) -> Source:
    return Source("presidence", "feed", {"url": "https://presidence.example/feed"}, office="mli-president", **more)


def x_source(**options: Any) -> Source:
    return Source("goita-x", "x", {"handle": "GoitaAssimi", **options}, leader="assimi-goita")


def read_feed(body: bytes | str | Any, *, source: Source | None = None, **more: Any) -> Page:
    return KINDS["feed"].read(source or feed_source(), PollState(), answer(body, **more))


def rss(items: str, channel: str = "", root: str = 'rss version="2.0"') -> str:
    """An RSS document around some items."""
    namespaces = (
        ' xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:media="http://search.yahoo.com/mrss/" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'
    )
    head = f"<title>Présidence</title><link>https://presidence.example/</link>{channel}"
    return f'<?xml version="1.0" encoding="UTF-8"?><{root}{namespaces}><channel>{head}{items}</channel></rss>'


def keep(judged: Iterable[Judgement], known: dict[str, KnownItem] | None = None) -> dict[str, KnownItem]:
    """What an archive knows after it kept these: the first to name a key has it."""
    kept = dict(known or {})
    for number, found in enumerate(judged):
        name = found.statement or f"S{len(kept)}-{number}"
        item = KnownItem(name, found.post.hash, published_at=found.post.published_at)
        for key in found.post.keys:
            if key not in kept or kept[key].statement == name:
                kept[key] = item
        for key, other in kept.items():
            kept[key] = item if other.statement == name else other
    return kept


def one(body: bytes | str | Any, **more: Any) -> Draft:
    (draft,) = read_feed(body, **more).drafts
    return draft
