"""`tracker demo`: the whole route on the demo world, with the real adapters, the real archive and real delivery. The
world's past days are lived through first, at the world's own time, so that the page is full and the digest real; then
the daemon runs and new posts arrive every few seconds."""

import asyncio
import os
import socket
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import typer

from tracker.app import Tracker, build
from tracker.cli import show
from tracker.cli.show import Answer
from tracker.config import load
from tracker.demo import World, WorldClock, running, write_config
from tracker.errors import UsageError
from tracker.models.shape import instant
from tracker.outside.clock import SystemClock

#: In the live demo a minute of the world takes five seconds.
RATE = 12.0
#: How much of the world's past is lived through; what is older is there at the first reading.
LIVED = timedelta(days=3)


async def once(quiet: bool) -> Answer:
    """Live through the world's past days and end; counts of each step of the route."""
    async with _at(World(datetime.now(UTC)), free_port()) as (world, tracker):  # dated relative to now
        await live_through(world, tracker, quiet)
        counts = counts_of(world, tracker)
    told = {s: ", ".join(f"{k} {n}" for k, n in v.items()) if isinstance(v, dict) else v for s, v in counts.items()}
    return Answer(counts, (f"{step}: {value}" for step, value in told.items()))


async def live(port: int) -> None:
    """Live through the past days, then run the daemon until it is stopped."""
    from tracker.cli.logs import configure
    from tracker.daemon import Daemon

    async with _at(World(datetime.now(UTC), rate=RATE), free_port(port)) as (world, tracker):
        typer.echo("living through the last days of a small world on loopback …", err=True)
        await live_through(world, tracker)
        world.follow(SystemClock().now)
        configure(tracker.settings)
        telling, then = asyncio.create_task(_narrate(world)), "new posts arrive every few seconds; ^C ends the demo"
        await Daemon(tracker).run(lambda page: typer.echo(f"\n  the page is at {page}\n  {then}\n", err=True))
        telling.cancel()


def free_port(wanted: int = 0) -> int:
    """This port of 127.0.0.1, if nobody listens on it; any such port for 0."""
    try:
        with socket.create_server(("127.0.0.1", wanted)) as found:
            return int(found.getsockname()[1])
    except OSError:
        raise UsageError(f"port {wanted} is taken: try tracker demo --port 0") from None


@asynccontextmanager
async def _at(world: World, port: int) -> AsyncIterator[tuple[World, Tracker]]:
    """The running world, and a Tracker on a config that points at it."""
    with tempfile.TemporaryDirectory(prefix="tracker-demo-") as folder:
        async with running(world) as ports:
            environment = write_config(Path(folder), ports, world.now, port)
            tracker = build(load(Path(folder), {**os.environ, **environment}), WorldClock(world))
            try:
                yield world, tracker
            finally:
                await tracker.close()


async def live_through(world: World, tracker: Tracker, quiet: bool = True) -> None:
    """Poll, relate, tell and digest at each moment of the world's past at which something happened."""
    seen = world.now - LIVED
    moments = [seen, *(moment for moment in world.instants() if seen < moment <= world.now), world.now]
    for moment in moments:
        world.as_of = moment
        await tracker.poll()
        await tracker.relate()
        await tracker.make_digests()
        await tracker.tell()
        for words in () if quiet else world.happened_since(seen):
            typer.echo(show.cell(words), err=True)
        seen = moment


def counts_of(world: World, tracker: Tracker) -> dict[str, Any]:
    """What each step of the route came to, counted in the archive and at the sinks."""
    archive = tracker.archive
    return {
        "world": {"channels": len(world.channels), "from": instant(world.instants()[0]), "to": instant(world.now)},
        **archive.status(),
        "sources_by_state": Counter(one.state.health for one in archive.sources()),
        "issues": [{"digest": i.digest, "date": str(i.day), "statements": len(i.statements)} for i in archive.issues()],
        "received": {
            "mails": len(world.mails), "calls": len(world.calls), "calls_by_id": len({one.id for one in world.calls}),
            "subjects": [mail.subject for mail in world.mails],
        },
    }  # fmt: skip


async def _narrate(world: World) -> None:
    """Say what happens in the world as it happens."""
    seen = world.as_of
    while True:
        await asyncio.sleep(1)
        world.go_on()
        for words in world.happened_since(seen):
            typer.echo(f"  {show.cell(words)}")
        seen = world.as_of
