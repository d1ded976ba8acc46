"""Labels of a user's own, from TOML alone, and what a wrong file is told."""

from __future__ import annotations

import json
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


def of_aid(line: str) -> str:
    return f"[[label]]\nname = 'aid'\n{line}\n"


def of_phrases(*phrases: str) -> str:
    return of_aid(f"[label.phrases]\nfr = {json.dumps(phrases)}")


STAR = "has a * that neither ends a word nor stands for a whole one after another"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("[[label]\n", ": Expected ']]'"),
        ("[[labl]]\nname = 'x'\n", ": labl: unknown key (did you mean label?)"),
        ("[label]\nname = 'aid'\n", ": label: write [[label]], once for each label"),
        ("label = 'aid'\n", ": label: write [[label]]"),
        ("label = [1]\n", ": label: write [[label]]"),
        ("[[label]]\nname = 'Water!'\nphrases = {fr = ['x']}\n", ": label[1].name: must be lower-case"),
        ("[[label]]\nname = 3\nphrases = {fr = ['x']}\n", ": label[1].name: must be lower-case"),
        ("[[label]]\nphrases = {fr = ['x']}\n", ": label[1].name: must be lower-case"),
        ("[[label]]\nname = ['aid']\n", ": label[1].name: must be lower-case"),
        (
            "[[label]]\nname = 'condemnatio'\n",
            ": label[1].phrases: a new label needs phrases (did you mean condemnation?)",
        ),
        ("[[label]]\nname = 'aid'\n[[label]]\nname = 'new'\n", ": label[2].phrases: a new label needs phrases"),
        (of_aid("treshold = 0.5"), ": label[1].treshold: unknown key (did you mean threshold?)"),
        (of_aid("threshold = 7"), ": label[1].threshold: must be a number above 0 and up to 1"),
        (of_aid("threshold = nan"), ": label[1].threshold: must be a number above 0 and up to 1"),
        (of_aid("threshold = '0.5'"), ": label[1].threshold: must be a number"),
        (of_aid("alert_threshold = true"), ": label[1].alert_threshold: must be a number"),
        (of_aid("title = 3"), ": label[1].title: must be text"),
        (of_aid("phrases = ['x']"), ": label[1].phrases: must be a table of languages"),
        (
            of_aid("phrases = {fra = ['x']}"),
            ": label[1].phrases.fra: unknown language (did you mean fr?); known: fr, en",
        ),
        (of_aid("phrases = {de = ['x']}"), ": label[1].phrases.de: unknown language; known: fr, en, es, pt, ar, ru"),
        (
            of_aid("threshold = 0.9\nalert_threshold = 0.3"),
            ": label[1].alert_threshold: must not be below the threshold",
        ),
        (of_aid("phrases = {fr = 'x'}"), ": label[1].phrases.fr: must be a list of phrases"),
        (of_aid("phrases = {fr = []}"), ": label[1].phrases.fr: must be a list of phrases"),
        (of_aid("phrases = {fr = ['x', 1]}"), ": label[1].phrases.fr: must be a list of phrases"),
        (of_phrases("x", " * "), ": label[1].phrases.fr[2]: ' * ' has no word"),
        (of_phrases(""), ": label[1].phrases.fr[1]: '' has no word"),
        (of_phrases("x", "y", "…!?"), ": label[1].phrases.fr[3]: '…!?' has no word"),
        (of_phrases("*foo"), f": label[1].phrases.fr[1]: '*foo' {STAR}"),
        (of_phrases("* foo"), f": label[1].phrases.fr[1]: '* foo' {STAR}"),
        (of_phrases("ba*rage"), f": label[1].phrases.fr[1]: 'ba*rage' {STAR}"),
        (of_phrases("barrage**"), f": label[1].phrases.fr[1]: 'barrage**' {STAR}"),
        (of_phrases("barrage-*"), f": label[1].phrases.fr[1]: 'barrage-*' {STAR}"),
        (of_phrases("eau " * 2_500), ": label[1].phrases.fr[1]: 'eau eau"),
        (of_aid("concepts = ['SANCTIO']"), ": label[1].concepts: unknown concept 'SANCTIO' (did you mean SANCTION?)"),
        (of_aid("concepts = 'AID'"), ": label[1].concepts: must be a list of texts"),
        (of_aid("contexts = ['militry']"), ": label[1].contexts: unknown context 'militry' (did you mean military?)"),
        (of_aid("contexts = [['military']]"), ": label[1].contexts: must be a list of texts"),
        (of_aid("plover_type = 'AGREED'"), ": label[1].plover_type: unknown event type 'AGREED' (did you mean AGREE?)"),
        (
            of_aid("plover_type = 'agree'"),
            ": label[1].plover_type: unknown event type 'agree' (did you mean AGREE?); known: AGREE, CONSULT, ",
        ),
        (of_aid("plover_type = ''"), ": label[1].plover_type: unknown event type ''"),
        (of_aid("plover_type = ['AGREE']"), ": label[1].plover_type: must be text"),
        (of_aid("plover_mode = 'visit'"), ": label[1].plover_mode: unknown mode of AID 'visit'; known: none"),
        (
            of_aid("plover_type = 'CONSULT'\nplover_mode = 'visits'"),
            ": label[1].plover_mode: unknown mode of CONSULT 'visits' (did you mean visit?); known: visit, third",
        ),
    ],
)
def test_a_broken_file_is_refused_with_its_place(tmp_path: Path, content: str, problem: str) -> None:
    (tmp_path / "bad.toml").write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        Classifier.load(REGISTRY, tmp_path)
    assert len(refused.value.problems) == 1
    assert refused.value.problems[0].startswith(f"bad.toml{problem}")
    assert len(refused.value.problems[0]) < 800


@pytest.mark.parametrize("raw", [WATER.encode("utf-16"), b"[[label]]\nname = 'caf\xe9'\n", b"x = " + b"[" * 99_999])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "bad.toml").write_bytes(raw)
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(ConfigError) as refused:
        Classifier.load(REGISTRY, tmp_path)
    assert [problem.split(":")[0] for problem in refused.value.problems] == ["bad.toml", "folder.toml"]


def test_a_label_in_several_entries_has_the_phrases_of_all(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(b"\xef\xbb\xbf" + WATER.encode())
    more = (
        '[[label]]\nname = "water_politics"\nthreshold = 0.7\nphrases = {en = ["reservoir", "Dam", "dam on * nile"]}\n'
    )
    (tmp_path / "b.toml").write_text(more, encoding="utf-8")
    classifier = Classifier.load(REGISTRY, tmp_path)
    spec = classifier.labels["water_politics"]
    assert (spec.title, spec.threshold, spec.alert_threshold) == ("Water politics", 0.7, 0.8)
    texts = ["The new dam will feed our cities.", "The dam on the Nile and its reservoir are ours."]
    found = classifier.classify([said(text, "awa-diarra") for text in texts])
    assert [one.scores["water_politics"] for one in found] == [0.8, 0.95]  # a phrase that is there twice counts once


def test_every_problem_of_all_files_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("[[label]]\nname = 'aid'\nthreshold = 'x'\n", encoding="utf-8")
    (tmp_path / "b.toml").write_text("[[label]]\nname = 'aid'\ntitle = 3\n", encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        Classifier.load(REGISTRY, tmp_path)
    assert [problem.split(":")[0] for problem in refused.value.problems] == ["a.toml", "b.toml"]
