"""Who is told to travel: not who tells it; by name where the text gives one; which way a visit went that is over."""

from __future__ import annotations

import pytest

from tests.classify.people import CLASSIFIER, said
from tracker.classify import Classifier, Utterance
from tracker.models.registry import Leader, Registry, Speaker
from tracker.models.statement import Visit

#: A registry that has one president, whom the gazetteer knows by the same name.
KENYA = Classifier.load(Registry((Leader("william-ruto", "William Ruto"),)))


def told(text: str, home: str | None = None, by: Classifier = CLASSIFIER) -> Visit:
    speaker = Speaker(name="A ministry", country=home) if home else Speaker()
    (visit,) = by.classify([Utterance(text, speaker=speaker, origin="official" if home else "report")])[0].visits
    return visit


@pytest.mark.parametrize(
    ("text", "home", "visitors"),
    [
        ("President Kofi Ansah will travel to Cotonou tomorrow.", "GHA", ["Kofi Ansah"]),
        ("President Kofi Ansah arrived in Cotonou and met President Awa Diarra.", "GHA", ["Kofi Ansah"]),
        ("President Kofi Ansah was received in Cotonou by the president of Benin.", "GHA", ["Kofi Ansah"]),
        ("Le président Kofi Ansah s'est rendu à Cotonou.", "GHA", ["Kofi Ansah"]),
        ("I arrived in Cotonou with President Kofi Ansah for talks.", "GHA", ["A ministry"]),
        ("We are in Cotonou for talks with the president of Benin.", "GHA", ["A ministry"]),
        ("Foreign Minister Samuel Boateng travelled to Lima on Monday.", "GHA", ["Samuel Boateng"]),
        ("Le ministre Oumar Sanogo s'est rendu lundi à Ankara.", "MLI", ["Oumar Sanogo"]),
        ("Le ministre se rendra lundi à Ankara.", "MLI", [None]),
        ("Cellou Bakary, ministre guinéen des Affaires étrangères, est arrivé à Dakar.", None, ["Cellou Bakary"]),
        ("Ghana's Defence Minister Kwame Asante arrived in Abidjan on Tuesday for talks.", None, ["Kwame Asante"]),
        ("La ministre ghanéenne Efua Boateng est arrivée à Abidjan pour une visite.", None, ["Efua Boateng"]),
        ("The Prime Minister of Norway, H.E. Kari Solberg, arrived in Abidjan for a visit.", None, ["Kari Solberg"]),
        ("Ghana's Defence Minister Arrives In Abidjan For Talks", None, [None]),
        ("The Ghanaian president arrived in Abidjan on Tuesday for a visit.", None, [None]),
    ],
)
def test_who_is_told_to_go_is_the_visitor(text: str, home: str | None, visitors: list[str | None]) -> None:
    assert [party.name for party in told(text, home).visitors] == visitors


@pytest.mark.parametrize(
    "text",
    [
        "The president of Zambia concluded his visit to Bulgaria on Sunday.",
        "Le président zambien a achevé sa visite en Bulgarie.",
        "Президент Замбии завершил визит в Болгарию.",
        "The president of Zambia was on Friday received in audience in Sofia by the king.",
        "Zambian foreign minister received in Sofia on Thursday by the Bulgarian president",
        "Le ministre zambien des Affaires étrangères reçu à Sofia par son homologue bulgare",
    ],
)
def test_a_visit_that_is_over_still_went_to_its_host(text: str) -> None:
    visit = told(text)
    assert ([party.country for party in visit.visitors], visit.host.country) == (["ZMB"], "BGR")


@pytest.mark.parametrize(
    ("text", "visitor", "host"),
    [
        ("Президент Китая прибыл в Астану с визитом.", "CHN", "KAZ"),
        ("Президент Уругвая прибыл в Кито с визитом.", "URY", "ECU"),
        ("Le président équato-guinéen est arrivé à Dakar pour une visite.", "GNQ", "SEN"),
    ],
)
def test_names_that_look_like_others_are_told_apart(text: str, visitor: str, host: str) -> None:
    visit = told(text)
    assert ([party.country for party in visit.visitors], visit.host.country) == ([visitor], host)


@pytest.mark.parametrize(
    "text", ["President Ruto spoke.", "Встреча с Уильямом Руто.", "Presidents Ruto and Ansah spoke."]
)
def test_a_leader_is_known_by_every_spelling_of_the_gazetteer(text: str) -> None:
    (understood,) = KENYA.classify([said(text)])
    assert [one.ref for one in understood.mentions if one.kind == "leader"] == ["william-ruto"]


@pytest.mark.parametrize(
    "text", ["Nous n'avons pas de leçons à recevoir de Paris.", "Nous n'avons pas d'ordres à recevoir de Washington."]
)
def test_lessons_and_orders_are_no_guests(text: str) -> None:
    utterance = Utterance(text, speaker=Speaker(name="President", country="NER"), origin="official")
    assert "diplomatic_visit" not in [label.name for label in CLASSIFIER.classify([utterance])[0].labels]
