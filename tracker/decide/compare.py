"""What is new, edited or the same, by keys, the strongest kind first; each post takes one statement at most.

A post is a known statement when it has

1. its id: whatever else changed (slug, title, date), it is that statement, edited if the words differ;
2. its link, under a new id or none: the same statement if the words are the same, or the title, or the day within one
   day; a link reused for other words on another day is a new statement;
3. its title and day (give or take one), under a new id and a new link: the same statement if the words are the same.
   With other words it is one only when it has neither id nor link: two communiqués of one day may share a title.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from tracker.models.source import Known, KnownItem
from tracker.models.statement import Post

Verdict = Literal["new", "edited", "same", "rekeyed"]
_RANKS = (("id:", "words:"), ("url:",), ("day:",))


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a post is, why, and the id of the statement it is a state of (None for a new one).

    `rekeyed`: nothing to read changed, but keys came that are not kept yet.
    """

    verdict: Verdict
    reason: str
    post: Post
    statement: str | None = None


def compare(posts: Sequence[Post], known: Known) -> tuple[Judgement, ...]:
    """A judgement for each post, in their order."""
    kept_keys: defaultdict[str, set[str]] = defaultdict(set)
    for key, item in known.items():
        kept_keys[item.statement].add(key)
    judged: dict[int, Judgement] = {}
    taken: set[str] = set()
    for prefixes in _RANKS:
        for index, post in enumerate(posts):
            if index in judged:
                continue
            for key, item in _candidates(post, prefixes, known):
                why = item.statement not in taken and _accept(post, key, item, kept_keys[item.statement])
                if why:
                    judged[index] = _judge(post, item, why, known)
                    taken.add(item.statement)
                    break
    return tuple(judged.get(index) or _new(post, known) for index, post in enumerate(posts))


def _candidates(post: Post, prefixes: tuple[str, ...], known: Known) -> Iterator[tuple[str, KnownItem]]:
    for key in (*post.keys, f"words:{post.hash}"):
        if key.startswith(prefixes):
            for near in _near(key):
                if near in known:
                    yield key, known[near]


def _near(key: str) -> Iterator[str]:
    """The key itself; for a title's day also the days beside it."""
    yield key
    stem, _, day = key.rpartition(":")
    if key.startswith("day:") and day:
        for step in (-1, 1):
            yield f"{stem}:{date.fromisoformat(day) + timedelta(days=step)}"


def _accept(post: Post, key: str, item: KnownItem, kept: set[str]) -> str | None:
    """Why this known statement is the post, None if it is not."""
    same_words = post.hash == item.hash
    if key.startswith(_RANKS[0]):
        return "known id" if key.startswith("id:") else "the same words"
    if key.startswith("url:"):
        return _accept_link(post, item, kept, same_words)
    if same_words:
        return "same title, day and words under a new id or link"
    alone = not any(one.startswith(("id:", "url:")) for one in post.keys)
    return "same title and day, and nothing else to go by" if alone else None


def _accept_link(post: Post, item: KnownItem, kept: set[str], same_words: bool) -> str | None:
    if same_words:
        return "same link and words"
    if _titles(post.keys) & _titles(kept):
        return "same link and title"
    if post.published_at and item.published_at:
        near = abs(post.published_at - item.published_at) <= timedelta(days=1)
        return "same link and day" if near else None
    other_id = any(one.startswith("id:") for one in post.keys) and any(one.startswith("id:") for one in kept)
    return None if other_id else "same link, and no other id"


def _titles(keys: Sequence[str] | set[str]) -> set[str]:
    return {key.rpartition(":")[0] for key in keys if key.startswith("day:")}


def _judge(post: Post, item: KnownItem, why: str, known: Known) -> Judgement:
    if post.hash != item.hash:
        return Judgement("edited", f"{why}, other words", post, item.statement)
    if any(key not in known for key in post.keys):
        return Judgement("rekeyed", f"{why}, a key more", post, item.statement)
    return Judgement("same", why, post, item.statement)


def _new(post: Post, known: Known) -> Judgement:
    """A new statement, without the keys that go on naming another one."""
    own = tuple(key for key in post.keys if key not in known)
    if own == post.keys:
        return Judgement("new", "nothing known by its keys", post)
    own = own or (f"words:{post.hash}",)
    return Judgement("new", "a link or title reused for other words", replace(post, keys=own))
