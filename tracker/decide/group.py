"""Alerts into notifications, one a receiver and group: grouping, silences, and quiet hours that defer but never drop.
Words and behaviour follow Prometheus Alertmanager. A group never mixes rules, so that a notification has one reason to
exist; without `group_by` and `group_wait` every alert is told by itself, at once."""

import base64
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tracker import terms
from tracker.decide.match import View, matches, prepare
from tracker.decide.period import instant
from tracker.models import shape
from tracker.models.query import Query
from tracker.models.telling import Alert, Notification, NotificationType, Rule, Silence

#: Rules of this name tell the operator of a source's health.
SOURCE_RULE = "source:"


@dataclass(frozen=True, slots=True)
class Plan:
    """Notifications to put in the outbox, and what becomes of each alert: (state, reason). `firing` is an alert that
    waits for its group; it is to be planned again. A `deferred` one is in a notification that may not be sent before
    `not_before`, and is not planned again."""

    notifications: tuple[Notification, ...] = ()
    states: Mapping[str, tuple[str, str | None]] = field(default_factory=dict)


def identity(*parts: str) -> str:
    """A stable idempotency key: the same parts give the same id on every machine and at every attempt."""
    digest = hashlib.blake2b("\0".join(parts).encode(), digest_size=15).digest()
    return "n" + base64.b32encode(digest).decode().lower()


def silenced_by(
    silences: Iterable[tuple[Silence, Query]], alert: Alert, view: terms.Terms | View | None, now: datetime
) -> str | None:
    """Why an alert is silenced now, or None. An alert without a statement has its source as its only facet."""
    facets = frozenset({terms.ALL, terms.facet("source", alert.rule.removeprefix(SOURCE_RULE))})
    seen = prepare(view or terms.Terms((), frozenset(), facets, alert.fired_at))
    for silence, query in silences:
        if silence.starts_at <= now < silence.ends_at and matches(query.tree, seen):
            return f"silence {silence.id} by {silence.created_by}: {silence.comment}"
    return None


def plan(
    alerts: Sequence[Alert], rules: Mapping[str, Rule], recipients: Mapping[str, tuple[str, ...]], now: datetime, *,
    statements: Mapping[str, Mapping[str, Any]], silenced: Callable[[Alert], str | None] = lambda _: None,
    operators: Sequence[str] = (),
) -> Plan:  # fmt: skip
    """Group the firing alerts and write their notifications. `recipients` are the addresses of each receiver by its
    name, `statements` the JSON shapes of the alerts' statements, `operators` the receivers of alarms about sources.
    Alerts in another state than firing are left alone."""
    groups: dict[tuple[tuple[str, ...], tuple[str, ...]], list[Alert]] = {}
    states: dict[str, tuple[str, str | None]] = {}
    for alert in (alert for alert in alerts if alert.state == "firing"):
        rule, about_source = rules.get(alert.rule), alert.rule.startswith(SOURCE_RULE)
        named = operators if about_source else rule.receivers if rule else ()
        if not (told := tuple(name for name in dict.fromkeys(named) if recipients.get(name))):
            known = rule or about_source
            states[alert.id] = "held", "no receiver is configured for it" if known else "its rule is not in the config"
        elif reason := silenced(alert):
            states[alert.id] = "silenced", reason
        else:
            groups.setdefault((told, _key(alert, rule, statements)), []).append(alert)
    notifications: list[Notification] = []
    for (told, _), group in groups.items():
        rule = rules.get(group[0].rule)
        due = min(alert.fired_at for alert in group) + timedelta(seconds=rule.group_wait if rule else 0)
        if due > now:
            states |= {alert.id: ("firing", f"waits for its group until {shape.instant(due)}") for alert in group}
            continue
        quiet_end = _quiet_end(rule, now) if rule else None
        notifications += _notifications(group, {name: recipients[name] for name in told}, statements, now, quiet_end)
        outcome = ("deferred", f"quiet hours until {shape.instant(quiet_end)}") if quiet_end else ("told", None)
        states |= {alert.id: outcome for alert in group}
    return Plan(tuple(notifications), states)


def _key(alert: Alert, rule: Rule | None, statements: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    """What the alerts of one group share."""
    if rule is None or not (rule.group_by or rule.group_wait) or alert.statement is None:
        return (alert.rule, alert.id)
    said = statements.get(alert.statement, {})
    shared = {name: str((said.get("speaker") or {}).get(name)) for name in ("leader", "country")}
    shared["label"] = ",".join(sorted(label["name"] for label in said.get("labels", ())))
    return (alert.rule, *(shared.get(name, "") for name in rule.group_by))


def _notifications(
    group: Sequence[Alert], recipients: Mapping[str, tuple[str, ...]], statements: Mapping[str, Mapping[str, Any]],
    now: datetime, not_before: datetime | None,
) -> Iterator[Notification]:  # fmt: skip
    """What a group tells, to each of its receivers."""
    alerts, first = tuple(sorted(alert.id for alert in group)), group[0]
    kind: NotificationType = "statement.alert" if first.statement else "absence.alert"
    kind = "source.alert" if first.rule.startswith(SOURCE_RULE) else kind
    said = [statements.get(alert.statement or "") for alert in group]
    data: dict[str, Any] = {"rule": first.rule, "reason": "; ".join(dict.fromkeys(alert.reason for alert in group))}
    data |= {"statement": said[0]} if len(said) == 1 else {"statements": [each for each in said if each]}
    payload = {"type": kind, "timestamp": shape.instant(now), "data": data}
    for name, to in recipients.items():
        yield Notification(identity(name, *alerts), kind, name, now, payload, to, alerts, not_before)


def _quiet_end(rule: Rule, now: datetime) -> datetime | None:
    """When the quiet hours that hold now end, in UTC; None outside them."""
    if rule.quiet is None:
        return None
    (start, end), local = rule.quiet, now.astimezone(ZoneInfo(rule.timezone))
    late, early = local.time() >= start, local.time() < end
    if not (late or early if start > end else late and early):
        return None
    moment = instant(local.date() + timedelta(days=1 if start > end and late else 0), end, rule.timezone)
    return moment if moment > now else None
