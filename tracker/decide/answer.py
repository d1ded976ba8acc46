"""What an HTTP answer means before it is read, and where to ask next time when a source moved for good."""

import re
from dataclasses import replace
from datetime import datetime, timedelta

from tracker import errors
from tracker.models.source import PollState, Reply

#: What a Retry-After may ask for, in seconds; less becomes the least, more the most.
LEAST_WAIT, MOST_WAIT = 60.0, 86400.0
#: A permanent redirect is believed after so many polls that saw it, over so long a time.
MOVES_SEEN, MOVED_FOR = 3, timedelta(hours=24)
_CHALLENGE = re.compile(rb"just a moment|cf-chl|cf-challenge|attention required!|captcha|are human", re.IGNORECASE)


def check(reply: Reply, kind: str, had_items: bool, now: datetime) -> None:
    """Raise the SourceError that the status stands for; 200 and 304 pass. Each message is one line. `had_items`: the
    source was read before, so that a 404 is a loss and not a wrong address."""
    status, what = reply.status, f"HTTP {reply.status} for a {kind} source"
    walled = status in (401, 403, 429, 503) and _CHALLENGE.search(reply.body[:20_000])
    if walled or reply.headers.get("cf-mitigated", "").lower() == "challenge":
        raise errors.SourceRefused(f"blocked (challenge): {what}, the site wants a browser or a person")
    if status in (200, 304):
        return
    if status in (401, 403):
        raise errors.SourceRefused(f"{what}: {'credentials are needed or wrong' if status == 401 else 'forbidden'}")
    if status == 404:
        raise errors.SourceGone(f"{what}: {'not there now' if had_items else 'nothing there, is the address right?'}")
    if status == 410:
        raise errors.SourceGoneForGood(f"{what}: gone for good, says its publisher")
    if status in (429, 503):
        stated = reply.retry_after(now)
        wait = min(max(stated, LEAST_WAIT), MOST_WAIT) if stated else reply.until_reset(now)
        raise errors.SourceThrottled(f"{what}: asked to wait", wait)
    if status >= 500:
        raise errors.SourceUnreachable(f"{what}: the server failed")
    raise errors.SourceBroken(f"{what}: not an answer that can be read")


def moved(state: PollState, asked: str, reply: Reply, now: datetime) -> PollState:
    """The state after an answer that could be read: a redirect is counted, and believed once it proved permanent. Only
    a chain of nothing but 301 and 308 counts, and only while it always leads to the same place; one poll without it
    starts over. Believed after MOVES_SEEN polls over MOVED_FOR: then `cursor["url"]` is what a feed is asked at, as
    long as `cursor["moved_from"]` is still the configured address (editing the config undoes it), and `moved_to` shows
    it. Call it after the page's cursor was put in the state."""
    followed = state.cursor.get("url") == asked
    permanent = reply.redirects and all(status in (301, 308) for status, _ in reply.redirects)
    if not permanent or reply.url == asked:
        return state if followed else replace(state, moved_to=None, moved_seen=0, moved_since=None)
    seen, since = (state.moved_seen, state.moved_since) if state.moved_to == reply.url else (0, None)
    since = since or now
    counted = replace(state, moved_to=reply.url, moved_seen=seen + 1, moved_since=since)
    if counted.moved_seen < MOVES_SEEN or now - since < MOVED_FOR:
        return counted
    origin = state.cursor["moved_from"] if followed else asked
    return replace(counted, cursor={**state.cursor, "url": reply.url, "moved_from": origin})
