"""When a source is asked next, how it is doing, and when it is asked without conditions. Deterministic.

The adaptive interval halves on something new and grows by half on nothing, between `every` and `every_max`; what a feed
asks for (`ttl`) is a floor. With `every == every_max` it is fixed. Failures wait on their own, doubling, and leave the
interval as it was. Everything is spread by up to a tenth (a hundredth when fixed), by the source's name.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from tracker.errors import SourceError, SourceThrottled
from tracker.models.source import PollState, Source, SourceHealth

#: A failing source is asked again after this at the latest, or after `every_max` where that is longer.
SHORTEST_CAP = 300.0
#: A source that said 410 is asked again so seldom that only a mistake of its publisher is ever noticed.
GONE_WAIT = 30 * 86400.0
#: An unconditional fetch is due after this: a 304 hides deletions and back-dated posts.
FULL_EVERY = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Cadence:
    """`next_poll_at` with its reason; `interval` is the adaptive one to keep, in seconds; `failures` in a row."""

    next_poll_at: datetime
    interval: float
    reason: str
    health: SourceHealth
    failures: int = 0


def after_success(
    source: Source, state: PollState, now: datetime, new_items: int, hint: float | None = None, items: int | None = None
) -> Cadence:
    """After an answer that could be read. `items`: how many there were in a whole document; None for a 304 or a kind
    whose answers hold only what is new. None at all in a source that used to have some is suspect."""
    fixed = source.every >= source.every_max
    before = min(max(state.interval or source.every, source.every), source.every_max)
    wanted = before / 2 if new_items else before * 1.5 if state.first_read_at else before
    interval = min(max(wanted, source.every, 0.0 if fixed else hint or 0.0), max(source.every_max, source.every))
    why = f"{new_items} new" if new_items else "nothing new"
    asked = f", the source asks for {hint:g} s" if hint and not fixed and hint > wanted else ""
    health, reason = _health(state, items), f"{why}: every {interval:.4g} s{asked}"
    if health == "suspect":
        reason = f"suspect: an answer with nothing in it, from a source that used to have items; {reason}"
    delay = max(interval * _spread(source.name, 0.01 if fixed else 0.1), min(source.every, interval))
    return Cadence(now + timedelta(seconds=delay), interval, reason, health)


def _health(state: PollState, items: int | None) -> SourceHealth:
    """An answer that holds no document (304) says nothing new about one that was suspect."""
    if items is None:
        return "suspect" if state.health == "suspect" else "ok"
    return "suspect" if items == 0 and state.known_items > 0 else "ok"


def after_failure(source: Source, state: PollState, now: datetime, error: SourceError) -> Cadence:
    """After a poll that failed: doubling from `every`, or what the other side asked for, never sooner than `every`.

    Throttling is not ill health until the third time in a row; everything else shows at once; 410 is gone.
    """
    failures = state.failures + 1
    interval = state.interval or source.every
    if error.final:
        health: SourceHealth = "gone"
        return Cadence(now + timedelta(seconds=GONE_WAIT), interval, error.message, health, failures)
    throttled = isinstance(error, SourceThrottled) and failures < 3
    health = state.health if throttled else "failing"
    if error.retry_after:
        spread = min(error.retry_after * 0.1, 30.0) * _share(source.name)
        delay = max(error.retry_after, source.every) + spread
    else:
        cap = max(source.every_max, SHORTEST_CAP)
        delay = min(source.every * 2.0 ** min(failures - 1, 40), cap) * _spread(source.name, 0.1)
        delay = max(delay, source.every)
    reason = f"{error.message} (failure {failures}, next try in {delay:.0f} s)"
    return Cadence(now + timedelta(seconds=delay), interval, reason, health, failures)


def wants_full(state: PollState, now: datetime) -> bool:
    """Whether the next fetch goes without validators: once a day."""
    return state.last_full_at is None or now - state.last_full_at >= FULL_EVERY


def _share(name: str) -> float:
    """A share in [0, 1) that is always the same for a name."""
    return int.from_bytes(sha256(name.encode()).digest()[:4], "big") / 2**32


def _spread(name: str, part: float) -> float:
    return 1.0 + part * (2.0 * _share(name) - 1.0)
