"""An X-like API v2: look-up by handle, timeline with since_id and paging and the fields that were asked for."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from html import escape
from typing import Any
from zlib import crc32

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tracker.demo.world import Channel, Item, World

BEARER = "demo-world-only"  # the demo puts it into the environment itself
_EPOCH_MS = 1_288_834_974_657
_PARAMETERS = {"since_id": r"\d{1,19}", "until_id": r"\d{1,19}", "max_results": r"[5-9]|[1-9]\d|100"}
_ALWAYS = {"id", "text", "edit_history_tweet_ids"}
_PIXEL = bytes.fromhex("47494638396101000100800000ffffff00000021f90401000000002c00000000010001000002024401003b")


def answer(world: World, request: Request) -> Response:
    """What api.x.com would answer; `/media/…` is where the pictures are."""
    if request.url.path.startswith("/media/"):
        return Response(_PIXEL, media_type="image/gif")
    if request.headers.get("authorization") != f"Bearer {BEARER}":
        return JSONResponse({"title": "Unauthorized", "status": 401, "detail": "Unauthorized"}, 401)
    status, body = _answered(world, request)
    return JSONResponse(body, status)


def _answered(world: World, request: Request) -> tuple[int, dict[str, Any]]:
    users = [(_user(channel), channel) for channel in world.channels.values() if channel.platform == "x"]
    found = re.fullmatch(r"/2/users/(?:by/username/(\w+)|(\d+)/tweets)", request.url.path)
    if found is None:
        return 404, {"title": "Not Found Error", "type": "about:blank", "status": 404}
    handle, number = found.groups()
    for user, account in users:
        if handle and handle.casefold() == account.handle.casefold():
            return 200, {"data": user}
        if number == user["id"]:
            return _timeline(world, account, request)
    detail = f"Could not find user with {'username' if handle else 'id'}: [{handle or number}]."
    return 200, {"errors": [{"title": "Not Found Error", "detail": detail}]}


def _timeline(world: World, account: Channel, request: Request) -> tuple[int, dict[str, Any]]:
    """Newest first, an edited post under its newest id: so an edit comes after the `since_id` of its first version."""
    query = request.query_params
    for name, good in _PARAMETERS.items():
        if name in query and not re.fullmatch(good, query[name]):
            message = f"The `{name}` query parameter value [{query[name]}] does not match {good}"
            return 400, {"title": "Invalid Request", "type": "about:blank", "errors": [{"message": message}]}
    after, before = int(query.get("since_id", 0)), int(query.get("pagination_token", query.get("until_id", 2**63)))
    rows = [(_id(item, item.edited_at), item) for item in world.items(account)]
    rows = sorted((row for row in rows if after < row[0] < before), reverse=True)
    page = rows[: int(query.get("max_results", 10))]
    if not page:
        return 200, {"meta": {"result_count": 0}}
    meta = {"result_count": len(page), "newest_id": str(page[0][0]), "oldest_id": str(page[-1][0])}
    if len(rows) > len(page):
        meta["next_token"] = str(page[-1][0])
    items = [item for _, item in page]
    found = {"data": [_post(world, item, query) for item in items], "meta": meta}
    return 200, found | _includes(world, items, str(request.base_url), query)


def _includes(world: World, items: list[Item], base: str, query: Mapping[str, str]) -> dict[str, Any]:
    """The pictures and the posts that are referred to, if they were asked for."""
    said = ((f"3_{_id(item)}", item.photo, f"{base}media/{item.id}.gif") for item in items if item.photo)
    pictures = [{"media_key": key, "type": "photo", "alt_text": words, "url": url} for key, words, url in said]
    posts = [_post(world, target, query) for item in items for target in _targets(world, item).values()]
    wanted = query.get("expansions", "").split(",")
    included = {"media": pictures if "attachments.media_keys" in wanted else []}
    included["tweets"] = posts if "referenced_tweets.id" in wanted else []
    return {"includes": {key: rows for key, rows in included.items() if rows}} if any(included.values()) else {}


def _post(world: World, item: Item, query: Mapping[str, str]) -> dict[str, Any]:
    """A post with the fields that were asked for; the text is cut at 280, a repost's at 140, as there."""
    targets, last = _targets(world, item), item.edited_at or item.moment
    ids = [str(_id(item, moment)) for moment in sorted({item.moment, last})]
    moments = (at.isoformat(timespec="milliseconds")[:-6] + "Z" for at in (last, item.moment + timedelta(hours=1)))
    posted, editable_until = moments
    raw, limit = item.text.strip(), 280
    if shared := targets.get("retweeted"):
        raw, limit = f"RT @{shared.channel.handle}: {shared.text}", 140
    text, urls = _linked(raw if len(raw) <= limit else raw[: limit - 1] + "…", item, targets.get("quoted"))
    full, full_urls = _linked(raw, item, targets.get("quoted"))
    fields: dict[str, Any] = {
        "id": ids[-1], "text": text, "edit_history_tweet_ids": ids, "author_id": _user(item.channel)["id"],
        "conversation_id": ids[0], "created_at": posted, "lang": item.channel.lang,
        "entities": {"urls": urls} if urls else None,
        "attachments": {"media_keys": [f"3_{_id(item)}"]} if item.photo else None,
        "referenced_tweets": [{"type": kind, "id": str(_id(i, i.edited_at))} for kind, i in targets.items()],
        "note_tweet": {"text": full, "entities": {"urls": full_urls}} if len(raw) > limit == 280 else None,
        "edit_controls": {"is_edit_eligible": not targets, "edits_remaining": 6 - len(ids),
                          "editable_until": editable_until},
    }  # fmt: skip
    wanted = _ALWAYS | set(query.get("tweet.fields", "").split(","))
    return {name: value for name, value in fields.items() if value and name in wanted}


def _linked(raw: str, item: Item, quoted: Item | None) -> tuple[str, list[dict[str, Any]]]:
    """The escaped text with a t.co address for each thing that it links to, and their entities."""
    posts = [f"https://x.com/{one.channel.handle}/status/{_id(one)}" for one in (quoted or item, item)]
    addresses = [item.link, posts[0] if quoted else "", f"{posts[1]}/photo/1" if item.photo else ""]
    text, links = escape(raw, quote=False), list[dict[str, Any]]()
    for address in filter(None, addresses):
        url = f"https://t.co/d{crc32(address.encode()):09x}"
        links.append({"start": len(text) + 1, "end": len(text) + 1 + len(url), "url": url, "expanded_url": address})
        if address.endswith("/photo/1"):
            links[-1] |= {"media_key": f"3_{_id(item)}", "display_url": f"pic.x.com/{url[-10:]}"}
        text = f"{text} {url}"
    return text, links


def _targets(world: World, item: Item) -> dict[str, Item]:
    """What the post reposts or quotes, by the API's word for it."""
    return {kind: world.item(name) for kind, name in (("retweeted", item.reposts), ("quoted", item.quotes)) if name}


def _id(item: Item, moment: datetime | None = None) -> int:
    """A snowflake of that moment (of the first version, if none is given), told apart by the item's name."""
    return (int((moment or item.moment).timestamp() * 1000) - _EPOCH_MS << 22) + crc32(item.id.encode()) % 2**22


def _user(channel: Channel) -> dict[str, str]:
    return {"id": str(crc32(channel.name.encode())), "name": channel.title, "username": channel.handle}
