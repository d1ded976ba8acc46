"""Visits in the forms that others read: rows in COLT's columns, PLOVER events, an iCalendar."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from tracker import gazetteer, text
from tracker.models import shape
from tracker.models.registry import Registry
from tracker.models.statement import Event, Party

#: The columns that the Country and Organizational Leader Travel dataset has for what we know of a visit, then our own.
COLT = (
    "TripID", "LeaderID", "LeaderCountryOrIGO", "LeaderCountryISO", "LeaderTitle", "LeaderFullName", "CountryVisited",
    "CountryVisitedISO", "CityVisited", "TripYear", "TripStartDate", "TripEndDate", "TripDuration", "HostHOGSName",
    "SourceLink1", "Status", "Statements", "SourceLinks",
)  # fmt: skip
_STATUS = {"cancelled": "CANCELLED", "postponed": "TENTATIVE"}


def country(code: str | None) -> str:
    """The English name of a country or organisation; empty for none."""
    return gazetteer.country_name(code) if code else ""


def name_of(side: Party, registry: Registry) -> str | None:
    """A person's name: as the registry has it, else as it was read."""
    leader = registry.leader(side.leader) if side.leader else None
    return leader.name if leader else side.name


def colt(event: Event, registry: Registry, urls: Mapping[str, str | None]) -> Iterator[dict[str, Any]]:
    """A row for each visitor; no end or duration that no text tells. `urls` are its statements' addresses."""
    first, last = event.stated, event.day_end
    links = [url for one in event.statements if (url := urls.get(one))]
    for number, side in enumerate(event.visitors or (Party(),), 1):
        leader = registry.leader(side.leader) if side.leader else None
        tenure = leader.tenure_on(first) if leader and first else None
        office = registry.office(tenure.office) if tenure else None
        values = (
            event.id if number == 1 else f"{event.id}-{number}", side.leader, country(side.country), side.country,
            office.title if office else None, name_of(side, registry), country(event.host.country), event.host.country,
            event.place, first.year if first else None, first, last,
            (last - first).days + 1 if first and last else None, name_of(event.host, registry),
            links[0] if links else None, event.status, " ".join(event.statements), " ".join(links),
        )  # fmt: skip
        yield dict(zip(COLT, values, strict=True))


def plover(event: Event, registry: Registry, urls: Mapping[str, str | None]) -> dict[str, Any]:
    """One event in PLOVER's terms."""
    visitors, host = ([asdict(x) | {"name": name_of(x, registry)} for x in s] for s in (event.visitors, [event.host]))
    told = shape.visit(event)
    what = {"event_type": told["type"], "mode": told["mode"], "contexts": list(event.context or ("diplomatic",))}
    told = {name: told[name] for name in ("status", "place", "date_end")} | {"date": event.stated and str(event.stated)}
    told_by = ((one.statement, one.status, shape.instant(one.said_at)) for one in event.history)
    statements = [{"id": id, "url": urls.get(id), "status": status, "said_at": at} for id, status, at in told_by]
    return {"id": event.id, **what, "actor": visitors, "recipient": host, **told, "statements": statements}


def calendar(events: Iterable[Event], registry: Registry, now: datetime, root: str = "") -> str:
    """The visits that have a day as whole days of an RFC 5545 calendar; `root` begins our own addresses."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//statement-tracker//visits//EN"]
    for event in events:
        if event.stated is None:
            continue
        end = event.last + timedelta(days=1)
        sides = [name_of(side, registry) or country(side.country) or "?" for side in (*event.visitors, event.host)]
        who = f"{', '.join(sides[:-1]) or '?'} → {sides[-1]} ({event.status})"
        lines += ["BEGIN:VEVENT", f"UID:{event.id}@statement-tracker", f"DTSTAMP:{now:%Y%m%dT%H%M%SZ}"]
        lines += [f"DTSTART;VALUE=DATE:{event.stated:%Y%m%d}", f"DTEND;VALUE=DATE:{end:%Y%m%d}"]
        lines.append(f"SUMMARY:{_escaped(who)}")
        lines += [f"LOCATION:{_escaped(event.place)}"] if event.place else []
        lines.append(f"STATUS:{_STATUS.get(event.status, 'CONFIRMED')}")
        lines += [f"URL:{root}/visits#{event.id}"] if root else []
        lines.append("END:VEVENT")
    return "".join(map(_folded, [*lines, "END:VCALENDAR"]))


def _escaped(raw: str) -> str:
    return re.sub(r"([\\;,])", r"\\\1", text.visible(text.squeeze(raw), keep=""))


def _folded(line: str) -> str:
    """At most 75 octets a line, as RFC 5545 asks; a continuation begins with a space."""
    parts, size = [""], 0
    for char in line:
        width = len(char.encode())
        if size + width > 74:
            parts, size = [*parts, ""], 0
        parts[-1] += char
        size += width
    return "\r\n ".join(parts) + "\r\n"
