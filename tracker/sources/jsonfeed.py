"""JSON Feed 1.0 and 1.1, and what bridges make of it."""

from tracker.errors import SourceBroken, SourceRefused
from tracker.models.source import Draft
from tracker.models.statement import Media
from tracker.sources import dates, html, identity
from tracker.sources.shape import At, complaint, load


def looks_like(body: bytes) -> bool:
    """Whether a body begins as JSON does, in any of its encodings."""
    return body[:64].lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n")[:1] in (b"{", b"[")


def read(body: bytes, base: str, zone: str | None) -> list[Draft]:
    """The items of a feed whose final address is `base`, in its order. Raises SourceBroken naming the wrong field,
    SourceRefused when the body is an error in spite of its status."""
    feed = load(body)
    if not isinstance(feed.value, dict):
        raise SourceBroken("JSON, but not a JSON Feed: the document is not an object")
    if not feed["items"].here():
        if any(feed.value.get(name) for name in ("errors", "error", "message", "detail")):
            raise SourceRefused(f"an error instead of a feed: {complaint(feed.value)}")
        raise SourceBroken("JSON, but not a JSON Feed: it has no items")
    lang = feed["language"].text()
    return [_draft(item, base, zone, lang) for item in feed["items"].list()]


def _draft(item: At, base: str, zone: str | None, lang: str | None) -> Draft:
    guid, rich = item["id"].ident(), item["content_html"].text()
    links = ((item["url"].text(), base), (item["external_url"].text(), base), (guid, ""))
    stated, edited = item["date_published"].text(), item["date_modified"].text()
    people = item["authors"].list() or ([item["author"]] if item["author"].here() else [])
    return identity.draft(
        guid, next(filter(None, (identity.absolute(*link) for link in links)), None),
        html.title_text(item["title"].text() or ""),
        html.to_text(rich) if rich else (item["content_text"].text() or item["summary"].text() or "").strip(),
        (stated, *dates.read(stated, zone)), dates.read(edited, zone)[0],
        lang=item["language"].text() or lang,
        author=", ".join(name for one in people if (name := one["name"].text())) or None,
        media=tuple(_media(item, base)),
    )  # fmt: skip


def _media(item: At, base: str) -> list[Media]:
    found = [(item["image"].text(), "photo")]
    found += [(one["url"].text(), media_type(one["mime_type"].text())) for one in item["attachments"].list()]
    urls = {url: kind for raw, kind in found if (url := identity.absolute(raw, base))}
    return [Media(kind, url) for url, kind in urls.items()]


def media_type(mime: str | None) -> str:
    """`photo`, `video`, `audio` or `file`."""
    main = (mime or "").lower().partition("/")[0].strip()
    return {"image": "photo", "photo": "photo", "video": "video", "audio": "audio"}.get(main, "file")
