"""A small archive in a config folder, filled through the real classifier, and one command run on it in-process."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.archive import world as w
from tracker.app import build
from tracker.classify import Classifier
from tracker.classify.quotes import fingerprints
from tracker.cli import run
from tracker.config import load
from tracker.judge import utterance
from tracker.models.registry import Speaker
from tracker.models.source import Judged
from tracker.models.statement import Post

FILES = {
    "tracker.toml": """
database = "sqlite:///archive.db"
workers = 0
[mail]
host = "127.0.0.1"
port = 9
security = "none"
from = "Tracker <tracker@desk.example>"
""",
    "leaders.toml": """
[[office]]
id = "ken-president"
title = "President of the Republic"
country = "KEN"
[[office]]
id = "rwa-president"
title = "President of the Republic"
country = "RWA"
[[leader]]
id = "amina-odera"
name = "Amina Odera"
[[leader.tenure]]
office = "ken-president"
from = 2022-01-01
[[leader]]
id = "eric-habimana"
name = "Eric Habimana"
[[leader.tenure]]
office = "rwa-president"
from = 2021-01-01
""",
    "sources.toml": """
[[source]]
name = "state-house"
kind = "feed"
url = "https://statehouse.example/feed"
leader = "amina-odera"
[[source]]
name = "lake-times"
kind = "feed"
url = "https://lake.example/rss"
publisher = "Lake Times"
""",
    "rules.toml": """
[[rule]]
name = "water"
query = "label:aid"
first_reading = true
[[digest]]
name = "morning"
to = ["head@desk.example"]
at = "07:00"
query = "label:aid"
""",
}
TALKS = (
    "For the security of our two peoples and of the lake that we share, President Eric Habimana and I held fruitful "
    "talks this morning at State House. Our armies will patrol the border and fight terrorism after the attack."
)
NEWS = (
    "Rwandan President Eric Habimana arrived in Nairobi on Tuesday for an official visit to Kenya. “For the security "
    "of our two peoples and of the lake that we share”, wrote President Odera, the two held talks."
)
TEA = "Tea growers of the highlands expect a fair season after the rain."


@dataclass
class Desk:
    """One command at a time on the archive; `ids` by a short name."""

    folder: Path
    ids: dict[str, str]
    capsys: pytest.CaptureFixture[str]

    def run(self, *words: str) -> tuple[int, str, str]:
        code = run(["--config", str(self.folder), *words])
        said = self.capsys.readouterr()
        return code, said.out, said.err

    def json(self, *words: str) -> Any:
        code, out, err = self.run(*words, "--json")
        assert code == 0, err
        return json.loads(out)


async def fill(folder: Path) -> dict[str, str]:
    now = datetime.now(UTC)
    tracker = build(load(folder, {}), inline=True)
    classifier = Classifier.load(tracker.registry)
    speaker = tracker.registry.speaker("amina-odera", None, now.date())

    def kept(source: str, number: int, text: str, title: str | None = None) -> str:
        official = source == "state-house"
        at = now - timedelta(minutes=60 - number)
        more: dict[str, Any] = {
            "origin": "official" if official else "report",
            "publisher": None if official else "Lake Times",
        }
        post: Post = w.post(
            number, text, speaker=speaker if official else Speaker(), title=title, effective_at=at, published_at=at,
            url=f"https://{source}.example/{number}", **more,
        )  # fmt: skip
        one = Judged(
            "new",
            "test",
            post,
            classifier.classify([utterance(post)])[0],
            fingerprints=fingerprints(text) if official else (),
        )
        claim = tracker.archive.claim_due(now, 1, 60.0, names=[source])[0]
        return tracker.archive.keep([w.reading(claim, one, now=now)], now)[0].new[0]

    ids = {
        "talks": kept("state-house", 1, TALKS),
        "news": kept("lake-times", 2, NEWS, "Rwanda's President Eric Habimana in Nairobi on an official visit"),
        "tea": kept("lake-times", 3, TEA, '=HYPERLINK("https://evil.example")'),
    }
    await tracker.relate()
    await tracker.close()
    return ids
