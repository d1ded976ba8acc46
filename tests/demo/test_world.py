"""The demo world shows only what has happened, and its config names every server of it."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tracker import config
from tracker.decide import answer
from tracker.demo import World, WorldClock, write_config
from tracker.demo.world import Sunk
from tracker.errors import SourceRefused, SourceUnreachable
from tracker.models.source import Draft, PollState, Request, Source
from tracker.outside.web import Web, WebOptions
from tracker.sources import KINDS

NOW = datetime(2026, 11, 25, 21, 30, tzinfo=UTC)


# the world


def test_only_what_has_happened_is_served_and_each_instant_adds_something(world: World) -> None:
    seen = -1
    for instant in world.instants():
        world.as_of = instant
        shown = sum(len(world.items(channel)) for channel in world.channels.values())
        edits = sum(1 for c in world.channels.values() for i in world.items(c) if i.edited_at)
        assert shown + edits > seen
        seen = shown + edits
    assert 60 <= shown <= 80


@pytest.mark.parametrize("hour", [0, 5, 12, 23])
def test_at_any_hour_there_is_a_backlog_days_lived_through_and_something_to_come(hour: int) -> None:
    world = World(NOW.replace(hour=hour))
    start = world.now - timedelta(days=3)
    instants = world.instants()
    assert sum(1 for i in instants if i <= start) >= 8
    assert sum(1 for i in instants if start < i <= world.now) >= 20
    assert sum(1 for i in instants if i > world.now) >= 12


def test_a_first_reading_finds_something_in_every_channel_that_works(world: World) -> None:
    world.as_of = NOW - timedelta(days=3)
    silent = {name for name, channel in world.channels.items() if not world.items(channel)}
    assert silent == {"savanna-wire", "press-portal"}


def test_what_is_to_come_is_compressed_and_what_is_past_is_not(world: World) -> None:
    fast = World(NOW, rate=12)
    assert fast.by_id["goita-talks"].moment == world.by_id["goita-talks"].moment
    assert (fast.by_id["tiani-arrives"].moment - NOW) * 12 == world.by_id["tiani-arrives"].moment - NOW


def test_every_reference_of_a_fixture_leads_somewhere(world: World) -> None:
    world.as_of = NOW + timedelta(days=1)
    for channel in world.channels.values():
        for item in world.items(channel):
            targets = [world.by_id[name] for name in (item.reposts, item.quotes) if name]
            assert all(target.moment < item.moment for target in targets)


def test_the_world_goes_on_at_the_time_of_a_clock_and_nothing_was_missed_meanwhile(world: World) -> None:
    times = [NOW + timedelta(seconds=30)]
    world.follow(lambda: times[-1])
    assert world.as_of == NOW + timedelta(seconds=30)
    assert world.happened_since(NOW) == []
    times.append(NOW + timedelta(seconds=75))
    (first,) = [item for item in world.items(world.channels["faye-x"]) if item.moment > NOW]
    assert (first.id, first.moment) == ("faye-announces-praia", NOW + timedelta(seconds=70))
    times.append(NOW + timedelta(minutes=7))
    assert any(line.startswith("21:36:30 @PresidenceNiger edited “") for line in world.happened_since(NOW))


def test_when_all_is_told_somebody_says_more_every_few_seconds(world: World) -> None:
    told = len(world.by_id)
    world.go_on()
    assert len(world.by_id) == told
    seen = start = max(world.instants())
    for second in range(120):
        world.as_of = start + timedelta(seconds=second)
        world.go_on()
    said = [world.by_id[name] for name in list(world.by_id)[told:]]
    assert 15 <= len(said) <= 60
    assert len({item.text for item in said}) > len(said) / 2
    assert len({item.channel.name for item in said}) > 4
    assert not any("$" in item.text + item.title for item in said)
    for item in said:
        assert timedelta(0) < item.moment - seen <= timedelta(seconds=8)
        seen = item.moment
    posts = [item for item in said if item.channel.platform == "x" and item.moment <= world.as_of]
    assert {item.id for item in posts} <= {i.id for channel in world.channels.values() for i in world.items(channel)}


def test_what_happened_is_told_in_lines_in_order(world: World) -> None:
    world.as_of = NOW + timedelta(minutes=7)
    lines = world.happened_since(NOW)
    assert lines == sorted(lines)
    assert any(line.startswith("21:32:00 @PresidenceNiger posted “") for line in lines)
    assert any(line.startswith("21:36:00 @PresidenceNiger edited “") for line in lines)
    assert any("Radio Fleuve (démo) published “Mopti" in line for line in lines)


def test_no_control_character_reaches_the_lines(world: World) -> None:
    world.mails.append(Sunk(NOW, "b", "<id>", b"", "one\r\nBcc: \x1b[31m\u202etwo"))
    assert world.happened_since(NOW - timedelta(seconds=1))[-1].endswith("mail to b: one  Bcc:  [31m two")


def test_a_changed_fixture_changes_the_world(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(
        '[[channel]]\nname = "a"\nplatform = "rss"\ntitle = "A"\n\n'
        '[[item]]\nid = "one"\nchannel = "a"\nat = "-1h30m"\ntext = "Said"\n'
    )
    world = World(NOW, fixtures=tmp_path)
    assert [item.text for item in world.items(world.channels["a"])] == ["Said"]
    assert world.instants() == [NOW - timedelta(minutes=90)]


# the config


async def test_the_config_names_every_server_and_no_secret(world: World, ports: dict[str, str], tmp_path: Path) -> None:
    environ = write_config(tmp_path / "demo", ports, NOW)
    files = {path.name: tomllib.loads(path.read_text()) for path in (tmp_path / "demo").iterdir()}
    assert set(files) == {"tracker.toml", "leaders.toml", "sources.toml", "rules.toml"}
    sources = files["sources.toml"]["source"]
    assert {source["name"] for source in sources} == set(world.channels)
    assert set(files["tracker.toml"]["network"]["allow"]) == set(ports.values())
    handles = {source["name"]: source["handle"] for source in sources if source["kind"] == "x"}
    assert all(world.channels[name].handle == handle for name, handle in handles.items())
    written = "".join(path.read_text() for path in (tmp_path / "demo").iterdir())
    assert not any(secret in written for secret in environ.values())


async def test_the_config_loads(ports: dict[str, str], tmp_path: Path) -> None:
    settings = config.load(tmp_path, write_config(tmp_path, ports, NOW))
    assert len(settings.sources) == 25
    assert {rule.name for rule in settings.rules} == {"sahel-visits", "security"}


async def read_all(web: Web, source: Source) -> list[Draft]:
    kind, state, drafts = KINDS[source.kind], PollState(), list[Draft]()
    request: Request | None = kind.ask(source, state)
    while request:
        reply = await web.send(request)
        answer.check(reply, source.kind, False, NOW)
        page = kind.read(source, state, reply)
        drafts += page.drafts
        request, state = page.next, replace(state, cursor=page.cursor)
    return drafts


async def test_the_real_kinds_read_every_channel_through_the_real_web(
    world: World, ports: dict[str, str], tmp_path: Path
) -> None:
    settings = config.load(tmp_path, write_config(tmp_path, ports, NOW))
    world.as_of = NOW + timedelta(hours=1)
    web = Web(
        WebOptions(allow=settings.network.allow, per_host_interval=settings.network.per_host_interval),
        WorldClock(world),
    )
    troubles = {"savanna-wire": SourceUnreachable, "press-portal": SourceRefused}
    for source in settings.sources:
        items = world.items(world.channels[source.name])
        if trouble := troubles.get(source.name):
            with pytest.raises(trouble):
                await read_all(web, source)
            continue
        drafts = await read_all(web, source)
        assert {draft.published_at for draft in drafts} == {item.moment for item in items}, source.name
        titles = [item.title or None for item in items if not item.html]
        assert set(titles) <= {draft.title for draft in drafts}
    await web.close()
