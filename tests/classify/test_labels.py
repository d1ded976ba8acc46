"""Labels, their scores and the words that led to them."""

from __future__ import annotations

import re

import pytest

from tests.classify.people import CLASSIFIER, said
from tracker.classify import Utterance

VISIT, SECURITY, MEETING = "diplomatic_visit", "security_statement", "diplomatic_meeting"


def test_the_version_names_the_weights_and_what_reads_beside_them() -> None:
    assert re.fullmatch(r"\d{4}\.\d\d-[0-9a-f]{8}\.[0-9a-f]{8}", CLASSIFIER.version)


def labels(utterance: Utterance) -> set[str]:
    return {label.name for label in CLASSIFIER.classify([utterance])[0].labels}


@pytest.mark.parametrize(
    ("text", "by", "wanted"),
    [
        (
            "J'ai reçu cet après-midi à Dakar le président Kofi Ansah du Ghana pour une visite officielle.",
            "awa-diarra",
            VISIT,
        ),
        (
            "I have just landed in Accra for a two-day state visit at the invitation of President Ansah.",
            "awa-diarra",
            VISIT,
        ),
        ("Llegué a Accra en visita oficial, por invitación del presidente Kofi Ansah.", "lucas-prado", VISIT),
        ("Cheguei a Dakar para uma visita oficial a convite da presidente Awa Diarra.", "lucas-prado", VISIT),
        ("وصلت اليوم إلى أكرا في زيارة رسمية بدعوة من الرئيس", "awa-diarra", VISIT),
        ("Президент Ганы Кофи Анса прибыл в Москву с официальным визитом.", None, VISIT),
        ("Nos forces armées ont repoussé l'attaque terroriste contre le poste frontière.", "awa-diarra", SECURITY),
        ("Two soldiers were killed when gunmen ambushed an army patrol near the border.", None, SECURITY),
        ("Боевики обстреляли военный конвой, погибли трое солдат.", None, SECURITY),
        ("نفذ الجيش عملية عسكرية ضد الجماعات الإرهابية", "awa-diarra", SECURITY),
        ("Entretien téléphonique avec le président Kofi Ansah sur nos relations bilatérales.", "awa-diarra", MEETING),
        ("The two governments signed a memorandum of understanding on rail transport with Ghana.", None, "agreement"),
        ("Le gouvernement expulse l'ambassadeur du Ghana, déclaré persona non grata.", None, "sanction_or_rupture"),
        ("A plane with humanitarian aid and medicines left for Accra for the victims of the floods.", None, "aid"),
        ("Vote on Sunday: every ballot counts in this presidential election.", "kofi-ansah", "domestic_politics"),
        ("Joyeux Noël et bonne année à toutes les familles.", "awa-diarra", "ceremonial"),
        (
            "I strongly condemn these cowardly lies and reject the accusations of the ministry.",
            "kofi-ansah",
            "condemnation",
        ),
    ],
)
def test_a_plain_case_of_each_label_is_found(text: str, by: str | None, wanted: str) -> None:
    assert wanted in labels(said(text, by))


@pytest.mark.parametrize(
    ("text", "by", "unwanted"),
    [
        ("Visite ce matin du chantier de l'hôpital régional avec les maires du département.", "awa-diarra", VISIT),
        ("Please visit our website to register for the youth fund.", "kofi-ansah", VISIT),
        ("Entretien téléphonique ce soir avec mon homologue ghanéen.", "awa-diarra", VISIT),
        ("La sécurité alimentaire et la sécurité sociale sont nos priorités.", "awa-diarra", SECURITY),
        ("Road safety and food security matter to every family.", "kofi-ansah", SECURITY),
        ("L'équipe nationale est arrivée à Accra pour son match de samedi.", None, VISIT),
    ],
)
def test_a_hard_negative_is_left_alone(text: str, by: str | None, unwanted: str) -> None:
    assert unwanted not in labels(said(text, by))


def test_every_label_has_a_score_of_two_decimals_and_those_from_the_threshold_up_are_given() -> None:
    (found,) = CLASSIFIER.classify([said("Our army repelled a terrorist attack on the border.", "kofi-ansah")])
    assert set(found.scores) == set(CLASSIFIER.labels)
    assert all(score == round(score, 2) and 0 <= score <= 1 for score in found.scores.values())
    given = {name for name, spec in CLASSIFIER.labels.items() if found.scores[name] >= spec.threshold}
    assert {label.name for label in found.labels} == given


def test_evidence_is_the_exact_words_with_offsets_in_code_points() -> None:
    text = "🇸🇳 Œuvrons ensemble : l’ARMÉE a repoussé une attaque terroriste."
    (found,) = CLASSIFIER.classify([said(text, "awa-diarra", title="Attaque repoussée")])
    security = next(label for label in found.labels if label.name == SECURITY)
    assert security.words
    for words in security.words:
        field = text if words.field == "text" else "Attaque repoussée"
        assert field[words.start : words.end] == words.exact
    assert any("terroriste" in words.exact for words in security.words)


def test_every_given_label_has_evidence() -> None:
    for text in ("Rafale !", "42 Rafale pour nos amis.", "Vive la paix.", "Merci."):
        for label in CLASSIFIER.classify([said(text, "awa-diarra")])[0].labels:
            assert label.words


def test_a_batch_gives_what_single_texts_give_in_order() -> None:
    all_of_them = [said("Attaque terroriste à Accra."), said("Joyeux Noël !", "awa-diarra"), said("", "awa-diarra")]
    assert CLASSIFIER.classify(all_of_them) == [CLASSIFIER.classify([one])[0] for one in all_of_them]


def test_the_alert_threshold_is_never_below_the_threshold() -> None:
    assert all(spec.alert_threshold >= spec.threshold for spec in CLASSIFIER.labels.values())
