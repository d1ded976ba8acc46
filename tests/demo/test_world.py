"""The demo world speaks as the platforms do, shows only what has happened, and keeps what arrives at its sinks."""

from __future__ import annotations

import asyncio
import json
import smtplib
import tomllib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import feedparser
import httpx
import pytest
from tracker.demo import Ports, World, running, write_config
from tracker.demo.x import BEARER

NOW = datetime(2026, 11, 25, 21, 30, tzinfo=UTC)
FIELDS = "created_at,lang,entities,attachments,referenced_tweets,note_tweet,edit_controls,author_id"
ASKED = {"tweet.fields": FIELDS, "expansions": "attachments.media_keys,referenced_tweets.id", "max_results": "100"}


@pytest.fixture
def world() -> World:
    return World(NOW)


@pytest.fixture
async def ports(world: World) -> AsyncIterator[Ports]:
    async with running(world) as found:
        yield found


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {BEARER}"}, trust_env=False) as made:
        yield made


async def timeline(client: httpx.AsyncClient, ports: Ports, handle: str, **more: str) -> dict[str, Any]:
    user = (await client.get(f"{ports.url('x')}/2/users/by/username/{handle}")).json()["data"]
    answer = await client.get(f"{ports.url('x')}/2/users/{user['id']}/tweets", params={**ASKED, **more})
    return answer.json()


# the world


def test_only_what_has_happened_is_served_and_each_instant_adds_something(world: World) -> None:
    seen = -1
    for instant in world.instants():
        world.as_of = instant
        shown = sum(len(world.items(channel)) for channel in world.channels.values())
        edits = sum(1 for c in world.channels.values() for i in world.items(c) if i.last_moment(instant) != i.moment)
        assert shown + edits > seen
        seen = shown + edits
    assert 40 <= shown <= 70


@pytest.mark.parametrize("hour", [0, 5, 12, 23])
def test_at_any_hour_there_is_a_backlog_days_lived_through_and_something_to_come(hour: int) -> None:
    world = World(NOW.replace(hour=hour))
    start = world.now - timedelta(days=3)
    instants = world.instants()
    assert sum(1 for i in instants if i <= start) >= 8
    assert sum(1 for i in instants if start < i <= world.now) >= 20
    assert sum(1 for i in instants if i > world.now) >= 12


def test_what_is_to_come_is_compressed_and_what_is_past_is_not(world: World) -> None:
    fast = World(NOW, rate=12)
    assert fast.item("goita-talks").moment == world.item("goita-talks").moment
    assert (fast.item("tiani-arrives").moment - NOW) * 12 == world.item("tiani-arrives").moment - NOW


def test_every_reference_of_a_fixture_leads_somewhere(world: World) -> None:
    world.advance(NOW + timedelta(days=1))
    for channel in world.channels.values():
        for item in world.items(channel):
            targets = [world.item(name) for name in (item.reposts, item.quotes, item.replies_to) if name]
            assert all(target.moment < item.moment for target in targets)


def test_the_world_does_not_go_back_and_a_clock_can_take_over(world: World) -> None:
    world.advance(NOW - timedelta(hours=1))
    assert world.as_of == NOW
    assert World(NOW, clock=lambda: NOW + timedelta(minutes=3)).as_of == NOW + timedelta(minutes=3)


def test_what_happened_is_told_in_lines_in_order(world: World) -> None:
    world.advance(NOW + timedelta(minutes=7))
    lines = world.happened_since(NOW)
    assert lines == sorted(lines)
    assert any(line.startswith("21:32:00 @PresidenceNiger posted “") for line in lines)
    assert any(line.startswith("21:36:00 @PresidenceNiger edited “") for line in lines)
    assert any("Radio Fleuve (démo) published “Mopti" in line for line in lines)


def test_a_changed_fixture_changes_the_world(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(
        '[[channel]]\nname = "a"\nplatform = "rss"\ntitle = "A"\n\n'
        '[[item]]\nid = "one"\nchannel = "a"\nat = "-1h30m"\ntext = "Said"\n'
    )
    world = World(NOW, fixtures=tmp_path)
    assert [item.text for item in world.items(world.channels["a"])] == ["Said"]
    assert world.instants() == [NOW - timedelta(minutes=90)]


# the feeds


@pytest.mark.parametrize(("name", "version"), [("radio-fleuve", "rss20"), ("gulf-courier", "atom10")])
async def test_a_feed_is_what_feedparser_takes_for_one(
    name: str, version: str, world: World, ports: Ports, client: httpx.AsyncClient
) -> None:
    answer = await client.get(ports.url(name) + "/feed")
    parsed = feedparser.parse(answer.content)
    assert (parsed.bozo, parsed.version) == (False, version)
    assert [entry.title for entry in parsed.entries] == [item.title for item in world.items(world.channels[name])]
    assert (await client.get(parsed.entries[0].link)).status_code == 200


async def test_a_json_feed_names_its_version_and_items(ports: Ports, client: httpx.AsyncClient) -> None:
    feed = (await client.get(ports.url("aes") + "/feed")).json()
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["items"][0]["id"] == "demo:aes-force"


async def test_a_304_answers_either_validator_until_something_new_appears(
    world: World, ports: Ports, client: httpx.AsyncClient
) -> None:
    address = ports.url("radio-fleuve") + "/feed"
    first = await client.get(address)
    tag, since = {"If-None-Match": first.headers["etag"]}, {"If-Modified-Since": first.headers["last-modified"]}
    assert first.headers["content-encoding"] == "gzip"
    assert [(await client.get(address, headers=h)).status_code for h in (tag, since, tag | since)] == [304, 304, 304]
    assert (await client.get(address, headers={"If-None-Match": '"old"', **since})).status_code == 200
    world.advance(NOW + timedelta(minutes=2))
    assert [(await client.get(address, headers=h)).status_code for h in (tag, since)] == [200, 200]


async def test_an_edited_article_changes_under_the_same_guid(
    world: World, ports: Ports, client: httpx.AsyncClient
) -> None:
    found = []
    for instant in (NOW - timedelta(days=1, hours=4), NOW):
        world.as_of = instant
        entries = feedparser.parse((await client.get(ports.url("burkina-mae") + "/feed")).content).entries
        found += [(e.id, "Accra" in e.content[0].value, e.updated) for e in entries if e.id.endswith(":burkina-mahama")]
    assert [accra for _, accra, _ in found] == [False, True]
    assert found[0][0] == found[1][0]
    assert found[0][2] < found[1][2]


async def test_hostile_text_leaves_the_feed_as_it_was_written(
    world: World, ports: Ports, client: httpx.AsyncClient
) -> None:
    assert "\u202e" in world.item("hostile").text
    body = (await client.get(ports.url("radio-fleuve") + "/feed")).text
    assert "&lt;script&gt;alert" in body
    assert "<script>" not in body
    page = (await client.get(ports.url("radio-fleuve") + "/item/hostile")).text
    assert "<script>" not in page


@pytest.mark.parametrize(
    ("name", "status", "words"), [("savanna-wire", 500, "Internal"), ("press-portal", 200, "password")]
)
async def test_two_sites_only_show_trouble(
    name: str, status: int, words: str, ports: Ports, client: httpx.AsyncClient
) -> None:
    answer = await client.get(ports.url(name) + "/feed")
    assert answer.status_code == status
    assert words in answer.text


# the X-like API


async def test_x_asks_for_its_token(ports: Ports) -> None:
    async with httpx.AsyncClient(trust_env=False) as stranger:
        answer = await stranger.get(ports.url("x") + "/2/users/by/username/GoitaAssimi")
    assert (answer.status_code, answer.json()["title"]) == (401, "Unauthorized")


async def test_x_gives_only_the_fields_that_were_asked_for(ports: Ports, client: httpx.AsyncClient) -> None:
    page = await timeline(client, ports, "goitaassimi", **{"tweet.fields": "", "expansions": ""})
    assert set(page["data"][0]) == {"id", "text", "edit_history_tweet_ids"}
    assert "includes" not in page


async def test_x_pages_back_and_since_id_gives_only_what_is_newer(
    world: World, ports: Ports, client: httpx.AsyncClient
) -> None:
    world.advance(NOW + timedelta(hours=1))
    whole = await timeline(client, ports, "JDMahama")
    ids = [post["id"] for post in whole["data"]]
    assert ids == sorted(ids, key=int, reverse=True)
    newer = await timeline(client, ports, "JDMahama", since_id=ids[1])
    assert [post["id"] for post in newer["data"]] == ids[:1]
    assert await timeline(client, ports, "JDMahama", since_id=ids[0]) == {"meta": {"result_count": 0}}
    older = await timeline(client, ports, "JDMahama", pagination_token=ids[1])
    assert [post["id"] for post in older["data"]] == ids[2:]


async def test_x_follows_next_token_to_the_end(tmp_path: Path) -> None:
    rows = [f'[[item]]\nid = "i{n}"\nchannel = "a"\nat = "-{n}m"\ntext = "Said {n}"\n' for n in range(1, 13)]
    channel = '[[channel]]\nname = "a"\nplatform = "x"\ntitle = "A"\nhandle = "a"\n'
    (tmp_path / "own.toml").write_text("\n".join([channel, *rows]))
    async with (
        running(World(NOW, fixtures=tmp_path)) as ports,
        httpx.AsyncClient(headers={"Authorization": f"Bearer {BEARER}"}, trust_env=False) as client,
    ):
        texts, token = [], {}
        for size in (5, 5, 2):
            page = await timeline(client, ports, "a", max_results="5", **token)
            assert page["meta"]["result_count"] == size
            texts += [post["text"] for post in page["data"]]
            token = {"pagination_token": page["meta"].get("next_token", "")}
    assert token == {"pagination_token": ""}
    assert texts == [f"Said {n}" for n in range(1, 13)]


async def test_an_edit_is_a_new_id_whose_history_holds_the_old_one(
    world: World, ports: Ports, client: httpx.AsyncClient
) -> None:
    world.advance(NOW + timedelta(minutes=3))
    before = (await timeline(client, ports, "PresidenceNiger"))["data"][0]
    world.advance(NOW + timedelta(minutes=7))
    [after] = (await timeline(client, ports, "PresidenceNiger", since_id=before["id"]))["data"]
    assert after["edit_history_tweet_ids"] == [before["id"], after["id"]]
    assert "quarante-huit heures" in after["text"]
    assert after["edit_controls"]["editable_until"] == before["edit_controls"]["editable_until"]


async def test_a_repost_is_cut_and_the_whole_text_is_in_the_includes(ports: Ports, client: httpx.AsyncClient) -> None:
    page = await timeline(client, ports, "PR_Diomaye")
    repost = next(post for post in page["data"] if post["text"].startswith("RT @EmmanuelMacron: "))
    [target] = [tweet for tweet in page["includes"]["tweets"] if tweet["id"] == repost["referenced_tweets"][0]["id"]]
    assert repost["referenced_tweets"][0]["type"] == "retweeted"
    assert repost["text"].endswith("…")
    assert "l'investissement." in target["text"]


async def test_a_long_post_has_its_text_in_note_tweet(ports: Ports, client: httpx.AsyncClient) -> None:
    note = (await timeline(client, ports, "antonioguterres"))["data"][0]
    assert len(note["text"]) == 280
    assert note["note_tweet"]["text"].endswith("ready to help.")


async def test_addresses_are_shortened_and_told_in_the_entities(
    world: World, ports: Ports, client: httpx.AsyncClient
) -> None:
    world.advance(NOW + timedelta(minutes=11))
    page = await timeline(client, ports, "JDMahama")
    linked = page["data"][0]
    [url] = linked["entities"]["urls"]
    assert "corridor &amp; customs" in linked["text"]
    assert linked["text"][url["start"] : url["end"]] == url["url"]
    assert url["expanded_url"] == "https://presidency.example/communique-lome-corridor"
    pictured = next(post for post in page["data"] if "attachments" in post)
    [media] = page["includes"]["media"]
    assert pictured["attachments"]["media_keys"] == [media["media_key"]]
    assert (await client.get(media["url"])).headers["content-type"] == "image/gif"


@pytest.mark.parametrize(("name", "value"), [("since_id", "abc"), ("max_results", "4"), ("max_results", "101")])
async def test_x_refuses_parameters_it_does_not_know(
    name: str, value: str, ports: Ports, client: httpx.AsyncClient
) -> None:
    page = await timeline(client, ports, "GoitaAssimi", **{name: value})
    assert page["title"] == "Invalid Request"


async def test_x_counts_down_and_then_answers_429(world: World, ports: Ports, client: httpx.AsyncClient) -> None:
    world.x_limit = 2
    address = ports.url("x") + "/2/users/by/username/nobody"
    answers = [await client.get(address) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["x-rate-limit-remaining"] for answer in answers] == ["1", "0", "0"]
    assert int(answers[2].headers["x-rate-limit-reset"]) > NOW.timestamp()
    assert "Could not find user" in answers[0].json()["errors"][0]["detail"]
    world.advance(NOW + timedelta(minutes=15))
    assert (await client.get(address)).status_code == 200


# the Mastodon-like API


async def test_mastodon_walks_forward_by_min_id_and_back_by_link(ports: Ports, client: httpx.AsyncClient) -> None:
    base = ports.url("mastodon")
    account = (await client.get(f"{base}/api/v1/accounts/lookup", params={"acct": "eeas"})).json()
    address = f"{base}/api/v1/accounts/{account['id']}/statuses"
    newest, oldest = (await client.get(address)).json()
    page = await client.get(address, params={"limit": "1"})
    assert [status["id"] for status in page.json()] == [newest["id"]]
    assert [s["id"] for s in (await client.get(page.links["next"]["url"])).json()] == [oldest["id"]]
    forward = await client.get(address, params={"min_id": oldest["id"], "limit": "1"})
    assert [status["id"] for status in forward.json()] == [newest["id"]]
    assert newest["content"].startswith("<p>The EU Special Representative")
    assert "security &amp; humanitarian" in newest["content"]
    assert (await client.get(f"{base}/api/v1/accounts/lookup", params={"acct": "no"})).status_code == 404


async def test_mastodon_serves_the_profile_as_rss_without_titles(ports: Ports, client: httpx.AsyncClient) -> None:
    parsed = feedparser.parse((await client.get(ports.url("mastodon") + "/@eeas.rss")).content)
    assert [entry.get("title") for entry in parsed.entries] == [None, None]


# the sinks


def send(port: int, sender: str, recipients: list[str], mail: EmailMessage) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
        client.noop()
        client.mail("nobody@demo.example")
        client.rset()
        client.send_message(mail, sender, recipients)


async def test_the_mail_sink_keeps_what_smtplib_sends(world: World, ports: Ports) -> None:
    mail = EmailMessage()
    mail["Subject"], mail["Message-ID"] = "Édition du matin", "<one@demo.example>"
    mail.set_content(".a line that begins with a dot\nla sécurité\n")
    recipients = ["editors@newsroom.example", "embassy@mission.example"]
    await asyncio.to_thread(send, ports.of["mail"], "tracker@demo.example", recipients, mail)
    [kept] = world.mails
    assert (kept.sender, kept.recipients) == ("tracker@demo.example", tuple(recipients))
    assert (kept.subject, kept.message_id) == ("Édition du matin", "<one@demo.example>")
    assert b"\r\n.a line" in kept.raw
    assert world.happened_since(NOW - timedelta(seconds=1))[-1].endswith("Édition du matin")


async def test_the_webhook_sink_keeps_every_call_with_its_id(
    world: World, ports: Ports, client: httpx.AsyncClient
) -> None:
    for _ in range(2):
        answer = await client.post(ports.url("hook") + "/desk", headers={"webhook-id": "msg_1"}, json={"type": "test"})
        assert answer.status_code == 204
    assert [(call.id, call.path) for call in world.calls] == [("msg_1", "/desk")] * 2
    assert json.loads(world.calls[0].body) == {"type": "test"}


# the config


async def test_the_config_names_every_server_and_no_secret(world: World, ports: Ports, tmp_path: Path) -> None:
    environ = write_config(tmp_path / "demo", ports, NOW)
    files = {path.name: tomllib.loads(path.read_text()) for path in (tmp_path / "demo").iterdir()}
    assert set(files) == {"tracker.toml", "leaders.toml", "sources.toml", "rules.toml"}
    sources = files["sources.toml"]["source"]
    assert {source["name"] for source in sources} == set(world.channels)
    assert set(files["tracker.toml"]["network"]["allow"]) == {f"127.0.0.1:{port}" for port in ports.of.values()}
    handles = {source["name"]: source["handle"] for source in sources if source["kind"] == "x"}
    assert all(world.channels[name].handle == handle for name, handle in handles.items())
    written = "".join(path.read_text() for path in (tmp_path / "demo").iterdir())
    assert not any(secret in written for secret in environ.values())


async def test_the_config_loads(ports: Ports, tmp_path: Path) -> None:
    config = pytest.importorskip("tracker.config", reason="tracker.config is not there yet")
    settings = config.load(tmp_path, write_config(tmp_path, ports, NOW))
    assert len(settings.sources) == 25
    assert {rule.name for rule in settings.rules} == {"sahel-visits", "security"}
