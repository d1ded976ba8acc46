"""How each kind of source is asked and read. Pure: requests out, answers in, no clock and no network."""

from collections.abc import Mapping

from tracker.sources import feed, x
from tracker.sources.kind import Kind

KINDS: Mapping[str, Kind] = {
    "feed": Kind("feed", feed.Options, feed.ask, feed.read),
    "x": Kind("x", x.Options, x.ask, x.read, x.refuse, whole=False, limited=x.limited, resumes=True),
}

__all__ = ["KINDS", "Kind"]
