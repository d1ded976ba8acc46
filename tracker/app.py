"""The only wiring: settings in, a Tracker out. Nowhere else is an engine, a client or a pool made."""

import asyncio
import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from typing import Any

from tracker import __version__, alert, digest, judge, relate, text
from tracker.archive import Archive
from tracker.channels import Context
from tracker.classify import taxonomy
from tracker.classify.taxonomy import LabelSpec
from tracker.collect import LEASE, Collector, Progress
from tracker.config import Settings
from tracker.decide.operators import Value, refs
from tracker.decide.query import Vocabulary, parse
from tracker.deliver import Postroom
from tracker.errors import QueryError, UsageError
from tracker.models.query import Node
from tracker.models.registry import Registry
from tracker.models.telling import Delivered, Issue
from tracker.outside.clock import Clock, SystemClock
from tracker.outside.mail import Mailer
from tracker.outside.web import Web, WebOptions
from tracker.outside.workers import Workers
from tracker.sources import KINDS

#: A worker's limits for one answer: wall seconds, and bytes of memory.
JUDGE_SECONDS, JUDGE_MEMORY = 15.0, 1 << 30
#: Collection is stale when a source that is due has waited this long.
STALE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Health:
    """Whether collecting, storing and telling work, and in one line each what does not."""

    ok: bool
    problems: tuple[str, ...]
    detail: Mapping[str, object]


class Tracker:
    """One running tracker. Its parts are made at first use, so that a read makes neither a client nor a pool."""

    progress: Progress | None
    version = __version__

    def __init__(self, settings: Settings, clock: Clock, inline: bool, lease: float) -> None:
        self.settings, self.clock, self.progress = settings, clock, None
        #: What fails now, by journey, as the daemon saw it.
        self.troubles: dict[str, str] = {}
        self._workers, self._lease = 0 if inline else settings.workers, lease
        self._retiring: asyncio.Task[None] | None = None

    @property
    def registry(self) -> Registry:
        return self.settings.registry

    @cached_property
    def archive(self) -> Archive:
        """The archive, migrated, with the config's sources in it."""
        archive = Archive.open(self.settings.database, worker=f"{socket.gethostname()}:{os.getpid()}")
        archive.sync_sources(self.settings.sources, self.clock.now())
        return archive

    @cached_property
    def labels(self) -> Mapping[str, LabelSpec]:
        return {spec.name: spec for spec in taxonomy.load(self.settings.taxonomy, taxonomy.shipped())}

    @property
    def label_titles(self) -> Mapping[str, str]:
        return {name: spec.title for name, spec in self.labels.items()}

    @cached_property
    def vocabulary(self) -> Vocabulary:
        names = (tuple(self.labels), tuple(KINDS), tuple(source.name for source in self.settings.sources))
        return Vocabulary(self.registry, *names, lambda some: self.archive.search(some, limit=1).total > 0)

    def parsed(self, words: str) -> Node:
        """The tree of a query in the words of this config, and of what it names no more but statements have.
        QueryError tells the column of what cannot be understood."""
        return parse(text.clean(words), self.vocabulary).tree

    def sides(self, **written: str | None) -> dict[str, list[str]]:
        """Who goes by a name as `visitor` or `host`, as in a query; UsageError when nobody does."""
        try:
            asked = {side: Value(text.clean(name), 1) for side, name in written.items() if name is not None}
            return {side: refs(side, name, self.vocabulary) for side, name in asked.items()}
        except QueryError as error:
            raise UsageError(error.message) from None

    @cached_property
    def web(self) -> Web:
        return Web(WebOptions(**self.settings.network.model_dump()), self.clock)

    @property
    def _mind(self) -> tuple[Any, ...]:
        return self.settings.registry, self.settings.rules, self.settings.digests, self.settings.taxonomy

    @cached_property
    def workers(self) -> Workers:
        return Workers(self._workers, judge.prepare, self._mind, seconds=JUDGE_SECONDS, memory=JUDGE_MEMORY)

    @cached_property
    def collector(self) -> Collector:
        sources, budgets = {source.name: source for source in self.settings.sources}, {"x": self.settings.x}
        parts = (self.archive, self.web, self.workers, self.clock)
        return Collector(*parts, sources=sources, budgets=budgets, progress=self.progress, lease=self._lease)

    @cached_property
    def postroom(self) -> Postroom:
        sender = self.settings.mail.sender if self.settings.mail else "tracker@localhost"
        context = Context(sender, self.settings.web.public_url, self.label_titles)
        return Postroom(self.archive, self.web, self.mailer, self.clock, self.settings.receivers, context, self._lease)

    @property
    def mailer(self) -> Mailer | None:
        if (m := self.settings.mail) is None:
            return None
        return Mailer(m.host, m.port, m.security, m.username, m.password or "", m.timeout)

    async def reload(self, settings: Settings) -> tuple[str, ...]:
        """Go on with another config from the next wake on; what of it takes effect only after a restart. Raises
        ArchiveError, and then the old config stays."""
        old = self.settings
        fixed = {name: getattr(old, name) for name in ("database", "web", "network", "workers")}
        later = tuple(name for name, value in fixed.items() if getattr(settings, name) != value)
        await asyncio.to_thread(self.archive.sync_sources, settings.sources, self.clock.now())
        mind, self.settings = self._mind, replace(settings, **fixed)
        for name in ("labels", "vocabulary", "postroom"):
            vars(self).pop(name, None)
        if self._mind != mind:
            retired = vars(self).pop("workers", None)
            self.collector.workers = self.workers
            self._retiring = asyncio.create_task(_retire(retired)) if retired else None
        self.collector.sources = {source.name: source for source in settings.sources}
        self.collector.budgets = {"x": settings.x}
        return later

    async def clock_set_back(self, by: float) -> None:
        """The clock was set back so many seconds: what was due in that time is due now, not when it comes again."""
        now = self.clock.now()
        await asyncio.to_thread(self.archive.sync_sources, self.settings.sources, now)
        await asyncio.to_thread(self.archive.set_back, timedelta(seconds=by), now)

    async def poll(self, names: Sequence[str] | None = None) -> int:
        """Ask the named sources now, or else what is due, and keep what they say; the number asked."""
        waiting, started = list(dict.fromkeys(names or self._due())), 0
        while waiting:
            room = await self.collector.room()
            asked, waiting = waiting[:room], waiting[room:]
            started += await self.collector.tick(asked)
        await self.collector.drain()
        return started

    def _due(self) -> list[str]:
        """What is due at this moment: what comes due while it is asked waits for the next poll."""
        now = self.clock.now()
        known = ((one.source, one.state.next_poll_at or now) for one in self.archive.sources())
        return [name for at, name in sorted((at, one.name) for one, at in known if one.enabled and at <= now)]

    async def relate(self) -> tuple[int, int]:
        """Relate what waits for it; the numbers of statements related and of alerts added."""
        return await relate.relate_new(self.archive, self.workers, self.clock, self._lease)

    async def tell(self) -> list[Delivered]:
        """Alerts and whatever else waits in the outbox, out to their receivers."""
        await asyncio.to_thread(alert.tell, self.archive, self.settings, self.vocabulary, self.clock.now())
        return await self.postroom.deliver_due()

    async def make_digests(self) -> list[Issue]:
        args = (self.settings.digests, self.label_titles, self.clock.now())
        return await asyncio.to_thread(digest.make_due, self.archive, *args)

    def health(self) -> Health:
        """Whether this archive is being filled: what is due is asked, and the database answers and takes writes."""
        problems = [f"{journey} fails: {why}" for journey, why in sorted(self.troubles.items())]
        if "probe" in self.troubles:  # a database that hangs would make this hang, too
            return Health(False, tuple(problems), {})
        now = self.clock.now()
        waiting = ((one.source.name, one.state.next_poll_at) for one in self.archive.sources() if one.source.enabled)
        late = [name for name, due in waiting if due is not None and due + STALE < now]
        problems += [f"{len(late)} sources wait to be polled: {', '.join(late[:5])}"] if late else []
        outbox = self.archive.outbox()
        return Health(not problems, tuple(problems), {"late": len(late), "dead_letters": outbox.dead})

    async def close(self) -> None:
        """Let go of everything that was made."""
        made = vars(self)
        if "collector" in made:
            await self.collector.stop(within=20.0)
        if "workers" in made:
            self.workers.close()
        if "web" in made:
            await self.web.close()
        if "archive" in made:
            self.archive.close()


async def _retire(workers: Workers) -> None:
    """Let workers with an old mind finish what they judge."""
    try:
        await asyncio.sleep(2 * JUDGE_SECONDS)
    finally:
        workers.close()


def build(settings: Settings, clock: Clock | None = None, *, inline: bool = False, lease: float = LEASE) -> Tracker:
    """A Tracker on these settings. `inline` judges in this process: for tests and single commands. `lease`: seconds
    after which another worker takes over what a dead one had."""
    return Tracker(settings, clock or SystemClock(), inline, lease)
