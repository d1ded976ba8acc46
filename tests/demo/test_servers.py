"""Feeds and the sinks speak as the real ones do."""

from __future__ import annotations

import asyncio
import json
import smtplib
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import feedparser
import httpx
import pytest

from tracker.demo import World

NOW = datetime(2026, 11, 25, 21, 30, tzinfo=UTC)


# the feeds


@pytest.mark.parametrize(("name", "version"), [("radio-fleuve", "rss20"), ("gulf-courier", "atom10")])
async def test_a_feed_is_what_feedparser_takes_for_one(
    name: str, version: str, world: World, ports: dict[str, str], client: httpx.AsyncClient
) -> None:
    answer = await client.get("http://" + ports[name] + "/feed")
    parsed = feedparser.parse(answer.content)
    assert (parsed.bozo, parsed.version) == (False, version)
    assert [entry.title for entry in parsed.entries] == [item.title for item in world.items(world.channels[name])]
    assert (await client.get(parsed.entries[0].link)).status_code == 200


async def test_a_json_feed_names_its_version_and_items(ports: dict[str, str], client: httpx.AsyncClient) -> None:
    feed = (await client.get("http://" + ports["aes"] + "/feed")).json()
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["items"][0]["id"] == "demo:aes-force"


async def test_a_304_answers_either_validator_until_something_new_appears(
    world: World, ports: dict[str, str], client: httpx.AsyncClient
) -> None:
    address = "http://" + ports["radio-fleuve"] + "/feed"
    first = await client.get(address)
    tag, since = {"If-None-Match": first.headers["etag"]}, {"If-Modified-Since": first.headers["last-modified"]}
    assert first.headers["content-encoding"] == "gzip"
    assert [(await client.get(address, headers=h)).status_code for h in (tag, since, tag | since)] == [304, 304, 304]
    assert (await client.get(address, headers={"If-None-Match": '"old"', **since})).status_code == 200
    world.as_of = NOW + timedelta(minutes=2)
    assert [(await client.get(address, headers=h)).status_code for h in (tag, since)] == [200, 200]


async def test_an_edited_article_changes_under_the_same_guid(
    world: World, ports: dict[str, str], client: httpx.AsyncClient
) -> None:
    found = []
    for instant in (NOW - timedelta(days=1, hours=4), NOW):
        world.as_of = instant
        entries = feedparser.parse((await client.get("http://" + ports["burkina-mae"] + "/feed")).content).entries
        found += [(e.id, "Accra" in e.content[0].value, e.updated) for e in entries if e.id.endswith(":burkina-mahama")]
    assert [accra for _, accra, _ in found] == [False, True]
    assert found[0][0] == found[1][0]
    assert found[0][2] < found[1][2]


async def test_hostile_text_leaves_the_feed_as_it_was_written(
    world: World, ports: dict[str, str], client: httpx.AsyncClient
) -> None:
    assert "\u202e" in world.by_id["hostile"].text
    body = (await client.get("http://" + ports["radio-fleuve"] + "/feed")).text
    assert "&lt;script&gt;alert" in body
    assert "<script>" not in body
    page = (await client.get("http://" + ports["radio-fleuve"] + "/item/hostile")).text
    assert "<script>" not in page


@pytest.mark.parametrize(
    ("name", "status", "words"), [("savanna-wire", 500, "Internal"), ("press-portal", 200, "password")]
)
async def test_two_sites_only_show_trouble(
    name: str, status: int, words: str, ports: dict[str, str], client: httpx.AsyncClient
) -> None:
    answer = await client.get("http://" + ports[name] + "/feed")
    assert answer.status_code == status
    assert words in answer.text


# the sinks


def send(port: int, sender: str, recipients: list[str], mail: EmailMessage) -> None:
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
        client.noop()
        client.mail("nobody@demo.example")
        client.rset()
        client.send_message(mail, sender, recipients)


async def test_the_mail_sink_keeps_what_smtplib_sends(world: World, ports: dict[str, str]) -> None:
    mail = EmailMessage()
    mail["Subject"], mail["Message-ID"] = "Édition du matin", "<one@demo.example>"
    mail.set_content(".a line that begins with a dot\nla sécurité\n")
    recipients = ["editors@newsroom.example", "embassy@mission.example"]
    await asyncio.to_thread(send, int(ports["mail"].partition(":")[2]), "tracker@demo.example", recipients, mail)
    [kept] = world.mails
    assert kept.to == ", ".join(recipients)
    assert (kept.subject, kept.id) == ("Édition du matin", "<one@demo.example>")
    assert b"\r\n.a line" in kept.raw
    assert world.happened_since(NOW - timedelta(seconds=1))[-1].endswith("Édition du matin")


async def test_the_webhook_sink_keeps_every_call_with_its_id(
    world: World, ports: dict[str, str], client: httpx.AsyncClient
) -> None:
    for _ in range(2):
        answer = await client.post(
            "http://" + ports["hook"] + "/desk", headers={"webhook-id": "msg_1"}, json={"type": "test"}
        )
        assert answer.status_code == 204
    assert [(call.id, call.to) for call in world.calls] == [("msg_1", "/desk")] * 2
    assert json.loads(world.calls[0].raw) == {"type": "test"}
