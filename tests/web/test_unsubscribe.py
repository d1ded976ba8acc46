"""From a mail's List-Unsubscribe header to no more mail."""

from __future__ import annotations

import email
from datetime import timedelta
from pathlib import Path

import httpx
from desk import NOW, DeskTracker, visit

from tracker import channels
from tracker.archive import Archive
from tracker.models.telling import Mail, Notification, Receiver

ROOT = "https://desk.example"


def told(archive: Archive, key: str) -> list[str]:
    """Notify two people; who is mailed."""
    payload = {"type": "test", "timestamp": "2024-07-07T12:00:00Z", "data": {}}
    people = ("Editor@news.example", "embassy@mission.example")
    archive.notify(Notification(key, "test", "duty", NOW, payload, people))
    return [one.recipient for one in archive.claim_deliveries(NOW + timedelta(days=1), 9, 60.0)]


def link(archive: Archive, key: str, recipient: str) -> str:
    """The address in the header of the mail that this recipient got."""
    receiver = Receiver("duty", "email", {"to": [recipient]})
    mail = channels.write(archive.notification(key), receiver, recipient, channels.Context("t@desk.example", ROOT), NOW)
    assert isinstance(mail, Mail)
    sent = email.message_from_bytes(mail.raw)
    assert sent["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    return str(sent["List-Unsubscribe"]).strip("<>")


async def test_looking_changes_nothing_and_one_press_ends_the_mail(tmp_path: Path) -> None:
    archive = Archive.open(f"sqlite:///{tmp_path}/archive.db", worker="test")
    assert told(archive, "n1") == ["Editor@news.example", "embassy@mission.example"]
    address = link(archive, "n1", "Editor@news.example")
    locked = DeskTracker(archive, token="a token that mail's readers do not have", host="0.0.0.0", public_url=ROOT)
    async with visit(locked, ROOT) as client:
        asked = await client.get(address)
        assert (asked.status_code, "<button>Unsubscribe</button>" in asked.text) == (200, True)
        assert "Editor" not in asked.text
        assert "Sign out" not in asked.text
        assert len(told(archive, "n2")) == 2
        done = await client.post(address, data={"List-Unsubscribe": "One-Click"})
        assert (done.status_code, "Nothing more of <bdi>duty</bdi>" in done.text) == (200, True)
        assert (await client.post(address)).status_code == 200
        again = await client.get(address)
        said = [words in again.text for words in ("Nothing more of", "Stop mailing", "<button>")]
        assert said == [True, False, False]
    assert told(archive, "n3") == ["embassy@mission.example"]
    assert archive.outbox().held == 1
    archive.close()


async def test_only_a_mail_of_ours_can_be_ended(client: httpx.AsyncClient) -> None:
    for path in ("/unsubscribe/n1/0000000000000000", "/unsubscribe/nothing/0", "/unsubscribe/n1"):
        for method in ("GET", "POST"):
            assert (await client.request(method, path)).status_code == 404
    foreign = await client.get("/unsubscribe/n1/0", headers={"host": "rebound.evil.test"})
    assert foreign.status_code == 400
