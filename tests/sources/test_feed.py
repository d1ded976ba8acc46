"""The feed kind: what is asked, and what is read of every dialect."""

from __future__ import annotations

from dataclasses import replace
from time import process_time

import pytest
from answers import FIXTURES, NOW, answer, feed_source, one, read_feed, rss
from pydantic import ValidationError

from tracker.decide.normalise import posts
from tracker.errors import SourceBroken, SourceRefused
from tracker.models.registry import Registry
from tracker.models.source import PollState
from tracker.models.statement import Media
from tracker.sources import KINDS

ITEM = "<item><guid isPermaLink='false'>g1</guid><title>T</title><link>/c/1</link>{}</item>"


def test_a_feed_is_asked_conditionally_with_its_secrets_kept_apart() -> None:
    request = KINDS["feed"].ask(replace(feed_source(), secrets={"X-Key": "s3cret"}), PollState())
    assert (request.url, request.conditional) == ("https://presidence.example/feed", True)
    assert request.secrets == {"X-Key": "s3cret"}
    assert "s3cret" not in repr(request)


def test_an_accepted_move_is_asked_until_the_config_names_another_address() -> None:
    moved = {"url": "https://new.example/feed", "moved_from": "https://presidence.example/feed"}
    assert KINDS["feed"].ask(feed_source(), PollState(cursor=moved)).url == "https://new.example/feed"
    edited = replace(feed_source(), options={"url": "https://other.example/feed"})
    assert KINDS["feed"].ask(edited, PollState(cursor=moved)).url == "https://other.example/feed"


@pytest.mark.parametrize(
    "options", [{}, {"url": "ftp://a/b"}, {"url": "https://a b/"}, {"url": "https://a/", "evry": 1}]
)
def test_options_that_cannot_work_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        KINDS["feed"].Options.model_validate(options)


@pytest.mark.parametrize(
    ("name", "url", "stated"),
    [
        ("rss2.xml", "https://presidence.example/communiques/12", "Mon, 02 Nov 2026 18:10:00 +0000"),
        ("rss1.rdf", "https://presidence.example/communiques/12", "2026-11-02T18:10:00Z"),
        ("atom.xml", "https://presidence.example/communiques/12", "2026-11-02T18:10:00Z"),
        ("feed.json", "https://presidence.example/communiques/12", "2026-11-02T18:10:00Z"),
    ],
)
def test_each_dialect_gives_the_same_item(name: str, url: str, stated: str) -> None:
    draft = one((FIXTURES / name).read_bytes())
    assert draft.title == "Arrivée du Premier ministre à Koulouba"
    assert draft.text == "Le Premier ministre est arrivé ce matin.\n\nLes entretiens portent sur la sécurité & l’eau."
    assert (draft.url, draft.published_stated) == (url, stated)
    assert draft.published_at is not None
    assert draft.published_at.isoformat() == "2026-11-02T18:10:00+00:00"
    assert (draft.lang or "")[:2] == "fr"
    assert draft.keys[-2] == "url:presidence.example/communiques/12"


def test_the_content_is_preferred_to_the_summary_and_keeps_no_markup() -> None:
    content = "<content:encoded><![CDATA[<p>Un<br>deux</p><script>x()</script><ul><li>trois</ul>]]></content:encoded>"
    assert one(rss(ITEM.format(f"<description>court</description>{content}"))).text == "Un\ndeux\n\ntrois"


def test_text_without_markup_keeps_its_paragraphs_and_loses_its_line_ends() -> None:
    assert one(rss(ITEM.format("<description>Un\ndeux &amp;amp; trois\n \n\nquatre</description>"))).text == (
        "Un deux & trois\n\nquatre"
    )


@pytest.mark.parametrize(
    ("escaped", "title"),
    [
        ("L&amp;#8217;Etat &amp;amp; le peuple", "L’Etat & le peuple"),
        ("&lt;b&gt;Visite&lt;/b&gt; officielle", "Visite officielle"),
        ("3 &lt; 5 et a &amp; b", "3 < 5 et a & b"),
        ("&lt;script&gt;x()&lt;/script&gt;CANARI", "CANARI"),
        ("&lt;script&gt;x()&lt;/script&gt;", "<script>x()</script>"),
        ("=?utf-8?q?Hi=0ABcc:_v@evil.test?=", "=?utf-8?q?Hi=0ABcc:_v@evil.test?="),
        ("a&#55357;&#56832;b&#xD83D;c", "a😀b\ufffdc"),
        ("", None),
    ],
)
def test_titles_are_plain_text(escaped: str, title: str | None) -> None:
    item = f"<item><guid isPermaLink='false'>g</guid><title>{escaped}</title><description>d</description></item>"
    assert one(rss(item)).title == title


@pytest.mark.parametrize(
    ("link", "guid", "expected"),
    [
        ("<link>/c/1</link>", "<guid isPermaLink='false'>g</guid>", "https://presidence.example/c/1"),
        ("", "<guid>1</guid>", None),
        ("", "<guid>https://presidence.example/?p=1</guid>", "https://presidence.example/?p=1"),
        ("<link>javascript:alert(1)</link>", "<guid isPermaLink='false'>g</guid>", None),
    ],
)
def test_a_link_is_an_address_or_nothing(link: str, guid: str, expected: str | None) -> None:
    assert one(rss(f"<item><title>t</title>{link}{guid}</item>")).url == expected


def test_a_guid_is_kept_as_it_is_whatever_address_answered() -> None:
    body = rss("<item><title>t</title><guid>1</guid></item>")
    assert {one(body, url=url).keys for url in ("http://a.example/f", "https://b.example/f")} == {one(body).keys}
    assert one(body).keys[0] == "id:1"


def test_media_come_from_enclosures_and_media_content() -> None:
    media = (
        "<enclosure url='/a.mp3' type='audio/mpeg'/><media:content url='https://c.example/p.jpg' medium='image'/>"
        "<media:content url='data:image/png;base64,AA' medium='image'/>"
    )
    found = one(rss(ITEM.format(media))).media
    assert found == (Media("audio", "https://presidence.example/a.mp3"), Media("photo", "https://c.example/p.jpg"))


@pytest.mark.parametrize(
    ("channel", "seconds"),
    [
        ("<ttl>45</ttl>", 2700.0),
        ("<ttl>60</ttl>", 3600.0),
        ("<ttl>-1</ttl>", None),
        ("<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>", 21600.0),
        ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>1</sy:updateFrequency>", None),
        ("<sy:updatePeriod>yearly</sy:updatePeriod>", 86400.0),
    ],
)
def test_hints_are_read_and_wordpress_boilerplate_is_none(channel: str, seconds: float | None) -> None:
    assert read_feed(rss(ITEM.format(""), channel)).interval_hint == seconds


def test_updated_is_only_what_is_really_there() -> None:
    draft = one(rss(ITEM.format("<pubDate>Mon, 02 Nov 2026 18:10:00 GMT</pubDate>")))
    assert draft.edited_at is None


def test_an_atom_entry_with_an_update_alone_is_dated_by_it_and_says_so() -> None:
    entry = "<entry><id>tag:1</id><title>t</title><updated>2026-11-02T18:10:00Z</updated></entry>"
    draft = one(f'<feed xmlns="http://www.w3.org/2005/Atom"><title>f</title>{entry}</feed>')
    assert (draft.published_at, draft.published_inferred) == (None, "the item's own update time")
    assert draft.inferred_at == draft.edited_at is not None


def test_a_date_without_a_zone_is_read_in_the_zone_of_the_source() -> None:
    source = feed_source(timezone="Africa/Kinshasa")
    draft = one(rss(ITEM.format("<pubDate>lun., 02 novembre 2026 18:10:00</pubDate>")), source=source)
    assert str(draft.published_at) == "2026-11-02 17:10:00+00:00"
    assert draft.published_inferred == "date without a zone read as Africa/Kinshasa"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (rss(ITEM.format("")).replace("T<", "Traoré<").encode(), "application/rss+xml; charset=iso-8859-1"),
        (rss(ITEM.format("")).replace("T<", "Traoré<").replace("UTF-8", "iso-8859-1").encode("latin-1"), "text/xml"),
        (rss(ITEM.format("")).replace("T<", "Traoré<").encode("latin-1"), "application/xml; charset=iso-8859-1"),
        (rss(ITEM.format("")).replace("T<", "Traoré<").replace("UTF-8", "utf-16").encode("utf-16"), "text/xml"),
        (rss(ITEM.format("")).replace("T<", "Traoré<").encode("utf-8-sig"), "application/octet-stream"),
    ],
)
def test_the_bytes_decide_about_the_encoding_before_the_header(body: bytes, content_type: str) -> None:
    assert one(body, content_type=content_type).title == "Traoré"


def test_a_document_that_is_cut_off_loses_its_last_item_only() -> None:
    whole = rss(ITEM.format("") + "<item><title>second</title><description>half of a sen")
    page = read_feed(whole[: whole.index("half of a sen") + 13])
    assert [draft.title for draft in page.drafts] == ["T"]
    assert "cut off" in page.notes[0]


def test_a_document_that_is_cut_off_after_an_item_loses_nothing() -> None:
    whole = rss(ITEM.format(""))
    assert len(read_feed(whole[: whole.index("</channel>")]).drafts) == 1


def test_of_two_documents_in_a_row_the_first_counts() -> None:
    assert [draft.title for draft in read_feed(rss(ITEM.format("")) + rss("<item><title>2</title></item>")).drafts] == [
        "T"
    ]


def test_the_error_items_of_a_bridge_are_dropped_and_noted() -> None:
    page = read_feed(rss(ITEM.format("") + "<item><title>Bridge returned error 429! (20650)</title></item>"))
    assert len(page.drafts) == 1
    assert page.notes[0].startswith("dropped 1 error item")


@pytest.mark.parametrize(
    ("body", "error", "words"),
    [
        ("", SourceBroken, "an empty answer"),
        ("\n \0", SourceBroken, "an empty answer"),
        ("<!DOCTYPE html><html><body><h1>Bienvenue</h1></body></html>", SourceBroken, "a web page, not a feed"),
        ("<html><form><input type=password></form></html>", SourceRefused, "a login page"),
        ("<html><title>Just a moment...</title></html>", SourceRefused, "a challenge page"),
        ("<html><title>Accueil</title><a>Login</a> g-recaptcha</html>", SourceBroken, "a web page, not a feed"),
        ("<html><title>Connexion - Intranet</title></html>", SourceRefused, "a login page"),
        ('{"error":"\\u001b[31m\\nno"}', SourceRefused, "␛[31m no"),
        ("http://127.0.0.1:9/meta-data/", SourceBroken, "not a feed"),
        (
            '{"errors":[{"code":32,"message":"Could not authenticate you"}]}',
            SourceRefused,
            "Could not authenticate you",
        ),
        ('{"error":"rate limited"}', SourceRefused, "rate limited"),
        ('{"title":"no items"}', SourceBroken, "not a JSON Feed"),
        ("[1,2]", SourceBroken, "not a JSON Feed"),
        ("[" * 100_000, SourceBroken, "nested too deeply"),
        ('{"items":[{"id":1e400}]}', SourceBroken, "items[0].id: expected a text, got float"),
        ('{"items":{"0":"x"}}', SourceBroken, "items: expected a list, got dict"),
        ('{"items":[{"attachments":[7]}]}', SourceBroken, "items[0].attachments[0]: expected an object, got int"),
        ('{"items":[' + "9" * 5000 + "]}", SourceBroken, "not readable as JSON"),
        ('<rss version="2.0"><channel><item><title>half', SourceBroken, "cut off before its first whole item"),
        (f"<rss version='2.0'><channel {'a=1 ' * 3000}></channel></rss>", SourceBroken, "more than 500 attributes"),
        ('<!DOCTYPE r [<!ENTITY a "x"><!ENTITY b "&a;&a;">]><rss version="2.0"/>', SourceBroken, "nests entities"),
    ],
)
def test_what_is_no_feed_is_refused_in_one_precise_line(body: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error) as caught:
        read_feed(body)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_external_entity_brings_nothing_in(tmp_path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "secret").write_text("s3cret")
    entity = f'<!DOCTYPE rss [<!ENTITY x SYSTEM "{(tmp_path / "secret").as_uri()}">]>'
    draft = one(f'{entity}<rss version="2.0"><channel><item><title>A&x;B</title></item></channel></rss>')
    assert "s3cret" not in repr(draft)


def test_json_ids_of_any_size_surrogates_and_utf_16_are_read() -> None:
    body = '{"items":[{"id":9223372036854775808,"content_text":"bad \\ud83d end"}]}'
    assert one(body.encode("utf-16")).external_id == "9223372036854775808"


@pytest.mark.parametrize(
    "text",
    [
        "&lt;script&gt;",
        "&lt;!--",
        "&lt;div&gt;",
        "&lt;a b=&quot;",
        "http://",
        "&lt;",
        "&lt;p&gt;&lt;br&gt;",
        "&amp;amp;",
    ],
)
def test_text_made_to_be_slow_is_not(text: str) -> None:
    body = rss(f"<item><title>{text * 3000}</title><description>{text * 60_000}</description></item>")
    begun = process_time()
    posts(feed_source(), read_feed(body), Registry(), NOW)
    assert process_time() - begun < 5.0


def test_an_empty_feed_is_a_page_without_drafts() -> None:
    assert read_feed(rss("")).drafts == ()


def test_a_poll_keeps_the_cursor() -> None:
    state = PollState(cursor={"url": "https://n.example/f", "moved_from": "https://presidence.example/feed"})
    assert KINDS["feed"].read(feed_source(), state, answer(rss(""))).cursor == state.cursor
