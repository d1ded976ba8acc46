"""What keeps alerts from being told: nothing but their own group, and a silence that can be read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.archive import world as w
from tracker import alert
from tracker.archive import Archive
from tracker.decide.query import Vocabulary
from tracker.models.query import Everything, Query
from tracker.models.registry import Registry
from tracker.models.statement import Firing
from tracker.models.telling import Receiver, Rule, Silence

WORDS = Vocabulary(Registry())
LATER = w.T0 + timedelta(minutes=1)


def settings(*rules: Rule) -> Any:
    return SimpleNamespace(rules=rules, receivers={"desk": Receiver("desk", "webhook", {})}, operator=())


def rule(name: str, **more: Any) -> Rule:
    return Rule(name, Query("", Everything()), ("desk",), **more)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    opened = Archive.open(f"sqlite:///{tmp_path / 'archive.db'}", worker="test")
    yield opened
    opened.close()


def test_an_alert_is_told_however_many_younger_ones_wait_for_their_group(archive: Archive) -> None:
    w.put(archive, w.judged(w.post(0), firings=(Firing("now", "why"),)))
    waiting = [w.judged(w.post(number), firings=(Firing("slow", "why"),)) for number in range(1, 700)]
    w.put(archive, *waiting, now=LATER)
    alert.tell(archive, settings(rule("now"), rule("slow", group_wait=3600.0)), WORDS, LATER)
    assert [one.rule for one in archive.alerts(state="told")] == ["now"]


def test_a_silence_that_names_what_the_config_no_longer_has_silences_nothing_and_stops_nobody(archive: Archive) -> None:
    w.put(archive, w.judged(w.post(0), firings=(Firing("now", "why"),)))
    archive.add_silence(Silence("s1", "source:gone", w.T0, LATER, "its source was taken out", "awa"))
    alert.tell(archive, settings(rule("now")), WORDS, w.T0)
    assert [one.state for one in archive.alerts()] == ["told"]
