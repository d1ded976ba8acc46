"""The world on loopback: one server for each platform, each feed's site and each sink, on ports that were free."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from tracker.demo import feeds, mastodon, sinks, wire, x
from tracker.demo.world import World

_LARGEST = 8 * 2**20  # of a mail or a request's head


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the world is: the port on 127.0.0.1 of "x", "mastodon", "hook", "mail" and each feed channel by name."""

    of: Mapping[str, int]

    def url(self, name: str) -> str:
        """The base address of that server, without a slash at its end."""
        return f"http://127.0.0.1:{self.of[name]}"


@asynccontextmanager
async def running(world: World) -> AsyncIterator[Ports]:
    """Serve the world until the block ends."""
    handlers = {"x": partial(x.answer, world), "mastodon": partial(mastodon.answer, world)}
    handlers["hook"] = partial(sinks.take_call, world)
    for name, channel in world.channels.items():
        if channel.platform not in handlers:
            handlers[name] = partial(feeds.answer, world, channel)
    conversations = {name: partial(wire.converse, handler) for name, handler in handlers.items()}
    conversations["mail"] = partial(sinks.take_mail, world)
    async with AsyncExitStack() as stack:
        ports = {}
        for name, conversation in conversations.items():
            server = await asyncio.start_server(conversation, "127.0.0.1", 0, limit=_LARGEST)
            stack.callback(server.close)
            ports[name] = server.sockets[0].getsockname()[1]
        yield Ports(ports)
