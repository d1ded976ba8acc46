"""What an HTTP answer means before it is read: refused, throttled, gone, broken, or fit to be read; and where to ask
next time when a source moved for good.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from tracker.errors import (
    SourceBroken,
    SourceGone,
    SourceGoneForGood,
    SourceRefused,
    SourceThrottled,
    SourceUnreachable,
)
from tracker.models.source import PollState, Reply

#: What a Retry-After may ask for, in seconds; less becomes the least, more the most.
LEAST_WAIT, MOST_WAIT = 60.0, 86400.0
#: A permanent redirect is believed after so many polls that saw it, over so long a time.
MOVES_SEEN, MOVED_FOR = 3, timedelta(hours=24)
_CHALLENGE = re.compile(rb"just a moment|cf-chl|cf-challenge|attention required!|captcha|are human", re.IGNORECASE)


def check(reply: Reply, kind: str, had_items: bool, now: datetime) -> None:
    """Raise the SourceError that the status stands for; 200 and 304 pass. Each message is one line.

    `had_items`: the source was read before, so that a 404 is a loss and not a wrong address.
    """
    status, what = reply.status, f"HTTP {reply.status} for a {kind} source"
    if status in (200, 304) and not _challenged(reply, header_only=True):
        return
    if _challenged(reply, header_only=status == 200):
        raise SourceRefused(f"blocked (challenge): {what}, the site wants a browser or a person")
    if status in (401, 403):
        raise SourceRefused(f"{what}: {'credentials are needed or wrong' if status == 401 else 'forbidden'}")
    if status == 404:
        raise SourceGone(f"{what}: {'not there now' if had_items else 'nothing there, is the address right?'}")
    if status == 410:
        raise SourceGoneForGood(f"{what}: gone for good, says its publisher")
    if status in (429, 503):
        wait = retry_after(reply.headers.get("retry-after"), now) or until_reset(reply.headers, now)
        raise SourceThrottled(f"{what}: asked to wait", wait)
    if status >= 500:
        raise SourceUnreachable(f"{what}: the server failed")
    raise SourceBroken(f"{what}: not an answer that can be read")


def _challenged(reply: Reply, *, header_only: bool) -> bool:
    if reply.headers.get("cf-mitigated", "").lower() == "challenge":
        return True
    return not header_only and reply.status in (401, 403, 429, 503) and bool(_CHALLENGE.search(reply.body[:20_000]))


def retry_after(stated: str | None, now: datetime) -> float | None:
    """Seconds to wait, between LEAST_WAIT and MOST_WAIT; None when nothing, something past or nonsense is stated."""
    raw = (stated or "").strip()
    if re.fullmatch(r"\d{1,12}", raw):
        seconds = float(raw)
    else:
        try:
            moment = parsedate_to_datetime(raw)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
        seconds = (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds()
    return min(max(seconds, LEAST_WAIT), MOST_WAIT) if seconds > 0 else None


def until_reset(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds until a rate limit's window ends, where the headers say so in epoch seconds; a day at most."""
    stated = headers.get("x-rate-limit-reset") or headers.get("ratelimit-reset") or ""
    wait = int(stated) - now.timestamp() if re.fullmatch(r"[0-9]{1,12}", stated) else 0.0
    return min(wait + 1.0, MOST_WAIT) if wait > 0 else None


def moved(state: PollState, asked: str, reply: Reply, now: datetime) -> PollState:
    """The state after an answer that could be read: a redirect is counted, and believed once it proved permanent.

    Only a chain of nothing but 301 and 308 counts, and only while it always leads to the same place; one poll without
    it starts over. Believed after MOVES_SEEN polls over MOVED_FOR: then `cursor["url"]` is what a feed is asked at, as
    long as `cursor["moved_from"]` is still the configured address (editing the config undoes it), and `moved_to` shows
    it. Call it after the page's cursor was put in the state.
    """
    permanent = bool(reply.redirects) and all(status in (301, 308) for status, _ in reply.redirects)
    if not permanent or reply.url == asked:
        followed = state.cursor.get("url") == asked
        return state if followed else replace(state, moved_to=None, moved_seen=0, moved_since=None)
    same = state.moved_to == reply.url and state.moved_since is not None
    since = state.moved_since if same and state.moved_since else now
    counted = replace(state, moved_to=reply.url, moved_seen=state.moved_seen + 1 if same else 1, moved_since=since)
    if counted.moved_seen < MOVES_SEEN or now - since < MOVED_FOR:
        return counted
    origin = state.cursor["moved_from"] if state.cursor.get("url") == asked else asked
    return replace(counted, cursor={**state.cursor, "url": reply.url, "moved_from": origin})
