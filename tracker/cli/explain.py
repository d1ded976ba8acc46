"""A statement, a classification or a visit told in lines, from its public shape: what was said, what it means, why."""

from collections.abc import Iterator, Sequence

from tracker.cli.show import Shape
from tracker.decide import compare
from tracker.models.statement import Version


def statement(one: Shape) -> Iterator[str]:
    speaker = one["speaker"] or {}
    who = ", ".join(filter(None, map(speaker.get, ("name", "office", "country")))) or one["publisher"] or "?"
    yield f"{one['id']}  {who}  ({one['origin']}, {one['source']}, {one['kind']})"
    yield f"published {_dates(one)}; first seen {_second(one['first_seen_at'])} UTC; {one['presence']}"
    yield f"version {one['version']} of {one['versions']}; {one['url'] or 'no address'}\n"
    if one["title"]:
        yield one["title"]
    yield one["text"] + "\n"
    yield from understood(one)
    for event in one["events"]:
        yield f"event {event['id']}: {visit(event)}"
    for link in one["links"]:
        exact = f" ({link['verdict']}): “{link['exact']}”" if link["exact"] else ""
        yield f"{link['type']} {link['statement']}{exact}"


def _dates(one: Shape) -> str:
    stated = f"stated as {one['published_stated']}"
    if one["published_at"]:
        return f"{_second(one['published_at'])} UTC ({stated})"
    stated = f", {stated}" if one["published_stated"] else ""
    return f"about {_second(one['effective_at'])} UTC ({one['published_inferred']}{stated})"


def _second(instant: str) -> str:
    return instant[:19].replace("T", " ")


def understood(one: Shape) -> Iterator[str]:
    """Language, labels and mentions of a statement or a classification."""
    if one["classified"]:
        yield f"language {one['lang']}, classifier {one['classifier']}"
    else:
        yield f"language {one['lang'] or 'unknown'}: not classified ({one['classifier']})"
    yield from labels(one)
    for mention in one["mentions"]:
        yield f"mention {mention['kind']} {mention['ref']}: “{mention['exact']}”"


def labels(one: Shape) -> Iterator[str]:
    """The labels in force with the words or the reason for each, and those that a person took away."""
    for label in one["labels"]:
        why = ", ".join(f"“{w['exact']}” ({w['field']} {w['start']}-{w['end']})" for w in label["evidence"])
        why = why or label.get("reason") or "the text as a whole"
        yield f"label {label['name']} {label['score']:.2f} by {label['by']}: {why}"
    for label in one.get("removed_labels", ()):
        yield f"not {label['name']}: {label['reason']}"
    if one["classified"] and not one["labels"]:
        yield "no label"


def classification(one: Shape) -> Iterator[str]:
    yield from understood(one)
    if one["classified"]:
        rest = sorted(one["scores"].items(), key=lambda pair: -pair[1])
        yield "scores " + ", ".join(f"{name} {score:.2f}" for name, score in rest)
    for event in one["events"]:
        yield f"visit {visit(event)}; " + ", ".join(f"{w['of']} “{w['exact']}”" for w in event["evidence"])


def visit(one: Shape) -> str:
    """A visit in one line: who, to which country, where, when, and how it stands."""
    when, where = one["date"] or "day unknown", one["place"] or "place unknown"
    return f"{parties(one['visitor'])} -> {one['host']['country'] or '?'}, {where}, {when}, {one['status']}"


def parties(sides: Sequence[Shape]) -> str:
    return ", ".join(f"{side['name'] or side['leader'] or '?'} ({side['country'] or '?'})" for side in sides) or "?"


def versions(found: Sequence[Version]) -> Iterator[str]:
    before: str | None = None
    for one in found:
        said = "\n".join(filter(None, (one.title, one.text)))
        yield f"version {one.version}, observed {one.observed_at:%Y-%m-%d %H:%M:%S} UTC, SHA-256 {one.hash}"
        yield (said if before is None else _changes(before.split(), said.split())) + "\n"
        before = said


def _changes(old: list[str], new: list[str]) -> str:
    """The words that went [-so-] and came {+so+}; the new words alone where there are too many to compare."""
    told: list[str] = []
    for gone, come in compare.changes(old, new) or [(new, new)]:
        if gone == come:
            told += come
            continue
        told += [f"[-{' '.join(gone)}-]"] if gone else []
        told += ["{+" + " ".join(come) + "+}"] if come else []
    return " ".join(told)
