"""Webhooks: signed bytes, and what an answer means."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tracker.channels import Context, judge, recipients, retry_delay, webhook, write
from tracker.errors import DeliveryDead, DeliveryRetry, ReceiverGone
from tracker.models.source import Reply
from tracker.models.telling import Call, Notification, Receiver

VECTORS = Path(__file__).parents[2] / ".." / "shared" / "hostile" / "webhooks" / "standard_webhooks_v1.json"
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SECRET = "whsec_" + base64.b64encode(bytes(range(24))).decode()
PAYLOAD = {
    "type": "statement.alert",
    "timestamp": "…",
    "data": {"rule": "r", "reason": "é\u202e\x00", "statement": None},
}
CONTEXT = Context("Tracker <tracker@example.org>")


def receiver(secret: str | None = SECRET, kind: str = "webhook") -> Receiver:
    return Receiver("desk", kind, {"url": "https://example.org/hook/T0KEN"}, secret)  # type: ignore[arg-type]


def note() -> Notification:
    return Notification("n123", "statement.alert", "desk", NOW, PAYLOAD, ("desk",))


def call(at: datetime = NOW, secret: str | None = SECRET) -> Call:
    written = write(note(), receiver(secret), "desk", CONTEXT, at)
    assert isinstance(written, Call)
    return written


def test_a_call_is_signed_over_its_exact_bytes() -> None:
    one = call()
    assert one.url == "https://example.org/hook/T0KEN"
    assert json.loads(one.body) == PAYLOAD
    content = b"n123." + one.headers["webhook-timestamp"].encode() + b"." + one.body
    expected = base64.b64encode(hmac.new(bytes(range(24)), content, hashlib.sha256).digest()).decode()
    assert one.headers["webhook-signature"] == f"v1,{expected}"
    assert one.headers["webhook-timestamp"] == "1795608000"


def test_a_later_attempt_keeps_id_and_bytes() -> None:
    one, two = call(), call(NOW + timedelta(hours=5))
    assert (one.body, one.headers["webhook-id"]) == (two.body, two.headers["webhook-id"])
    assert one.headers["webhook-signature"] != two.headers["webhook-signature"]


def test_a_signature_of_our_own() -> None:
    secret = "whsec_c3RhdGVtZW50LXRyYWNrZXI="
    assert webhook.keys(secret) == (b"statement-tracker",)
    assert webhook.sign(secret, "n1", 1700000000, b"{}") == webhook.sign(secret[6:], "n1", 1700000000, b"{}")
    assert webhook.sign(secret, "n1", 1700000000, b"{}") != webhook.sign(secret, "n1", 1700000000, b"{ }")


@pytest.mark.skipif(not VECTORS.exists(), reason="the shared signature vectors are not beside the project")
def test_the_shared_vectors_of_standard_webhooks_hold() -> None:
    for vector in json.loads(VECTORS.read_text(encoding="utf-8"))["valid"]:
        asked = (vector["id"], vector["timestamp"], vector["body_utf8"].encode())
        assert webhook.sign(vector["secret"], *asked) == vector["signature"]
        both = f"{vector['secret']} {vector['old_secret']}"
        assert webhook.sign(both, *asked) == vector["rotation_header"]


def test_without_a_secret_the_call_is_unsigned() -> None:
    assert "webhook-signature" not in call(secret=None).headers


@pytest.mark.parametrize("secret", ["whsec_", "whsec_not base64!", "whsec_é", " "])
def test_a_broken_secret_is_refused_without_being_repeated(secret: str) -> None:
    with pytest.raises(DeliveryDead) as error:
        call(secret=secret)
    assert "whsec_ and base64" in str(error.value)
    assert secret.strip() in ("", "whsec_") or secret not in str(error.value)


def test_no_secret_and_no_address_is_in_a_repr_or_a_recipient() -> None:
    assert SECRET not in repr(receiver())
    assert recipients(receiver()) == ("desk",)


def test_a_kind_that_is_not_installed_is_dead_at_once() -> None:
    with pytest.raises(DeliveryDead, match="no channel of kind apprise"):
        write(note(), receiver(kind="apprise"), "desk", CONTEXT, NOW)
    assert recipients(receiver(kind="apprise")) == ("desk",)


def reply(status: int, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply("https://example.org/hook/T0KEN", status, named, b"", NOW)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_success_is_taken(status: int) -> None:
    judge(reply(status))


@pytest.mark.parametrize(
    ("status", "error"),
    [(status, DeliveryRetry) for status in (100, 301, 302, 307, 408, 425, 429, 500, 502, 503, 599, 600)]
    + [(status, DeliveryDead) for status in (400, 401, 403, 404, 413, 422, 451)]
    + [(410, ReceiverGone)],
)
def test_a_refusal_says_whether_to_try_again(status: int, error: type[Exception]) -> None:
    with pytest.raises(error) as raised:
        judge(reply(status))
    assert type(raised.value) is error
    assert str(status) in str(raised.value)
    assert "T0KEN" not in str(raised.value)


@pytest.mark.parametrize(
    ("stated", "seconds"),
    [
        ("120", 120.0),
        ("Wed, 25 Nov 2026 12:01:00 GMT", 60.0),
        ("Wed, 25 Nov 2026 11:00:00 GMT", None),
        ("soon", None),
        ("-5", None),
        ("²", None),
        ("9" * 400, None),
        ("Wed, 25 Nov 99999 11:00:00 GMT", None),
        ("", None),
    ],
)
def test_a_pause_that_the_receiver_asks_for_is_read(stated: str, seconds: float | None) -> None:
    with pytest.raises(DeliveryRetry) as error:
        judge(reply(503, retry_after=stated))
    assert error.value.retry_after == seconds


def test_attempts_follow_the_schedule_and_end() -> None:
    delays = [retry_delay(attempt) for attempt in range(12)]
    assert delays == [0.0, 5.0, 300.0, 1800.0, 7200.0, 18000.0, *[36000.0] * 4, None, None]


@pytest.mark.parametrize(("attempt", "asked", "delay"), [(1, 60, 60), (3, 60, 1800), (2, 1e9, 86400), (10, 60, None)])
def test_an_asked_pause_counts_when_it_is_longer(attempt: int, asked: float, delay: float | None) -> None:
    assert retry_delay(attempt, asked) == delay
