"""A correction on its way to those who asked: told once, whoever made it and however often."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from stage import desk

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
SOURCES = """
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
[[rule]]
name = "help"
query = "label:aid"
receivers = ["desk"]
[[rule]]
name = "not-help"
query = "source:lake-times -label:ceremonial"
receivers = ["desk"]
"""
EMPTY = '<?xml version="1.0"?><rss version="2.0"><channel><title>Lake Times</title>{}</channel></rss>'
ITEM = (
    "<item><guid>tea-1</guid><link>https://lake.example/tea</link><title>Tea</title>"
    "<description>Tea growers of the highlands expect a fair season.</description>"
    "<pubDate>Tue, 10 Mar 2026 09:05:00 GMT</pubDate></item>"
)


async def test_a_rule_that_matches_a_correction_tells_once(tmp_path: Path) -> None:
    async with desk(tmp_path, NOW, sources=SOURCES, rules=RULES) as one:
        one.stage.feed = EMPTY.format("").encode()
        await one.round()
        one.clock.go(minutes=10)
        one.stage.feed = EMPTY.format(ITEM).encode()
        await one.round("lake-times")
        (tea,) = one.found("tea")
        assert [call["data"]["rule"] for _, call in one.stage.calls] == ["not-help"]
        for name in ("awa", "bo"):
            one.tracker.archive.correct(tea.id, ["aid"], [], name, one.clock.now(), "a grant")
            await one.round("lake-times")
        assert [call["data"]["rule"] for _, call in one.stage.calls] == ["not-help", "help"]
        told = one.stage.calls[-1][1]["data"]["statement"]["labels"]
        assert [(label["name"], label["by"], label["reason"]) for label in told] == [
            ("aid", "person", "set by awa: a grant")
        ]


async def test_a_correction_of_what_is_old_is_kept_and_told_to_nobody(tmp_path: Path) -> None:
    async with desk(tmp_path, NOW, sources=SOURCES, rules=RULES) as one:
        one.stage.feed = EMPTY.format("").encode()
        await one.round()
        one.clock.go(minutes=10)
        one.stage.feed = EMPTY.format(ITEM).encode()
        await one.round("lake-times")
        one.clock.go(days=3)
        one.tracker.archive.correct(one.found("tea")[0].id, ["aid"], [], "awa", one.clock.now())
        await one.round("lake-times")
        assert len(one.stage.calls) == 1
        states = {alert.rule: (alert.state, alert.state_reason) for alert in one.tracker.archive.alerts()}
        assert states["help"] == ("held", "older than max_age 24 h")
