"""Alerts into notifications: one a receiver and group, silences, quiet hours that defer."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from tracker.decide import group
from tracker.models.query import AnyFacet, Everything, Query
from tracker.models.telling import Alert, Rule, Silence
from tracker.terms import ALL, Terms

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
RECIPIENTS = {"desk": ("desk",), "mailbox": ("a@example.org", "b@example.org"), "ops": ("ops@example.org",), "mute": ()}
SAID: dict[str, dict[str, Any]] = {
    name: {"id": name, "speaker": {"leader": leader, "country": country}, "labels": [{"name": label}]}
    for name, leader, country, label in (
        ("s1", "goita", "MLI", "aid"),
        ("s2", "goita", "MLI", "agreement"),
        ("s3", "traore", "BFA", "aid"),
    )
}


def rule(name: str = "sahel", receivers: tuple[str, ...] = ("desk",), **more: Any) -> Rule:
    return Rule(name, Query("", Everything()), receivers, **more)


def alert(statement: str | None, rule: str = "sahel", ago: float = 0.0, **more: Any) -> Alert:
    fired = NOW - timedelta(seconds=ago)
    return Alert(f"{rule}-{statement}", rule, f"because of {statement}", fired, statement, **more)


def plan(alerts: list[Alert], *rules: Rule, now: datetime = NOW, **more: Any) -> group.Plan:
    return group.plan(alerts, {each.name: each for each in rules}, RECIPIENTS, now, statements=SAID, **more)


def test_an_alert_becomes_one_notification_a_receiver_in_the_shape_others_rely_on() -> None:
    made = plan([alert("s1")], rule(receivers=("desk", "mailbox", "desk")))
    assert [(each.receiver, each.recipients) for each in made.notifications] == [
        ("desk", ("desk",)),
        ("mailbox", ("a@example.org", "b@example.org")),
    ]
    assert made.notifications[0].payload == {
        "type": "statement.alert",
        "timestamp": "2026-11-25T12:00:00Z",
        "data": {"rule": "sahel", "reason": "because of s1", "statement": SAID["s1"]},
    }
    assert made.notifications[0].alerts == ("sahel-s1",)
    assert made.states == {"sahel-s1": ("told", None)}


def test_ids_are_stable_and_different_for_each_receiver_and_group() -> None:
    asked = [alert("s1"), alert("s2")]
    first = plan(asked, rule(receivers=("desk", "mailbox")))
    again = plan(asked[::-1], rule(receivers=("mailbox", "desk")), now=NOW + timedelta(days=1))
    ids = {each.id for each in first.notifications}
    assert ids == {each.id for each in again.notifications}
    assert len(ids) == 4
    assert all(each.isascii() and each.isalnum() for each in ids)


@pytest.mark.parametrize(
    ("group_by", "wait", "groups"),
    [
        ((), 0.0, [["s1"], ["s2"], ["s3"]]),
        ((), 1.0, [["s1", "s2", "s3"]]),
        (("rule",), 0.0, [["s1", "s2", "s3"]]),
        (("leader",), 0.0, [["s1", "s2"], ["s3"]]),
        (("country",), 0.0, [["s1", "s2"], ["s3"]]),
        (("label",), 0.0, [["s1", "s3"], ["s2"]]),
        (("leader", "label"), 0.0, [["s1"], ["s2"], ["s3"]]),
    ],
)
def test_alerts_that_share_what_the_rule_groups_by_are_told_together(
    group_by: tuple[str, ...], wait: float, groups: list[list[str]]
) -> None:
    alerts = [alert(name, ago=5) for name in ("s1", "s2", "s3")]
    made = plan(alerts, rule(group_by=group_by, group_wait=wait))
    told = [each.payload["data"] for each in made.notifications]
    assert [[one["id"] for one in data.get("statements") or [data["statement"]]] for data in told] == groups


def test_two_rules_never_share_a_notification() -> None:
    rules = (rule("one", group_by=("leader",)), rule("two", group_by=("leader",)))
    assert len(plan([alert("s1", "one"), alert("s1", "two")], *rules).notifications) == 2


def test_a_group_waits_for_others_from_its_first_alert_on() -> None:
    waiting = rule(group_by=("leader",), group_wait=30)
    made = plan([alert("s1", ago=29), alert("s2")], waiting)
    assert made.notifications == ()
    assert made.states["sahel-s1"] == ("firing", "waits for its group until 2026-11-25T12:00:01Z")
    (told,) = plan([alert("s1", ago=30), alert("s2")], waiting).notifications
    assert told.payload["data"]["reason"] == "because of s1; because of s2"


@pytest.mark.parametrize(
    ("quiet", "timezone", "now", "until"),
    [
        ("22:00-06:00", "UTC", "2026-11-25T21:59", None),
        ("22:00-06:00", "UTC", "2026-11-25T22:00", "2026-11-26T06:00"),
        ("22:00-06:00", "UTC", "2026-11-26T05:59", "2026-11-26T06:00"),
        ("22:00-06:00", "UTC", "2026-11-26T06:00", None),
        ("12:00-14:00", "UTC", "2026-11-25T13:00", "2026-11-25T14:00"),
        ("12:00-14:00", "Asia/Tokyo", "2026-11-25T13:00", None),
        ("22:00-07:00", "Asia/Tokyo", "2026-11-25T13:00", "2026-11-25T22:00"),
        ("22:00-02:30", "Europe/Berlin", "2026-03-28T23:00", "2026-03-29T01:00"),
        ("22:00-02:30", "Europe/Berlin", "2026-10-25T00:15", "2026-10-25T00:30"),
        ("22:00-02:30", "Europe/Berlin", "2026-10-25T01:15", None),
        ("07:00-07:00", "UTC", "2026-11-25T07:00", None),
    ],
)
def test_quiet_hours_defer_to_their_end(quiet: str, timezone: str, now: str, until: str | None) -> None:
    start, end = (time.fromisoformat(part) for part in quiet.split("-"))
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    made = plan([alert("s1", ago=10**8)], rule(quiet=(start, end), timezone=timezone), now=moment)
    expected = datetime.fromisoformat(until).replace(tzinfo=UTC) if until else None
    assert [each.not_before for each in made.notifications] == [expected]
    assert made.states["sahel-s1"][0] == ("deferred" if until else "told")


def test_an_alarm_about_a_source_goes_to_the_operators() -> None:
    made = plan([alert(None, "source:tv5monde")], operators=("ops",))
    (told,) = made.notifications
    assert (told.type, told.receiver) == ("source.alert", "ops")
    assert told.payload["data"] == {"rule": "source:tv5monde", "reason": "because of None", "statement": None}


def test_a_rule_that_misses_something_is_an_absence() -> None:
    assert plan([alert(None)], rule()).notifications[0].type == "absence.alert"


@pytest.mark.parametrize(
    ("asked", "rules", "state", "says"),
    [
        (alert("s1"), (), "held", "not in the config"),
        (alert("s1"), (rule(receivers=("nobody", "mute")),), "held", "no receiver"),
        (alert(None, "source:tv5monde"), (), "held", "no receiver"),
    ],
)
def test_an_alert_that_cannot_be_told_says_why(asked: Alert, rules: tuple[Rule, ...], state: str, says: str) -> None:
    made = plan([asked], *rules)
    assert made.notifications == ()
    assert made.states[asked.id][0] == state
    assert says in str(made.states[asked.id][1])


@pytest.mark.parametrize("state", ["told", "deferred", "silenced", "held"])
def test_what_was_decided_is_not_decided_again(state: Any) -> None:
    assert plan([alert("s1", state=state)], rule()) == group.Plan()


def silence(hours: tuple[int, int], *facets: str) -> tuple[Silence, Query]:
    starts, ends = (NOW + timedelta(hours=hour) for hour in hours)
    query = Query(" ".join(facets), AnyFacet(facets))
    return Silence("x1", query.text, starts, ends, "known exercise", "eva"), query


@pytest.mark.parametrize(
    ("given", "silenced"),
    [
        (silence((-1, 1), "country:mli"), True),
        (silence((0, 1), "country:mli"), True),
        (silence((-1, 0), "country:mli"), False),
        (silence((1, 2), "country:mli"), False),
        (silence((-1, 1), "country:bfa"), False),
    ],
)
def test_a_silence_holds_what_its_query_matches_while_it_lasts(given: tuple[Silence, Query], silenced: bool) -> None:
    said = Terms((), frozenset(), frozenset({ALL, "country:mli"}), NOW)
    made = plan([alert("s1")], rule(), silenced=lambda one: group.silenced_by([given], one, said, NOW))
    assert bool(made.notifications) is not silenced
    assert made.states["sahel-s1"] == (
        ("silenced", "silence x1 by eva: known exercise") if silenced else ("told", None)
    )


def test_an_alarm_about_a_source_is_silenced_by_the_name_of_the_source() -> None:
    alarm = alert(None, "source:tv5monde")
    assert group.silenced_by([silence((-1, 1), "source:tv5monde")], alarm, None, NOW)
    assert not group.silenced_by([silence((-1, 1), "source:other")], alarm, None, NOW)
