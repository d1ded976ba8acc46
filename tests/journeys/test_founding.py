"""The founding example, from recorded data when it is there: the post, its article, and one visit of both."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from stage import Desk, desk

FOUNDING = Path(__file__).parents[2] / ".." / "shared" / "founding"
ROOT = Path(__file__).parents[2]
NOW = datetime(2022, 11, 1, 12, 0, tzinfo=UTC)
SOURCES = """
[[source]]
name = "goita-x"
kind = "x"
handle = "GoitaAssimi"
leader = "assimi-goita"
base_url = "{site}"
[[source]]
name = "tv5monde"
kind = "feed"
url = "{site}/rss"
publisher = "TV5MONDE"
"""
RULES = """
[[receiver]]
name = "desk"
kind = "webhook"
url = "{site}/hook"
secret = "env:DESK_SECRET"
[[rule]]
name = "sahel-visits"
query = "label:diplomatic_visit country:MLI,BFA,NER"
receivers = ["desk"]
[[digest]]
name = "morning"
to = ["desk@desk.example"]
at = "07:00"
timezone = "Africa/Bamako"
query = "country:MLI OR country:BFA"
"""
EMPTY = (
    b"<rss version='2.0'><channel><title>t</title><link>https://t.example</link>"
    b"<description>d</description>{}</channel></rss>"
)
OLD = b"<item><guid isPermaLink='false'>old</guid><title>Le temps du jour</title></item>"

pytestmark = pytest.mark.skipif(not FOUNDING.is_dir(), reason="../shared/founding is not here")


async def _both(it: Desk, order: tuple[str, ...]) -> None:
    it.stage.user = json.loads((FOUNDING / "user.json").read_text(encoding="utf-8"))["data"]
    it.stage.feed = EMPTY.replace(b"{}", OLD)
    await it.round()
    it.clock.at = datetime(2022, 11, 2, 20, 30, tzinfo=UTC)
    for step in order:
        if step == "post":
            page = json.loads((FOUNDING / "post.json").read_text(encoding="utf-8"))
            it.stage.posts, it.stage.includes = page["data"], page["includes"]
        else:
            it.stage.feed = (FOUNDING / "feed.xml").read_bytes()
        await it.round("goita-x", "tv5monde")
        it.clock.go(minutes=10)


@pytest.mark.parametrize("order", [("post", "report"), ("report", "post")])
async def test_the_founding_example_comes_out_whatever_arrives_first(tmp_path: Path, order: tuple[str, ...]) -> None:
    leaders = (ROOT / "config" / "leaders.toml").read_text(encoding="utf-8")
    async with desk(tmp_path, NOW, leaders=leaders, sources=SOURCES, rules=RULES) as it:
        await _both(it, order)
        (post,) = it.found("leader:goita label:diplomatic_visit after:2022-11-01")
        by = {label.name: label.by for label in post.labels}
        assert by["security_statement"] == by["diplomatic_meeting"] == "words"
        assert by["diplomatic_visit"] == "event"
        assert (post.post.speaker.office, post.post.speaker.country) == ("President of the Transition", "MLI")
        (report,) = it.found("visite Bamako")
        assert {"diplomatic_visit", "security_statement"} <= {label.name for label in report.labels}
        assert [(link.type, link.statement) for link in report.links] == [("quotes", post.id)]
        assert [(link.type, link.statement) for link in post.links] == [("quoted_by", report.id)]
        (event,) = it.tracker.archive.events()
        assert [(party.leader, party.country) for party in event.visitors] == [("ibrahim-traore", "BFA")]
        assert (event.host.country, event.place, str(event.day), event.status) == (
            "MLI",
            "Bamako",
            "2022-11-02",
            "past",
        )
        assert it.found("echange traore")[0].id in {post.id, report.id}
        told = [call["data"]["statement"]["id"] for _, call in it.stage.calls]
        assert told == [post.id]
        it.clock.at = datetime(2022, 11, 3, 7, 0, 5, tzinfo=UTC)
        await it.round()
        digests = [mail for mail in it.mailbox.mails if mail["To"] == "desk@desk.example"]
        assert len(digests) == 1
        body = digests[0].get_body(("plain",))
        assert body is not None
        assert "améliorer la sécurité de nos populations" in body.get_content()
