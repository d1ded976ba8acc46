"""How words are shown."""

from __future__ import annotations

from datetime import timedelta

import pytest
from desk import NOW

from tracker.decide import compare
from tracker.models.statement import Label, Words
from tracker.web import show


def _label(name: str, *spans: tuple[int, int]) -> Label:
    return Label(name, 0.9, words=tuple(Words("text", "", start, end) for start, end in spans))


@pytest.mark.parametrize(
    ("raw", "labels", "shown"),
    [
        ("a <b> c", [_label("x", (2, 5))], 'a <mark class="l1" title="x">&lt;b&gt;</mark> c'),
        (
            "abcdef",
            [_label("x", (0, 4)), _label("y", (2, 6))],
            '<mark class="l1" title="x">ab</mark><mark class="l1" title="x, y">cd</mark>'
            '<mark class="l2" title="y">ef</mark>',
        ),
        ("abc", [_label("x", (1, 99), (-4, 2), (2, 2))], 'a<mark class="l1" title="x">bc</mark>'),
        ("abc", [], "abc"),
        ("", [_label("x", (0, 3))], ""),
        ("🇲🇱 ok", [_label("x", (3, 5))], '🇲🇱 <mark class="l1" title="x">ok</mark>'),
    ],
)
def test_the_words_of_a_label_are_marked_in_place(raw: str, labels: list[Label], shown: str) -> None:
    assert show.marked(raw, labels, "text", {"x": 1, "y": 2}) == shown


def test_a_long_text_keeps_its_opening_and_what_stands_around_its_words() -> None:
    raw = "opening " + "lorem " * 300 + "the attack " + "ipsum " * 300
    start = raw.index("attack")
    shown = show.marked(raw, [_label("x", (start, start + 6))], "text", {}, short=True)
    assert shown.startswith("opening lorem")
    assert '<mark class="l0" title="x">attack</mark>' in shown
    assert len(shown) < 900
    assert shown.endswith(" …")


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://example.org/é?a=1&b=2#c", True), ("HTTP://example.org", True), ("ftp://example.org", False),
        ("javascript:alert(1)", False), ("https://example.org/a b", False), ("https://", False), (None, False),
        ("\nhttps://example.org", False), ("https://example.org\n", False),
    ],
)  # fmt: skip
def test_only_plain_web_addresses_are_links(url: str | None, kept: bool) -> None:
    assert show.outside(url) == (url if kept else None)


def test_an_edit_is_shown_word_by_word_and_a_huge_one_is_not_compared() -> None:
    assert show.changes("we <b> may go", "we <b> will go") == "we &lt;b&gt; <del>may</del><ins>will</ins> go"
    assert show.changes("a " * compare.COMPARED, "b") is None


@pytest.mark.parametrize(
    ("words", "term", "then"),
    [
        ("", "label:aid", "label:aid"),
        ("mali label:aid", "label:aid", "mali"),
        ("label:aid", "label:agreement", "label:aid label:agreement"),
        ("country:MLI visite", "country:NER", "visite country:NER"),
        ("mali OR niger", "origin:report", "( mali OR niger ) origin:report"),
        ("after:2024-07-01", "after:2024-07-07", "after:2024-07-07"),
    ],
)
def test_a_filter_is_put_on_and_taken_off(words: str, term: str, then: str) -> None:
    assert show.toggle(words, term) == then


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(5, "5 s ago"), (300, "5 min ago"), (7200, "2 h ago"), (-240, "in 4 min"), (864000, "10 d ago")],
)
def test_how_long_ago_is_said_in_its_largest_unit(seconds: int, shown: str) -> None:
    assert f">{shown}</time>" in show.ago(NOW - timedelta(seconds=seconds), NOW)
