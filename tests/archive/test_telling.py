"""Alerts, silences and digests: told once, in one issue, by whoever comes first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from tests.archive import world as w
from tests.archive.test_leases import notification
from tracker.archive import Archive
from tracker.errors import NotFound
from tracker.models.statement import Firing, Related
from tracker.models.telling import Notification, Period, Silence

DAY = timedelta(days=1)


def fired(archive: Archive, count: int = 1) -> list[str]:
    w.put(archive, *(w.judged(w.post(n), firings=(Firing("r", "why"),)) for n in range(count)))
    return [alert.id for alert in archive.alerts(state="firing")]


def test_a_plan_tells_an_alert_once_whoever_planned_it(archive: Archive, opened: Callable[[str], Archive]) -> None:
    first, second = fired(archive, 2)
    archive.plan([notification("n1", alerts=(first,))], {first: ("told", None), second: ("deferred", "night")}, w.T0)
    opened("second").plan([notification("n2", alerts=(first, second))], {first: ("silenced", "x")}, w.T0)
    states = {alert.id: (alert.state, alert.state_reason) for alert in archive.alerts()}
    assert states == {first: ("told", None), second: ("deferred", "night")}
    assert {d.notification.id for d in archive.claim_deliveries(w.T0, 9, 60)} == {"n1"}
    archive.plan([notification("n3", alerts=(second,))], {second: ("told", None)}, w.T0)
    assert archive.outbox().pending == 2


def test_who_unsubscribed_gets_no_more_of_that_receiver(archive: Archive) -> None:
    archive.notify(notification("n1", receiver="digest:morning", recipients=("A@example.org", "b@example.org")))
    archive.unsubscribe("digest:morning", "a@example.org", w.T0)
    archive.unsubscribe("digest:morning", "a@example.org", w.T0)
    archive.notify(notification("n2", receiver="digest:morning", recipients=("a@Example.org", "b@example.org")))
    archive.notify(notification("n3", recipients=("a@example.org",)))
    due = {(one.notification.id, one.recipient) for one in archive.claim_deliveries(w.T0, 9, 60)}
    assert due == {("n1", "b@example.org"), ("n2", "b@example.org"), ("n3", "a@example.org")}
    assert archive.outbox().held == 2
    assert archive.notification("n2").receiver == "digest:morning"
    with pytest.raises(NotFound):
        archive.notification("n9")


def test_silences_are_in_force_between_their_times_and_can_be_ended(archive: Archive) -> None:
    silence = Silence("s1", "leader:x", w.T0, w.T0 + DAY, "known", "me")
    archive.add_silence(silence)
    archive.add_silence(silence)
    assert archive.silences(w.T0) == [silence]
    assert archive.silences(w.T0 + DAY) == []
    archive.expire_silence("s1", w.T0 + DAY / 2)
    assert archive.silences(w.T0 + DAY / 2) == []
    assert archive.silences(w.T0 + DAY, everything=True)[0].ends_at == w.T0 + DAY / 2
    with pytest.raises(NotFound):
        archive.expire_silence("nobody", w.T0)


def period(days: int) -> Period:
    return Period("morning", date(2026, 11, 20) + days * DAY, w.T0 + (days - 1) * DAY, w.T0 + days * DAY)


def test_a_statement_is_in_one_issue_that_of_the_period_in_which_it_first_matched(archive: Archive) -> None:
    first = w.put(archive, w.judged(w.post(1), digests=("morning",)), w.judged(w.post(2)), now=w.T0 - DAY / 2)
    assert archive.issue("morning", period(0).day) is None
    one = archive.make_issue(period(0), w.T0)
    assert one.statements == (first.new[0],)
    archive.relate(
        [Related(first.new[1], digests=((first.new[1], "morning"), (first.new[0], "morning")))], w.T0 + DAY / 2
    )
    assert archive.make_issue(period(0), w.T0 + DAY / 2) == one == archive.issue("morning", period(0).day)
    two = archive.make_issue(period(1), w.T0 + DAY)
    assert two.statements == (first.new[1],)
    assert archive.make_issue(period(2), w.T0 + 2 * DAY).statements == ()
    assert archive.last_issue("morning") == archive.issues()[0]
    assert [issue.day for issue in archive.issues("morning")] == [period(n).day for n in (2, 1, 0)]


def test_issues_are_mailed_together_once(archive: Archive, opened: Callable[[str], Archive]) -> None:
    made = [archive.make_issue(period(n), w.T0) for n in range(3)]
    assert archive.unmailed("morning") == made
    mail = notification("d1", type="digest", recipients=("a@example.org",))
    archive.mail_issues(made[:2], mail, w.T0)
    opened("second").mail_issues(made, notification("d2", type="digest"), w.T0)
    assert archive.unmailed("morning") == made[2:]
    archive.mail_issues(made[2:], None, w.T0)
    assert archive.unmailed("morning") == []
    assert [d.notification.id for d in archive.claim_deliveries(w.T0, 9, 60)] == ["d1"]
    assert [issue.notification for issue in archive.issues()] == [None, "d1", "d1"]


def test_a_group_of_which_another_worker_told_a_part_is_planned_again(archive: Archive) -> None:
    w.put(archive, *(w.judged(w.post(n), firings=(Firing("r", "why"),)) for n in (1, 2)))
    one, two = (alert.id for alert in archive.alerts())

    def told(*alerts: str) -> Notification:
        return Notification("-".join(alerts), "statement.alert", "desk", w.T0, {}, ("x",), alerts)

    archive.plan([told(one)], {one: ("told", None)}, w.T0)
    archive.plan([told(one, two)], {one: ("told", None), two: ("told", None)}, w.T0)
    assert [alert.id for alert in archive.alerts(state="firing")] == [two]
    assert archive.outbox().pending == 1
