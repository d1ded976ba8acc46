"""Drafts made posts."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tracker.decide.normalise import content_hash, posts
from tracker.models.registry import Leader, Office, Registry, Speaker, Tenure
from tracker.models.source import Draft, Page, Source
from tracker.models.statement import Post

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
REGISTRY = Registry(
    leaders=(
        Leader("keita", "Ibrahim Keïta", tenures=(Tenure("mli-president", date(2013, 9, 4), date(2020, 8, 18)),)),
        Leader("goita", "Assimi Goïta", tenures=(Tenure("mli-president", date(2021, 6, 7)),)),
    ),
    offices=(Office("mli-president", "President of Mali", "MLI"),),
)
PRESIDENCY = Source("koulouba", "feed", {}, office="mli-president", lang="fr")


def made(*drafts: Draft, source: Source = PRESIDENCY) -> tuple[Post, ...]:
    return posts(source, Page(drafts=drafts), REGISTRY, NOW)


def draft(ident: str = "1", **fields: Any) -> Draft:
    return Draft(**{"external_id": ident, "keys": (f"id:{ident}",), "text": "t", **fields})


@pytest.mark.parametrize(("day", "leader"), [(2015, "keita"), (2025, "goita"), (2012, None)])
def test_of_an_office_the_holder_on_that_day_speaks(day: int, leader: str | None) -> None:
    (post,) = made(draft(published_at=datetime(day, 3, 1, tzinfo=UTC)))
    assert (post.speaker.leader, post.speaker.country, post.origin) == (leader, "MLI", "official")


@pytest.mark.parametrize(("updated", "edited"), [(-2, None), (-1, None), (0, 0), (25, None)])
def test_an_update_is_an_edit_only_when_it_came_after_publication(updated: int, edited: int | None) -> None:
    (post,) = made(draft(published_at=NOW - HOUR, edited_at=NOW + updated * HOUR))
    assert post.edited_at == (None if edited is None else NOW + edited * HOUR)


def test_of_a_report_nobody_speaks() -> None:
    (post,) = made(draft(), source=Source("tv", "feed", {}, publisher="TV"))
    assert (post.speaker, post.publisher, post.origin) == (Speaker(), "TV", "report")


def test_nul_and_surrogates_are_cleaned_everywhere_and_nothing_else() -> None:
    dirty = draft("a\0\ud800", text="x\0\ud83d\u202ey", title="\0t ", url="https://a.example/\0", author="\udfff")
    (post,) = made(dirty)
    assert (post.text, post.title, post.url, post.author) == ("x\ufffd\u202ey", "t", "https://a.example/", "\ufffd")
    assert post.keys == ("id:a\ufffd",)


@pytest.mark.parametrize(
    ("fields", "published", "effective", "inferred"),
    [
        ({"published_at": NOW - HOUR}, NOW - HOUR, NOW - HOUR, None),
        ({"published_at": NOW - HOUR, "published_inferred": "date without a zone read as UTC"}, NOW - HOUR, NOW - HOUR,
         "date without a zone read as UTC"),
        ({"published_at": NOW + HOUR}, NOW + HOUR, NOW, "first seen: the stated time is ahead of our clock"),
        ({"published_at": NOW + 25 * HOUR}, None, NOW, "first seen: the stated date is in the future"),
        ({"published_stated": "1763800000"}, None, NOW, "first seen: the stated date is impossible"),
        ({}, None, NOW, "first seen: no date"),
        ({"inferred_at": NOW - HOUR, "published_inferred": "from the id"}, None, NOW - HOUR, "from the id"),
        ({"inferred_at": NOW + HOUR, "published_inferred": "from the id"}, None, NOW, "first seen: no date"),
    ],
)  # fmt: skip
def test_dates_as_stated_inferred_and_observed_are_kept_apart(
    fields: dict[str, Any], published: datetime | None, effective: datetime, inferred: str | None
) -> None:
    (post,) = made(draft(**fields))
    assert (post.published_at, post.effective_at, post.published_inferred) == (published, effective, inferred)
    assert post.published_stated == fields.get("published_stated")


@pytest.mark.parametrize(
    ("stated", "lang"), [("fr-FR", "fr"), ("EN_us", "en"), ("und-x", "und"), ("?", "fr"), (None, "fr")]
)
def test_the_stated_language_is_used_and_else_that_of_the_source(stated: str | None, lang: str) -> None:
    assert made(draft(lang=stated))[0].lang == lang


def test_the_same_item_twice_on_a_page_is_one() -> None:
    twice = [draft(keys=("id:1", f"day:t:{day}"), title="T") for day in ("2026-11-01", "2026-11-02")]
    assert len(made(*twice)) == 1


def test_a_key_that_two_items_share_identifies_neither() -> None:
    one = draft(keys=("id:1", "url:a.example/live", "day:x:"), text="one")
    two = draft(keys=("id:1", "url:a.example/live", "day:y:"), text="two")
    assert [post.keys for post in made(one, two)] == [("day:x:",), ("day:y:",)]


def test_items_that_share_every_key_are_known_by_their_words() -> None:
    found = made(draft(text="one"), draft(text="two"))
    assert [post.keys for post in found] == [(f"words:{post.hash}",) for post in found]
    assert len({post.keys for post in found}) == 2


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("a  b\n\nc", "a b c", True),
        ("é", "e\u0301", True),
        ("see https://a.example/x?token=1#y now", "see https://a.example/x?token=2 now", True),
        ("see https://a.example/x", "see https://a.example/y", False),
        ("a b", "a c", False),
        ("A", "a", False),
    ],
)
def test_the_hash_is_over_what_a_reader_sees(one: str, other: str, same: bool) -> None:
    assert (content_hash("T", one) == content_hash("T", other)) is same
