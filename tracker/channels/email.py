"""Alerts and digests as mail: text and HTML, one message a recipient, under a Message-ID that stays the same. The
templates are given plain values in which nothing from outside can act. Text keeps what was said: control characters and
those that reverse the reading direction are shown as visible marks, one for one, so that the offsets of evidence stay
true; markup is escaped by the templates."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tracker import gazetteer
from tracker.errors import DeliveryDead
from tracker.models.telling import Mail, Notification, Receiver
from tracker.text import squeeze

if TYPE_CHECKING:
    from jinja2 import Environment

#: Every relay takes seven bits; longer lines and other scripts are coded.
_POLICY = SMTP.clone(cte_type="7bit")
_ATOM, _LABEL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+", r"[A-Za-z0-9-]+"
#: An address that a header can hold without quoting or coding.
ADDRESS = rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*"
_HEADINGS = {
    "statement.alert": "Alert", "statement.corrected": "Correction", "source.alert": "Source alarm",
    "absence.alert": "Absence", "test": "Test message",
}  # fmt: skip
#: Matched words named on one entry.
MOST_WORDS = 8
#: Characters of a statement in an alert.
LONGEST_TEXT = 4000
_HARMLESS = {code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\n\t"}
_HARMLESS |= {0x0D: " ", 0x7F: "\u2421", 0x2028: "\n", 0x2029: "\n"}
_HARMLESS |= dict.fromkeys([*range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)], "\ufffd")
_HARMLESS |= dict.fromkeys(range(0xD800, 0xE000), "\ufffd")


@dataclass(frozen=True, slots=True)
class Context:
    """`sender` is the From of mails; without a `public_url` there are no permalinks and no unsubscribe links. `titles`
    are the taxonomy's labels by name; `timezone` is the zone of an alert's times (a digest has its own)."""

    sender: str
    public_url: str = ""
    titles: Mapping[str, str] = field(default_factory=dict)
    timezone: str = "UTC"


def known_as(recipient: str) -> str:
    """What stands for an address in a Message-ID and in the link to unsubscribe."""
    return hashlib.blake2b(recipient.lower().encode(), digest_size=8).hexdigest()


def write(notification: Notification, receiver: Receiver, recipient: str, context: Context, now: datetime) -> Mail:
    """One recipient's mail. Raises DeliveryDead for an address that no mail can be written to."""
    name, _, address = context.sender.rpartition("<")
    name, address = name.strip(' "'), address.strip("> ")
    if not all(re.fullmatch(ADDRESS, one) for one in (recipient, address)):
        raise DeliveryDead(f"{receiver.name}: the recipient or `from` is no mail address")
    domain = address.rpartition("@")[2]
    key = f"{notification.id}.{known_as(recipient)}"
    page = f"{context.public_url.rstrip('/')}/unsubscribe/{key.replace('.', '/')}" if context.public_url else ""
    subject, text, html = render(notification, context, now, page)
    message = EmailMessage(_POLICY)
    message["From"] = Address(line(name), addr_spec=address)
    message["To"] = Address(addr_spec=recipient)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{key}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    message.set_boundary(f"=_{key}")  # cannot stand in a coded body, and is no matter of chance
    raw = _subject(subject) + _list_headers(notification, domain, page) + message.as_bytes()
    return Mail(address, recipient, raw)


def _subject(words: str) -> bytes:
    """Written by hand: the standard library's message loses the space between two words that it codes."""
    coded = Header(words, "us-ascii" if words.isascii() else "utf-8", header_name="Subject").encode(linesep="\r\n")
    return f"Subject: {coded}\r\n".encode("ascii")


def _list_headers(notification: Notification, domain: str, unsubscribe: str) -> bytes:
    """Written by hand: the standard library codes a long address as words, and no program would follow it then."""
    listed = re.sub(r"[^a-z0-9]+", "-", notification.receiver.lower()).strip("-") or "list"
    lines = [f"List-Id: <{listed[:60]}.{domain}>"]
    if web_address(unsubscribe) and unsubscribe.isascii():
        lines += [f"List-Unsubscribe: <{unsubscribe}>", "List-Unsubscribe-Post: List-Unsubscribe=One-Click"]
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


def render(notification: Notification, context: Context, now: datetime, unsubscribe: str = "") -> tuple[str, str, str]:
    """Subject, text and HTML of a notification; also what a preview shows."""
    payload = inert(notification.payload)
    kind = "digest" if payload["type"] == "digest" else "alert"
    view = _digest(payload["data"], context) if kind == "digest" else _alert(payload, context)
    view |= {"unsubscribe": web_address(unsubscribe), "written": clock(now.isoformat(), "UTC")}
    text, html = (_templates().get_template(f"{kind}.{form}").render(view) for form in ("txt", "html"))
    return str(view["subject"]), text, html


@cache
def _templates() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape  # late: only mails need it

    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip


def _digest(data: Mapping[str, Any], context: Context) -> dict[str, Any]:
    zone, days, count = data["timezone"], span(data["days"]), data["count"]
    told = f"{count} statement{'' if count == 1 else 's'}" if count else "no statements"
    return {
        **data, "subject": line(f"{data['digest']}: {told}, {days}"), "days": days, "late": len(data["days"]) > 1,
        "period": f"{clock(data['start'], zone)} to {clock(data['end'], zone)}, {zone}", "told": told,
        "office": office, "shown": partial(entry, context=context, timezone=zone),
    }  # fmt: skip


def _alert(payload: Mapping[str, Any], context: Context) -> dict[str, Any]:
    data = payload["data"]
    said = data.get("statements") or ([data["statement"]] if data.get("statement") else [])
    entries = [entry(each, context, context.timezone) for each in said]
    rule, reason = squeeze(data.get("rule") or "") or payload["type"], squeeze(data.get("reason") or "")
    heading = _HEADINGS.get(payload["type"], "Alert")
    gist = f"{heading}: {reason}"
    if len(said) == 1:
        gist = f"{entries[0]['who']}: {said[0].get('title') or said[0].get('text') or ''}"
    elif said:
        gist = f"{len(said)} statements: {', '.join(dict.fromkeys(str(each['who']) for each in entries))}"
    shown = {"heading": heading, "rule": rule, "reason": reason, "zone": context.timezone, "entries": entries}
    return shown | {"subject": line(f"[{rule}] {gist}", 120)}


def inert(value: Any) -> Any:
    """A JSON value with every string of it made harmless, as long as it was."""
    if isinstance(value, str):
        return value.translate(_HARMLESS)
    if isinstance(value, Mapping):
        return {inert(key): inert(each) for key, each in value.items()}
    return [inert(each) for each in value] if isinstance(value, list | tuple) else value


def line(words: str, length: int = 150) -> str:
    """Words for a mail's header: one line, harmless, nothing in it that decodes to something else."""
    single = squeeze(inert(words).replace("\t", " ")).replace("=?", "= ?")
    return single if len(single) <= length else single[: length - 1].rsplit(" ", 1)[0] + "…"


def day(moment: date) -> str:
    """`2 Nov 2022`."""
    return f"{moment.day} {moment:%b %Y}"


def clock(stated: str, timezone: str) -> str:
    """An instant of the JSON shapes on the wall clock of a zone: `2 Nov 2022, 18:10`."""
    local = datetime.fromisoformat(stated).astimezone(ZoneInfo(timezone))
    return f"{day(local)}, {local:%H:%M}"


def entry(said: Mapping[str, Any], context: Context, timezone: str) -> dict[str, Any]:
    """One statement as a mail shows it, from its (harmless) JSON shape."""
    speaker = said.get("speaker") or {}
    labels, url = said.get("labels") or [], web_address(said.get("url"))
    own_page = f"{context.public_url.rstrip('/')}/statements/{said['id']}" if context.public_url else None
    title, body = said.get("title"), said.get("text") or ""
    body = body if len(body) <= LONGEST_TEXT else body[:LONGEST_TEXT] + "…"
    who = speaker.get("name") or speaker.get("office") or said.get("publisher") or said.get("source") or ""
    words = dict.fromkeys(squeeze(found["exact"]) for label in labels for found in label.get("evidence") or ())
    return {
        **said, "who": squeeze(who),
        "office": office(speaker.get("office") if speaker.get("name") else None, speaker.get("country")),
        "report": said.get("origin") == "report", "when": clock(said["effective_at"], timezone),
        "source": squeeze(said.get("source") or ""), "title": pieces(title, labels, "title") if title else [],
        "text": pieces(body, labels, "text"), "labels": [_label(label, context) for label in labels],
        "words": list(words)[:MOST_WORDS], "visits": [squeeze(visit(event)) for event in said.get("events") or ()],
        "presence": "" if said.get("presence", "live") == "live" else said["presence"].replace("_", " "),
        "unclassified": said.get("classified") is False, "link": own_page or url, "original": url,
    }  # fmt: skip


def _label(label: Mapping[str, Any], context: Context) -> str:
    """`Diplomatic visit 0.93`, `Diplomatic visit by event`."""
    title = label.get("title") or context.titles.get(label["name"]) or label["name"].replace("_", " ").capitalize()
    by = label.get("by", "words")
    return squeeze(f"{title} {label.get('score', 0):.2f}" if by == "words" else f"{title} by {by}")


def web_address(url: str | None) -> str | None:
    """An address that may become a link; None for anything but http and https."""
    return url if url and re.match(r"https?://[^\s]+$", url, re.IGNORECASE) else None


def office(title: str | None, country: str | None) -> str:
    """`President of the Transition, Mali`."""
    return ", ".join(filter(None, (title, gazetteer.country_name(country) if country else None)))


def visit(event: Mapping[str, Any]) -> str:
    """`Ibrahim Traoré (BFA) → MLI, Bamako, 2 Nov 2022, past`."""
    visitors = ", ".join(_party(side) for side in event.get("visitor") or ()) or "?"
    when = day(date.fromisoformat(event["date"])) if event.get("date") else None
    route = f"{visitors} → {_party(event.get('host') or {})}"
    return ", ".join(filter(None, (route, event.get("place"), when, event.get("status"))))


def _party(side: Mapping[str, Any]) -> str:
    name, country = side.get("name") or side.get("leader"), side.get("country")
    return f"{name} ({country})" if name and country else str(name or country or "?")


def pieces(words: str, labels: Iterable[Mapping[str, Any]], field: str) -> list[tuple[str, bool]]:
    """The text in pieces, True for those that are evidence. Evidence that is not where it says is not marked."""
    evidence = (found for label in labels for found in label.get("evidence") or () if found["field"] == field)
    spans = sorted((e["start"], e["end"]) for e in evidence if words[e["start"] : e["end"]] == e["exact"])
    cut, at = [], 0
    for start, end in spans:
        if end > max(start, at):
            cut += [(words[at : max(start, at)], False), (words[max(start, at) : end], True)]
            at = end
    return [piece for piece in [*cut, (words[at:], False)] if piece[0]]


def span(days: list[str]) -> str:
    """The dates of one or several issues: `24 Nov 2026`, `22 Nov 2026 – 24 Nov 2026`."""
    return " – ".join(day(date.fromisoformat(each)) for each in dict.fromkeys((days[0], days[-1])))
