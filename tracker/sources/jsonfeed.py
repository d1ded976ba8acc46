"""JSON Feed 1.0 and 1.1, and what bridges make of it."""

from __future__ import annotations

from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE

from tracker import text
from tracker.errors import SourceBroken, SourceRefused
from tracker.models.source import Draft
from tracker.models.statement import Media
from tracker.sources import dates, html, identity
from tracker.sources.shape import At, load


def looks_like(body: bytes) -> bool:
    """Whether a body begins as JSON does, in any of its encodings."""
    head = body[:64]
    for mark in (BOM_UTF8, BOM_UTF16_LE, BOM_UTF16_BE):
        head = head.removeprefix(mark)
    return head.replace(b"\0", b"").lstrip()[:1] in (b"{", b"[")


def read(body: bytes, base: str, zone: str | None) -> list[Draft]:
    """The items of a feed whose final address is `base`, in its order.

    Raises SourceBroken naming the wrong field, SourceRefused when the body is an error in spite of its status.
    """
    feed = load(body)
    if not isinstance(feed.value, dict):
        raise SourceBroken("JSON, but not a JSON Feed: the document is not an object")
    if not feed["items"].here():
        raise _not_a_feed(feed)
    lang = feed["language"].text()
    return [_draft(item, base, zone, lang) for item in feed["items"].list()]


def _not_a_feed(feed: At) -> SourceBroken | SourceRefused:
    for name in ("errors", "error", "message", "detail"):
        value = feed.value.get(name)
        if value:
            inner = value[0] if isinstance(value, list) else value
            told = inner.get("message") or inner.get("detail") if isinstance(inner, dict) else inner
            said = text.visible(text.squeeze(text.clean(str(told)[:150])))
            return SourceRefused(f"an error instead of a feed: {said or name}")
    return SourceBroken("JSON, but not a JSON Feed: it has no items")


def _draft(item: At, base: str, zone: str | None, lang: str | None) -> Draft:
    guid = item["id"].ident()
    link = identity.absolute(item["url"].text(), base) or identity.absolute(item["external_url"].text(), base)
    title = html.title_text(item["title"].text() or "")
    rich = item["content_html"].text()
    body = html.to_text(rich) if rich else (item["content_text"].text() or item["summary"].text() or "").strip()
    stated, edited = item["date_published"].text(), item["date_modified"].text()
    published, assumed = dates.read(stated, zone)
    updated = dates.read(edited, zone)[0]
    people = item["authors"].list() or ([item["author"]] if item["author"].here() else [])
    keys = identity.keys(guid, link or identity.absolute(guid), title or body, published or updated)
    return Draft(
        external_id=guid or link or (keys[0] if keys else ""),
        keys=keys,
        text=body,
        title=title,
        url=link or identity.absolute(guid),
        lang=item["language"].text() or lang,
        author=", ".join(name for one in people if (name := one["name"].text())) or None,
        published_stated=stated,
        published_at=published,
        published_inferred=assumed if published or not updated else dates.UPDATED,
        inferred_at=None if published else updated,
        edited_stated=edited,
        edited_at=updated,
        media=tuple(_media(item, base)),
    )


def _media(item: At, base: str) -> list[Media]:
    found = [(item["image"].text(), "photo")]
    for one in item["attachments"].list():
        found.append((one["url"].text(), media_type(one["mime_type"].text())))
    urls = {url: kind for raw, kind in found if (url := identity.absolute(raw, base))}
    return [Media(kind, url) for url, kind in urls.items()]


def media_type(mime: str | None) -> str:
    """`photo`, `video`, `audio` or `file`."""
    main = (mime or "").lower().partition("/")[0].strip()
    return {"image": "photo", "photo": "photo", "video": "video", "audio": "audio"}.get(main, "file")
