"""Whatever comes: an answer in bounded time, never an exception."""

from __future__ import annotations

from time import process_time

import pytest

from tests.classify.people import CLASSIFIER, said
from tracker.classify import quotes, tokens

LONG = 100_000


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "\n\n", "🙂" * 50, "a" * LONG, "visite officielle " * (LONG // 18), "«" * LONG, '"' * LONG, "#" * LONG,
        "@" * 5000 + "GoitaAssimi", "\u202eetisiv elleiciffo\u202c", "vi\u200bsite offi\u200dcielle à Ac\u00adcra",
        "مرحبا hello привет bonjour 你好 " * 200, "\u0301" * 3000, "ﷺ" * 500, "VISITE OFFICIELLE À ACCRA !!!",
        "Vis1te offic1elle du prés1dent", "1" * 5000, "32/13/2024 le 31 février 2024", "le 0 mars", "\ud800 visite",
        "Aa" * 20_000, "#" + "AaBb" * 10_000, "¡¿" * 1000, "\x00\x01\x02",
    ],
    ids=lambda text: repr(text[:12]),
)  # fmt: skip
def test_any_text_is_answered_in_bounded_time(text: str) -> None:
    before = process_time()
    (found,) = CLASSIFIER.classify([said(text, "awa-diarra", title=text[:500])])
    quotes.fingerprints(text)
    quotes.find(None, text, [("a", "Nous avons eu des échanges fructueux sur la paix et la stabilité de nos États.")])
    assert process_time() - before < 3.0
    assert isinstance(found.scores, dict)


@pytest.mark.parametrize(
    "text",
    [
        "I will pay an official\nvisit to\nAccra on 12\nDecember.",
        "I  will pay an official  visit to  Accra on 12 December.",
    ],
)
def test_lines_and_gaps_inside_a_sentence_end_none(text: str) -> None:
    plain, wrapped = CLASSIFIER.classify([said(one, "awa-diarra") for one in (" ".join(text.split()), text)])
    assert (wrapped.scores, wrapped.visits[0].day) == (plain.scores, plain.visits[0].day)


def test_a_line_of_its_own_is_a_sentence() -> None:
    assert tokens.read("text", "Border posts open\nVisit of the minister").sentence == [0, 0, 0, 1, 1, 1, 1]


def test_zero_width_joins_and_hashtags_run_together_hide_no_word() -> None:
    (plain,) = CLASSIFIER.classify([said("Visite officielle au Ghana", "awa-diarra")])
    (hidden,) = CLASSIFIER.classify([said("Vi\u200bsite of\u200dficielle au #Ghana", "awa-diarra")])
    assert {label.name for label in plain.labels} == {label.name for label in hidden.labels}
    (tagged,) = CLASSIFIER.classify([said("Bienvenue à @KofiAnsah ! #VisiteOfficielle #GhanaSenegal", "awa-diarra")])
    assert ("leader", "kofi-ansah") in {(m.kind, m.ref) for m in tagged.mentions}
    assert "diplomatic_visit" in {label.name for label in tagged.labels}
