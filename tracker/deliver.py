"""The journey from the outbox to the receiver: claim, write, send, settle, until the receiver took it or never will.

A `DeliveryRetry` waits its turn again, a `DeliveryDead` is a dead letter that `status` shows, a `DeliveryUnknown` is
tried again under the same id for an alert (the receiver can drop the repeat) and held for a digest, where a repeat is a
second mail.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from tracker import channels
from tracker.archive import Archive
from tracker.errors import DeliveryDead, DeliveryError, DeliveryRetry, DeliveryUnknown, SourceError
from tracker.models.telling import Call, Delivered, Delivery, Receiver
from tracker.outside.clock import Clock
from tracker.outside.mail import Mailer
from tracker.outside.web import Web

#: Deliveries under way at once, and seconds until another worker may take one over.
PARALLEL, LEASE = 20, 120.0


@dataclass(frozen=True, slots=True)
class Postroom:
    """What delivering needs. `mailer` is None where no `[mail]` is configured."""

    archive: Archive
    web: Web
    mailer: Mailer | None
    clock: Clock
    receivers: Mapping[str, Receiver]
    context: channels.Context

    async def deliver_due(self) -> list[Delivered]:
        """Attempt every delivery that is due; what became of each."""
        done: list[Delivered] = []
        while True:
            due = await asyncio.to_thread(self.archive.claim_deliveries, self.clock.now(), PARALLEL, LEASE)
            if not due:
                return done
            attempts = await asyncio.gather(*(self.attempt(one) for one in due))
            await asyncio.to_thread(self.archive.settle, attempts, self.clock.now())
            done += attempts

    async def attempt(self, delivery: Delivery) -> Delivered:
        """Send one message once."""
        try:
            await self._send(delivery)
        except DeliveryError as error:
            return _settled(delivery, error, self.clock.now())
        except SourceError as error:  # the web's own errors: the receiver could not be reached or read
            return _settled(delivery, DeliveryRetry(error.message), self.clock.now())
        return Delivered(delivery, "sent")

    async def _send(self, delivery: Delivery) -> None:
        receiver = self._receiver(delivery)
        message = channels.write(delivery.notification, receiver, delivery.recipient, self.context, self.clock.now())
        if isinstance(message, Call):
            channels.judge(await self.web.post(message))
        elif self.mailer is None:
            raise DeliveryRetry("no [mail] is configured: add it to tracker.toml")
        else:
            await self.mailer.send(message)

    def _receiver(self, delivery: Delivery) -> Receiver:
        name = delivery.notification.receiver
        if name in self.receivers:
            return self.receivers[name]
        if name.startswith("digest:"):
            return Receiver(name, "email", {"to": list(delivery.notification.recipients)})
        raise DeliveryDead(f"receiver {name!r} is no longer in rules.toml")


def _settled(delivery: Delivery, error: DeliveryError, now: datetime) -> Delivered:
    if isinstance(error, DeliveryDead):
        return Delivered(delivery, "dead", error.message)
    if isinstance(error, DeliveryUnknown) and delivery.notification.type == "digest":
        return Delivered(delivery, "held", f"{error.message}; it may have arrived, so it is not mailed again")
    delay = channels.retry_delay(delivery.attempt, error.retry_after)
    if delay is None:
        return Delivered(delivery, "dead", f"{error.message} (attempt {delivery.attempt} was the last)")
    return Delivered(delivery, "pending", error.message, now + timedelta(seconds=delay))
