"""Rows of labelled or to-be-labelled statements (`classify --jsonl`) as utterances."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from tracker import gazetteer
from tracker.classify.document import Utterance
from tracker.models.registry import Registry, Speaker
from tracker.models.statement import Origin

#: Roles that report what others say.
_PRESS = re.compile(r"media|press|news|agency|journal|publisher|broadcast", re.IGNORECASE)
_REMARK = re.compile(r"\s*\(.*?\)")
_CAMEL = re.compile(r"(?<=[a-zà-ÿ])(?=[A-Z])|_|(?<=[A-Z])(?=[A-Z][a-z])")


def utterance_of(row: Mapping[str, Any], registry: Registry | None = None) -> Utterance:
    """One row `{"text", "lang"?, "author"?, "author_role"?, "country"?, "date"?}`; press authors are no speakers.
    `country` is a plain name and may be vague ("Togo (press region)"). `date` is a day, or an instant with its zone."""
    author, role = str(row.get("author") or ""), str(row.get("author_role") or "")
    press = bool(_PRESS.search(role)) or (not role and not author) or author.lower() in ("press", "newswire")
    code = gazetteer.country_named(_REMARK.sub("", str(row.get("country") or "")).strip())
    moment = _moment(row.get("date"))
    speaker = Speaker() if press else _speaker(author, role, code, registry, moment and moment.date())
    title, lang = (str(row[name]) if row.get(name) else None for name in ("title", "lang"))
    origin: Origin = "report" if press else "official"
    day = moment and today(moment, speaker.country)
    return Utterance(str(row.get("text") or ""), title, lang, speaker, origin, day)


def _speaker(author: str, role: str, code: str | None, registry: Registry | None, day: date | None) -> Speaker:
    name = _CAMEL.sub(" ", author.removeprefix("@")) if author.startswith("@") else author
    code = body if (body := gazetteer.country_named(name) or "").startswith("INT:") else code  # wherever its seat is
    leader = registry and registry.leader_called(name, code)
    if registry and leader and not code:
        latest = max((tenure.since for tenure in leader.tenures), default=date.min)
        code = registry.speaker(leader.id, None, day or latest).country
    return Speaker(leader.id if leader else None, leader.name if leader else name or None, None, role or None, code)


def today(moment: datetime, country: str | None, zone: str | None = None) -> date:
    """The day that a speaker calls today: in this zone, else in that of the country's capital, else in UTC. Without a
    zone midnight sharp in UTC, which is how feeds write a day without a time, is that day everywhere."""
    capital = gazetteer.zones().get(country or "") if moment.astimezone(UTC).time() != time() else None
    return moment.astimezone(ZoneInfo(zone or capital or "UTC")).date()


def _moment(value: Any) -> datetime | None:
    """What a row's `date` names; a day without a time, or without a zone, as if it were in UTC."""
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    if not 1000 < moment.year < 9000:  # no statement's, and nothing can be reckoned from the first or the last
        return None
    return moment.astimezone(UTC) if moment.tzinfo else datetime.combine(moment.date(), time(), UTC)
