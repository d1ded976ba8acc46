"""What is new, edited or the same, by keys, the strongest kind first; each post takes one statement at most.

A post is a known statement when it has

1. its id: whatever else changed (slug, title, date), it is that statement, edited if the words differ;
2. its link, under a new id or none: the same statement if the words are the same, or the title, or the day within one
   day; a link reused for other words on another day is a new statement;
3. its title and day (give or take one), under a new id and a new link: the same statement if the words are the same.
   With other words it is one only when it has neither id nor link: two communiqués of one day may share a title."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from difflib import SequenceMatcher
from typing import Literal

from tracker.models.source import Known, KnownItem
from tracker.models.statement import Post

Verdict = Literal["new", "edited", "same", "rekeyed"]
#: Words of a version that are compared at most: comparing costs the square of them.
COMPARED = 4000
_RANKS = (("id:", "words:"), ("url:",), ("day:",))
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a post is, why, and the id of the statement it is a state of (None for a new one). `rekeyed`: nothing to
    read changed, but keys came that are not kept yet."""

    verdict: Verdict
    reason: str
    post: Post
    statement: str | None = None


def compare(posts: Sequence[Post], known: Known) -> tuple[Judgement, ...]:
    """A judgement for each post, in their order."""
    if not known:
        return tuple(_new(post, known) for post in posts)
    kept_keys: defaultdict[str, set[str]] = defaultdict(set)
    for key, item in known.items():
        kept_keys[item.statement].add(key)
    judged: dict[int, Judgement] = {}
    taken: set[str] = set()
    for prefixes in _RANKS:
        for index, post in enumerate(posts):
            found = _candidates(post, prefixes, known) if index not in judged else ()
            for key, item in found:
                why = item.statement not in taken and _accept(post, key, item, kept_keys[item.statement])
                if why:
                    judged[index] = _judge(post, item, why, known)
                    taken.add(item.statement)
                    break
    return tuple(judged.get(index) or _new(post, known) for index, post in enumerate(posts))


def _candidates(post: Post, prefixes: tuple[str, ...], known: Known) -> Iterator[tuple[str, KnownItem]]:
    """What is kept under a key of this rank; under a title's day also what is kept under the days beside it."""
    for key in (*post.keys, f"words:{post.hash}"):
        stem, _, day = key.rpartition(":")
        beside = (-_DAY, _DAY) if day and key.startswith("day:") else ()
        for near in (key, *(f"{stem}:{date.fromisoformat(day) + step}" for step in beside)):
            if near in known and key.startswith(prefixes):
                yield key, known[near]


def _accept(post: Post, key: str, item: KnownItem, kept: set[str]) -> str | None:
    """Why this known statement is the post, None if it is not."""
    same_words = post.hash == item.hash
    if key.startswith(_RANKS[0]):
        return "known id" if key.startswith("id:") else "the same words"
    if key.startswith("day:"):
        if same_words:
            return "same title, day and words under a new id or link"
        alone = not _of(post.keys, "id:") and not _of(post.keys, "url:")
        return "same title and day, and nothing else to go by" if alone else None
    if same_words:
        return "same link and words"
    if {one.rpartition(":")[0] for one in _of(post.keys, "day:")}.intersection(one.rpartition(":")[0] for one in kept):
        return "same link and title"
    if post.published_at and item.published_at:
        return "same link and day" if abs(post.published_at - item.published_at) <= _DAY else None
    return None if _of(post.keys, "id:") and _of(kept, "id:") else "same link, and no other id"


def _of(keys: Collection[str], kind: str) -> list[str]:
    return [key for key in keys if key.startswith(kind)]


def _judge(post: Post, item: KnownItem, why: str, known: Known) -> Judgement:
    if post.hash != item.hash:
        return Judgement("edited", f"{why}, other words", post, item.statement)
    if any(key not in known for key in post.keys):
        return Judgement("rekeyed", f"{why}, a key more", post, item.statement)
    return Judgement("same", why, post, item.statement)


def changes(old: Sequence[str], new: Sequence[str]) -> list[tuple[Sequence[str], Sequence[str]]] | None:
    """What an edit took away and put there instead, run by run of words; where nothing changed the two are equal. None
    where there are too many words to compare."""
    if max(len(old), len(new)) > COMPARED:
        return None
    runs = SequenceMatcher(None, old, new).get_opcodes()
    return [(old[start:end], new[first:last]) for _, start, end, first, last in runs]


def _new(post: Post, known: Known) -> Judgement:
    """A new statement, without the keys that go on naming another one."""
    own = tuple(key for key in post.keys if key not in known)
    if own == post.keys:
        return Judgement("new", "nothing known by its keys", post)
    own = own or (f"words:{post.hash}",)
    return Judgement("new", "a link or title reused for other words", replace(post, keys=own))
