"""The whole main job, end to end, through the real adapters and real delivery on loopback."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from stage import SECRET, desk

from tracker.collect import MOST_PAGES
from tracker.models.telling import Notification, NotificationType
from tracker.sources import x

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
SOURCES = """
[[source]]
name = "odera-x"
kind = "x"
handle = "AOdera"
leader = "amina-odera"
base_url = "{site}"
every = "60s"
[[source]]
name = "lake-times"
kind = "feed"
url = "{site}/rss"
publisher = "Lake Times"
every = "60s"
"""
RULES = """
[[receiver]]
name = "desk"
kind = "webhook"
url = "{site}/hook"
secret = "env:DESK_SECRET"
[[receiver]]
name = "box"
kind = "email"
to = ["desk@desk.example", "night@desk.example"]
[[rule]]
name = "visits"
query = "label:diplomatic_visit"
receivers = ["desk", "box"]
[[digest]]
name = "morning"
to = ["head@desk.example"]
at = "07:00"
timezone = "Africa/Nairobi"
query = "country:KEN OR country:RWA OR origin:report"
"""


def post(number: int, text: str, at: str, **more: Any) -> dict[str, Any]:
    return {"id": str(number), "text": text, "created_at": at, "lang": "en", "author_id": "1001",
            "edit_history_tweet_ids": [str(number)], **more}  # fmt: skip


def feed(*items: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>Lake Times</title>'
        f"<link>https://lake.example</link><description>news</description>{''.join(items)}</channel></rss>"
    ).encode()


def item(guid: str, title: str, text: str, date: str) -> str:
    return (f"<item><guid isPermaLink='false'>{guid}</guid><link>https://lake.example/{guid}</link><title>{title}</title>"
            f"<description><![CDATA[<p>{text}</p>]]></description><pubDate>{date}</pubDate></item>")  # fmt: skip


QUIET = item("quiet-1", "Rain is good for tea", "Tea growers expect a fair season.", "Mon, 09 Mar 2026 08:00:00 GMT")
TALKS = (
    "For the security of our two peoples and of the lake that we share, President Eric Habimana and I held fruitful "
    "talks this morning at State House on patrols along the border."
)
ARTICLE = item(
    "visit-1",
    "Rwanda's President Eric Habimana in Nairobi on an official visit",
    "Rwandan President Eric Habimana arrived in Nairobi on Tuesday for an official visit to Kenya. The talks were held "
    "“for the security of our two peoples and of the lake that we share”, President Amina Odera said.",
    "Tue, 10 Mar 2026 11:00:00 GMT",
)


async def test_a_post_and_the_article_that_quotes_it_go_the_whole_route(tmp_path: Path) -> None:
    async with desk(tmp_path, NOW, sources=SOURCES, rules=RULES) as it:
        it.stage.posts = [post(2000000000000000001, "Good morning from the tea country.", "2026-03-09T07:00:00.000Z")]
        it.stage.feed = feed(QUIET)
        await it.round()
        assert it.stage.calls == []
        it.clock.go(hours=1)
        it.stage.posts.insert(0, post(2000000000000000002, TALKS, "2026-03-10T09:50:00.000Z"))
        await it.round()
        said = it.found("leader:odera patrols")[0]
        assert {label.name: label.by for label in said.labels}.keys() >= {"security_statement", "diplomatic_meeting"}
        assert "diplomatic_visit" not in {label.name for label in said.labels}
        it.clock.go(hours=2)
        it.stage.feed = feed(ARTICLE, QUIET)
        await it.round()

        said = it.found("leader:odera label:diplomatic_visit")[0]
        visit = {label.name: label for label in said.labels}["diplomatic_visit"]
        assert (visit.by, bool(visit.reason)) == ("event", True)
        article = it.found("origin:report label:diplomatic_visit")[0]
        assert [(link.type, link.statement) for link in article.links] == [("quotes", said.id)]
        assert [(link.type, link.statement) for link in said.links] == [("quoted_by", article.id)]
        event = said.events[0]
        assert event.id == article.events[0].id
        assert [(v.leader, v.country) for v in event.visitors] == [("eric-habimana", "RWA")]
        assert (event.host.country, event.place, event.status) == ("KEN", "Nairobi", "past")
        told = [call["data"]["statement"]["id"] for _, call in it.stage.calls]
        assert sorted(told) == sorted([said.id, article.id])
        assert sorted(it.mailbox.recipients) == sorted(["desk@desk.example", "night@desk.example"] * 2)

        await it.round()
        assert len(it.stage.calls) == 2
        it.clock.at = datetime(2026, 3, 11, 4, 0, 1, tzinfo=UTC)
        await it.round()
        await it.round()
        digests = [mail for mail in it.mailbox.mails if mail["To"] == "head@desk.example"]
        assert len(digests) == 1
        body = digests[0].get_body(("plain",))
        assert body is not None
        assert "Eric Habimana and I held fruitful talks" in body.get_content()


async def test_a_webhook_is_signed_over_the_exact_bytes_and_keeps_its_id_over_attempts(tmp_path: Path) -> None:
    async with desk(tmp_path, NOW, sources=SOURCES, rules=RULES) as it:
        it.stage.feed = feed(QUIET)
        await it.round()
        it.clock.go(minutes=2)
        it.stage.feed, it.stage.hook_status = feed(ARTICLE.replace("11:00", "09:01"), QUIET), 503
        await it.round()
        it.clock.go(minutes=10)
        it.stage.hook_status = 200
        await it.round()
        (first, body), (second, again) = it.stage.calls
        assert first["webhook-id"] == second["webhook-id"]
        assert body == again
        assert body["type"] == "statement.alert"
        signed = f"{second['webhook-id']}.{second['webhook-timestamp']}."
        raw = json.dumps(again, ensure_ascii=False, separators=(",", ":"))
        key = base64.b64decode(SECRET.removeprefix("whsec_"))
        expected = base64.b64encode(hmac.new(key, (signed + raw).encode(), hashlib.sha256).digest()).decode()
        assert second["webhook-signature"] == f"v1,{expected}"
        assert it.tracker.archive.outbox().pending == 0


async def test_a_webhook_that_answered_410_is_not_called_again_until_a_test_succeeds(tmp_path: Path) -> None:
    async with desk(tmp_path, NOW, sources=SOURCES, rules=RULES) as it:
        archive = it.tracker.archive

        async def told(number: int, kind: NotificationType = "statement.alert") -> str:
            data = {"rule": "r", "reason": "", "statement": None}
            payload = {"type": kind, "timestamp": "2026-03-10T09:00:00Z", "data": data}
            archive.notify(Notification(f"n{number}", kind, "desk", it.clock.now(), payload, ("desk",)))
            it.clock.go(seconds=1)
            (done,) = await it.tracker.postroom.deliver_due()
            return f"{done.state} {len(it.stage.calls)}"

        it.stage.hook_status = 410
        assert await told(1) == "dead 1"
        it.stage.hook_status = 200
        assert await told(2) == "dead 1"
        assert "notify test desk" in archive.outbox().dead_letters[0][3]
        assert await told(3, "test") == "sent 2"
        assert await told(4) == "sent 3"


async def test_a_first_reading_alerts_nobody_and_the_reason_is_kept(tmp_path: Path) -> None:
    async with desk(tmp_path, NOW, sources=SOURCES, rules=RULES) as it:
        it.stage.feed = feed(ARTICLE.replace("11:00", "08:00"))
        await it.round()
        assert it.stage.calls == []
        assert [(a.state, a.state_reason) for a in it.tracker.archive.alerts()] == [
            ("held", "first reading of the source")
        ]


async def test_an_edit_of_a_post_is_a_version_of_the_same_statement(tmp_path: Path) -> None:
    async with desk(tmp_path, NOW, sources=SOURCES, rules=RULES) as it:
        first = post(2000000000000000011, "The bridge opens on Friday.", "2026-03-10T08:59:00.000Z")
        it.stage.posts, it.stage.feed = [first], feed(QUIET)
        await it.round()
        it.clock.go(minutes=5)
        edited = post(2000000000000000012, "The bridge opens on Saturday.", "2026-03-10T08:59:00.000Z")
        edited["edit_history_tweet_ids"] = [first["id"], edited["id"]]
        it.stage.posts = [edited]
        await it.round()
        (said,) = it.found("source:odera-x")
        assert (said.version, said.versions, said.post.text) == (2, 2, "The bridge opens on Saturday.")
        assert [v.text for v in it.tracker.archive.versions(said.id)] == [first["text"], edited["text"]]


async def test_what_repeats_adds_nothing(tmp_path: Path) -> None:
    async with desk(tmp_path, NOW, sources=SOURCES, rules=RULES) as it:
        it.stage.posts = [post(2000000000000000021, "One.", "2026-03-10T08:00:00.000Z")]
        it.stage.feed = feed(QUIET, ARTICLE)
        for _ in range(4):
            await it.round("odera-x", "lake-times")
            it.clock.go(minutes=3)
        counts = it.tracker.archive.status()
        assert (counts["statements"], counts["versions"]) == (3, 3)
        assert counts["evidence"] == 2


@pytest.mark.parametrize(("status", "body", "health", "words"), [
    (404, b"", "failing", "404"),
    (410, b"", "gone", "gone"),
    (401, b"", "failing", "401"),
    (500, b"", "failing", "500"),
    (200, b"", "failing", "empty"),
    (200, b"<html><body><form action='/login'><input type='password'></form></body></html>", "failing", "login page"),
])  # fmt: skip
async def test_a_source_in_trouble_says_which_and_delays_and_touches_nothing_else(
    tmp_path: Path, status: int, body: bytes, health: str, words: str
) -> None:
    async with desk(tmp_path, NOW, sources=SOURCES, rules=RULES) as it:
        it.stage.posts = [post(2000000000000000031, "One.", "2026-03-10T08:00:00.000Z")]
        it.stage.feed = feed(QUIET)
        await it.round()
        it.clock.go(minutes=10)
        it.stage.feed, it.stage.feed_status = body, status
        it.stage.posts.insert(0, post(2000000000000000032, "Two.", "2026-03-10T09:05:00.000Z"))
        await it.round()
        states = {one.source.name: one.state for one in it.tracker.archive.sources()}
        assert states["lake-times"].health == health
        assert words.lower() in (states["lake-times"].reason or "").lower()
        assert states["odera-x"].health == "ok"
        assert len(it.found("source:odera-x")) == 2
        assert [one.presence for one in it.found("source:lake-times")] == ["live"]


async def test_a_source_that_is_done_first_takes_no_other_s_lease_with_it(tmp_path: Path) -> None:
    async with desk(tmp_path, NOW, sources=SOURCES, rules=RULES) as it:
        it.stage.feed = feed(QUIET)
        await it.tracker.collector.tick()
        await it.tracker.collector.drain()
        it.clock.go(hours=1)
        (one, other) = it.tracker.archive.claim_due(it.clock.now(), 2, 60.0)
        assert one.token == other.token
        assert one.key != other.key
        it.tracker.archive.release([one, other])
        await it.tracker.collector.tick()
        hands = {claim.source.name for claim, _ in it.tracker.collector._hands.values()}
        assert hands == {"odera-x", "lake-times"}
        await it.tracker.collector.drain()


async def test_the_month_s_budget_of_reads_is_honoured_and_said(tmp_path: Path) -> None:
    async with desk(tmp_path, NOW, sources=SOURCES, rules=RULES, extra="[x]\nmonthly_reads = 10") as it:
        it.stage.posts = [post(2000000000000000041, "One.", "2026-03-10T08:00:00.000Z")]
        it.stage.feed = feed(QUIET)
        await it.round()
        it.clock.go(hours=1)
        asked = len([path for path in it.stage.asked if path.startswith("/2/")])
        await it.round("odera-x")
        assert len([path for path in it.stage.asked if path.startswith("/2/")]) == asked
        state = it.tracker.archive.sources(["odera-x"])[0].state
        assert (state.reason or "").startswith(
            "the month's budget of 10 reads is spent (1, $0.01): raise [x] monthly_reads"
        )
        assert (state.next_poll_at or NOW) - it.clock.now() > timedelta(hours=23)


def test_a_look_up_does_not_cost_one_of_the_pages_that_a_poll_of_x_may_read() -> None:
    assert x.Options(handle="AOdera").max_pages + 1 < MOST_PAGES


def many(first: int, last: int) -> list[dict[str, Any]]:
    """Posts, newest first."""
    numbers = range(2000000000000000000 + last, 2000000000000000000 + first - 1, -1)
    return [post(number, f"Post {number}.", "2026-03-10T08:00:00.000Z") for number in numbers]


async def test_a_poll_of_many_pages_stops_where_the_budget_ends_and_goes_on_without_reading_twice(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path, NOW, sources=SOURCES, rules=RULES, extra="[x]\nmonthly_reads = 60") as it:
        it.stage.posts = many(1, 129)
        await it.round("odera-x")
        spent = it.tracker.archive.reads_since("x", NOW - timedelta(days=1))
        assert 50 <= spent <= 60
        assert len(it.found("source:odera-x")) == len(it.stage.given) == spent
        (status,) = it.tracker.archive.sources(["odera-x"])
        assert (status.state.reason or "").startswith(f"the month's budget of 60 reads is spent ({spent}, $")
        it.tracker.collector.budgets = {"x": it.tracker.settings.x.model_copy(update={"monthly_reads": 400})}
        it.stage.posts = many(1, 149)
        for _ in range(3):
            await it.round("odera-x")
        assert len(it.stage.given) == len(set(it.stage.given)) == 149
        assert it.tracker.archive.reads_since("x", NOW - timedelta(days=1)) == 149


async def test_a_poll_that_fails_in_the_middle_is_not_billed_again(tmp_path: Path) -> None:
    async with desk(tmp_path, NOW, sources=SOURCES, rules=RULES) as it:
        it.stage.posts, it.stage.fails_after = many(1, 250), 2
        await it.round("odera-x")
        assert len(it.stage.given) == len(it.found("source:odera-x")) == 200
        it.stage.fails_after = 10
        await it.round("odera-x")
        assert len(it.stage.given) == len(set(it.stage.given)) == 250


async def test_two_accounts_share_one_budget(tmp_path: Path) -> None:
    other = SOURCES.replace('"odera-x"', '"other-x"').replace('"lake-times"', '"other-times"')
    async with desk(tmp_path, NOW, sources=SOURCES + other, extra="[x]\nmonthly_reads = 60") as it:
        it.stage.posts = many(1, 90)
        await it.round("odera-x", "other-x")
        assert 50 <= it.tracker.archive.reads_since("x", NOW - timedelta(days=1)) <= 60


async def test_more_sources_than_are_asked_at_once_are_all_polled_once_named_or_due(tmp_path: Path) -> None:
    one = '[[source]]\nname = "s{}"\nkind = "feed"\nurl = "{{site}}/rss/{}"\npublisher = "P"\nevery = "1s"\n'
    sources = "".join(one.format(number, number) for number in range(7))
    async with desk(tmp_path, NOW, sources=sources.replace("{{", "{").replace("}}", "}")) as it:
        it.stage.feed = feed(QUIET)
        it.tracker.collector.parallel = 3
        it.tracker.collector.progress = lambda *_: it.clock.go(seconds=9)
        assert await it.tracker.poll() == 7
        assert await it.tracker.poll([f"s{number}" for number in range(7)]) == 7
        assert len(it.stage.asked) == 14
