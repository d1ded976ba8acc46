"""Quotations, reposts and one event out of many tellings, whichever statement comes first."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import permutations

import pytest

from tests.classify.people import DAY, said, statement
from tracker.classify.relate import relations
from tracker.models.statement import Event, Reference, Statement

WORDS = "améliorer ensemble la protection de nos populations"
POST = statement(
    "post",
    said(
        f"Pour {WORDS}, le Président Kofi Ansah du Ghana et moi avons eu des échanges fructueux sur la sécurité.",
        "awa-diarra",
    ),
)
ARTICLE = statement(
    "article",
    said(
        "Kofi Ansah s'est rendu ce mardi à Dakar pour sa première visite officielle. La rencontre doit "
        f"« {WORDS} », a fait savoir la présidente Awa Diarra.",
        title="Kofi Ansah à Dakar pour une visite officielle",
    ),
    hour=18,
)


def told(*order: Statement) -> tuple[list[Event], dict[str, set[str]]]:
    """Relate statements as they come, keeping events by key: (events, labels by statement)."""
    events: dict[str, Event] = {}
    labels: dict[str, set[str]] = {}
    for at, one in enumerate(order):
        found = relations(one, order[:at], list(events.values()))
        events.update((each.key, each.event) for each in found.events)
        for name, label in found.labels:
            assert label.by == "event"
            labels.setdefault(name, set()).add(label.name)
    return list(events.values()), labels


def test_the_post_says_security_and_meeting_and_the_article_the_visit() -> None:
    said_by_post = {label.name for label in POST.labels}
    assert {"security_statement", "diplomatic_meeting"} <= said_by_post
    assert "diplomatic_visit" not in said_by_post
    assert "diplomatic_visit" in {label.name for label in ARTICLE.labels}


@pytest.mark.parametrize("order", [(POST, ARTICLE), (ARTICLE, POST)], ids=["post first", "article first"])
def test_a_quoted_post_belongs_to_the_visit_its_report_tells(order: tuple[Statement, Statement]) -> None:
    events, labels = told(*order)
    (event,) = events
    assert labels == {"post": {"diplomatic_visit"}}
    assert [party.leader for party in event.visitors] == ["kofi-ansah"]
    assert (event.host.leader, event.host.country, event.place) == ("awa-diarra", "SEN", "Dakar")
    assert (event.day, event.status, set(event.statements)) == (DAY, "past", {"post", "article"})
    last = relations(order[1], order[:1], events)
    (name, link) = last.links[0]
    assert (name, link.type, link.statement, link.verdict) == ("article", "quotes", "post", "exact")


def test_the_reason_names_the_event_and_the_report() -> None:
    ((_, label),) = relations(ARTICLE, [POST], []).labels
    assert label.reason
    assert "article" in label.reason
    assert "GHA to SEN" in label.reason


def test_doing_it_again_changes_nothing() -> None:
    first = relations(ARTICLE, [POST], [])
    again = relations(ARTICLE, [POST], [each.event for each in first.events])
    assert again == first


def test_a_leader_who_names_the_other_side_at_the_time_belongs_to_the_visit_without_a_quotation() -> None:
    readout = statement(
        "readout",
        said("Très bon entretien avec Awa Diarra. Nous avons évoqué nos relations bilatérales.", "kofi-ansah"),
    )
    event = relations(ARTICLE, [], []).events[0].event
    ((name, label),) = relations(readout, [], [event]).labels
    assert (name, label.name, label.by) == ("readout", "diplomatic_visit", "event")
    assert event.id in (label.reason or "")
    late = statement(
        "late",
        said("Entretien avec Awa Diarra sur nos relations bilatérales.", "kofi-ansah", day=DAY + timedelta(days=5)),
    )
    assert relations(late, [], [event]).labels == ()


ANNOUNCED = statement(
    "announced", said("Je me rends demain à Dakar pour une visite officielle.", "kofi-ansah", day=date(2024, 5, 13))
)
READOUT = statement(
    "host",
    said("J'ai reçu ce matin à Dakar le président Kofi Ansah du Ghana, en visite officielle.", "awa-diarra"),
    hour=20,
)


@pytest.mark.parametrize("order", list(permutations((ANNOUNCED, ARTICLE, READOUT))))
def test_announcement_report_and_readout_are_one_event_in_any_order(order: tuple[Statement, ...]) -> None:
    events, _ = told(*order)
    (event,) = events
    assert (event.day, event.status, event.place) == (DAY, "past", "Dakar")
    assert {party.leader for party in event.visitors} == {"kofi-ansah"}
    assert set(event.statements) == {"announced", "article", "host"}


def test_a_visit_weeks_later_or_the_other_way_round_is_another_event() -> None:
    later = statement(
        "later",
        said(
            "J'ai reçu ce matin à Dakar le président Kofi Ansah en visite officielle.",
            "awa-diarra",
            day=date(2024, 6, 20),
        ),
    )
    back = statement("back", said("Je viens d'arriver à Accra pour une visite officielle.", "awa-diarra"))
    events, _ = told(ARTICLE, later, back)
    assert len({event.id for event in events}) == 3


@pytest.mark.parametrize("reposts_first", [True, False])
def test_a_stated_relation_is_resolved_by_id_or_address_whichever_comes_first(reposts_first: bool) -> None:
    original = statement("original", said("Bonne fête à toutes les mères du Sénégal.", "awa-diarra"))
    repost = statement("repost", said("RT", "kofi-ansah"), refs=(Reference("reposts", external_id="original"),))
    reply = statement(
        "reply",
        said("Bravo", "kofi-ansah"),
        refs=(Reference("replies_to", url="http://www.twitter.com/a/original?s=20"),),
    )
    order = (repost, original) if reposts_first else (original, repost)
    assert [(a, link.type, link.statement) for a, link in relations(order[1], order[:1], []).links] == [
        ("repost", "reposts", "original")
    ]
    assert [(a, link.type) for a, link in relations(reply, [original], []).links] == [("reply", "replies_to")]


def test_a_cross_post_and_a_translation_are_the_same_statement() -> None:
    text = "J'ai parlé avec Kofi Ansah du Ghana et Lucas Prado de l'Angola : 3 projets, 40 millions, en 2025."
    here, there = (
        statement("here", said(text, "awa-diarra")),
        statement("there", said(text + " https://t.co/x", "awa-diarra")),
    )
    english = statement(
        "english",
        said(
            "I spoke with Kofi Ansah of Ghana and Lucas Prado of Angola: 3 projects, 40 million, in 2025.", "awa-diarra"
        ),
    )
    other = statement(
        "other", said("Je souhaite une belle rentrée à tous les élèves et à leurs professeurs.", "awa-diarra")
    )
    found = relations(here, [there, english, other], []).links
    assert {(a, link.type, link.statement) for a, link in found} >= {("here", "same_as", "there")}
    assert all(link.statement != "other" for _, link in found)
