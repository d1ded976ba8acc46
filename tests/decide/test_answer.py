"""What an HTTP answer means before it is read, and when a redirect is believed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tracker.decide.answer import check, moved
from tracker.errors import (
    SourceBroken,
    SourceError,
    SourceGone,
    SourceGoneForGood,
    SourceRefused,
    SourceThrottled,
    SourceUnreachable,
)
from tracker.models.source import PollState, Reply

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
OLD, NEW = "https://old.example/feed", "https://new.example/feed"


def answer(status: int, body: bytes = b"", **headers: str) -> Reply:
    return Reply(OLD, status, {name.replace("_", "-"): value for name, value in headers.items()}, body, NOW)


@pytest.mark.parametrize("status", [200, 304])
def test_what_can_be_read_passes(status: int) -> None:
    check(answer(status), "feed", True, NOW)


@pytest.mark.parametrize(
    ("reply", "error", "words"),
    [
        (answer(401), SourceRefused, "credentials"),
        (answer(403), SourceRefused, "forbidden"),
        (answer(403, cf_mitigated="challenge"), SourceRefused, "blocked (challenge)"),
        (answer(200, cf_mitigated="challenge"), SourceRefused, "blocked (challenge)"),
        (answer(503, b"<title>Just a moment...</title>"), SourceRefused, "blocked (challenge)"),
        (answer(404), SourceGone, "not there now"),
        (answer(410), SourceGoneForGood, "gone for good"),
        (answer(429), SourceThrottled, "asked to wait"),
        (answer(503), SourceThrottled, "asked to wait"),
        (answer(400), SourceBroken, "HTTP 400"),
        (answer(204), SourceBroken, "HTTP 204"),
        (answer(500), SourceUnreachable, "HTTP 500"),
        (answer(504), SourceUnreachable, "the server failed"),
    ],
)
def test_each_status_is_an_error_of_its_own(reply: Reply, error: type[SourceError], words: str) -> None:
    with pytest.raises(error) as caught:
        check(reply, "feed", True, NOW)
    assert type(caught.value) is error
    assert words in caught.value.message


def test_a_404_where_nothing_ever_was_doubts_the_address() -> None:
    with pytest.raises(SourceGone, match="is the address right"):
        check(answer(404), "feed", False, NOW)


@pytest.mark.parametrize(
    ("stated", "seconds"),
    [
        ("120", 120.0),
        ("5", 60.0),
        ("9999999", 86400.0),
        ("Wed, 25 Nov 2026 12:10:00 GMT", 600.0),
        ("Wed, 25 Nov 2026 11:10:00 GMT", None),
        ("-5", None),
        ("0", None),
        ("soon", None),
        ("9" * 5000, None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_clamped_and_nonsense_is_none(stated: str | None, seconds: float | None) -> None:
    with pytest.raises(SourceThrottled) as caught:
        check(answer(429, **({} if stated is None else {"retry_after": stated})), "feed", True, NOW)
    assert caught.value.retry_after == seconds


def test_a_limit_that_says_when_its_window_ends_is_waited_for() -> None:
    with pytest.raises(SourceThrottled) as caught:
        check(answer(429, x_rate_limit_reset=str(int(NOW.timestamp()) + 299)), "x", True, NOW)
    assert caught.value.retry_after == 300.0


def redirected(*statuses: int, to: str = NEW) -> Reply:
    return replace(answer(200), url=to, redirects=tuple((status, OLD) for status in statuses))


def polls(*steps: tuple[float, Reply]) -> PollState:
    state = PollState()
    for hours, reply in steps:
        state = moved(state, str(state.cursor.get("url", OLD)), reply, NOW + timedelta(hours=hours))
    return state


def test_a_permanent_redirect_is_believed_after_three_polls_over_a_day() -> None:
    assert polls((0, redirected(301)), (12, redirected(308)), (23.9, redirected(301))).cursor == {}
    assert polls((0, redirected(301)), (25, redirected(301))).cursor == {}
    believed = polls((0, redirected(301)), (12, redirected(301, 308)), (24, redirected(301)))
    assert believed.cursor == {"url": NEW, "moved_from": OLD}
    assert believed.moved_to == NEW
    assert moved(believed, NEW, replace(answer(200), url=NEW), NOW) == believed


@pytest.mark.parametrize(
    "other",
    [redirected(302), redirected(301, 302), redirected(301, to="https://evil.example/"), answer(200), redirected(307)],
)
def test_one_poll_that_leads_elsewhere_starts_over(other: Reply) -> None:
    state = polls((0, redirected(301)), (12, redirected(301)), (20, other), (24, redirected(301)))
    assert state.cursor == {}
    assert state.moved_seen == 1


def test_a_second_move_keeps_the_configured_address_as_its_origin() -> None:
    third = "https://third.example/feed"
    first = ((0.0, redirected(301)), (12.0, redirected(301)), (24.0, redirected(301)))
    then = ((25.0, redirected(301, to=third)), (40.0, redirected(301, to=third)), (50.0, redirected(301, to=third)))
    assert polls(*first, *then).cursor == {"url": third, "moved_from": OLD}
