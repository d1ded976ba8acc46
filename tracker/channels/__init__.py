"""How a notification is written for each kind of receiver, and what the receiver's answer means. Pure."""

from datetime import datetime

from tracker.channels import email, webhook
from tracker.channels.email import Context
from tracker.errors import DeliveryDead, DeliveryRetry, ReceiverGone
from tracker.models.source import Reply
from tracker.models.telling import Call, Mail, Notification, Receiver

__all__ = ["Context", "judge", "recipients", "retry_delay", "write"]

#: Seconds before attempt 2, 3, … 10 (FACTS 24).
DELAYS = (5.0, 300.0, 1800.0, 7200.0, 18000.0, *[36000.0] * 4)
#: A receiver may ask for this long a pause at most.
LONGEST_PAUSE = 86400.0


def recipients(receiver: Receiver) -> tuple[str, ...]:
    """Who gets a delivery of their own: each mail address, else the receiver's name (an address may hold a token)."""
    return tuple(dict.fromkeys(receiver.options["to"])) if receiver.kind == "email" else (receiver.name,)


def write(
    notification: Notification, receiver: Receiver, recipient: str, context: Context, now: datetime
) -> Mail | Call:
    """A notification as one receiver's own message. Raises DeliveryDead when it can never be written."""
    if receiver.kind == "email":
        return email.write(notification, receiver, recipient, context, now)
    if receiver.kind == "webhook":
        return webhook.write(notification, receiver, now)
    raise DeliveryDead(f"no channel of kind {receiver.kind} is installed")


def judge(reply: Reply) -> None:
    """What a webhook's answer means: nothing for 2xx, else DeliveryRetry, DeliveryDead or ReceiverGone (410)."""
    status = reply.status
    if 200 <= status < 300:
        return
    if status == 410:
        raise ReceiverGone("answered 410: it asks not to be called again")
    if 300 <= status < 400:
        raise DeliveryRetry(f"answered {status}: redirects are not followed, write the final address")
    if 400 <= status < 500 and status not in (408, 425, 429):
        raise DeliveryDead(f"answered {status}")
    raise DeliveryRetry(f"answered {status}", reply.retry_after(reply.received_at))


def retry_delay(attempt: int, asked: float | None = None) -> float | None:
    """Seconds to wait after attempt number `attempt` failed (0: nothing was tried yet); None: give up. A pause that the
    receiver asked for is kept when it is longer, up to a day."""
    if attempt > len(DELAYS):
        return None
    return max(DELAYS[attempt - 1] if attempt > 0 else 0.0, min(asked or 0.0, LONGEST_PAUSE))
