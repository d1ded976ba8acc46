"""What a statement calls today is the day in its source's zone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from tests.classify.people import CLASSIFIER, said, statement
from tracker.judge import utterance


@pytest.mark.parametrize(
    ("zone", "day"),
    [(None, date(2026, 11, 23)), ("Asia/Ulaanbaatar", date(2026, 11, 24)), ("America/Lima", date(2026, 11, 23))],
)
def test_today_is_the_day_where_the_source_is(zone: str | None, day: date) -> None:
    one = statement("late", said("Today I arrived in Dakar on a working visit.", "kofi-ansah"))
    written = replace(one.post, effective_at=datetime(2026, 11, 23, 23, 30, tzinfo=UTC))
    (visit,) = CLASSIFIER.classify([utterance(written, zone)])[0].visits
    assert visit.day == day
