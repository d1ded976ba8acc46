"""One statement twice in two languages, whose the words between marks are, and what stands between them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import cache
from itertools import permutations
from pathlib import Path
from time import process_time

import pytest

from tests.classify.people import REGISTRY, said, speaker, statement
from tracker.classify import Classifier, quotes
from tracker.classify.quotes import attributed, find, marked
from tracker.classify.relate import relations
from tracker.classify.tokens import read
from tracker.models.registry import Registry, Speaker
from tracker.models.statement import Media, Mention, Statement
from tracker.text import fold

HERE = Path(__file__).parent


def said_by_awa(name: str, text: str, minutes: float = 0) -> Statement:
    one = statement(name, said(text, "awa-diarra"))
    return replace(one, post=replace(one.post, effective_at=one.post.effective_at + timedelta(minutes=minutes)))


def twins(*ones: Statement) -> set[frozenset[str]]:
    """The pairs that are the same, whichever comes last."""
    found = [
        frozenset((a, link.statement))
        for at, one in enumerate(ones)
        for a, link in relations(one, (*ones[:at], *ones[at + 1 :]), []).links
        if link.type == "same_as"
    ]
    assert all(found.count(pair) == 2 for pair in found), "each finds the other"
    return set(found)


def test_translations_are_found_and_neighbours_of_one_subject_are_not() -> None:
    rows = [line.split("\t") for line in (HERE / "translations.tsv").read_text(encoding="utf-8").splitlines()]
    found = {"same": 0, "other": 0}
    for verdict, minutes, a, b in rows:
        found[verdict] += bool(twins(said_by_awa("a", a), said_by_awa("b", b, float(minutes))))
    assert len(rows) == 120
    assert found["same"] >= 42, "of 60; 47 when this was written"
    assert found["other"] <= 2, "of 60; 1 when this was written"


FRENCH = "Le Sénégal envoie 120 soldats au Mali pour la sécurité de la frontière."
ENGLISH = "Senegal is sending 120 soldiers to Mali for the security of the border."
SPANISH = "Senegal envía 120 soldados a Malí para la seguridad de la frontera."


def test_three_languages_are_three_pairs() -> None:
    ones = (said_by_awa("fr", FRENCH), said_by_awa("en", ENGLISH, 2), said_by_awa("es", SPANISH, 4))
    assert len(twins(*ones)) == 3


@pytest.mark.parametrize(
    ("other", "minutes", "same"),
    [
        (ENGLISH, 29, True),
        (ENGLISH, 31, False),
        (ENGLISH.replace("120", "140"), 2, False),
        (ENGLISH.replace("Mali", "Gambia"), 2, False),
        (ENGLISH + " " + "They leave on Monday from Thiès and will be joined by doctors and engineers. " * 3, 2, False),
    ],
)
def test_a_translation_is_near_in_time_and_has_no_other_name_or_number(other: str, minutes: int, same: bool) -> None:
    assert bool(twins(said_by_awa("fr", FRENCH), said_by_awa("en", other, minutes))) is same


def test_a_thread_in_two_languages_is_paired_part_by_part() -> None:
    thread = {
        "fr1": "Le Ghana et nous luttons ensemble contre le terrorisme : nos armées sont à la frontière.",
        "fr2": "Le Ghana et nous signons ensemble un accord de paix : nos armées quittent la frontière.",
        "en1": "Ghana and we fight terrorism together: our armies are at the border.",
        "en2": "Ghana and we sign a peace agreement together: our armies leave the border.",
    }
    for order in permutations(thread):
        ones = [said_by_awa(name, thread[name], at) for at, name in enumerate(order)]
        assert twins(*ones) == {frozenset(("fr1", "en1")), frozenset(("fr2", "en2"))}


def test_another_s_words_are_no_translation_and_an_office_may_speak_for_its_leader() -> None:
    english = said_by_awa("en", ENGLISH, 2)
    kofi, office = speaker("kofi-ansah"), Speaker(None, None, "sen-president", "President", "SEN")
    for whose, pairs in ((kofi, 0), (office, 1)):
        other = replace(english, post=replace(english.post, speaker=whose))
        assert len(twins(said_by_awa("fr", FRENCH), other)) == pairs


def test_the_same_picture_and_hashtag_say_that_a_short_post_is_one() -> None:
    ones = [
        said_by_awa("fr", "Soirée inoubliable à la maison ! #Teranga2025"),
        said_by_awa("en", "An unforgettable evening at home! #Teranga2025", 1),
    ]
    assert twins(*ones) == set()
    picture = (Media("image", "https://pics.example/7.jpg"),)
    assert len(twins(*(replace(one, post=replace(one.post, media=picture)) for one in ones))) == 1


@cache
def classifier() -> Classifier:
    aliases = {"kofi-ansah": ("كوفي أنسا", "Кофи Анса")}
    leaders = tuple(replace(one, aliases=(*one.aliases, *aliases.get(one.id, ()))) for one in REGISTRY.leaders)
    return Classifier.load(Registry(leaders, REGISTRY.offices))


LINES = (HERE / "attributions.tsv").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("line", LINES, ids=range(len(LINES)))
def test_words_are_a_leader_s_only_if_he_is_the_subject_of_the_saying(line: str) -> None:
    whose, report = line.split("\t")
    (understood,) = classifier().classify([said(report)])
    leaders = {"K": "kofi-ansah", "A": "awa-diarra", "-": None}
    assert [who for _, who in attributed(report, understood.mentions)] == [leaders[who] for who in whose.split()]


def test_the_words_of_saying_are_folded() -> None:
    listed = quotes._DATA["words"]
    assert [name for name, words in listed.items() if name.islower() and fold(words) != words] == []


W = "nous avons ouvert hier la route du fleuve à tous les camions"


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        *(
            (f"Il a dit {a}{W}{z}, hier.", [W])
            for a, z in (
                "«»",
                "“”",
                "„“",
                "„”",
                "‹›",
                "「」",
                "『』",
                '""',
                "””",
                "““",
                "»«",
                "‚‘",
                "‘’",
                "''",
                ("``", "''"),
            )
        ),
        (f"Il a dit : «\u00a0{W}\u00a0».", [W]),
        (f"« Il a dit “{W}” hier »", [f"Il a dit “{W}” hier", W]),
        (f"“He said ‘{W}’ to us”", [f"He said ‘{W}’ to us", W]),
        (f"« Elle a dit « {W} » hier »", [f"Elle a dit « {W} » hier", W]),
        (f"Il a dit « ceci, puis : « {W} ».", [W]),
        (f'He said "this and left. Later: "{W}".', [W]),
        (f"Il a dit « {W}", []),
        (f'He said "{W}', []),
        (f"It's the ministers' view that '{W}' and it's over", [W]),
        (f"l'homme dit 'c'est l'heure de {W}' et c'est l'usage", [f"c'est l'heure de {W}"]),
        (f'5" pipes and 6" pipes: "{W}"', [W]),
        (f"قال: «{W}»، ثم غادر", [W]),
    ],
)
def test_a_quotation_is_exactly_what_stands_between_its_marks(text: str, inside: list[str]) -> None:
    assert [words.exact for words in marked(read("text", text))] == inside
    (quote,) = find(None, text, [("post", f"{W.capitalize()}. Merci.")])
    assert (quote.words.exact, quote.verdict) == (W, "exact")
    assert text[quote.words.start : quote.words.end] == W


@pytest.mark.parametrize(
    ("report", "exact"),
    [
        (f"Awa Diarra : « {W}. Rien » ne sera plus comme avant ici.", f"{W}. Rien"),
        (f"Awa Diarra : « {W[:41]} »{W[41:]}. Rien ne sera plus.", W[:41]),
        (f"{W} « par tous les temps »", W),
    ],
)
def test_no_quotation_reaches_over_a_mark(report: str, exact: str) -> None:
    (quote,) = find(
        None, report, [("post", f"Awa Diarra : {W}. Rien ne sera plus comme avant ici. {W} par tous les temps.")]
    )
    assert (quote.words.exact, quote.verdict) == (exact, "exact")


DAM = (
    "Nous finirons le barrage avant décembre. Il coûtera 40 milliards et donnera de l'eau. "
    "Nul ne sera chassé de sa terre."
)


@pytest.mark.parametrize(
    ("words", "verdict"),
    [
        ("NOUS FINIRONS LE BARRAGE AVANT DECEMBRE", "exact"),
        ("… Il coûtera 40 milliards et donnera de l'eau", "exact"),
        ("Nous finirons le barrage […] et donnera de l'eau", "truncated"),
        ("Nous finirons le barrage (. . .) Nul ne sera chassé", "truncated"),
        ("Il coûtera 80 milliards et donnera de l'eau", "altered"),
        ("Nous finirons le barrage avant décembre, nul ne sera chassé de sa terre", "altered"),
        ("[N]ous finirons le barrage avant décembre", "altered"),
        ("Nous finir0ns le barrage avant décernbre", "altered"),
        ("Nous finirons la route avant l'été, nul ne sera payé", None),
    ],
)
def test_what_is_changed_left_out_or_put_together_is_told(words: str, verdict: str | None) -> None:
    found = find(None, f"Elle a dit : « {words} ».", [("post", DAM)])
    assert [(quote.words.exact, quote.verdict) for quote in found] == ([(words, verdict)] if verdict else [])


def test_a_quotation_of_six_words_shares_a_fingerprint_with_its_source() -> None:
    words = DAM.replace(".", "").split()
    for at in range(len(words) - 5):
        report = f"Elle a dit : « {' '.join(words[at : at + 6])} », puis elle est partie."
        assert set(quotes.fingerprints(report)) & set(quotes.fingerprints(DAM))


@pytest.mark.parametrize(
    "word", ["ministre ", "said ", "Kofi Ansah said, an ", "“a b c d” ", "« a ", "'a ", "- ", ". ", "\ue100"]
)
def test_whose_words_are_is_told_in_bounded_time(word: str) -> None:
    report = "Kofi Ansah said “the road will open soon”. " + word * (40_000 // len(word))
    mention = Mention("leader", "kofi-ansah", read("text", report).span(0, 1))
    before = process_time()
    assert attributed(report, [mention])[0][1] == "kofi-ansah"
    assert process_time() - before < 3.0
