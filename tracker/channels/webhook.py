"""Webhooks as Standard Webhooks signs them: the exact bytes, under an id that stays the same over attempts. A receiver
without a secret is called unsigned: it cannot tell our calls from forged ones."""

import base64
import hashlib
import hmac
import json
from datetime import datetime

from tracker.errors import DeliveryDead
from tracker.models.telling import Call, Notification, Receiver


def keys(secret: str) -> tuple[bytes, ...]:
    """The signing keys of `whsec_…` (two of them, with a space between, while one is replaced by the other). Raises
    ValueError, which does not repeat the secret."""
    coded = [one.removeprefix("whsec_") for one in secret.split()]
    try:
        found = [base64.b64decode(one + "=" * (-len(one) % 4), validate=True) for one in coded]
    except ValueError:
        found = []
    if not found or not all(found):
        raise ValueError("a webhook secret is whsec_ and base64, and not empty")
    return tuple(found)


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The `webhook-signature` header: one `v1,…` for each key."""
    content = f"{message_id}.{timestamp}.".encode() + body
    signatures = (hmac.new(key, content, hashlib.sha256).digest() for key in keys(secret))
    return " ".join(f"v1,{base64.b64encode(signature).decode()}" for signature in signatures)


def write(notification: Notification, receiver: Receiver, now: datetime) -> Call:
    """The call. The body is the same at every attempt; time and signature are the attempt's."""
    body = json.dumps(notification.payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    stamp = int(now.timestamp())
    headers = {"content-type": "application/json", "webhook-id": notification.id, "webhook-timestamp": str(stamp)}
    if receiver.secret:
        try:
            headers["webhook-signature"] = sign(receiver.secret, notification.id, stamp, body)
        except ValueError as error:
            raise DeliveryDead(f"receiver {receiver.name}: {error}") from None
    return Call(str(receiver.options["url"]), headers, body)
