"""The quick readers beside the slow ones: the same of every feed and text that both read."""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sources.answers import FIXTURES, answer, read_feed
from tracker.errors import SourceError
from tracker.sources import feed, html, wellformed

RSS = "<rss version='2.0'><channel><title>T</title>{}</channel></rss>"
ATOM = "<feed xmlns='http://www.w3.org/2005/Atom'><title>T</title>{}</feed>"
PLAIN = "<item><title>A &amp; B</title><link>https://e.example/1?a=1&amp;b=2</link><description>x</description></item>"


def drafts(parsed: object, entries: list[object]) -> list[object]:
    return [feed._draft(entry, parsed, "https://e.example/feed", None) for entry in entries]


def same(body: bytes) -> bool:
    """Whether the quick reader read it; then it read the same as the slow one."""
    charset = feed._charset(answer(body))
    quick = wellformed.read(body) if charset in ("", "; charset=utf-8") else None
    if quick is None or not quick.entries:
        return False
    slow = feed._parse(body, charset)
    if b":title" not in body:  # feedparser takes the title of a picture for the item's
        assert drafts(quick, quick.entries) == drafts(slow, slow.entries)  # type: ignore[arg-type]
    assert (quick.version, feed._hint(quick.feed)) == (slow.version, feed._hint(slow.feed))
    return True


@pytest.mark.parametrize(
    "inside",
    [
        PLAIN,
        "<ttl>30</ttl><language>fr</language>" + PLAIN,
        "<item><guid>https://e.example/2</guid><title>L&amp;#8217;accord</title><pubDate>Tue, 24 Nov 2026 08:00:00 GMT"
        "</pubDate><description><![CDATA[<p>Un</p><p>deux</p>]]></description></item>",
        "<item><title>t</title><guid isPermaLink='false'>7</guid><enclosure url='https://e.example/a' type='AUDIO/x'"
        " length='1'/><category>c</category><author>a@e.example (A)</author></item>",
        "<item xmlns:dc='http://purl.org/dc/elements/1.1/'><title>t</title><dc:creator>Ann</dc:creator>"
        "<dc:date>2026-11-24T08:00:00Z</dc:date></item>",
        "<item xmlns:m='http://search.yahoo.com/mrss/'><title>t</title><m:group><m:content url='https://e.example/p.jpg'"
        " medium='image'/><m:thumbnail url='https://e.example/s.jpg'/></m:group></item>",
        "<item><title>t</title><description/><link/></item>",
        "<item xmlns:m='http://search.yahoo.com/mrss/'><description>&lt;p&gt;own words&lt;/p&gt;</description>"
        "<m:content url='https://e.example/p.jpg' type='image/jpeg'><m:description type='plain'>two men</m:description>"
        "</m:content></item>",
    ],
)
def test_rss_is_read_as_feedparser_reads_it(inside: str) -> None:
    assert same(RSS.format(inside).encode())


@pytest.mark.parametrize(
    "inside",
    [
        "<entry><id>urn:1</id><title type='html'>A &amp;amp; B</title><link href='https://e.example/1'/>"
        "<published>2026-11-24T08:00:00Z</published><updated>2026-11-24T09:00:00+01:00</updated>"
        "<author><name>Ann</name><email>ann@e.example</email></author>"
        "<content type='html'>&lt;p&gt;one&lt;/p&gt;</content></entry>",
        "<entry><id>https://e.example/2</id><title>plain &lt; text</title><summary>s</summary>"
        "<link rel='enclosure' href='https://e.example/a.jpg' type='image/jpeg'/></entry>",
    ],
)
def test_atom_is_read_as_feedparser_reads_it(inside: str) -> None:
    assert same(ATOM.format(inside).encode())


@pytest.mark.parametrize(
    "body",
    [
        RSS.format("<item><title>t</title><pubDate>le 3 Brumaire</pubDate></item>"),
        RSS.format("<item><title>t <b>x</b></title></item>"),
        RSS.format("<item><title>t</title><title>u</title></item>"),
        RSS.format("<item><title>t</title><itunes>x</itunes></item>"),
        RSS.format("<item xml:base='https://f.example/'><title>t</title></item>"),
        RSS.format("<item><title>Ã©tÃ©</title></item>"),
        RSS.format("<item><title>&nbsp;</title></item>"),
        "<!DOCTYPE rss [<!ENTITY a 'b'>]>" + RSS.format(PLAIN),
        "<?xml version='1.0' encoding='windows-1252'?>" + RSS.format(PLAIN),
        ATOM.format("<entry><title type='xhtml'><div>t</div></title></entry>"),
        ATOM.format("<entry><title>t</title><content src='https://e.example/x' type='image/png'/></entry>"),
        RSS.format(PLAIN).replace("<channel>", "<channel xml:base='https://f.example/'>"),
        RSS.format(
            "<item xmlns:m='http://search.yahoo.com/mrss/'><title>t</title><m:description>two</m:description></item>"
        ),
        ATOM.format(
            "<entry><title>t</title><author><name>A</name></author><author><email>a@e.example</email></author></entry>"
        ),
        RSS.format(PLAIN).replace("2.0", "0.92"),
        RSS.format(PLAIN)[:-20],
        " " + RSS.format(PLAIN),
    ],
)
def test_what_is_out_of_the_way_is_left_to_feedparser(body: str) -> None:
    assert wellformed.read(body.encode()) is None


def test_every_recorded_feed_is_read_alike(shared: Callable[[str], Path]) -> None:
    read = 0
    for body in (*_bodies(FIXTURES), *_bodies(shared("platforms/rss")), *_bodies(shared("hostile"))):
        try:
            read += same(body)
        except SourceError:
            continue  # what feedparser refuses is told elsewhere
    assert read > 500


def _bodies(folder: Path) -> Iterator[bytes]:
    for path in sorted(folder.rglob("*")):
        if path.name.endswith(".tar.xz"):
            with tarfile.open(path) as packed:
                yield from (found.read() for one in packed if one.isfile() and (found := packed.extractfile(one)))
        elif path.is_file() and path.stat().st_size < 2_000_000:
            yield path.read_bytes()


TAGS = ["p", "br", "hr", "div", "section", "ul", "ol", "li", "h2", "blockquote", "a", "b", "strong", "em", "span"]
pieces = st.one_of(
    st.sampled_from([f"<{tag}>" for tag in TAGS] + [f"</{tag}>" for tag in TAGS if tag not in ("br", "hr")]),
    st.sampled_from(["<br/>", '<a href="https://e.example/?a=1&b=2">', "<img src='a.jpg' alt=\"x\"/>", "<P CLASS=x>"]),
    st.sampled_from(["un ", "deux\n", "&amp;", "&nbsp;", "&eacute;", "&lt;b&gt;", "&", " ", "\n\n", "x>y"]),
)


@given(st.lists(pieces, max_size=14).map("".join))
def test_simple_markup_is_read_as_a_tree_reads_it(markup: str) -> None:
    quick = html._plain(markup)
    if quick is not None:
        assert html._lines(quick) == html._lines(html._tree(markup))


def test_the_words_of_a_picture_are_not_the_words_of_its_item() -> None:
    picture = "<m:content url='https://e.example/p.jpg'><m:title>IMG_1</m:title><m:description>two men</m:description>"
    words = f"<description>own words</description>{picture}</m:content>"
    item = f"<item xmlns:m='http://search.yahoo.com/mrss/'>{words}</item>"
    for body in (RSS.format(item), RSS.format(item + "<item><odd/><title>t</title></item>")):
        draft = read_feed(body).drafts[0]
        assert draft.text == "own words"
