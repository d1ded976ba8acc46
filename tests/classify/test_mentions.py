"""Names in six languages and their inflections, and the ones that are everyday words."""

from __future__ import annotations

import pytest

from tests.classify.people import CLASSIFIER, said


def mentioned(text: str) -> set[tuple[str, str]]:
    return {(m.kind, m.ref) for m in CLASSIFIER.classify([said(text, "awa-diarra")])[0].mentions}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Le président a quitté Москву et Moscou est loin de nous.", ("place", "Moscou")),
        ("Президент посетил Москву и встретился с коллегой.", ("place", "Москва")),
        ("Российские дипломаты работают в столице.", ("country", "RUS")),
        ("زار الرئيس القاهرة ثم عاد إلى بلاده مع وفد كبير", ("place", "القاهرة")),
        ("وبالسنغال التقى الوفد بالوزير في جلسة مباحثات", ("country", "SEN")),
        ("Les Béninoises ont gagné et nous en sommes fiers.", ("country", "BEN")),
        ("A Guiné-Bissau celebra hoje a sua independência.", ("country", "GNB")),
        ("Le sommet de la CEDEAO s'ouvre aujourd'hui.", ("organisation", "ECOWAS")),
        ("Je salue Kofi Ansah, mon frère et ami.", ("leader", "kofi-ansah")),
        ("Le président Ansah est attendu demain au palais.", ("leader", "kofi-ansah")),
    ],
)
def test_a_name_is_found_as_it_is_inflected(text: str, wanted: tuple[str, str]) -> None:
    assert wanted in mentioned(text)


@pytest.mark.parametrize(
    ("text", "unwanted"),
    [
        ("C'est un homme et un pays, il y en a un seul.", ("organisation", "United Nations")),
        ("Quelle nice surprise pour nous tous ce matin.", ("place", "Nice")),
        ("Ansah est un prénom que nous aimons bien ici.", ("leader", "kofi-ansah")),
        ("A Guiné-Bissau celebra hoje a sua independência.", ("country", "GIN")),
        ("Our turkey dinner was great, thank you to the cooks.", ("country", "TUR")),
    ],
)
def test_an_everyday_word_is_no_name(text: str, unwanted: tuple[str, str]) -> None:
    assert unwanted not in mentioned(text)
