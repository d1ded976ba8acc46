"""The journey from the outbox to the receiver: claim, write, send, settle, until the receiver took it or never will. A
`DeliveryRetry` waits its turn again, a `DeliveryDead` is a dead letter that `status` shows, a `DeliveryUnknown` is
tried again under the same id for an alert (the receiver can drop the repeat) and held for a digest, where a repeat is a
second mail."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from tracker import channels
from tracker.archive import Archive
from tracker.errors import ArchiveError, DeliveryDead, DeliveryError, DeliveryRetry, DeliveryUnknown, SourceError
from tracker.models.telling import Call, Delivered, Delivery, Receiver
from tracker.outside.clock import Clock
from tracker.outside.mail import Mailer
from tracker.outside.web import Web

#: Deliveries under way at once, and seconds until another worker may take one over: they are held while they last.
PARALLEL, LEASE = 20, 25.0
#: Pauses before writing down what became of an attempt once more, when the archive is away.
PAUSES = (1.0, 2.0, 4.0, 8.0)


@dataclass(frozen=True, slots=True)
class Postroom:
    """What delivering needs. `mailer` is None where no `[mail]` is configured."""

    archive: Archive
    web: Web
    mailer: Mailer | None
    clock: Clock
    receivers: Mapping[str, Receiver]
    context: channels.Context
    lease: float = LEASE
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def deliver_due(self) -> list[Delivered]:
        """Attempt every delivery that is due, until told to stop; what became of each."""
        done: list[Delivered] = []
        while not self.stopping.is_set():
            due = await asyncio.to_thread(self.archive.claim_deliveries, self.clock.now(), PARALLEL, self.lease)
            if not due:
                break
            hands = {one.id: one for one in due}
            beat = asyncio.create_task(self._hold(hands))
            try:
                done += await asyncio.gather(*(self._finish(one, hands) for one in due))
            finally:
                beat.cancel()
        return done

    async def _hold(self, hands: dict[int, Delivery]) -> None:
        """Extend the leases of what is in hand: a slow receiver may take longer than one."""
        while True:
            await self.clock.sleep(self.lease / 3)
            until = self.clock.now() + timedelta(seconds=self.lease)
            with suppress(ArchiveError):
                if hands:
                    await asyncio.to_thread(self.archive.extend_deliveries, list(hands.values()), until)

    async def _finish(self, delivery: Delivery, hands: dict[int, Delivery]) -> Delivered:
        """One attempt, settled as soon as it ended: a neighbour that is slow, or a crash, repeats no other."""
        try:
            done = await self.attempt(delivery)
        except asyncio.CancelledError:  # stopped: an alert is due again under its id, a digest's lease runs out
            if delivery.notification.type != "digest":
                await self._settle(Delivered(delivery, "pending", "stopped under way", self.clock.now()))
            raise
        await self._settle(done)
        del hands[delivery.id]
        return done

    async def _settle(self, done: Delivered) -> None:
        for pause in PAUSES:
            try:
                return await asyncio.to_thread(self.archive.settle, [done], self.clock.now())
            except ArchiveError:
                await self.clock.sleep(pause)
        return await asyncio.to_thread(self.archive.settle, [done], self.clock.now())

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
            if delivery.notification.type != "test" and await asyncio.to_thread(self.archive.gone, receiver.name):
                raise DeliveryDead(f"not called: it answered 410; `tracker notify test {receiver.name}` tries again")
            channels.judge(await self.web.post(message))
        elif self.mailer is None:
            raise DeliveryRetry("no [mail] is configured: add it to tracker.toml")
        else:
            once = delivery.notification.type == "digest"
            await self.mailer.send(message, partial(self._hand_over, delivery) if once else None)

    def _hand_over(self, delivery: Delivery) -> None:
        """From here on a digest is not mailed again, whatever ends this process: a repeat is a second mail."""
        try:
            mine = self.archive.hand_over(delivery)
        except ArchiveError as error:
            raise DeliveryRetry(f"not sent: {error}") from error
        if not mine:
            raise DeliveryRetry("not sent: another worker has it by now")

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
