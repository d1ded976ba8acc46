"""An X-like API v2: look-up by handle, timeline with since_id and paging, the fields that were asked for, limits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from html import escape
from typing import Any
from zlib import crc32

from tracker.demo.wire import Answer, Ask, as_json
from tracker.demo.world import Channel, Item, World

BEARER = "demo-world-only"  # the demo puts it into the environment itself
_EPOCH_MS = 1_288_834_974_657
_REFERENCES = {"reposts": "retweeted", "quotes": "quoted", "replies_to": "replied_to"}
_PARAMETERS = {"since_id": r"\d{1,19}", "until_id": r"\d{1,19}", "max_results": r"[5-9]|[1-9]\d|100"}
_ALWAYS = {"id", "text", "edit_history_tweet_ids"}
_PIXEL = bytes.fromhex("47494638396101000100800000ffffff00000021f90401000000002c00000000010001000002024401003b")


def answer(world: World, ask: Ask) -> Answer:
    """What api.x.com would answer; `/media/…` is where the pictures are."""
    if ask.path.startswith("/media/"):
        return Answer(200, _PIXEL, "image/gif")
    if ask.headers.get("authorization") != f"Bearer {BEARER}":
        return as_json(401, {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"})
    window = int(world.as_of.timestamp()) // 900
    world.x_asked[ask.path, window] += 1
    left = world.x_limit - world.x_asked[ask.path, window]
    limits = {"limit": world.x_limit, "remaining": max(left, 0), "reset": (window + 1) * 900}
    status, body = _answered(world, ask) if left >= 0 else (429, {"title": "Too Many Requests", "status": 429})
    return as_json(status, body, {f"x-rate-limit-{name}": str(value) for name, value in limits.items()})


def _answered(world: World, ask: Ask) -> tuple[int, dict[str, Any]]:
    accounts = [channel for channel in world.channels.values() if channel.platform == "x"]
    if found := re.fullmatch(r"/2/users/by/username/(\w+)", ask.path):
        named = [account for account in accounts if account.handle.casefold() == found[1].casefold()]
        return 200, {"data": _user(named[0])} if named else _unknown("username", found[1])
    if found := re.fullmatch(r"/2/users/(\d+)/(?:tweets|posts)", ask.path):
        named = [account for account in accounts if _user(account)["id"] == found[1]]
        return _timeline(world, named[0], ask) if named else (200, _unknown("id", found[1]))
    return 404, {"title": "Not Found Error", "type": "about:blank", "status": 404}


def _timeline(world: World, account: Channel, ask: Ask) -> tuple[int, dict[str, Any]]:
    """Newest first, an edited post under its newest id: so an edit comes after the `since_id` of its first version."""
    query = ask.query
    for name, good in _PARAMETERS.items():
        if name in query and not re.fullmatch(good, query[name]):
            message = f"The `{name}` query parameter value [{query[name]}] does not match {good}"
            return 400, {"title": "Invalid Request", "type": "about:blank", "errors": [{"message": message}]}
    after, before = int(query.get("since_id", 0)), int(query.get("pagination_token", query.get("until_id", 2**63)))
    rows = [(_id(item, item.last_moment(world.as_of)), item) for item in world.items(account)]
    rows = sorted((row for row in rows if after < row[0] < before), reverse=True)
    page = rows[: int(query.get("max_results", 10))]
    if not page:
        return 200, {"meta": {"result_count": 0}}
    meta = {"result_count": len(page), "newest_id": str(page[0][0]), "oldest_id": str(page[-1][0])}
    if len(rows) > len(page):
        meta["next_token"] = str(page[-1][0])
    items = [item for _, item in page]
    return 200, {"data": [_post(world, item, query) for item in items], **_includes(world, items, ask), "meta": meta}


def _includes(world: World, items: list[Item], ask: Ask) -> dict[str, Any]:
    """The pictures and the posts that are referred to, if they were asked for."""
    wanted, included = ask.query.get("expansions", ""), dict[str, list[dict[str, Any]]]()
    if "attachments.media_keys" in wanted:
        included["media"] = [
            {"media_key": f"3_{_id(item, item.moment)}", "type": "photo", "alt_text": item.photo}
            | {"url": f"{ask.base}/media/{item.id}.gif", "width": 1, "height": 1}
            for item in items
            if item.photo
        ]
    if "referenced_tweets.id" in wanted or "referenced_posts" in wanted:
        targets = [target for item in items for target in _targets(world, item).values()]
        included["tweets"] = [_post(world, target, ask.query) for target in targets]
    return {"includes": {key: rows for key, rows in included.items() if rows}} if any(included.values()) else {}


def _post(world: World, item: Item, query: Mapping[str, str]) -> dict[str, Any]:
    """A post with the fields that were asked for; the text is cut at 280, a repost's at 140, as there."""
    as_of, targets, last = world.as_of, _targets(world, item), item.last_moment(world.as_of)
    ids = [str(_id(item, moment)) for moment in sorted({item.moment, last})]
    raw, limit = item.text_at(as_of).strip(), 280
    if shared := targets.get("retweeted"):
        raw, limit = f"RT @{shared.channel.handle}: {shared.text_at(as_of)}", 140
    text, urls = _linked(raw if len(raw) <= limit else raw[: limit - 1] + "…", item, targets)
    full, full_urls = _linked(raw, item, targets)
    fields: dict[str, Any] = {
        "id": ids[-1], "text": text, "edit_history_tweet_ids": ids, "author_id": _user(item.channel)["id"],
        "conversation_id": ids[0], "created_at": _iso(last), "lang": item.lang or item.channel.lang,
        "entities": {"urls": urls} if urls else None,
        "attachments": {"media_keys": [f"3_{_id(item, item.moment)}"]} if item.photo else None,
        "referenced_tweets": [{"type": kind, "id": str(_id(i, i.last_moment(as_of)))} for kind, i in targets.items()],
        "note_tweet": {"text": full, "entities": {"urls": full_urls}} if len(raw) > limit == 280 else None,
        "edit_controls": {"is_edit_eligible": not targets, "edits_remaining": 6 - len(ids),
                          "editable_until": _iso(item.moment + timedelta(hours=1))},
    }  # fmt: skip
    wanted = _ALWAYS | set((query.get("tweet.fields") or query.get("post.fields") or "").split(","))
    return {name: value for name, value in fields.items() if value and name in wanted}


def _linked(raw: str, item: Item, targets: Mapping[str, Item]) -> tuple[str, list[dict[str, Any]]]:
    """The escaped text with a t.co address for each thing that it links to, and their entities."""
    addresses = [item.link, _address(targets["quoted"]) if "quoted" in targets else ""]
    addresses += [f"{_address(item)}/photo/1" if item.photo else ""]
    text, links = escape(raw, quote=False), list[dict[str, Any]]()
    for address in filter(None, addresses):
        url = f"https://t.co/d{crc32(address.encode()):09x}"
        links.append({"start": len(text) + 1, "end": len(text) + 1 + len(url), "url": url, "expanded_url": address})
        if address.endswith("/photo/1"):
            links[-1] |= {"media_key": f"3_{_id(item, item.moment)}", "display_url": f"pic.x.com/{url[-10:]}"}
        text = f"{text} {url}"
    return text, links


def _targets(world: World, item: Item) -> dict[str, Item]:
    """What the post reposts, quotes or replies to, by the API's word for it."""
    return {kind: world.item(getattr(item, ours)) for ours, kind in _REFERENCES.items() if getattr(item, ours)}


def _id(item: Item, moment: datetime) -> int:
    """A snowflake of that moment, told apart by the item's name."""
    return (int(moment.timestamp() * 1000) - _EPOCH_MS << 22) + crc32(item.id.encode()) % 2**22


def _address(item: Item) -> str:
    return f"https://x.com/{item.channel.handle}/status/{_id(item, item.moment)}"


def _iso(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"


def _user(channel: Channel) -> dict[str, str]:
    return {"id": str(crc32(channel.name.encode())), "name": channel.title, "username": channel.handle}


def _unknown(parameter: str, value: str) -> dict[str, Any]:
    detail = f"Could not find user with {parameter}: [{value}]."
    return {"errors": [{"title": "Not Found Error", "detail": detail, "parameter": parameter, "value": value}]}
