"""A channel's items as RSS 2.0, Atom 1.0 or JSON Feed 1.1, the newest twenty, and each item as a page of its own."""

from __future__ import annotations

from email.utils import format_datetime
from html import escape

from jinja2 import Environment, PackageLoader

from tracker.demo.wire import Answer, Ask, as_json
from tracker.demo.world import Channel, Item, World

WINDOW = 20
_TYPES = {"rss": "application/rss+xml", "atom": "application/atom+xml", "mastodon": "application/rss+xml"}
_PAGES = Environment(loader=PackageLoader("tracker.demo"), autoescape=True)
_PAGES.filters["http_date"] = lambda moment: format_datetime(moment, usegmt=True)


def answer(world: World, channel: Channel, ask: Ask) -> Answer:
    """What the channel's site answers: /feed, /item/ID, or only trouble where it is `failing` or `login`."""
    items = world.items(channel)
    shown = {f"/item/{item.id}": item for item in items}.get(ask.path)
    if channel.platform == "failing":
        return Answer(500, b"<h1>Internal Server Error</h1>", "text/html")
    if channel.platform == "login" or shown:
        page = _PAGES.get_template("item.html" if shown else "login.html")
        body = page.render(channel=channel, item=shown, base=ask.base, world=world)
        return Answer(200, body.encode(), "text/html; charset=utf-8")
    return feed(world, channel, ask.base) if ask.path == "/feed" else Answer(404, b"<h1>Not Found</h1>", "text/html")


def feed(world: World, channel: Channel, base: str) -> Answer:
    """The channel's feed in its format; a Mastodon account's is RSS without titles, as there."""
    items = world.items(channel)[:WINDOW]
    latest = max((item.last_moment(world.as_of) for item in items), default=world.now)
    headers = {"Last-Modified": format_datetime(latest, usegmt=True)}
    if channel.platform == "json":
        return as_json(200, _json_feed(world, channel, items, base), headers)
    page = _PAGES.get_template("atom.xml" if channel.platform == "atom" else "rss.xml")
    body = page.render(channel=channel, items=items, base=base, world=world, markup=markup)
    return Answer(200, body.encode(), f"{_TYPES[channel.platform]}; charset=utf-8", headers)


def markup(item: Item, world: World) -> str:
    """The item's text as HTML: a fixture's own markup as it is, plain text escaped, in paragraphs."""
    text = item.text_at(world.as_of).strip()
    paragraphs = "".join(f"<p>{escape(part, quote=False)}</p>" for part in text.split("\n\n"))
    return text if item.html else paragraphs.replace("\n", "<br>")


def _json_feed(world: World, channel: Channel, items: list[Item], base: str) -> dict[str, object]:
    entries = [
        {"id": f"demo:{item.id}", "url": f"{base}/item/{item.id}", "title": item.title, "language": channel.lang,
         "content_html": markup(item, world), "date_published": item.moment.isoformat()}
        for item in items
    ]  # fmt: skip
    return {"version": "https://jsonfeed.org/version/1.1", "title": channel.title, "items": entries}
