"""Leaders and offices that the tests of this room share, and statements made of utterances."""

from __future__ import annotations

from datetime import UTC, date, datetime

from tracker.classify import Classifier, Utterance
from tracker.models.registry import Leader, Office, Registry, Speaker, Tenure
from tracker.models.statement import Post, Reference, Statement

REGISTRY = Registry(
    (
        Leader("awa-diarra", "Awa Diarra", ("Présidente Diarra",), (), (Tenure("sen-president", date(2020, 1, 1)),)),
        Leader("kofi-ansah", "Kofi Ansah", ("Кофи Анса",), ("Ansah",), (Tenure("gha-president", date(2021, 1, 1)),)),
        Leader("lucas-prado", "Lucas Prado", (), (), (Tenure("ago-president", date(2020, 1, 1)),)),
    ),
    (
        Office("sen-president", "President", "SEN"),
        Office("gha-president", "President", "GHA"),
        Office("ago-president", "President", "AGO"),
    ),
)
CLASSIFIER = Classifier.load(REGISTRY)
DAY = date(2024, 5, 14)


def speaker(leader: str) -> Speaker:
    return REGISTRY.speaker(leader, None, DAY)


def said(text: str, by: str | None = None, *, title: str | None = None, day: date = DAY) -> Utterance:
    who = speaker(by) if by else Speaker()
    return Utterance(text, title, speaker=who, origin="official" if by else "report", published=day)


def statement(
    name: str, utterance: Utterance, *, hour: int = 12, day: date | None = None, refs: tuple[Reference, ...] = ()
) -> Statement:
    (understood,) = CLASSIFIER.classify([utterance])
    when = day or utterance.published or DAY
    at = datetime(when.year, when.month, when.day, hour, tzinfo=UTC)
    post = Post(
        name, (f"id:{name}",), utterance.origin, utterance.speaker, None, utterance.text, name, at,
        title=utterance.title, url=f"https://x.com/a/{name}", published_at=at, references=refs,
    )  # fmt: skip
    return Statement(name, 1, f"source-{name}", "x", post, at, at, 1, 1, "live", understood, understood.labels)
