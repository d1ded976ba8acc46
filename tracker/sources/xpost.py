"""One post of the X API v2, in either spelling of its fields (tweet, post): text, versions, media, relations, time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from html import unescape
from typing import Literal

from tracker.errors import SourceBroken
from tracker.models.source import Draft
from tracker.models.statement import Media, Reference
from tracker.sources import dates, identity
from tracker.sources.shape import At

_RELATIONS: Mapping[str, Literal["reposts", "replies_to", "quotes"]] = {
    "retweeted": "reposts", "reposted": "reposts", "quoted": "quotes", "replied_to": "replies_to",
}  # fmt: skip
_UNKNOWN_LANGS = {"und", "zxx", "qme", "qam", "qct", "qht", "qst", "art"}
#: Below this an id tells no time: snowflakes began in November 2010, and simulators count from 1.
FIRST_SNOWFLAKE = 10**15
_EPOCH_MS = 1288834974657


def number(at: At) -> str:
    """An id of X, as text of up to 25 digits."""
    found = at.ident()
    if not found or not re.fullmatch("[0-9]{1,25}", found):
        raise SourceBroken(f"{at.path}: expected a number")
    return found


def included(includes: At) -> list[At]:
    """The posts that came along because a post refers to them."""
    return includes.first("tweets", "posts").list()


def drafts(posts: list[At], includes: At, handle: str) -> tuple[Draft, ...]:
    """One draft a post (of several versions of one post the latest). SourceBroken names a field of a wrong type."""
    media = {key: one for one in includes["media"].list() if (key := one["media_key"].text())}
    others = {number(post["id"]): post for post in included(includes)}
    latest = {_chain(post)[0]: post for post in sorted(posts, key=lambda post: int(number(post["id"])))}
    order = dict.fromkeys(_chain(post)[0] for post in posts)
    return tuple(_draft(latest[first], media, others, handle) for first in order)


def _chain(post: At) -> list[str]:
    """The ids of a post's versions, the first one first."""
    history = post.first("edit_history_tweet_ids", "edit_history_post_ids").list()
    return sorted({number(one) for one in (*history, post["id"])}, key=int)


def _draft(post: At, media: Mapping[str, At], others: Mapping[str, At], handle: str) -> Draft:
    own, chain, references = number(post["id"]), _chain(post), _references(post)
    reposted = next((one.external_id for one in references if one.type == "reposts"), None)
    shown = others.get(reposted or "", post)
    retweet = re.match(r"RT (@\w{1,15}):", post["text"].text() or "") if reposted else None
    stated, lang, begun = post["created_at"].text(), shown["lang"].text(), _snowflake(chain[0])
    created, assumed = dates.read(stated)
    published, is_edit = created, len(chain) > 1
    if is_edit and begun and created:  # an edit's created_at is the time of the edit
        published, assumed = min(begun, created), "from the id of its first version"
    elif begun and not created:
        assumed = "from the id"
    return Draft(
        external_id=chain[0],
        keys=tuple(identity.id_key(one) for one in chain),
        text=_text(shown),
        url=f"https://x.com/{handle}/status/{own}",
        lang=None if lang in _UNKNOWN_LANGS else lang,
        author=retweet[1] if retweet else None,
        published_stated=stated,
        published_at=published,
        published_inferred=assumed,
        inferred_at=None if published else begun,
        edited_stated=stated if is_edit else None,
        edited_at=(created or _snowflake(own)) if is_edit else None,
        media=tuple(_media(shown, media)) or (tuple(_media(post, media)) if shown is not post else ()),
        references=references,
        presence="withheld" if post["withheld"].here() else "live",
    )


def _snowflake(post: str) -> datetime | None:
    if not FIRST_SNOWFLAKE <= int(post) < 2**63:
        return None
    return datetime.fromtimestamp(((int(post) >> 22) + _EPOCH_MS) / 1000, UTC)


def _references(post: At) -> tuple[Reference, ...]:
    stated = post.first("referenced_tweets", "referenced_posts").list()
    found = ((_RELATIONS.get(one["type"].text() or ""), one["id"].ident()) for one in stated)
    return tuple(Reference(kind, key, f"https://x.com/i/status/{key}") for kind, key in found if kind and key)


def _text(post: At) -> str:
    """The whole text: long posts in full, short links expanded, links to the post's own media left out, unescaped."""
    note = post.first("note_tweet", "note_post")
    shown = note if note["text"].here() else post
    text = shown["text"].text() or ""
    for link in (*shown["entities"]["urls"].list(), *post["entities"]["urls"].list()):
        short, full = link["url"].text(), link.first("unwound_url", "expanded_url").text()
        if link["media_key"].here() or (link["display_url"].text() or "").startswith("pic."):
            full = ""
        if short and full is not None:
            text = re.sub(re.escape(short) + r"(?!\w)", full.replace("\\", r"\\"), text)
    return unescape(text).strip()


def _media(post: At, known: Mapping[str, At]) -> list[Media]:
    """The post's attachments: pictures as they are, of a video the variant with the most bits a second."""
    found = []
    keys = (key.text() or "" for key in post["attachments"]["media_keys"].list())
    for one in (known[key] for key in keys if key in known):
        films = [film for film in one["variants"].list() if identity.absolute(film["url"].text())]
        best = max(films, key=lambda film: film.first("bit_rate", "bitrate").number(), default=one)["url"].text()
        url = identity.absolute(one["url"].text() or best or one["preview_image_url"].text())
        found += [Media(one["type"].text() or "photo", url, alt=one["alt_text"].text())] if url else []
    return found
