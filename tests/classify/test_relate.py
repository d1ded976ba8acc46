"""Quotations, reposts and one event out of many tellings, whichever statement comes first."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import permutations
from typing import Any

import pytest

from tests.classify.people import DAY, said, statement
from tracker import events as visits
from tracker.classify.relate import relations
from tracker.models import shape
from tracker.models.statement import Event, Party, Reference, Statement, Visit, VisitStatus

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
    """Relate statements as they come, with events made as the archive makes them: (events, labels by statement)."""
    events: list[Event] = []
    labels: dict[str, set[str]] = {}
    by_key: dict[str, dict[tuple[str, Visit | None], None]] = {}
    for at, one in enumerate(order):
        found = relations(one, order[:at], events)
        for each in found.events:
            by_key.setdefault(each.key, {}).update(dict.fromkeys(each.told_by))
        for name, label in found.labels:
            assert label.by == "event"
            labels.setdefault(name, set()).add(label.name)
        names = {each.id: each for each in order}
        events = []
        for those in by_key.values():
            belong = {name for name, visit in those if visit is None}
            for part in visits.parted((names[name], visit) for name, visit in those if visit):
                event = visits.of(part)
                events.append(replace(event, statements=tuple(sorted({*event.statements, *belong}))))
    return events, labels


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


def one_says(name: str, day: int, status: VisitStatus, at: int, stated: bool = True, **more: Any) -> visits.Telling:
    """A report of May, published on one day, that tells a visit of another."""
    whole = statement(name, said("Kofi Ansah est à Dakar."), day=date(2024, 5, at))
    visit = Visit(status, (Party("Kofi Ansah", "kofi-ansah", "GHA"),), Party(None, None, "SEN"), "Dakar")
    return whole, replace(visit, day=date(2024, 5, day) if stated else None, **more)


@pytest.mark.parametrize(
    ("tellings", "status", "day"),
    [
        ([("a", 14, "announced", 10), ("b", 14, "postponed", 12)], "postponed", 14),
        ([("a", 14, "announced", 12), ("b", 14, "cancelled", 10)], "cancelled", 14),
        ([("a", 14, "ongoing", 14), ("b", 14, "postponed", 15)], "postponed", 14),
        ([("a", 14, "postponed", 13), ("b", 15, "ongoing", 15)], "ongoing", 15),
        ([("a", 14, "announced", 16), ("b", 15, "past", 15)], "past", 15),
        ([("a", 14, "past", 14), ("b", 14, "cancelled", 13)], "past", 14),
        ([("a", 14, "announced", 10), ("b", 16, "announced", 11)], "announced", 16),
        ([("a", 15, "past", 15), ("b", 14, "past", 17)], "past", 14),
        ([("a", 15, "past", 15, False), ("b", 14, "announced", 10)], "past", 15),
        ([("a", 15, "past", 15, False), ("b", 16, "past", 17)], "past", 16),
        ([("a", 14, "announced", 10), ("b", 12, "postponed", 12, False)], "postponed", 14),
    ],
)
def test_an_event_is_what_its_tellings_say_in_any_order(tellings: list[Any], status: str, day: int) -> None:
    for order in permutations([one_says(*each) for each in tellings]):
        (part,) = visits.parted(order)
        event = visits.of(part)
        assert (event.status, event.day, set(event.statements)) == (status, date(2024, 5, day), {"a", "b"})
        assert event.statements[0] == min(tellings, key=lambda telling: telling[3])[0], "in the order they were said in"


@pytest.mark.parametrize(
    ("later", "parts"),
    [
        ("La visite à Dakar du ministre ghanéen de la Pêche est annulée.", 2),
        ("Le ministre ghanéen de la Pêche a été reçu jeudi à Dakar.", 2),
        ("La visite à Dakar du président ghanéen est annulée.", 1),
        ("La visite ghanéenne à Dakar est annulée.", 1),
        ("Kofi Ansah ne viendra pas à Dakar.", 1),
    ],
)
def test_a_minister_is_not_the_president_whose_visit_was_announced(later: str, parts: int) -> None:
    first = statement("a", said("President Kofi Ansah of Ghana will visit Dakar on 17 May.", day=date(2024, 5, 10)))
    other = statement("b", said(later, day=date(2024, 5, 13)))
    told = [(one, one.classification.visits[0]) for one in (first, other)]
    assert [len(visits.parted(order)) for order in permutations(told)] == [parts] * 2


def test_a_minister_of_a_kingdom_is_no_king() -> None:
    minister = statement(
        "a", said("The United Kingdom's foreign minister was in Dakar on Monday.", day=date(2024, 5, 14))
    )
    king = statement(
        "b", said("The king of the United Kingdom arrived in Dakar for a state visit.", day=date(2024, 5, 16))
    )
    told = [(one, one.classification.visits[0]) for one in (minister, king)]
    assert len(visits.parted(told)) == 2


def test_a_visit_of_several_days_keeps_them_when_a_day_of_it_is_told() -> None:
    announced = one_says("a", 14, "announced", 10, day_end=date(2024, 5, 16))
    during, left = one_says("b", 15, "ongoing", 15), one_says("c", 16, "past", 16)
    event = visits.of([announced, during, left])
    assert (event.status, event.day, event.day_end) == ("past", date(2024, 5, 14), date(2024, 5, 16))


@pytest.mark.parametrize(
    ("days", "parts"),
    [
        ((1, 4), ["14"]),
        ((1, 5), ["1", "5"]),
        ((1, 4, 7), ["14", "7"]),
        ((1, 2, 5, 6, 9), ["12", "56", "9"]),
    ],
)
def test_what_is_told_within_three_days_is_one_visit(days: tuple[int, ...], parts: list[str]) -> None:
    for order in permutations([one_says(str(day), day, "past", day) for day in days]):
        assert ["".join(one.id for one, _ in part) for part in visits.parted(order)] == parts


@pytest.mark.parametrize(
    ("tellings", "visits_told"),
    [
        ([("a", 28, "announced", 5), ("b", 1, "cancelled", 12, False)], [("ab", "cancelled", 28)]),
        ([("a", 5, "announced", 5, False), ("b", 1, "cancelled", 25, False)], [("ab", "cancelled", None)]),
        ([("a", 28, "announced", 15), ("b", 1, "cancelled", 12, False)],
         [("b", "cancelled", None), ("a", "announced", 28)]),
        ([("a", 5, "announced", 2), ("b", 5, "past", 6), ("c", 1, "cancelled", 12, False)],
         [("ab", "past", 5), ("c", "cancelled", None)]),
        ([("a", 14, "announced", 5), ("b", 28, "announced", 6), ("c", 1, "cancelled", 12, False)],
         [("ac", "cancelled", 14), ("b", "announced", 28)]),
        ([("a", 20, "announced", 5), ("b", 1, "postponed", 12, False)], [("ab", "postponed", 20)]),
        ([("a", 20, "announced", 5), ("b", 28, "postponed", 12), ("c", 28, "announced", 15)],
         [("abc", "postponed", 28)]),
        ([("a", 20, "announced", 5), ("b", 28, "postponed", 12), ("c", 29, "past", 30)], [("abc", "past", 29)]),
    ],
)  # fmt: skip
def test_what_is_called_off_or_put_off_is_the_visit_that_was_announced(tellings: list[Any], visits_told: Any) -> None:
    for order in permutations([one_says(*each) for each in tellings]):
        found = map(visits.of, visits.parted(order))
        assert [("".join(e.statements), e.status, e.day and e.day.day) for e in found] == visits_told


@pytest.mark.parametrize(
    ("announced", "changed", "at", "became"),
    [
        ("President Mahama of Ghana will visit Abuja on 20 November for a state visit.",
         "Ghana's President Mahama has called off his state visit to Nigeria.", 10, ("GHA", "NGA", "cancelled", "20")),
        ("Le président ghanéen John Mahama se rendra prochainement à Abuja en visite officielle.",
         "La visite officielle du président ghanéen au Nigeria est annulée.", 20, ("GHA", "NGA", "cancelled", "-")),
        ("El presidente de Chile viajará a Lima el 20 de noviembre en visita oficial.",
         "La visita del presidente chileno a Perú se aplaza al 29 de noviembre.", 5, ("CHL", "PER", "postponed", "29")),
        ("O Presidente de Moçambique visitará Luanda a 20 de novembro.",
         "Moçambique: Presidente adia visita oficial a Angola para janeiro.", 12, ("MOZ", "AGO", "postponed", "20")),
        ("Президент Армении посетит Астану 20 ноября.",
         "Визит президента Армении в Казахстан отложен.", 12, ("ARM", "KAZ", "postponed", "20")),
        ("سيزور رئيس السنغال نواكشوط يوم 20 نوفمبر.",
         "تأجلت زيارة الرئيس السنغالي إلى موريتانيا.", 12, ("SEN", "MRT", "postponed", "20")),
        ("The presidents of Zambia and Malawi will visit Harare on 20 November.",
         "The presidents of Malawi and Zambia cancelled their visit to Zimbabwe.", 12,
         ("ZMB MWI", "ZWE", "cancelled", "20")),
    ],
)  # fmt: skip
def test_a_text_that_names_no_day_changes_the_announced_visit(
    announced: str, changed: str, at: int, became: tuple[str, ...]
) -> None:
    first = statement("first", said(announced, day=date(2026, 11, 1)))
    then = statement("then", said(changed, day=date(2026, 11, at)))
    for order in ((first, then), (then, first)):
        (event,) = told(*order)[0]
        visitors = " ".join(party.country or "-" for party in event.visitors)
        day = str(event.day.day) if event.day else "-"
        assert (visitors, event.host.country, event.status, day) == became


def test_a_visit_put_off_has_the_new_days_alone_and_another_persons_is_left() -> None:
    announced = one_says("a", 8, "announced", 1, day_end=date(2024, 5, 10))
    other = one_says("b", 9, "announced", 1, visitors=(Party("Peter Banda", None, "GHA"),))
    put_off = one_says("c", 20, "postponed", 4, visitors=(Party("President Ansah", None, "GHA"),))
    (event,) = map(visits.of, visits.parted([put_off, announced]))
    assert (event.status, event.day, event.day_end) == ("postponed", date(2024, 5, 20), None)
    (alone, third) = map(visits.of, visits.parted([put_off, other]))
    assert (alone.statements, third.statements) == (("b",), ("c",))


def test_a_visit_that_is_only_announced_has_no_day_until_one_is_told() -> None:
    soon, dated = one_says("a", 10, "announced", 10, stated=False), one_says("b", 12, "announced", 11)
    undated = visits.of([soon])
    assert (undated.day, undated.first) == (None, date(2024, 5, 10))
    assert shape.event(undated)["date"] is None
    assert visits.with_telling(*dated, [undated]).id == undated.id, "what is told of a day near it belongs to it"
    assert visits.of([soon, dated]).day == date(2024, 5, 12)


def test_a_minister_on_monday_and_a_president_to_come_are_two_visits() -> None:
    banda = (Party("Peter Banda", None, "GHA"),)
    tellings = [
        one_says("a", 9, "past", 10, visitors=banda),
        one_says("b", 12, "announced", 10),
        one_says("c", 12, "announced", 11, visitors=(Party("President Ansah", None, "GHA"),)),
    ]
    for order in permutations(tellings):
        minister, president = map(visits.of, visits.parted(order))
        assert (minister.status, minister.day, minister.visitors) == ("past", date(2024, 5, 9), banda)
        assert (president.status, president.statements) == ("announced", ("b", "c"))
        assert visits.with_telling(*tellings[1], [minister]).id != minister.id


def test_a_visit_of_several_days_is_one_as_long_as_it_lasts() -> None:
    long = one_says("long", 1, "announced", 1, day_end=date(2024, 5, 8))
    others = [one_says(str(day), day, "ongoing", day) for day in (6, 9, 12)]
    assert [[one.id for one, _ in part] for part in visits.parted([*others, long])] == [["long", "6", "9"], ["12"]]


def sure(one: Statement, score: float) -> Statement:
    label = replace(next(label for label in one.labels if label.name == "diplomatic_visit"), score=score)
    return replace(one, labels=(label,))


@pytest.mark.parametrize("score", [0.33, 0.95])
def test_a_label_by_event_is_no_surer_than_the_telling_that_it_comes_from(score: float) -> None:
    report = sure(ARTICLE, score)
    for order in ((report, [POST]), (POST, [report])):
        ((_, label),) = relations(*order, []).labels
        assert label.score == min(score, 0.9)
        assert f"with a score of {score}" in (label.reason or "")
    event = relations(report, [], []).events[0].event
    readout = statement("readout", said("Très bon entretien avec Awa Diarra.", "kofi-ansah"))
    assert [label.score for _, label in relations(readout, [], [event]).labels] == [min(score, 0.75)]


def test_who_tells_a_visit_by_event_only_lends_no_label() -> None:
    unsure = replace(ARTICLE, labels=tuple(label for label in ARTICLE.labels if label.name != "diplomatic_visit"))
    assert relations(POST, [unsure], []).labels == ()


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("Avec mon homologue nous avons eu des entretiens approfondis sur {}.", True),
        ("Entretiens fructueux à Dakar sur {}, avec mon homologue du Ghana.", True),
        ("Merci au Président Kofi Ansah : nous allons {}.", True),
        ("J'ai lancé ce matin à Kaolack la campagne agricole, pour {}.", False),
        ("J'ai rencontré à Kaolack les chefs coutumiers et eu un entretien avec eux, pour {}.", False),
        ("Le budget de l'année a été adopté : il sert à {}.", False),
    ],
)
def test_a_quoted_post_belongs_to_a_visit_only_if_its_own_words_fit(text: str, fits: bool) -> None:
    post = statement("post", said(text.format(WORDS), "awa-diarra"))
    for order in ((ARTICLE, [post]), (post, [ARTICLE])):
        assert bool(relations(*order, []).labels) is fits


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ("à Lisbonne le 3 décembre", True),
        ("à Lisbonne, le 3 décembre 2024", True),
        ("à Ankara le 9 décembre", False),
        ("à Lisbonne le 9 décembre", False),
        ("à Ankara le 3 décembre", False),
    ],
)
def test_two_announcements_of_one_template_are_not_the_same(other: str, same: bool) -> None:
    text = "Communiqué : la Présidente Awa Diarra se rendra {} à l'invitation de son homologue, pour des entretiens."
    a = statement("a", said(text.format("à Lisbonne le 3 décembre"), "awa-diarra"))
    b = statement("b", said(text.format(other), "awa-diarra"))
    for one, two in ((a, b), (b, a)):
        assert bool([link for _, link in relations(one, [two], []).links if link.type == "same_as"]) is same
