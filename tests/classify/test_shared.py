"""The founding example and the labelled statements, where they are present."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tests.classify.people import statement
from tracker.classify import Classifier, Utterance, evaluate, utterance_of
from tracker.classify.relate import relations
from tracker.models.registry import Leader, Office, Registry, Speaker, Tenure
from tracker.models.statement import Statement

SHARED = Path(__file__).parents[2] / ".." / "shared"
REGISTRY = Registry(
    (
        Leader(
            "assimi-goita",
            "Assimi Goïta",
            ("Goita", "Colonel Assimi GOITA"),
            (),
            (Tenure("mli-president", date(2021, 6, 7)),),
        ),
        Leader("ibrahim-traore", "Ibrahim Traoré", (), ("Traoré",), (Tenure("bfa-president", date(2022, 9, 30)),)),
    ),
    (
        Office("mli-president", "President of the Transition", "MLI"),
        Office("bfa-president", "President of the Transition", "BFA"),
    ),
)
DAY = date(2022, 11, 2)


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier.load(REGISTRY)


def founding(classifier: Classifier) -> tuple[Statement, Statement]:
    folder = SHARED / "founding"
    if not folder.exists():
        pytest.skip("../shared/founding is not here")
    post = json.loads((folder / "post.json").read_text(encoding="utf-8"))["data"][0]["text"]
    feed = (folder / "feed.xml").read_text(encoding="utf-8")
    title = re.search("<item><title>(.*?)</title>", feed)
    body = re.search(r"<content:encoded><!\[CDATA\[(.*?)\]\]>", feed, re.DOTALL)
    assert title
    assert body
    spoken = Utterance(post, speaker=REGISTRY.speaker("assimi-goita", None, DAY), published=DAY)
    report = Utterance(re.sub("<[^>]+>", "\n", body[1]), title[1], speaker=Speaker(), origin="report", published=DAY)
    pair = []
    for name, utterance, hour in (("post", spoken, 18), ("article", report, 20)):
        (understood,) = classifier.classify([utterance])
        at = datetime(2022, 11, 2, hour, tzinfo=UTC)
        made = statement(name, utterance)
        post_at = replace(made.post, effective_at=at, published_at=at)
        pair.append(replace(made, post=post_at, classification=understood, labels=understood.labels))
    return pair[0], pair[1]


def test_the_founding_example_comes_out_as_its_readme_says(classifier: Classifier) -> None:
    post, article = founding(classifier)
    assert {label.name for label in post.labels} == {"security_statement", "diplomatic_meeting"}
    assert {"diplomatic_visit", "security_statement"} <= {label.name for label in article.labels}
    for last, around in ((article, post), (post, article)):
        found = relations(last, [around], [])
        (told,) = found.events
        event = told.event
        assert [party.leader for party in event.visitors] == ["ibrahim-traore"]
        assert (event.visitors[0].country, event.host.leader, event.host.country) == ("BFA", "assimi-goita", "MLI")
        assert (event.place, event.day, event.status) == ("Bamako", DAY, "past")
        assert [(a, link.type, link.statement) for a, link in found.links] == [("article", "quotes", "post")]
        ((name, label),) = found.labels
        assert (name, label.name, label.by) == ("post", "diplomatic_visit", "event")


def test_the_labelled_statements_are_understood_as_well_as_a_model_that_saw_them_should() -> None:
    """The shipped weights were trained on them: this guards against a broken build, and is no measure of quality."""
    path = SHARED / "classify" / "dev.jsonl"
    if not path.exists():
        pytest.skip("../shared/classify is not here")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    found = Classifier.load(Registry()).classify([utterance_of(row) for row in rows])
    assert sum(one.lang == row["lang"] for one, row in zip(found, rows, strict=True)) >= 0.99 * len(rows)
    for name in ("diplomatic_visit", "security_statement"):
        said = [name in {label.name for label in one.labels} for one in found]
        assert evaluate.counts([name in row["labels"] for row in rows], said).f1 > 0.85
    assert all(label.words for one in found for label in one.labels)
