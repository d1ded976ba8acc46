"""New, edited, the same or under another key."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tracker.decide.compare import Judgement, compare
from tracker.decide.normalise import content_hash
from tracker.models.registry import Speaker
from tracker.models.source import KnownItem
from tracker.models.statement import Post

DAY = datetime(2026, 11, 25, 12, tzinfo=UTC)


def post(*keys: str, text: str = "words", day: int | None = 25) -> Post:
    when = DAY.replace(day=day) if day else None
    return Post("e", keys, "report", Speaker(), "TV", text, content_hash(None, text), when or DAY, published_at=when)


def known(statement: str, one: Post) -> dict[str, KnownItem]:
    return {key: KnownItem(statement, one.hash, published_at=one.published_at) for key in one.keys}


def verdicts(posts: list[Post], *kept: dict[str, KnownItem]) -> list[tuple[str, str | None]]:
    return [(found.verdict, found.statement) for found in judged(posts, *kept)]


def judged(posts: list[Post], *kept: dict[str, KnownItem]) -> tuple[Judgement, ...]:
    return compare(posts, {key: item for one in kept for key, item in one.items()})


KEPT = post("id:1", "url:a.example/x", "day:t:2026-11-25")


@pytest.mark.parametrize(
    ("now", "verdict"),
    [
        (KEPT, "same"),
        (post("id:2", "url:a.example/y", "day:u:2026-11-25", text="other"), "new"),
        (post("id:1", "url:a.example/x", "day:t:2026-11-25", text="corrected"), "edited"),
        (post("id:1", "url:a.example/new-slug", "day:t:2026-11-25"), "rekeyed"),
        (post("id:1", "url:a.example/new-slug", "day:u:2026-11-30", text="[deleted]", day=30), "edited"),
        (post("id:2", "url:a.example/x", "day:t:2026-11-25"), "rekeyed"),
        (post("id:2", "url:a.example/x", "day:t:2026-11-25", text="corrected"), "edited"),
        (post("id:2", "url:a.example/x", "day:u:2026-11-25", text="retitled and corrected"), "edited"),
        (post("id:2", "url:a.example/x", "day:u:2026-11-30", text="other words", day=30), "new"),
        (post("id:2", "url:a.example/x", "day:u:", text="other words", day=None), "new"),
        (post("url:a.example/x", "day:u:", text="other words", day=None), "edited"),
        (post("id:2", "url:b.example/x", "day:t:2026-11-25"), "rekeyed"),
        (post("id:2", "url:b.example/x", "day:t:2026-11-26", day=26), "rekeyed"),
        (post("id:2", "url:b.example/x", "day:t:2026-11-27", day=27), "new"),
        (post("id:2", "url:b.example/x", "day:t:2026-11-25", text="another communiqué"), "new"),
        (post("day:t:2026-11-25", text="corrected"), "edited"),
    ],
)
def test_identity_survives_what_it_should_and_nothing_more(now: Post, verdict: str) -> None:
    (found,) = judged([now], known("S", KEPT))
    assert found.verdict == verdict
    assert found.statement == (None if verdict == "new" else "S")
    assert found.reason


def test_an_edited_post_of_x_is_known_by_any_id_of_its_chain() -> None:
    assert verdicts([post("id:1", "id:2", text="v2")], known("S", post("id:1"))) == [("edited", "S")]
    assert verdicts([post("id:1", "id:2", "id:3", text="v2")], known("S", post("id:2", text="v2"))) == [
        ("rekeyed", "S")
    ]


def test_two_items_with_one_title_stay_two_when_the_first_is_still_there() -> None:
    second = post("id:2", "url:a.example/y", "day:t:2026-11-25")
    assert verdicts([second, KEPT], known("S", KEPT)) == [("new", None), ("same", "S")]


def test_a_site_that_moved_with_all_its_guids_adds_nothing() -> None:
    kept = [
        post(f"id:http://a.example/?p={n}", f"url:a.example/{n}", f"day:t{n}:2026-11-25", text=f"w{n}")
        for n in range(20)
    ]
    moved = [
        replace(one, keys=(f"id:https://b.example/?p={n}", f"url:b.example/{n}", one.keys[2]))
        for n, one in enumerate(kept)
    ]
    found = judged(moved, *(known(f"S{n}", one) for n, one in enumerate(kept)))
    assert [(one.verdict, one.statement) for one in found] == [("rekeyed", f"S{n}") for n in range(20)]


def test_a_new_statement_does_not_take_the_key_of_another_and_is_found_again() -> None:
    reused = post("url:a.example/live", "day:u:2026-11-30", text="of another day", day=30)
    before = known("S", post("url:a.example/live", "day:t:2026-11-25"))
    (found,) = judged([reused], before)
    assert (found.verdict, found.post.keys) == ("new", ("day:u:2026-11-30",))
    assert verdicts([reused], before, known("N", found.post)) == [("same", "N")]


def test_an_item_without_any_key_of_its_own_is_found_again_by_its_words() -> None:
    words = post("url:a.example/live", text="of another day", day=30)
    before = known("S", post("url:a.example/live", "day:t:2026-11-25"))
    (found,) = judged([words], before)
    assert found.post.keys == (f"words:{words.hash}",)
    assert verdicts([words], before, known("N", found.post)) == [("same", "N")]


def test_everything_is_new_to_an_empty_archive() -> None:
    assert verdicts([KEPT, post("id:2")]) == [("new", None), ("new", None)]
