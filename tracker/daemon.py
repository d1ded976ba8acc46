"""`tracker run`: which journey runs when, signals, readiness.

The scheduler only wakes: what is due comes from the database, so a job that is late, dropped or doubled loses nothing.
There is no job per source. A job that hangs is ended by its own deadline and runs again.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime

import structlog
import uvicorn
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from tracker.app import Tracker
from tracker.errors import TrackerError
from tracker.models.source import Kept, Reading
from tracker.web import make_app

log = structlog.get_logger("tracker")

#: Seconds between wakes of each journey, and its deadline.
EVERY = {"collect": (0.25, 60.0), "tell": (1.0, 120.0), "digest": (10.0, 120.0)}
#: SIGTERM to end, in seconds, finishing or releasing what is in hand.
GRACE = 25.0


class Daemon:
    """All journeys of one Tracker on schedule, with its web page, until told to stop."""

    def __init__(self, tracker: Tracker) -> None:
        self.tracker = tracker
        self.stopping = asyncio.Event()
        self.scheduler = AsyncIOScheduler(timezone="UTC")
        tracker.progress = self._kept

    async def run(self, on_ready: Callable[[str], None] | None = None) -> None:
        """Run until SIGTERM or SIGINT. Raises ArchiveLocked when another daemon holds the archive."""
        tracker = self.tracker
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stopping.set)
        with tracker.archive.hold(f"tracker run, process {os.getpid()} on {socket.gethostname()}"):
            server, listening = _server(tracker)
            serving = asyncio.create_task(server.serve(sockets=[listening]))
            self._schedule()
            self.scheduler.start()
            page = _page(tracker, listening)
            log.info("ready", page=page, sources=len(tracker.settings.sources), database=tracker.archive.shown_url)
            if on_ready is not None:
                on_ready(page)
            await self.stopping.wait()
            log.info("stopping")
            self.scheduler.shutdown(wait=False)
            server.should_exit = True
            await _within(GRACE, tracker.close())
            await _within(5.0, serving)
        log.info("stopped")

    def _schedule(self) -> None:
        journeys: dict[str, Callable[[], Awaitable[object]]] = {
            "collect": self.tracker.collector.tick,
            "tell": self._relate_and_tell,
            "digest": self.tracker.make_digests,
        }
        for name, journey in journeys.items():
            every, deadline = EVERY[name]
            self.scheduler.add_job(
                _guarded,
                "interval",
                args=(name, journey, deadline),
                seconds=every,
                id=name,
                next_run_time=datetime.now(UTC),
                misfire_grace_time=None,
                coalesce=True,
                max_instances=1,
            )

    def _kept(self, reading: Reading, kept: Kept) -> None:
        """Log what a poll brought, and tell of it at once instead of at the next wake."""
        _log_reading(reading, kept)
        if (kept.new or kept.edited or kept.alerts) and self.scheduler.running:
            self.scheduler.modify_job("tell", next_run_time=datetime.now(UTC))

    async def _relate_and_tell(self) -> None:
        await self.tracker.relate()
        for done in await self.tracker.tell():
            log.info(
                "delivery",
                state=done.state,
                receiver=done.delivery.notification.receiver,
                notification=done.delivery.notification.id,
                attempt=done.delivery.attempt,
                reason=done.reason,
            )


async def _guarded(name: str, journey: Callable[[], Awaitable[object]], deadline: float) -> None:
    """One run of one journey: its failure is logged and ends nothing but itself."""
    try:
        async with asyncio.timeout(deadline):
            await journey()
    except TrackerError as error:
        log.error(  # noqa: TRY400  # the class and its one line say it all
            "journey failed", journey=name, error=type(error).__name__, reason=str(error)
        )
    except TimeoutError:
        log.error(  # noqa: TRY400  # a traceback of the wait says nothing
            "journey took too long", journey=name, deadline=deadline
        )


def _log_reading(reading: Reading, kept: Kept) -> None:
    source, state = reading.claim.source.name, reading.state
    if reading.outcome == "failed":
        log.warning(
            "poll failed", source=source, reason=reading.failure, next=str(state.next_poll_at), failures=state.failures
        )
    elif kept.new or kept.edited or reading.notes:
        log.info(
            "polled",
            source=source,
            new=len(kept.new),
            edited=len(kept.edited),
            alerts=kept.alerts,
            notes=list(reading.notes),
        )


def _server(tracker: Tracker) -> tuple[uvicorn.Server, socket.socket]:
    """The web server on its socket, bound before anything is promised; port 0 picks a free one."""
    web = tracker.settings.web
    listening = socket.create_server((web.host, web.port), reuse_port=False)
    options = uvicorn.Config(make_app(tracker), log_config=None, lifespan="off", server_header=False, access_log=False)
    server = _QuietServer(options)
    return server, listening


class _QuietServer(uvicorn.Server):
    """A server that leaves the signals to the daemon."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _page(tracker: Tracker, listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return tracker.settings.web.public_url or f"http://{host}:{port}"


async def _within(seconds: float, work: Awaitable[object]) -> None:
    try:
        async with asyncio.timeout(seconds):
            await work
    except TimeoutError:
        log.warning("not finished in time: its leases run out by themselves", seconds=seconds)
