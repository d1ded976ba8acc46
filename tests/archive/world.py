"""Sources, posts and readings for the archive's tests: nothing here is real."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tracker.archive import Archive
from tracker.models.registry import Speaker
from tracker.models.source import Claim, Evidence, Judged, Kept, Reading, Source
from tracker.models.statement import Classification, Label, Mention, Post, Words

T0 = datetime(2026, 11, 20, 12, tzinfo=UTC)
SPEAKER = Speaker("aminata-sow", "Aminata Sow", "xxx-president", "President", "SEN")


def source(name: str = "sow-feed", **more: Any) -> Source:
    options = {"url": f"https://{name}.example/feed"}
    return Source(**{"name": name, "kind": "feed", "options": options, "leader": "aminata-sow", **more})


def post(number: int, text: str = "Nous recevons le ministre", **more: Any) -> Post:
    written = {
        "external_id": str(number), "keys": (f"id:{number}", f"url:https://e.example/{number}"), "origin": "official",
        "speaker": SPEAKER, "publisher": None, "text": text, "hash": sha256(text.encode("utf-8", "replace")),
        "effective_at": T0 - timedelta(minutes=number), "published_at": T0 - timedelta(minutes=number),
    }  # fmt: skip
    return Post(**{**written, **more})


def understood(*labels: str, lang: str | None = "fr", **more: Any) -> Classification:
    words = (Words("text", "ministre", 18, 26),)
    named = tuple(Label(name, 0.9, words=words) for name in labels)
    mentions = (Mention("country", "MLI", words[0]),)
    plain = {"lang": lang, "classified": True, "version": "1", "labels": named, "mentions": mentions}
    return Classification(**{**plain, **more})


def judged(one: Post, *labels: str, **more: Any) -> Judged:
    return Judged(**{"verdict": "new", "reason": "test", "post": one, "classification": understood(*labels), **more})


def evidence(body: bytes, at: datetime = T0) -> Evidence:
    return Evidence("https://e.example/feed", {"accept": "*/*"}, 200, {"etag": '"1"'}, body, sha256(body), at)


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def reading(claim: Claim, *items: Judged, now: datetime = T0, body: bytes | None = None, **more: Any) -> Reading:
    state = replace(claim.state, first_read_at=claim.state.first_read_at or now, last_success_at=now, health="ok")
    state = replace(state, next_poll_at=now + timedelta(seconds=claim.source.every), interval=claim.source.every)
    seen = evidence(repr(items).encode("utf-8", "replace") if body is None else body, now)
    answers = ((seen, tuple(items)),) if items or body else ()
    outcome = "read" if answers else "unchanged"
    return Reading(
        **{"claim": claim, "state": state, "started_at": now, "finished_at": now, "outcome": outcome,
           "answers": answers, "items_seen": len(items), **more}
    )  # fmt: skip


def claim(archive: Archive, name: str = "sow-feed", now: datetime = T0) -> Claim:
    """The source, leased; made when it is not there."""
    if not archive.sources([name]):
        archive.sync_sources([*(status.source for status in archive.sources()), source(name)], now)
    return archive.claim_due(now, 1, 60.0, names=[name])[0]


def put(archive: Archive, *items: Judged, name: str = "sow-feed", now: datetime = T0, **more: Any) -> Kept:
    return archive.keep([reading(claim(archive, name, now), *items, now=now, **more)], now)[0]
