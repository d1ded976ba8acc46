"""When a source is asked next, how it is doing, and when it is asked without conditions. Deterministic. The adaptive
interval halves on something new and grows by half on nothing, between `every` and `every_max`; what a feed asks for
(`ttl`) is a floor. With `every == every_max` it is fixed. Failures wait on their own, doubling, and leave the interval
as it was. Everything is spread by up to a tenth (a hundredth when fixed), by the source's name."""

from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256

from tracker.errors import SourceError, SourceThrottled
from tracker.models.source import PollState, Reply, Source, SourceHealth

#: A failing source is asked again after this at the latest, or after `every_max` where that is longer.
SHORTEST_CAP = 300.0
#: Nobody is waited for longer than this at a time, not even a budget of ours that is spent for the month.
LONGEST_ASKED = 86400.0
#: A source that said 410 is asked again so seldom that only a mistake of its publisher is ever noticed.
GONE_WAIT = 30 * 86400.0
#: An unconditional fetch is due after this: a 304 hides deletions and back-dated posts.
FULL_EVERY = timedelta(hours=24)


def after_success(
    source: Source, state: PollState, now: datetime, new_items: int, hint: float | None = None,
    empty: bool | None = None,
) -> PollState:  # fmt: skip
    """The state after an answer that could be read: interval, next poll, health and their reason; failures are over.
    `empty`: a whole document had no item in it, which is suspect where there used to be some. None when that cannot be
    known (a 304, the same bytes again, a kind whose answers hold only what is new): then a suspect source stays so."""
    fixed, most = source.every >= source.every_max, max(source.every_max, source.every)
    before = min(max(state.interval or source.every, source.every), source.every_max)
    wanted = before / 2 if new_items else before * 1.5
    floor = max(source.every, 0.0 if fixed else hint or 0.0)
    interval = min(max(wanted, floor), most)
    asked = " as the source asks" if floor > max(wanted, source.every) else ""
    reason = f"{new_items or 'nothing'} new: asked again every {interval:.4g} s{asked}"
    health: SourceHealth = "ok"
    if state.health == "suspect" if empty is None else empty and state.known_items > 0:
        health, reason = "suspect", f"an answer with nothing in it, from a source that used to have items; {reason}"
    delay = max(interval * _spread(source.name, 0.01 if fixed else 0.1), source.every)
    due = now + timedelta(seconds=delay)
    return replace(state, interval=interval, next_poll_at=due, health=health, failures=0, reason=reason)


def after_failure(source: Source, state: PollState, now: datetime, error: SourceError) -> PollState:
    """The state after a poll that failed: the next one after a doubling wait, or after what the other side asked for.
    Never sooner than `every`; the adaptive interval stays. Throttling is not ill health until the third time in a row;
    everything else shows at once; a 410 is gone."""
    failures = state.failures + 1
    health = state.health if isinstance(error, SourceThrottled) and failures < 3 else "failing"
    if error.final:
        health, delay = "gone", GONE_WAIT
    elif error.retry_after:
        asked = min(error.retry_after, LONGEST_ASKED)
        delay = max(asked, source.every) + min(asked * 0.1, 30.0) * _share(source.name)
    else:
        cap = max(source.every_max, SHORTEST_CAP)
        delay = min(source.every * 2.0 ** min(failures - 1, 40), cap) * _spread(source.name, 0.1)
    due = now + timedelta(seconds=max(delay, source.every))
    return replace(state, next_poll_at=due, health=health, failures=failures, reason=error.message)


def validators(state: PollState, reply: Reply, asked_at: datetime) -> PollState:
    """The state with what the next conditional fetch sends, and when the last unconditional one was. `asked_at` is when
    the poll began, which decided by `wants_full` whether validators were sent."""
    etag, modified = reply.headers.get("etag"), reply.headers.get("last-modified")
    if reply.status == 304:
        return replace(state, etag=etag or state.etag, last_modified=modified or state.last_modified)
    free = wants_full(state, asked_at) or not (state.etag or state.last_modified)
    full, body = asked_at if free else state.last_full_at, sha256(reply.body).hexdigest()
    return replace(state, etag=etag, last_modified=modified, body_sha256=body, last_full_at=full)


def wants_full(state: PollState, now: datetime) -> bool:
    """Whether the next fetch goes without validators: once a day."""
    return state.last_full_at is None or now - state.last_full_at >= FULL_EVERY


def _share(name: str) -> float:
    """A share in [0, 1) that is always the same for a name."""
    return int.from_bytes(sha256(name.encode()).digest()[:4], "big") / 2**32


def _spread(name: str, part: float) -> float:
    return 1.0 + part * (2.0 * _share(name) - 1.0)
