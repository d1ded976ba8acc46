"""Dates as sources write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.sources import dates


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("Tue, 03 Jun 2025 10:00:00 GMT", "2025-06-03T10:00"),
        ("Tue, 03 Jun 2025 10:00:00 GMT+0100", "2025-06-03T09:00"),
        ("Tue, 03 Jun 2025 10:00:00 CEST", "2025-06-03T08:00"),
        ("Tue, 03 Jun 25 10:00:00 EST", "2025-06-03T15:00"),
        ("mar., 03 juin 2025 10:00:00 +0000", "2025-06-03T10:00"),
        ("3 de junio de 2025 10:20 Z", "2025-06-03T10:20"),
        ("terça-feira, 3 de março de 2026 10:20 -0300", "2026-03-03T13:20"),
        ("2025-06-03T10:00:00.123456789Z", "2025-06-03T10:00:00.123456"),
        ("2025-06-03 10:00:00 +0200", "2025-06-03T08:00"),
        ("2025-06-03T10:00:00+01", "2025-06-03T09:00"),
    ],
)
def test_a_date_with_a_zone_is_read_without_any_assumption(stated: str, expected: str) -> None:
    assert dates.read(stated, "Asia/Tokyo") == (datetime.fromisoformat(expected).replace(tzinfo=UTC), None)


@pytest.mark.parametrize(
    ("stated", "zone", "hour", "assumed"),
    [
        ("Tue, 03 Jun 2025 10:00:00", None, 10, "date without a zone read as UTC"),
        ("mar., 03 juin 2025 10:00:00", "Africa/Kinshasa", 9, "date without a zone read as Africa/Kinshasa"),
        ("3 juin 2025 à 18h30", "Africa/Bamako", 18, "date without a zone read as Africa/Bamako"),
        ("June 3, 2025 8:00 PM", None, 20, "date without a zone read as UTC"),
        ("2025-06-03", "Africa/Bamako", 0, "date without a time read as Africa/Bamako"),
        ("2025-06-03 10:00", "No/Such_Zone", 10, "date without a zone read as UTC"),
    ],
)
def test_a_date_without_a_zone_says_how_it_was_read(stated: str, zone: str | None, hour: int, assumed: str) -> None:
    moment, why = dates.read(stated, zone)
    assert moment is not None
    assert (moment.month, moment.day, moment.hour, why) == (6, 3, hour, assumed)


@pytest.mark.parametrize(
    "stated",
    [
        "1763800000", "99999-01-01", "Fri, 31 Dec 9999 23:59:59 GMT", "Thu, 01 Jan 1970 00:00:00 +0000", "yesterday",
        "Tue, 31 Feb 2025 10:00:00 GMT", "2025-06-03T25:00:00Z", "0001-01-01T00:00:00+14:00", "", None, "32 juin 2025",
    ],
)  # fmt: skip
def test_an_impossible_date_is_none_and_never_now(stated: str | None) -> None:
    assert dates.read(stated) == (None, None)


@given(st.text(max_size=60))
def test_no_text_makes_the_reader_fail_or_leave_its_years(stated: str) -> None:
    moment, _ = dates.read(stated, "Africa/Bamako")
    assert moment is None or dates.FIRST_YEAR - 1 <= moment.year <= dates.LAST_YEAR + 1
