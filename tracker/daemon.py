"""`tracker run`: which journey runs when, signals, readiness. The scheduler only wakes: what is due comes from the
database, so a job that is late, dropped or doubled loses nothing. There is no job per source. A job that hangs is ended
by its own deadline and runs again; one that fails says so once, in the log and on /health, until it works again."""

import asyncio
import contextlib
import ctypes
import gc
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime

import structlog
import uvicorn
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from fastapi import FastAPI

from tracker import meters
from tracker.app import Tracker
from tracker.config import Settings
from tracker.config.schema import WebSettings
from tracker.errors import ConfigError, TrackerError, UsageError
from tracker.models.source import Kept, Reading
from tracker.outside.notify import Supervisor
from tracker.web import make_app, render

log = structlog.get_logger("tracker")

#: Seconds between wakes of each journey, and its deadline. `probe` sees whether the database takes a write: two waits
#: of 10 s for a lock, another's and its own, end before it does, so that it says what it met.
EVERY = {"collect": (0.25, 60.0), "tell": (1.0, 120.0), "digest": (10.0, 120.0), "probe": (5.0, 25.0)}
#: From SIGTERM on, in seconds: for what is in hand, and for letting go of everything.
FINISH, GRACE = 10.0, 10.0
#: The clock was set when it moved so many seconds otherwise than time did.
STEP = 2.0
#: `mallopt`'s name for the number of heaps, in glibc's malloc.h.
_M_ARENA_MAX = -8


class Daemon:
    """All journeys of one Tracker on schedule, with its web page, until told to stop. `load` reads the config again at
    SIGHUP; it raises ConfigError with every problem."""

    def __init__(
        self, tracker: Tracker, load: Callable[[], Settings] | None = None, supervisor: Supervisor | None = None
    ) -> None:
        self.tracker = tracker
        self.stopping = asyncio.Event()
        self.scheduler = AsyncIOScheduler(timezone="UTC")
        self.supervisor = supervisor or Supervisor({})
        self._load, self._reloads = load, asyncio.Event()
        self._running: set[asyncio.Task[object]] = set()
        tracker.progress = self._kept

    async def run(self, on_ready: Callable[[str], object]) -> None:
        """Run until SIGTERM or SIGINT. Raises ArchiveLocked when another daemon holds the archive."""
        tracker, loop = self.tracker, asyncio.get_running_loop()
        _share_one_heap()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stopping.set)
        loop.add_signal_handler(signal.SIGHUP, self._reloads.set)
        with tracker.archive.hold(f"tracker run, process {os.getpid()} on {socket.gethostname()}"):
            app, (listening, page) = make_app(tracker), listen(tracker.settings.web)
            options = uvicorn.Config(app, log_config=None, lifespan="off", server_header=False, access_log=False)
            server = _QuietServer(options)
            serving = asyncio.create_task(server.serve(sockets=[listening]))
            watching = [asyncio.create_task(self._watch_clock()), asyncio.create_task(self._watch_config(app))]
            self._schedule()
            self.scheduler.start()
            log.info("ready", page=page, sources=len(tracker.settings.sources), database=tracker.archive.shown_url)
            settle()
            self.supervisor.tell(f"READY=1\nSTATUS=page at {page}")
            on_ready(page)
            await self.stopping.wait()
            log.info("stopping")
            self.supervisor.tell("STOPPING=1")
            for task in watching:
                task.cancel()
            server.should_exit = True
            await self._finish()
            await _within(GRACE, tracker.close())
            await _within(2.0, serving)
        log.info("stopped")

    async def _finish(self) -> None:
        """Let what is in hand end, and begin nothing more; what takes too long is cut, and is due again."""
        self.scheduler.pause()
        self.tracker.postroom.stopping.set()
        collecting = asyncio.create_task(self.tracker.collector.stop(within=FINISH))
        await asyncio.wait([collecting, *self._running], timeout=FINISH)
        for task in self._running:
            task.cancel()
        self.scheduler.shutdown(wait=False)
        await asyncio.wait([collecting, *self._running], timeout=3.0)

    def _schedule(self) -> None:
        journeys: dict[str, Callable[[], Awaitable[object]]] = {
            "collect": self.tracker.collector.tick, "tell": self._relate_and_tell, "digest": self._digest,
            "probe": lambda: asyncio.to_thread(self.tracker.archive.probe),
        }  # fmt: skip
        never_late = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        for name, journey in journeys.items():
            every, deadline = EVERY[name]
            when = {"seconds": every, "next_run_time": datetime.now(UTC)}
            self.scheduler.add_job(self._wake, "interval", (name, journey, deadline), id=name, **when, **never_late)

    async def _wake(self, name: str, journey: Callable[[], Awaitable[object]], deadline: float) -> None:
        """One run of one journey: its failure is seen, and ends nothing but itself."""
        task, begun = asyncio.current_task(), self.tracker.clock.monotonic()
        assert task is not None  # noqa: S101  # a coroutine runs in a task
        self._running.add(task)
        why: str | None = "it ended unexpectedly: see the log"
        try:
            async with asyncio.timeout(deadline):
                await journey()
            why = None
        except TrackerError as error:
            why = f"{type(error).__name__}: {error}"
        except TimeoutError:
            why = f"it was not done within {deadline:g} s"
        except asyncio.CancelledError:
            why = self.tracker.troubles.get(name)
            raise
        finally:
            self._running.discard(task)
            meters.SECONDS.labels(name).observe(self.tracker.clock.monotonic() - begun)
            self._note(name, why)

    def _note(self, name: str, why: str | None) -> None:
        """Keep what fails for /health; the log tells when it begins, changes and ends, not at every wake."""
        before = self.tracker.troubles.pop(name, None)
        if why is not None:
            meters.FAILURES.labels(name).inc()
            self.tracker.troubles[name] = why
            if why != before:
                log.error("journey failed", journey=name, reason=why)
        elif before is not None:
            log.info("journey works again", journey=name)
        self.supervisor.alive()

    async def _watch_clock(self) -> None:
        """The scheduler counts on the wall clock, and is silent for as long as that was set back: wake it then."""
        clock = self.tracker.clock
        wall, steady = clock.now(), clock.monotonic()
        while True:
            await clock.sleep(1.0)
            before, wall = wall, clock.now()
            passed, steady = clock.monotonic() - steady, clock.monotonic()
            step = (wall - before).total_seconds() - passed
            if abs(step) > STEP:
                log.warning("the clock was set", seconds=round(step, 1))
                for job in self.scheduler.get_jobs():
                    job.modify(next_run_time=datetime.now(UTC))
                if step < 0:
                    await self._wake("clock", lambda by=-step: self.tracker.clock_set_back(by), 60.0)  # type: ignore[misc]

    async def _watch_config(self, app: FastAPI) -> None:
        """At SIGHUP: go on with the config as it is now, or with the old one when that has problems."""
        while self._load is not None:
            await self._reloads.wait()
            self._reloads.clear()
            self.supervisor.reloading()
            try:
                later = await self.tracker.reload(await asyncio.to_thread(self._load))
            except TrackerError as error:
                meters.RELOADS.labels("refused").inc()
                problems = error.problems if isinstance(error, ConfigError) else [str(error)]
                log.error("the old config stays", problems=problems)  # noqa: TRY400  # its lines say it all
            else:
                meters.RELOADS.labels("done").inc()
                app.state.pages = render.environment(self.tracker)
                log.info("config reloaded", sources=len(self.tracker.settings.sources), needs_restart=list(later))
            self.supervisor.tell("READY=1")

    def _kept(self, reading: Reading, kept: Kept) -> None:
        """Log what a poll brought, and tell of it at once instead of at the next wake."""
        meters.kept(reading, kept)
        _log_reading(reading, kept)
        if (kept.new or kept.edited or kept.alerts) and self.scheduler.running and not self.stopping.is_set():
            self.scheduler.modify_job("tell", next_run_time=datetime.now(UTC))

    async def _digest(self) -> None:
        meters.ISSUES.inc(len(await self.tracker.make_digests()))

    async def _relate_and_tell(self) -> None:
        related, alerts = await self.tracker.relate()
        meters.RELATED.inc(related)
        meters.ALERTS.inc(alerts)
        for done in await self.tracker.tell():
            meters.DELIVERIES.labels(done.state).inc()
            delivery, told = done.delivery, done.delivery.notification
            what = {"receiver": told.receiver, "notification": told.id, "attempt": delivery.attempt}
            log.info("delivery", state=done.state, **what, reason=done.reason)


def _log_reading(reading: Reading, kept: Kept) -> None:
    said, state = log.bind(source=reading.claim.source.name), reading.state
    if reading.outcome == "failed":
        said.warning("poll failed", reason=reading.failure, next=str(state.next_poll_at), failures=state.failures)
    elif kept.new or kept.edited or reading.notes:
        came = {"new": len(kept.new), "edited": len(kept.edited), "alerts": kept.alerts}
        said.info("polled", **came, notes=list(reading.notes))


def listen(web: WebSettings) -> tuple[socket.socket, str]:
    """The socket of the page, bound before anything is promised (port 0 picks a free one), and the page's address."""
    host, family = (f"[{web.host}]", socket.AF_INET6) if ":" in web.host else (web.host, socket.AF_INET)
    try:
        listening = socket.create_server((web.host, web.port), family=family)
        return listening, web.public_url or f"http://{host}:{listening.getsockname()[1]}"
    except OSError as error:
        advice = "name another [web] port, 0 for any that is free"
        raise UsageError(f"the page cannot be served at {web.host}:{web.port} ({error.strerror}): {advice}") from error


class _QuietServer(uvicorn.Server):
    """A server that leaves the signals to the daemon."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def settle() -> None:
    """What is loaded stays: to look through it stops searches for 40 ms; what comes is looked through seldom."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def _share_one_heap() -> None:
    """One heap for all threads, where the C library is glibc: one each takes 20 MB more for the same work."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


async def _within(seconds: float, work: Awaitable[object]) -> None:
    try:
        async with asyncio.timeout(seconds):
            await work
    except TimeoutError:
        log.warning("not finished in time: its leases run out by themselves", seconds=seconds)
