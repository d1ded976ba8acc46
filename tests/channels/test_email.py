"""Mails as a receiver's program reads them back: headers that cannot be forged, text that is inert."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.channels import Context, email, recipients, write
from tracker.errors import DeliveryDead
from tracker.models.telling import Mail, Notification, Receiver

NOW = datetime(2026, 11, 25, 7, tzinfo=UTC)
MAILBOX = Receiver("desk mail", "email", {"to": ["a@example.org", "b@example.org", "a@example.org"]})
CONTEXT = Context("Tracker <tracker@example.org>", titles={"aid": "Aid and relief"})
PUBLIC = Context("Tracker <tracker@example.org>", "https://tracker.example.org/")
UNSUBSCRIBE = r"<https://tracker\.example\.org/unsubscribe/n123abc/[0-9a-f]{16}>"
BODY = "Le Mali a reçu une aide de 3 camions.\nMerci à nos partenaires."


def said(**more: Any) -> dict[str, Any]:
    return {
        "id": "abcdefgh23456777", "url": "https://example.org/1", "source": "goita-x", "origin": "official",
        "speaker": {"leader": "assimi-goita", "name": "Assimi Goïta", "office": "President", "country": "MLI"},
        "publisher": None, "lang": "fr", "title": None, "text": BODY,
        "published_inferred": None, "effective_at": "2026-11-24T18:10:00Z", "presence": "live", "classified": True,
        "labels": [{"name": "aid", "score": 0.9, "by": "words",
                    "evidence": [{"field": "text", "exact": "une aide", "start": 15, "end": 23}]}],
        "events": [{"visitor": [{"name": "Ibrahim Traoré", "leader": "ibrahim-traore", "country": "BFA"}],
                    "host": {"name": None, "leader": None, "country": "MLI"}, "place": "Bamako",
                    "date": "2022-11-02", "status": "past"}],
    } | more  # fmt: skip


def alert(
    *statements: dict[str, Any], rule: str = "sahel", reason: str = "label:aid", kind: str = "statement.alert"
) -> Any:
    one = {"statement": statements[0] if statements else None}
    data = {"rule": rule, "reason": reason} | (one if len(statements) < 2 else {"statements": list(statements)})
    payload = {"type": kind, "timestamp": "2026-11-25T07:00:00Z", "data": data}
    return Notification("n123abc", kind, "desk mail", NOW, payload, ("a@example.org",))  # type: ignore[arg-type]


def digest(*entries: dict[str, Any], days: tuple[str, ...] = ("2026-11-25",)) -> Any:
    group = {"name": "Assimi Goïta", "office": "President", "country": "MLI", "entries": list(entries)}
    section = {"label": "aid", "title": "Aid", "count": len(entries), "groups": [group]}
    data = {
        "rule": None, "reason": "", "statement": None, "digest": "morning", "timezone": "Asia/Tokyo",
        "days": list(days), "start": "2026-11-23T22:00:00Z", "end": "2026-11-24T22:00:00Z",
        "count": len(entries), "sections": [section] if entries else [],
    }  # fmt: skip
    payload = {"type": "digest", "timestamp": "2026-11-25T07:00:00Z", "data": data}
    return Notification("n456", "digest", "digest:morning", NOW, payload, ("a@example.org",))


def mail(note: Any, context: Context = CONTEXT, to: str = "a@example.org") -> Mail:
    written = write(note, MAILBOX, to, context, NOW)
    assert isinstance(written, Mail)
    return written


def read(note: Any, context: Context = CONTEXT) -> EmailMessage:
    message = message_from_bytes(mail(note, context).raw, policy=default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def bodies(message: EmailMessage) -> tuple[str, str]:
    plain, rich = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert rich is not None
    return plain.get_content().replace("\r\n", "\n"), rich.get_content().replace("\r\n", "\n")


class Page(HTMLParser):
    """What a reader's program makes of the HTML: tags with attributes, and the text shown."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.shown = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.shown += data


def test_an_alert_says_who_said_what_when_and_why() -> None:
    message = read(alert(said()))
    assert message["Subject"] == "[sahel] Assimi Goïta: Le Mali a reçu une aide de 3 camions. Merci à nos partenaires."
    for body in (bodies(message)[0], Page(bodies(message)[1]).shown):
        for shown in (
            "Assimi Goïta", "President, Mali", "24 Nov 2026, 18:10", "label:aid", "goita-x", "Aid and relief", "0.90",
            "Merci à nos partenaires.", "une aide", "Ibrahim Traoré (BFA) → MLI, Bamako, 2 Nov 2022, past",
        ):  # fmt: skip
            assert shown in body
    assert "https://example.org/1" in bodies(message)[0]
    assert ">une aide</mark>" in bodies(message)[1]


def test_a_digest_shows_each_entry_in_its_own_zone() -> None:
    message = read(digest(said(), said(id="zzzzzzzzzzzzzzzz", published_inferred="feed order")))
    assert message["Subject"] == "morning: 2 statements, 25 Nov 2026"
    for body in (bodies(message)[0], Page(bodies(message)[1]).shown):
        assert "25 Nov 2026, 03:10" in body
        assert "(time inferred)" in body
        assert "Aid and relief 0.90" in body


@pytest.mark.parametrize(
    ("note", "subject"),
    [
        (digest(), "morning: no statements, 25 Nov 2026"),
        (digest(said(), days=("2026-11-24", "2026-11-25")), "morning: 1 statement, 24 Nov 2026 – 25 Nov 2026"),
        (alert(said(), said()), "[sahel] 2 statements: Assimi Goïta"),
        (alert(rule="source:tv5", reason="404", kind="source.alert"), "[source:tv5] Source alarm: 404"),
        (alert(rule="quiet", reason="no word for 2 d", kind="absence.alert"), "[quiet] Absence: no word for 2 d"),
        (alert(rule="desk", reason="hello", kind="test"), "[desk] Test message: hello"),
        (alert(said(title="Un titre")), "[sahel] Assimi Goïta: Un titre"),
        (alert(said(speaker=None, publisher="Une Chaîne", title="x")), "[sahel] Une Chaîne: x"),
    ],
)
def test_each_kind_of_message_has_its_subject(note: Any, subject: str) -> None:
    assert read(note)["Subject"] == subject


def test_the_headers_let_programs_thread_drop_repeats_and_not_answer() -> None:
    one, two = mail(alert(said())), mail(alert(said()), to="b@example.org")
    same = mail(alert(said()), PUBLIC)
    ids = [message_from_bytes(each.raw, policy=default)["Message-ID"] for each in (one, same, two)]
    assert ids[0] == ids[1] != ids[2]
    assert re.fullmatch(r"<n123abc\.[0-9a-f]{16}@example\.org>", ids[0])
    assert (one.sender, one.recipient) == ("tracker@example.org", "a@example.org")
    message = read(alert(said()))
    assert message["From"] == "Tracker <tracker@example.org>"
    assert message["To"] == "a@example.org"
    assert message["Date"].datetime == NOW
    assert message["List-Id"] == "<desk-mail.example.org>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert all(len(line) <= 998 and line.isascii() for line in one.raw.split(b"\r\n"))
    assert b"\n" not in one.raw.replace(b"\r\n", b"")


def test_permalinks_and_unsubscribing_need_a_public_url() -> None:
    private, public = read(alert(said())), read(alert(said()), PUBLIC)
    assert private["List-Unsubscribe"] is None
    assert "Unsubscribe" not in "".join(bodies(private))
    assert re.fullmatch(UNSUBSCRIBE, public["List-Unsubscribe"].strip())
    for body in bodies(public):
        assert "https://tracker.example.org/statements/abcdefgh23456777" in body
        assert "https://tracker.example.org/unsubscribe/n123abc/" in body
        assert "https://example.org/1" in body


def test_a_long_address_to_unsubscribe_at_stays_an_address() -> None:
    context = Context("Tracker <tracker@example.org>", "https://" + "sub." * 40 + "example.org")
    raw = mail(alert(said()), context).raw
    (line,) = (line for line in raw.split(b"\r\n") if line.startswith(b"List-Unsubscribe:"))
    assert line.startswith(b"List-Unsubscribe: <https://sub.")
    assert line.endswith(b">")


def test_the_same_mail_is_written_byte_for_byte_again() -> None:
    assert mail(alert(said())).raw == mail(alert(said())).raw


CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@pytest.mark.parametrize(
    ("sender", "shown"),
    [
        ("tracker@example.org", "tracker@example.org"),
        ("Desk, Sahel <tracker@example.org>", '"Desk, Sahel" <tracker@example.org>'),
        ('"Veille (Élysée)" <tracker@example.org>', '"Veille (Élysée)" <tracker@example.org>'),
        ("=?utf-8?q?=0D=0AX=3A_y?= <tracker@example.org>", "= ?utf-8?q?=0D=0AX=3A_y?= <tracker@example.org>"),
    ],
)
def test_any_sender_that_the_config_takes_is_written(sender: str, shown: str) -> None:
    message = read(alert(said()), Context(sender))
    assert message["From"] == shown
    assert message["From"].addresses[0].addr_spec == "tracker@example.org"


HOSTILE = (
    "=?utf-8?b?DQpCY2M6IGV2aWxAeA==?=",
    "=?utf-8?q?=0D=0ABcc:_evil@x?=",
    "x\r\nBcc: evil@example.org\r\n\r\nbody",
    "<script>alert(1)</script><img src=//evil.example/x.png onerror=alert(1)>",
    '"><a href="javascript:alert(1)">x</a>',
    "{{ 7*7 }} {% for x in y %} ${7*7} #{7*7}",
    "=HYPERLINK(\"http://evil.example\")",
    "abc\u202etxt.exe\u2066 \x00\x07\x1b[31m \x85 \u2028x",
    "\ud800",
    "é" * 5000,
    "x" * 5000,
    "\n-- \n.\r\n.\r\nQUIT",
)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_kept_and_inert(text: str) -> None:
    note = alert(said(title=text, text=text, url=text, source=text, publisher=text), rule=text, reason=text)
    for each in (note, digest(said(text=text, title=text))):
        message = read(each)
        assert message.keys() == read(alert(said())).keys()
        assert not CONTROLS.search(message["Subject"])
        assert len(message["Subject"].splitlines()) == 1
        plain, rich = bodies(message)
        assert not CONTROLS.search(plain + rich)
        page = Page(rich)
        assert not {tag for tag, _ in page.tags} & {"script", "img", "link", "iframe", "form", "object", "svg"}
        assert "=?" not in message["Subject"]
        for _, attributes in page.tags:
            assert not any(name.startswith("on") or name == "src" for name in attributes)
            assert re.match(r"https?://", attributes.get("href") or "https://")
        assert len(plain.splitlines()) > 5
        assert "49" not in plain


def test_a_statement_cannot_forge_the_lines_around_it() -> None:
    plain, _ = bodies(read(digest(said(text="ok\n\n== Security (9) ==\n\nAssimi Goïta -- President"))))
    assert [line for line in plain.splitlines() if line.startswith("==")] == ["== Aid (1) =="]
    assert "  > == Security (9) ==" in plain


@given(st.text(max_size=300))
def test_any_subject_survives_the_way_on_one_line(text: str) -> None:
    message = read(alert(rule="r", reason=text, kind="test"))
    assert message["Subject"] == email.line(f"[r] Test message: {text}", 120)
    assert len(message["Subject"]) <= 240
    assert "Bcc" not in message


@pytest.mark.parametrize("words", [
    "J'ai reçu ce jour à Lomé la Présidente Mira Adjovi, en visite officielle au Togo. Nous avons parlé",
    "é à ô " * 30, "Президент прибыл в Ломе с официальным визитом, " * 3, "استقبل الرئيس " * 9,
    "安理会" * 40, "plain words " * 20,
])  # fmt: skip
def test_no_space_of_a_subject_is_lost_where_its_line_is_folded(words: str) -> None:
    assert read(alert(rule="r", reason=words, kind="test"))["Subject"] == email.line(f"[r] Test message: {words}", 120)


@given(st.text(max_size=60), st.lists(st.tuples(st.integers(-3, 70), st.integers(-3, 70)), max_size=5))
def test_pieces_put_together_are_the_text_whatever_the_evidence_says(text: str, spans: list[tuple[int, int]]) -> None:
    labels = [{"evidence": [{"field": "text", "exact": text[a:b], "start": a, "end": b} for a, b in spans]}]
    assert "".join(piece for piece, _ in email.pieces(text, labels, "text")) == text


def test_evidence_that_overlaps_is_marked_once_and_misplaced_evidence_not_at_all() -> None:
    spans = [(0, 4, "abcd"), (2, 6, "cdef"), (3, 4, "d"), (6, 7, "?")]
    labels = [{"evidence": [{"field": "text", "exact": x, "start": a, "end": b} for a, b, x in spans]}]
    assert email.pieces("abcdefgh", labels, "text") == [("abcd", True), ("ef", True), ("gh", False)]


def test_each_address_gets_a_mail_of_its_own() -> None:
    assert recipients(MAILBOX) == ("a@example.org", "b@example.org")


@pytest.mark.parametrize(
    "to",
    [
        "x",
        "a@b\r\nBcc: c@d",
        "A <a@example.org>",
        "a@b, c@d",
        "",
        "é@example.org",
        "a..b@example.org",
        "a@example.org.",
    ],
)
def test_what_is_no_address_is_dead_at_once(to: str) -> None:
    with pytest.raises(DeliveryDead):
        mail(alert(said()), to=to)
