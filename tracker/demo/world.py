"""What happens in the demo world and when: fixtures with times relative to a `now`, served as of one instant.

A fixture's `at` is "-2d 08:15" (that many days before, at that UTC time), "-3h20m" or "+4m". What comes after `now` is
compressed by `rate`: at rate 12, "+1m" is five seconds away. Nothing here says what a label or rule makes of it.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from importlib import resources
from importlib.resources.abc import Traversable
from textwrap import shorten
from typing import Any, Literal

from tracker.outside.clock import SystemClock
from tracker.text import squeeze

HERE = resources.files("tracker.demo") / "fixtures"
_CLOCK_TIME = re.compile(r"-(\d+)d (\d\d):(\d\d)")
_SPAN = re.compile(r"([+-]?)(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


@dataclass(frozen=True, slots=True)
class Channel:
    """Somewhere things are said: an account of a platform or a feed. `failing` and `login` only ever show trouble."""

    name: str
    platform: Literal["x", "mastodon", "rss", "atom", "json", "failing", "login"]
    title: str
    handle: str = ""
    lang: str = "fr"


@dataclass(frozen=True, slots=True)
class Item:
    """One post or article. `reposts`, `quotes` and `replies_to` name other items; `html` says that the text is markup.

    `edit` has the `text` that replaces it and `after`, how long after; `edited_at` is that moment.
    """

    id: str
    channel: Channel
    moment: datetime
    text: str
    title: str = ""
    lang: str = ""
    reposts: str = ""
    quotes: str = ""
    replies_to: str = ""
    link: str = ""
    photo: str = ""
    html: bool = False
    edit: dict[str, str] = field(default_factory=dict)
    edited_at: datetime | None = None

    def last_moment(self, as_of: datetime) -> datetime:
        """When it got the form it has at that instant."""
        return self.edited_at if self.edited_at and self.edited_at <= as_of else self.moment

    def text_at(self, as_of: datetime) -> str:
        """The text as it reads at that instant."""
        return self.text if self.last_moment(as_of) == self.moment else self.edit["text"]


@dataclass(frozen=True, slots=True)
class SunkMail:
    """A mail that the sink took: envelope and the parsed headers, and the message as received."""

    at: datetime
    sender: str
    recipients: tuple[str, ...]
    subject: str
    message_id: str
    raw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SunkCall:
    """A webhook call that the sink took; `id` is its webhook-id."""

    at: datetime
    id: str
    path: str
    headers: dict[str, str]
    body: bytes = field(repr=False)


class World:
    """The world as of one instant: what `clock()` says (`now`, if none is given), or where `advance` put it.

    `mails` and `calls` are what the sinks received; `x_limit` is the X-like API's requests per path and 15 minutes.
    """

    def __init__(
        self,
        now: datetime,
        rate: float = 1.0,
        clock: Callable[[], datetime] | None = None,
        fixtures: Traversable = HERE,
    ) -> None:
        self.now, self.rate = now.astimezone(UTC), rate
        self.clock = clock or (lambda: self.now)
        self.x_limit, self.x_asked = 10_000, Counter[tuple[str, int]]()
        self.mails: list[SunkMail] = []
        self.calls: list[SunkCall] = []
        tables = [
            tomllib.loads(file.read_text(encoding="utf-8")) for file in fixtures.iterdir() if ".toml" in file.name
        ]
        self.channels = {row["name"]: Channel(**row) for table in tables for row in table.get("channel", ())}
        items = [self._item(row) for table in tables for row in table.get("item", ())]
        self._items = {item.id: item for item in sorted(items, key=lambda item: (item.moment, item.id))}

    def _item(self, table: dict[str, Any]) -> Item:
        moment, edit = self._moment(table["at"]), table.get("edit")
        edited_at = moment + self._scaled(edit["after"], moment) if edit else None
        rest = {key: value for key, value in table.items() if key not in ("at", "channel")}
        return Item(channel=self.channels[table["channel"]], moment=moment, edited_at=edited_at, **rest)

    def _moment(self, at: str) -> datetime:
        if found := _CLOCK_TIME.fullmatch(at):
            days, hour, minute = map(int, found.groups())
            return datetime.combine(self.now.date() - timedelta(days=days), time(hour, minute), UTC)
        return self.now + (_span(at) if at.startswith("-") else self._scaled(at, self.now))

    def _scaled(self, span: str, after: datetime) -> timedelta:
        return _span(span) / (self.rate if after >= self.now else 1.0)

    @property
    def as_of(self) -> datetime:
        """The instant that is served."""
        return self.clock()

    @as_of.setter
    def as_of(self, instant: datetime) -> None:
        self.clock = lambda: instant

    def advance(self, to: datetime) -> None:
        """Go on to that instant, never back."""
        self.as_of = max(to, self.as_of)

    def follow(self, clock: Callable[[], datetime]) -> None:
        """Go on from where the world stands at the clock's pace: nothing that is to come was missed meanwhile."""
        lag = clock() - self.as_of
        self.clock = lambda: clock() - lag

    def items(self, channel: Channel) -> list[Item]:
        """What the channel has said by now, newest first."""
        found = [item for item in self._items.values() if item.channel == channel and item.moment <= self.as_of]
        return found[::-1]

    def item(self, item_id: str) -> Item:
        """The item of that id, whether or not it has happened yet."""
        return self._items[item_id]

    def instants(self) -> list[datetime]:
        """The moments, lived through and to come, at which something new appears or is edited."""
        moments = {moment for item in self._items.values() for moment in (item.moment, item.edited_at) if moment}
        return sorted(moments)

    def happened_since(self, since: datetime) -> list[str]:
        """One line for each thing said, edited or received after that instant, in order; printable characters only."""
        told = [(item.moment, self._line(item, "")) for item in self._items.values()]
        told += [(item.edited_at, self._line(item, "edited")) for item in self._items.values() if item.edited_at]
        told += [(mail.at, f"→ mail to {', '.join(mail.recipients)}: {mail.subject}") for mail in self.mails]
        told += [(call.at, f"→ webhook {call.path} called: {call.id}") for call in self.calls]
        shown = [(at, "".join(c if c.isprintable() else " " for c in line)) for at, line in sorted(told)]
        return [f"{at:%H:%M:%S} {line}" for at, line in shown if since < at <= self.as_of]

    def _line(self, item: Item, verb: str) -> str:
        words = item.edit["text"] if verb else item.title or self._items.get(item.reposts, item).text
        who = f"@{item.channel.handle}" if item.channel.handle else item.channel.title
        verb = verb or ("reposted" if item.reposts else "posted" if item.channel.handle else "published")
        return f"{who} {verb} “{shorten(squeeze(words), 80, placeholder='…')}”"


class WorldClock(SystemClock):
    """The machine's clock, but for what time it is: that, the world says."""

    def __init__(self, world: World) -> None:
        self.world = world

    def now(self) -> datetime:
        return self.world.as_of


def _span(written: str) -> timedelta:
    found = _SPAN.fullmatch(written)
    if found is None:
        raise ValueError(f"a fixture's time is not like “-2d 08:15”, “-3h20m” or “+4m”: {written!r}")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups()[1:])
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds) * (-1 if found[1] == "-" else 1)
