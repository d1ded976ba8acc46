"""Whether a visit is to come, goes on or is over, and its day: by the words beside it, in six languages."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.classify.people import CLASSIFIER
from tracker.classify import Utterance
from tracker.models.registry import Speaker

THURSDAY = date(2026, 11, 26)
TOLD = [
    line.split("\t")
    for line in Path(__file__).with_name("visit_times.tsv").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]


def written(text: str, lang: str | None = None, home: str | None = None, title: str | None = None) -> Utterance:
    speaker = Speaker(name="Own", office="president", country=home) if home else Speaker()
    return Utterance(text, title, lang, speaker, "official" if home else "report", THURSDAY)


@pytest.mark.parametrize(("lang", "home", "status", "day", "text"), TOLD)
def test_a_visit_is_put_where_its_verbs_put_it(lang: str, home: str, status: str, day: str, text: str) -> None:
    visits = CLASSIFIER.classify([written(text, lang, home.strip("-"))])[0].visits
    told = [(v.status, f"{v.day or '-'}/{v.day_end}" if "/" in day else str(v.day or "-")) for v in visits]
    assert told == ([] if status == "none" else [(status, day)])


@pytest.mark.parametrize(
    "text",
    [
        "President Osei will pay a state visit to Rwanda from 5 to 8 December 2026.",
        "Le président se rendra à Dakar le 5 décembre 2026 en visite officielle.",
    ],
)
def test_without_a_publication_the_verb_says_when(text: str) -> None:
    (visit,) = CLASSIFIER.classify([Utterance(text)])[0].visits
    assert (visit.status, visit.day) == ("announced", date(2026, 12, 5))


@pytest.mark.parametrize("offset", range(7))
def test_no_weekday_to_come_is_in_the_past_on_any_day(offset: int) -> None:
    day = date(2026, 11, 23 + offset)
    for text in ("I leave for Dakar on Wednesday for a state visit.", "Je me rends mercredi à Dakar en visite d'État."):
        one = Utterance(text, speaker=Speaker(name="Own", country="GMB"), published=day)
        (visit,) = CLASSIFIER.classify([one])[0].visits
        assert visit.day
        assert 0 <= (visit.day - day).days < 7
        assert visit.status == ("announced" if visit.day > day else "ongoing")


@pytest.mark.parametrize(
    ("title", "text"),
    [
        (
            "Golfe de Guinée : Lomé et Cotonou",
            "Le chef de l'État togolais l'affirme : « Mon ami le Président béninois et moi avons choisi de mieux "
            "protéger nos côtes dès cette année », a-t-il déclaré mardi.",
        ),
        (
            "Horn of Africa: Nairobi and Kampala",
            "The Kenyan head of state writes that he and his brother, the Ugandan President, decided to guard their "
            "common border better from this month.",
        ),
        (
            "Bogotá y Quito",
            "El presidente colombiano y su homólogo ecuatoriano reforzarán la frontera común, dijo el martes.",
        ),
        ("Москва и Минск", "Президент России и его белорусский коллега решили усилить охрану границы."),
        ("الجزائر وتونس", "قرر الرئيس الجزائري مع شقيقه التونسي تعزيز أمن الحدود المشتركة."),
        (
            "Luanda e Kinshasa",
            "O presidente angolano e o seu homólogo congolês decidiram reforçar a segurança da fronteira comum.",
        ),
    ],
)
def test_without_words_of_going_coming_or_receiving_there_is_no_visit(title: str, text: str) -> None:
    found = CLASSIFIER.classify([written(text, title=title)])[0]
    assert found.scores["diplomatic_visit"] <= 0.1
    assert not found.visits


def test_a_demonym_is_nobodys_name() -> None:
    (visit,) = CLASSIFIER.classify(
        [written("Le président sénégalais est arrivé lundi à Banjul en visite officielle.")]
    )[0].visits
    assert [(party.name, party.country) for party in visit.visitors] == [(None, "SEN")]


def test_no_evidence_has_one_letter() -> None:
    texts = [
        "A y va, b a dit à c : d'accord.",
        "Il a été à la hauteur, et il y a eu un geste.",
        "I am a man of my word.",
    ]
    for found in CLASSIFIER.classify([written(text) for text in texts]):
        assert all(len(words.exact) > 1 for label in found.labels for words in label.words)


@pytest.mark.parametrize("day", [date.min, date.max])
def test_no_day_of_publication_is_too_far(day: date) -> None:
    (found,) = CLASSIFIER.classify(
        [Utterance("I leave for Dakar on Monday, in two weeks, for a state visit.", published=day)]
    )
    assert found.classified
