"""Who counts as the visitor of a visit: the one who travels and who is named beside them, each once."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from tracker import events
from tracker.classify import Classifier, Utterance
from tracker.models.registry import Leader, Office, Registry, Speaker, Tenure
from tracker.models.statement import Classification, Party, Post, Statement, Visit

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
REGISTRY = Registry(
    (
        Leader("juliette-oke", "Juliette Oké", tenures=(Tenure("gha-president", date(2020, 1, 1)),)),
        Leader("paul-mensah", "Paul Mensah", tenures=(Tenure("gha-minister", date(2020, 1, 1)),)),
    ),
    (Office("gha-president", "President", "GHA"), Office("gha-minister", "Minister", "GHA")),
)


@pytest.mark.parametrize(
    ("told", "visitors"),
    [
        ("Juliette Oké est arrivée à Dakar pour une visite officielle. Son ministre Paul Mensah est resté à Accra.",
         ["juliette-oke"]),
        ("Juliette Oké et Paul Mensah sont arrivés à Dakar en visite officielle.", ["juliette-oke", "paul-mensah"]),
    ],
)  # fmt: skip
def test_a_visitor_is_who_travels_and_not_everybody_of_that_country(told: str, visitors: list[str]) -> None:
    one = Utterance(told, origin="report", published=date(2026, 3, 1))
    (found,) = Classifier.load(REGISTRY).classify([one])
    assert [party.leader for party in found.visits[0].visitors] == visitors


def test_a_leader_told_under_two_names_is_one_visitor_from_the_first_telling_on() -> None:
    twice = (Party("Juliette Oké", "juliette-oke", "GHA"), Party("J. Oké", None, "GHA"))
    visit = Visit("past", twice, Party(country="SEN"), day=NOW.date())
    post = Post("1", ("id:1",), "report", Speaker(), "Le Soir", "Visite.", "h", NOW)
    statement = Statement("s", 1, "soir", "feed", post, NOW, NOW, 1, 1, "live", Classification("fr", True, "1"))
    assert events.of([(statement, visit)]).visitors == twice[:1]


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ("La présidente Juliette Oké arrive à Dakar pour une visite officielle.", "ongoing"),
        ("Le ministre de Juliette Oké est arrivé à Dakar pour une visite officielle.", "past"),
        ("Arrivé à la tête du Ghana en mars, Juliette Oké s'est rendue à Dakar en visite officielle.", "past"),
        ("Juliette Oké s'est rendue à Dakar en visite officielle. Ils ont eu cet après-midi des échanges.",
         "past"),
    ],
)  # fmt: skip
def test_who_arrives_is_on_a_visit_and_who_arrived_was(told: str, status: str) -> None:
    (found,) = Classifier.load(REGISTRY).classify([Utterance(told, origin="report", published=date(2026, 3, 1))])
    assert found.visits[0].status == status


@pytest.mark.parametrize(
    ("told", "status", "day"),
    [
        ("Juliette Oké effectuera une visite officielle à Dakar vendredi.", "announced", date(2026, 3, 6)),
        ("Juliette Oké will travel to Dakar on Friday for a state visit.", "announced", date(2026, 3, 6)),
        ("Juliette Oké travelled to Dakar on Friday for a state visit.", "past", date(2026, 2, 27)),
        (
            "Juliette Oké paid a state visit to Dakar on Friday. Upcoming talks will be planned.",
            "past",
            date(2026, 2, 27),
        ),
    ],
)
def test_a_visit_to_come_is_not_put_on_the_weekday_before(told: str, status: str, day: date) -> None:
    (found,) = Classifier.load(REGISTRY).classify([Utterance(told, origin="report", published=date(2026, 3, 1))])
    assert (found.visits[0].status, found.visits[0].day) == (status, day)
