"""What a statement calls today is the day in its source's zone, else in the capital of who speaks, else in UTC."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from tests.classify.people import CLASSIFIER, said, statement
from tracker.classify import utterance_of
from tracker.judge import utterance
from tracker.models.registry import Speaker
from tracker.sources import dates

LATE, EARLY = datetime(2026, 11, 23, 23, 30, tzinfo=UTC), datetime(2026, 11, 23, 2, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "zone", "country", "day"),
    [
        (LATE, None, "GHA", 23),
        (LATE, "Asia/Ulaanbaatar", "GHA", 24),
        (LATE, "America/Lima", "MNG", 23),
        (LATE, None, "MNG", 24),
        (LATE, None, "RUS", 24),
        (LATE, None, "INT:AU", 24),
        (LATE, None, "INT:OTHER", 23),
        (LATE, None, None, 23),
        (EARLY, None, "USA", 22),
        (EARLY, None, "BRA", 22),
        (EARLY, "UTC", "USA", 23),
        (MIDNIGHT, None, "USA", 23),  # a day without a time
        (MIDNIGHT, "America/New_York", "USA", 22),
    ],
)
def test_today_is_the_day_where_the_speaker_is(
    moment: datetime, zone: str | None, country: str | None, day: int
) -> None:
    one = statement("late", said("Today I arrived in Dakar on a working visit.", "kofi-ansah"))
    written = replace(one.post, effective_at=moment, speaker=replace(one.post.speaker, country=country))
    (visit,) = CLASSIFIER.classify([utterance(written, zone)])[0].visits
    assert visit.day == date(2026, 11, day)


def test_an_hour_of_no_zone_is_of_the_day_that_is_stated() -> None:
    moment, inferred = dates.read("Mon, 23 Nov 2026 02:00:00")
    assert moment
    post = statement("late", said("Today I arrived in Dakar on a working visit.", "kofi-ansah")).post
    american = replace(post, effective_at=moment, published_inferred=inferred, speaker=Speaker(country="USA"))
    assert utterance(american).published == date(2026, 11, 23)


@pytest.mark.parametrize(
    ("stated", "country", "day"),
    [
        ("2026-11-23", "United States", 23),
        ("20261123", "United States", 23),
        ("2026-11-23T02:00:00Z", "United States", 22),
        ("2026-11-23T23:30:00.000Z", "Mongolia", 24),
        ("2026-11-23T23:30:00", "Mongolia", 23),
        ("2026-11-23T00:00:00Z", "United States", 23),
        ("2026-11-23T02:00:00+05:00", "Ghana", 22),
        ("2026-11-23T23:30:00Z", "Atlantis", 23),
    ],
)
def test_a_row_that_is_classified_has_its_speakers_day(stated: str, country: str, day: int) -> None:
    row = {"text": "I arrived today", "author": "Kofi Ansah", "author_role": "president", "country": country}
    assert utterance_of({**row, "date": stated}).published == date(2026, 11, day)
