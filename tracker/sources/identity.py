"""What identifies an item: keys that survive new guids, https, tracking parameters and slugs. Strongest first.

`id:` the platform's id or guid as it is; `url:` the link without scheme, `www.`, default port, tracking parameters,
trailing slash and fragment (but for one that numbers a part: a comment, an entry of a live page); `day:` the folded
title (or first words) with the UTC day, for items that lost both.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from hashlib import sha256
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from tracker import text

#: A longer id is hashed: it has to fit an index on every engine.
LONGEST_ID = 300
_TRACKING = {
    "fbclid", "gclid", "dclid", "msclkid", "yclid", "igshid", "mc_cid", "mc_eid", "ref_src", "at_medium",
    "at_campaign", "xtor", "cmpid", "_ga",
}  # fmt: skip
_NUMBERED = re.compile(r"[\w-]*\d[\w-]*")  # not `xtor=RSS-12`
_PORTS = {"http": 80, "https": 443}


def absolute(url: object, base: str = "") -> str | None:
    """The http(s) address that `url` names as seen from `base`; None for anything else (`javascript:`, noise)."""
    if not isinstance(url, str) or not url.strip():
        return None
    try:
        joined = urljoin(base, text.clean(url).strip())
        parts = urlsplit(joined)
        return joined if parts.scheme in _PORTS and parts.hostname else None
    except ValueError:
        return None


def id_key(raw: str) -> str:
    """`id:` and the id, or its hash when it is too long to index."""
    cleaned = text.clean(raw).strip()
    return f"id:{cleaned}" if len(cleaned) <= LONGEST_ID else f"id:sha256:{_digest(cleaned)}"


def url_key(url: str) -> str | None:
    """`url:` and the normalised address; None for a site's front page, which identifies nothing."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").removeprefix("www.")
        port = "" if parts.port in (None, _PORTS.get(parts.scheme)) else f":{parts.port}"
        pairs = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        return None
    query = urlencode([(k, v) for k, v in pairs if not k.lower().startswith("utm_") and k.lower() not in _TRACKING])
    path = parts.path.rstrip("/")
    if not host or not (path or query):
        return None
    part = f"#{parts.fragment}" if _NUMBERED.fullmatch(parts.fragment) else ""
    key = f"{host}{port}{path}" + (f"?{query}" if query else "") + part
    return f"url:{key}" if len(key) <= LONGEST_ID else f"url:sha256:{_digest(key)}"


def day_key(title: str, moment: datetime | None) -> str | None:
    """`day:` a hash of the folded title, and the UTC day (empty when no date was stated); None without a title."""
    words = text.squeeze(text.fold(text.clean(title[:2000])))[:300]
    day = moment.astimezone(UTC).date().isoformat() if moment else ""
    return f"day:{_digest(words)[:16]}:{day}" if words else None


def keys(guid: str | None, link: str | None, title: str, moment: datetime | None) -> tuple[str, ...]:
    """All keys of a feed's item, strongest first; empty when nothing identifies it."""
    found = (id_key(guid) if guid else None, url_key(link) if link else None, day_key(title, moment))
    return tuple(key for key in found if key)


def _digest(raw: str) -> str:
    return sha256(raw.encode()).hexdigest()
