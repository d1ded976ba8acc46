"""Telling: alerts, the outbox of notifications with a delivery for each recipient, and silences. A notification goes in
once by its stable id. A delivery is leased to be sent; whoever finishes it must still hold it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, func, or_, select, text, update

from tracker.archive import tables as t
from tracker.archive.keep import Keeping
from tracker.archive.tables import dump, load
from tracker.errors import NotFound
from tracker.models.telling import Alert, Delivered, Delivery, Notification, Outbox, Silence

#: An alert in one of these states may still be told.
_OPEN = ("firing", "deferred")
#: The reason of a delivery that must not be repeated once it has gone this far.
HANDED_OVER = "the mail server has it"
#: Dead letters that the outbox shows.
SHOWN = 50


class Telling(Keeping):
    """The verbs about what is told to whom."""

    def alerts(self, *, state: str | None = None, limit: int = 100) -> list[Alert]:
        """Alerts, newest first."""
        query = select(t.alerts).order_by(t.alerts.c.fired_at.desc(), t.alerts.c.id).limit(limit)
        rows = self.rows(query if state is None else query.where(t.alerts.c.state == state))
        return [Alert(r.id, r.rule, r.reason, r.fired_at, r.statement, r.state, r.state_reason) for r in rows]

    def plan(
        self, notifications: Sequence[Notification], states: Mapping[str, tuple[str, str | None]], now: datetime
    ) -> None:
        """Put notifications in the outbox and say what became of alerts, in one transaction. What another worker told
        meanwhile is not told again: a notification with an alert that is open no more is left out, and all its alerts
        keep their states: those still open are planned again."""
        with self.writing() as connection:
            wanted = {*states, *(alert for one in notifications for alert in one.alerts)}
            row = t.alerts.c
            still = set(connection.scalars(select(row.id).where(row.id.in_(wanted), row.state.in_(_OPEN))))
            self._notify(connection, [one for one in notifications if still.issuperset(one.alerts)])
            still -= {key for one in notifications if not still.issuperset(one.alerts) for key in one.alerts}
            rows = [{"id": key, "state": s, "state_reason": why} for key, (s, why) in states.items() if key in still]
            self.change(connection, t.alerts, "id", rows, state_at=now)

    def notify(self, notification: Notification) -> None:
        """Put one notification in the outbox; one whose id is there already changes nothing."""
        with self.writing() as connection:
            self._notify(connection, [notification])

    def _notify(self, connection: Connection, notifications: Sequence[Notification]) -> None:
        """Notifications that are not there yet, with a delivery for each recipient."""
        if not notifications:
            return
        given = {one.id: one for one in notifications}
        old = set(connection.scalars(select(t.notifications.c.id).where(t.notifications.c.id.in_(given))))
        fresh = [one for key, one in given.items() if key not in old]
        last = connection.execute(select(func.coalesce(func.max(t.deliveries.c.id), 0))).scalar_one()
        pairs = [(one, recipient) for one in fresh for recipient in dict.fromkeys(one.recipients)]
        gone = t.unsubscribed.c
        asked = select(gone.receiver, gone.recipient).where(gone.receiver.in_({one.receiver for one in fresh}))
        left = set(map(tuple, connection.execute(asked))) if fresh else set()
        held = [(one.receiver, recipient.lower()) in left for one, recipient in pairs]
        self.add(connection, t.notifications, [
            {"id": one.id, "type": one.type, "receiver": one.receiver, "created_at": one.created_at,
             "notification": dump(one)}
            for one in fresh
        ])  # fmt: skip
        self.add(connection, t.deliveries, [
            {"id": last + n, "notification": one.id, "recipient": recipient, "attempt": 0,
             "state": "held" if unwanted else "pending", "reason": "unsubscribed" if unwanted else None,
             "settled_at": one.created_at if unwanted else None, "due_at": one.not_before or one.created_at}
            for n, ((one, recipient), unwanted) in enumerate(zip(pairs, held, strict=True), 1)
        ])  # fmt: skip

    def notification(self, id: str) -> Notification:
        """One that was put in the outbox. NotFound when there is none of this id."""
        found = self.rows(select(t.notifications.c.notification).where(t.notifications.c.id == id))
        if not found:
            raise NotFound(f"no notification {id[:40]!r}")
        return load(Notification, found[0].notification)

    def unsubscribe(self, receiver: str, recipient: str, now: datetime) -> None:
        """This recipient wants no more of this receiver (a digest's is `digest:NAME`): nothing that waits is sent."""
        row, whole, person = t.deliveries.c, t.notifications.c, recipient.lower()
        query = update(t.deliveries).where(row.state == "pending", func.lower(row.recipient) == person)
        query = query.where(row.notification.in_(select(whole.id).where(whole.receiver == receiver)))
        with self.writing() as connection:
            self.add(connection, t.unsubscribed, [{"receiver": receiver, "recipient": person, "at": now}])
            connection.execute(query.values(state="held", reason="unsubscribed", settled_at=now))

    def unsubscribed(self, receiver: str, recipient: str) -> bool:
        """Whether this recipient wants no more of this receiver."""
        row = t.unsubscribed.c
        return self.any(select(row.at).where(row.receiver == receiver, row.recipient == recipient.lower()))

    def claim_deliveries(self, now: datetime, limit: int, lease: float) -> list[Delivery]:
        """Lease what is due to this worker and mark it as being sent, the longest waiting first. What a dead worker was
        sending is due again when its lease has run out: under the same id, so that a receiver can drop the repeat. What
        it had `hand_over` said of is held instead: it may have arrived."""
        row = t.deliveries.c
        lost = (row.state == "sending") & (row.lease_until <= now)
        due = or_((row.state == "pending") & (row.due_at <= now), lost)
        query = select(row.id).where(due).order_by(row.due_at, row.id).limit(limit)
        if not self.any(query):
            return []
        with self.claiming() as connection:
            handed = update(t.deliveries).where(lost, row.reason == HANDED_OVER)
            why = "its worker died while the mail server had it; it may have arrived, so it is not mailed again"
            connection.execute(handed.values(state="held", reason=why, settled_at=now, lease_token=None))
            ids = list(connection.scalars(query.with_for_update(skip_locked=True)))
            values: dict[str, Any] = {"state": "sending", "attempt": row.attempt + 1}
            values |= {"lease_until": now + timedelta(seconds=lease), "lease_token": self.worker}
            connection.execute(update(t.deliveries).where(row.id.in_(ids)).values(values))
            whole = select(row.id, row.recipient, row.attempt, t.notifications.c.notification)
            whole = whole.join(t.notifications, t.notifications.c.id == row.notification).where(row.id.in_(ids))
            rows = connection.execute(whole.order_by(row.due_at, row.id)).all()
        told = ((r, load(Notification, r.notification), f"{self.worker}#{r.attempt}") for r in rows)
        return [Delivery(r.id, notification, r.recipient, r.attempt, token) for r, notification, token in told]

    def extend_deliveries(self, deliveries: Sequence[Delivery], until: datetime) -> None:
        """Hold deliveries under way for longer; those that are another worker's by now stay its own."""
        row = t.deliveries.c
        mine = (row.state == "sending", row.lease_token == self.worker, row.attempt == bindparam("tried"))
        with self.claiming() as connection:
            rows = [{"id": one.id, "tried": one.attempt} for one in deliveries]
            self.change(connection, t.deliveries, "id", rows, *mine, lease_until=until)

    def hand_over(self, delivery: Delivery) -> bool:
        """Note that a message is about to leave that must not leave twice; False when it is another worker's by now."""
        row = t.deliveries.c
        mine = (row.state == "sending", row.lease_token == self.worker, row.attempt == delivery.attempt)
        query = update(t.deliveries).where(row.id == delivery.id, *mine).values(reason=HANDED_OVER)
        with self.claiming() as connection:
            return connection.execute(query).rowcount == 1

    def set_back(self, by: timedelta, now: datetime) -> None:
        """The clock was set back: what was about to be sent then is due now. Quiet hours stay as they are."""
        row, whole = t.deliveries.c, t.notifications.c
        created = select(whole.created_at).where(whole.id == row.notification).scalar_subquery()
        ahead = update(t.deliveries).where(row.state.in_(("pending", "sending")), row.due_at > now)
        with self.claiming() as connection:
            connection.execute(ahead.where(row.attempt == 0, row.due_at == created).values(due_at=now))
            earlier = text("due_at - :by").bindparams(by=by // timedelta(microseconds=1))
            connection.execute(ahead.where(row.attempt > 0).values(due_at=earlier))

    def settle(self, delivered: Sequence[Delivered], now: datetime) -> None:
        """What became of attempts. One whose lease another worker has by now is left to it."""
        row = t.deliveries.c
        held = (row.state == "sending", row.lease_token == bindparam("token"), row.attempt == bindparam("tried"))
        rows = [
            {"id": one.delivery.id, "token": one.delivery.token.rpartition("#")[0], "tried": one.delivery.attempt,
             "state": one.state, "reason": one.reason, "due_at": one.due_at or now}
            for one in delivered
        ]  # fmt: skip
        if rows:
            with self.writing() as connection:
                free = {"lease_token": None, "lease_until": None, "settled_at": now}
                self.change(connection, t.deliveries, "id", rows, *held, **free)

    def gone(self, receiver: str) -> bool:
        """Whether the receiver's last answer was 410: it asks not to be called again."""
        row, whole = t.deliveries.c, t.notifications.c
        last = select(row.state, row.reason).join(t.notifications, whole.id == row.notification)
        last = last.where(whole.receiver == receiver, row.state.in_(("sent", "dead"))).order_by(row.settled_at.desc())
        with self.reading() as connection:
            found = connection.execute(last.limit(1)).first()
        return found is not None and found.state == "dead" and "answered 410" in (found.reason or "")

    def outbox(self) -> Outbox:
        """How many deliveries stand where. A dead letter is (delivery, receiver, recipient, reason)."""
        row, whole = t.deliveries.c, t.notifications.c
        dead = select(row.id, whole.receiver, row.recipient, func.coalesce(row.reason, ""))
        dead = dead.join(t.notifications, whole.id == row.notification).where(row.state == "dead")
        with self.reading() as connection:
            counts = dict(map(tuple, connection.execute(select(row.state, func.count()).group_by(row.state))))
            letters = connection.execute(dead.order_by(row.settled_at.desc(), row.id.desc()).limit(SHOWN)).all()
        states = {state: counts.get(state, 0) for state in ("pending", "sending", "dead", "held", "sent")}
        return Outbox(**states, dead_letters=tuple((r[0], r[1], r[2], r[3]) for r in letters))

    def add_silence(self, silence: Silence) -> None:
        """Keep a silence; one whose id is there already changes nothing."""
        row = {name: getattr(silence, name) for name in t.silences.c.keys()}  # noqa: SIM118  # columns, not a dict
        with self.writing() as connection:
            self.add(connection, t.silences, [row])

    def silences(self, now: datetime, everything: bool = False) -> list[Silence]:
        """The silences in force now, or all, the newest first."""
        row = t.silences.c
        query = select(t.silences).order_by(row.starts_at.desc(), row.id)
        query = query if everything else query.where(row.starts_at <= now, row.ends_at > now)
        return [Silence(*one) for one in self.rows(query)]

    def expire_silence(self, id: str, now: datetime) -> None:
        """End a silence now. NotFound when there is none of this id."""
        row = t.silences.c
        with self.writing() as connection:
            if connection.execute(select(row.id).where(row.id == id)).first() is None:
                raise NotFound(f"no silence {id[:40]!r}")
            connection.execute(update(t.silences).where(row.id == id, row.ends_at > now).values(ends_at=now))
