"""Whatever arrives, `read` gives a page or a TrackerError."""

from __future__ import annotations

import json
from typing import Any

import pytest
from answers import NOW, answer, feed_source, keep, rss, x_source
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.decide.compare import compare
from tracker.decide.normalise import posts
from tracker.errors import TrackerError
from tracker.models.registry import Registry
from tracker.models.source import PollState, Source
from tracker.sources import KINDS
from tracker.sources import identity as identities

LEAF = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.just("https://t.co/a")
NAMES = st.sampled_from(
    [
        *(
            "data",
            "items",
            "includes",
            "meta",
            "errors",
            "id",
            "text",
            "title",
            "url",
            "urls",
            "entities",
            "note_tweet",
        ),
        *("next_token", "tweets", "media", "media_key", "media_keys", "attachments", "variants", "bit_rate", "type"),
        *("referenced_tweets", "edit_history_tweet_ids", "created_at", "content_html", "date_published", "authors"),
        *("author", "language", "withheld"),
    ]
)
ANY_JSON = st.recursive(
    LEAF, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=6), max_leaves=20
)
POST = st.fixed_dictionaries(
    {"id": st.integers(0, 2**64).map(str), "text": st.text()},
    optional={"entities": ANY_JSON, "created_at": st.text(max_size=30)},
)
TIMELINE = st.fixed_dictionaries(
    {"data": st.lists(POST, max_size=5)}, optional={"includes": ANY_JSON, "meta": ANY_JSON}
)
FEED = st.fixed_dictionaries({"items": st.lists(st.dictionaries(NAMES, LEAF, max_size=6), max_size=4)})
MARKUP = st.sampled_from([
    "<item>", "</item>", "<title>", "</title>", "&#xD83D;", "&bogus;", "<![CDATA[", "]]>", "<guid>1</guid>",
    "<link>http://[</link>", "<pubDate>Tue, 31 Feb</pubDate>", "<enclosure url='http://a:99999/'/>", "<x:y>",
    "\0", "é", "<content:encoded>", "<!--", "a",
])  # fmt: skip


def survive(source: Source, body: bytes, cursor: dict[str, Any]) -> None:
    try:
        page = KINDS[source.kind].read(source, PollState(cursor=cursor), answer(body))
    except TrackerError:
        return
    found = posts(source, page, Registry(), NOW)
    assert len({key for post in found for key in post.keys}) == sum(len(post.keys) for post in found)
    assert all("\0" not in post.text and post.keys for post in found)
    json.dumps([post.text for post in found], ensure_ascii=False).encode()
    known = keep(compare(found, {}))
    assert [again.verdict for again in compare(found, known)] == ["same"] * len(found)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes(body: bytes) -> None:
    survive(feed_source(), body, {})
    survive(x_source(), body, {"handle": "GoitaAssimi", "user_id": "7"})


@settings(max_examples=100, deadline=None)
@given(ANY_JSON | TIMELINE | FEED)
def test_any_json(document: Any) -> None:
    body = json.dumps(document).encode()
    survive(feed_source(), body, {})
    survive(x_source(), body, {})
    survive(x_source(), body, {"handle": "GoitaAssimi", "user_id": "7"})


@settings(max_examples=100, deadline=None)
@given(st.lists(MARKUP, max_size=25).map("".join))
def test_any_markup(items: str) -> None:
    survive(feed_source(), rss(items).encode(), {})
    survive(feed_source(), rss(f"<item><title>t</title><description><![CDATA[{items}").encode(), {})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://www.a.example/x/", "https://a.example/x"),
        ("https://a.example/x?utm_source=rss&id=3", "https://a.example/x?id=3"),
        ("https://A.example:443/x?fbclid=1#top", "https://a.example/x"),
        ("https://a.example/x#xtor=RSS-3208", "https://a.example/x"),
        ("https://a.example/x#comment-12", "http://a.example/x/#comment-12"),
    ],
)
def test_two_addresses_of_one_page_have_one_key(one: str, other: str) -> None:
    assert identities.url_key(one) == identities.url_key(other) is not None


def test_numbered_parts_of_one_page_have_keys_of_their_own() -> None:
    assert identities.url_key("https://a.example/live#entry-1") != identities.url_key("https://a.example/live#entry-2")


@pytest.mark.parametrize("url", ["https://a.example/", "https://a.example", "http://[", "mailto:x"])
def test_a_front_page_or_no_address_identifies_nothing(url: str) -> None:
    assert identities.url_key(url) is None
