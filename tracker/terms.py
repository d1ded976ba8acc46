"""What a rule and the index see of a statement: its words, stems and facets. One place, so that both always agree."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from tracker import text
from tracker.models.statement import Classification, Event, Label, Post, Visit

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
    post: Post, classification: Classification, *, source: str, kind: str, first_seen_at: datetime,
    labels: tuple[Label, ...] | None = None, events: tuple[Event, ...] = (),
) -> Terms:  # fmt: skip
    """The terms of one statement. `labels` are the ones in force (with corrections and events), else the text's own."""
    in_force = classification.labels if labels is None else labels
    surface = (*text.tokens(post.title or ""), text.BREAK, *text.tokens(post.text))[: text.INDEXED_TOKENS]
    told = [("source", source), ("kind", kind), *_of_post(post), *_of_visits([*classification.visits, *events])]
    told += [("lang", classification.lang or "und"), *(("label", label.name) for label in in_force)]
    told += [("about", one.ref) for one in classification.mentions if one.kind in ("leader", "office", "country")]
    day = first_seen_at.strftime("%Y%m%d")
    told += [("seen", day[:4]), ("seen", day[:6]), ("seen", day)]
    scores = {name: score for name, score in classification.scores.items() if score >= 0.01}
    scores |= {label.name: label.score for label in in_force}
    facets = {facet(name, value) for name, value in told if value} | {level(*scored) for scored in scores.items()}
    return Terms(surface, text.stems(surface, classification.lang), frozenset(facets | {ALL}), post.effective_at)


def _of_post(post: Post) -> Iterator[tuple[str, str | None]]:
    speaker = post.speaker
    yield from (("origin", post.origin), ("presence", post.presence))
    yield from (("leader", speaker.leader), ("office", speaker.office_id), ("country", speaker.country))


def _of_visits(visits: Iterable[Visit | Event]) -> Iterator[tuple[str, str | None]]:
    for visit in visits:
        for side in visit.visitors:
            yield from (("visitor", side.leader), ("visitor", side.country))
        yield from (("host", visit.host.leader), ("host", visit.host.country), ("place", visit.place))
