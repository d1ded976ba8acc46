"""What a rule and the index see of a statement: its words, stems and facets. One place, so that both always agree."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from tracker import text
from tracker.models.statement import Classification, Event, Label, Party, Post, Visit

#: A statement is found by this facet whatever it says: the base of a query that only excludes.
ALL = "all:all"


@dataclass(frozen=True, slots=True)
class Terms:
    """`surface` in order (title, BREAK, text), `stems` in the statement's language, `facets`, effective publication."""

    surface: tuple[str, ...]
    stems: frozenset[str]
    facets: frozenset[str]
    effective_at: datetime


def facet(name: str, value: str) -> str:
    return f"{name}:{text.slug(value)}"


def level(label: str, score: float) -> str:
    """The facet of a label's score in hundredths: `label:aid@93`."""
    return f"{facet('label', label)}@{round(score * 100):d}"


def of(
    post: Post,
    classification: Classification,
    *,
    source: str,
    kind: str,
    first_seen_at: datetime,
    labels: tuple[Label, ...] | None = None,
    events: tuple[Event, ...] = (),
) -> Terms:
    """The terms of one statement. `labels` are the ones in force (with corrections and events), else the text's own."""
    in_force = classification.labels if labels is None else labels
    words = text.tokens(post.text)
    titled = text.tokens(post.title or "")
    surface = (*titled, text.BREAK, *words)[: text.INDEXED_TOKENS]
    facets = {
        ALL,
        facet("source", source),
        facet("kind", kind),
        facet("origin", post.origin),
        facet("presence", post.presence),
        *_speaker(post),
        *_understood(classification, in_force),
        *_visits(classification, events),
        *_seen(first_seen_at),
    }
    return Terms(surface, text.stems(surface, classification.lang), frozenset(facets), post.effective_at)


def _speaker(post: Post) -> Iterator[str]:
    speaker = post.speaker
    for name, value in (("leader", speaker.leader), ("office", speaker.office_id), ("country", speaker.country)):
        if value:
            yield facet(name, value)


def _understood(classification: Classification, labels: tuple[Label, ...]) -> Iterator[str]:
    yield facet("lang", classification.lang or "und")
    for label in labels:
        yield facet("label", label.name)
        yield level(label.name, label.score)
    in_force = {label.name for label in labels}
    for name, score in classification.scores.items():
        if name not in in_force and score >= 0.01:
            yield level(name, score)
    for mention in classification.mentions:
        if mention.kind in ("leader", "office", "country"):
            yield facet("about", mention.ref)


def _visits(classification: Classification, events: tuple[Event, ...]) -> Iterator[str]:
    visits: tuple[Visit | Event, ...] = (*classification.visits, *events)
    for visit in visits:
        for visitor in visit.visitors:
            yield from _party("visitor", visitor)
        yield from _party("host", visit.host)
        if visit.place:
            yield facet("place", visit.place)


def _party(name: str, party: Party) -> Iterator[str]:
    for value in (party.leader, party.country):
        if value:
            yield facet(name, value)


def _seen(first_seen_at: datetime) -> Iterator[str]:
    for form in ("%Y", "%Y%m", "%Y%m%d"):
        yield facet("seen", first_seen_at.strftime(form))
