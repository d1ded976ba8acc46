"""Webhooks as Standard Webhooks signs them: the exact bytes, under an id that stays the same over attempts.

A receiver without a secret is called unsigned: it cannot tell our calls from forged ones, and `doctor` says so.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from datetime import datetime

from tracker.channels.letter import Context
from tracker.errors import DeliveryDead
from tracker.models.telling import Call, Notification, Receiver

SECRET_PREFIX = "whsec_"  # noqa: S105  # the public mark of a secret, not one


def recipients(receiver: Receiver) -> tuple[str, ...]:
    """One: the receiver's name (its address may hold a token)."""
    return (receiver.name,)


def signed(receiver: Receiver) -> bool:
    """Whether its calls carry a signature."""
    return bool(receiver.secret)


def keys(secret: str) -> tuple[bytes, ...]:
    """The signing keys of `whsec_…` (two of them, with a space between, while one is replaced by the other).

    Raises ValueError, which does not repeat the secret.
    """
    found = []
    for one in secret.split():
        coded = one.removeprefix(SECRET_PREFIX)
        try:
            found.append(base64.b64decode(coded + "=" * (-len(coded) % 4), validate=True))
        except (binascii.Error, ValueError):
            raise ValueError(f"a webhook secret is {SECRET_PREFIX} and base64") from None
    if not found or not all(found):
        raise ValueError(f"a webhook secret is {SECRET_PREFIX} and base64, and not empty")
    return tuple(found)


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The `webhook-signature` header: one `v1,…` for each key."""
    content = f"{message_id}.{timestamp}.".encode() + body
    signatures = (hmac.new(key, content, hashlib.sha256).digest() for key in keys(secret))
    return " ".join(f"v1,{base64.b64encode(signature).decode()}" for signature in signatures)


def write(notification: Notification, receiver: Receiver, recipient: str, context: Context, now: datetime) -> Call:  # noqa: ARG001  # every channel is called alike
    """The call. The body is the same at every attempt; time and signature are the attempt's."""
    body = json.dumps(notification.payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    timestamp = int(now.timestamp())
    headers = {
        "content-type": "application/json",
        "webhook-id": notification.id,
        "webhook-timestamp": str(timestamp),
    }
    if receiver.secret:
        try:
            headers["webhook-signature"] = sign(receiver.secret, notification.id, timestamp, body)
        except ValueError as error:
            raise DeliveryDead(f"receiver {receiver.name}: {error}") from None
    return Call(str(receiver.options["url"]), headers, body)
