"""Evaluating, the taxonomy's own test, and looking for quoted words."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from terminal import NEWS, TALKS, TEA, Desk

from tests.archive import world as w
from tracker.archive import Archive
from tracker.classify.quotes import fingerprints
from tracker.models.registry import Speaker

GOLD: list[dict[str, Any]] = [
    {"id": "a", "text": NEWS, "labels": ["diplomatic_visit"], "lang": "en",
     "visit": {"visitor_cc": "RWA", "host_cc": "KEN", "place": "Nairobi", "status": "past"}},
    {"id": "b", "text": TALKS, "labels": ["security_statement"], "lang": "en"},
    {"id": "c", "text": TEA, "labels": ["aid"], "lang": "en", "url": "https://lake.example/3"},
]  # fmt: skip


def written(folder: Path, *lines: str) -> str:
    path = folder / "labelled.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def test_labelled_statements_give_figures_and_what_differs(desk: Desk) -> None:
    file = written(desk.folder, *map(json.dumps, GOLD))
    told = desk.json("evaluate", file)
    by_name = {one["name"]: one for one in told["labels"]}
    assert by_name["diplomatic_visit"]["positives"] == 1
    assert by_name["security_statement"]["counts"]["tp"] == 1
    assert list(by_name["aid"]["by_language"]) == ["en"]
    assert sum(size for _, _, size in by_name["aid"]["reliability"]) == 3
    assert told["visits"] | {"framed": 1, "countries": 1, "place_right": 1} == told["visits"]
    missed = next(row for row in told["confusion"] if row["label"] == "aid")
    assert (missed["what"], missed["id"], missed["url"]) == ("missed", "c", "https://lake.example/3")
    code, out, err = desk.run("evaluate", file)
    assert code == 0
    assert all(words in out for words in ("macro F1", "reliability", "countries right 1 of 1", "aid: 1 differ"))
    assert "make evaluate" in err


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line 2: not JSON"),
        ("[1]", "line 2: not a JSON object"),
        ('{"text": 1, "labels": []}', "line 2: text: a string is needed"),
        ('{"text": "a"}', "line 2: labels: a list of names is needed"),
        ('{"text": "a", "labels": ["visit"]}', "line 2: labels: no label 'visit'"),
        ('{"text": "a", "labels": [], "visit": {"place": 3}}', "line 2: visit: an object of texts is needed"),
    ],
)
def test_a_bad_line_is_named_and_the_others_count(desk: Desk, line: str, said: str) -> None:
    code, out, err = desk.run("evaluate", written(desk.folder, json.dumps(GOLD[0]), line), "--json")
    assert (code, json.loads(out)["statements"]) == (1, 1)
    assert said in err
    assert said in json.loads(out)["problems"][0]


def test_a_mark_at_the_start_and_a_line_separator_in_a_text_are_no_bad_lines(desk: Desk) -> None:
    row = json.dumps({"text": "Tea\u2028growers", "labels": []}, ensure_ascii=False)
    assert desk.json("evaluate", written(desk.folder, f"\ufeff{row}\r", "", row))["statements"] == 2


def test_a_file_that_is_not_there_or_empty(desk: Desk) -> None:
    code, out, err = desk.run("evaluate", str(desk.folder / "none.jsonl"))
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert desk.json("evaluate", written(desk.folder))["statements"] == 0


OWN = """
[[label]]
name = "tea_politics"
threshold = 0.85
[label.phrases]
en = ["tea growers", "fair season"]
fr = ["planteurs de thé"]
"""


def test_a_label_of_ones_own_is_listed_and_tried(desk: Desk) -> None:
    (desk.folder / "taxonomy").mkdir()
    (desk.folder / "taxonomy" / "tea.toml").write_text(OWN, encoding="utf-8")
    own = next(one for one in desk.json("taxonomy", "check") if one["name"] == "tea_politics")
    assert (own["phrases"], own["threshold"]) == ({"en": 2, "fr": 1}, 0.85)
    assert "2 en, 1 fr" in desk.run("taxonomy", "check")[1]
    both = desk.json("taxonomy", "test", "tea_politics", TEA)
    assert [one["exact"] for one in both["phrases"]] == ["Tea growers", "fair season"]
    assert (both["score"], both["labelled"]) == (0.9, True)
    one = desk.run("taxonomy", "test", "tea_politics", "The tea growers are on strike again this year")[1]
    assert "tea_politics 0.80 of 0.85: has not it" in one.replace("\n", "")
    assert desk.run("taxonomy", "test", "tee", "x")[0] == 2


def test_a_broken_taxonomy_is_refused_with_its_place(desk: Desk) -> None:
    (desk.folder / "taxonomy").mkdir()
    (desk.folder / "taxonomy" / "tea.toml").write_text('[[label]]\nname = "tea"\n', encoding="utf-8")
    code, out, err = desk.run("taxonomy", "check")
    assert (code, out) == (2, "")
    assert "tea.toml: label[1].phrases" in err


@pytest.mark.parametrize(
    ("words", "verdict"),
    [
        ("fruitful talks this morning", "exact"),
        ("FRUITFUL TALKS", "exact"),
        ("of our two peoples and of the lake that we share, President Eric Habimana and I held", "exact"),
        ("the lake that we share […] held fruitful talks this morning", "truncated"),
        ("President Eric Habimana and I held “difficult” talks this morning at State House", "altered"),
        ("For the security of our two peoples and of the lake that we share, we held a parade", "altered"),
        ("nobody ever said these words about anything", None),
        ("—", None),
    ],
)
def test_words_are_found_exact_truncated_altered_or_not_at_all(desk: Desk, words: str, verdict: str | None) -> None:
    told = {one["statement"]["id"]: one["verdict"] for one in desk.json("quote", words)["found"]}
    assert told.get(desk.ids["talks"]) == verdict
    assert desk.ids["tea"] not in told


def test_words_that_nobody_said_hint_at_the_coverage(desk: Desk) -> None:
    code, out, _ = desk.run("quote", "nobody ever said these words about anything")
    assert code == 0
    assert "tracker coverage" in out


ARTICLE = (
    "NAIROBI. President Amina Odera said: “For the security of our two peoples and of the lake that we share”. "
    "“We shall never sign a treaty with a foreign bank”, President Amina Odera added. "
    "“The fish are smaller than they were”, said a fisherman."
)


@pytest.mark.parametrize("written", [False, True])
def test_of_a_report_each_quotation_is_found_or_told_to_be_unattributed(desk: Desk, written: bool) -> None:
    (file := desk.folder / "article.txt").write_text(ARTICLE, encoding="utf-8")
    quotations = desk.json("quote", str(file) if written else ARTICLE)["quotations"]
    told = [(one["verdict"], one["leader"], (one["statement"] or {}).get("id")) for one in quotations]
    assert told == [
        ("exact", "amina-odera", desk.ids["talks"]),
        ("unattributed", "amina-odera", None),
        (None, None, None),
    ]


def test_words_that_a_report_gives_to_another_are_told_to_be_misattributed(desk: Desk) -> None:
    report = "President Eric Habimana said: “For the security of our two peoples and of the lake that we share”."
    (one,) = desk.json("quote", report)["quotations"]
    assert (one["verdict"], one["leader"], one["statement"]["id"]) == (
        "misattributed",
        "eric-habimana",
        desk.ids["talks"],
    )
    assert re.search(r"misattributed +For the .* eric-habimana +Amina Odera", desk.run("quote", report)[1])


KEPT = "We will never accept foreign troops on the soil of our fathers"
EDITED = "We will always honour our commitments to every friendly partner in the region."


@pytest.fixture
def edited(desk: Desk) -> Desk:
    """A desk with a post that said KEPT, then a little more, then something else."""
    archive = Archive.open(f"sqlite:///{desk.folder / 'archive.db'}", worker="test")
    speaker = Speaker("amina-odera", "Amina Odera", "ken-president", "President of the Republic", "KEN")
    now, key = datetime.now(UTC), None
    for text in (f"{KEPT}.", f"{KEPT}, nor on our lakes.", EDITED):
        post = w.post(77, text, speaker=speaker)
        more = {"fingerprints": fingerprints(text), "statement": key, "verdict": "edited" if key else "new"}
        (claim,) = archive.claim_due(now, 1, 60.0, names=["state-house"])
        (kept,) = archive.keep([w.reading(claim, w.judged(post, **more), now=now)], now)
        now, key = now + timedelta(hours=1), (*kept.new, *kept.edited)[0]
    archive.close()
    return replace(desk, ids={**desk.ids, "edited": str(key)})


@pytest.mark.parametrize(
    ("words", "verdict", "version"),
    [
        (KEPT, "exact", 2),
        (f"{KEPT}, nor on our lakes", "exact", 2),
        ("never accept foreign troops […] nor on our lakes", "truncated", 2),
        ("We will never accept any foreign troops on the soil of our fathers", "altered", 2),
        (EDITED, "exact", 3),
        ("never accept foreign ships on the islands of our mothers", None, None),
    ],
)
def test_words_that_were_edited_away_are_found_in_the_version_that_had_them(
    edited: Desk, words: str, verdict: str | None, version: int | None
) -> None:
    found = [one for one in edited.json("quote", words)["found"] if one["statement"]["id"] == edited.ids["edited"]]
    assert [(one["verdict"], one["version"]) for one in found] == ([(verdict, version)] if verdict else [])
    seen = edited.json("versions", edited.ids["edited"])
    assert [one["until"] for one in found] == ([seen[2]["observed_at"]] if version == 2 else [None] if version else [])


def test_a_quotation_of_what_was_edited_away_is_attributed_to_the_version_that_had_it(edited: Desk) -> None:
    report = f"President Amina Odera said: “{KEPT}.” The post was later changed."
    (one,) = edited.json("quote", report)["quotations"]
    assert (one["verdict"], one["version"], one["statement"]["id"]) == ("exact", 2, edited.ids["edited"])
    for words in (KEPT, report):
        assert re.search(r"2, until \d{4}-\d\d-\d\d \d\d:\d\d", edited.run("quote", words)[1])


def test_what_a_report_alone_has_is_attributed_to_nobody(desk: Desk) -> None:
    code, out, _ = desk.run("quote", "President Odera wrote: “arrived in Nairobi on Tuesday for an official visit”.")
    assert code == 0
    assert "unattributed" in out
