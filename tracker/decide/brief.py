"""The issues of a digest into one mail: sections by label, then by who speaks, each statement told once."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from tracker import text
from tracker.decide.group import identity
from tracker.models import shape
from tracker.models.statement import Statement
from tracker.models.telling import Digest, Issue, Notification

#: Characters of a statement's text in a digest.
EXCERPT = 480
#: What an entry keeps of a statement's JSON beside labels and text.
ENTRY = ("id", "url", "source", "origin", "speaker", "publisher", "lang", "title", "published_at", "published_inferred",
         "effective_at", "presence", "events", "classified")  # fmt: skip
#: The section of what bears no label, after all others.
OTHER = "Other statements"


def notification(
    digest: Digest, issues: Sequence[Issue], statements: Sequence[Statement], titles: Mapping[str, str], now: datetime
) -> Notification | None:
    """The mail of one issue, or of several that were slept through; None when it is empty and the digest skips that.
    `titles` are the taxonomy's labels in its own order. A statement stands once, in the first section that it has a
    label of. A section has `label` (None: no label), `title`, `count` and `groups`, one a leader or publisher with
    `name`, `office`, `country` and `entries` in order of publication. An entry has the shape of a statement; its `text`
    may be shortened (`shortened` says so), and each of its labels has a `title`. The same days give the same id."""
    once = {statement.id: statement for statement in statements}.values()
    if not once and digest.empty == "skip":
        return None
    sections: dict[str | None, list[Statement]] = {name: [] for name in titles}
    for statement in once:
        has = [label.name for label in statement.labels]
        sections.setdefault(next((name for name in [*titles, *has] if name in has), None), []).append(statement)
    sections[None] = sections.pop(None, [])
    days = sorted(issue.day.isoformat() for issue in issues)
    name, start, end = f"digest:{digest.name}", min(one.start for one in issues), max(one.end for one in issues)
    data = {
        "rule": None, "reason": f"digest {digest.name}, {' and '.join(days)}", "statement": None,
        "digest": digest.name, "timezone": digest.timezone, "days": days,
        "start": shape.instant(start), "end": shape.instant(end), "count": len(once),
        "sections": [_section(label, said, titles) for label, said in sections.items() if said],
    }  # fmt: skip
    payload = {"type": "digest", "timestamp": shape.instant(now), "data": data}
    return Notification(identity(name, *days), "digest", name, now, payload, digest.to)


def _section(name: str | None, said: Iterable[Statement], titles: Mapping[str, str]) -> dict[str, Any]:
    groups: dict[tuple[bool, str, str], list[Statement]] = {}
    for one in sorted(said, key=lambda one: (one.post.effective_at, one.seq)):
        groups.setdefault((one.post.origin == "report", text.fold(one.who), one.who), []).append(one)
    laid_out = []
    for _, group in sorted(groups.items(), key=lambda keyed: keyed[0]):
        speaker, entries = group[-1].post.speaker, [_entry(one, titles) for one in group]
        office = speaker.office if speaker.name else None
        laid_out.append({"name": group[0].who, "office": office, "country": speaker.country, "entries": entries})
    count = sum(map(len, groups.values()))
    return {"label": name, "title": _title(name, titles) if name else OTHER, "count": count, "groups": laid_out}


def _title(name: str, titles: Mapping[str, str]) -> str:
    """A label's title; one the taxonomy no longer has is written after its name."""
    return titles.get(name) or name.replace("_", " ").capitalize()


def _entry(statement: Statement, titles: Mapping[str, str]) -> dict[str, Any]:
    told = shape.statement(statement)
    excerpt = shorten(told["text"])
    labels = [label | {"title": _title(label["name"], titles)} for label in told["labels"]]
    kept = {name: told[name] for name in ENTRY}
    return kept | {"labels": labels, "text": excerpt, "shortened": excerpt != told["text"]}


def shorten(words: str, length: int = EXCERPT) -> str:
    """At most `length` characters, cut between two words and ended with `…`; offsets before the cut stay true."""
    if len(words) <= length:
        return words
    cut = max(words.rfind(space, 0, length) for space in " \n\t")
    return words[: cut if cut > length // 2 else length - 1].rstrip(" \n\t,;:–-") + "…"
