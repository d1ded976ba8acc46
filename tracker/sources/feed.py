"""RSS 0.9x, 1.0 and 2.0, Atom and RDF through feedparser, or `wellformed` where it can; JSON Feed through `jsonfeed`.
feedparser is given bytes in memory only (it opens a file or an address that a string names), an encoding that the bytes
bear out, and neither sanitises nor resolves: no HTML is kept, and addresses are resolved here against the final one."""

import re
from collections.abc import Iterable
from io import BytesIO
from typing import Any

from tracker.errors import SourceBroken, SourceError, SourceRefused
from tracker.models.source import Draft, Page, PollState, Reply, Request, Source
from tracker.models.statement import Media
from tracker.sources import dates, html, identity, jsonfeed, wellformed
from tracker.sources.kind import Strict, WebAddress

_ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, application/json;q=0.8, "
    "*/*;q=0.5"
)
#: More attributes than this in one tag and feedparser's time grows with their square.
MOST_ATTRIBUTES = 500
_LONG_TAG = re.compile(rb"<[^<>]{4000,}")
_NESTED_ENTITY = re.compile(rb"<!ENTITY\s[^>]{0,2000}[\"'][^\"'>]{0,2000}&(?!#)", re.IGNORECASE)
_SURROGATE = re.compile(rb"&#(?:x(d[89a-f][0-9a-f]{2})|(5[5-7]\d{3}));", re.IGNORECASE)
_SURROGATES = re.compile(rb"(?:" + _SURROGATE.pattern + rb")+", re.IGNORECASE)
_CUT_OFF = ("no element found", "unclosed", "premature end", "unexpected end")
_HTML = re.compile(rb"<(!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_CHALLENGE = re.compile(
    rb"(?i)just a moment\.\.\.|cf-chl|cf-challenge|challenge-platform|captcha-delivery|attention required! \|"
    rb"|(?:are|you're) (?:a )?human|enable javascript and cookies|ddos protection"
)
_LOGIN = re.compile(
    rb"type\s*=\s*[\"']?password|<title[^>]*>[^<]{0,80}(?:log ?in|sign ?in|connexion|iniciar ses)", re.IGNORECASE
)
_ROOT_END = re.compile(rb"</(?:rss|feed|(?:\w+:)?RDF)\s*>")
_ITEM_EDGE = re.compile(rb"<(/?)(?:\w+:)?(?:item|entry)\b")
_PERIODS = {"hourly": 3600.0, "daily": 86400.0, "weekly": 604800.0, "monthly": 2592000.0, "yearly": 31536000.0}
_BRIDGE_ERROR = re.compile("Bridge returned error")


class Options(Strict):
    """`url`: the feed's address."""

    url: WebAddress


def ask(source: Source, state: PollState) -> Request:
    """One conditional GET, of the address that a confirmed permanent redirect led to if there was one."""
    url = source.options["url"]
    url = state.cursor["url"] if state.cursor.get("moved_from") == url else url
    return Request(url, headers={"Accept": _ACCEPT}, secrets=source.secrets)


def read(source: Source, state: PollState, reply: Reply) -> Page:
    """The items of a feed in its order. SourceBroken when it is none, SourceRefused for a login or challenge page."""
    if not reply.body.strip(b" \t\r\n\0"):
        raise SourceBroken("an empty answer")
    notes: list[str] = []
    hint = None
    if jsonfeed.looks_like(reply.body):
        drafts = jsonfeed.read(reply.body, reply.url, source.timezone)
    else:
        charset = _charset(reply)
        parsed: Any = wellformed.read(reply.body) if charset in ("", "; charset=utf-8") else None
        if parsed and parsed.entries:
            entries = parsed.entries
        else:
            parsed = _parse(reply.body, charset)
            entries, notes = _whole_entries(parsed, reply.body)
        drafts, hint = [_draft(entry, parsed, reply.url, source.timezone) for entry in entries], _hint(parsed.feed)
    whole = [draft for draft in drafts if draft.title or draft.text or draft.url or draft.media]
    if errors := [draft.title for draft in whole if _BRIDGE_ERROR.match(draft.title or "")]:
        notes.append(f"dropped {len(errors)} error item(s) of a bridge: {errors[0]}"[:200])
    if len(whole) < len(drafts):
        notes.append(f"dropped {len(drafts) - len(whole)} item(s) with nothing in them")
    kept = tuple(draft for draft in whole if not _BRIDGE_ERROR.match(draft.title or ""))
    return Page(kept, cursor=dict(state.cursor), interval_hint=hint, notes=tuple(notes))


def _parse(body: bytes, charset: str) -> Any:
    import feedparser  # late: a command that reads no feed need not load it

    if _NESTED_ENTITY.search(body[:50_000]):
        raise SourceBroken("the feed's DTD nests entities")
    if any(found[0].count(b"=") > MOST_ATTRIBUTES for found in _LONG_TAG.finditer(body)):
        raise SourceBroken(f"the feed has a tag with more than {MOST_ATTRIBUTES} attributes")
    try:
        raw, headers = BytesIO(_SURROGATES.sub(_mended, body)), {"content-type": f"application/xml{charset}"}
        parsed = feedparser.parse(raw, response_headers=headers, sanitize_html=False, resolve_relative_uris=False)
    except (ValueError, LookupError, RecursionError, AttributeError, TypeError, AssertionError, OverflowError) as error:
        # feedparser leaks these on hostile input (a surrogate entity is a UnicodeEncodeError, a ValueError)
        raise SourceBroken(f"the feed cannot be parsed ({type(error).__name__})") from None
    trouble = str(parsed.get("bozo_exception") or "")
    if "amplification" in trouble:
        raise SourceBroken("the feed's DTD expands entities without end")
    if not parsed.get("version"):
        raise _not_a_feed(body, trouble)
    end = _ROOT_END.search(body) if "junk after document" in trouble else None
    if end and body[end.end() :].strip():
        return _parse(body[: end.end()], charset)  # what follows the document is another one, or an error message
    return parsed


def _mended(found: re.Match[bytes]) -> bytes:
    """References to the two halves of a character as one to the whole; a lone half, where feedparser fails, is lost."""
    units = [int(hexed, 16) if hexed else int(plain) for hexed, plain in _SURROGATE.findall(found[0])]
    whole = b"".join(unit.to_bytes(2, "big") for unit in units).decode("utf-16-be", "replace")
    return "".join(f"&#{ord(char)};" for char in whole).encode()


def _charset(reply: Reply) -> str:
    """`; charset=…` for feedparser: what the bytes are when they show it, else what the header says. A body with
    non-ASCII characters that decodes as UTF-8 is UTF-8, whatever the header and the declaration say."""
    try:
        reply.body.decode("utf-8")
        return "" if reply.body.isascii() else "; charset=utf-8"
    except UnicodeDecodeError:
        stated = re.search(r"charset\s*=\s*[\"']?([\w.:-]+)", reply.headers.get("content-type", ""), re.IGNORECASE)
        return f"; charset={stated[1]}" if stated else ""


def _not_a_feed(body: bytes, trouble: str) -> SourceError:
    head = body[:20_000]
    if not _HTML.search(head):
        return SourceBroken(f"not a feed: {trouble.partition(':')[2].strip() or trouble or 'no known format'}"[:200])
    walls = {"challenge": _CHALLENGE, "login": _LOGIN}
    wall = next((name for name, pattern in walls.items() if pattern.search(head)), None)
    return SourceRefused(f"a {wall} page instead of a feed") if wall else SourceBroken("a web page, not a feed")


def _whole_entries(parsed: Any, body: bytes) -> tuple[list[Any], list[str]]:
    """The entries without one that was cut off, and what to note. SourceBroken when nothing whole is left."""
    entries, trouble = list(parsed.entries), str(parsed.get("bozo_exception") or "")
    if parsed.bozo and any(words in trouble for words in _CUT_OFF) and _ITEM_EDGE.findall(body)[-1:] != [b"/"]:
        if len(entries) < 2:
            raise SourceBroken(f"the feed is cut off before its first whole item ({trouble[-80:]})")
        return entries[:-1], ["the document is cut off: its last item was left for the next poll"]
    if not entries and parsed.bozo and "SAXParse" in type(parsed.bozo_exception).__name__:
        raise SourceBroken(f"the feed is not well-formed and nothing could be read of it ({trouble[-80:]})")
    return entries, []


def _draft(entry: Any, parsed: Any, base: str, zone: str | None) -> Draft:
    guid, (stated, edited) = _text(entry.get("id")), _dates(entry, parsed.version)
    lang = _text(entry.get("language")) or _text(parsed.feed.get("language"))
    return identity.draft(
        guid, _link(entry, guid, base), _title(entry), _body(entry, atom=parsed.version.startswith("atom")),
        (stated, *_moment(entry, "published", stated, zone)), _moment(entry, "updated", edited, zone)[0],
        lang=lang, author=_text(entry.get("author")), media=tuple(_media(entry, base)),
    )  # fmt: skip


def _text(value: str | None) -> str | None:
    return (value or "").strip() or None


def _link(entry: Any, guid: str | None, base: str) -> str | None:
    """The item's own link; a guid only where it is an address by itself (feedparser offers `1` as a link, too)."""
    for relations in (("alternate", None), ("self", "via")):
        for one in entry.get("links", ()):
            if one.get("rel") in relations and (found := identity.absolute(one.get("href"), base)):
                return found
    return identity.absolute(guid) if entry.get("guidislink") else None


def _title(entry: Any) -> str | None:
    value, kind = str(entry.get("title") or ""), entry.get("title_detail", {}).get("type")
    literal = kind == "text/plain" and not re.search(r"<\w|&#?\w+;", value)
    return " ".join(value.split()) or None if literal else html.title_text(value)


def _body(entry: Any, *, atom: bool) -> str:
    """The fullest text: the content if there is one, else the summary; as plain text. In RSS a plain content is the
    `media:description` of a picture, which tells less than the item's own words."""
    content, summary = list(entry.get("content", ())), entry.get("summary_detail", {})
    plain = [part for part in content if not atom and part.get("type") == "text/plain"]
    for part in (*(one for one in content if one not in plain), summary, *plain):
        value = part.get("value") or ""
        literal = part.get("type") == "text/plain" and not html.has_markup(value)
        if text := value.strip() if literal else html.to_text(value):
            return text
    return ""


def _dates(entry: Any, version: str) -> tuple[str | None, str | None]:
    """(published, updated) as stated. Outside Atom a lone `dc:date` is the date of publication."""
    published, updated = _text(dict.get(entry, "published")), _text(dict.get(entry, "updated"))
    alone = updated and not published and not version.startswith("atom")
    return (updated, None) if alone else (published, updated)


def _moment(entry: Any, name: str, stated: str | None, zone: str | None) -> tuple[Any, str | None]:
    """Our reading of a stated date, else feedparser's (it knows more formats) if it kept the year that was stated."""
    moment, assumed = dates.read(stated, zone)
    guess = dict.get(entry, f"{name}_parsed")
    if moment or not stated or not guess or str(guess[0]) not in stated or (stated.isdigit() and len(stated) != 8):
        return moment, assumed
    return dates.read("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z".format(*guess[:6]))[0], None


def _media(entry: Any, base: str) -> Iterable[Media]:
    found: dict[str, str] = {}
    enclosed = [one for one in entry.get("links", ()) if one.get("rel") == "enclosure"]
    for one in (*enclosed, *entry.get("media_content", ())):
        if url := identity.absolute(one.get("href") or one.get("url"), base):
            found.setdefault(url, jsonfeed.media_type(str(one.get("type") or one.get("medium") or "")))
    small = (identity.absolute(one.get("url"), base) for one in entry.get("media_thumbnail", ()))
    found = found or {url: "photo" for url in small if url}
    return [Media(kind, url) for url, kind in list(found.items())[:50]]


def _hint(feed: Any) -> float | None:
    """Seconds the feed asks to be left alone: `ttl`, or `sy:updatePeriod` over its frequency; a day at most. "Hourly,
    once" is what every WordPress says without meaning it, and is no hint."""
    period = _PERIODS.get(str(feed.get("sy_updateperiod") or "").strip().lower(), 0.0)
    asked = period / (_number(feed.get("sy_updatefrequency")) or 1.0)
    seconds = _number(feed.get("ttl")) * 60 or (asked if asked != _PERIODS["hourly"] else 0.0)
    return min(seconds, _PERIODS["daily"]) if seconds >= 60 else None


def _number(value: object) -> float:
    match = re.fullmatch(r"\s*(\d{1,9})\s*", str(value or ""))
    return float(match[1]) if match else 0.0
