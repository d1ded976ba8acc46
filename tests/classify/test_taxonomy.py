"""Labels of a user's own, from TOML alone, and what a wrong file is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.classify.people import REGISTRY, said
from tracker.classify import Classifier
from tracker.errors import ConfigError

WATER = """
[[label]]
name = "water_politics"
title = "Water politics"
[label.phrases]
fr = ["partage des eaux", "barrage*"]
en = ["water sharing", "dam"]
"""


def test_a_new_label_with_phrases_in_two_languages_works_without_code(tmp_path: Path) -> None:
    (tmp_path / "water.toml").write_text(WATER, encoding="utf-8")
    classifier = Classifier.load(REGISTRY, tmp_path)
    assert classifier.labels["water_politics"].title == "Water politics"
    texts = ["Le partage des eaux du fleuve nous unit.", "The new DAM will feed our cities.", "Rien à signaler ici."]
    found = classifier.classify([said(text, "awa-diarra") for text in texts])
    assert [
        [w.exact for label in one.labels if label.name == "water_politics" for w in label.words] for one in found
    ] == [
        ["partage des eaux"],
        ["DAM"],
        [],
    ]


def test_a_shipped_label_takes_phrases_and_a_threshold_from_a_file(tmp_path: Path) -> None:
    more = '[[label]]\nname = "aid"\nthreshold = 0.6\n[label.phrases]\nfr = ["caravane du cœur"]\n'
    (tmp_path / "aid.toml").write_text(more, encoding="utf-8")
    classifier = Classifier.load(REGISTRY, tmp_path)
    (found,) = classifier.classify([said("La Caravane du cœur est repartie ce matin.", "awa-diarra")])
    assert classifier.labels["aid"].threshold == 0.6
    assert "aid" in {label.name for label in found.labels}


@pytest.mark.parametrize(
    ("content", "problems"),
    [
        ("[[label]\n", ["bad.toml: "]),
        ("[[labl]]\nname = 'x'\n", ["bad.toml: labl: unknown key (did you mean label?)"]),
        ("[[label]]\nname = 'Water!'\nphrases = {fr = ['x']}\n", ["bad.toml: label[1].name: must be lower-case"]),
        (
            "[[label]]\nname = 'condemnatio'\n",
            ["bad.toml: label[1].phrases: a new label needs phrases (did you mean condemnation?)"],
        ),
        (
            "[[label]]\nname = 'aid'\ntreshold = 0.5\n",
            ["bad.toml: label[1].treshold: unknown key (did you mean threshold?)"],
        ),
        (
            "[[label]]\nname = 'aid'\nthreshold = 7\n",
            ["bad.toml: label[1].threshold: must be a number above 0 and up to 1"],
        ),
        (
            "[[label]]\nname = 'aid'\nphrases = {fra = ['x'], en = [' * ']}\n",
            [
                "bad.toml: label[1].phrases.fra: unknown language (did you mean fr?)",
                "bad.toml: label[1].phrases.en: ' * ' has no word",
            ],
        ),
        (
            "[[label]]\nname = 'aid'\nconcepts = ['SANCTIO']\n",
            ["bad.toml: label[1].concepts: unknown concept 'SANCTIO' (did you mean SANCTION?)"],
        ),
    ],
)
def test_a_broken_file_is_refused_with_its_place(tmp_path: Path, content: str, problems: list[str]) -> None:
    (tmp_path / "bad.toml").write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        Classifier.load(REGISTRY, tmp_path)
    for problem in problems:
        assert any(found.startswith(problem) for found in refused.value.problems), refused.value.problems


def test_every_problem_of_all_files_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("[[label]]\nname = 'aid'\nthreshold = 'x'\n", encoding="utf-8")
    (tmp_path / "b.toml").write_text("[[label]]\nname = 'aid'\ntitle = 3\n", encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        Classifier.load(REGISTRY, tmp_path)
    assert [problem.split(":")[0] for problem in refused.value.problems] == ["a.toml", "b.toml"]
