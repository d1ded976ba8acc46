"""Rules, receivers, alerts, notifications and digests."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, Literal

from tracker.models.query import Query

DeliveryState = Literal["pending", "sending", "sent", "dead", "held"]
NotificationType = Literal["statement.alert", "statement.corrected", "source.alert", "absence.alert", "digest", "test"]


@dataclass(frozen=True, slots=True)
class Receiver:
    """Who is told. `options` are the channel's own keys; `secret` comes from the environment."""

    name: str
    kind: Literal["webhook", "email", "apprise"]
    options: Mapping[str, Any]
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Rule:
    """A query with receivers. Times in seconds; `group_by` names what alerts of one notification share."""

    name: str
    query: Query
    receivers: tuple[str, ...]
    max_age: float = 86400.0
    group_wait: float = 0.0
    group_by: tuple[str, ...] = ()
    quiet: tuple[time, time] | None = None
    timezone: str = "UTC"
    first_reading: bool = False
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Digest:
    """A subscription: one issue a local day at `at` in `timezone`, for what first matched `query` since the last."""

    name: str
    to: tuple[str, ...]
    at: time
    timezone: str
    query: Query
    empty: Literal["skip", "mail"] = "skip"


@dataclass(frozen=True, slots=True)
class Silence:
    """Alerts that match `query` between two times are kept and told to nobody."""

    id: str
    query: str
    starts_at: datetime
    ends_at: datetime
    comment: str
    created_by: str


@dataclass(frozen=True, slots=True)
class Alert:
    """One rule fired for one statement (None for a rule about a source). `state` says what became of it."""

    id: str
    rule: str
    reason: str
    fired_at: datetime
    statement: str | None = None
    state: Literal["firing", "told", "silenced", "held", "deferred"] = "firing"
    state_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Notification:
    """What is sent to one receiver. `id` is the stable idempotency key (webhook-id, Message-ID)."""

    id: str
    type: NotificationType
    receiver: str
    created_at: datetime
    payload: Mapping[str, Any]
    recipients: tuple[str, ...]
    alerts: tuple[str, ...] = ()
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One notification to one recipient, leased to a worker; `attempt` counts from 1."""

    id: int
    notification: Notification
    recipient: str
    attempt: int
    token: str


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of one attempt. `due_at` is set when it is to be tried again."""

    delivery: Delivery
    state: DeliveryState
    reason: str | None = None
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Period:
    """One digest period, half open [start, end), named by the local date on which it ends."""

    digest: str
    day: date
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Issue(Period):
    """One digest of one period; `statements` in the order they first matched."""

    made_at: datetime
    statements: tuple[str, ...]
    notification: str | None = None


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail to one recipient, ready for SMTP; `raw` is the whole RFC 5322 message."""

    sender: str
    recipient: str
    raw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """A POST to a receiver."""

    url: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Outbox:
    """How many deliveries stand where, and the dead ones, newest first."""

    pending: int
    sending: int
    dead: int
    held: int
    sent: int
    dead_letters: tuple[tuple[int, str, str, str], ...] = ()
