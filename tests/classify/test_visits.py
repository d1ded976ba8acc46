"""The frame of a visit: who, where, when, and whether it is still to come."""

from __future__ import annotations

from datetime import date

import pytest

from tests.classify.people import CLASSIFIER, DAY, REGISTRY, said
from tracker.classify import Utterance, utterance_of
from tracker.models.statement import Visit


def framed(utterance: Utterance) -> Visit:
    (visit,) = CLASSIFIER.classify([utterance])[0].visits
    return visit


@pytest.mark.parametrize(
    ("text", "by", "visitor", "host", "place"),
    [
        (
            "J'ai reçu ce matin à Dakar le président ghanéen Kofi Ansah, en visite officielle.",
            "awa-diarra",
            "GHA",
            "SEN",
            "Dakar",
        ),
        (
            "Je viens d'arriver à Accra pour une visite officielle. Merci pour votre accueil.",
            "awa-diarra",
            "SEN",
            "GHA",
            "Accra",
        ),
        (
            "Thank you President Ansah for the warm welcome and hospitality in Accra.",
            "awa-diarra",
            "SEN",
            "GHA",
            "Accra",
        ),
        ("Welcome to Ghana, President Awa Diarra! A historic state visit.", "kofi-ansah", "SEN", "GHA", None),
        ("Le président Kofi Ansah est arrivé lundi à Luanda pour une visite d'État.", None, "GHA", "AGO", "Luanda"),
        (
            "President Lucas Prado received President Kofi Ansah in Luanda on an official visit.",
            None,
            "GHA",
            "AGO",
            "Luanda",
        ),
        (
            "Kofi Ansah a été reçu à Dakar par la présidente Awa Diarra lors d'une visite officielle.",
            None,
            "GHA",
            "SEN",
            "Dakar",
        ),
        ("Президент Ганы Кофи Анса прибыл с официальным визитом в Минск.", None, "GHA", "BLR", "Минск"),
        ("وصلت إلى الرياض في زيارة رسمية بدعوة كريمة وأشكركم على حسن الاستقبال", "awa-diarra", "SEN", "SAU", "الرياض"),
    ],
)
def test_who_visits_whom_and_where(text: str, by: str | None, visitor: str, host: str, place: str | None) -> None:
    visit = framed(said(text, by))
    assert ([party.country for party in visit.visitors][:1], visit.host.country) == ([visitor], host)
    assert visit.place == place


@pytest.mark.parametrize(
    ("text", "status", "day"),
    [
        ("Je me rends demain à Accra pour une visite officielle.", "announced", date(2024, 5, 15)),
        ("The state visit of Kofi Ansah to Dakar will begin on 3 June.", "announced", date(2024, 6, 3)),
        ("La visite officielle de Kofi Ansah à Dakar est reportée.", "postponed", None),
        ("Kofi Ansah annule sa visite officielle à Dakar.", "cancelled", None),
        ("Kofi Ansah est arrivé hier à Dakar pour une visite officielle.", "past", date(2024, 5, 13)),
        ("El presidente Kofi Ansah llegó ayer a Dakar en visita oficial.", "past", date(2024, 5, 13)),
        ("Kofi Ansah est arrivé dimanche à Dakar en visite officielle.", "past", date(2024, 5, 12)),
        ("Visite officielle de Kofi Ansah à Dakar vendredi prochain.", "announced", date(2024, 5, 17)),
    ],
)
def test_when_and_whether_it_is_still_to_come(text: str, status: str, day: date | None) -> None:
    visit = framed(said(text))
    assert (visit.status, visit.day) == (status, day)


def test_each_field_that_was_read_has_its_words() -> None:
    text = "Kofi Ansah est arrivé hier à Dakar pour une visite officielle."
    visit = framed(said(text))
    named = dict(visit.words)
    assert {"host", "visitor", "place", "date"} <= set(named)
    assert all(text[words.start : words.end] == words.exact for words in named.values())


@pytest.mark.parametrize(("written", "place"), [("Lomé", "Lomé"), ("LOMÉ", "Lomé"), ("#Lomé", "Lomé")])
def test_a_place_is_called_as_the_text_calls_it(written: str, place: str) -> None:
    visit = framed(said(f"Je viens d'arriver à {written} pour une visite officielle au Togo.", "awa-diarra"))
    assert visit.place == place


def test_i_is_the_speaker() -> None:
    visit = framed(said("Je viens d'arriver à Accra pour une visite officielle.", "awa-diarra"))
    assert [party.leader for party in visit.visitors] == ["awa-diarra"]


def test_a_plain_row_says_who_speaks_and_a_press_row_does_not() -> None:
    row = {
        "text": "Arrivée à Accra.",
        "author": "@AwaDiarra",
        "author_role": "president",
        "country": "Senegal",
        "date": "2024-05-14",
    }
    mine = utterance_of(row, REGISTRY)
    assert (mine.speaker.leader, mine.speaker.country, mine.origin, mine.published) == (
        "awa-diarra",
        "SEN",
        "official",
        DAY,
    )
    seated = utterance_of({"text": "x", "author": "NATO", "country": "Belgium"}, REGISTRY)
    assert seated.speaker.country == "INT:OTHER", "an organisation's account is not of the country it sits in"
    press = utterance_of({**row, "author": "press", "author_role": "media", "country": "Togo (press region)"}, REGISTRY)
    assert (press.speaker.country, press.origin) == (None, "report")
    vague = utterance_of({**row, "author": "@nobody", "country": "Togo (press region)"})
    assert vague.speaker.country == "TGO"
    assert utterance_of({"text": "x", "date": "soon", "country": "Atlantis"}).published is None
    surname = [utterance_of({**row, "author": "Diarra", "country": of}, REGISTRY) for of in ("Senegal", "Togo")]
    assert [one.speaker.leader for one in surname] == ["awa-diarra", None], "a namesake speaks for another country"


@pytest.mark.parametrize(
    ("told", "visitor", "host"),
    [
        ("زار رئيس زامبيا بلغاريا.", "ZMB", "BGR"),
        ("تأجيل زيارة رئيس جيبوتي إلى الغابون", "DJI", "GAB"),
        ("The president of Zambia visited Bulgaria on 2 March.", "ZMB", "BGR"),
        ("The prime minister of Luxembourg arrived in Lisbon on a working visit.", "LUX", "PRT"),
        ("Ramaphosa has invited Mozambique's president to visit Pretoria.", "MOZ", "ZAF"),
        ("Mozambique's president returned from Pretoria, where she met Cyril Ramaphosa.", "MOZ", "ZAF"),
    ],
)
def test_of_two_countries_after_a_title_the_first_is_whose_it_is(told: str, visitor: str, host: str) -> None:
    (visit,) = CLASSIFIER.classify([Utterance(told)])[0].visits
    assert ([party.country for party in visit.visitors], visit.host.country) == ([visitor], host)
