"""A Mastodon-like API: look-up, statuses with min_id, since_id, max_id and Link, and the profile's RSS."""

from __future__ import annotations

from typing import Any

from tracker.demo import feeds
from tracker.demo.wire import Answer, Ask, as_json
from tracker.demo.world import Channel, Item, World


def answer(world: World, ask: Ask) -> Answer:
    """What the accounts' home server would answer: /api/v1/accounts/…, /@NAME.rss, and the page of an item."""
    accounts = {c.handle.split("@")[0]: c for c in world.channels.values() if c.platform == "mastodon"}
    reset = world.as_of.isoformat(timespec="microseconds").replace("+00:00", "Z")
    limits = {"X-RateLimit-Limit": "300", "X-RateLimit-Remaining": "299", "X-RateLimit-Reset": reset}
    match ask.path.strip("/").split("/"):
        case ["api", "v1", "accounts", "lookup"] if account := accounts.get(ask.query.get("acct", "").split("@")[0]):
            return as_json(200, _account(account, ask.base), limits)
        case ["api", "v1", "accounts", name, "statuses"] if account := accounts.get(name):
            return _statuses(world, account, ask, limits)
        case [profile] if account := accounts.get(profile.removeprefix("@").removesuffix(".rss")):
            return feeds.feed(world, account, ask.base)
        case ["item", _]:
            pages = (feeds.answer(world, account, ask) for account in accounts.values())
            return next((page for page in pages if page.status == 200), as_json(404, {"error": "Record not found"}))
    return as_json(404, {"error": "Record not found"}, limits)


def _statuses(world: World, account: Channel, ask: Ask, limits: dict[str, str]) -> Answer:
    """Newest first; `min_id` takes the page just after it, `since_id` the newest page."""
    size, after = min(int(ask.query.get("limit", "20")), 40), ask.query.get("min_id", ask.query.get("since_id", "0"))
    before = int(ask.query.get("max_id", str(2**63)))
    shown = [item for item in world.items(account) if int(after) < _id(item) < before]
    page = shown[-size:] if "min_id" in ask.query else shown[:size]
    if page:
        here = f"{ask.base}{ask.path}?limit={size}"
        older, newer = f"{here}&max_id={_id(page[-1])}", f"{here}&min_id={_id(page[0])}"
        limits = limits | {"Link": f'<{older}>; rel="next", <{newer}>; rel="prev"'}
    return as_json(200, [_status(world, item, ask.base) for item in page], limits)


def _status(world: World, item: Item, base: str) -> dict[str, Any]:
    account, last = _account(item.channel, base), item.last_moment(world.as_of)
    return {
        "id": str(_id(item)), "uri": f"{base}/users/{account['username']}/statuses/{_id(item)}",
        "url": f"{base}/@{account['username']}/{_id(item)}", "created_at": item.moment.isoformat(),
        "edited_at": last.isoformat() if last != item.moment else None, "content": feeds.markup(item, world),
        "language": item.lang or item.channel.lang, "visibility": "public", "spoiler_text": "", "sensitive": False,
        "account": account, "in_reply_to_id": None, "reblog": None, "media_attachments": [], "mentions": [], "tags": [],
    }  # fmt: skip


def _account(channel: Channel, base: str) -> dict[str, str]:
    name = channel.handle.split("@")[0]
    return {"id": name, "username": name, "acct": name, "display_name": channel.title, "url": f"{base}/@{name}"}


def _id(item: Item) -> int:
    return int(item.moment.timestamp() * 1000) << 16
