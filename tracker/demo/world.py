"""What happens in the demo world and when: fixtures with times relative to a `now`, served as of one instant. A
fixture's `at` is "-2d 08:15" (that many days before, at that UTC time), "-3h20m" or "+4m". What comes after `now` is
compressed by `rate`: at rate 12, "+1m" is five seconds away. Nothing here says what a label or rule makes of it."""

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from importlib import resources
from importlib.resources.abc import Traversable
from random import Random
from string import Template
from typing import Any, Literal

from tracker.outside.clock import SystemClock
from tracker.text import shorten

HERE = resources.files("tracker.demo") / "fixtures"
_UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}


@dataclass(frozen=True, slots=True)
class Channel:
    """Somewhere things are said: an account of X or a feed. `failing` and `login` only ever show trouble."""

    name: str
    platform: Literal["x", "rss", "atom", "json", "failing", "login"]
    title: str
    handle: str = ""
    lang: str = "fr"


@dataclass(frozen=True, slots=True)
class Item:
    """One post or article. `reposts` and `quotes` name other items; `html` says that the text is markup. `edit` has the
    `text` that replaces it and `after`, how long after; `edited_at` is that moment, if there is one."""

    id: str
    channel: Channel
    moment: datetime
    text: str
    title: str = ""
    reposts: str = ""
    quotes: str = ""
    link: str = ""
    photo: str = ""
    html: bool = False
    edit: dict[str, str] = field(default_factory=dict)
    edited_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sunk:
    """A mail or a webhook call that a sink took: `to` is the addresses or the path, `id` Message-ID or webhook-id."""

    at: datetime
    to: str
    id: str
    raw: bytes = field(repr=False)
    subject: str = ""


class World:
    """The world as of one instant: `now`, until `as_of` is set or `follow` called. The sinks fill `mails`, `calls`."""

    def __init__(self, now: datetime, rate: float = 1.0, fixtures: Traversable = HERE) -> None:
        self.now, self.rate = now.astimezone(UTC), rate
        self.clock: Callable[[], datetime] = lambda: self.now
        self.mails, self.calls = list[Sunk](), list[Sunk]()
        tables = [tomllib.loads(file.read_text("utf-8")) for file in fixtures.iterdir() if ".toml" in file.name]
        self._more, self._places = ([row for one in tables for row in one.get(key, ())] for key in ("more", "place"))
        self.channels = {row["name"]: Channel(**row) for table in tables for row in table.get("channel", ())}
        items = [self._item(**row) for table in tables for row in table.get("item", ())]
        self.by_id = {item.id: item for item in sorted(items, key=lambda item: (item.moment, item.id))}

    def _item(self, at: str, channel: str, edit: dict[str, str] | None = None, **rest: Any) -> Item:
        span, _, clock = at.partition(" ")
        moment = self.now + _span(span)
        moment = datetime.combine(moment, time.fromisoformat(clock), UTC) if clock else moment
        edited_at = self._met(moment + _span(edit["after"])) if edit else None
        moment = self._met(moment)
        return Item(channel=self.channels[channel], moment=moment, edit=edit or {}, edited_at=edited_at, **rest)

    def _met(self, moment: datetime) -> datetime:
        return self.now + (moment - self.now) / self.rate if moment > self.now else moment

    @property
    def as_of(self) -> datetime:
        """The instant that is served."""
        return self.clock()

    @as_of.setter
    def as_of(self, instant: datetime) -> None:
        self.clock = lambda: instant

    def follow(self, clock: Callable[[], datetime]) -> None:
        """Go on at the clock's own time: what is to come from where the world stands comes as much later."""
        stands, lag = self.as_of, clock() - self.as_of
        for name, one in self.by_id.items():
            moment, edited = (at and at + lag * (at > stands) for at in (one.moment, one.edited_at))
            self.by_id[name] = replace(one, moment=moment or one.moment, edited_at=edited)
        self.clock = clock

    def go_on(self) -> None:
        """Where all that the fixtures tell is told, somebody says one thing more within seconds, by their templates."""
        now, number = self.as_of, len(self.by_id)
        if self._more and max(item.moment for item in self.by_id.values()) <= now:
            lot, row = Random(number), self._more[number % len(self._more)]  # noqa: S311  # no secret
            channel = lot.choice(row["channels"])
            place = lot.choice([place for place in self._places if place["channel"] != channel])
            words = place | {"day": f"{now + timedelta(days=lot.randint(1, 9)):%d/%m/%Y}"}
            text, title = (Template(row.get(part, "")).substitute(words) for part in ("text", "title"))
            moment = now + timedelta(seconds=lot.uniform(2, 6))
            self.by_id[f"more-{number}"] = Item(f"more-{number}", self.channels[channel], moment, text, title)

    def item(self, name: str) -> Item:
        """An item as it reads at that instant: not edited yet, or with its new text."""
        item = self.by_id[name]
        edited = item.edited_at and item.edited_at <= self.as_of
        return replace(item, text=item.edit["text"]) if edited else replace(item, edited_at=None)

    def items(self, channel: Channel) -> list[Item]:
        """What the channel has said by now, newest first."""
        said = [name for name, i in self.by_id.items() if i.channel == channel and i.moment <= self.as_of]
        return [self.item(name) for name in reversed(said)]

    def instants(self) -> list[datetime]:
        """The moments, lived through and to come, at which something new appears or is edited."""
        return sorted({moment for i in self.by_id.values() for moment in (i.moment, i.edited_at) if moment})

    def happened_since(self, since: datetime) -> list[str]:
        """One line for each thing said, edited or received after that instant, in order; printable characters only."""
        told = [(item.moment, self._line(item)) for item in self.by_id.values()]
        told += [(item.edited_at, self._line(item, edited=True)) for item in self.by_id.values() if item.edited_at]
        told += [(mail.at, f"→ mail to {mail.to}: {mail.subject}") for mail in self.mails]
        told += [(call.at, f"→ webhook {call.to} called: {call.id}") for call in self.calls]
        shown = [(at, "".join(c if c.isprintable() else " " for c in line)) for at, line in sorted(told)]
        return [f"{at:%H:%M:%S} {line}" for at, line in shown if since < at <= self.as_of]

    def _line(self, item: Item, edited: bool = False) -> str:
        words = item.edit["text"] if edited else item.title or self.by_id.get(item.reposts, item).text
        who = f"@{item.channel.handle}" if item.channel.handle else item.channel.title
        verb = "reposted" if item.reposts else "posted" if item.channel.handle else "published"
        return f"{who} {'edited' if edited else verb} “{shorten(words, 80)}”"


class WorldClock(SystemClock):
    """The machine's clock, but for what time it is: that, the world says."""

    def __init__(self, world: World) -> None:
        self.world = world

    def now(self) -> datetime:
        return self.world.as_of


def _span(written: str) -> timedelta:
    if not re.fullmatch(r"[+-]?(\d+[dhms])+", written):
        raise ValueError(f"a fixture's time is not like “-2d 08:15”, “-3h20m” or “+4m”: {written!r}")
    seconds = sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)(.)", written))
    return timedelta(seconds=-seconds if written.startswith("-") else seconds)
