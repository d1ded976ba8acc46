"""Recorded answers and hostile files through the real adapters, where they are laid beside the checkout."""

from __future__ import annotations

import json
import re
import tarfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from answers import NOW, answer, feed_source, keep, read_feed, x_source

from tracker.decide import answer as answers
from tracker.decide.compare import compare
from tracker.decide.normalise import posts
from tracker.errors import SourceError
from tracker.models.registry import Registry
from tracker.models.source import Page, PollState
from tracker.sources import KINDS

Shared = Callable[[str], Path]


def feed_page(body: bytes) -> Page | str:
    try:
        return read_feed(body, url="http://leader.test/feed", content_type="application/rss+xml")
    except SourceError as error:
        return type(error).__name__ if "\n" not in error.message and len(error.message) < 300 else error.message


def outcome(body: bytes) -> int | str:
    page = feed_page(body)
    return page if isinstance(page, str) else len(posts(feed_source(), page, Registry(), NOW))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("feeds/F01_billion_laughs.xml", "SourceBroken"), ("feeds/F03_xxe_file.xml", 1), ("feeds/F05_xinclude.xml", 1),
        ("feeds/F07_body_is_url.xml", "SourceBroken"), ("feeds/F09_50000_attributes.xml", "SourceBroken"),
        ("feeds/F11_deep_xml_100000.xml", 0), ("feeds/F13_nul_byte.xml", 2), ("feeds/F15_bidi_override.xml", 1),
        ("feeds/F17_unclosed_cdata.xml", "SourceBroken"), ("feeds/F19_empty_body.xml", "SourceBroken"),
        ("feeds/F21_html_challenge_200.xml", "SourceRefused"), ("feeds/F23_no_guid_no_link.xml", 1),
        ("feeds/F25_guid_set_A.xml", 20), ("feeds/F29_future_dates.xml", 2), ("feeds/F43_2000_items.xml", 2000),
        ("feeds/F45_utf7_script.xml", 1), ("feeds/F47_invalid_utf8_overlong.xml", 1),
        ("feeds/F51_two_documents.xml", 1),
        ("feeds/F49_rss_served_as_octet.xml", 1), ("feeds/F53_relative_urls_and_base.xml", 1),
        ("feeds/F59_unknown_entities_html.xml", 1), ("json/J01_deep_array.json", "SourceBroken"),
        ("json/J03_dup_keys.json", "SourceBroken"), ("json/J05_int64_ids.json", "SourceBroken"),
        ("json/J07_lone_surrogate.json", "SourceBroken"), ("json/J09_wrong_types.json", "SourceBroken"),
        ("json/J11_error_200.json", "SourceRefused"), ("json/J13_utf16.json", 1), ("json/J15_cursor_loop.json", 1),
        ("json/J17_proto_keys.json", 1),
    ],
)  # fmt: skip
def test_the_hostile_catalogue_comes_out_as_it_says(shared: Shared, name: str, expected: int | str) -> None:
    assert outcome(shared(f"hostile/{name}").read_bytes()) == expected


def test_reading_a_recorded_feed_again_adds_nothing(shared: Shared) -> None:
    for path in sorted(shared("platforms/rss").rglob("*")):
        page = feed_page(path.read_bytes()) if path.is_file() else ""
        if isinstance(page, Page):
            found = posts(feed_source(), page, Registry(), NOW)
            known = keep(compare(found, {}))
            assert {again.verdict for again in compare(found, known)} <= {"same"}, path.name


def test_a_retitled_and_emptied_item_is_a_version_of_the_one_it_was(shared: Shared) -> None:
    first = feed_page(shared("hostile/feeds/F25_guid_set_A.xml").read_bytes())
    later = feed_page(shared("hostile/feeds/F57_retitled_deleted.xml").read_bytes())
    assert isinstance(first, Page)
    assert isinstance(later, Page)
    known = keep(compare(posts(feed_source(), first, Registry(), NOW), {}))
    (found,) = compare(posts(feed_source(), later, Registry(), NOW), known)
    assert (found.verdict, found.statement) == ("edited", known["url:leader.test/s/2"].statement)


def test_a_markup_change_of_every_item_is_no_edit(shared: Shared) -> None:
    before = feed_page(shared("hostile/feeds/F25_guid_set_A.xml").read_bytes())
    after = feed_page(shared("hostile/feeds/F27_mass_edit_same_guid.xml").read_bytes())
    assert isinstance(before, Page)
    assert isinstance(after, Page)
    hashes = [[post.hash for post in posts(feed_source(), page, Registry(), NOW)] for page in (before, after)]
    assert hashes[0] == hashes[1]


@pytest.mark.parametrize("folder", ["platforms/rss", "platforms/bridges", "platforms/youtube", "hostile/jsontestsuite"])
def test_every_recorded_document_is_read_or_refused_and_nothing_else(shared: Shared, folder: str) -> None:
    outcomes = [outcome(path.read_bytes()) for path in sorted(shared(folder).rglob("*")) if path.is_file()]
    assert outcomes


@pytest.mark.parametrize("name", ["hostile/feedparser", "hostile/miniflux", "hostile/reader"])
def test_public_corpora_crash_nothing(shared: Shared, name: str) -> None:
    seen = Counter(type(outcome(body)).__name__ for body in _bodies(shared(name)))
    assert sum(seen.values()) > 0


def _bodies(folder: Path) -> Iterator[bytes]:
    for path in sorted(folder.rglob("*")):
        if path.name.endswith(".tar.gz"):
            with tarfile.open(path) as packed:
                members = [one for one in packed.getmembers() if one.isfile()]
                yield from (found.read() for one in members[::5] if (found := packed.extractfile(one)))
        elif path.is_file():
            yield path.read_bytes()


@pytest.mark.parametrize(
    ("name", "count", "dated"),
    [
        ("guardian.rss", 55, 55), ("feedburner.atom", 25, 25), ("heise.atom", 15, 15), ("encoding.rss", 40, 40),
        ("rss-1.rss", 69, 69), ("craigslist.rss", 25, 25), ("uolNoticias.rss", 15, 15), ("reddit-atom.rss", 24, 24),
    ],
)  # fmt: skip
def test_real_feeds_have_titles_dates_and_links(shared: Shared, name: str, count: int, dated: int) -> None:
    page = feed_page(shared(f"platforms/rss/rss-parser/{name}").read_bytes())
    assert isinstance(page, Page)
    found = posts(feed_source(), page, Registry(), NOW)
    assert len(found) == count
    assert sum(one.published_at is not None for one in found) == dated
    assert all(one.title and one.url and one.url.startswith("http") for one in found)
    assert not any("<p>" in one.text or "&#" in one.text for one in found)


def _recordings(shared: Shared) -> Iterator[tuple[str, dict[str, Any]]]:
    for folder in ("platforms/x_playground", "platforms/x/tweepy"):
        for path in sorted(shared(folder).glob("*.json")):
            recorded = json.loads(path.read_bytes())
            if isinstance(recorded, dict) and "response" in recorded:
                yield path.stem, recorded


def test_recorded_x_answers_are_read_or_refused_and_nothing_else(shared: Shared) -> None:
    seen: Counter[str] = Counter()
    for name, recorded in _recordings(shared):
        seen[_x_outcome(name, recorded)] += 1
    assert seen["page"] >= 15
    assert seen["SourceGone"] >= 4


def _x_outcome(name: str, recorded: dict[str, Any]) -> str:
    asked, got = recorded["request"], recorded["response"]
    path = asked.get("path") or asked["uri"]
    headers = {name.lower(): value for name, value in dict(got["headers"]).items()}
    body = got.get("json", got.get("body"))
    url = path if path.startswith("http") else f"https://api.x.com{path}"
    reply = replace(answer(body, url, got["status"]), headers=headers)
    lookup = "/by/username/" in path
    cursor = {} if lookup else {"handle": "GoitaAssimi", "user_id": "0"}
    try:
        KINDS["x"].refuse(reply, NOW)
        answers.check(reply, "x", True, NOW)
        page = KINDS["x"].read(x_source(), PollState(cursor=cursor), reply)
    except SourceError as error:
        return type(error).__name__
    assert lookup == (not page.drafts and page.next is not None) or not page.drafts, name
    for post in posts(x_source(), page, Registry(), NOW):
        assert post.effective_at.year > 2010, name
    return "page"


def test_the_founding_example_is_read_with_every_field(shared: Shared) -> None:
    reply = answer(shared("founding/user.json").read_bytes(), "https://api.x.com/2/users/by/username/GoitaAssimi")
    looked_up = KINDS["x"].read(x_source(), PollState(), reply)
    assert looked_up.next is not None
    timeline = answer(shared("founding/post.json").read_bytes(), looked_up.next.url)
    page = KINDS["x"].read(x_source(), PollState(cursor=looked_up.cursor), timeline)
    (post,) = posts(x_source(), page, Registry(), NOW)
    (stated,) = json.loads(shared("founding/post.json").read_bytes())["data"]
    assert post.text == stated["text"].rpartition(" https://t.co/")[0]
    assert (post.lang, post.published_stated) == ("fr", "2022-11-02T18:10:00.000Z")
    assert post.published_at == post.effective_at
    assert post.published_inferred is None
    assert [one.type for one in post.media] == ["photo"]
    assert page.cursor["since_id"] == post.external_id == stated["id"]


def test_the_founding_report_is_read_with_every_field(shared: Shared) -> None:
    body = shared("founding/feed.xml").read_text()
    (post,) = posts(feed_source(), read_feed(body), Registry(), NOW)
    stated = {name: re.findall(f"<{name}[^>]*>([^<]+)</{name}>", body)[-1] for name in ("title", "link", "guid")}
    assert (post.title, post.url, post.external_id) == (stated["title"], stated["link"], stated["guid"])
    assert str(post.published_at) == "2022-11-02 20:00:00+00:00"
    assert post.text.count("\n\n") == body.count("<p>") - 1
    assert post.keys[:2] == (f"id:{stated['guid']}", f"url:{stated['link'].removeprefix('https://')}")
