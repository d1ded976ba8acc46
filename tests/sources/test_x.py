"""The X kind: look-up, paging, cursors, limits, refusals, and what a post becomes."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from answers import NOW, answer, x_source
from pydantic import ValidationError

from tracker.errors import SourceBroken, SourceError, SourceGone, SourceRefused, SourceThrottled
from tracker.models.source import Draft, Page, PollState, Source
from tracker.models.statement import Media
from tracker.sources import KINDS

X = KINDS["x"]
TIMELINE = "https://api.x.com/2/users/77/tweets?max_results=100"
KNOWN = {"handle": "GoitaAssimi", "user_id": "77"}


def read(
    body: Any, cursor: dict[str, Any] = KNOWN, url: str = TIMELINE, source: Source | None = None, **h: str
) -> Page:
    return X.read(source or x_source(), PollState(cursor=cursor), answer(body, url, **h))


def post(**fields: Any) -> dict[str, Any]:
    return {"id": "1587869648286646272", "text": "Bonjour", "created_at": "2022-11-02T18:10:00.000Z", **fields}


def draft(one: dict[str, Any], **includes: Any) -> Draft:
    (found,) = read({"data": [one], "includes": includes, "meta": {"result_count": 1}}).drafts
    return found


def test_the_account_is_looked_up_first_and_its_number_kept() -> None:
    source = x_source(base_url="http://127.0.0.1:18080/")
    request = X.ask(source, PollState())
    assert (request.url, request.conditional) == ("http://127.0.0.1:18080/2/users/by/username/GoitaAssimi", False)
    page = read({"data": {"id": "77", "name": "A", "username": "goitaassimi"}}, {}, request.url, source)
    assert page.cursor == KNOWN
    assert page.next is not None
    assert page.next.url.startswith("http://127.0.0.1:18080/2/users/77/tweets?max_results=100&")
    assert X.ask(source, PollState(cursor=page.cursor)) == page.next


def test_the_token_is_sent_and_never_shown() -> None:
    source = Source("s", "x", {"handle": "@a"}, leader="l", secrets={"Authorization": "Bearer t0ken"})
    request = X.ask(source, PollState())
    assert request.secrets == {"Authorization": "Bearer t0ken"}
    assert "t0ken" not in repr(request)
    assert "t0ken" not in request.url


@pytest.mark.parametrize(
    ("options", "exclude"),
    [({}, None), ({"replies": False}, ["replies"]), ({"retweets": False, "replies": False}, ["retweets,replies"])],
)
def test_replies_and_reposts_are_included_unless_the_config_says_not(options: dict[str, Any], exclude: Any) -> None:
    request = X.ask(x_source(**options), PollState(cursor={**KNOWN, "since_id": "9"}))
    query = parse_qs(urlsplit(request.url).query)
    assert (query.get("exclude"), query["since_id"]) == (exclude, ["9"])


def test_a_changed_handle_is_looked_up_again_and_another_account_starts_afresh() -> None:
    cursor = {"handle": "old", "user_id": "77", "since_id": "9"}
    assert X.ask(x_source(), PollState(cursor=cursor)).url.endswith("/by/username/GoitaAssimi")
    assert read({"data": {"id": "77"}}, cursor).cursor == {**KNOWN, "since_id": "9"}
    assert read({"data": {"id": "78"}}, cursor).cursor == {"handle": "GoitaAssimi", "user_id": "78"}


@pytest.mark.parametrize("options", [{}, {"handle": "a-b"}, {"handle": "a" * 16}, {"handle": "a", "base_url": "x"}])
def test_options_that_cannot_work_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        X.Options.model_validate(options)


def walk(
    answers: dict[str | None, dict[str, Any]], cursor: dict[str, Any], **headers: str
) -> tuple[Page, list[str], int]:
    """Read pages as the caller does: (the last page, ids in order, requests)."""
    request, ids, state = X.ask(x_source(), PollState(cursor=cursor)), [], PollState(cursor=cursor)
    for count in range(1, 100):
        token = parse_qs(urlsplit(request.url).query).get("pagination_token", [None])[0]
        page = X.read(x_source(), state, answer(answers[token], request.url, **headers))
        ids += [one.external_id for one in page.drafts]
        state = PollState(cursor=page.cursor)
        if page.next is None:
            return page, ids, count
        request = page.next
    raise AssertionError("paging without end")


def page_of(*ids: int, token: str | None = None) -> dict[str, Any]:
    meta = {"result_count": len(ids), **({"next_token": token} if token else {})}
    return {"data": [post(id=str(one)) for one in ids], "meta": meta}


def test_since_id_moves_only_with_the_last_page_and_numbers_are_compared_as_numbers() -> None:
    answers = {None: page_of(1000, 999, token="b"), "b": page_of(99, 98)}
    page, ids, requests = walk(answers, {**KNOWN, "since_id": "97"})
    assert (ids, requests, page.notes) == (["1000", "999", "99", "98"], 2, ())
    assert page.cursor == {**KNOWN, "since_id": "1000"}
    middle = read(answers[None], {**KNOWN, "since_id": "97"})
    assert middle.cursor["since_id"] == "97"
    assert middle.reads == 2


def test_nothing_new_keeps_the_cursor() -> None:
    assert read({"meta": {"result_count": 0}}, {**KNOWN, "since_id": "97"}).cursor == {**KNOWN, "since_id": "97"}
    assert read({"meta": {"result_count": 0}}).cursor == KNOWN


def test_the_same_token_twice_ends_a_poll_with_a_note() -> None:
    page, ids, _ = walk({None: page_of(5, token="a"), "a": page_of(4, token="a")}, dict(KNOWN))
    assert (ids, page.cursor["since_id"]) == (["5", "4"], "5")
    assert "the same token came twice" in page.notes[0]


def test_endless_pages_end_after_fifty() -> None:
    answers = {None if n == 0 else f"t{n}": page_of(1000 - n, token=f"t{n + 1}") for n in range(60)}
    page, ids, requests = walk(answers, dict(KNOWN))
    assert (requests, len(ids), page.cursor["since_id"]) == (50, 50, "1000")
    assert "50 page(s) are read" in page.notes[0]


def test_what_a_broken_off_poll_left_does_not_count() -> None:
    left = {**KNOWN, "since_id": "10", "newest": "50", "pages": 49}
    page, ids, _ = walk({None: page_of(20, token="a"), "a": page_of(19)}, left)
    assert (ids, page.cursor) == (["20", "19"], {**KNOWN, "since_id": "20"})


def test_a_spent_limit_in_the_middle_keeps_the_place_and_loses_nothing() -> None:
    reset = str(int(NOW.timestamp()) + 300)
    headers = {"x_rate_limit_remaining": "0", "x_rate_limit_reset": reset}
    first = read(page_of(50, 40, token="a"), {**KNOWN, "since_id": "10"}, **headers)
    assert (first.next, first.interval_hint) == (None, 301.0)
    assert first.cursor == {**KNOWN, "since_id": "10", "newest": "50", "until_id": "40", "pages": 1}
    query = parse_qs(urlsplit(X.ask(x_source(), PollState(cursor=first.cursor)).url).query)
    assert (query["since_id"], query["until_id"]) == (["10"], ["40"])
    page, ids, _ = walk({None: page_of(30, token="b"), "b": page_of(20)}, dict(first.cursor))
    assert (ids, page.cursor) == (["30", "20"], {**KNOWN, "since_id": "50"})


def test_a_poll_that_broke_off_goes_on_below_what_it_read_and_leaves_the_newer_posts_to_the_next() -> None:
    first = read(page_of(50, 40, token="a"), {**KNOWN, "since_id": "10"})
    assert first.next is not None
    assert "until_id" not in first.next.url
    again = X.ask(x_source(), PollState(cursor=first.cursor))
    assert "until_id=40" in again.url
    assert "pagination_token" not in again.url
    second = read(page_of(30, token="b"), dict(first.cursor), again.url)
    assert second.next is not None
    assert "until_id=40" in second.next.url
    assert second.cursor == {**KNOWN, "since_id": "10", "newest": "50", "until_id": "30", "pages": 1}
    assert read(page_of(20), dict(second.cursor), second.next.url).cursor == {**KNOWN, "since_id": "50"}


@pytest.mark.parametrize(("reads", "asked"), [(1000, "100"), (60, "30"), (10, "5"), (9, None), (0, None), (-7, None)])
def test_a_page_asks_for_no_more_than_the_reads_that_are_left(reads: int, asked: str | None) -> None:
    look_up, page = X.ask(x_source(), PollState()), X.ask(x_source(), PollState(cursor=KNOWN))
    assert X.limited(look_up, reads) == look_up
    fewer = X.limited(page, reads)
    assert (fewer and parse_qs(urlsplit(fewer.url).query)["max_results"][0]) == asked


def test_a_number_that_x_would_not_take_back_moves_nothing() -> None:
    assert read(page_of(2**63, 7)).cursor["since_id"] == "7"


@pytest.mark.parametrize(
    ("status", "body", "headers", "error", "words"),
    [
        (401, {"title": "Unauthorized", "type": "about:blank"}, {}, SourceRefused, "Unauthorized (is TRACKER_X"),
        (403, {"title": "Forbidden", "detail": "User has been suspended: [x]."}, {}, SourceGone, "suspended"),
        (403, {"detail": "no", "type": "https://api.x.com/2/problems/client-forbidden"}, {}, SourceRefused, "client-"),
        (404, {"errors": [{"message": "gone"}]}, {}, SourceGone, "gone"),
        (400, {"title": "Invalid Request", "errors": [{"message": "since_id"}]}, {}, SourceBroken, "since_id"),
        (429, {"title": "Too Many Requests"}, {}, SourceThrottled, "Too Many Requests"),
        (429, {"type": "https://api.x.com/2/problems/usage-capped"}, {}, SourceThrottled, "usage cap is spent"),
        (403, {"detail": "two\nlines \x1b[31m"}, {}, SourceRefused, "two lines ␛[31m"),
        (403, b"<html>", {}, SourceRefused, "no reason given"),
    ],
)
def test_a_refusal_is_told_in_the_words_of_x(
    status: int, body: Any, headers: dict[str, str], error: type[SourceError], words: str
) -> None:
    with pytest.raises(error) as caught:
        X.refuse(answer(body, status=status), NOW)
    assert words in caught.value.message


@pytest.mark.parametrize(
    ("reset", "wait"), [(int(NOW.timestamp()) + 899, 900.0), (int(NOW.timestamp()) - 5, None), ("soon", None)]
)
def test_a_429_waits_for_the_reset_of_the_window(reset: object, wait: float | None) -> None:
    with pytest.raises(SourceThrottled) as caught:
        X.refuse(answer({}, status=429, x_rate_limit_reset=str(reset)), NOW)
    assert caught.value.retry_after == wait


@pytest.mark.parametrize(
    ("body", "error", "words"),
    [
        ({"errors": [{"title": "Not Found Error", "detail": "Could not find user"}]}, SourceGone, "Could not find"),
        ({"errors": [{"detail": "User has been suspended", "title": "Forbidden"}]}, SourceGone, "suspended"),
        ({"errors": [{"code": 32, "message": "Could not authenticate you"}]}, SourceRefused, "authenticate"),
        ({"title": "Oops"}, SourceBroken, "neither data nor meta: Oops"),
        ([], SourceBroken, "the document is not an object"),
        ({"data": {"id": "1"}}, SourceBroken, "data: expected a list, got dict"),
        ({"data": [{"id": 7, "text": []}]}, SourceBroken, "data[0].text: expected a text, got list"),
        ({"data": [{"text": "x"}]}, SourceBroken, "data[0].id: expected a number"),
        ({"data": [{"id": "1", "entities": {"urls": 3}}]}, SourceBroken, "data[0].entities.urls: expected a list"),
        ({"meta": {"next_token": 5}}, SourceBroken, "meta.next_token: expected a text"),
        (b"\xff\xfe\x00", SourceBroken, "not readable as JSON"),
    ],
)
def test_an_answer_that_is_none_names_what_is_wrong(body: Any, error: type[SourceError], words: str) -> None:
    with pytest.raises(error) as caught:
        read(body)
    assert words in caught.value.message


def test_a_post_has_its_words_links_expanded_and_picture_links_left_out() -> None:
    urls = [
        {"url": "https://t.co/a", "expanded_url": "https://presidence.example/c?x=1", "display_url": "presidence…"},
        {"url": "https://t.co/pic", "expanded_url": "https://x.com/g/status/1/photo/1", "media_key": "3_1"},
    ]
    text = "Sécurité &amp; paix &lt;3 https://t.co/a https://t.co/ab https://t.co/pic"
    photo = {"media_key": "3_1", "type": "photo", "url": "https://pbs.example/1.jpg", "alt_text": "Arrivée"}
    found = draft(post(text=text, entities={"urls": urls}, attachments={"media_keys": ["3_1"]}), media=[photo])
    assert found.text == "Sécurité & paix <3 https://presidence.example/c?x=1 https://t.co/ab"
    assert found.media == (Media("photo", "https://pbs.example/1.jpg", "Arrivée"),)
    assert found.url == "https://x.com/GoitaAssimi/status/1587869648286646272"
    assert str(found.published_at) == "2022-11-02 18:10:00+00:00"


@pytest.mark.parametrize("spelling", ["note_tweet", "note_post"])
def test_a_long_post_is_read_in_full_in_both_spellings(spelling: str) -> None:
    note = {
        "text": "long " * 200 + "https://t.co/z",
        "entities": {"urls": [{"url": "https://t.co/z", "expanded_url": "https://a.example/"}]},
    }
    assert draft(post(text="long…", **{spelling: note})).text.endswith("long https://a.example/")


@pytest.mark.parametrize("spelling", ["edit_history_tweet_ids", "edit_history_post_ids"])
def test_an_edit_is_a_state_of_its_first_post(spelling: str) -> None:
    chain = ["1587869648286646272", "1587873422711500800"]
    found = draft(post(id=chain[1], created_at="2022-11-02T18:25:00.000Z", **{spelling: chain}))
    assert (found.external_id, found.keys) == (chain[0], (f"id:{chain[0]}", f"id:{chain[1]}"))
    assert str(found.edited_at) == "2022-11-02 18:25:00+00:00"
    assert str(found.published_at)[:16] == "2022-11-02 18:10"
    assert found.published_inferred == "from the id of its first version"


def test_an_edit_under_the_id_of_another_day_keeps_the_time_that_is_stated() -> None:
    chain = ["1990000000000000050", "1990000000000000090"]
    found = draft(post(id=chain[1], created_at="2026-11-25T22:33:11.000Z", edit_history_tweet_ids=chain))
    assert (str(found.published_at), found.published_inferred) == ("2026-11-25 22:33:11+00:00", None)


def test_of_two_states_of_one_post_on_a_page_the_latest_counts() -> None:
    chain = ["100", "101"]
    posts = [
        post(id="101", text="new", edit_history_tweet_ids=chain),
        post(id="100", text="old", edit_history_tweet_ids=chain),
    ]
    assert [one.text for one in read({"data": posts}).drafts] == ["new"]


@pytest.mark.parametrize(("field", "kind"), [("referenced_tweets", "tweets"), ("referenced_posts", "posts")])
def test_a_repost_has_the_whole_text_of_the_original_and_names_its_author(field: str, kind: str) -> None:
    original = post(id="55", text="Tout le texte", lang="fr", created_at="2020-01-01T00:00:00Z")
    repost = post(text="RT @PrimatureML: Tout le…", lang="und", **{field: [{"type": "retweeted", "id": "55"}]})
    page = read({"data": [repost], "includes": {kind: [original]}})
    (found,) = page.drafts
    assert (found.text, found.lang, found.author) == ("Tout le texte", "fr", "@PrimatureML")
    assert [(one.type, one.external_id) for one in found.references] == [("reposts", "55")]
    assert str(found.published_at) == "2022-11-02 18:10:00+00:00"
    assert page.reads == 2


def test_replies_and_quotes_are_references() -> None:
    related = [{"type": "replied_to", "id": "5"}, {"type": "quoted", "id": "6"}, {"type": "unheard", "id": "7"}]
    found = draft(post(referenced_tweets=related)).references
    assert [(one.type, one.external_id) for one in found] == [("replies_to", "5"), ("quotes", "6")]


def test_of_a_video_the_best_variant_is_kept() -> None:
    variants = [
        {"bit_rate": 256000, "url": "https://v.example/low.mp4"},
        {"content_type": "application/x-mpegURL", "url": "https://v.example/list.m3u8"},
        {"bit_rate": 2176000, "url": "https://v.example/high.mp4"},
    ]
    video = {"media_key": "7_1", "type": "video", "variants": variants, "preview_image_url": "https://v.example/p.jpg"}
    found = draft(post(attachments={"media_keys": ["7_1", "7_gone"]}), media=[video])
    assert found.media == (Media("video", "https://v.example/high.mp4"),)


def test_a_withheld_post_is_marked() -> None:
    assert draft(post(withheld={"country_codes": ["FR"]})).presence == "withheld"
    assert draft(post()).presence == "live"


@pytest.mark.parametrize(
    ("ident", "inferred", "year"), [("1587869648286646272", "from the id", 2022), ("590", None, None)]
)
def test_without_a_date_the_id_tells_the_time_if_it_is_a_real_one(ident: str, inferred: Any, year: Any) -> None:
    found = draft({"id": ident, "text": "t"})
    assert (found.published_at, found.published_inferred) == (None, inferred)
    assert (found.inferred_at and found.inferred_at.year) == year
