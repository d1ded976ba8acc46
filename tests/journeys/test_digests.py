"""The journey of a digest on days when nothing happens."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from stage import desk

TEN = datetime(2026, 11, 25, 10, tzinfo=UTC)
DIGEST = """
[[digest]]
name = "morning"
to = ["desk@desk.example"]
at = "07:00"
timezone = "Africa/Nairobi"
query = "label:aid"
empty = "{}"
"""


SOURCE = """
[[source]]
name = "quiet"
kind = "feed"
url = "{site}/rss"
publisher = "Quiet"
"""
EMPTY = b"<rss version='2.0'><channel><title>t</title><item><guid>1</guid><title>Nothing</title></item></channel></rss>"


@pytest.mark.parametrize(("empty", "mails"), [("mail", [0, 0, 1, 2]), ("skip", [0, 0, 0, 0])])
async def test_a_digest_that_mails_empty_days_begins_when_watching_began(
    tmp_path: Path, empty: str, mails: list[int]
) -> None:
    seen = []
    async with desk(tmp_path, TEN, sources=SOURCE, rules=DIGEST.format(empty)) as it:
        it.stage.feed = EMPTY
        for hours in (0, 1, 20, 24):
            it.clock.go(hours=hours)
            await it.round()
            seen.append(len(it.mailbox.mails))
    assert seen == mails
