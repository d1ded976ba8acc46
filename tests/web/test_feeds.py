"""Any query as a feed, and visits as a calendar."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import feedparser
import httpx
from desk import DeskTracker, visit


async def test_a_query_is_a_feed_that_a_reader_reads(client: httpx.AsyncClient, desk: DeskTracker) -> None:
    answer = await client.get("/feed.atom", params={"q": "label:security_statement"})
    assert answer.headers["content-type"] == "application/atom+xml"
    ET.fromstring(answer.content)
    feed = feedparser.parse(answer.content)
    assert not feed.bozo
    assert feed.feed.title == "Statements: label:security_statement"
    assert [one.author for one in feed.entries] == ["Bola Ahmed Tinubu", "Assimi Goïta", "Abdelmadjid Tebboune"]
    treaty = feed.entries[1]
    assert treaty.id == f"urn:statement-tracker:{desk.ids['treaty']}"
    assert treaty.link == f"http://127.0.0.1:8000/statements/{desk.ids['treaty']}"
    assert (treaty.published, treaty.updated) == ("2024-07-06T18:12:00Z", "2024-07-06T18:39:00Z")
    assert "diplomatic_visit" in {tag.term for tag in treaty.tags}


async def test_the_same_as_json_feed(client: httpx.AsyncClient, desk: DeskTracker) -> None:
    feed = (await client.get("/feed.json", params={"q": "leader:tebboune"})).json()
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    (one,) = feed["items"]
    assert one["id"] == desk.ids["arabic"]
    assert one["tags"] == ["ceremonial", "security_statement"]
    assert one["_statement"]["lang"] == "ar"


async def test_addresses_are_under_the_public_url_when_there_is_one(desk: DeskTracker) -> None:
    async with visit(DeskTracker(desk.archive, public_url="https://desk.example/")) as client:
        feed = (await client.get("/feed.json")).json()
    assert all(one["url"].startswith("https://desk.example/statements/") for one in feed["items"])


async def test_visits_are_a_calendar_with_whole_days(client: httpx.AsyncClient) -> None:
    answer = await client.get("/visits.ics")
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    lines = answer.text.split("\r\n")
    assert max(len(line.encode()) for line in lines) <= 75
    whole = answer.text.replace("\r\n ", "").split("\r\n")
    assert (whole[0], whole[-2], whole[-1]) == ("BEGIN:VCALENDAR", "END:VCALENDAR", "")
    assert "SUMMARY:a ministerial delegation\\, led by the minister → Nigeria (announced)" in whole
    assert "DTSTART;VALUE=DATE:20240722" in whole
    assert "DTEND;VALUE=DATE:20240725" in whole
    assert "LOCATION:Niamey" in whole
