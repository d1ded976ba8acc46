"""The issues of a digest into one mail: sections by label, then by who speaks, each statement told once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from tracker import text
from tracker.decide.group import identity
from tracker.models import shape
from tracker.models.statement import Statement
from tracker.models.telling import Digest, Issue, Notification, Receiver

#: Characters of a statement's text in a digest.
EXCERPT = 480
#: The section of what bears no label, after all others.
OTHER = "Other statements"


@dataclass(frozen=True, slots=True)
class Group:
    """What one leader, or one publisher, said: entries in order of publication, in the JSON shape of a statement.

    An entry's `text` may be shortened (`shortened` says so), and `also` names its labels besides the section's.
    """

    name: str
    office: str | None
    country: str | None
    entries: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """One label of the taxonomy (None: no label), under its title."""

    label: str | None
    title: str
    groups: tuple[Group, ...]

    @property
    def count(self) -> int:
        return sum(len(group.entries) for group in self.groups)


@dataclass(frozen=True, slots=True)
class Brief:
    """One mail's worth of a digest: the periods it covers, [start, end), and its sections. May be empty."""

    digest: str
    timezone: str
    days: tuple[date, ...]
    start: datetime
    end: datetime
    sections: tuple[Section, ...]

    @property
    def count(self) -> int:
        return sum(section.count for section in self.sections)

    def data(self) -> dict[str, Any]:
        """As JSON: what the notification carries and the channels write from."""
        return {
            "digest": self.digest,
            "timezone": self.timezone,
            "days": [day.isoformat() for day in self.days],
            "start": shape.instant(self.start),
            "end": shape.instant(self.end),
            "count": self.count,
            "sections": [
                {"label": section.label, "title": section.title, "count": section.count, "groups": _groups(section)}
                for section in self.sections
            ],
        }


def _groups(section: Section) -> list[dict[str, Any]]:
    return [
        {"name": group.name, "office": group.office, "country": group.country, "entries": list(group.entries)}
        for group in section.groups
    ]


def brief(
    digest: Digest, issues: Sequence[Issue], statements: Sequence[Statement], label_titles: Mapping[str, str]
) -> Brief:
    """Lay out one issue, or several that were slept through, as one mail.

    `label_titles` are the taxonomy's labels in its own order. A statement stands in the first section that it has a
    label of, its other labels named on the entry. Raises ValueError without an issue.
    """
    ordered = sorted(issues, key=lambda issue: issue.end)
    once = {statement.id: statement for statement in statements}.values()
    sections: dict[str | None, list[Statement]] = {name: [] for name in label_titles}
    for statement in once:
        sections.setdefault(_first_label(statement, label_titles), []).append(statement)
    others = sections.pop(None, [])
    laid_out = [_section(name, said, label_titles) for name, said in [*sections.items(), (None, others)] if said]
    days = tuple(issue.day for issue in ordered)
    span = (min(issue.start for issue in ordered), ordered[-1].end)
    return Brief(digest.name, digest.timezone, days, *span, tuple(laid_out))


def _first_label(statement: Statement, label_titles: Mapping[str, str]) -> str | None:
    has = [label.name for label in statement.labels]
    return next((name for name in label_titles if name in has), has[0] if has else None)


def title(name: str, label_titles: Mapping[str, str]) -> str:
    """A label's title; one the taxonomy no longer has is written after its name."""
    return label_titles.get(name) or name.replace("_", " ").capitalize()


def _section(name: str | None, said: Iterable[Statement], label_titles: Mapping[str, str]) -> Section:
    groups: dict[tuple[bool, str], list[Statement]] = {}
    for statement in sorted(said, key=lambda one: (one.post.effective_at, one.seq)):
        groups.setdefault((statement.post.origin == "report", _who(statement)), []).append(statement)
    laid_out = tuple(_group(groups[key], name, label_titles) for key in sorted(groups, key=_by_name))
    return Section(name, title(name, label_titles) if name else OTHER, laid_out)


def _by_name(key: tuple[bool, str]) -> tuple[bool, str]:
    return key[0], text.fold(key[1])


def _who(statement: Statement) -> str:
    post = statement.post
    if post.origin == "report":
        return post.publisher or statement.source
    return post.speaker.name or post.speaker.office or statement.source


def _group(said: Sequence[Statement], label: str | None, label_titles: Mapping[str, str]) -> Group:
    speaker = said[-1].post.speaker
    office = speaker.office if speaker.name else None
    entries = tuple(_entry(statement, label, label_titles) for statement in said)
    return Group(_who(said[0]), office, speaker.country, entries)


def _entry(statement: Statement, label: str | None, label_titles: Mapping[str, str]) -> dict[str, Any]:
    told = shape.statement(statement)
    excerpt = shorten(told["text"])
    also = [title(each.name, label_titles) for each in statement.labels if each.name != label]
    kept = ("id", "url", "source", "origin", "speaker", "publisher", "lang", "title", "published_at",
            "published_inferred", "effective_at", "presence", "labels", "events", "classified")  # fmt: skip
    return {name: told[name] for name in kept} | {"text": excerpt, "also": also, "shortened": excerpt != told["text"]}


def shorten(words: str, length: int = EXCERPT) -> str:
    """At most `length` characters, cut between two words and ended with `…`; offsets before the cut stay true."""
    if len(words) <= length:
        return words
    cut = max(words.rfind(space, 0, length) for space in " \n\t")
    return words[: cut if cut > length // 2 else length - 1].rstrip(" \n\t,;:–-") + "…"


def receiver(digest: Digest) -> Receiver:
    """The mailbox that a digest's notification is delivered to."""
    return Receiver(f"digest:{digest.name}", "email", {"to": list(digest.to)})


def notification(digest: Digest, written: Brief, now: datetime) -> Notification | None:
    """The mail of a brief; None when it is empty and the digest skips empty days. The same days give the same id."""
    if not written.count and digest.empty == "skip":
        return None
    days = [day.isoformat() for day in written.days]
    reason = f"digest {digest.name}, {' and '.join(days)}"
    data = {"rule": None, "reason": reason, "statement": None, **written.data()}
    payload = {"type": "digest", "timestamp": shape.instant(now), "data": data}
    name = f"digest:{digest.name}"
    return Notification(identity(name, *days), "digest", name, now, payload, digest.to)
