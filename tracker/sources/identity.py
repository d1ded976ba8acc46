"""What identifies an item: keys that survive new guids, https, tracking parameters and slugs. Strongest first. `id:`
the platform's id or guid as it is; `url:` the link without scheme, `www.`, default port, tracking parameters, trailing
slash and fragment (but for one that numbers a part: a comment, an entry of a live page); `day:` the folded title (or
first words) with the UTC day, for items that lost both."""

import re
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from tracker import text
from tracker.models.source import Draft

#: A longer id is hashed: it has to fit an index on every engine.
LONGEST_ID = 300
_TRACKING = re.compile(
    r"utm_.*|fbclid|[gdy]clid|msclkid|igshid|mc_[ce]id|ref_src|at_medium|at_campaign|xtor|cmpid|_ga",
    re.IGNORECASE | re.DOTALL,
)
#: The usual address, which needs no taking apart: host and port, path.
_USUAL = re.compile(r"https?://([\w.-]+)((?::\d+)?)(/[\w/~%-]*(?:\.[\w~%-]+)*)", re.ASCII)
_NUMBERED = re.compile(r"[\w-]*\d[\w-]*")  # not `xtor=RSS-12`
_PORTS = {"http": 80, "https": 443}


def absolute(url: object, base: str = "") -> str | None:
    """The http(s) address that `url` names as seen from `base`; None for anything else (`javascript:`, noise)."""
    if not isinstance(url, str) or not url.strip():
        return None
    if _USUAL.fullmatch(url):
        return url
    try:
        joined = urljoin(base, text.clean(url).strip())
        parts = urlsplit(joined)
        return joined if parts.scheme in _PORTS and parts.hostname else None
    except ValueError:
        return None


def id_key(raw: str) -> str:
    """`id:` and the id, or its hash when it is too long to index."""
    return f"id:{_fit(text.clean(raw).strip())}"


def url_key(url: str) -> str | None:
    """`url:` and the normalised address; None for a site's front page, which identifies nothing."""
    if (usual := _USUAL.fullmatch(url)) and not usual[2]:
        host, path = usual[1].lower().removeprefix("www."), usual[3].rstrip("/")
        return f"url:{_fit(host + path)}" if path else None
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").removeprefix("www.")
        port = "" if parts.port in (None, _PORTS.get(parts.scheme)) else f":{parts.port}"
        pairs = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        return None
    query = urlencode([(name, value) for name, value in pairs if not _TRACKING.fullmatch(name)])
    path = parts.path.rstrip("/")
    if not host or not (path or query):
        return None
    part = f"#{parts.fragment}" if _NUMBERED.fullmatch(parts.fragment) else ""
    return f"url:{_fit(host + port + path + (f'?{query}' if query else '') + part)}"


def _day_key(title: str, moment: datetime | None) -> str | None:
    """`day:` a hash of the folded title, and the UTC day (empty when no date was stated); None without a title."""
    words = text.squeeze(text.fold(text.clean(title[:2000])))[:300]
    day = moment.astimezone(UTC).date().isoformat() if moment else ""
    return f"day:{_digest(words)[:16]}:{day}" if words else None


def draft(
    guid: str | None, link: str | None, title: str | None, body: str,
    published: tuple[str | None, datetime | None, str | None], edited_at: datetime | None, **more: Any,
) -> Draft:  # fmt: skip
    """A feed's item with its keys. A date is (stated, moment, what was assumed); an update alone dates it, and says so.
    Without a key nothing identifies it."""
    stated, moment, assumed = published
    found = (guid and id_key(guid), link and url_key(link), _day_key(title or body, moment or edited_at))
    keys = tuple(key for key in found if key)
    return Draft(
        external_id=guid or link or (keys[0] if keys else ""), keys=keys, text=body, title=title, url=link,
        published_stated=stated, published_at=moment,
        published_inferred=assumed if moment or not edited_at else "the item's own update time",
        inferred_at=None if moment else edited_at, edited_at=edited_at, **more,
    )  # fmt: skip


def _fit(key: str) -> str:
    return key if len(key) <= LONGEST_ID else f"sha256:{_digest(key)}"


def _digest(raw: str) -> str:
    return sha256(raw.encode()).hexdigest()
