"""The journey from "what is due?" to "kept": ask in parallel, judge in workers, keep in groups. A crash above
`archive.keep` repeats harmlessly, below it nothing is lost. Which error means what: a `SourceError` ends the poll of
its source alone, and what earlier pages brought is kept; an `ArchiveError` ends the tick, and the leases run out;
`LeaseLost` ends a poll that froze for longer than its lease, before it asks the source once more."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from tracker.archive import Archive
from tracker.decide import answer, cadence
from tracker.decide.budget import Budget, month_of, refusal
from tracker.errors import ArchiveError, LeaseLost, SourceError, SourceThrottled
from tracker.judge import Job, Sight, judge
from tracker.models.source import Claim, Evidence, Kept, Known, PollState, Reading, Reply, Request, Source
from tracker.models.statement import Firing
from tracker.outside.clock import Clock
from tracker.outside.web import Web
from tracker.outside.workers import Workers
from tracker.sources import KINDS, Kind

#: Requests of one poll: a look-up and 51 pages; a hostile or very long timeline goes on at the next poll.
MOST_PAGES = 52
#: Writes are grouped for up to this long, in seconds, and up to so many readings.
GROUP_WAIT, GROUP_SIZE = 0.05, 12
#: Seconds until another worker may take over a source from one that died; what is in hand is held for longer.
LEASE = 25.0

Progress = Callable[[Reading, Kept], None]


@dataclass(slots=True)
class Collector:
    """Polls what is due. `parallel` sources are asked at once; `tick` starts what is due and returns, `drain` waits."""

    archive: Archive
    web: Web
    workers: Workers
    clock: Clock
    sources: Mapping[str, Source] = field(default_factory=dict)
    budgets: Mapping[str, Budget] = field(default_factory=dict)
    parallel: int = 100
    progress: Progress | None = None
    lease: float = LEASE
    #: What is billed is read by one poll at a time; and reads that are not kept yet.
    paying: asyncio.Lock = field(default_factory=asyncio.Lock)
    reading: dict[tuple[str, str], int] = field(default_factory=dict)
    _hands: dict[tuple[str, str], tuple[Claim, float]] = field(default_factory=dict)  # and when its lease ends
    _beat: asyncio.Task[None] | None = None
    _polls: set[asyncio.Task[None]] = field(default_factory=set)
    _read: asyncio.Queue[Reading] = field(default_factory=asyncio.Queue)
    _taken: asyncio.Condition = field(default_factory=asyncio.Condition)
    _keeper: asyncio.Task[None] | None = None
    _failure: ArchiveError | None = None

    async def tick(self, names: Sequence[str] | None = None) -> int:
        """Start polling what is due now (the named sources whether due or not); the number started. Raises the
        ArchiveError that keeping met last, until keeping works again: what was read then is read again."""
        free = self.parallel - len(self._polls)
        if free <= 0:
            return 0
        ends = self.clock.monotonic() + self.lease
        claims = await asyncio.to_thread(self.archive.claim_due, self.clock.now(), free, self.lease, names)
        self._hands |= {claim.key: (claim, ends) for claim in claims}
        if self._keeper is None or self._keeper.done():
            self._keeper = asyncio.create_task(self._keep())
        if claims and (self._beat is None or self._beat.done()):
            self._beat = asyncio.create_task(self._hold())
        for claim in claims:
            configured = self.sources.get(claim.source.name, claim.source)  # the archive keeps no secrets
            poll = asyncio.create_task(self._poll(replace(claim, source=configured)))
            self._polls.add(poll)
            poll.add_done_callback(self._polls.discard)
        if self._failure is not None:
            raise self._failure
        return len(claims)

    async def room(self) -> int:
        """Wait until a quarter of all may be asked anew (a lease costs a transaction, many cost one); how many may."""
        while len(self._polls) > self.parallel * 3 // 4:
            await asyncio.wait(self._polls, return_when=asyncio.FIRST_COMPLETED)
        return self.parallel - len(self._polls)

    async def drain(self) -> None:
        """Wait until every started poll is kept."""
        while self._polls:
            await asyncio.gather(*self._polls)
        await self._read.join()
        if self._failure is not None:
            raise self._failure

    async def stop(self, within: float) -> None:
        """Finish what is in hand within so many seconds, and release the rest."""
        try:
            async with asyncio.timeout(within):
                await self.drain()
        except (TimeoutError, ArchiveError):
            for poll in self._polls:
                poll.cancel()
            await asyncio.gather(*self._polls, return_exceptions=True)
        for task in filter(None, (self._keeper, self._beat)):
            task.cancel()
        self._keeper = self._beat = None

    async def _poll(self, claim: Claim) -> None:
        reading: Reading | None = None
        try:
            reading = await read(claim, self)
        except ArchiveError as error:
            self._failure = self._failure if isinstance(error, LeaseLost) else error
            return
        except asyncio.CancelledError:
            await asyncio.to_thread(self.archive.release, [claim])
            raise
        finally:
            if reading is None:
                self._let_go(claim)
        await self._read.put(reading)

    async def caught_up(self) -> None:
        """Wait while much waits to be kept: what is judged takes memory, an answer that is not takes little."""
        async with self._taken:
            await self._taken.wait_for(lambda: self._read.qsize() < GROUP_SIZE)

    def still(self, claim: Claim) -> None:
        """LeaseLost when a source may be another worker's by now: this process was frozen, or the archive away."""
        if self.clock.monotonic() >= self._hands.get(claim.key, (claim, 0.0))[1]:
            raise LeaseLost(f"{claim.source.name}: its lease ran out while it was being polled")

    async def _hold(self) -> None:
        """Extend the leases of what is in hand, until nothing is."""
        while self._hands:
            await self.clock.sleep(self.lease / 3)
            claims, ends = [claim for claim, _ in self._hands.values()], self.clock.monotonic() + self.lease
            until = self.clock.now() + timedelta(seconds=self.lease)
            with suppress(ArchiveError):
                held = await asyncio.to_thread(self.archive.extend, claims, until)
                self._hands |= {claim.key: (claim, ends) for claim in held if claim.key in self._hands}

    def _let_go(self, claim: Claim) -> None:
        self._hands.pop(claim.key, None)
        self.reading.pop(claim.key, None)

    async def _keep(self) -> None:
        while True:
            group = [await self._read.get()]
            try:
                await self._gather(group)
                kept = await asyncio.to_thread(self.archive.keep, group, self.clock.now())
            except ArchiveError as error:  # nothing is lost: the leases run out, and the sources are asked again
                self._failure = error
            else:
                self._failure = None
                tell = self.progress or (lambda *_: None)
                for reading, one in zip(group, kept, strict=True):
                    tell(reading, one)
            finally:
                for reading in group:
                    self._let_go(reading.claim)
                    self._read.task_done()
                async with self._taken:
                    self._taken.notify_all()

    async def _gather(self, group: list[Reading]) -> None:
        try:
            async with asyncio.timeout(GROUP_WAIT):
                while len(group) < GROUP_SIZE:
                    group.append(await self._read.get())
        except TimeoutError:
            return


@dataclass(frozen=True, slots=True)
class Asked:
    """One answer of a poll, and what was seen in it; None for one that brought nothing (a 304, the same bytes)."""

    request: Request
    reply: Reply
    sight: Sight | None


async def read(claim: Claim, desk: Collector) -> Reading:
    """Ask one source, page by page, and judge its answers. A Reading: a failure of the source is one too."""
    started = desk.clock.now()
    asked: list[Asked] = []
    try:
        await _pages(claim, desk, started, asked)
    except SourceError as error:
        finished, resumed = desk.clock.now(), asked[-1].sight if asked and KINDS[claim.source.kind].resumes else None
        state = replace(claim.state, last_poll_at=finished, cursor=resumed.cursor if resumed else claim.state.cursor)
        following = cadence.after_failure(claim.source, state, finished, error)
        return _reading(claim, following, asked, started, error)
    finished = desk.clock.now()
    return _reading(claim, _following(claim, asked, started, finished), asked, started, None)


async def _pages(claim: Claim, desk: Collector, now: datetime, asked: list[Asked]) -> None:
    """The paging loop, for every kind: fills `asked`, whatever ends it."""
    source, state = claim.source, claim.state
    kind, full = KINDS[source.kind], cadence.wants_full(state, now)
    request: Request | None = kind.ask(source, state)
    known: Known = {}
    while request is not None and len(asked) < MOST_PAGES:
        async with desk.paying if kind.name in desk.budgets else nullcontext():
            asking = await _within_budget(kind, desk, claim, request, now)
            if request.conditional and not full and not asked:
                asking = _validated(asking, state)
            reply = await desk.web.send(asking, partial(desk.still, claim))
            kind.refuse(reply, now)
            answer.check(reply, kind.name, bool(state.known_items), now)
            if reply.status == 304 or (request.conditional and not asked and _sha256(reply.body) == state.body_sha256):
                asked.append(Asked(request, reply, None))
                return
            if not asked and state.first_read_at:  # not before it is needed: most polls bring nothing new
                known = await asyncio.to_thread(desk.archive.known, source.name)
            await desk.caught_up()
            sight: Sight = await desk.workers.run(judge, Job(source, state, reply, known, desk.clock.now()))
            desk.reading[claim.key] = desk.reading.get(claim.key, 0) + sight.reads
        asked.append(Asked(asking, reply, sight))
        state = replace(state, cursor=sight.cursor)
        request = sight.next


async def _within_budget(kind: Kind, desk: Collector, claim: Claim, request: Request, now: datetime) -> Request:
    """The request for no more than what is left of the month's reads. SourceThrottled when that is too little."""
    budget = desk.budgets.get(kind.name)
    if budget is None:
        return request
    own, reading = desk.reading.get(claim.key, 0), sum(desk.reading.values())
    spent = await asyncio.to_thread(desk.archive.reads_since, kind.name, month_of(now))
    if fewer := kind.limited(request, budget.monthly_reads - spent - reading):
        return fewer
    if kind.limited(request, budget.monthly_reads - spent - own):
        raise SourceThrottled("other sources read the rest of the month's budget now", 60.0)
    raise refusal(budget, kind.name, spent + own, now)


def _validated(request: Request, state: PollState) -> Request:
    sent = {"If-None-Match": state.etag, "If-Modified-Since": state.last_modified}
    return replace(request, headers={**request.headers, **{name: value for name, value in sent.items() if value}})


def _following(claim: Claim, asked: list[Asked], started: datetime, finished: datetime) -> PollState:
    """The source's state after a poll that went well."""
    state, sights = claim.state, [one.sight for one in asked if one.sight]
    items, new = sum(sight.items_seen for sight in sights), sum(len(sight.judged) for sight in sights)
    first = asked[0]
    if sights:
        state = replace(state, cursor=sights[-1].cursor, known_items=max(state.known_items, items))
    state = answer.moved(cadence.validators(state, first.reply, started), first.request.url, first.reply, finished)
    state = replace(
        state, first_read_at=state.first_read_at or finished, last_poll_at=finished, last_success_at=finished,
        last_new_at=finished if new else state.last_new_at,
    )  # fmt: skip
    empty = items == 0 if sights and KINDS[claim.source.kind].whole else None
    hint = max((sight.interval_hint for sight in sights if sight.interval_hint), default=None)
    return cadence.after_success(claim.source, state, finished, new, hint, empty)


def _reading(
    claim: Claim, state: PollState, asked: list[Asked], started: datetime, error: SourceError | None
) -> Reading:
    sights = [one.sight for one in asked if one.sight]
    return Reading(
        claim=claim, state=state, started_at=started, finished_at=state.last_poll_at or started,
        outcome="failed" if error else ("read" if sights else "unchanged"),
        answers=tuple((_evidence(one), one.sight.judged) for one in asked if one.sight and one.sight.judged),
        items_seen=sum(sight.items_seen for sight in sights), reads=sum(sight.reads for sight in sights),
        failure=error.message if error else None, failure_kind=type(error).__name__ if error else None,
        notes=tuple(note for sight in sights for note in sight.notes), requests=len(asked) + (error is not None),
        alarm=_alarm(claim, state),
    )  # fmt: skip


def _evidence(one: Asked) -> Evidence:
    reply = one.reply
    headers = dict(one.request.headers)
    return Evidence(reply.url, headers, reply.status, reply.headers, reply.body, _sha256(reply.body), reply.received_at)


def _alarm(claim: Claim, following: PollState) -> Firing | None:
    """What the operator is told when a source's health changes for the worse, or comes back from there."""
    before, after = claim.state.health, following.health
    if before == after or not {before, after} & {"failing", "gone", "suspect"}:
        return None
    return Firing(f"source:{claim.source.name}", f"{before} -> {after}: {following.reason or 'polled well again'}")


def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
