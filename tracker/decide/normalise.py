"""Drafts made posts: clean text, checked dates, the speaker of that day, keys that identify one item only, a hash. The
hash is over what a reader sees: title and text, NFC, white space made one space, and addresses without what follows `?`
or `#`. Media, markup, white space and changing tokens in links are therefore no edit."""

import re
import unicodedata
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import cast

from tracker import text
from tracker.models.registry import Registry
from tracker.models.source import Draft, Page, Source
from tracker.models.statement import Media, Post, Presence

#: A date further ahead of our clock is impossible, not early.
AHEAD = timedelta(days=1)
_ADDRESS = re.compile(r"https?://\S+")


def posts(source: Source, page: Page, registry: Registry, now: datetime) -> tuple[Post, ...]:
    """The posts of a page in its order. An item that is there twice is taken once; a key that two items share
    identifies neither. A post that is left without a key is known by its words."""
    found: dict[tuple[tuple[str, ...], str], Post] = {}
    for post in (_post(source, draft, registry, now) for draft in page.drafts):
        undated = tuple(key for key in post.keys if not key.startswith("day:"))
        found.setdefault((undated or post.keys, post.hash), post)
    seen = Counter(key for post in found.values() for key in set(post.keys))
    unique: dict[tuple[str, ...], Post] = {}
    for post in found.values():
        keys = tuple(dict.fromkeys(key for key in post.keys if seen[key] == 1)) or (f"words:{post.hash}",)
        unique.setdefault(keys, post if keys == post.keys else replace(post, keys=keys))
    return tuple(unique.values())


def _post(source: Source, draft: Draft, registry: Registry, now: datetime) -> Post:
    published, effective, inferred = _when(draft, now)
    title, body = _clean(draft.title), text.clean(draft.text)
    lang = re.match(r"[a-z]{2,3}(?=$|[-_])", (draft.lang or "").strip().lower())  # `fr` of `fr-FR`
    return Post(
        external_id=text.clean(draft.external_id), keys=tuple(text.clean(key) for key in draft.keys),
        origin=source.origin, speaker=registry.speaker(source.leader, source.office, effective.date()),
        publisher=source.publisher, text=body, hash=content_hash(title, body), effective_at=effective, title=title,
        url=_clean(draft.url), author=_clean(draft.author), lang=lang[0] if lang else source.lang,
        published_at=published, published_stated=_clean(draft.published_stated), published_inferred=inferred,
        edited_at=draft.edited_at if draft.edited_at and effective < draft.edited_at <= now + AHEAD else None,
        media=tuple(Media(one.type, text.clean(one.url), _clean(one.alt), one.sha256) for one in draft.media),
        references=draft.references, presence=cast(Presence, draft.presence),
    )  # fmt: skip


def content_hash(title: str | None, body: str) -> str:
    """SHA-256 over the words of a title and a text, as the module says."""
    words = f"{text.squeeze(title or '')}\n{text.squeeze(body)}"
    if "://" in words:
        words = _ADDRESS.sub(lambda found: re.split(r"[?#]", found[0], maxsplit=1)[0], words)
    return sha256(unicodedata.normalize("NFC", words).encode()).hexdigest()


def _when(draft: Draft, now: datetime) -> tuple[datetime | None, datetime, str | None]:
    """(published, effective, what was inferred). A stated date too far ahead is impossible; one a little ahead counts
    from when it was seen."""
    published = draft.published_at
    if published and published <= now:
        return published, published, draft.published_inferred
    if published and published <= now + AHEAD:
        return published, now, "first seen: the stated time is ahead of our clock"
    if draft.inferred_at and draft.inferred_at <= now:
        return None, draft.inferred_at, draft.published_inferred
    if published:
        return None, now, "first seen: the stated date is in the future"
    return None, now, f"first seen: {'the stated date is impossible' if draft.published_stated else 'no date'}"


def _clean(raw: str | None) -> str | None:
    return text.clean(raw).strip() or None if raw else None
