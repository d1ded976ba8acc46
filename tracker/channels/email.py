"""Alerts and digests as mail: text and HTML, one message a recipient, under a Message-ID that stays the same."""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracker.channels import letter
from tracker.channels.letter import Context
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
    message["From"] = Address(letter.line(name), addr_spec=address)
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
    if letter.web_address(unsubscribe) and unsubscribe.isascii():
        lines += [f"List-Unsubscribe: <{unsubscribe}>", "List-Unsubscribe-Post: List-Unsubscribe=One-Click"]
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


def render(notification: Notification, context: Context, now: datetime, unsubscribe: str = "") -> tuple[str, str, str]:
    """Subject, text and HTML of a notification; also what a preview shows."""
    payload = letter.inert(notification.payload)
    kind = "digest" if payload["type"] == "digest" else "alert"
    view = _digest(payload["data"], context) if kind == "digest" else _alert(payload, context)
    view |= {"unsubscribe": letter.web_address(unsubscribe), "written": letter.clock(now.isoformat(), "UTC")}
    text, html = (_templates().get_template(f"{kind}.{form}").render(view) for form in ("txt", "html"))
    return str(view["subject"]), text, html


@cache
def _templates() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape  # late: only mails need it

    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _digest(data: Mapping[str, Any], context: Context) -> dict[str, Any]:
    zone, days, count = data["timezone"], letter.span(data["days"]), data["count"]
    told = f"{count} statement{'' if count == 1 else 's'}" if count else "no statements"
    return {
        **data,
        "subject": letter.line(f"{data['digest']}: {told}, {days}"),
        "days": days,
        "late": len(data["days"]) > 1,
        "period": f"{letter.clock(data['start'], zone)} to {letter.clock(data['end'], zone)}, {zone}",
        "told": told,
        "office": letter.office,
        "shown": partial(letter.entry, context=context, timezone=zone),
    }


def _alert(payload: Mapping[str, Any], context: Context) -> dict[str, Any]:
    data = payload["data"]
    said = data.get("statements") or ([data["statement"]] if data.get("statement") else [])
    entries = [letter.entry(each, context, context.timezone) for each in said]
    rule, reason = squeeze(data.get("rule") or "") or payload["type"], squeeze(data.get("reason") or "")
    heading = _HEADINGS.get(payload["type"], "Alert")
    gist = f"{heading}: {reason}"
    if len(said) == 1:
        gist = f"{entries[0]['who']}: {said[0].get('title') or said[0].get('text') or ''}"
    elif said:
        gist = f"{len(said)} statements: {', '.join(dict.fromkeys(str(each['who']) for each in entries))}"
    shown = {"heading": heading, "rule": rule, "reason": reason, "zone": context.timezone, "entries": entries}
    return shown | {"subject": letter.line(f"[{rule}] {gist}", 120)}
