"""Quotations in any marks and in none, and fingerprints that never miss a run of eight words."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.classify.people import CLASSIFIER, said
from tracker.classify.quotes import alike, attributed, find, fingerprints

POST = "Nous avons eu ce matin, à Accra, des échanges très fructueux sur la sécurité et le commerce entre nos peuples."


@pytest.mark.parametrize(
    ("report", "exact", "verdict"),
    [
        (
            "Il a parlé d’« échanges très fructueux sur la sécurité », dit-il.",
            "échanges très fructueux sur la sécurité",
            "exact",
        ),
        (
            "Il écrit : «\u00a0Nous avons eu ce matin, à Accra, des échanges très fructueux\u00a0».",
            "Nous avons eu ce matin, à Accra, des échanges très fructueux",
            "exact",
        ),
        (
            'Elle salue "des échanges très fructueux sur la sécurité" hier.',
            "des échanges très fructueux sur la sécurité",
            "exact",
        ),
        (
            "„des echanges TRES fructueux sur la securite“ selon lui",
            "des echanges TRES fructueux sur la securite",
            "exact",
        ),
        (
            "“Nous avons eu ce matin (…) sur la sécurité et le commerce”",
            "Nous avons eu ce matin (…) sur la sécurité et le commerce",
            "truncated",
        ),
        (
            "Il parle de « des échanges vraiment fructueux sur la sécurité et le commerce » hier.",
            "des échanges vraiment fructueux sur la sécurité et le commerce",
            "altered",
        ),
        (
            "Selon lui des échanges très fructueux sur la sécurité et le commerce ont eu lieu.",
            "des échanges très fructueux sur la sécurité et le commerce",
            "exact",
        ),
    ],
)
def test_a_quotation_is_found_with_its_verdict(report: str, exact: str, verdict: str) -> None:
    (quote,) = find(None, report, [("post", POST)])
    assert (quote.words.exact.strip(), quote.verdict) == (exact, verdict)
    assert report[quote.words.start : quote.words.end] == quote.words.exact


@pytest.mark.parametrize(
    "report",
    [
        "Il a parlé de « paix » et de « sécurité ».",
        "Des échanges ont eu lieu ce matin entre les deux pays sur le commerce.",
        "« Rien de tout cela n'est vrai, a dit le porte-parole du parti »",
        "",
    ],
)
def test_a_few_common_words_are_no_quotation(report: str) -> None:
    assert find(None, report, [("post", POST)]) == []


def test_a_title_is_searched_as_well() -> None:
    (quote,) = find("« des échanges très fructueux sur la sécurité »", "Le texte.", [("post", POST)])
    assert quote.words.field == "title"


WORDS = st.lists(st.sampled_from([f"mot{chr(97 + i)}" for i in range(26)]), min_size=8, max_size=40)


@settings(max_examples=150, deadline=None)
@given(WORDS, WORDS, WORDS, WORDS, WORDS)
def test_a_common_run_of_eight_words_shares_a_fingerprint(
    a: list[str], b: list[str], run: list[str], c: list[str], d: list[str]
) -> None:
    first, second = fingerprints(" ".join([*a, *run[:8], *b])), fingerprints(" ".join([*c, *run[:8], *d]))
    assert set(first) & set(second)
    assert all(0 <= value < 2**63 for value in first)


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        (POST, POST + " https://t.co/abc", True),
        (POST, POST.upper(), True),
        (POST, POST[:70] + "…", True),
        (POST, "Nous avons parlé ce matin de football et de musique avec les jeunes de la capitale.", False),
        ("Merci.", "Merci.", False),
        ("", "", False),
    ],
)
def test_near_duplicates_are_told_from_other_texts(a: str, b: str, same: bool) -> None:
    assert alike(a, b) is same


def test_a_quotation_far_down_a_long_article_is_found() -> None:
    report = "Bla bla et rebla. " * 900 + "« des échanges très fructueux sur la sécurité »"
    assert [quote.verdict for quote in find(None, report, [("post", POST)])] == ["exact"]
    assert set(fingerprints(report + " " + POST)) & set(fingerprints(POST))


@pytest.mark.parametrize(
    ("report", "leaders"),
    [
        ("Le président Kofi Ansah a déclaré lundi : « la route sera ouverte avant les pluies ».", ["kofi-ansah"]),
        ("“The road will open before the rains”, said President Kofi Ansah in Accra.", ["kofi-ansah"]),
        (
            "« La route sera ouverte bientôt », promet Kofi Ansah. « Les pluies ne nous arrêteront pas », dit-il.",
            ["kofi-ansah", "kofi-ansah"],
        ),
        (
            "Awa Diarra recevait Kofi Ansah. “We share one river and one future”, Awa Diarra said. “We do share "
            "them both”, replied Kofi Ansah, and said no more.",
            ["awa-diarra", "kofi-ansah"],
        ),
        ("Kofi Ansah a lu le livre « Le vieil homme et la mer » dans l'avion.", [None]),
        ("“The road will open before the rains”, said a driver.", [None]),
        ("Speaking of Kofi Ansah, an analyst said “the road will never open before the rains”.", [None]),
        ("Asked about President Kofi Ansah, Jane Doe said “the road will never open at all”.", [None]),
        ("Asked about the rains, Kofi Ansah said “the road will open in any case”.", ["kofi-ansah"]),
        ("À propos de Kofi Ansah, l'opposante a déclaré « la route ne sera jamais ouverte ».", [None]),
        ("“The road will open before the rains”, said a close aide to President Kofi Ansah.", [None]),
        ("In a speech, President Kofi Ansah, a former driver, said “the road will open soon”.", ["kofi-ansah"]),
        ("“The road will open before the rains”, said a visibly tired Kofi Ansah.", ["kofi-ansah"]),
        ("Kofi Ansah said “no”.", []),
        ("Kofi Ansah said nothing.", []),
        ("", []),
    ],
)
def test_a_quotation_is_given_to_the_leader_who_is_said_to_say_it(report: str, leaders: list[str | None]) -> None:
    (understood,) = CLASSIFIER.classify([said(report)])
    found = attributed(report, understood.mentions)
    assert [who for _, who in found] == leaders
    assert all(report[words.start : words.end] == words.exact for words, _ in found)


def test_a_report_s_fewer_fingerprints_are_among_those_that_an_official_text_of_its_words_has() -> None:
    text = " ".join(f"word{number * number % 97}" for number in range(120))
    assert set(fingerprints(text, "report")) < set(fingerprints(text, "official"))
    assert fingerprints("too short", "report") == fingerprints("too short") == ()


@pytest.mark.parametrize(
    ("report", "verdict"),
    [
        ("“Aceitaremos que o nosso país seja tratado como um quintal de ninguém”, disse o presidente.", "altered"),
        ("O presidente disse que não “aceitaremos que o nosso país seja tratado como um quintal de ninguém”.", "exact"),
        ("“Não aceitaremos que o nosso país seja tratado como um quintal de ninguém”, disse o presidente.", "exact"),
    ],
)
def test_a_not_that_is_left_out_before_the_words_alters_them(report: str, verdict: str) -> None:
    said = "Não aceitaremos que o nosso país seja tratado como um quintal de ninguém."
    assert [quote.verdict for quote in find(None, report, [("said", said)])] == [verdict]


def test_of_two_quotations_of_one_statement_the_altered_one_is_told() -> None:
    said = (
        "Je salue la bravoure de nos soldats et de tout un peuple. Nous poursuivrons la lutte jusqu'à la paix finale."
    )
    report = (
        "« Je salue la bravoure de nos soldats et de tout un peuple », a-t-il dit. "
        "Il a ajouté : « Nous ne poursuivrons pas la lutte jusqu'à la paix finale »."
    )
    (quote,) = find(None, report, [("said", said)])
    assert (quote.verdict, quote.words.exact) == ("altered", "Nous ne poursuivrons pas la lutte jusqu'à la paix finale")
