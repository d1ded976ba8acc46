"""What a mail shows of a notification: plain values for the templates, in which nothing from outside can act.

Text keeps what was said. Control characters and those that reverse the reading direction are shown as visible marks,
one for one, so that the offsets of evidence stay true; markup is escaped by the templates.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from tracker import gazetteer, text


@dataclass(frozen=True, slots=True)
class Context:
    """`sender` is the From of mails; without a `public_url` there are no permalinks and no unsubscribe links.

    `titles` are the taxonomy's labels by name; `timezone` is the zone of an alert's times (a digest has its own).
    """

    sender: str
    public_url: str = ""
    titles: Mapping[str, str] = field(default_factory=dict)
    timezone: str = "UTC"


#: Matched words named on one entry.
MOST_WORDS = 8
#: Characters of a statement in an alert.
LONGEST_TEXT = 4000

_HARMLESS = {code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\n\t"}
_HARMLESS |= {0x0D: " ", 0x7F: "\u2421", 0x2028: "\n", 0x2029: "\n"}
_HARMLESS |= dict.fromkeys([*range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)], "\ufffd")
_HARMLESS |= dict.fromkeys(range(0xD800, 0xE000), "\ufffd")


def inert(value: Any) -> Any:
    """A JSON value with every string of it made harmless, as long as it was."""
    if isinstance(value, str):
        return value.translate(_HARMLESS)
    if isinstance(value, Mapping):
        return {inert(key): inert(each) for key, each in value.items()}
    return [inert(each) for each in value] if isinstance(value, list | tuple) else value


def line(words: str, length: int = 150) -> str:
    """Words for a mail's header: one line, harmless, nothing in it that decodes to something else."""
    single = text.squeeze(inert(words).replace("\t", " ")).replace("=?", "= ?")
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
    words = dict.fromkeys(text.squeeze(found["exact"]) for label in labels for found in label.get("evidence") or ())
    return {
        **said,
        "who": text.squeeze(who),
        "office": office(speaker.get("office") if speaker.get("name") else None, speaker.get("country")),
        "report": said.get("origin") == "report",
        "when": clock(said["effective_at"], timezone),
        "source": text.squeeze(said.get("source") or ""),
        "title": pieces(title, labels, "title") if title else [],
        "text": pieces(body, labels, "text"),
        "labels": [_label(label, context) for label in labels],
        "words": list(words)[:MOST_WORDS],
        "visits": [text.squeeze(visit(event)) for event in said.get("events") or ()],
        "presence": "" if said.get("presence", "live") == "live" else said["presence"].replace("_", " "),
        "unclassified": said.get("classified") is False,
        "link": own_page or url,
        "original": url,
    }


def _label(label: Mapping[str, Any], context: Context) -> str:
    """`Diplomatic visit 0.93`, `Diplomatic visit by event`."""
    title = label.get("title") or context.titles.get(label["name"]) or label["name"].replace("_", " ").capitalize()
    by = label.get("by", "words")
    return text.squeeze(f"{title} {label.get('score', 0):.2f}" if by == "words" else f"{title} by {by}")


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
