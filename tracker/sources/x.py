"""X API v2: one account's posts, newest first, from where the last poll ended, in both spellings (tweet, post). The
account's number is looked up once (a handle may change hands), then its timeline is paged with `since_id`, which moves
only when the last page was read: an interrupted poll loses nothing and goes on where it was. Replies and reposts are
included: who asks "did this account ever say that?" means them, too. The first poll reads what X still gives (up to
3,200 posts, billed per post): `max_pages` bounds it."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any, Literal
from urllib.parse import parse_qs, urlencode, urlsplit

from pydantic import Field, field_validator

from tracker.errors import SourceBroken, SourceError, SourceGone, SourceRefused, SourceThrottled
from tracker.models.source import Draft, Page, PollState, Reply, Request, Source
from tracker.models.statement import Media, Reference
from tracker.sources import dates, identity
from tracker.sources.kind import Strict, WebAddress
from tracker.sources.shape import At, complaint, load

_FIELDS = {
    "tweet.fields": "created_at,lang,entities,attachments,referenced_tweets,conversation_id,in_reply_to_user_id,"
    "edit_controls,edit_history_tweet_ids,note_tweet,withheld",
    "expansions": "attachments.media_keys,referenced_tweets.id",
    "media.fields": "type,url,preview_image_url,alt_text,variants",
}

_RELATIONS: Mapping[str, Literal["reposts", "replies_to", "quotes"]] = {
    "retweeted": "reposts", "reposted": "reposts", "quoted": "quotes", "replied_to": "replies_to",
}  # fmt: skip
_UNKNOWN_LANGS = {"und", "zxx", "qme", "qam", "qct", "qht", "qst", "art"}
#: X gives no fewer posts a page.
LEAST = 5
#: Below this an id tells no time: snowflakes began in November 2010, and simulators count from 1.
FIRST_SNOWFLAKE = 10**15
_EPOCH_MS = 1288834974657
#: An edit comes within an hour; an id that is of another day is a simulator's, and tells no time.
LONGEST_EDITED = timedelta(days=1)


class Options(Strict):
    """`handle`: the account; `base_url`: where the API is, before `/2/…`; `replies`, `retweets`: whether to keep them;
    `max_pages`: pages of 100 posts a poll may read."""

    handle: str
    base_url: WebAddress = "https://api.x.com"
    replies: bool = True
    retweets: bool = True
    max_pages: int = Field(default=50, ge=1, le=50)

    @field_validator("handle")
    @classmethod
    def _account(cls, handle: str) -> str:
        if not re.fullmatch(r"@?[A-Za-z0-9_]{1,15}", handle):
            raise ValueError("must be an X handle: 1 to 15 letters, digits or underscores")
        return handle.removeprefix("@")


def ask(source: Source, state: PollState) -> Request:
    """The look-up of the account when its number is not known yet (or the handle changed), else the first page."""
    options = _options(source)
    if _is_known(state.cursor, options):
        return _timeline(source, state.cursor, None)
    return _request(source, f"by/username/{options.handle}")


def _options(source: Source) -> Options:
    return Options.model_validate(dict(source.options))


def _is_known(cursor: Mapping[str, Any], options: Options) -> bool:
    return bool(cursor.get("user_id")) and str(cursor.get("handle", "")).lower() == options.handle.lower()


def _request(source: Source, path: str) -> Request:
    url = f"{_options(source).base_url.rstrip('/')}/2/users/{path}"
    return Request(url, headers={"Accept": "application/json"}, secrets=source.secrets, conditional=False)


def limited(request: Request, reads: int) -> Request | None:
    """The request for what costs no more than so many reads, counting a post that each post may refer to; None where
    even the least page of X could cost more. A look-up is no read."""
    posts = min(100, reads // 2)
    asked = replace(request, url=re.sub("max_results=[0-9]+", f"max_results={posts}", request.url))
    return asked if posts >= LEAST or "/by/username/" in request.url else None


def _timeline(source: Source, cursor: Mapping[str, Any], token: str | None) -> Request:
    options = _options(source)
    left_out = ",".join(name for name in ("retweets", "replies") if not getattr(options, name))
    asked = {"since_id": cursor.get("since_id"), "until_id": cursor.get("until_id"), "exclude": left_out}
    query = {"max_results": "100", **_FIELDS, **asked, "pagination_token": token}
    stated = urlencode({name: value for name, value in query.items() if value}, safe=",")
    return _request(source, f"{cursor['user_id']}/tweets?{stated}")


def refuse(reply: Reply, now: datetime) -> None:
    """What X says about a refusal, in its own words: limits, caps, credentials, accounts that are gone or suspended."""
    if not 400 <= reply.status < 500:
        return
    try:
        detail = complaint(load(reply.body).value)
    except SourceBroken:
        detail = "no reason given"
    said = f"X says {reply.status}: {detail}"[:250]
    if "usage-capped" in detail or "UsageCapExceeded" in detail or reply.status == 402:
        raise SourceThrottled(f"{said} (the plan's usage cap is spent)", reply.until_reset(now) or 86400.0)
    if reply.status == 429:
        raise SourceThrottled(said, reply.until_reset(now))
    if reply.status == 401:
        raise SourceRefused(f"{said} (is TRACKER_X_BEARER_TOKEN right?)")
    if reply.status == 404 or "suspend" in detail.lower():
        raise SourceGone(said)
    raise SourceRefused(said) if reply.status == 403 else SourceBroken(said)


def read(source: Source, state: PollState, reply: Reply) -> Page:
    """The look-up's answer, or one page of posts; `reads` counts the posts in it, which X bills."""
    answer = load(reply.body)
    if not isinstance(answer.value, dict):
        raise SourceBroken("not an answer of the X API: the document is not an object")
    if not (answer["data"].here() or answer["meta"].here()):
        raise _no_account(answer)
    if not _is_known(state.cursor, _options(source)):
        number = _number(answer["data"]["id"])
        same = state.cursor if state.cursor.get("user_id") == number else {}
        cursor = {**same, "handle": _options(source).handle, "user_id": number}
        return Page(next=_timeline(source, cursor, None), cursor=cursor)
    return _page(source, state.cursor, answer, reply)


def _no_account(answer: At) -> SourceError:
    errors, detail = answer["errors"].list(), complaint(answer.value)
    if not errors:
        return SourceBroken(f"an answer of the X API with neither data nor meta: {detail}")
    gone = re.search("[Ss]uspended|resource-not-found|Not Found", str(errors[0].value))
    return SourceGone(f"X says: {detail}") if gone else SourceRefused(f"X says: {detail}")


def _page(source: Source, old: Mapping[str, Any], answer: At, reply: Reply) -> Page:
    """One page of posts. `newest` becomes `since_id` at the end; `until_id` is where a poll goes on that ends before,
    by itself (the rate limit) or broken off (the budget, a failure): what was read is billed and not asked for again.
    """
    options, posts, includes = _options(source), answer["data"].list(), answer["includes"]
    page = Page(_drafts(posts, includes, options.handle), reads=len(posts) + len(_included(includes)))
    ids, token = [_number(post["id"]) for post in posts], answer["meta"]["next_token"].text()
    sent = {name: values[0] for name, values in parse_qs(urlsplit(reply.url).query).items()}
    asked, started = sent.get("pagination_token"), old if old.get("until_id") else {}
    watermarks = [one for one in ids if int(one) < 2**63]  # X takes no larger one back
    newest = max([*watermarks, str(started.get("newest") or old.get("since_id") or "0")], key=int)
    stay = {key: old[key] for key in ("handle", "user_id", "since_id") if old.get(key)}
    pages = int(old.get("pages", 0)) + 1 if asked else 1
    if token and token != asked and pages < options.max_pages:
        held = {**stay, "newest": newest, "pages": pages, "until_id": min(ids, key=int, default=old.get("until_id"))}
        if reply.headers.get("x-rate-limit-remaining") == "0" and ids:
            notes = ("rate limit spent: older posts follow at the next poll",)
            return replace(page, cursor=held, interval_hint=reply.until_reset(reply.received_at), notes=notes)
        following = _timeline(source, {**stay, "until_id": sent.get("until_id")}, token)
        return replace(page, cursor=held, next=following)
    why = "the same token came twice" if token == asked else f"{pages} page(s) are read"
    ended = {"handle": stay["handle"], "user_id": stay["user_id"], **({"since_id": newest} if newest != "0" else {})}
    return replace(page, cursor=ended, notes=(f"more posts were offered and not asked for: {why}",) if token else ())


def _number(at: At) -> str:
    """An id of X, as text of up to 25 digits."""
    found = at.ident()
    if not found or not re.fullmatch("[0-9]{1,25}", found):
        raise SourceBroken(f"{at.path}: expected a number")
    return found


def _included(includes: At) -> list[At]:
    """The posts that came along because a post refers to them."""
    return includes.first("tweets", "posts").list()


def _drafts(posts: list[At], includes: At, handle: str) -> tuple[Draft, ...]:
    """One draft a post (of several versions of one post the latest). SourceBroken names a field of a wrong type."""
    media = {key: one for one in includes["media"].list() if (key := one["media_key"].text())}
    others = {_number(post["id"]): post for post in _included(includes)}
    latest = {_chain(post)[0]: post for post in sorted(posts, key=lambda post: int(_number(post["id"])))}
    order = dict.fromkeys(_chain(post)[0] for post in posts)
    return tuple(_draft(latest[first], media, others, handle) for first in order)


def _chain(post: At) -> list[str]:
    """The ids of a post's versions, the first one first."""
    history = post.first("edit_history_tweet_ids", "edit_history_post_ids").list()
    return sorted({_number(one) for one in (*history, post["id"])}, key=int)


def _draft(post: At, media: Mapping[str, At], others: Mapping[str, At], handle: str) -> Draft:
    own, chain, references = _number(post["id"]), _chain(post), _references(post)
    reposted = next((one.external_id for one in references if one.type == "reposts"), None)
    shown = others.get(reposted or "", post)
    retweet = re.match(r"RT (@\w{1,15}):", post["text"].text() or "") if reposted else None
    stated, lang, begun = post["created_at"].text(), shown["lang"].text(), _snowflake(chain[0])
    created, assumed = dates.read(stated)
    published, is_edit = created, len(chain) > 1
    if is_edit and begun and created and begun < created < begun + LONGEST_EDITED:  # created_at is that of the edit
        published, assumed = begun, "from the id of its first version"
    elif begun and not created:
        assumed = "from the id"
    return Draft(
        external_id=chain[0], keys=tuple(identity.id_key(one) for one in chain), text=_text(shown),
        url=f"https://x.com/{handle}/status/{own}", lang=None if lang in _UNKNOWN_LANGS else lang,
        author=retweet[1] if retweet else None, published_stated=stated, published_at=published,
        published_inferred=assumed, inferred_at=None if published else begun,
        edited_at=(created or _snowflake(own)) if is_edit else None,
        media=tuple(_media(shown, media) or _media(post, media)), references=references,
        presence="withheld" if post["withheld"].here() else "live",
    )  # fmt: skip


def _snowflake(post: str) -> datetime | None:
    real = FIRST_SNOWFLAKE <= int(post) < 2**63
    return datetime.fromtimestamp(((int(post) >> 22) + _EPOCH_MS) / 1000, UTC) if real else None


def _references(post: At) -> tuple[Reference, ...]:
    stated = post.first("referenced_tweets", "referenced_posts").list()
    found = ((_RELATIONS.get(one["type"].text() or ""), one["id"].ident()) for one in stated)
    return tuple(Reference(kind, key, f"https://x.com/i/status/{key}") for kind, key in found if kind and key)


def _text(post: At) -> str:
    """The whole text: long posts in full, short links expanded, links to the post's own media left out, unescaped."""
    note = post.first("note_tweet", "note_post")
    shown = note if note["text"].here() else post
    told = shown["text"].text() or ""
    for link in (*shown["entities"]["urls"].list(), *post["entities"]["urls"].list()):
        short, full = link["url"].text(), link.first("unwound_url", "expanded_url").text()
        if link["media_key"].here() or (link["display_url"].text() or "").startswith("pic."):
            full = ""
        if short and full is not None:
            told = re.sub(re.escape(short) + r"(?!\w)", full.replace("\\", r"\\"), told)
    return unescape(told).strip()


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
