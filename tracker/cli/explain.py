"""One statement told in lines: what was said, what is understood of it, and why."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence

from tracker.models.statement import Event, Label, Party, Statement, Version, Visit


def statement(one: Statement) -> Iterator[str]:
    post, speaker = one.post, one.post.speaker
    who = ", ".join(part for part in (speaker.name, speaker.office, speaker.country) if part) or post.publisher or "?"
    yield f"{one.id}  {who}  ({post.origin}, {one.source}, {one.kind})"
    yield f"published {_dates(one)}; first seen {one.first_seen_at:%Y-%m-%d %H:%M:%S} UTC; {one.presence}"
    yield f"version {one.version} of {one.versions}; {post.url or 'no address'}"
    yield ""
    if post.title:
        yield post.title
    yield post.text
    yield ""
    yield from _understood(one)


def _dates(one: Statement) -> str:
    post = one.post
    if post.published_at:
        return f"{post.published_at:%Y-%m-%d %H:%M:%S} UTC (stated as {post.published_stated})"
    stated = f", stated as {post.published_stated}" if post.published_stated else ""
    return f"about {post.effective_at:%Y-%m-%d %H:%M:%S} UTC ({post.published_inferred}{stated})"


def _understood(one: Statement) -> Iterator[str]:
    told = one.classification
    if not told.classified:
        yield f"language {told.lang or 'unknown'}: not classified ({told.version})"
    else:
        yield f"language {told.lang}, classifier {told.version}"
    yield from labels(one)
    for mention in told.mentions:
        yield f"mention {mention.kind} {mention.ref}: {mention.words.exact}"
    for event in one.events:
        yield f"event {event.id}: {visit(event)}"
    for link in one.links:
        yield f"{link.type} {link.statement}" + (f" ({link.verdict}): “{link.exact}”" if link.exact else "")


def labels(one: Statement) -> Iterator[str]:
    """The labels in force, and those that a person took away."""
    for label in one.labels:
        yield f"label {_label(label)}"
    for label in one.removed:
        yield f"not {label.name}: {label.reason}"
    if one.classification.classified and not one.labels:
        yield "no label"


def _label(label: Label) -> str:
    words = ", ".join(f"“{w.exact}” ({w.field} {w.start}-{w.end})" for w in label.words)
    return f"{label.name} {label.score:.2f} by {label.by}" + (
        f": {words or label.reason}" if words or label.reason else ""
    )


def visit(one: Event | Visit) -> str:
    """A visit in one line: who, to which country, where, when, and how it stands."""
    when = one.day.isoformat() if one.day else "day unknown"
    return f"{parties(one.visitors)} -> {one.host.country or '?'}, {one.place or 'place unknown'}, {when}, {one.status}"


def parties(sides: Sequence[Party]) -> str:
    return ", ".join(f"{side.name or side.leader or '?'} ({side.country or '?'})" for side in sides) or "?"


def versions(found: Sequence[Version]) -> Iterator[str]:
    for index, version in enumerate(found):
        yield f"version {version.version}, observed {version.observed_at:%Y-%m-%d %H:%M:%S} UTC, SHA-256 {version.hash}"
        if index == 0:
            yield "\n".join(part for part in (version.title, version.text) if part)
        else:
            yield changes(found[index - 1], version)
        yield ""


def changes(before: Version, after: Version) -> str:
    """The words that went [-so-] and came {+so+}."""
    old, new = (" ".join(filter(None, (v.title, v.text))).split() for v in (before, after))
    told: list[str] = []
    for what, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what == "equal":
            told += old[a:b]
            continue
        if a < b:
            told.append(f"[-{' '.join(old[a:b])}-]")
        if c < d:
            told.append("{+" + " ".join(new[c:d]) + "+}")
    return " ".join(told)
